/**
 * The only file that fetches: the management API, errors in words, and the login.
 *
 * A login is a cookie that no script can read; the server knows it by `x-leveret-page` to answer
 * without the browser's own dialog.
 */

import { json } from './data/values.js';
import { t } from './texts/en.js';

const ROOT = 'api';
const MARK = { 'x-leveret-page': '1' };

/** An answer that is none. */
export class Refused extends Error {
  /**
   * @param {number} status 0 if the server cannot be reached
   * @param {string} reason
   */
  constructor(status, reason) {
    super(reason);
    this.status = status;
    this.reason = reason;
  }
}

/** @type {() => void} */
let onLoggedOut = () => {};

/** @param {() => void} call is called when an answer says that nobody is logged in. */
export function whenLoggedOut(call) {
  onLoggedOut = call;
}

/** @type {() => void} */
let onChanged = () => {};

/** @param {() => void} call is called after each request that changed something. */
export function whenChanged(call) {
  onChanged = call;
}

/**
 * @param {string} path below /api, with its query
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, signal) {
  return read(await ask(path, { headers: MARK, signal }));
}

/** An event may have so many letters; a longer one ends the stream. */
const EVENT_MAX = 8 * 1024 * 1024;

/**
 * Reads server-sent events until they end.
 *
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {() => void} onWord is called whenever something came, be it no event
 * @param {(event: any) => void} onEvent
 */
export async function events(path, signal, onWord, onEvent) {
  const answer = await ask(path, { headers: { ...MARK, accept: 'text/event-stream' }, signal });
  if (!answer.ok || !answer.body) return read(answer);
  onWord();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch(lost);
    if (done) return undefined;
    onWord();
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > EVENT_MAX) throw new Refused(413, t.tooLong);
    for (const block of blocks) {
      const lines = block.split('\n').filter((line) => line.startsWith('data:'));
      if (lines.length > 0) onEvent(exact(lines.map((line) => line.slice(5)).join('\n')));
    }
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export async function send(method, path, body, headers = {}) {
  const answer = await carry(method, path, body, headers);
  onChanged();
  return answer;
}

/**
 * Asks something that is too long for a path. Nothing is changed by it.
 *
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export function inquire(path, body) {
  return carry('POST', path, body, {});
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Record<string, string>} headers
 */
async function carry(method, path, body, headers) {
  const all = { ...MARK, ...headers };
  if (body !== undefined) Object.assign(all, { 'content-type': 'application/json' });
  return read(await ask(path, { method, headers: all, body: text(body) }));
}

/** @param {unknown} body */
function text(body) {
  return body === undefined ? undefined : json(body);
}

/**
 * @param {string} name
 * @param {string} password
 */
export function logIn(name, password) {
  return send('POST', '/leveret/session', { username: name, password });
}

export function logOut() {
  return send('DELETE', '/leveret/session');
}

/**
 * A name as a part of a path. One that is `.` or `..` is a name that a browser does not send: see
 * `ask`.
 *
 * @param {TemplateStringsArray} parts
 * @param {...string} names
 */
export function path(parts, ...names) {
  return String.raw({ raw: parts }, ...names.map(encodeURIComponent));
}

/**
 * @param {string} path
 * @param {RequestInit} wish
 */
async function ask(path, wish) {
  // However it is encoded, a browser takes such a part for a step in the path, and would ask for
  // something else.
  if (/^[^?]*\/\.{1,2}(?=[/?]|$)/.test(path)) throw new Refused(400, t.dots);
  return fetch(ROOT + path, { ...wish, credentials: 'same-origin' }).catch(lost);
}

/**
 * @param {unknown} error of fetch, or of what reads its answer
 * @returns {never}
 */
function lost(error) {
  if (error instanceof DOMException && error.name === 'AbortError') throw error;
  throw new Refused(0, t.noAnswer);
}

/** @param {Response} answer */
async function read(answer) {
  const said = await answer.text().catch(() => '');
  if (answer.ok) return parsed(said);
  const { error, reason } = parsed(said) ?? {};
  if (answer.status === 401 && error !== 'not_authorised') onLoggedOut();
  throw new Refused(answer.status, reasonOf(reason) || answer.statusText);
}

/** @param {string} said */
function parsed(said) {
  try {
    return said === '' ? undefined : exact(said);
  } catch {
    return said;
  }
}

/** @param {unknown} reason */
function reasonOf(reason) {
  return typeof reason === 'string' ? reason.trim() : reason ? JSON.stringify(reason) : '';
}

/** Answers with messages; their headers may have longer numbers than a double holds. */
const LONG_NUMBERS = /"properties":[^]*[:,[]-?\d{16}/;

/**
 * Reads JSON. Of messages, whole numbers that a double does not hold become a `bigint`, where the
 * browser tells how they are written.
 *
 * @param {string} text
 */
function exact(text) {
  if (!LONG_NUMBERS.test(text)) return JSON.parse(text);
  /** @type {(name: string, value: any, context?: {source?: string}) => any} */
  const keep = (_, value, context) => {
    const isRounded = typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
    const source = context?.source ?? '';
    return isRounded && /^-?\d+$/.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, keep);
}
