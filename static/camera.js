/**
 * Takes a photo with the camera: an oval to fit the face in, a countdown, a look at the result. The
 * picture stays in the browser until it is used.
 * @module camera
 */

import { Problem } from './api.js';
import { say } from './admin_strings.js';

/** @typedef {import('./strings.js').Language} Language */

export const COUNTDOWN_S = 3;
const QUALITY = 0.95;
const WISH = { facingMode: 'user', width: { ideal: 2560 }, height: { ideal: 1920 } };

/** The dialog. */
export class Camera {
  #stream = /** @type {MediaStream|null} */ (null);
  #timer = 0;

  /**
   * @param {(id: string) => any} element
   * @param {{photo: (photo: Blob) => void, problem: (problem: Problem) => void,
   *   language: () => Language}} handlers
   */
  constructor(element, handlers) {
    this.element = element;
    this.handlers = handlers;
    this.dialog = element('camera-dialog');
    this.canvas = element('taken');
    element('take').addEventListener('click', () => this.#countDown(COUNTDOWN_S));
    element('again').addEventListener('click', () => this.#aim());
    element('use').addEventListener('click', () => this.#use());
    element('camera-close').addEventListener('click', () => this.dialog.close());
    this.dialog.addEventListener('close', () => this.#stop());
  }

  /** Ask for the camera and show what it sees. */
  async open() {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: WISH, audio: false });
    } catch {
      this.handlers.problem(new Problem({ code: 'camera_denied' }));
      return;
    }
    this.element('finder').srcObject = this.#stream;
    this.dialog.showModal();
    this.#aim();
  }

  #aim() {
    this.#taken(false);
    this.element('take').focus();
  }

  /** @param {number} seconds */
  #countDown(seconds) {
    clearTimeout(this.#timer);
    this.element('count').textContent = seconds ? String(seconds) : '';
    this.element('take').disabled = seconds > 0;
    if (seconds) this.#timer = setTimeout(() => this.#countDown(seconds - 1), 1000);
    else this.#take();
  }

  #take() {
    const finder = this.element('finder');
    [this.canvas.width, this.canvas.height] = [finder.videoWidth, finder.videoHeight];
    this.canvas.getContext('2d').drawImage(finder, 0, 0);
    this.#taken(true);
    this.element('use').focus();
  }

  /** @param {boolean} taken */
  #taken(taken) {
    for (const id of ['taken', 'use', 'again']) this.element(id).hidden = !taken;
    for (const id of ['finder', 'guide', 'take']) this.element(id).toggleAttribute('hidden', taken);
    const hint = say(this.handlers.language(), taken ? 'camera_taken' : 'camera_hint');
    this.element('camera-hint').textContent = hint;
  }

  #use() {
    this.canvas.toBlob((/** @type {Blob|null} */ photo) => {
      this.dialog.close();
      if (photo) this.handlers.photo(photo);
    }, 'image/jpeg', QUALITY);
  }

  /** Let go of the camera and of what it saw. */
  #stop() {
    clearTimeout(this.#timer);
    this.element('count').textContent = '';
    this.element('take').disabled = false;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.element('finder').srcObject = null;
    [this.canvas.width, this.canvas.height] = [0, 0];
  }
}
