/**
 * Ease of hearing and reading: speech in the gentle style, captions in large type. The hall or the
 * address sets what is usual; a visitor's own choice is forgotten when nobody has touched the
 * screen for a while, so that the next one finds the usual.
 * @module ease
 */

import { words } from './strings.js';

/** How long a visitor's choice outlives the last touch. */
export const KEPT_MS = 120_000;

/** @typedef {'plain'|'gentle'} Style */
/** @typedef {'normal'|'large'} Size */

/**
 * @template {string} T
 * @param {readonly T[]} known
 * @param {(string|null|undefined)[]} wishes the weightiest first
 * @returns {T|undefined} the first wish that is known
 */
export const choice = (known, ...wishes) =>
  /** @type {T|undefined} */ (wishes.find((wish) => known.includes(/** @type {any} */ (wish))));

const STYLES = /** @type {const} */ (['plain', 'gentle']);
const SIZES = /** @type {const} */ (['normal', 'large']);

/** What is chosen, by hall, address or visitor. */
export class Ease {
  /** @type {Style|undefined} undefined: as the server has it */
  style;
  /** @type {Size} */
  size = 'normal';
  /** @type {{style: Style|undefined, size: Size}} */
  #usual = { style: undefined, size: 'normal' };
  #chosen = false;
  #timer = 0;

  /**
   * @param {(id: string) => HTMLElement} element
   * @param {URLSearchParams} query of the page's address
   * @param {() => void} again says again what is being said: who asks for it slower meanwhile has
   *   missed it
   */
  constructor(element, query, again) {
    this.button = element('ease');
    this.text = element('ease-text');
    this.query = query;
    this.usual({});
    this.button.addEventListener('click', () => {
      this.toggle();
      again();
    });
    for (const kind of ['pointerdown', 'keydown']) {
      addEventListener(kind, () => this.#wait(), { capture: true });
    }
  }

  /** @param {import('./strings.js').Language} language */
  show(language) {
    this.text.textContent = words(language, 'ease');
    this.button.setAttribute('aria-label', words(language, 'ease_label'));
  }

  get gentle() {
    return this.style === 'gentle';
  }

  /** @param {{style?: string, captions_size?: string}} page what the hall has set */
  usual(page) {
    this.#usual = {
      style: choice(STYLES, this.query.get('style'), page.style),
      size: choice(SIZES, this.query.get('captions'), page.captions_size) ?? 'normal',
    };
    if (!this.#chosen) this.#set(this.#usual);
  }

  /** The visitor's button. */
  toggle() {
    this.#chosen = true;
    this.#set(this.gentle
      ? { style: 'plain', size: this.#usual.style === 'gentle' ? 'normal' : this.#usual.size }
      : { style: 'gentle', size: 'large' });
    this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    if (!this.#chosen) return;
    this.#timer = setTimeout(() => {
      if (document.body.dataset.state === 'speaking') return void this.#wait();
      this.#chosen = false;
      this.#set(this.#usual);
    }, KEPT_MS);
  }

  /** @param {{style: Style|undefined, size: Size}} wanted */
  #set({ style, size }) {
    this.style = style;
    this.size = size;
    document.body.dataset.captions = size;
    this.button.setAttribute('aria-pressed', String(this.gentle));
  }
}
