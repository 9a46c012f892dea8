/**
 * Arithmetic of RTP timestamps, media time and the av offset. Pure functions, no browser needed.
 * All times are milliseconds; media time 0 is when the stage began.
 * @module clock
 */

const WRAP = 2 ** 32;
export const VIDEO_TICKS_PER_MS = 90;
export const AUDIO_TICKS_PER_MS = 48;

/**
 * @param {number} later
 * @param {number} earlier
 * @returns {number} the unsigned 32-bit difference, in ticks
 */
export const ticksBetween = (later, earlier) => (later - earlier) >>> 0;

/**
 * Media time of an RTP timestamp. Timestamps wrap every 13 hours (video) or 25 (audio), and may
 * lie a little before the origin; the turn nearest to the hint is taken.
 * @param {number} rtp
 * @param {number} origin the RTP timestamp of media time 0
 * @param {number} ticksPerMs
 * @param {number} [hintMs] about what media time it is
 */
export function mediaMs(rtp, origin, ticksPerMs, hintMs = 0) {
  const turnMs = WRAP / ticksPerMs;
  const withinMs = ticksBetween(rtp, origin) / ticksPerMs;
  return withinMs + Math.round((hintMs - withinMs) / turnMs) * turnMs;
}

/**
 * When the media time 0 would have been shown or heard, by the page's clock. It grows when the
 * picture or the sound falls behind; the av offset is that of the picture less that of the sound.
 * @param {number} atMs the page's time at which something was shown or heard
 * @param {number} mediaTimeMs its media time
 */
export const lagMs = (atMs, mediaTimeMs) => atMs - mediaTimeMs;

/**
 * The mean of the middle: without the lowest and the highest fifth. Screens show frames at their own
 * ticks, so that lags scatter evenly by a tick: a mean sees through that, a median does not.
 * @param {number[]} values
 * @returns {number|null} null if there are none
 */
export function middleMean(values) {
  const cut = Math.floor(values.length / 5);
  const kept = [...values].sort((a, b) => a - b).slice(cut, values.length - cut);
  return kept.length ? kept.reduce((sum, value) => sum + value, 0) / kept.length : null;
}

/**
 * The mean of the lowest third.
 * @param {number[]} values
 * @returns {number|null} null if there are none
 */
export function lowMean(values) {
  const kept = [...values].sort((a, b) => a - b).slice(0, Math.ceil(values.length / 3));
  return kept.length ? kept.reduce((sum, value) => sum + value, 0) / kept.length : null;
}

/** The mean of a growing sum over a growing count, since it was last asked. */
export class DeltaMean {
  #sum = 0;
  #count = 0;
  #mean = 0;

  /**
   * @param {number} sum
   * @param {number} count
   * @returns {number} the last mean known if nothing was counted since
   */
  next(sum, count) {
    const added = count - this.#count;
    if (added > 0) this.#mean = (sum - this.#sum) / added;
    [this.#sum, this.#count] = [sum, count];
    return this.#mean;
  }
}

/** Counts shown frames and the freezes between them. */
export class FrameCounter {
  /** @param {number} freezeMs a longer gap between shown frames is a freeze */
  constructor(freezeMs = 200) {
    this.freezeMs = freezeMs;
    this.freezes = 0;
    this.shown = 0;
    /** @type {{atMs: number, presented: number}|null} */
    this.last = null;
    /** @type {{atMs: number, shown: number}[]} */
    this.recent = [];
  }

  /** The next gap does not count: the page was hidden or the connection is new. */
  pause() {
    this.last = null;
    this.recent = [];
  }

  /**
   * @param {number} atMs when the frame was shown
   * @param {number} presented frames shown so far, as the browser counts: the page may not
   *   have been told of each
   */
  add(atMs, presented) {
    const step = this.last ? Math.max(1, presented - this.last.presented) : 1;
    if (this.last && (atMs - this.last.atMs) / step > this.freezeMs) this.freezes += 1;
    this.shown += step;
    this.last = { atMs, presented };
    this.recent.push({ atMs, shown: this.shown });
    while (this.recent.length > 2 && this.recent[0].atMs < atMs - 2000) this.recent.shift();
  }

  /**
   * Frames shown per second over the last two seconds.
   * @param {number} nowMs
   */
  rateHz(nowMs) {
    const first = this.recent[0];
    const last = this.recent[this.recent.length - 1];
    if (!first || last.shown === first.shown) return 0;
    const still = nowMs - last.atMs > this.freezeMs ? nowMs : last.atMs;
    return (1000 * (last.shown - first.shown)) / (still - first.atMs);
  }
}
