/**
 * Queues as the page needs them: what is asked of the API, and what follows from its answers.
 *
 * @typedef {{rate?: number, samples?: {sample: number, timestamp: number}[]}} Details
 * @typedef {{
 *   name: string, vhost: string, type: string, state: string,
 *   durable: boolean, exclusive: boolean | null, auto_delete: boolean,
 *   arguments: Record<string, any>, effective_policy_definition?: Record<string, any>,
 *   policy?: string | null, operator_policy?: string | null, paused?: boolean,
 *   consumers?: number, consumer_capacity?: number, idle_since?: string,
 *   messages?: number, messages_ready?: number, messages_unacknowledged?: number,
 *   message_bytes?: number, messages_details?: Details, messages_ready_details?: Details,
 *   messages_unacknowledged_details?: Details,
 *   message_stats?: Record<string, any>, memory?: number,
 * }} Queue
 *
 * @typedef {{source: string, vhost: string, destination: string, destination_type: string,
 *   routing_key: string, arguments: Record<string, any>, properties_key: string}} Binding
 */

const COLUMNS = [
  'name',
  'vhost',
  'type',
  'state',
  'durable',
  'exclusive',
  'auto_delete',
  'arguments',
  'effective_policy_definition',
  'policy',
  'consumers',
  'idle_since',
  'messages',
  'messages_ready',
  'messages_unacknowledged',
  'message_bytes',
  'messages_details',
  'message_stats.publish',
  'message_stats.publish_details.rate',
  'message_stats.deliver_get',
  'message_stats.deliver_get_details.rate',
  'message_stats.ack',
  'message_stats.ack_details.rate',
  'message_stats.redeliver',
  'message_stats.redeliver_details.rate',
];

/** Of what a sparkline shows: seconds, and seconds between two of its points. */
export const SPARK = { age: 60, every: 5 };
/** With more queues than that, histories are not asked for: the page keeps what it has heard. */
export const HISTORIES_MAX = 500;

/** @param {boolean} withHistories */
export function listPath(withHistories) {
  const history = withHistories ? `&lengths_age=${SPARK.age}&lengths_incr=${SPARK.every}` : '';
  return `/queues?columns=${COLUMNS.join(',')}${history}`;
}

/**
 * All queues of a virtual host, without histories.
 *
 * @param {string} vhost
 */
export function queuesPath(vhost) {
  const columns = COLUMNS.filter((name) => name !== 'messages_details');
  return `/queues/${encodeURIComponent(vhost)}?columns=${columns.join(',')}`;
}

/**
 * The query for histories of one queue.
 *
 * @param {number} age seconds
 */
export function lengthsPath(age) {
  return `?lengths_age=${age}&lengths_incr=1&msg_rates_age=${age}&msg_rates_incr=1`;
}

/** @param {{vhost: string, name: string}} queue */
export function keyOf({ vhost, name }) {
  return `${vhost}\n${name}`;
}

/**
 * What was heard of queues, oldest first, for those whose history is not asked for.
 *
 * @type {Map<string, number[]>}
 */
const remembered = new Map();
let rememberedAt = 0;

/**
 * Notes how much each queue holds, at most once in `SPARK.every` seconds.
 *
 * @param {Queue[]} queues
 */
export function remember(queues) {
  const now = Date.now();
  if (now - rememberedAt < SPARK.every * 1000) return;
  rememberedAt = now;
  const gone = new Set(remembered.keys());
  for (const queue of queues) {
    const key = keyOf(queue);
    gone.delete(key);
    const history = remembered.get(key) ?? [];
    history.push(queue.messages ?? 0);
    if (history.length > SPARK.age / SPARK.every) history.shift();
    remembered.set(key, history);
  }
  for (const key of gone) remembered.delete(key);
}

/**
 * How much a queue held, oldest first.
 *
 * @param {Queue} queue
 * @returns {number[]}
 */
export function depths(queue) {
  const samples = queue.messages_details?.samples;
  if (samples) return samples.map(({ sample }) => sample).reverse();
  return remembered.get(keyOf(queue)) ?? [];
}

