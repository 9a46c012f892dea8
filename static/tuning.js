/**
 * The settings of how an avatar looks and moves, as a form; and as lines for `kiosk.toml`.
 * @module tuning
 */

import { say } from './admin_strings.js';

/** @typedef {import('./strings.js').Language} Language */
/**
 * As the server gives and takes it.
 * @typedef {{dynamic_scale: number, motion_scale: number, preset: string, background: string,
 *   mark: boolean, mark_text: string, mark_position: string}} Look
 */

const PRESETS = ['fast', 'balanced', 'quality'];
const BACKGROUNDS = ['photo', 'blurred', 'colour', 'image'];
const POSITIONS = ['top-left', 'top', 'top-right', 'bottom-left', 'bottom', 'bottom-right'];
const COLOUR = '#e8ecef';
const MARK = 'AI-generated';
const SETTLE_MS = 150;

/** @type {Look} */
export const DEFAULTS = {
  dynamic_scale: 1,
  motion_scale: 1,
  preset: 'fast',
  background: 'photo',
  mark: true,
  mark_text: MARK,
  mark_position: 'top',
};

/** What kind of background it is. @param {string} background */
const kindOf = (background) => (background.startsWith('#') ? 'colour' : background);

/**
 * @param {string} tag
 * @param {Record<string, any>} [facts] properties, and attributes where there is no such property
 * @param {(Node|string)[]} [children]
 * @returns {any}
 */
export function make(tag, facts = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name in made && name !== 'list') made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A text as TOML writes it. @param {string} text */
const quoted = (text) => JSON.stringify(text);

/**
 * The lines that keep a look.
 * @param {string} name of the avatar
 * @param {Look} look
 * @param {string} picture the file of the background, if it is one
 */
export function toml(name, look, picture) {
  const background = look.background === 'image' ? picture : look.background;
  return [
    '[avatar]',
    `name = ${quoted(name)}`,
    `dynamic_scale = ${look.dynamic_scale.toFixed(2)}`,
    `motion_scale = ${look.motion_scale.toFixed(2)}`,
    '',
    '[look]',
    `preset = ${quoted(look.preset)}`,
    `background = ${quoted(background)}`,
    `mark = ${look.mark}`,
    `mark_text = ${quoted(look.mark_text)}`,
    `mark_position = ${quoted(look.mark_position)}`,
  ].join('\n');
}

/** A file as the server takes pictures. @param {Blob} file @returns {Promise<string>} */
const base64 = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result).split(',')[1] ?? '');
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});

/** The form. */
export class Tuning {
  /** @type {Look} */
  look = { ...DEFAULTS };
  /** Whether the operator changed anything: then it is the form that holds, not the server. */
  touched = false;
  /** What the server shows without the operator's changes. @type {Look} */
  #served = { ...DEFAULTS };
  #colour = COLOUR;
  #picture = /** @type {File|null} */ (null);
  #timer = 0;

  /**
   * @param {HTMLFormElement} form
   * @param {() => void} onChange called when a change has settled
   */
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    form.addEventListener('input', () => this.#changed());
    form.addEventListener('submit', (event) => event.preventDefault());
  }

  /** Take what the server says, as long as the operator has said nothing. @param {Look} look */
  take(look) {
    if (this.touched) return;
    for (const key of Object.keys(DEFAULTS)) this.look[key] = look[key];
    this.#served = { ...this.look };
    if (kindOf(look.background) === 'colour') this.#colour = look.background;
  }

