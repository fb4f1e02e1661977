/** What a queue was declared with and what its policy adds, in words. */

import { bytes, count, duration } from '../parts/format.js';
import { t } from '../texts/en.js';

const ms = (/** @type {number} */ value) => duration(value);
const plain = (/** @type {any} */ value) =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/**
 * How values of settings are written, by their names in policies.
 *
 * @type {Record<string, any>}
 */
const WRITTEN = {
  'message-ttl': ms,
  expires: ms,
  'max-length': count,
  'max-length-bytes': bytes,
  'delivery-limit': count,
  'max-priority': count,
  'stream-max-segment-size-bytes': bytes,
};

/** Shown elsewhere. */
const ELSEWHERE = ['queue-type', 'dead-letter-exchange', 'dead-letter-routing-key'];

/**
 * @param {{arguments: Record<string, any>, effective_policy_definition?: Record<string, any>,
 *   durable: boolean, exclusive: boolean | null, auto_delete: boolean}} queue
 * @returns {[string, string][]}
 */
export function explained(queue) {
  const given = Object.entries(queue.arguments).map(([name, value]) => [
    name.replace(/^x-/, ''),
    value,
  ]);
  const settings = { ...queue.effective_policy_definition, ...Object.fromEntries(given) };
  const names = Object.keys(settings).filter((name) => !ELSEWHERE.includes(name));
  /** @type {[string, string][]} */
  const shown = names.sort().map((name) => {
    const written = typeof settings[name] === 'number' ? (WRITTEN[name] ?? plain) : plain;
    return [t.settings[name] ?? name, written(settings[name])];
  });
  const life = queue.durable ? t.queue.durable : t.queue.transient;
  const ends = queue.exclusive ? t.queue.exclusive : queue.auto_delete ? t.queue.autoDelete : '';
  return [[t.queue.life, [life, ends].filter(Boolean).join('; ')], ...shown];
}
