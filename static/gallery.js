/**
 * The avatars there are, as a list of pictures to choose from.
 * @module gallery
 */

import { make } from './tuning.js';

/** @typedef {import('./admin_api.js').Avatar} Avatar */

/** The list. */
export class Gallery {
  /** Pictures by name: loaded once, let go when the avatar is. @type {Map<string, string>} */
  #pictures = new Map();

  /**
   * @param {HTMLElement} list
   * @param {import('./admin_api.js').AdminApi} api
   * @param {(avatar: Avatar) => void} onChoice
   */
  constructor(list, api, onChoice) {
    this.list = list;
    this.api = api;
    this.onChoice = onChoice;
  }

  /**
   * @param {Avatar[]} avatars
   * @param {string} chosen
   * @param {string} shownWord what stands at the one that is shown
   */
  show(avatars, chosen, shownWord) {
    for (const [name, address] of this.#pictures) {
      if (avatars.some((avatar) => avatar.name === name)) continue;
      URL.revokeObjectURL(address);
      this.#pictures.delete(name);
    }
    this.list.replaceChildren(...avatars.map((avatar) => make('li', {}, [
      this.#button(avatar, avatar.name === chosen, shownWord),
    ])));
  }

  /**
   * @param {Avatar} avatar
   * @param {boolean} chosen
   * @param {string} shownWord
   */
  #button(avatar, chosen, shownWord) {
    const picture = make('img', { alt: '', width: 56, height: 56 });
    this.#load(avatar.name, picture);
    const words = [make('span', { className: 'face-name', textContent: avatar.name })];
    if (avatar.shown) words.push(make('span', { className: 'badge', textContent: shownWord }));
    const button = make('button', {
      type: 'button', className: 'face', 'aria-current': String(chosen),
    }, [picture, make('span', { className: 'face-words' }, words)]);
    button.addEventListener('click', () => this.onChoice(avatar));
    return button;
  }

  /**
   * @param {string} name
   * @param {HTMLImageElement} picture
   */
  async #load(name, picture) {
    try {
      const known = this.#pictures.get(name)
        ?? await this.api.picture(`/v1/avatars/${encodeURIComponent(name)}/portrait`);
      this.#pictures.set(name, known);
      picture.src = known;
    } catch {
      picture.classList.add('none');
    }
  }
}
