/**
 * The technician's page: lip sync, frame rate, ladder, buffers and latency of every stage, live.
 * @module stats
 */

import { Api, takeToken } from './api.js';
import { COLOURS, drawPlot } from './plot.js';

const REFRESH_MS = 1000;
const SHOWN_S = 120;

/** @param {number|null|undefined} value @param {number} [digits] */
const number = (value, digits = 0) => (value == null ? '–' : value.toFixed(digits));

/**
 * The plots: title, names of the curves, the keys of a point, and the frame.
 * @type {{title: string, names: string[], keys: string[],
 *   frame: Partial<import('./plot.js').Frame> & {low: number, high: number, unit: string}}[]}
 */
export const PLOTS = [
  {
    title: 'Offset at the viewer, ms (picture late: up)',
    names: ['remains', 'measured', 'correction'],
    keys: ['offset_ms', 'measured_ms', 'shift_ms'],
    frame: { low: -125, high: 125, band: [-20, 20], unit: 'ms' },
  },
  {
    title: 'Pictures a second',
    names: ['shown'],
    keys: ['frame_rate_hz'],
    frame: { low: 0, high: 30, band: [20, 25], unit: 'Hz' },
  },
  {
    title: 'Browser’s buffers, ms',
    names: ['sound', 'picture'],
    keys: ['audio_buffer_ms', 'video_buffer_ms'],
    frame: { low: 0, high: 300, unit: 'ms' },
  },
  {
    title: 'Rungs of the ladder gone down',
    names: ['rung'],
    keys: ['rung'],
    frame: { low: 0, high: 6, unit: '', steps: true },
  },
];

/**
 * The figures above the plots.
 * @param {any} stage as /v1/sync tells it
 * @returns {[string, string, boolean][]} name, value, whether it is bad
 */
export function figures(stage) {
  const shown = stage.points.at(-1);
  const offset = stage.offset_ms;
  return [
    ['offset', `${number(offset, 1)} ms`, Math.abs(offset ?? 0) > 20],
    ['correction', `${number(stage.shift_ms, 1)} ms`, false],
    ['of it by the lips', `${number(stage.trim_ms, 1)} ms`, false],
    ['control', stage.holding ? 'holds' : 'follows', stage.holding],
    ['pictures shown', `${number(shown?.frame_rate_hz, 1)} Hz`, (shown?.frame_rate_hz ?? 25) < 19],
    ['ladder', `${stage.rung}`, stage.rung !== stage.rungs[0]],
    ['steps down / up', `${stage.steps_down} / ${stage.steps_up}`, false],
    ['load of a picture', `${number(100 * stage.load)} %`, stage.load > 0.9],
    ['engine’s latency', `${number(stage.latency_ms)} ms`, false],
    ['pictures repeated', `${stage.frames.repeated}`, false],
    ['pictures lost', `${stage.frames.late + stage.frames.overrun + stage.frames.skipped}`, false],
    ['sound missed', `${number(stage.audio_underrun_samples / 48)} ms`,
      stage.audio_underrun_samples > 0],
  ];
}

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

/** @param {string} id */
const copy = (id) => element(id).content.firstElementChild.cloneNode(true);

/** @param {string} tag @param {string} text @param {string} [kind] */
function made(tag, text, kind = '') {
  const node = document.createElement(tag);
  node.textContent = text;
  if (kind) node.className = kind;
  return node;
}

/** One stage's part of the page. */
class StageView {
  constructor() {
    this.root = copy('stage');
    this.canvases = PLOTS.map(({ title, names }) => {
      const figure = copy('plot');
      const caption = figure.querySelector('figcaption');
      caption.append(`${title}: `);
      names.forEach((name, index) => {
        const word = made('b', name);
        word.style.color = COLOURS[index];
        caption.append(index ? ', ' : '', word);
      });
      this.root.querySelector('.plots').append(figure);
      return figure.querySelector('canvas');
    });
  }

  /** @param {any} stage @param {number} nowS */
  show(stage, nowS) {
    this.root.querySelector('h2').textContent = `${stage.avatar} on stage ${stage.stage}`;
    this.root.querySelector('dl').replaceChildren(...figures(stage).map(([name, value, bad]) => {
      const box = document.createElement('div');
      box.append(made('dt', name), made('dd', value, bad ? 'bad' : ''));
      return box;
    }));
    this.root.querySelector('tbody').replaceChildren(...stage.viewers.map((/** @type {any} */ v) => {
      const row = document.createElement('tr');
      const cells = [v.terminal, `${number(v.site_ms)} ms`, `${number(v.playout_delay_ms)} ms`,
        number(v.freezes), number(v.frames_dropped)];
      row.append(...cells.map((text) => made('td', text)));
      return row;
    }));
    PLOTS.forEach(({ keys, frame }, index) => {
      const curves = keys.map((key) => stage.points.map((/** @type {any} */ p) => [p.at_s, p[key]]));
      drawPlot(this.canvases[index], curves, { ...frame, from: nowS - SHOWN_S, to: nowS });
    });
  }
}

const api = new Api(takeToken());
/** @type {Map<string, StageView>} */
const views = new Map();

async function refresh() {
  try {
    const { stages, faults, now_s: nowS } = await api.ask('/v1/sync');
    element('status').textContent = stages.length ? 'live' : 'nobody watches';
    element('faults').hidden = !faults;
    element('faults').textContent = faults ? `Faults are injected: ${faults}` : '';
    const names = new Set(stages.map((/** @type {any} */ stage) => stage.stage));
    for (const [name, view] of views) {
      if (!names.has(name)) {
        view.root.remove();
        views.delete(name);
      }
    }
    for (const stage of stages) {
      let view = views.get(stage.stage);
      if (!view) {
        view = new StageView();
        views.set(stage.stage, view);
        element('stages').append(view.root);
      }
      view.show(stage, nowS);
    }
  } catch (error) {
    element('status').textContent = `no answer: ${error instanceof Error ? error.message : error}`;
  }
  setTimeout(refresh, REFRESH_MS);
}

if (element('stages')) refresh();
