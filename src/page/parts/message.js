/** One message as people read it: where from, properties, headers, how it died, its body. */

import { badge, facts, when } from './bits.js';
import { bodyOf } from './body.js';
import { h } from './draw.js';
import { bytes, count, duration, moment } from './format.js';
import { json, kindOf } from '../data/values.js';
import { t } from '../texts/en.js';

/** @typedef {import('./draw.js').Child} Child */
/**
 * @typedef {{
 *   position: number, from: string, exchange: string, routing_key: string, redelivered: boolean,
 *   delivery_count: number, stored: boolean, expires_in: number | null,
 *   properties: Record<string, any>, payload: string, payload_bytes: number,
 *   payload_encoding: 'string' | 'base64',
 *   delivery_tag?: number, delivered_at?: number, consumer_tag?: string | null,
 *   channel_details?: {connection_name: string, name: string, number: number, user: string},
 * }} Message the last four: of one that is held unacknowledged
 */

/** @param {Message} message */
export function messageView(message) {
  const words = t.messageView;
  const { headers = {}, ...properties } = message.properties;
  return h(
    'div',
    { class: 'reading' },
    h(
      'div',
      {},
      story(message),
      h('section', { class: 'card' }, h('h2', {}, words.body), bodyOf(message)),
    ),
    h(
      'div',
      {},
      h('section', { class: 'card' }, h('h2', {}, words.about), about(message)),
      h(
        'section',
        { class: 'card' },
        named(words.properties, Object.entries(properties), words.noProperties, property),
        named(words.headers, Object.entries(headers), words.noHeaders, (_, value) =>
          written(value),
        ),
      ),
    ),
  );
}

/** @param {Message} message */
function about(message) {
  const words = t.messageView;
  const { channel_details: channel } = message;
  const expires = message.expires_in;
  return facts([
    [words.exchange, h('code', {}, message.exchange || t.queue.defaultExchange)],
    [words.key, h('code', {}, message.routing_key || t.queue.noKey)],
    [words.size, bytes(message.payload_bytes)],
    [words.holder, channel && `${channel.name}, ${channel.user}`],
    [words.tag, channel && (message.consumer_tag ?? words.got)],
    [words.delivered, message.delivered_at ? when(message.delivered_at) : null],
    [words.deliveries, message.delivery_count > 0 ? count(message.delivery_count) : null],
    [words.again, message.redelivered ? t.yes : null],
    [words.expires, expires === null || expires === undefined ? null : duration(expires)],
    [words.stored, message.stored ? t.yes : t.no],
  ]);
}

/**
 * A table of names, types and values.
 *
 * @param {string} title
 * @param {[string, any][]} pairs
 * @param {string} none
 * @param {(name: string, value: any) => Child} cell
 */
function named(title, pairs, none, cell) {
  if (pairs.length === 0) return [h('h2', {}, title), h('p', { class: 'quiet' }, none)];
  const words = t.messageView;
  const heads = [words.name, words.type, words.value];
  const rows = pairs.map(([name, value]) =>
    h(
      'tr',
      { key: name },
      h('th', { scope: 'row' }, name),
      h('td', { class: 'quiet' }, words.types[kindOf(value)]),
      h('td', {}, cell(name, value)),
    ),
  );
  return h(
    'table',
    { class: 'plain values' },
    h('caption', {}, title),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        heads.map((head) => h('th', { scope: 'col' }, head)),
      ),
    ),
    h('tbody', {}, rows),
  );
}

/**
 * A property, with what its number means.
 *
 * @param {string} name
 * @param {any} value
 */
function property(name, value) {
  const words = t.messageView;
  const text = written(value);
  if (name === 'delivery_mode') {
    return [text, quiet(value === 2 ? words.persistent : words.transient)];
  }
  if (name === 'timestamp') return [text, quiet(moment(Number(value) * 1000))];
  if (name === 'expiration') return [text, quiet(words.ttl(duration(Number(value))))];
  return text;
}

/** @param {string} text */
function quiet(text) {
  return h('small', { class: 'quiet' }, ' ', text);
}

/** @param {any} value */
function written(value) {
  return h('code', {}, typeof value === 'string' ? value : json(value));
}

/**
 * @param {Message} message
 * @returns {any[]} from the last to the first
 */
export function deathsOf({ properties }) {
  const said = properties.headers?.['x-death'];
  return Array.isArray(said) ? said.filter((one) => one !== null && typeof one === 'object') : [];
}

/**
 * How a message came here by dying, the first time first.
 *
 * @param {Message} message
 */
function story(message) {
  const all = deathsOf(message).reverse();
  if (all.length === 0) return null;
  const words = t.messageView;
  const [first] = all;
  const keys = Array.isArray(first['routing-keys']) ? first['routing-keys'].map(String) : [];
  const name = (/** @type {any} */ exchange) => String(exchange || t.queue.defaultExchange);
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.story),
    h(
      'ol',
      { class: 'story' },
      h('li', {}, words.born(name(first.exchange), keys)),
      all.map((death, at) => {
        const reason = words.reasons[death.reason] ?? String(death.reason);
        const ttl = death['original-expiration'];
        const time = death.time ? moment(Number(death.time) * 1000) : '';
        return h(
          'li',
          { key: at },
          words.death(String(death.queue), reason, Number(death.count ?? 1)),
          ' ',
          time && h('small', { class: 'quiet' }, words.since(time, Number(death.count ?? 1))),
          ttl !== undefined && quiet(words.ttl(duration(Number(ttl)))),
        );
      }),
      h('li', {}, words.here(name(message.exchange), message.routing_key)),
    ),
  );
}

/**
 * Marks of a message in a list.
 *
 * @param {Message} message
 */
export function marksOf(message) {
  const words = t.messageView;
  const deaths = deathsOf(message).length;
  return [
    message.redelivered && badge('warn', words.again),
    deaths > 0 && badge('warn', words.dead),
  ];
}
