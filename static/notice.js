/**
 * Says what went wrong and what to do about it, until it is read.
 * @module notice
 */

import { Problem } from './api.js';
import { words } from './strings.js';

/** @typedef {import('./strings.js').Language} Language */
/** @typedef {{title: string, detail: string, remedy: string}} NoticeWords */

export const NOTICE_MS = 20_000;

/** The page's own words for what no server could tell. */
const OWN_WORDS = new Set([
  'unreachable', 'not_connected', 'no_text',
  'mic_denied', 'mic_missing', 'mic_failed', 'mic_gone', 'mic_insecure',
]);

/**
 * A server's words as a sentence; a key such as `expand_ratio` at their beginning stays as it is.
 * @param {string} text
 */
export function sentence(text) {
  const begun = /^[a-z]+(?![\w.=/])/.test(text) ? text[0].toUpperCase() + text.slice(1) : text;
  return !begun || /[.!?…。！？]$/.test(begun) ? begun : `${begun}.`;
}

/**
 * The words to show for a problem; every problem has a title.
 * @param {Problem} problem
 * @param {Language} language
 * @returns {NoticeWords}
 */
export function noticeWords(problem, language) {
  if (OWN_WORDS.has(problem.code) && !problem.status) {
    const remedy = words(language, `${problem.code}_remedy`);
    return { title: words(language, problem.code), detail: '', remedy };
  }
  if (problem.code === 'token_required') {
    const path = `${location.pathname}?token=…`;
    const title = words(language, 'token_required');
    return { title, detail: '', remedy: words(language, 'token_required_remedy', { path }) };
  }
  const title = problem.title || problem.detail || words(language, 'failed');
  const detail = problem.title ? sentence(problem.detail) : '';
  return { title, detail, remedy: sentence(problem.remedy) };
}

/** The box at the top of the screen. */
export class Notice {
  /** How many were shown so far. */
  shown = 0;
  #timer = 0;

  /** @param {(id: string) => HTMLElement} element */
  constructor(element) {
    this.box = element('notice');
    this.title = element('notice-title');
    this.detail = element('notice-detail');
    this.remedy = element('notice-remedy');
    element('notice-close').addEventListener('click', () => this.close());
  }

  /** @param {NoticeWords} said */
  show({ title, detail, remedy }) {
    clearTimeout(this.#timer);
    this.title.textContent = title;
    this.detail.textContent = detail;
    this.remedy.textContent = remedy;
    this.box.hidden = false;
    this.shown += 1;
    this.#timer = setTimeout(() => this.close(), NOTICE_MS);
  }

  /** It was read, or what it told is over. */
  close() {
    clearTimeout(this.#timer);
    this.box.hidden = true;
  }
}
