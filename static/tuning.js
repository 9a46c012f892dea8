/**
 * The settings of how an avatar looks and moves, as a form; and as lines for `kiosk.toml`.
 * @module tuning
 */

import { say } from './admin_strings.js';

/** @typedef {import('./strings.js').Language} Language */
/**
 * @typedef {{dynamic_scale: number, motion_scale: number, preset: string,
 *   background: {kind: string, colour: string},
 *   mark: {on: boolean, text: string, position: string}}} Look
 */

const PRESETS = ['fast', 'balanced', 'quality'];
const BACKGROUNDS = ['photo', 'blurred', 'colour'];
const POSITIONS = ['top-left', 'top', 'top-right', 'bottom-left', 'bottom', 'bottom-right'];
const SETTLE_MS = 150;

/** @type {Look} */
export const DEFAULTS = {
  dynamic_scale: 1,
  motion_scale: 1,
  preset: 'fast',
  background: { kind: 'photo', colour: '#e8ecef' },
  mark: { on: true, text: 'AI-generated', position: 'bottom-right' },
};

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
 */
export function toml(name, { dynamic_scale, motion_scale, preset, background, mark }) {
  const colour = background.kind === 'colour' ? [`background_colour = ${quoted(background.colour)}`] : [];
  return [
    '[avatar]', `name = ${quoted(name)}`,
    `dynamic_scale = ${dynamic_scale.toFixed(2)}`, `motion_scale = ${motion_scale.toFixed(2)}`,
    `preset = ${quoted(preset)}`, `background = ${quoted(background.kind)}`, ...colour,
    '', '[mark]', `on = ${mark.on}`, `text = ${quoted(mark.text)}`,
    `position = ${quoted(mark.position)}`,
  ].join('\n');
}

/** The form. */
export class Tuning {
  /** @type {Look} */
  look = structuredClone(DEFAULTS);
  #timer = 0;

  /**
   * @param {HTMLFormElement} form
   * @param {(look: Look) => void} onChange called when a change has settled
   */
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    form.addEventListener('input', () => this.#changed());
    form.addEventListener('submit', (event) => event.preventDefault());
  }

  /** Write the form anew. @param {Language} language */
  render(language) {
    const t = (/** @type {string} */ key) => say(language, key);
    const { look } = this;
    this.form.replaceChildren(
      make('h3', { textContent: t('look') }),
      this.#slider('dynamic_scale', t('dynamic_scale'), 1.2, look.dynamic_scale),
      this.#slider('motion_scale', t('motion_scale'), 1.1, look.motion_scale),
      this.#choice('preset', t('preset'), PRESETS, look.preset, t),
      this.#choice('kind', t('background'), BACKGROUNDS, look.background.kind, t),
      make('div', { className: 'field', id: 'colour-field', hidden: look.background.kind !== 'colour' }, [
        make('label', { htmlFor: 'colour', textContent: t('background_colour') }),
        make('input', { type: 'color', id: 'colour', name: 'colour', value: look.background.colour }),
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
    const { on, text, position } = this.look.mark;
    return make('fieldset', { className: 'choice mark-field' }, [
      make('legend', { textContent: t('mark') }),
      make('label', { className: 'tick' }, [
        make('input', { type: 'checkbox', name: 'mark_on', checked: on }), t('mark_on'),
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
    this.look = {
      dynamic_scale: Number(text('dynamic_scale')),
      motion_scale: Number(text('motion_scale')),
      preset: text('preset'),
      background: { kind: text('kind'), colour: text('colour') },
      mark: {
        on: data.has('mark_on'),
        text: text('mark_text').trim() || DEFAULTS.mark.text,
        position: text('position'),
      },
    };
    for (const name of ['dynamic_scale', 'motion_scale']) {
      const out = this.form.querySelector(`#${name}-out`);
      if (out) out.textContent = this.look[name].toFixed(2);
    }
    /** @type {any} */ (this.form.querySelector('#colour-field')).hidden =
      this.look.background.kind !== 'colour';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.onChange(this.look), SETTLE_MS);
  }
}
