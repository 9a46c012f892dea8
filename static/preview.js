/**
 * The speaking preview: a private stage that shows one avatar and speaks a line.
 * @module preview
 */

import { Sound } from './sound.js';
import { WhepClient, framesDecoded } from './whep.js';

/** @typedef {'connecting'|'ready'|'lost'|'off'} PreviewState */

/** Shows one avatar at a time. */
export class Preview {
  /** @type {PreviewState} */
  state = 'off';
  stage = '';
  avatar = '';
  dressing = false;
  #wish = /** @type {(() => Promise<object>)|null} */ (null);

  /**
   * @param {HTMLVideoElement} video
   * @param {import('./admin_api.js').AdminApi} api
   * @param {{changed: () => void, stage: () => void,
   *   problem: (problem: import('./api.js').Problem) => void}} handlers
   */
  constructor(video, api, handlers) {
    this.api = api;
    this.handlers = handlers;
    this.sound = new Sound(video, () => handlers.changed());
    this.video = video;
    this.link = new WhepClient(() => `/whep?avatar=${encodeURIComponent(this.avatar)}`, api.headers, {
      stream: (stream) => this.sound.play(stream),
      message: (message) => this.#message(message),
      picture: () => this.#set('ready'),
      dropping: () => { this.stage = ''; },
      lost: (problem) => {
        this.#set('lost');
        if (problem) handlers.problem(problem);
      },
    });
  }

  /** @param {string} avatar */
  show(avatar) {
    this.stop();
    this.avatar = avatar;
    this.#set('connecting');
    this.link.start();
  }

  /** The avatar that is shown has another name from now on. @param {string} avatar */
  rename(avatar) {
    this.avatar = avatar;
  }

  stop() {
    this.link.stop();
    this.stage = '';
    this.video.srcObject = null;
    this.#set('off');
  }

  /** @param {string} text */
  say(text) {
    return this.api.say(text, this.stage);
  }

  /**
   * Have the stage shown so. Cutting a person out takes seconds: what is asked meanwhile waits, and
   * only the last of it is sent.
   * @param {() => Promise<object>} wish what is to change, asked when it is sent
   */
  async dress(wish) {
    this.#wish = wish;
    if (this.dressing) return;
    this.#dressed(true);
    try {
      while (this.#wish && this.stage) {
        const next = this.#wish;
        this.#wish = null;
        await this.api.changeLook(this.stage, await next());
      }
    } finally {
      this.#wish = null;
      this.#dressed(false);
    }
  }

  /** Pictures decoded so far. */
  decoded() {
    return framesDecoded(this.link.peer);
  }

  /** @param {any} message */
  #message(message) {
    if (message.type !== 'hello') return;
    this.stage = message.stage;
    this.handlers.stage();
  }

  /** @param {boolean} busy */
  #dressed(busy) {
    this.dressing = busy;
    this.handlers.changed();
  }

  /** @param {PreviewState} state */
  #set(state) {
    this.state = state;
    this.handlers.changed();
  }
}
