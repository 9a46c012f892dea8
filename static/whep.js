/**
 * A WHEP viewer that never gives up (RFC 9725's sibling, draft-ietf-wish-whep).
 *
 * One peer connection, receive-only sound and picture, and the data channel `kiosk`. It does not
 * wait for the connection to be declared failed, which takes half a minute: when no new picture
 * was decoded for two seconds it starts anew.
 * @module whep
 */

import { Problem, problemOf } from './api.js';

export const BACKOFF_MIN_MS = 500;
export const BACKOFF_MAX_MS = 5000;
export const FROZEN_MS = 2000;
const FIRST_PICTURE_MS = 10_000;
const GATHERING_MS = 1000;
const POST_MS = 10_000;
const WATCH_MS = 250;
/** Of sound, kept in hand: a server that is out of breath for so long is not heard. */
const AUDIO_BUFFER_MS = 60;

/**
 * How long to wait before the next attempt: doubling, within limits, scattered by ±20 % so that
 * a hall of screens does not return in step.
 * @param {number} attempt 0 for the first
 * @param {number} [random] in [0, 1)
 */
export function backoffMs(attempt, random = Math.random()) {
  const plain = BACKOFF_MIN_MS * 2 ** Math.min(attempt, 10);
  const scattered = Math.min(plain, BACKOFF_MAX_MS) * (0.8 + 0.4 * random);
  return Math.min(BACKOFF_MAX_MS, Math.max(BACKOFF_MIN_MS, scattered));
}

/** Tells a frozen picture from one that moves. Times are milliseconds of one clock. */
export class FreezeWatch {
  /** @param {number} nowMs when the connection was begun */
  constructor(nowMs) {
    this.decoded = 0;
    this.movedMs = nowMs;
  }

  /**
   * @param {number} nowMs
   * @param {number} decoded frames decoded so far
   * @param {boolean} hidden a hidden page decodes when it likes: not counted
   * @returns {boolean} whether the picture is frozen
   */
  frozen(nowMs, decoded, hidden) {
    if (hidden || decoded > this.decoded) {
      this.decoded = decoded;
      this.movedMs = nowMs;
      return false;
    }
    return nowMs - this.movedMs > (this.decoded ? FROZEN_MS : FIRST_PICTURE_MS);
  }
}

/**
 * @param {RTCPeerConnection} peer
 * @param {number} limitMs
 * @returns {Promise<void>} when all candidates are known, or the limit passed
 */
export function gathered(peer, limitMs) {
  return new Promise((resolve) => {
    const look = () => peer.iceGatheringState === 'complete' && resolve();
    peer.addEventListener('icegatheringstatechange', look);
    setTimeout(resolve, limitMs);
    look();
  });
}

/**
 * An answer whose sound and picture belong to streams of their own, so that the browser does not hold
 * back one for the other: it needs half a minute and overshoots, and while it does, what the page
 * measures and the server corrects within seconds would move on.
 * @param {string} sdp
 */
export function streamsApart(sdp) {
  return sdp.split(/^(?=m=)/m)
    .map((section, index) => section.replace(/^(a=(?:ssrc:\d+ )?msid:)\S+/gm, `$1kiosk-${index}`))
    .join('');
}

/**
 * @typedef {object} Handlers
 * @property {boolean} [measures] whether the page reports lip sync to the server
 * @property {(stream: MediaStream) => void} stream the media of a new connection
 * @property {(message: any) => void} message a message of the server
 * @property {() => void} picture the first picture of a connection was decoded
 * @property {() => void} dropping the connection is about to be given up
 * @property {(problem: Problem|null, waitMs: number) => void} lost it was; the next try follows
 */

/** The viewer. `start` it once; it keeps itself connected until `stop`. */
export class WhepClient {
  /** @type {RTCPeerConnection|null} */
  peer = null;
  attempt = 0;
  #channel = /** @type {RTCDataChannel|null} */ (null);
  #reports = /** @type {RTCDataChannel|null} */ (null);
  #session = '';
  #timer = 0;
  #watcher = 0;

  /**
   * @param {() => string} endpoint the address to post the offer to, asked anew for each try
   * @param {Record<string, string>} headers sent with every request
   * @param {Handlers} handlers
   */
  constructor(endpoint, headers, handlers) {
    this.endpoint = endpoint;
    this.headers = headers;
    this.handlers = handlers;
  }

