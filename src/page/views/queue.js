/** One queue: how it moves, who takes from it, what comes in from where, what waits in it. */

import { get, path, send } from '../api.js';
import { deadLettersOf, lengthsPath, speed } from '../data/queues.js';
import { explained } from '../data/settings.js';
import { badge, button, facts, link, when } from '../parts/bits.js';
import { ask } from '../parts/dialog.js';
import { h } from '../parts/draw.js';
import { flow } from '../parts/flow.js';
import { bytes, count, percent, rate } from '../parts/format.js';
import { messageList } from '../parts/message.js';
import { hash, ofConnection, ofExchange } from '../parts/place.js';
import { t } from '../texts/en.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../data/queues.js').Queue & {consumer_details: any[]}} Queue */

const SPAN = 60;
/** Octets of a body that a list shows, and messages of one answer. */
const TRUNCATE = 4096;
const MESSAGES = 25;

/** @type {View} */
export const queue = {
  name: 'queue',
  path: ['queues', null, null],
  title: ({ parts }) => parts[2],
  watch: ({ parts, query }) => {
    const [, vhost, name] = parts;
    const one = path`/queues/${vhost}/${name}`;
    return {
      queue: { path: one + lengthsPath(SPAN) },
      bindings: { path: `${one}/bindings`, every: 5 },
      messages: { path: browsePath(vhost, name, query), every: 5, isOptional: true },
    };
  },
  show: (context) => {
    /** @type {Queue} */
    const said = context.got.queue;
    return [
      head(said, context),
      h('div', { class: 'columns' }, flow(said, said.message_stats ?? {}, SPAN)),
      h('div', { class: 'columns' }, about(said), ways(said, context)),
      consumers(said, context),
      waiting(said, context),
    ];
  },
};

/**
 * @param {string} vhost
 * @param {string} name
 * @param {Record<string, string>} query
 */
function browsePath(vhost, name, query) {
  const wish = new URLSearchParams({ count: String(MESSAGES), truncate: String(TRUNCATE) });
  if (query.body) wish.set('body', query.body);
  if (query.from) wish.set('from', query.from);
  return `${path`/leveret/queues/${vhost}/${name}/messages`}?${wish}`;
}

/**
 * @param {Queue} said
 * @param {Context} context
 */
function head(said, context) {
  const { vhost, name } = said;
  const words = t.queue;
  return h(
    'header',
    { class: 'headline' },
    h('h1', {}, name, h('small', {}, [said.type, vhost].join(' · '))),
    h(
      'div',
      { class: 'bar' },
      h('p', { class: 'quiet' }, state(said)),
      h(
        'div',
        { class: 'actions' },
        button(words.publish, () => publish(said)),
        said.type !== 'stream' && button(words.purge, () => purge(said), { class: 'danger' }),
        button(words.remove, () => remove(said, context), { class: 'danger' }),
      ),
    ),
  );
}

/** @param {Queue} said */
function state(said) {
  const words = t.queue;
  const ready = said.messages_ready ?? 0;
  const held = said.messages_unacknowledged ?? 0;
  const takers = said.consumers ?? 0;
  return words.state(count(ready), count(held), takers);
}

/** @param {Queue} said */
function publish({ vhost, name }) {
  const words = t.queue;
  ask({
    title: words.publishTitle(name),
    fields: [
      { name: 'payload', label: words.body, kind: 'area' },
      { name: 'content_type', label: words.contentType, value: 'application/json' },
      { name: 'headers', label: words.headers, value: '{}', hint: words.headersHint },
      { name: 'persistent', label: words.persistent, kind: 'check', value: 'true' },
    ],
    confirm: words.publish,
    done: words.published,
    act: async ({ payload, content_type, headers, persistent }) => {
      const properties = {
        ...(content_type && { content_type }),
        ...(persistent === 'true' && { delivery_mode: 2 }),
        headers: JSON.parse(headers || '{}'),
      };
      const message = { routing_key: name, properties, payload, payload_encoding: 'string' };
      const { routed } = await send(
        'POST',
        path`/exchanges/${vhost}/amq.default/publish`,
        message,
      );
      if (!routed) throw new Error(words.notRouted);
    },
  });
}

/** @param {Queue} said */
function purge({ vhost, name, messages_ready }) {
  const words = t.queue;
  ask({
    title: words.purgeTitle(name),
    body: h('p', {}, words.purgeAbout(count(messages_ready))),
    confirm: words.purge,
    isDangerous: true,
    done: words.purged,
    act: () => send('DELETE', path`/queues/${vhost}/${name}/contents`),
  });
}

/**
 * @param {Queue} said
 * @param {Context} context
 */
