/** Messages as people read them: where from, properties, headers, a body. */

import { badge, facts } from './bits.js';
import { tell } from './dialog.js';
import { h } from './draw.js';
import { bytes, count, duration, moment } from './format.js';
import { t } from '../texts/en.js';

/** @typedef {import('./draw.js').Child} Child */
/**
 * @typedef {{
 *   position: number, exchange: string, routing_key: string, redelivered: boolean,
 *   delivery_count: number, stored: boolean, expires_in: number | null,
 *   properties: Record<string, any>, payload: string, payload_bytes: number,
 *   payload_encoding: 'string' | 'base64',
 * }} Message
 */

/** Octets in a line of a hexadecimal view, and lines of it. */
const OCTETS = 16;
const LINES_MAX = 512;

/**
 * @param {Message[]} messages
 * @param {{whole: (message: Message) => Promise<Message>}} wish
 */
export function messageList(messages, { whole }) {
  if (messages.length === 0) return h('p', { class: 'empty' }, t.messageView.none);
  const open = async (/** @type {Message} */ message) => {
    const found = await whole(message).catch(() => message);
    tell(t.messageView.title(count(found.position)), messageView(found));
  };
  return h(
    'ol',
    { class: 'messages' },
    messages.map((message) =>
      h(
        'li',
        { key: message.position },
        h(
          'button',
          { type: 'button', onclick: () => open(message) },
          h(
            'code',
            { class: 'way' },
            message.exchange || t.queue.defaultExchange,
            ' → ',
            message.routing_key,
          ),
          h('span', { class: 'body' }, preview(message)),
          h('span', { class: 'number' }, bytes(message.payload_bytes)),
        ),
        message.redelivered && badge('warn', t.messageView.again),
        deaths(message).length > 0 && badge('warn', t.messageView.dead),
      ),
    ),
  );
}

/** @param {Message} message */
function preview({ payload, payload_encoding: encoding }) {
  return encoding === 'base64' ? t.messageView.octets : payload.slice(0, 200);
}

/** @param {Message} message */
function messageView(message) {
  const words = t.messageView;
  const { headers, ...properties } = message.properties;
  const plain = Object.entries(headers ?? {}).filter(([name]) => name !== 'x-death');
  /** @type {(pairs: [string, any][]) => [string, Child][]} */
  const written = (pairs) => pairs.map(([name, value]) => [name, valueOf(value)]);
  const expires = message.expires_in;
  return h(
    'div',
    { class: 'message' },
    facts([
      [words.exchange, message.exchange || t.queue.defaultExchange],
      [words.key, message.routing_key],
      [words.deliveries, message.delivery_count > 0 ? count(message.delivery_count) : null],
      [words.expires, expires === null || expires === undefined ? null : duration(expires)],
      [words.stored, message.stored ? t.yes : t.no],
      ...written(Object.entries(properties)),
    ]),
    plain.length > 0 && [h('h3', {}, words.headers), facts(written(plain))],
    story(message),
    h('h3', {}, words.body, ' ', h('small', { class: 'quiet' }, bytes(message.payload_bytes))),
    body(message),
  );
}

/** @param {any} value */
function valueOf(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * @param {Message} message
 * @returns {any[]}
 */
function deaths(message) {
  const said = message.properties.headers?.['x-death'];
  return Array.isArray(said) ? said : [];
}

/**
 * How a message died, the first time first.
 *
 * @param {Message} message
 */
function story(message) {
  const all = deaths(message).reverse();
  if (all.length === 0) return null;
  return [
    h('h3', {}, t.messageView.story),
    h(
      'ol',
      { class: 'story' },
      all.map((death, at) => {
        const time = death.time ? moment(Number(death.time) * 1000) : '';
        const reason = t.messageView.reasons[death.reason] ?? death.reason;
        const text = t.messageView.death(String(death.queue), reason, Number(death.count ?? 1));
        return h('li', { key: at }, text, ' ', h('small', { class: 'quiet' }, time));
      }),
    ),
  ];
}

/** @param {Message} message */
function body({ payload, payload_encoding: encoding }) {
  if (encoding === 'base64') return h('pre', { tabindex: 0 }, hex(octetsOf(payload)));
  const value = parsed(payload);
  if (value !== null && typeof value === 'object')
    return h('div', { class: 'tree' }, tree(value));
  return h('pre', { tabindex: 0 }, payload);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * JSON, folded below the second level.
 *
 * @param {any} value
 * @param {number} [depth]
 * @returns {Child}
 */
function tree(value, depth = 0) {
  if (value === null || typeof value !== 'object') {
    return h('code', { class: `json ${typeof value}` }, JSON.stringify(value));
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const about = isList ? `[${entries.length}]` : `{${entries.length}}`;
  return h(
    'details',
    { open: depth < 2 },
    h('summary', {}, about),
    h(
      'dl',
      {},
      entries.map(([name, inner]) =>
        h('div', { key: name }, h('dt', {}, name), h('dd', {}, tree(inner, depth + 1))),
      ),
    ),
  );
}

/** @param {string} base64 */
function octetsOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** @param {Uint8Array} octets */
export function hex(octets) {
  const lines = [];
  for (let at = 0; at < octets.length && lines.length < LINES_MAX; at += OCTETS) {
    const line = [...octets.subarray(at, at + OCTETS)];
    const digits = line.map((octet) => octet.toString(16).padStart(2, '0')).join(' ');
    const letters = line.map((o) => (o > 31 && o < 127 ? String.fromCharCode(o) : '·')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${digits.padEnd(OCTETS * 3)} ${letters}`);
  }
  return lines.join('\n');
}
