/**
 * A photo on its way to be an avatar: chosen, sent, checked, baked.
 * @module newcomer
 */

import { PhotoRefusal } from './admin_api.js';
import { say } from './admin_strings.js';
import { others, told, verdicts } from './findings.js';
import { Problem } from './api.js';
import { sentence } from './notice.js';
import { make } from './tuning.js';

/** @typedef {import('./strings.js').Language} Language */
/** @typedef {import('./findings.js').Finding} Finding */
/** @typedef {import('./admin_api.js').Draft} Draft */

const POLL_MS = 400;

/** The views "photo" and "checks". */
export class Newcomer {
  /** @type {Blob|null} */
  photo = null;
  /** The draft that is being made. @type {Draft|null} */
  draft = null;
  /** Each photo sent is one; answers for an earlier one come too late. */
  #turn = 0;
  #address = '';
  /** Ends what is sent: the server then gives the photo up. */
  #sending = new AbortController();
  /** @type {{lead: string, findings: Finding[]|null, forcible: boolean, busy: boolean}} */
  #told = { lead: 'looking', findings: null, forcible: false, busy: false };

  /**
   * @param {(id: string) => any} element
   * @param {import('./admin_api.js').AdminApi} api
   * @param {{view: (name: string) => void, ready: (draft: Draft) => void,
   *   problem: (problem: unknown) => void, language: () => Language}} handlers
   */
  constructor(element, api, handlers) {
    this.element = element;
    this.api = api;
    this.handlers = handlers;
    this.file = element('file');
    this.#listen();
  }

  /** Begin: no photo yet. */
  open() {
    this.leave();
    this.handlers.view('photo');
  }

  /**
   * The photo and what was begun with it are forgotten.
   * @returns {Promise<void>} when the server may take another
   */
  async leave() {
    this.#turn += 1;
    this.#sending.abort();
    const begun = this.draft;
    [this.draft, this.photo] = [null, null];
    URL.revokeObjectURL(this.#address);
    this.#address = '';
    this.element('shot').removeAttribute('src');
    if (begun) await this.api.drop(begun.draft).catch(() => {});
  }

  /** What became an avatar, or is now somebody else's to forget. */
  release() {
    this.draft = null;
    this.leave();
  }

  /**
   * @param {Blob} photo
   * @param {boolean} [force]
   */
  async send(photo, force = false) {
    const free = force ? null : this.leave();
    this.#sending = new AbortController();
    const turn = this.#turn;
    this.photo = photo;
    if (!this.#address) this.#address = URL.createObjectURL(photo);
    this.element('shot').src = this.#address;
    this.handlers.view('checks');
    this.#tell('looking', null, { busy: true });
    try {
      const { signal } = this.#sending;
      await free;
      const draft = await this.api.draft(photo, { ...this.#wishes(), force }, signal);
      if (turn !== this.#turn) return void this.api.drop(draft.draft).catch(() => {});
      this.draft = draft;
      this.#tell(force ? 'making_forced' : 'making', draft.findings, { busy: true });
      await this.#baked(draft, turn);
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
    }
  }

  /**
   * @param {Draft} draft
   * @param {number} turn
   */
  async #baked(draft, turn) {
    let state = draft;
    while (state.state === 'baking' && turn === this.#turn) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      state = await this.api.draftState(draft.draft);
    }
    if (turn !== this.#turn) return;
    if (state.state === 'ready') this.handlers.ready(state);
    else throw state.problem?.findings ? new PhotoRefusal(state.problem) : new Problem(state.problem);
  }

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof PhotoRefusal) {
      this.#tell(this.draft ? 'failed' : 'refused', error.findings, { forcible: error.forcible });
    } else if (error instanceof Problem && error.code === 'photo_too_large') {
      this.#tell('refused', [{ code: error.code, reason: error.detail, remedy: error.remedy }]);
    } else {
      this.handlers.problem(error);
      this.handlers.view('photo');
    }
  }

  #wishes() {
    const value = (/** @type {string} */ id) => Number(this.element(id).value);
    return { expand: value('expand'), resolution: value('resolution') };
  }

  #listen() {
    const { element } = this;
    element('choose').addEventListener('click', () => this.file.click());
    element('another').addEventListener('click', () => this.open());
    element('force').addEventListener('click', () => this.photo && this.send(this.photo, true));
    this.file.addEventListener('change', () => this.#take(this.file.files));
    for (const id of ['expand', 'resolution']) element(id).addEventListener('input', () => this.render());
    const drop = element('drop');
    const over = (/** @type {boolean} */ is) => drop.classList.toggle('over', is);
    // Anywhere on the page: a photo that misses the field must not replace the page.
    addEventListener('dragover', (event) => {
      event.preventDefault();
      over(true);
    });
    addEventListener('dragleave', () => over(false));
    addEventListener('drop', (event) => {
      event.preventDefault();
      over(false);
      this.#take(event.dataTransfer?.files);
    });
  }

  /** @param {FileList|null|undefined} files */
  #take(files) {
    if (files?.length) this.send(files[0]);
    this.file.value = '';
  }

  /**
   * @param {string} lead
   * @param {Finding[]|null} findings
   * @param {{forcible?: boolean, busy?: boolean}} [how]
   */
  #tell(lead, findings, { forcible = false, busy = false } = {}) {
    this.#told = { lead, findings, forcible, busy };
    this.render();
  }

  /** Write both views in the operator's language. */
  render() {
    const language = this.handlers.language();
    const { lead, findings, forcible, busy } = this.#told;
    const { element } = this;
    element('expand-out').textContent = `${Math.round(element('expand').value * 100)} %`;
    element('resolution-out').textContent = element('resolution').value;
    element('shot').alt = say(language, 'your_photo');
    element('checks-lead').textContent = say(language, lead);
    element('progress').hidden = !busy;
    element('checks-actions').hidden = busy;
    element('force').hidden = !forcible;
    const rows = verdicts(findings).map(({ check, verdict, findings: failed }) =>
      row(say(language, `check_${check}`), verdict, failed, language));
    for (const finding of others(findings ?? [])) {
      rows.push(row(told(finding, language).reason, 'failed', [finding], language));
    }
    element('checks').replaceChildren(...rows);
  }
}

const ICONS = { passed: 'good', warned: 'notice', failed: 'notice', waits: 'wait' };

/**
 * @param {string} title
 * @param {import('./findings.js').Verdict} verdict
 * @param {Finding[]} findings
 * @param {Language} language
 */
function row(title, verdict, findings, language) {
  const words = [
    make('span', { className: 'check-title', textContent: title }),
    make('span', { className: 'unseen', textContent: `: ${say(language, `check_${verdict}`)}` }),
  ];
  for (const finding of findings) {
    const { reason, remedy } = told(finding, language);
    words.push(make('p', { className: 'check-reason' }, [
      `${ended(reason, language)} `,
      make('span', { className: 'check-remedy', textContent: ended(remedy, language) }),
    ]));
  }
  return make('li', { className: `check ${verdict}` }, [
    icon(ICONS[verdict]), make('div', { className: 'check-words' }, words),
  ]);
}

/**
 * @param {string} text
 * @param {Language} language
 */
const ended = (text, language) => (language === 'zh' ? `${text}。` : sentence(text));

/** @param {string} name of a symbol in the page */
function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(space, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}
