/**
 * What needs a look first, from what the API says now. Each finding has one cause and leads there.
 *
 * @typedef {'bad' | 'warn'} Tone
 * @typedef {{kind: keyof typeof t.findings, tone: Tone, weight: number, href: string,
 *   subject: string, vhost?: string, text: string}} Finding
 */

import { deadLetterQueues, depths, isDelay, isGrowing, keyOf, speed, total } from './queues.js';
import { count, rate } from '../parts/format.js';
import { hash, ofConnection, ofQueue } from '../parts/place.js';
import { t } from '../texts/en.js';

/** @typedef {import('./queues.js').Queue} Queue */
/** @typedef {import('./queues.js').Binding} Binding */

/**
 * @param {{
 *   overview: any,
 *   queues: Queue[],
 *   bindings: Binding[],
 *   connections: {name: string, state: string, user: string}[],
 *   nodes: any[],
 * }} said
 * @returns {Finding[]} the most pressing first
 */
export function findings({ overview, queues, bindings, connections, nodes }) {
  const dead = deadLetterQueues(queues, bindings);
  const found = [
    ...nodes.flatMap(ofNode),
    ...connections.flatMap(ofBlocked),
    ...ofUnroutable(overview),
    ...queues.flatMap((queue) => ofOneQueue(queue, dead)),
  ];
  return found.sort((a, b) => rank(b) - rank(a));
}

/** @param {Finding} finding */
function rank({ tone, weight }) {
  return (tone === 'bad' ? 1e15 : 0) + Math.min(weight, 1e14);
}

/** @param {any} node */
function ofNode(node) {
  /** @type {Finding[]} */
  const found = [];
  const base = { tone: /** @type {Tone} */ ('bad'), href: '#/', subject: node.name };
  if (node.mem_alarm) {
    found.push({ ...base, kind: 'memory', weight: 1e14, text: t.findings.memory });
  }
  if (node.disk_free_alarm) {
    found.push({ ...base, kind: 'disk', weight: 1e14, text: t.findings.disk });
  }
  return found;
}

/**
 * @param {{name: string, state: string}} connection
 * @returns {Finding[]}
 */
function ofBlocked({ name, state }) {
  if (state !== 'blocked' && state !== 'blocking') return [];
  const href = ofConnection(name);
  return [
    { kind: 'blocked', tone: 'bad', weight: 1, href, subject: name, text: t.findings.blocked },
  ];
}

/**
 * @param {any} overview
 * @returns {Finding[]}
 */
function ofUnroutable(overview) {
  const stats = overview.message_stats ?? {};
  const dropped = (stats.drop_unroutable ?? 0) + (stats.return_unroutable ?? 0);
  if (dropped === 0) return [];
  const rates = ['drop_unroutable', 'return_unroutable'];
  const now = rates.reduce((sum, name) => sum + (stats[`${name}_details`]?.rate ?? 0), 0);
  const text = t.findings.unroutable(count(dropped), now > 0 ? rate(now) : '');
  const tone = now > 0 ? 'bad' : 'warn';
  const href = hash(['exchanges'], { filter: 'is:unroutable' });
  return [{ kind: 'unroutable', tone, weight: dropped, href, subject: '', text }];
}

/**
 * @param {Queue} queue
 * @param {Map<string, Queue[]>} dead
 * @returns {Finding[]}
 */
function ofOneQueue(queue, dead) {
  const kind = cause(queue, dead);
  if (!kind) return [];
  const { name, vhost } = queue;
  const base = { kind, href: ofQueue(queue), subject: name, vhost };
  const waiting = queue.messages_ready ?? 0;
  const held = queue.messages_unacknowledged ?? 0;
  const words = t.findings;
  switch (kind) {
    case 'looping': {
      const text = words.looping(rate(speed(queue, 'redeliver')));
      return [{ ...base, tone: 'bad', weight: total(queue, 'redeliver'), text }];
    }
    case 'growing': {
      const text = words.growing(count(waiting), rate(queue.messages_details?.rate ?? 0));
      return [{ ...base, tone: 'bad', weight: waiting, text }];
    }
    case 'letters': {
      const sources = (dead.get(keyOf(queue)) ?? []).map((source) => source.name);
      const text = words.letters(count(waiting), sources);
      return [{ ...base, tone: 'warn', weight: waiting + 1e6, text }];
    }
    case 'held':
      return [{ ...base, tone: 'warn', weight: held, text: words.held(count(held)) }];
    default: {
      const tone = isGrowing(queue) ? 'bad' : 'warn';
      const speed = tone === 'bad' ? rate(queue.messages_details?.rate ?? 0) : '';
      const text = kind === 'never' ? words.never : words.unconsumed;
      return [{ ...base, tone, weight: waiting, text: text(count(waiting), speed) }];
    }
  }
}

/**
 * The one reason for which a queue is looked at.
 *
 * @param {Queue} queue
 * @param {Map<string, Queue[]>} dead
 * @returns {keyof typeof t.findings | undefined}
 */
function cause(queue, dead) {
  const waiting = queue.messages_ready ?? 0;
  if (isLooping(queue)) return 'looping';
  if (isDelay(queue) || queue.type === 'stream') return undefined;
  if (waiting > 0 && !queue.consumers && dead.has(keyOf(queue))) return 'letters';
  if (waiting > 0 && !queue.consumers) {
    return total(queue, 'deliver_get') === 0 ? 'never' : 'unconsumed';
  }
  if (isGrowing(queue)) return 'growing';
  if (isHeld(queue)) return 'held';
  return undefined;
}

/**
 * Most of what is delivered was delivered before.
 *
 * @param {Queue} queue
 */
function isLooping(queue) {
  const again = speed(queue, 'redeliver');
  return again > 1 && again > speed(queue, 'deliver_get') / 2 && again > 2 * speed(queue, 'ack');
}

/** Samples, five seconds apart, in which nothing moves where a consumer holds on. */
const STILL = 3;

/**
 * Consumers have messages, and nothing has moved for ten seconds.
 *
 * @param {Queue} queue
 */
function isHeld(queue) {
  if (!queue.messages_unacknowledged || !queue.consumers) return false;
  const isStill = speed(queue, 'ack') === 0 && speed(queue, 'deliver_get') === 0;
  const history = depths(queue).slice(-STILL);
  const first = history[0] ?? 0;
  const isSame = history.every((depth) => depth >= first && depth > 0);
  return isStill && isSame && history.length >= STILL;
}
