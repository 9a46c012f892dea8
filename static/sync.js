/**
 * What the server tells of lip sync, kept for the overlay; and the warning while faults are injected.
 * @module sync
 */

/** Twice a second: ten minutes. */
const KEPT = 1200;

/** Takes the server's messages; those of other kinds are ignored. */
export class SyncView {
  /** @type {{offset_ms?: number, shift_ms?: number, rung?: string}} */
  latest = {};
  /** @type {import('./plot.js').Point[]} */
  offsets = [];

  /** @param {HTMLElement} warning where injected faults are named */
  constructor(warning) {
    this.warning = warning;
  }

  /** @param {any} message */
  take(message) {
    if (message.type === 'sync') {
      this.latest = message;
      this.offsets.push([performance.now(), message.offset_ms]);
      if (this.offsets.length > KEPT) this.offsets.shift();
    } else if (message.type === 'hello' || message.type === 'faults') {
      this.warning.hidden = !message.faults;
      this.warning.textContent = message.faults ? `Test: faults are injected: ${message.faults}` : '';
    }
  }
}
