/** What a queue was declared with and what its policies add, in sentences. */

import { deadLettersOf } from './queues.js';
import { bytes, count, duration } from '../parts/format.js';
import { t } from '../texts/en.js';

/** @typedef {import('./queues.js').Queue} Queue */

const ms = (/** @type {any} */ value) => duration(Number(value));
const number = (/** @type {any} */ value) => count(Number(value));
const size = (/** @type {any} */ value) => bytes(Number(value));
const plain = (/** @type {any} */ value) =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/** How values of settings are written, by their names in policies. @type {Record<string, any>} */
const WRITTEN = {
  'message-ttl': ms,
  expires: ms,
  'max-length': number,
  'max-length-bytes': size,
  'max-in-memory-length': number,
  'max-in-memory-bytes': size,
  'delivery-limit': number,
  'max-priority': number,
  'consumer-timeout': ms,
  'stream-max-segment-size-bytes': size,
};

/** Of these the lower one counts if a queue and its policy have both. */
const LOWER = ['message-ttl', 'expires', 'max-length', 'max-length-bytes', 'delivery-limit'];

/** Said by the headline, and within other sentences. */
const ELSEWHERE = ['queue-type', 'dead-letter-exchange', 'dead-letter-routing-key'];

/**
 * @param {Queue} queue
 * @returns {{name: string, text: string, from: string}[]} `from`: who says so
 */
export function explained(queue) {
  const words = t.settings;
  const given = Object.fromEntries(
    Object.entries(queue.arguments).map(([name, value]) => [name.replace(/^x-/, ''), value]),
  );
  const policy = queue.effective_policy_definition ?? {};
  const all = { ...policy, ...given };
  for (const name of LOWER) {
    if (name in policy && name in given) all[name] = Math.min(policy[name], given[name]);
  }
  const names = Object.keys(all).filter((name) => !ELSEWHERE.includes(name));
  const isDead = deadLettersOf(queue) !== undefined;
  const life = queue.durable ? words.durable : words.transient;
  const ends = queue.exclusive ? words.exclusive : queue.auto_delete ? words.autoDelete : '';
  return [
    { name: 'life', text: [life, ends].filter(Boolean).join(' '), from: '' },
    ...names.sort().map((name) => {
      const written = (WRITTEN[name] ?? plain)(all[name]);
      const sentence = words.sentences[name];
      const text = sentence ? sentence(written, isDead, all) : words.other(name, written);
      const isOwn = name in given && all[name] === given[name];
      return { name, text, from: isOwn ? words.declared : words.policy(policiesOf(queue)) };
    }),
  ];
}

/** @param {Queue} queue */
function policiesOf({ policy, operator_policy: operator }) {
  return [policy, operator].filter((name) => typeof name === 'string');
}
