/**
 * The only file that fetches: the management API, errors in words, and the login.
 *
 * A login is a cookie that no script can read; the server knows it by `x-leveret-page` to answer
 * without the browser's own dialog.
 */

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

/**
 * @param {string} path below /api, with its query
 * @returns {Promise<any>}
 */
export async function get(path) {
  return read(await ask(path, { headers: MARK }));
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export async function send(method, path, body, headers = {}) {
  const all = { ...MARK, ...headers };
  if (body !== undefined) Object.assign(all, { 'content-type': 'application/json' });
  return read(await ask(path, { method, headers: all, body: text(body) }));
}

/** @param {unknown} body */
function text(body) {
  return body === undefined ? undefined : JSON.stringify(body);
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
 * A name as a part of a path.
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
  try {
    return await fetch(ROOT + path, { ...wish, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refused(0, 'unreachable');
  }
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
    return said === '' ? undefined : JSON.parse(said);
  } catch {
    return said;
  }
}

/** @param {unknown} reason */
function reasonOf(reason) {
  return typeof reason === 'string' ? reason.trim() : reason ? JSON.stringify(reason) : '';
}
