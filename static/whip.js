/**
 * Sends sound to the server by WHIP (RFC 9725), and goes on sending until it is told to stop or the
 * server says why it may not.
 * @module whip
 */

import { Problem, problemOf } from './api.js';
import { backoffMs, gathered } from './whep.js';

const GATHERING_MS = 1000;
const POST_MS = 10_000;
/** A connection that is disturbed for longer is given up: it would be declared failed much later. */
const DISTURBED_MS = 3000;

/**
 * Whether asking again would be answered likewise. A stage that is not there may be about to open.
 * @param {Problem|null} problem null: nothing was answered
 */
export const final = (problem) =>
  problem !== null && problem.status >= 400 && problem.status < 500 && problem.status !== 404;

/**
 * @typedef {object} Handlers
 * @property {() => void} live the server hears
 * @property {() => void} lost it does not any more; it is tried again
 * @property {(problem: Problem) => void} refused it does not want to
 */

/** One sender of one track. */
export class WhipClient {
  attempt = 0;
  /** @type {RTCPeerConnection|null} */
  #peer = null;
  #session = '';
  #timer = 0;

  /**
   * @param {Record<string, string>} headers sent with every request
   * @param {Handlers} handlers
   */
  constructor(headers, handlers) {
    this.headers = headers;
    this.handlers = handlers;
  }

  /**
   * Send a track; what was sent before ends.
   * @param {string} endpoint the address to post the offer to
   * @param {MediaStreamTrack} track
   */
  publish(endpoint, track) {
    this.attempt = 0;
    this.#start(endpoint, track);
  }

  /** End the session: the server is told, even while the page goes away. */
  stop() {
    clearTimeout(this.#timer);
    const [peer, session] = [this.#peer, this.#session];
    [this.#peer, this.#session] = [null, ''];
    if (session) this.#delete(session);
    peer?.close();
  }

  /**
   * @param {string} endpoint
   * @param {MediaStreamTrack} track
   */
  #start(endpoint, track) {
    this.stop();
    const peer = new RTCPeerConnection({ iceServers: [] });
    this.#peer = peer;
    const again = (/** @type {unknown} */ error) => {
      if (this.#peer !== peer) return;
      const problem = error instanceof Problem ? error : null;
      this.stop();
      if (problem && final(problem)) return void this.handlers.refused(problem);
      this.#timer = setTimeout(() => this.#start(endpoint, track), backoffMs(this.attempt));
      this.attempt += 1;
      this.handlers.lost();
    };
    this.#negotiate(peer, endpoint, track, again).catch(again);
  }

  /**
   * @param {RTCPeerConnection} peer
   * @param {string} endpoint
   * @param {MediaStreamTrack} track
   * @param {(error: unknown) => void} again
   */
  async #negotiate(peer, endpoint, track, again) {
    const { sender } = peer.addTransceiver(track, { direction: 'sendonly' });
    this.#watch(peer, again);
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer, GATHERING_MS);
    if (this.#peer !== peer) return;
    const address = new URL(endpoint, location.href);
    const response = await fetch(address, {
      method: 'POST',
      headers: { ...this.headers, 'Content-Type': 'application/sdp' },
      body: peer.localDescription?.sdp,
      signal: AbortSignal.timeout(POST_MS),
    });
    if (!response.ok) throw await problemOf(response);
    const session = new URL(response.headers.get('Location') ?? '', address).href;
    const answer = await response.text();
    if (this.#peer !== peer) return this.#delete(session);
    this.#session = session;
    await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    // The server's goodbye: the peer connection itself would go on hoping.
    sender.transport?.addEventListener('statechange', () => {
      if (sender.transport?.state === 'closed') again(null);
    });
  }

  /**
   * @param {RTCPeerConnection} peer
   * @param {(error: unknown) => void} again
   */
  #watch(peer, again) {
    let disturbed = 0;
    peer.addEventListener('connectionstatechange', () => {
      clearTimeout(disturbed);
      const state = peer.connectionState;
      if (state === 'connected' && this.#peer === peer) {
        this.attempt = 0;
        this.handlers.live();
      } else if (state === 'disconnected') {
        disturbed = setTimeout(() => again(null), DISTURBED_MS);
      } else if (state === 'failed' || state === 'closed') {
        again(null);
      }
    });
  }

  /** @param {string} session */
  #delete(session) {
    fetch(session, { method: 'DELETE', headers: this.headers, keepalive: true }).catch(() => {});
  }
}
