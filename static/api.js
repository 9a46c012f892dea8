/**
 * Requests to the server, and its problems in a form that can be shown to a visitor.
 * @module api
 */

const TOKEN_KEY = 'kiosk-token';

/** What went wrong, as the server told it (RFC 9457) or as far as the page can tell. */
export class Problem extends Error {
  /**
   * @param {{title?: string, detail?: string, remedy?: string, code?: string,
   *   status?: number, retryAfterS?: number}} facts
   */
  constructor(facts) {
    super(facts.title ?? '');
    this.title = facts.title ?? '';
    this.detail = facts.detail ?? '';
    this.remedy = facts.remedy ?? '';
    this.code = facts.code ?? '';
    this.status = facts.status ?? 0;
    this.retryAfterS = facts.retryAfterS ?? 0;
  }
}

/**
 * The seconds of a Retry-After header, which holds seconds or a date.
 * @param {string|null} header
 * @param {number} [nowMs] epoch milliseconds
 */
export function retryAfterS(header, nowMs = Date.now()) {
  if (!header) return 0;
  const seconds = /^\d+$/.test(header.trim())
    ? Number(header)
    : (Date.parse(header) - nowMs) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : 0;
}

/**
 * The problem a response tells, whatever its body.
 * @param {Response} response not ok
 * @returns {Promise<Problem>}
 */
export async function problemOf(response) {
  const text = await response.text().catch(() => '');
  const facts = {
    status: response.status,
    retryAfterS: retryAfterS(response.headers.get('Retry-After')),
  };
  try {
    const { title, detail, remedy, code } = JSON.parse(text);
    return new Problem({ ...facts, title, detail, remedy, code });
  } catch {
    const title = `${response.status} ${response.statusText}`.trim();
    return new Problem({ ...facts, title, detail: text.slice(0, 200) });
  }
}

/**
 * Take the access token from the address once and keep it for this tab.
 * @returns {string}
 */
export function takeToken() {
  const address = new URL(location.href);
  const given = address.searchParams.get('token');
  if (given !== null) {
    sessionStorage.setItem(TOKEN_KEY, given);
    address.searchParams.delete('token');
    history.replaceState(null, '', address);
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? '';
}

/** The kiosk's HTTP interface. */
export class Api {
  /** @param {string} token '' if the server asks for none */
  constructor(token) {
    /** @type {Record<string, string>} */
    this.headers = token ? { Authorization: `Bearer ${token}` } : {};
  }

  /**
   * @param {string} path
   * @param {object} [body] posted as JSON; without it the request is a GET
   * @returns {Promise<any>} the answer
   * @throws {Problem}
   */
  async ask(path, body) {
    /** @type {RequestInit} */
    const request = body === undefined
      ? { headers: this.headers }
      : {
        method: 'POST',
        headers: { ...this.headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      };
    let response;
    try {
      response = await fetch(path, request);
    } catch {
      throw new Problem({ code: 'unreachable' });
    }
    if (!response.ok) throw await problemOf(response);
    return response.json().catch(() => ({}));
  }

  /** What the page shows. */
  page() {
    return this.ask('/v1/page');
  }

  /**
   * @param {string} text
   * @param {string} stage
   * @param {string} [style] undefined: as the server has it
   * @returns {Promise<{utterance: string, stage: string}>}
   */
  say(text, stage, style) {
    return this.ask('/v1/say', { text, stage, interrupt: true, style });
  }

  /** @param {string} stage */
  interrupt(stage) {
    return this.ask('/v1/interrupt', { stage });
  }
}
