/**
 * The page: wires the viewer, the measurement, the captions and the controls together.
 * @module app
 */

import { Address, sizeFor } from './address.js';
import { Api, Problem, takeToken } from './api.js';
import { Backdrop } from './backdrop.js';
import { CaptionView } from './captions.js';
import { Ease } from './ease.js';
import { Meter } from './measure.js';
import { Notice, noticeWords } from './notice.js';
import { installOverlay } from './overlay.js';
import { Sound } from './sound.js';
import { other, supported, topicsFor } from './strings.js';
import { SyncView } from './sync.js';
import { TopicGrid } from './topics.js';
import { ABSENT, View } from './view.js';
import { WhepClient, framesDecoded } from './whep.js';

/** @typedef {import('./view.js').State} State */

const PREPARING_MS = 30_000;
const PAGE_RETRY_MS = 2000;

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

/** The whole page. */
class KioskPage {
  /** @type {State} */
  state = 'connecting';
  stage = '';
  serverSpeaks = false;
  size = sizeFor({ width: innerWidth, height: innerHeight });
  query = new URLSearchParams(location.search);
  address = new Address(this.query);
  language = supported(this.query.get('lang')) ?? supported(navigator.language) ?? 'en';
  /** @type {{title: string, topics: import('./topics.js').Topic[]}} */
  page = { title: '', topics: [] };
  /** @type {{text: string, topic: import('./topics.js').Topic|null, utterance: string}|null} */
  asked = null;
  refusal = /** @type {Problem|null} */ (null);
  retryAtMs = 0;
  sync = new SyncView(element('faults'));
  #preparing = 0;

  constructor() {
    this.api = new Api(takeToken());
    this.view = new View(element);
    this.captions = new CaptionView(element('caption'), element('spoken'));
    this.notice = new Notice(element);
    this.ease = new Ease(element, this.query, () => this.asked && this.say(this.asked.text, this.asked.topic));
    this.topics = new TopicGrid(element('topics'), (topic) => this.say(topic.text, topic));
    this.sound = new Sound(element('video'), () => this.view.sound(this.sound, this.language));
    this.backdrop = new Backdrop(element('video'), element);
    this.meter = new Meter(
      element('video'),
      (report) => this.link.report(report),
      (mediaMs) => this.captions.show(mediaMs),
    );
    this.link = new WhepClient(() => this.address.endpoint(this.size), this.api.headers, {
      measures: true,
      stream: (stream) => this.stream(stream),
      message: (message) => this.message(message),
      picture: () => this.picture(),
      dropping: () => this.backdrop.freeze(),
      lost: (problem, waitMs) => this.lost(problem, waitMs),
    });
  }

  /** Bring the page to life. */
  start() {
    this.render();
    this.listen();
    this.meter.start();
    this.link.start();
    this.load();
  }

  /** What this hall offers; asked until it is known. */
  async load() {
    try {
      const page = await this.api.page();
      this.page = page;
      this.captions.enabled = page.captions !== false;
      this.ease.usual(page);
      this.language = supported(this.query.get('lang')) ?? supported(page.language) ?? 'en';
      this.render();
    } catch {
      setTimeout(() => this.load(), PAGE_RETRY_MS);
    }
  }

