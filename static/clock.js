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
 * How late the picture is behind the sound, as it is shown and heard at one instant.
 * @param {{audioMs: number, audioAtMs: number, videoMs: number, videoAtMs: number,
 *   playoutDelayMs: number, nowMs: number}} seen media times, and the page's times (of
 *   `performance.now()`) at which they left the jitter buffer or were shown
 * @returns {number} positive: the picture is late
 */
export function avOffsetMs({ audioMs, audioAtMs, videoMs, videoAtMs, playoutDelayMs, nowMs }) {
  const heardMs = audioMs + (nowMs - audioAtMs) - playoutDelayMs;
  const shownMs = videoMs + (nowMs - videoAtMs);
  return heardMs - shownMs;
}

/**
 * @param {number[]} values
 * @returns {number|null} null if there are none
 */
export const median = (values) => percentile(values, 50);

/**
 * By linear interpolation between the nearest ranks.
 * @param {number[]} values
 * @param {number} percent 0 to 100
 * @returns {number|null} null if there are no values
 */
export function percentile(values, percent) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
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
