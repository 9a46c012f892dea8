/**
 * What the page can measure of its own picture and sound: the av offset from every frame shown and
 * the sound heard, reported twice a second, with frame rate, freezes and buffers.
 *
 * The offset compares what is heard and what is shown by the RTP timestamps themselves, against
 * the origins the server tells; the sender reports play no part.
 * @module measure
 */

import {
  AUDIO_TICKS_PER_MS, DeltaMean, FrameCounter, VIDEO_TICKS_PER_MS, lagMs, lowMean, mediaMs, middleMean,
} from './clock.js';

const SAMPLE_MS = 50;
const REPORT_SAMPLES = 10;
const MIN_FRAMES = 5;
/**
 * Sound is heard this much later than the browser's account of its packets says, as measured against
 * the slate in Chromium: what its jitter buffer holds of the packet before, when it begins one.
 */
const DECODED_AHEAD_MS = 9;
const HISTORY_REPORTS = 7200;

/**
 * @typedef {object} Report the message sent, and the time it was made
 * @property {number} at_ms
 * @property {number|null} av_offset_ms
 * @property {number} frame_rate_hz
 * @property {number} freezes
 * @property {number} frames_dropped
 * @property {number} audio_buffer_ms
 * @property {number} video_buffer_ms
 * @property {number} playout_delay_ms
 * @property {boolean} hidden
 */

/** Measures one video element and the peer connection that feeds it. */
export class Meter {
  /** @type {Report[]} */
  history = [];
  frames = new FrameCounter();
  #peer = /** @type {RTCPeerConnection|null} */ (null);
  #origin = /** @type {{audio_rtp: number, video_rtp: number}|null} */ (null);
  #hintMs = 0;
  #shown = /** @type {{mediaMs: number, atMs: number}|null} */ (null);
  /** Since the last report: when media time 0 would have been seen, by each frame. */
  #seen = /** @type {number[]} */ ([]);
  /** Likewise heard, by the sound that left the jitter buffer. */
  #heard = /** @type {number[]} */ ([]);
  #heardAtMs = 0;
  #ticks = 0;
  #busy = false;
  #counters = freshCounters();

  /**
   * @param {HTMLVideoElement} video
   * @param {(report: object) => void} send
   * @param {(mediaMs: number) => void} onFrame told the media time of each frame shown
   */
  constructor(video, send, onFrame) {
    this.video = video;
    this.send = send;
    this.onFrame = onFrame;
  }