  listen() {
    element('language').addEventListener('click', () => this.switchLanguage());
    element('sound').addEventListener('click', () => this.sound.toggle());
    element('stop').addEventListener('click', () => this.stopSpeech());
    element('ask').addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      this.sayTyped();
    });
    addEventListener('resize', () => this.resized());
    addEventListener('pagehide', () => this.link.stop());
    addEventListener('pageshow', (event) => event.persisted && this.link.start());
    const figures = () => ({ ...this.meter.stats(), ...this.sync.latest });
    installOverlay(element, figures, () => this.sync.offsets);
    setInterval(() => ABSENT.has(this.state) && this.renderState(), 1000);
  }

  // ---- the connection

  /** @param {MediaStream} stream */
  stream(stream) {
    this.meter.attach(this.link.peer);
    this.sound.play(stream);
  }

  picture() {
    this.backdrop.thaw();
    this.backdrop.frame();
    this.address.arrived();
    this.refusal = null;
    this.setState(this.serverSpeaks ? 'speaking' : 'ready');
  }

  /**
   * @param {Problem|null} problem
   * @param {number} waitMs
   */
  lost(problem, waitMs) {
    this.stage = '';
    this.serverSpeaks = false;
    this.captions.clear();
    this.meter.attach(null);
    this.forget();
    if (this.address.yields(problem)) return void this.link.start();
    this.refusal = problem;
    this.retryAtMs = performance.now() + waitMs;
    if (problem) this.setState(problem.status === 503 ? 'full' : 'refused');
    else this.setState('lost');
  }

  resized() {
    const size = sizeFor({ width: innerWidth, height: innerHeight });
    // A new picture means a new connection: not in the middle of a sentence.
    if (size === this.size || this.state === 'speaking' || this.state === 'preparing') return;
    this.size = size;
    this.link.restart();
    this.setState('connecting');
  }

  /** @param {any} message of the server, by the data channel */
  message(message) {
    this.sync.take(message);
    if (message.type === 'hello') this.stage = message.stage;
    else if (message.type === 'restart') this.link.restart();
    else if (message.type === 'origin') this.meter.setOrigin(message);
    else if (message.type === 'state') this.speech(message.state === 'speaking', message.media_ms);
    else if (message.type === 'caption') this.captions.track.add(message);
    else if (message.type === 'caption_clear') this.captions.clear(message.utterance);
    else if (message.type === 'utterance') this.utterance(message);
    else if (message.type === 'error') this.tell(new Problem({ ...message, title: message.message }));
  }

  /**
   * @param {boolean} speaking
   * @param {number} mediaMs
   */
  speech(speaking, mediaMs) {
    this.meter.hint(mediaMs);
    this.serverSpeaks = speaking;
    if (ABSENT.has(this.state)) return;
    if (speaking) this.setState('speaking');
    else if (this.state === 'speaking') this.setState('ready');
    this.resized();
  }

  /** @param {{utterance: string, event: string}} message */
  utterance({ utterance, event }) {
    if (event !== 'started' && this.asked?.utterance === utterance) this.forget();
  }

  // ---- what the visitor asks

  /**
   * @param {string} text
   * @param {import('./topics.js').Topic|null} [topic]
   * @returns {Promise<boolean>} whether it will be spoken
   */
  async say(text, topic = null) {
    if (!this.stage) {
      this.tell(new Problem({ code: 'not_connected' }));
      return false;
    }
    const asked = { text, topic, utterance: '' };
    this.prepare(asked);
    try {
      asked.utterance = (await this.api.say(text, this.stage, this.ease.style)).utterance;
      this.notice.close();
      return true;
    } catch (error) {
      if (this.asked === asked) this.forget();
      this.tell(error);
      return false;
    }
  }

  /** @param {{text: string, topic: import('./topics.js').Topic|null, utterance: string}} asked */
  prepare(asked) {
    this.asked = asked;
    this.topics.mark(asked.topic);
    if (this.state === 'ready') this.setState('preparing');
    clearTimeout(this.#preparing);
    this.#preparing = setTimeout(() => {
      if (this.state === 'preparing') this.setState('ready');
    }, PREPARING_MS);
  }

  /** Nothing asked is being spoken any more. */
  forget() {
    this.asked = null;
    this.topics.mark(null);
    clearTimeout(this.#preparing);
    if (this.state === 'preparing') this.setState('ready');
  }

  async sayTyped() {
    const input = element('ask-text');
    const text = input.value.trim();
    if (!text) {
      this.tell(new Problem({ code: 'no_text' }));
      input.focus();
    } else if (await this.say(text) && input.value.trim() === text) {
      input.value = '';
    }
  }

  async stopSpeech() {
    this.forget();
    this.captions.clear();
    await this.api.interrupt(this.stage).catch((error) => this.tell(error));
  }

  /** @param {unknown} error */
  tell(error) {
    const problem = error instanceof Problem ? error : new Problem({ title: String(error) });
    this.notice.show(noticeWords(problem, this.language));
  }

  // ---- what is seen

  switchLanguage() {
    this.language = other(this.language);
    this.notice.close();
    this.render();
  }

  /** @param {State} state */
  setState(state) {
    this.state = state;
    this.renderState();
  }

  render() {
    this.view.language(this.language, this.page.title);
    this.view.sound(this.sound, this.language);
    this.ease.show(this.language);
    this.topics.show(topicsFor(this.page.topics, this.language));
    this.renderState();
  }

  renderState() {
    const waitMs = this.retryAtMs - performance.now();
    this.view.state(this.state, this.language, waitMs, this.refusal);
  }
}

const page = new KioskPage();
page.start();

/** For the tests and the bench. */
Object.assign(window, {
  kiosk: {
    get state() { return page.state; },
    get stage() { return page.stage; },
    get history() { return page.meter.history; },
    get sync() { return page.sync.offsets; },
    get caption() { return page.captions.current; },
    stats: () => page.meter.stats(),
    decoded: async () => ({ frames_decoded: await framesDecoded(page.link.peer) }),
  },
});
