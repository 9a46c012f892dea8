/**
 * What the operator's page asks of the server.
 * @module admin_api
 */

import { Api, Problem, problemOf } from './api.js';

/** @typedef {import('./findings.js').Finding} Finding */
/** @typedef {{name: string, ships: boolean, shown: boolean, sheet: boolean}} Avatar */
/**
 * @typedef {{draft: string, avatar: string, state: 'baking'|'ready'|'failed',
 *   findings: Finding[], problem: any}} Draft
 */
/** @typedef {{expand: number, resolution: number, force: boolean}} Wishes */

/** A photo that is not taken, with all that speaks against it. */
export class PhotoRefusal extends Problem {
  /** @param {any} facts of the server */
  constructor(facts) {
    super(facts);
    /** @type {Finding[]} */
    this.findings = facts.findings ?? [];
    this.forcible = facts.forcible === true;
  }
}

/** The HTTP interface that makes and keeps avatars. */
export class AdminApi extends Api {
  /** @returns {Promise<Avatar[]>} */
  async avatars() {
    return (await this.ask('/v1/avatars')).avatars;
  }

  /**
   * Send a photo; answered when it is taken, while it is being made an avatar.
   * @param {Blob} photo
   * @param {Wishes} wishes
   * @param {AbortSignal} signal given, nobody waits any more, and the server gives the photo up
   * @returns {Promise<Draft>}
   * @throws {PhotoRefusal|Problem}
   */
  async draft(photo, { expand, resolution, force }, signal) {
    const query = new URLSearchParams({
      expand_ratio: String(expand), min_resolution: String(resolution), force: String(force),
    });
    const response = await this.#send(`/v1/drafts?${query}`, { method: 'POST', body: photo, signal });
    return response.json();
  }

  /** @param {string} draft @returns {Promise<Draft>} */
  draftState(draft) {
    return this.ask(`/v1/drafts/${draft}`);
  }

  /**
   * @param {string} draft
   * @param {string} name
   * @returns {Promise<Avatar>}
   */
  save(draft, name) {
    return this.ask('/v1/avatars', { draft, name });
  }

  /** Forget a draft, even while the page goes away. @param {string} draft */
  drop(draft) {
    return this.#send(`/v1/drafts/${draft}`, { method: 'DELETE', keepalive: true });
  }

  /** @param {string} name */
  remove(name) {
    return this.#send(`/v1/avatars/${encodeURIComponent(name)}`, { method: 'DELETE' });
  }

  /** @param {string} name @returns {Promise<Avatar>} */
  show(name) {
    return this.ask(`/v1/avatars/${encodeURIComponent(name)}/show`, {});
  }

  /** How a stage is shown. @param {string} stage */
  look(stage) {
    return this.ask(`/v1/stages/${stage}/look`);
  }

  /**
   * @param {string} stage
   * @param {object} look what is to change
   */
  changeLook(stage, look) {
    return this.#send(`/v1/stages/${stage}/look`, {
      method: 'PATCH', body: JSON.stringify(look), headers: { 'Content-Type': 'application/json' },
    });
  }

  /**
   * A picture that may need the token; the caller revokes the address.
   * @param {string} path
   * @returns {Promise<string>}
   */
  async picture(path) {
    return URL.createObjectURL(await (await this.#send(path, {})).blob());
  }

  /**
   * @param {string} path
   * @param {RequestInit} request
   * @returns {Promise<Response>}
   */
  async #send(path, request) {
    const headers = { ...this.headers, ...request.headers };
    const response = await fetch(path, { ...request, headers }).catch(() => null);
    if (!response) throw new Problem({ code: 'unreachable' });
    if (response.ok) return response;
    const facts = await response.clone().json().catch(() => null);
    throw facts?.findings ? new PhotoRefusal(facts) : await problemOf(response);
  }
}