/**
 * @param {Queue} queue
 * @param {'publish' | 'deliver_get' | 'ack' | 'redeliver'} what
 * @returns {number} per second
 */
export function speed(queue, what) {
  return queue.message_stats?.[`${what}_details`]?.rate ?? 0;
}

/**
 * @param {Queue} queue
 * @param {'publish' | 'deliver_get' | 'ack' | 'redeliver'} what
 * @returns {number} since the queue was made
 */
export function total(queue, what) {
  return queue.message_stats?.[what] ?? 0;
}

/**
 * Whether more comes in than goes out, now and over what is known of the last minute.
 *
 * @param {Queue} queue
 */
export function isGrowing(queue) {
  const history = depths(queue);
  const now = history.at(-1) ?? 0;
  const most = Math.max(...history.slice(0, -1), 0);
  return (queue.messages_details?.rate ?? 0) > 0 && history.length > 2 && now > most && now > 10;
}

/**
 * Where a queue's dead letters go; nothing if it has no such exchange.
 *
 * @param {Queue} queue
 * @returns {{exchange: string, key: string | undefined} | undefined}
 */
export function deadLettersOf(queue) {
  const policy = queue.effective_policy_definition ?? {};
  const exchange = queue.arguments['x-dead-letter-exchange'] ?? policy['dead-letter-exchange'];
  if (typeof exchange !== 'string') return undefined;
  const key = queue.arguments['x-dead-letter-routing-key'] ?? policy['dead-letter-routing-key'];
  return { exchange, key: typeof key === 'string' ? key : undefined };
}

/**
 * The queues that dead letters of other queues come to, by where these are from. A queue that sends
 * what it got from there back to where it was waits for a retry: it is no place to look at.
 *
 * @param {Queue[]} queues
 * @param {Binding[]} bindings
 * @returns {Map<string, Queue[]>}
 */
export function deadLetterQueues(queues, bindings) {
  /** @type {Map<string, Set<string>>} */
  const reached = new Map();
  const add = (/** @type {string} */ from, /** @type {string} */ to) => {
    const known = reached.get(from);
    if (known) known.add(to);
    else reached.set(from, new Set([to]));
  };
  for (const { source, vhost, destination, destination_type } of bindings) {
    if (source === '') continue;
    const to = destination_type === 'queue' ? 'queue' : 'exchange';
    add(`${vhost}\n${source}`, `${to} ${vhost}\n${destination}`);
  }
  const named = new Map(queues.map((queue) => [keyOf(queue), queue]));
  /** @type {Map<string, Queue[]>} */
  const found = new Map();
  for (const queue of queues) {
    const letters = deadLettersOf(queue);
    if (!letters || isDelay(queue)) continue;
    for (const key of targets(queue, letters, reached)) {
      if (!named.has(key) || key === keyOf(queue)) continue;
      found.set(key, [...(found.get(key) ?? []), queue]);
    }
  }
  return found;
}

/**
 * @param {Queue} queue
 * @param {{exchange: string, key: string | undefined}} letters
 * @param {Map<string, Set<string>>} reached
 */
function targets({ vhost, name }, letters, reached) {
  if (letters.exchange === '') return [`${vhost}\n${letters.key ?? name}`];
  const open = [`${vhost}\n${letters.exchange}`];
  const seen = new Set(open);
  /** @type {string[]} */
  const queues = [];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const target of reached.get(at) ?? []) {
      const [kind, key] = target.split(/ (.*)/s);
      if (kind === 'queue') queues.push(key);
      else if (!seen.has(key)) open.push((seen.add(key), key));
    }
  }
  return queues;
}

/**
 * Whether a queue holds messages for a while and sends them on, as ladders of retries do.
 *
 * @param {Queue} queue
 */
export function isDelay(queue) {
  const { arguments: given, effective_policy_definition: policy = {} } = queue;
  const ttl = given['x-message-ttl'] ?? policy['message-ttl'];
  return ttl !== undefined && deadLettersOf(queue) !== undefined && !queue.consumers;
}
