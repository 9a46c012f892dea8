/**
 * The wall behind the portrait: the colours of the picture's left and right edges go on to the
 * edges of the screen, so that the picture has no border.
 * @module backdrop
 */

const ROWS = 16;
const REFRESH_MS = 4000;

/**
 * Paint the picture's outer columns, one each, onto a canvas of two columns, which the style
 * sheet stretches over the screen.
 * @param {CanvasImageSource} picture
 * @param {number} widthPx
 * @param {number} heightPx
 * @param {HTMLCanvasElement} canvas
 */
export function paintEdges(picture, widthPx, heightPx, canvas) {
  const context = canvas.getContext('2d');
  if (!context || !widthPx) return;
  const edge = Math.max(1, Math.round(widthPx * 0.02));
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, edge, heightPx, 0, 0, 1, ROWS);
  context.drawImage(picture, widthPx - edge, 0, edge, heightPx, 1, 0, 1, ROWS);
}

/** Keeps the wall and the last picture. */
export class Backdrop {
  #paintedMs = -Infinity;

  /**
   * @param {HTMLVideoElement} video
   * @param {HTMLCanvasElement} wall
   * @param {HTMLCanvasElement} still shows the last picture while there is no other
   */
  constructor(video, wall, still) {
    this.video = video;
    this.wall = wall;
    this.still = still;
    video.addEventListener('resize', () => { this.#paintedMs = -Infinity; });
  }

  /** A frame was shown. */
  frame() {
    const nowMs = performance.now();
    if (nowMs - this.#paintedMs < REFRESH_MS) return;
    this.#paintedMs = nowMs;
    paintEdges(this.video, this.video.videoWidth, this.video.videoHeight, this.wall);
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