  /** Whether the form says anything that the server does not show by itself. */
  get tuned() {
    return Object.keys(DEFAULTS).some((key) => this.look[key] !== this.#served[key]);
  }

  /** The file of the background, as it is to stand in `kiosk.toml`. */
  get picture() {
    return this.#picture?.name ?? 'background.jpg';
  }

  /** What to send to the server: a picture goes along. @returns {Promise<object>} */
  async wish() {
    const { background, ...rest } = this.look;
    if (background !== 'image') return this.look;
    // Chosen, but no file yet: the rest is shown meanwhile.
    return this.#picture ? { ...rest, background_image: await base64(this.#picture) } : rest;
  }

  /** Write the form anew. @param {Language} language */
  render(language) {
    const t = (/** @type {string} */ key) => say(language, key);
    const { look } = this;
    const kind = kindOf(look.background);
    this.form.replaceChildren(
      make('h3', { textContent: t('look') }),
      make('div', { className: 'progress' }, [make('i')]),
      this.#slider('dynamic_scale', t('dynamic_scale'), 1.2, look.dynamic_scale),
      this.#slider('motion_scale', t('motion_scale'), 1.1, look.motion_scale),
      this.#choice('preset', t('preset'), PRESETS, look.preset, t),
      this.#choice('kind', t('background'), BACKGROUNDS, kind, t),
      make('div', { className: 'field', id: 'colour-field', hidden: kind !== 'colour' }, [
        make('label', { htmlFor: 'colour', textContent: t('background_colour') }),
        make('input', { type: 'color', id: 'colour', name: 'colour', value: this.#colour }),
      ]),
      make('div', { className: 'field wide', id: 'image-field', hidden: kind !== 'image' }, [
        make('label', { htmlFor: 'image', textContent: t('background_image') }),
        make('input', { type: 'file', id: 'image', accept: 'image/jpeg,image/png,image/webp' }),
      ]),
      this.#mark(t),
    );
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {number} most
   * @param {number} value
   */
  #slider(name, label, most, value) {
    return make('div', { className: 'field' }, [
      make('label', { htmlFor: name, textContent: label }),
      make('output', { id: `${name}-out`, textContent: value.toFixed(2), for: name }),
      make('input', { type: 'range', id: name, name, min: 1, max: most, step: 0.01, value }),
    ]);
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {string[]} values
   * @param {string} chosen
   * @param {(key: string) => string} t
   */
  #choice(name, label, values, chosen, t) {
    return make('fieldset', { className: 'choice' }, [
      make('legend', { textContent: label }),
      make('div', { className: 'segments' }, values.map((value) => make('label', {}, [
        make('input', { type: 'radio', name, value, checked: value === chosen }),
        make('span', { textContent: t(value) }),
      ]))),
    ]);
  }

  /** @param {(key: string) => string} t */
  #mark(t) {
    const { mark, mark_text: text, mark_position: position } = this.look;
    return make('fieldset', { className: 'choice mark-field' }, [
      make('legend', { textContent: t('mark') }),
      make('label', { className: 'tick' }, [
        make('input', { type: 'checkbox', name: 'mark', checked: mark }), t('mark_on'),
      ]),
      make('div', { className: 'pair' }, [
        make('input', {
          className: 'line', name: 'mark_text', value: text, maxLength: 40, 'aria-label': t('mark_text'),
        }),
        make('select', { className: 'line', name: 'position', 'aria-label': t('position') }, POSITIONS.map(
          (value) => make('option', { value, selected: value === position, textContent: t(value) }),
        )),
      ]),
    ]);
  }

  #changed() {
    const data = new FormData(this.form);
    const text = (/** @type {string} */ name) => String(data.get(name) ?? '');
    const kind = text('kind');
    this.touched = true;
    this.#colour = text('colour');
    const image = /** @type {HTMLInputElement} */ (this.form.querySelector('#image'));
    this.#picture = image.files?.[0] ?? this.#picture;
    this.look = {
      dynamic_scale: Number(text('dynamic_scale')),
      motion_scale: Number(text('motion_scale')),
      preset: text('preset'),
      background: kind === 'colour' ? this.#colour : kind,
      mark: data.has('mark'),
      mark_text: text('mark_text').trim() || MARK,
      mark_position: text('position'),
    };
    for (const name of ['dynamic_scale', 'motion_scale']) {
      const out = this.form.querySelector(`#${name}-out`);
      if (out) out.textContent = this.look[name].toFixed(2);
    }
    for (const name of ['colour', 'image']) {
      this.form.querySelector(`#${name}-field`)?.toggleAttribute('hidden', name !== kind);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.onChange(), SETTLE_MS);
  }
}
