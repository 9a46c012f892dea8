/**
 * A small table of figures for the technician, with a plot of the lip-sync offset: a long press in
 * the upper left corner shows it.
 * @module overlay
 */

import { drawPlot } from './plot.js';

export const LONG_PRESS_MS = 1500;
const REFRESH_MS = 500;

/**
 * @param {number|null|undefined} value
 * @param {number} [digits]
 */
const number = (value, digits = 0) => (value == null ? '–' : value.toFixed(digits));

/**
 * @param {Record<string, any>} stats
 * @returns {string} a few short lines
 */
export function overlayText(stats) {
  return [
    `offset ${number(stats.offset_ms ?? stats.av_offset_ms, 1)} ms`,
    `measured ${number(stats.av_offset_ms, 1)}, corrected ${number(stats.shift_ms, 1)} ms`,
    `ladder ${stats.rung ?? '–'}`,
    `frames ${number(stats.frame_rate_hz, 1)} Hz, ${stats.width_px}×${stats.height_px}`,
    `freezes ${stats.freezes}, dropped ${stats.frames_dropped}, lost ${stats.packets_lost}`,
    `buffers ${number(stats.audio_buffer_ms)} / ${number(stats.video_buffer_ms)} ms`,
    `playout ${number(stats.playout_delay_ms)} ms`,
  ].join('\n');
}

const PLOT_MS = 60_000;
const OFFSETS = { low: -60, high: 60, band: [-20, 20], unit: 'ms' };

/**
 * @param {(id: string) => any} element finds the corner to press, the box and the plot
 * @param {() => Record<string, any>} stats
 * @param {() => import('./plot.js').Point[]} offsets what remained of the offset, by the page's time
 */
export function installOverlay(element, stats, offsets) {
  const [corner, box, plot] = ['corner', 'overlay', 'overlay-plot'].map(element);
  let press = 0;
  const refresh = () => {
    box.textContent = overlayText(stats());
    const nowMs = performance.now();
    drawPlot(plot, offsets(), { ...OFFSETS, from: nowMs - PLOT_MS, to: nowMs });
  };
  const toggle = () => {
    box.hidden = !box.hidden;
    plot.hidden = box.hidden;
    if (!box.hidden) refresh();
  };
  corner.addEventListener('pointerdown', () => { press = setTimeout(toggle, LONG_PRESS_MS); });
  for (const end of ['pointerup', 'pointercancel', 'pointerleave']) {
    corner.addEventListener(end, () => clearTimeout(press));
  }
  corner.addEventListener('contextmenu', (event) => event.preventDefault());
  setInterval(() => box.hidden || refresh(), REFRESH_MS);
}
