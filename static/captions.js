/**
 * Captions in step with the voice: which phrase is due at a media time, and how much of it was
 * said. The timing is pure; `CaptionView` draws it.
 * @module captions
 */

/** How long a phrase stays after its last word, unless another begins. */
export const LINGER_MS = 2000;
const BOUND = 500;

/**
 * @typedef {object} Caption
 * @property {string} utterance
 * @property {number} index
 * @property {string} text
 * @property {number} start_ms media time
 * @property {number} end_ms
 * @property {{text: string, start_ms: number, end_ms: number}[]} words
 */

/**
 * Cut a phrase into pieces that light up one after the other. The words' spelling may differ from
 * the phrase (numbers read out): what cannot be found joins the piece before it.
 * @param {Caption} caption
 * @returns {{text: string, start_ms: number}[]} their texts joined are the phrase
 */
export function pieces({ text, words, start_ms }) {
  const lower = text.toLowerCase();
  const found = [{ from: 0, start_ms }];
  let cursor = 0;
  for (const word of words) {
    const from = lower.indexOf(word.text.toLowerCase(), cursor);
    if (from < 0 || !word.text) continue;
    cursor = from + word.text.length;
    if (from === 0 || !text.slice(0, from).trim()) found[0].start_ms = word.start_ms;
    else found.push({ from, start_ms: word.start_ms });
  }
  return found.map(({ from, start_ms: start }, i) => ({
    text: text.slice(from, found[i + 1]?.from),
    start_ms: start,
  }));
}

/**
 * @param {{start_ms: number}[]} parts
 * @param {number} nowMs media time
 * @returns {number} how many were begun
 */
export const spoken = (parts, nowMs) => parts.filter((part) => part.start_ms <= nowMs).length;

/** The captions known, bounded. */
export class CaptionTrack {
  /** @type {Caption[]} */
  #captions = [];

  /** @param {Caption} caption */
  add(caption) {
    this.#captions.push(caption);
    this.#captions.sort((a, b) => a.start_ms - b.start_ms);
    if (this.#captions.length > BOUND) this.#captions.shift();
  }

  /**
   * Forget an utterance, or without one everything.
   * @param {string} [utterance]
   */
  clear(utterance) {
    this.#captions = utterance
      ? this.#captions.filter((caption) => caption.utterance !== utterance)
      : [];
  }

  /**
   * @param {number} nowMs media time
   * @returns {Caption|null} the phrase to show
   */
  at(nowMs) {
    const begun = this.#captions.filter((caption) => caption.start_ms <= nowMs);
    const latest = begun.at(-1) ?? null;
    if (begun.length > 1) this.#captions.splice(0, begun.length - 1);
    return latest && nowMs < latest.end_ms + LINGER_MS ? latest : null;
  }
}

/** Draws the phrase that is due. */
export class CaptionView {
  track = new CaptionTrack();
  enabled = true;
  /** @type {Caption|null} */
  current = null;
  /** @type {{text: string, start_ms: number}[]} */
  #parts = [];
  #lit = -1;

  /**
   * @param {HTMLElement} box what is seen
   * @param {HTMLElement} live a polite live region: whole phrases, for screen readers
   */
  constructor(box, live) {
    this.box = box;
    this.live = live;
  }

  /** @param {number} nowMs the media time shown */
  show(nowMs) {
    const caption = this.enabled ? this.track.at(nowMs) : null;
    if (caption !== this.current) this.#change(caption);
    if (caption) this.#light(spoken(this.#parts, nowMs), nowMs >= caption.end_ms);
  }

  /**
   * Barge-in (of one utterance), or a new connection, which has another clock (of all).
   * @param {string} [utterance]
   */
  clear(utterance) {
    this.track.clear(utterance);
    if (!utterance || this.current?.utterance === utterance) this.#change(null);
  }

  /** @param {Caption|null} caption */
  #change(caption) {
    this.current = caption;
    this.#lit = -1;
    this.#parts = caption ? pieces(caption) : [];
    this.box.replaceChildren(...this.#parts.flatMap((part) => {
      const span = document.createElement('span');
      span.textContent = part.text.trimEnd();
      return [span, part.text.slice(part.text.trimEnd().length)];
    }));
    this.box.hidden = !caption;
    this.box.scrollTop = 0;
    if (caption) this.live.textContent = caption.text;
  }

  /**
   * @param {number} count pieces begun
   * @param {boolean} over whether all is said
   */
  #light(count, over) {
    const lit = over ? Infinity : count;
    if (lit === this.#lit) return;
    this.#lit = lit;
    [...this.box.children].forEach((span, i) => {
      span.classList.toggle('said', i < count);
      span.classList.toggle('now', i === lit - 1);
    });
    this.#turn(/** @type {HTMLElement|undefined} */ (this.box.children[count - 1]));
  }

  /**
   * Large type may not show a long phrase at once: turn the page, as subtitles do, when the word
   * that is spoken is beyond the last line.
   * @param {HTMLElement} [word]
   */
  #turn(word) {
    const { scrollTop, clientHeight, scrollHeight } = this.box;
    if (!word || scrollHeight <= clientHeight) return;
    const beyond = word.offsetTop + word.offsetHeight > scrollTop + clientHeight + 1;
    if (beyond || word.offsetTop < scrollTop) this.box.scrollTop = word.offsetTop;
  }
}