function remove({ vhost, name, messages }, { go }) {
  const words = t.queue;
  ask({
    title: words.removeTitle(name),
    body: h('p', {}, words.removeAbout(count(messages))),
    confirm: words.remove,
    isDangerous: true,
    done: words.removed,
    act: async () => {
      await send('DELETE', path`/queues/${vhost}/${name}`);
      go(hash(['queues']));
    },
  });
}

/** @param {Queue} said */
function about(said) {
  const words = t.queue;
  const again = speed(said, 'redeliver');
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.about),
    facts([
      [words.size, bytes(said.message_bytes)],
      [words.memory, bytes(said.memory)],
      [words.redelivered, again > 0 ? rate(again) : null],
      [words.idle, said.idle_since ? when(Date.parse(said.idle_since)) : null],
      [words.capacity, said.consumers ? percent(said.consumer_capacity ?? 0) : null],
      [t.queues.policy, said.policy ?? null],
      ...explained(said),
    ]),
  );
}

/**
 * What comes in from where, and where dead letters go.
 *
 * @param {Queue} said
 * @param {Context} context
 */
function ways(said, { got, isThere }) {
  const words = t.queue;
  const letters = deadLettersOf(said);
  const exchange = (/** @type {string} */ name) => {
    const href = ofExchange({ vhost: said.vhost, name });
    const text = name === '' ? words.defaultExchange : name;
    return isThere(href) ? link(href, text) : h('b', {}, text);
  };
  /** @type {import('../data/queues.js').Binding[]} */
  const bindings = got.bindings;
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.from),
    h(
      'ul',
      { class: 'ways' },
      bindings.map(({ source, routing_key: key, properties_key, arguments: given }) =>
        h(
          'li',
          { key: `${source}\n${properties_key}` },
          exchange(source),
          ' ',
          h('code', {}, key === '' ? words.noKey : key),
          Object.keys(given).length > 0 && h('code', {}, JSON.stringify(given)),
        ),
      ),
    ),
    letters && [
      h('h2', {}, words.letters),
      h('p', {}, exchange(letters.exchange), ' ', h('code', {}, letters.key ?? words.ownKey)),
    ],
  );
}

/**
 * @param {Queue} said
 * @param {Context} context
 */
function consumers({ consumer_details: all }, { isThere }) {
  const words = t.queue;
  if (all.length === 0) return h('p', { class: 'quiet' }, words.noConsumer);
  const heads = [words.consumer, words.connection, words.user, words.prefetch, words.settles];
  return h(
    'section',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.consumers },
    h(
      'table',
      { class: 'plain' },
      h('caption', {}, words.consumers),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((head) => h('th', { scope: 'col' }, head)),
        ),
      ),
      h(
        'tbody',
        {},
        all.map((one) => {
          const { connection_name: name, user } = one.channel_details;
          const href = ofConnection(name);
          return h(
            'tr',
            { key: `${one.channel_details.name}\n${one.consumer_tag}` },
            h('td', {}, one.consumer_tag, ' ', !one.active && badge('plain', words.waits)),
            h('td', {}, isThere(href) ? link(href, name) : name),
            h('td', {}, user),
            h('td', {}, one.prefetch_count === 0 ? words.noLimit : count(one.prefetch_count)),
            h('td', {}, one.ack_required ? words.acks : words.noAcks),
          );
        }),
      ),
    ),
  );
}

/**
 * @param {Queue} said
 * @param {Context} context
 */
function waiting(said, { at, got, change }) {
  const words = t.queue;
  const found = got.messages;
  if (!found) return null;
  const oninput = (/** @type {InputEvent} */ event) =>
    change({ body: /** @type {HTMLInputElement} */ (event.target).value, from: undefined });
  return h(
    'section',
    { class: 'waiting' },
    h(
      'div',
      { class: 'bar' },
      h('h2', {}, words.messages),
      h('input', {
        type: 'search',
        'aria-label': words.search,
        placeholder: words.search,
        'data-filter': '',
        value: at.query.body ?? '',
        oninput,
      }),
      h('small', { class: 'quiet' }, words.untouched),
    ),
    messageList(found.messages, { whole: (message) => whole(said, message) }),
    h(
      'div',
      { class: 'bar' },
      at.query.from && button(words.first, () => change({ from: undefined })),
      found.next && button(words.next, () => change({ from: found.next })),
      h('small', { class: 'quiet' }, words.seen(count(found.messages.length), count(found.seen))),
    ),
  );
}

/**
 * A message with all of its body.
 *
 * @param {Queue} said
 * @param {any} message
 */
async function whole({ vhost, name }, message) {
  const wish = new URLSearchParams({ count: '1', truncate: '1048576' });
  wish.set('from', `0.${message.position}`);
  const answer = await get(`${path`/leveret/queues/${vhost}/${name}/messages`}?${wish}`);
  const found = answer.messages[0];
  return found?.position === message.position ? found : message;
}
