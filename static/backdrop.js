/**
 * The wall behind the portrait: the colours of the picture's left and right edges go on to the
 * edges of the screen, so that the picture has no border.
 * @module backdrop
 */

const ROWS = 32;
const EDGE = 0.02;
const REFRESH_MS = 4000;

/**
 * Paint the picture's outer columns, one each, onto a wall of two columns, which the style sheet
 * stretches over the screen. Above and below the picture its outermost rows go on.
 * @param {CanvasImageSource} picture
 * @param {{width: number, height: number}} size of the picture, pixels
 * @param {HTMLCanvasElement} wall
 * @param {{top: number, bottom: number}} [place] of the picture, in shares of the screen's height
 */
export function paintWall(picture, { width, height }, wall, place = { top: 0, bottom: 1 }) {
  const context = wall.getContext('2d');
  if (!context || !width) return;
  const edge = Math.max(1, Math.round(width * EDGE));
  const top = Math.round(Math.max(0, place.top) * ROWS);
  const bottom = Math.max(top + 1, Math.round(Math.min(1, place.bottom) * ROWS));
  context.imageSmoothingQuality = 'high';
  for (const [column, x] of [[0, 0], [1, width - edge]]) {
    context.drawImage(picture, x, 0, edge, height, column, top, 1, bottom - top);
    context.drawImage(picture, x, 0, edge, 1, column, 0, 1, top);
    context.drawImage(picture, x, height - 1, edge, 1, column, bottom, 1, ROWS - bottom);
  }
}

/**
 * Paint a strip that hides the picture's edge: the wall's colours, fading inwards. It costs a
 * machine without a graphics card half of what a mask over the whole picture would.
 * @param {CanvasImageSource} picture
 * @param {{width: number, height: number}} size of the picture, pixels
 * @param {HTMLCanvasElement} strip
 * @param {'left'|'right'} side
 */
export function paintStrip(picture, { width, height }, strip, side) {
  const context = strip.getContext('2d');
  if (!context || !width) return;
  const edge = Math.max(1, Math.round(width * EDGE));
  const x = side === 'left' ? 0 : width - edge;
  const fade = context.createLinearGradient(0, 0, strip.width, 0);
  fade.addColorStop(side === 'left' ? 0 : 1, '#000');
  fade.addColorStop(side === 'left' ? 1 : 0, 'transparent');
  context.globalCompositeOperation = 'copy';
  context.drawImage(picture, x, 0, edge, height, 0, 0, strip.width, strip.height);
  context.globalCompositeOperation = 'destination-in';
  context.fillStyle = fade;
  context.fillRect(0, 0, strip.width, strip.height);
}

/** Keeps the wall and the last picture. */
export class Backdrop {
  #paintedMs = -Infinity;

  /**
   * @param {HTMLVideoElement} video
   * @param {(id: string) => any} element
   */
  constructor(video, element) {
    this.video = video;
    this.wall = element('backdrop');
    this.strips = { left: element('strip-left'), right: element('strip-right') };
    /** Shows the last picture while there is no other. */
    this.still = element('still');
    video.addEventListener('resize', () => {
      this.#paintedMs = -Infinity;
      document.body.classList.toggle('square', video.videoWidth >= video.videoHeight);
    });
  }

  /** A frame was shown. */
  frame() {
    const nowMs = performance.now();
    if (nowMs - this.#paintedMs < REFRESH_MS) return;
    this.#paintedMs = nowMs;
    const { video } = this;
    const size = { width: video.videoWidth, height: video.videoHeight };
    const { top, bottom } = video.getBoundingClientRect();
    const place = { top: top / innerHeight, bottom: bottom / innerHeight };
    paintWall(video, size, this.wall, place);
    paintStrip(video, size, this.strips.left, 'left');
    paintStrip(video, size, this.strips.right, 'right');
  }

  /** Keep the picture that is shown now. */
  freeze() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth || !this.still.hidden) return;
    [this.still.width, this.still.height] = [videoWidth, videoHeight];
    this.still.getContext('2d')?.drawImage(this.video, 0, 0);
    this.still.hidden = false;
    document.body.classList.add('still');
  }

  /** A new picture has come. */
  thaw() {
    this.still.hidden = true;
    document.body.classList.remove('still');
    this.#paintedMs = -Infinity;
  }
}
