/**
 * The keys that a policy may have, as the broker knows them: what their values are, who may set
 * them, and which types of queues a policy with them passes over.
 *
 * @typedef {'classic' | 'quorum' | 'stream'} Kind
 * @typedef {'name' | 'number' | 'time' | 'bytes' | 'age' | 'word'} Form
 *   `time`: milliseconds; `age`: a number with a letter for its unit, such as `7D`
 * @typedef {{
 *   name: string,
 *   form: Form,
 *   group: keyof typeof t.policies.groups,
 *   min?: number,
 *   max?: number,
 *   words?: string[],
 *   isShared: boolean,
 *   foreign: Kind[],
 * }} Key `isShared`: operator policies may have it; `foreign`: a policy with it is not for these
 */

import { bytes, count, duration } from '../parts/format.js';
import { t } from '../texts/en.js';

/** @type {Kind[]} */
const NONE = [];
/** @type {Kind[]} */
const STREAM = ['stream'];
/** @type {Kind[]} */
const NOT_QUORUM = ['classic', 'stream'];
/** @type {Kind[]} */
const NOT_STREAM = ['classic', 'quorum'];
/** @type {Kind[]} */
const NOT_CLASSIC = ['quorum', 'stream'];

/**
 * @param {Key['group']} group
 * @param {string} name
 * @param {Form} form
 * @param {Kind[]} foreign
 * @param {Partial<Key>} [more]
 * @returns {Key}
 */
function key(group, name, form, foreign, more) {
  return { group, name, form, foreign, isShared: false, min: 0, ...more };
}

const SHARED = { isShared: true };
const ABOVE_ZERO = { isShared: true, min: 1 };

/** In the order in which the form offers them. */
export const KEYS = [
  key('length', 'max-length', 'number', STREAM, SHARED),
  key('length', 'max-length-bytes', 'bytes', NONE, SHARED),
  key('length', 'overflow', 'word', STREAM, {
    ...SHARED,
    words: ['drop-head', 'reject-publish', 'reject-publish-dlx'],
  }),
  key('time', 'message-ttl', 'time', STREAM, SHARED),
  key('time', 'expires', 'time', STREAM, ABOVE_ZERO),
  key('time', 'consumer-timeout', 'time', NONE),
  key('time', 'consumer-disconnected-timeout', 'time', NONE),
  key('letters', 'dead-letter-exchange', 'name', STREAM),
  key('letters', 'dead-letter-routing-key', 'name', STREAM),
  key('letters', 'dead-letter-strategy', 'word', NOT_QUORUM, {
    words: ['at-most-once', 'at-least-once'],
  }),
  key('retries', 'delivery-limit', 'number', NOT_QUORUM, { ...SHARED, min: undefined }),
  key('retries', 'delayed-retry-type', 'word', NONE, {
    ...SHARED,
    words: ['all', 'failed', 'returned', 'disabled'],
  }),
  key('retries', 'delayed-retry-min', 'time', NONE, ABOVE_ZERO),
  key('retries', 'delayed-retry-max', 'time', NONE, ABOVE_ZERO),
  key('exchange', 'alternate-exchange', 'name', NONE),
  key('stream', 'max-age', 'age', NOT_STREAM),
  key('stream', 'stream-max-segment-size-bytes', 'bytes', NOT_STREAM, { max: 3_000_000_000 }),
  key('stream', 'stream-filter-size-bytes', 'number', NONE, { min: 16, max: 255 }),
  key('stream', 'initial-cluster-size', 'number', NOT_STREAM),
  key('node', 'queue-leader-locator', 'word', NONE, { words: ['client-local', 'balanced'] }),
  key('node', 'queue-version', 'number', NONE, { ...SHARED, min: 1, max: 2 }),
  key('node', 'queue-mode', 'word', NOT_CLASSIC, { words: ['default', 'lazy'] }),
  key('node', 'target-group-size', 'number', NOT_QUORUM, ABOVE_ZERO),
  key('node', 'max-in-memory-length', 'number', NOT_QUORUM, SHARED),
  key('node', 'max-in-memory-bytes', 'bytes', NOT_QUORUM, SHARED),
];

/** What a policy may be for, and the types of queues among that. @type {Record<string, Kind[]>} */
const KINDS = {
  all: ['classic', 'quorum', 'stream'],
  queues: ['classic', 'quorum', 'stream'],
  classic_queues: ['classic'],
  quorum_queues: ['quorum'],
  streams: ['stream'],
  exchanges: [],
};

export const TARGETS = Object.keys(KINDS);

/** @param {string} name */
export function keyOf(name) {
  return KEYS.find((one) => one.name === name);
}

/**
 * The keys that a form offers: those that mean something there and are not set yet.
 *
 * @param {{target: string, isOperator: boolean, definition: Record<string, unknown>}} draft
 */
export function offered({ target, isOperator, definition }) {
  const kinds = KINDS[target] ?? KINDS.all;
  const suits = (/** @type {Key} */ { group, foreign }) => {
    if (group === 'exchange') return target === 'exchanges' || target === 'all';
    return kinds.some((kind) => !foreign.includes(kind));
  };
  return KEYS.filter(
    (one) => !(one.name in definition) && (one.isShared || !isOperator) && suits(one),
  );
}

/**
 * The types of queues that a policy with these keys is for by `target` and passes over all the
 * same, each with the keys that make it so.
 *
 * @param {string} target
 * @param {Record<string, unknown>} definition
 * @returns {[Kind, string[]][]}
 */
export function passedOver(target, definition) {
  const kinds = KINDS[target] ?? KINDS.all;
  /** @type {[Kind, string[]][]} */
  const all = kinds.map((kind) => [
    kind,
    Object.keys(definition).filter((name) => keyOf(name)?.foreign.includes(kind)),
  ]);
  return all.filter(([, names]) => names.length > 0);
}

/**
 * Reads what was typed for a key.
 *
 * @param {string} name
 * @param {string} text
 * @returns {{value?: string | number, wrong?: string}}
 */
export function read(name, text) {
  const words = t.policies.wrong;
  const { form, min, max } = keyOf(name) ?? { form: 'name' };
  const said = text.trim();
  if (form === 'name' || form === 'word') return { value: form === 'name' ? text : said };
  if (said === '') return { wrong: words.empty };
  if (form === 'age') return /^\d+[YMDhms]$/.test(said) ? { value: said } : { wrong: words.age };
  const number = Number(said);
  if (!Number.isSafeInteger(number)) return { wrong: words.whole };
  if (min !== undefined && number < min) return { wrong: words.min(count(min)) };
  if (max !== undefined && number > max) return { wrong: words.max(count(max)) };
  return { value: number };
}

/**
 * A value in words, with its unit.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function written(name, value) {
  const form = keyOf(name)?.form;
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (form === 'time') return value < 1000 ? t.policies.ms(count(value)) : duration(value);
  return form === 'bytes' ? bytes(value) : count(value);
}

/**
 * How many messages of a queue go at once when these become its settings.
 *
 * @param {{messages?: number, message_bytes?: number}} queue
 * @param {Record<string, any>} then
 */
export function tooMany({ messages = 0 }, then) {
  const most = then['max-length'];
  return typeof most === 'number' && messages > most ? messages - most : 0;
}
