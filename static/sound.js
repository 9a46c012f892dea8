/**
 * Sound on and off. Browsers forbid sound before the first touch unless the kiosk's own browser
 * is told to allow it: it is tried, and otherwise the first touch anywhere turns it on.
 * @module sound
 */

const SAME_TOUCH_MS = 700;

/** The sound of one video element. */
export class Sound {
  /** Whether the visitor turned it off by hand: then no touch turns it on. */
  #refused = false;
  /** When a touch anywhere turned it on. */
  #touchedMs = -Infinity;

  /**
   * @param {HTMLVideoElement} video
   * @param {(sound: Sound) => void} onChange
   */
  constructor(video, onChange) {
    this.video = video;
    this.onChange = onChange;
    const touched = () => this.touched();
    addEventListener('pointerdown', touched, { capture: true });
    addEventListener('keydown', touched, { capture: true });
  }

  get on() {
    return !this.video.muted;
  }

  /** Whether a touch is awaited to turn it on. */
  get awaitsTouch() {
    return this.video.muted && !this.#refused;
  }

  /**
   * Play a new stream, with sound if it may be.
   * @param {MediaStream} stream
   */
  async play(stream) {
    if (this.video.srcObject !== stream) this.video.srcObject = stream;
    this.video.muted = this.#refused;
    try {
      await this.video.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') {
        this.video.muted = true;
        await this.video.play().catch(() => {});
      }
    }
    this.onChange(this);
  }

  /** A touch or a key anywhere. */
  touched() {
    if (!this.awaitsTouch) return;
    this.#touchedMs = performance.now();
    this.#set(true);
  }

  /** The button. If this very touch has just turned the sound on, it stays on. */
  toggle() {
    if (performance.now() - this.#touchedMs < SAME_TOUCH_MS) return;
    this.#refused = this.on;
    this.#set(!this.on);
  }

  /** @param {boolean} on */
  #set(on) {
    this.video.muted = !on;
    this.video.play().catch(() => {});
    this.onChange(this);
  }
}
