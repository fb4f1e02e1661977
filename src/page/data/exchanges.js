/** Exchanges: what is asked of the API, and how lists of them are filtered. */

import { words } from './filter.js';
import { isBuiltIn } from './topology.js';

/** @typedef {import('./topology.js').Exchange} Exchange */

const COLUMNS = [
  'name',
  'vhost',
  'type',
  'durable',
  'auto_delete',
  'internal',
  'arguments',
  'policy',
  'message_stats',
];

/** @param {string} [vhost] one only */
export function exchangesPath(vhost) {
  const place = vhost === undefined ? '' : `/${encodeURIComponent(vhost)}`;
  return `/exchanges${place}?columns=${COLUMNS.join(',')}`;
}

/**
 * How much an exchange is used.
 *
 * @typedef {Exchange & {unroutable: number, unroutableRate: number, bindings: number}} Row
 *   `bindings`: how many go out from it
 */

/** @type {Record<string, (row: Row) => boolean>} */
const STATES = {
  busy: (row) => speedIn(row) > 0,
  unroutable: (row) => row.unroutable > 0,
  unbound: (row) => row.bindings === 0 && row.name !== '',
  'built-in': (row) => isBuiltIn(row.name),
  internal: (row) => row.internal,
  durable: (row) => row.durable,
};

/** The words behind `is:` that the page offers. */
export const OFFERED = ['busy', 'unroutable', 'unbound', 'built-in'];

/** @type {Record<string, (row: Row) => string>} */
const FIELDS = {
  vhost: ({ vhost }) => vhost,
  type: ({ type }) => type,
  policy: ({ policy }) => policy ?? '',
  name: ({ name }) => name,
};

/**
 * Messages that clients publish to it, per second.
 *
 * @param {Exchange} exchange
 */
export function speedIn({ message_stats: stats }) {
  return stats?.publish_in_details?.rate ?? 0;
}

/**
 * Copies of those that queues get, per second.
 *
 * @param {Exchange} exchange
 */
export function speedOut({ message_stats: stats }) {
  return stats?.publish_out_details?.rate ?? 0;
}

/**
 * Makes a test of what was typed: parts of names, `/a pattern/`, `is:busy`, `type:topic`; a `-`
 * before any of them turns it round.
 *
 * @param {string} text
 * @returns {{test: (row: Row) => boolean, wrong: string[]}}
 *   `wrong`: words that mean nothing, which let everything through
 */
export function exchangeFilter(text) {
  /** @type {string[]} */
  const wrong = [];
  const tests = words(text).map((word) => {
    const isNot = word.startsWith('-') && word.length > 1;
    const test = one(isNot ? word.slice(1) : word);
    if (!test) wrong.push(word);
    return (/** @type {Row} */ row) => !test || test(row) !== isNot;
  });
  return { test: (row) => tests.every((test) => test(row)), wrong };
}

/**
 * @param {string} word
 * @returns {((row: Row) => boolean) | undefined}
 */
function one(word) {
  if (word.length > 2 && word.startsWith('/') && word.endsWith('/')) {
    try {
      const pattern = new RegExp(word.slice(1, -1), 'i');
      return ({ name }) => pattern.test(name);
    } catch {
      return undefined;
    }
  }
  const [what, rest] = word.split(/:(.*)/s);
  if (what === 'is' && rest) return Object.hasOwn(STATES, rest) ? STATES[rest] : undefined;
  if (Object.hasOwn(FIELDS, what) && rest !== undefined) {
    return (row) => FIELDS[what](row).toLowerCase() === rest.toLowerCase();
  }
  const wanted = word.toLowerCase();
  return ({ name }) => name.toLowerCase().includes(wanted);
}