  /** Begin to measure; once per page. */
  start() {
    this.#awaitFrame();
    setInterval(() => this.#tick(), SAMPLE_MS);
    document.addEventListener('visibilitychange', () => this.frames.pause());
  }

  /**
   * A new connection: what was known of the old one is void.
   * @param {RTCPeerConnection|null} peer
   */
  attach(peer) {
    this.#peer = peer;
    this.#origin = null;
    this.#shown = null;
    this.#hintMs = 0;
    [this.#seen, this.#heard] = [[], []];
    this.#counters = freshCounters();
    this.frames.pause();
  }

  /** @param {{audio_rtp: number, video_rtp: number}} origin RTP timestamps of media time 0 */
  setOrigin(origin) {
    this.#origin = origin;
    this.#shown = null;
    [this.#seen, this.#heard] = [[], []];
  }

  /** @param {number} nowMs about what media time it is, as the server told */
  hint(nowMs) {
    if (!this.#shown && Number.isFinite(nowMs)) this.#hintMs = nowMs;
  }

  /** The media time shown now, or null while it is unknown. */
  get mediaMs() {
    return this.#shown ? this.#shown.mediaMs + performance.now() - this.#shown.atMs : null;
  }

  /** The latest figures, for the overlay, the tests and the bench. */
  stats() {
    const { framesDecoded, audioEnergy, packetsLost } = this.#counters;
    return {
      ...this.#report(null),
      av_offset_ms: this.history.at(-1)?.av_offset_ms ?? null,
      media_ms: this.mediaMs,
      frames_shown: this.frames.shown,
      frames_decoded: framesDecoded,
      audio_energy: audioEnergy,
      packets_lost: packetsLost,
      width_px: this.video.videoWidth,
      height_px: this.video.videoHeight,
    };
  }

  #awaitFrame() {
    this.video.requestVideoFrameCallback((_, metadata) => {
      this.#onFrame(metadata);
      this.#awaitFrame();
    });
  }

  /** @param {VideoFrameCallbackMetadata} metadata */
  #onFrame(metadata) {
    if (document.hidden) this.frames.pause();
    else this.frames.add(metadata.presentationTime, metadata.presentedFrames);
    if (!this.#origin || metadata.rtpTimestamp === undefined) return;
    const { rtpTimestamp, expectedDisplayTime } = metadata;
    const shownMs =
      mediaMs(rtpTimestamp, this.#origin.video_rtp, VIDEO_TICKS_PER_MS, this.#hintMs);
    this.#shown = { mediaMs: shownMs, atMs: expectedDisplayTime };
    if (!document.hidden) this.#seen.push(lagMs(expectedDisplayTime, shownMs));
    this.#hintMs = shownMs;
    this.onFrame(shownMs);
  }

  async #tick() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      this.#listen();
      this.#ticks += 1;
      if (this.#ticks % REPORT_SAMPLES === 0) await this.#publish();
    } catch {
      // The connection went away while it was asked: the next one is measured.
    } finally {
      this.#busy = false;
    }
  }

  /** Note what sound is leaving the jitter buffer. */
  #listen() {
    const source = this.#audioReceiver()?.getSynchronizationSources()[0];
    const playoutDelayMs = this.#counters.playoutDelayMs;
    if (!source || !this.#origin || !this.#shown || playoutDelayMs === null) return;
    const atMs = pageTime(source.timestamp);
    if (document.hidden || atMs === this.#heardAtMs) return;
    this.#heardAtMs = atMs;
    const leavesMs =
      mediaMs(source.rtpTimestamp, this.#origin.audio_rtp, AUDIO_TICKS_PER_MS, this.#hintMs);
    this.#heard.push(lagMs(atMs + playoutDelayMs + DECODED_AHEAD_MS, leavesMs));
  }

  /** @returns {number|null} since it was last asked; positive: the picture is late */
  #offset() {
    const [seen, heard] = [this.#seen, this.#heard];
    [this.#seen, this.#heard] = [[], []];
    // A packet of 20 ms is named by both of the 10 ms pieces in which it is played: the first is meant.
    const [seenMs, heardMs] = [middleMean(seen), lowMean(heard)];
    if (seenMs === null || heardMs === null || seen.length < MIN_FRAMES) return null;
    return seenMs - heardMs;
  }

  #audioReceiver() {
    return this.#peer?.getReceivers().find((receiver) => receiver.track.kind === 'audio');
  }

  async #publish() {
    if (!this.#peer) return;
    const peer = this.#peer;
    const stats = await peer.getStats();
    if (peer !== this.#peer) return;
    readCounters(this.#counters, stats);
    const report = this.#report(this.#offset());
    this.history.push({ at_ms: performance.now(), ...report });
    if (this.history.length > HISTORY_REPORTS) this.history.shift();
    this.send({ type: 'report', ...report });
  }

  /** @param {number|null} offsetMs */
  #report(offsetMs) {
    const { audioBufferMs, videoBufferMs, playoutDelayMs, framesDropped } = this.#counters;
    return {
      av_offset_ms: offsetMs,
      frame_rate_hz: this.frames.rateHz(performance.now()),
      freezes: this.frames.freezes,
      frames_dropped: framesDropped,
      audio_buffer_ms: audioBufferMs,
      video_buffer_ms: videoBufferMs,
      playout_delay_ms: playoutDelayMs ?? 0,
      hidden: document.hidden,
    };
  }
}

/**
 * Chromium dates synchronization sources from the epoch, not from the page's time origin.
 * @param {number} timestampMs
 */
const pageTime = (timestampMs) =>
  (timestampMs > 1e11 ? timestampMs - performance.timeOrigin : timestampMs);

function freshCounters() {
  return {
    framesDecoded: 0,
    framesDropped: 0,
    packetsLost: 0,
    audioEnergy: 0,
    audioBufferMs: 0,
    videoBufferMs: 0,
    playoutDelayMs: /** @type {number|null} */ (null),
    audioBuffer: new DeltaMean(),
    videoBuffer: new DeltaMean(),
    playout: new DeltaMean(),
  };
}

/**
 * @param {ReturnType<typeof freshCounters>} counters brought up to date
 * @param {RTCStatsReport} stats
 */
function readCounters(counters, stats) {
  for (const entry of stats.values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
      counters.audioEnergy = entry.totalAudioEnergy ?? 0;
      counters.audioBufferMs = 1000 * bufferDelayS(counters.audioBuffer, entry);
    } else if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
      counters.framesDecoded = entry.framesDecoded ?? 0;
      counters.framesDropped = entry.framesDropped ?? 0;
      counters.packetsLost = entry.packetsLost ?? 0;
      counters.videoBufferMs = 1000 * bufferDelayS(counters.videoBuffer, entry);
    } else if (entry.type === 'media-playout' && entry.totalSamplesCount) {
      const { totalPlayoutDelay, totalSamplesCount } = entry;
      counters.playoutDelayMs = 1000 * counters.playout.next(totalPlayoutDelay, totalSamplesCount);
    }
  }
}

/**
 * @param {DeltaMean} mean
 * @param {{jitterBufferDelay?: number, jitterBufferEmittedCount?: number}} entry
 */
const bufferDelayS = (mean, entry) =>
  mean.next(entry.jitterBufferDelay ?? 0, entry.jitterBufferEmittedCount ?? 0);
