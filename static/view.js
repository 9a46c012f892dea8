/**
 * Draws what the page is: its words in the visitor's language, its state and its sound.
 * @module view
 */

import { noticeWords, sentence } from './notice.js';
import { htmlLanguage, other, words } from './strings.js';

/** @typedef {'connecting'|'ready'|'preparing'|'speaking'|'lost'|'full'|'refused'} State */
/** @typedef {import('./strings.js').Language} Language */

const ICONS = { lost: 'icon-lost', full: 'icon-full', refused: 'icon-notice' };

/** The states without her: a card says why, in the middle of the screen. */
export const ABSENT = new Set(['connecting', 'lost', 'full', 'refused']);

/**
 * The words of the card.
 * @param {State} state
 * @param {Language} language
 * @param {number} waitMs until the next try
 * @param {import('./api.js').Problem|null} refusal
 */
export function screenDetail(state, language, waitMs, refusal) {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const say = (/** @type {string} */ key) => words(language, key, { seconds });
  if (state !== 'refused' || !refusal) return say(`${state}_detail`);
  const { title, remedy: helps } = noticeWords(refusal, language);
  // The names of those there are concern nobody in the hall.
  const remedy = refusal.code === 'unknown_avatar' ? '' : helps;
  return [title, remedy].filter(Boolean).map(sentence).concat(say('retry')).join(' ');
}

/** The page's elements, but for the topics, the captions and the notice. */
export class View {
  /** @type {State} */
  #state = 'connecting';
  /** @type {Language} */
  #language = 'en';
  #hears = false;

  /** @param {(id: string) => any} element */
  constructor(element) {
    this.element = element;
  }

  /**
   * @param {Language} language
   * @param {string} title of the hall
   */
  language(language, title) {
    const say = (/** @type {string} */ key) => words(language, key);
    const { element } = this;
    document.documentElement.lang = htmlLanguage(language);
    if (title) document.title = title;
    element('title').textContent = title;
    for (const key of ['stop', 'speak']) element(`${key}-text`).textContent = say(key);
    for (const key of ['stop', 'speak']) element(key).setAttribute('aria-label', say(key));
    element('sound-hint-text').textContent = say('sound_hint');
    element('language-text').textContent = say('other_language');
    element('language').lang = htmlLanguage(other(language));
    element('ask-label').textContent = say('ask_label');
    element('ask-text').placeholder = say('ask_placeholder');
    element('topics-frame').setAttribute('aria-label', say('topics'));
    element('persona').setAttribute('aria-label', say('persona'));
    element('mark').textContent = say('synthetic');
    element('notice-close').setAttribute('aria-label', say('close'));
  }

  /**
   * @param {State} state
   * @param {Language} language
   * @param {number} waitMs until the next try, if she is absent
   * @param {import('./api.js').Problem|null} refusal
   */
  state(state, language, waitMs, refusal) {
    document.body.dataset.state = state;
    [this.#state, this.#language] = [state, language];
    this.#status();
    this.element('status-icon').setAttribute('href', `#${ICONS[state] ?? 'icon-ready'}`);
    this.element('stop').disabled = state !== 'speaking' && state !== 'preparing';
    this.element('screen').setAttribute('aria-hidden', String(!ABSENT.has(state)));
    if (!ABSENT.has(state)) return;
    this.element('screen-icon').setAttribute('href', `#${ICONS[state] ?? 'icon-person'}`);
    this.#text('screen-title', words(language, state));
    this.#text('screen-detail', screenDetail(state, language, waitMs, refusal));
  }

  /** @param {boolean} speaking whether she hears a visitor speak */
  hear(speaking) {
    this.#hears = speaking;
    this.#status();
  }

  #status() {
    const listening = this.#hears && !ABSENT.has(this.#state);
    const invited = this.#state === 'ready' && document.body.dataset.microphone === 'on';
    document.body.classList.toggle('listening', listening);
    const key = listening ? 'listening' : invited ? 'ready_to_hear' : this.#state;
    this.#text('status-text', words(this.#language, key));
  }

  /**
   * @param {{on: boolean, awaitsTouch: boolean}} sound
   * @param {Language} language
   */
  sound({ on, awaitsTouch }, language) {
    const text = words(language, on ? 'sound_on' : 'sound_off');
    this.#text('sound-text', text);
    this.element('sound').setAttribute('aria-label', text);
    this.element('sound').setAttribute('aria-pressed', String(on));
    this.element('sound-icon').setAttribute('href', on ? '#icon-sound' : '#icon-muted');
    this.element('sound-hint').hidden = !awaitsTouch;
  }

  /**
   * Written only when it changes, so that a screen reader is not made to repeat it.
   * @param {string} id
   * @param {string} text
   */
  #text(id, text) {
    if (this.element(id).textContent !== text) this.element(id).textContent = text;
  }
}