  /** Connect, and stay connected. */
  start() {
    clearTimeout(this.#timer);
    const peer = new RTCPeerConnection({ iceServers: [] });
    this.#release();
    this.peer = peer;
    this.#negotiate(peer).catch((error) => {
      if (this.peer === peer) this.#lose(error instanceof Problem ? error : null);
    });
  }

  /** End the session: the server is told, even while the page goes away. */
  stop() {
    clearTimeout(this.#timer);
    this.#release();
  }

  /** Leave this connection and make another at once. */
  restart() {
    this.handlers.dropping();
    this.start();
  }

  /**
   * Send a message to the server, if it can be heard.
   * @param {object} message
   */
  send(message) {
    if (this.#channel?.readyState === 'open') this.#channel.send(JSON.stringify(message));
  }

  /**
   * Send a measurement: lost or overtaken rather than late.
   * @param {object} message
   */
  report(message) {
    if (this.#reports?.readyState === 'open') this.#reports.send(JSON.stringify(message));
  }

  /** @param {RTCPeerConnection} peer */
  async #negotiate(peer) {
    this.#prepare(peer);
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer, GATHERING_MS);
    if (this.peer !== peer) return;
    const address = new URL(this.endpoint(), location.href);
    const response = await fetch(address, {
      method: 'POST',
      headers: { ...this.headers, 'Content-Type': 'application/sdp' },
      body: peer.localDescription?.sdp,
      signal: AbortSignal.timeout(POST_MS),
    });
    if (!response.ok) throw await problemOf(response);
    const session = new URL(response.headers.get('Location') ?? '', address).href;
    const answer = await response.text();
    if (this.peer !== peer) return this.#delete(session);
    this.#session = session;
    const corrected = this.handlers.measures && response.headers.get('Kiosk-Lip-Sync') === 'on';
    await peer.setRemoteDescription({ type: 'answer', sdp: corrected ? streamsApart(answer) : answer });
  }

  /** @param {RTCPeerConnection} peer */
  #prepare(peer) {
    peer.addTransceiver('audio', { direction: 'recvonly' });
    peer.addTransceiver('video', { direction: 'recvonly' });
    const channel = peer.createDataChannel('kiosk', { ordered: true });
    this.#channel = channel;
    this.#reports = peer.createDataChannel('kiosk-reports', { ordered: false, maxRetransmits: 0 });
    channel.onmessage = (event) => {
      if (this.peer === peer) this.handlers.message(JSON.parse(event.data));
    };
    channel.onclose = () => this.peer === peer && this.#lose(null);
    peer.onconnectionstatechange = () => {
      const over = peer.connectionState === 'failed' || peer.connectionState === 'closed';
      if (over && this.peer === peer) this.#lose(null);
    };
    const media = new MediaStream();
    peer.ontrack = (event) => {
      media.addTrack(event.track);
      const { receiver, track } = event;
      if (track.kind === 'audio' && 'jitterBufferTarget' in receiver) {
        receiver.jitterBufferTarget = AUDIO_BUFFER_MS;
      }
      if (this.peer === peer) this.handlers.stream(media);
    };
    this.#watch(peer);
  }

  /** @param {RTCPeerConnection} peer */
  #watch(peer) {
    const watch = new FreezeWatch(performance.now());
    this.#watcher = setInterval(async () => {
      const decoded = await framesDecoded(peer).catch(() => 0);
      if (this.peer !== peer) return;
      if (decoded && !watch.decoded) {
        this.attempt = 0;
        this.handlers.picture();
      }
      if (watch.frozen(performance.now(), decoded, document.hidden)) this.#lose(null);
    }, WATCH_MS);
  }

  /** @param {Problem|null} problem what the server told, if it did */
  #lose(problem) {
    this.handlers.dropping();
    this.#release();
    const waitMs = Math.max(backoffMs(this.attempt), (problem?.retryAfterS ?? 0) * 1000);
    this.attempt += 1;
    this.#timer = setTimeout(() => this.start(), waitMs);
    this.handlers.lost(problem, waitMs);
  }

  #release() {
    clearInterval(this.#watcher);
    const [peer, session] = [this.peer, this.#session];
    [this.peer, this.#channel, this.#reports, this.#session] = [null, null, null, ''];
    if (session) this.#delete(session);
    peer?.close();
  }

  /** @param {string} session */
  #delete(session) {
    fetch(session, { method: 'DELETE', headers: this.headers, keepalive: true }).catch(() => {});
  }
}

/**
 * @param {RTCPeerConnection|null} peer
 * @returns {Promise<number>} video frames decoded so far
 */
export async function framesDecoded(peer) {
  for (const entry of (await peer?.getStats())?.values() ?? []) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') return entry.framesDecoded ?? 0;
  }
  return 0;
}
