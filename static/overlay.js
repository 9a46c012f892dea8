/**
 * A small table of figures for the technician: a long press in the upper left corner shows it.
 * @module overlay
 */

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
    `offset ${number(stats.av_offset_ms, 1)} ms`,
    `frames ${number(stats.frame_rate_hz, 1)} Hz, ${stats.width_px}×${stats.height_px}`,
    `freezes ${stats.freezes}, dropped ${stats.frames_dropped}, lost ${stats.packets_lost}`,
    `buffers ${number(stats.audio_buffer_ms)} / ${number(stats.video_buffer_ms)} ms`,
    `playout ${number(stats.playout_delay_ms)} ms`,
  ].join('\n');
}

/**
 * @param {HTMLElement} corner where to press
 * @param {HTMLElement} box where to write
 * @param {() => Record<string, any>} stats
 */
export function installOverlay(corner, box, stats) {
  let press = 0;
  const refresh = () => { box.textContent = overlayText(stats()); };
  const toggle = () => {
    box.hidden = !box.hidden;
    if (!box.hidden) refresh();
  };
  corner.addEventListener('pointerdown', () => { press = setTimeout(toggle, LONG_PRESS_MS); });
  for (const end of ['pointerup', 'pointercancel', 'pointerleave']) {
    corner.addEventListener(end, () => clearTimeout(press));
  }
  corner.addEventListener('contextmenu', (event) => event.preventDefault());
  setInterval(() => box.hidden || refresh(), REFRESH_MS);
}
