/**
 * Connections, channels and consumers as the page needs them: what is asked of the API, and what
 * follows from its answers.
 *
 * @typedef {import('./queues.js').Details} Details
 * @typedef {{
 *   name: string, user_provided_name?: string, user: string, vhost: string, protocol: string,
 *   peer_host: string, peer_port: number, host: string, port: number, connected_at: number,
 *   ssl: boolean, auth_mechanism?: string, channel_max?: number, frame_max?: number,
 *   timeout?: number, client_properties: Record<string, any>, state?: string, channels?: number,
 *   recv_oct?: number, send_oct?: number, recv_oct_details?: Details, send_oct_details?: Details,
 * }} Connection
 *
 * @typedef {{
 *   name: string, number: number, user: string, vhost: string, state: string,
 *   connection_details: {name: string}, confirm: boolean, transactional: boolean,
 *   prefetch_count: number, consumer_count: number, messages_unacknowledged: number,
 *   messages_unconfirmed: number, messages_uncommitted: number, acks_uncommitted: number,
 *   idle_since?: string, message_stats?: Record<string, any>, consumer_details?: Consumer[],
 * }} Channel
 *
 * @typedef {{
 *   consumer_tag: string, ack_required: boolean, active: boolean, activity_status: string,
 *   exclusive: boolean, prefetch_count: number, arguments: Record<string, any>,
 *   queue: {name: string, vhost: string},
 *   channel_details: {connection_name: string, name: string, number: number, user: string},
 *   messages_unacknowledged?: number, oldest_unacknowledged_since?: number | null,
 *   credit?: number | null,
 * }} Consumer
 */

import { path } from '../api.js';

const CONNECTION_COLUMNS = [
  'name',
  'user_provided_name',
  'user',
  'vhost',
  'protocol',
  'peer_host',
  'peer_port',
  'connected_at',
  'ssl',
  'client_properties',
  'state',
  'channels',
  'recv_oct_details.rate',
  'send_oct_details.rate',
];

const CHANNEL_COLUMNS = [
  'name',
  'number',
  'user',
  'vhost',
  'state',
  'connection_details.name',
  'confirm',
  'transactional',
  'prefetch_count',
  'consumer_count',
  'messages_unacknowledged',
  'messages_unconfirmed',
  'messages_uncommitted',
  'acks_uncommitted',
  'idle_since',
  'message_stats.publish_details.rate',
  'message_stats.deliver_get_details.rate',
  'message_stats.ack_details.rate',
  'message_stats.redeliver_details.rate',
  'message_stats.return_unroutable_details.rate',
];

export const connectionsPath = `/connections?columns=${CONNECTION_COLUMNS.join(',')}`;
export const channelsPath = `/channels?columns=${CHANNEL_COLUMNS.join(',')}`;
export const consumersPath = '/consumers?held=true';
/** What clients call themselves, for lists that have only the names of their connections. */
export const namesPath = '/connections?columns=name,user_provided_name';

/** @param {string} vhost */
export function consumersOf(vhost) {
  return `${path`/consumers/${vhost}`}?held=true`;
}

/**
 * What a client calls its connection, or where it comes from.
 *
 * @param {{name: string, user_provided_name?: string}} connection
 */
export function titleOf({ name, user_provided_name: given }) {
  return given || peerOf(name);
}

/**
 * The client's end of a connection that is named `127.0.0.1:50692 -> 127.0.0.1:5672`.
 *
 * @param {string} name
 */
export function peerOf(name) {
  return name.split(' -> ')[0];
}

/**
 * The library that a client is written with, as it says itself.
 *
 * @param {{client_properties?: Record<string, any>}} connection
 */
export function programOf({ client_properties: said = {} }) {
  return [said.product, said.version].filter((part) => typeof part === 'string').join(' ');
}

/** @param {{client_properties?: Record<string, any>}} connection */
export function platformOf({ client_properties: said = {} }) {
  return typeof said.platform === 'string' ? said.platform : '';
}

/** @param {{state?: string}} connection */
export function isBlocked({ state }) {
  return state === 'blocked' || state === 'blocking' || state === 'flow';
}

/**
 * @param {Connection} connection
 * @param {'recv_oct' | 'send_oct'} what in the words of the broker: it receives what a client sends
 * @returns {number} octets per second
 */
export function octets(connection, what) {
  return connection[`${what}_details`]?.rate ?? 0;
}

/** @param {Connection} connection */
export function isBusy(connection) {
  return octets(connection, 'recv_oct') + octets(connection, 'send_oct') > 0;
}

/**
 * @param {{message_stats?: Record<string, any>}} channel
 * @param {'publish' | 'deliver_get' | 'ack' | 'redeliver' | 'return_unroutable'} what
 * @returns {number} messages per second
 */
export function pace({ message_stats: stats }, what) {
  return stats?.[`${what}_details`]?.rate ?? 0;
}

/**
 * Whether a channel gets nothing more before it acknowledges something: its prefetch is what each
 * of its consumers may hold.
 *
 * @param {Channel} channel
 */
export function isFull(channel) {
  const { prefetch_count: most, consumer_count: many, messages_unacknowledged: held } = channel;
  return most > 0 && many > 0 && held >= most * many;
}

/**
 * Whether a consumer gets nothing more before it acknowledges something.
 *
 * @param {Consumer} consumer
 */
export function isSpent({ credit }) {
  return credit === 0;
}

/** @param {Consumer} consumer */
export function heldBy({ messages_unacknowledged: held }) {
  return held ?? 0;
}

/**
 * How many messages each connection holds unacknowledged.
 *
 * @param {Consumer[]} consumers
 * @returns {Map<string, {many: number, since: number | undefined}>} `since`: the oldest of them
 */
export function holdings(consumers) {
  /** @type {Map<string, {many: number, since: number | undefined}>} */
  const found = new Map();
  for (const one of consumers) {
    const name = one.channel_details?.connection_name;
    const known = found.get(name) ?? { many: 0, since: undefined };
    const since = one.oldest_unacknowledged_since ?? undefined;
    known.many += heldBy(one);
    known.since = earlier(known.since, since);
    found.set(name, known);
  }
  return found;
}

/**
 * @param {number | undefined} a
 * @param {number | undefined} b
 */
function earlier(a, b) {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

/** @param {Consumer} consumer */
export function keyOfConsumer({ channel_details: { name }, consumer_tag: tag, queue }) {
  return `${name}\n${tag}\n${queue.vhost}\n${queue.name}`;
}
