/**
 * Where the page asks for its viewer: what its own address wishes, as far as the server has it.
 * @module address
 */

const PORTRAIT_ASPECT = 0.75;
const WISHES = ['stage', 'avatar', 'slate', 'terminal'];
const NO_AVATAR = new Set(['unknown_avatar', 'invalid_name']);

/** @param {{width: number, height: number}} viewport */
export const sizeFor = ({ width, height }) =>
  (width / height < PORTRAIT_ASPECT ? 'portrait' : 'square');

/** The address of one screen. */
export class Address {
  /** The avatar that this screen wishes is not there: the kiosk's own is asked for. */
  #without = false;

  /** @param {URLSearchParams} query of the page */
  constructor(query) {
    this.query = query;
  }

  /** Where to post the offer. @param {string} size */
  endpoint(size) {
    const query = new URLSearchParams({ size });
    for (const name of WISHES) {
      const value = this.query.get(name);
      if (value && !(name === 'avatar' && this.#without)) query.set(name, value);
    }
    return `/whep?${query}`;
  }

  /**
   * The server refused; visitors are better served by another face than by none.
   * @param {import('./api.js').Problem|null} problem
   * @returns {boolean} whether to ask again at once, for the avatar that is shown by default
   */
  yields(problem) {
    const avatar = this.query.get('avatar');
    if (!problem || !NO_AVATAR.has(problem.code) || !avatar || this.#without) return false;
    this.#without = true;
    console.warn(`avatar=${avatar} of the address: ${problem.detail}; the default one is shown`);
    return true;
  }

  /** A picture came; the next connection asks for the wished one again, which may be back. */
  arrived() {
    this.#without = false;
  }
}
