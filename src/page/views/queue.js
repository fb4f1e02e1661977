/** One queue: how it moves, who takes from it, what comes in from where, what waits in it. */

import { path } from '../api.js';
import { listOf } from '../data/browse.js';
import { deadLettersOf, lengthsPath, speed } from '../data/queues.js';
import { explained } from '../data/settings.js';
import { badge, button, facts, link, when } from '../parts/bits.js';
import { h } from '../parts/draw.js';
import { flow } from '../parts/flow.js';
import { bytes, count, percent, rate } from '../parts/format.js';
import { hash, ofConnection, ofExchange } from '../parts/place.js';
import { publishForm } from '../parts/publish.js';
import { t } from '../texts/en.js';
import { pause, purge, remove } from './queue/deeds.js';
import { waiting } from './queue/waiting.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../data/queues.js').Queue & {consumer_details: any[]}} Queue */

const SPAN = 60;

/** @type {View} */
export const queue = {
  name: 'queue',
  path: ['queues', null, null],
  title: ({ parts }) => parts[2],
  watch: ({ parts, query }) => {
    const [, vhost, name] = parts;
    const one = path`/queues/${vhost}/${name}`;
    return {
      queue: { path: `${one}${lengthsPath(SPAN)}&held=true` },
      bindings: { path: `${one}/bindings`, every: 5 },
      messages: { path: listOf({ vhost, name }, query), every: 2, isOptional: true },
    };
  },
  show: (context) => {
    /** @type {Queue} */
    const said = context.got.queue;
    return [
      head(said, context),
      h('div', { class: 'columns' }, flow(said, said.message_stats ?? {}, SPAN)),
      h(
        'div',
        { class: 'columns' },
        comesIn(said, context),
        settings(said, context),
        about(said),
      ),
      goesOut(said, context),
      waiting(said, context),
    ];
  },
};

/**
 * @param {Queue} said
 * @param {Context} context
 */
function head(said, { got, go }) {
  const { vhost, name, type, paused } = said;
  const words = t.queue;
  const ready = said.messages_ready ?? 0;
  const held = said.messages_unacknowledged ?? 0;
  const state = words.state(count(ready), count(held), said.consumers ?? 0);
  return h(
    'header',
    { class: 'headline' },
    h(
      'h1',
      {},
      h('span', { class: 'name' }, name),
      h('small', {}, [type, vhost].join(' · ')),
      paused && badge('warn', words.isPaused, words.pauseAbout),
    ),
    h(
      'div',
      { class: 'bar' },
      h('p', { class: 'quiet' }, state),
      h(
        'div',
        { class: 'actions' },
        button(words.publish, () => publishForm({ vhost, queue: name })),
        type !== 'stream' && pauseButton(said),
        type !== 'stream' && button(words.purge, () => purge(said), { class: 'danger' }),
        button(words.remove, () => remove(said, got.bindings, go), { class: 'danger' }),
      ),
    ),
  );
}

/** @param {Queue} said */
function pauseButton(said) {
  const words = t.queue;
  const { paused = false } = said;
  return button(paused ? words.resume : words.pause, () => void pause(said, !paused), {
    key: 'pause',
    title: words.pauseAbout,
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
    ]),
  );
}

/**
 * What it was declared with and what its policies add, in words.
 *
 * @param {Queue} said
 * @param {Context} context
 */
function settings(said, { isThere }) {
  const words = t.queue;
  const policies = [said.policy, said.operator_policy].filter((name) => typeof name === 'string');
  const href = hash(['policies']);
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.settings),
    h(
      'ul',
      { class: 'sentences' },
      explained(said).map(({ name, text, from }) =>
        h('li', { key: name }, text, ' ', from && h('small', { class: 'quiet' }, from)),
      ),
    ),
    policies.length > 0 && isThere(href) && h('p', {}, link(href, words.policies)),
  );
}

/**
 * @param {string} vhost
 * @param {string} name
 * @param {Context} context
 */
function exchange(vhost, name, { isThere }) {
  const href = ofExchange({ vhost, name });
  const text = name === '' ? t.queue.defaultExchange : name;
  return isThere(href) ? link(href, text) : h('b', {}, text);
}

/**
 * @param {Queue} said
 * @param {Context} context
 */
function comesIn(said, context) {
  const words = t.queue;
  /** @type {import('../data/queues.js').Binding[]} */
  const bindings = context.got.bindings;
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.from, h('small', {}, rate(speed(said, 'publish')))),
    h(
      'ul',
      { class: 'ways' },
      bindings.map(({ source, routing_key: key, properties_key, arguments: given }) =>
        h(
          'li',
          { key: `${source}\n${properties_key}` },
          exchange(said.vhost, source, context),
          ' ',
          h('code', {}, key === '' ? words.noKey : key),
          Object.keys(given).length > 0 && h('code', {}, JSON.stringify(given)),
        ),
      ),
    ),
  );
}

/**
 * To whom it goes: consumers, and the exchange of its dead letters.
 *
 * @param {Queue} said
 * @param {Context} context
 */
function goesOut(said, context) {
  const words = t.queue;
  const letters = deadLettersOf(said);
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.to, h('small', {}, rate(speed(said, 'deliver_get')))),
    consumers(said, context),
    letters && [
      h('h2', {}, words.letters),
      h(
        'p',
        { class: 'ways' },
        exchange(said.vhost, letters.exchange, context),
        ' ',
        h('code', {}, letters.key ?? words.ownKey),
      ),
    ],
  );
}

/**
 * @param {Queue} said
 * @param {Context} context
 */
function consumers({ consumer_details: all }, context) {
  const words = t.queue;
  if (all.length === 0) return h('p', { class: 'quiet' }, words.noConsumer);
  const heads = [words.consumer, words.holds, words.since, words.credit, words.connection];
  const numbers = [1, 3];
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.consumers },
    h(
      'table',
      { class: 'plain' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((head, at) =>
            h('th', { scope: 'col', class: numbers.includes(at) && 'number' }, head),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        all.map((one) => consumer(one, context)),
      ),
    ),
  );
}

/**
 * @param {any} one
 * @param {Context} context
 */
function consumer(one, { isThere }) {
  const words = t.queue;
  const { connection_name: name, name: channel, user } = one.channel_details;
  const href = ofConnection(name);
  const { credit, messages_unacknowledged: held } = one;
  const free = credit === null || credit === undefined ? words.noLimit : count(credit);
  return h(
    'tr',
    { key: `${channel}\n${one.consumer_tag}` },
    h('td', { class: 'tag', title: one.consumer_tag }, one.consumer_tag),
    h('td', { class: 'number' }, one.ack_required ? count(held) : words.noAcks),
    h('td', {}, when(one.oldest_unacknowledged_since) ?? t.none),
    h('td', { class: 'number' }, one.active ? free : badge('plain', words.waits)),
    h('td', { title: user }, isThere(href) ? link(href, name) : name),
  );
}
