/**
 * The touch topics: what a visitor can ask for with one touch.
 * @module topics
 */

/** @typedef {{title: string, text: string}} Topic */

/** A grid of buttons, one of them marked while it is spoken. */
export class TopicGrid {
  #buttons = /** @type {Map<Topic, HTMLButtonElement>} */ (new Map());
  #active = /** @type {Topic|null} */ (null);

  /**
   * @param {HTMLElement} list
   * @param {(topic: Topic) => void} onChoice
   */
  constructor(list, onChoice) {
    this.list = list;
    this.onChoice = onChoice;
  }

  /** @param {Topic[]} topics */
  show(topics) {
    this.#buttons = new Map(topics.map((topic) => [topic, this.#button(topic)]));
    this.list.replaceChildren(...[...this.#buttons.values()].map((button) => {
      const item = document.createElement('li');
      item.append(button);
      return item;
    }));
    this.mark(this.#active);
  }

  /** @param {Topic|null} topic the one being spoken */
  mark(topic) {
    this.#active = topic;
    for (const [each, button] of this.#buttons) {
      button.setAttribute('aria-pressed', String(each === topic));
    }
  }

  /** @param {Topic} topic */
  #button(topic) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'topic';
    const title = document.createElement('span');
    title.className = 'topic-title';
    title.textContent = topic.title;
    button.append(title, bars(), icon('icon-next'));
    button.addEventListener('click', () => this.onChoice(topic));
    return button;
  }
}

/** The moving bars that say "speaking". */
function bars() {
  const mark = document.createElement('span');
  mark.className = 'bars';
  mark.setAttribute('aria-hidden', 'true');
  mark.append(...[0, 1, 2].map(() => document.createElement('i')));
  return mark;
}

/** @param {string} name the id of a symbol in the page */
function icon(name) {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(namespace, 'use');
  use.setAttribute('href', `#${name}`);
  svg.append(use);
  return svg;
}
