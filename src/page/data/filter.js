/**
 * What is typed above a list: words that must be in the name, `/a pattern/`, and `what:word`.
 * A `-` before any of them turns it round.
 */

import { deadLettersOf, isDelay, isGrowing, speed, total } from './queues.js';

/** @typedef {import('./queues.js').Queue} Queue */

/** @type {Record<string, (queue: Queue, dead: Map<string, Queue[]>) => boolean>} */
const STATES = {
  waiting: (queue) => (queue.messages_ready ?? 0) > 0,
  holding: (queue) => (queue.messages_unacknowledged ?? 0) > 0,
  growing: isGrowing,
  unconsumed: (queue) => !queue.consumers,
  empty: (queue) => !queue.messages,
  busy: (queue) => speed(queue, 'publish') > 0 || speed(queue, 'deliver_get') > 0,
  untouched: (queue) => total(queue, 'deliver_get') === 0 && !queue.consumers,
  'dead-letter': (queue, dead) => dead.has(`${queue.vhost}\n${queue.name}`),
  'dead-lettering': (queue) => deadLettersOf(queue) !== undefined,
  delay: isDelay,
  durable: (queue) => queue.durable,
  exclusive: (queue) => queue.exclusive === true,
};

/** The words behind `is:` that the page offers. */
export const OFFERED = ['waiting', 'holding', 'growing', 'unconsumed', 'dead-letter', 'busy'];

/** @type {Record<string, (queue: Queue) => string>} */
const FIELDS = {
  vhost: (queue) => queue.vhost,
  kind: (queue) => queue.type,
  policy: (queue) => queue.policy ?? '',
  state: (queue) => queue.state,
  name: (queue) => queue.name,
};

/**
 * @param {string} text
 * @returns {string[]}
 */
export function words(text) {
  return text.match(/-?\/(?:\\.|[^/])*\/|\S+/g) ?? [];
}

/**
 * The text with a word more, or without it.
 *
 * @param {string} text
 * @param {string} word
 */
export function toggled(text, word) {
  const all = words(text);
  const rest = all.filter((one) => one !== word);
  return (rest.length < all.length ? rest : [...all, word]).join(' ');
}

/**
 * Makes a test of what was typed.
 *
 * @param {string} text
 * @returns {{test: (queue: Queue, dead: Map<string, Queue[]>) => boolean, wrong: string[]}}
 *   `wrong`: words that mean nothing, which let everything through
 */
export function queueFilter(text) {
  /** @type {string[]} */
  const wrong = [];
  const tests = words(text).map((word) => {
    const isNot = word.startsWith('-') && word.length > 1;
    const test = one(isNot ? word.slice(1) : word);
    if (!test) wrong.push(word);
    /** @type {(queue: Queue, dead: Map<string, Queue[]>) => boolean} */
    const whole = (queue, dead) => !test || test(queue, dead) !== isNot;
    return whole;
  });
  return { test: (queue, dead) => tests.every((test) => test(queue, dead)), wrong };
}

/**
 * @param {string} word
 * @returns {((queue: Queue, dead: Map<string, Queue[]>) => boolean) | undefined}
 */
function one(word) {
  if (word.length > 2 && word.startsWith('/') && word.endsWith('/')) {
    const pattern = compiled(word.slice(1, -1));
    return pattern && ((queue) => pattern.test(queue.name));
  }
  const [what, rest] = word.split(/:(.*)/s);
  if (what === 'is' && rest) return STATES[rest];
  const field = Object.hasOwn(FIELDS, what) && rest !== undefined ? FIELDS[what] : undefined;
  if (field) return (queue) => field(queue).toLowerCase() === rest.toLowerCase();
  const wanted = word.toLowerCase();
  return (queue) => queue.name.toLowerCase().includes(wanted);
}

/** @param {string} text */
function compiled(text) {
  try {
    return new RegExp(text, 'i');
  } catch {
    return undefined;
  }
}

/**
 * A test of names alone, for lists that have nothing else.
 *
 * @param {string} text
 * @returns {(...names: (string | undefined | null)[]) => boolean}
 */
export function nameFilter(text) {
  const tests = words(text).map((word) => {
    const isPattern = word.length > 2 && word.startsWith('/') && word.endsWith('/');
    const pattern = isPattern ? compiled(word.slice(1, -1)) : undefined;
    const wanted = word.toLowerCase();
    return (/** @type {string} */ name) =>
      pattern ? pattern.test(name) : name.toLowerCase().includes(wanted);
  });
  return (...names) => tests.every((test) => names.some((name) => name && test(name)));
}
