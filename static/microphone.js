/**
 * The visitor's microphone: a button that turns it on and off, and says how it is.
 *
 * Where the hall offers it, a touch asks the browser for the microphone (with its echo cancellation,
 * which knows what this page plays) and sends it to the stage that the page shows; when the page has
 * to connect anew, which gives it a new stage, the microphone follows.
 * @module microphone
 */

import { Problem } from './api.js';
import { words } from './strings.js';
import { WhipClient } from './whip.js';

/** @typedef {'off'|'asking'|'joining'|'on'|'refused'} MicrophoneState */
/** @typedef {import('./strings.js').Language} Language */

const LEVEL_EVERY_MS = 80;
/** Softer is silence, louder is all the ring can show. */
const LEVEL_MIN_DB = -60;
const LEVEL_MAX_DB = -15;

const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
};

/** Why the browser gave none, by the names of its errors (W3C Media Capture, 10.2). */
const REASONS = {
  NotAllowedError: 'mic_denied',
  SecurityError: 'mic_denied',
  NotFoundError: 'mic_missing',
  OverconstrainedError: 'mic_missing',
};

/**
 * The problem that an error of `getUserMedia` is; the page has words for each.
 * @param {unknown} error
 */
export function problemFor(error) {
  const name = error instanceof DOMException ? error.name : '';
  return new Problem({ code: REASONS[/** @type {keyof REASONS} */ (name)] ?? 'mic_failed' });
}

/**
 * @param {Float32Array} samples
 * @returns {number} loudness, from 0 (silence) to 1
 */
export function level(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const db = 10 * Math.log10(power + 1e-12);
  return Math.min(1, Math.max(0, (db - LEVEL_MIN_DB) / (LEVEL_MAX_DB - LEVEL_MIN_DB)));
}

/** Tells how loud a stream is, while it lasts. */
class LevelMeter {
  /**
   * @param {MediaStream} stream
   * @param {(level: number) => void} tell
   */
  constructor(stream, tell) {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 2048;
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      tell(level(samples));
    }, LEVEL_EVERY_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.context.close();
  }
}

/** The button and what is behind it. */
export class Microphone {
  /** @type {MicrophoneState} */
  state = 'off';
  /** @type {Language} */
  #language = 'en';
  #stage = '';
  /** @type {MediaStream|null} */
  #stream = null;
  /** @type {LevelMeter|null} */
  #meter = null;

  /**
   * @param {(id: string) => any} element
   * @param {Record<string, string>} headers sent with every request
   * @param {(problem: Problem) => void} tell shows a visitor what went wrong
   * @param {() => void} changed called after it has another state
   */
  constructor(element, headers, tell, changed) {
    this.element = element;
    this.tell = tell;
    this.changed = changed;
    this.sender = new WhipClient(headers, {
      live: () => this.#set('on'),
      lost: () => this.#set('joining'),
      refused: (problem) => this.#fail(problem),
    });
    element('microphone').addEventListener('click', () => this.toggle());
    addEventListener('pagehide', () => this.turnOff());
  }

  /**
   * Whether the hall wants visitors to have it.
   * @param {boolean} offered
   */
  offer(offered) {
    this.element('microphone').hidden = !offered;
    if (!offered) this.turnOff();
  }

  /**
   * The stage that the page shows now; '' while it shows none.
   * @param {string} stage
   */
  join(stage) {
    if (stage === this.#stage) return;
    this.#stage = stage;
    this.#send();
  }

  toggle() {
    if (this.state === 'off' || this.state === 'refused') return this.turnOn();
    this.turnOff();
    return Promise.resolve();
  }

  async turnOn() {
    this.#set('asking');
    try {
      if (!navigator.mediaDevices) throw new Problem({ code: 'mic_insecure' });
      const stream = await navigator.mediaDevices.getUserMedia(WANTED);
      // It was turned off, or the page went away, while the browser asked.
      if (this.state !== 'asking') return stream.getTracks().forEach((track) => track.stop());
      this.#capture(stream);
    } catch (error) {
      if (this.state === 'asking') this.#fail(error instanceof Problem ? error : problemFor(error));
    }
  }

  turnOff() {
    this.#release();
    this.#set('off');
  }

  /** @param {Language} language */
  render(language = this.#language) {
    this.#language = language;
    const { element, state } = this;
    const button = element('microphone');
    button.dataset.state = state;
    button.setAttribute('aria-pressed', String(state === 'on' || state === 'joining'));
    button.setAttribute('aria-label', words(language, `mic_${state}_label`));
    element('microphone-text').textContent = words(language, `mic_${state}`);
    element('microphone-icon').setAttribute('href', `#icon-mic${state === 'refused' ? '-off' : ''}`);
  }

  /** @param {MediaStream} stream */
  #capture(stream) {
    const [track] = stream.getAudioTracks();
    track.contentHint = 'speech';
    track.addEventListener('ended', () => this.#fail(new Problem({ code: 'mic_gone' })));
    this.#stream = stream;
    this.#meter = new LevelMeter(stream, (loudness) => {
      this.element('microphone').style.setProperty('--level', loudness.toFixed(2));
    });
    this.#send();
  }

  /** Send to the stage, or to none. */
  #send() {
    const [track] = this.#stream?.getAudioTracks() ?? [];
    if (!track) return;
    this.#set('joining');
    if (!this.#stage) return this.sender.stop();
    const query = new URLSearchParams({ stage: this.#stage, kind: 'microphone' });
    this.sender.publish(`/whip?${query}`, track);
  }

  /** @param {Problem} problem */
  #fail(problem) {
    this.#release();
    this.#set('refused');
    this.tell(problem);
  }

  #release() {
    this.sender.stop();
    this.#meter?.stop();
    this.#stream?.getTracks().forEach((track) => track.stop());
    [this.#stream, this.#meter] = [null, null];
  }

  /** @param {MicrophoneState} state */
  #set(state) {
    this.state = document.body.dataset.microphone = state;
    this.render();
    this.changed();
  }
}
