/** The first thing that is seen: whether all is well, and what to look at first. */

import { findings } from '../data/attention.js';
import { depths, keyOf, listPath, remember, HISTORIES_MAX } from '../data/queues.js';
import { badge, choice, facts, link } from '../parts/bits.js';
import { h } from '../parts/draw.js';
import { flow } from '../parts/flow.js';
import { bytes, count, duration } from '../parts/format.js';
import { hash, ofQueue } from '../parts/place.js';
import { spark } from '../parts/spark.js';
import { t } from '../texts/en.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../data/attention.js').Finding} Finding */

/** Seconds that can be shown, and seconds between two points. */
const SPANS = { 60: 1, 600: 5, 3600: 30 };
const SHOWN_MAX = 12;
const LARGEST = 6;

/** @type {View} */
export const overview = {
  name: 'overview',
  key: 'o',
  path: [],
  title: () => t.titles.overview,
  watch: ({ query }, got) => {
    const age = spanOf(query.span);
    const step = SPANS[age];
    const windows = ['lengths', 'msg_rates'].map(
      (kind) => `${kind}_age=${age}&${kind}_incr=${step}`,
    );
    const many = got.overview?.object_totals?.queues ?? 0;
    return {
      overview: { path: `/overview?${windows.join('&')}` },
      queues: { path: listPath(many <= HISTORIES_MAX) },
      bindings: {
        path: '/bindings?columns=source,vhost,destination,destination_type',
        every: 15,
      },
      connections: { path: '/connections?columns=name,state,user' },
      nodes: { path: '/nodes', every: 5, isOptional: true },
    };
  },
  show: (context) => {
    const { overview, queues, bindings, connections, nodes = [] } = context.got;
    remember(queues);
    const found = findings({ overview, queues, bindings, connections, nodes });
    return [
      headline(found, overview, nodes[0]),
      attention(found, context),
      plots(context),
      h('div', { class: 'columns' }, largest(queues), totals(context)),
    ];
  },
};

/**
 * @param {string | undefined} said
 * @returns {60 | 600 | 3600}
 */
function spanOf(said) {
  return said === '600' ? 600 : said === '3600' ? 3600 : 60;
}

/**
 * @param {Finding[]} found
 * @param {any} overview
 * @param {any} node
 */
function headline(found, overview, node) {
  const pressing = found.filter(({ tone }) => tone === 'bad').length;
  const tone = pressing > 0 ? 'bad' : found.length > 0 ? 'warn' : 'good';
  const isQuiet = (overview.object_totals?.queues ?? 0) === 0;
  const words = {
    bad: t.overview.pressing(pressing),
    warn: t.overview.attention(found.length),
    good: isQuiet ? t.overview.quiet : t.overview.well,
  };
  return h(
    'header',
    { class: 'headline' },
    h('h1', {}, h('span', { class: ['light', tone], 'aria-hidden': 'true' }), words[tone]),
    h(
      'p',
      { class: 'quiet' },
      [
        overview.cluster_name,
        t.overview.version(overview.rabbitmq_version),
        node?.uptime === undefined ? '' : `${t.overview.uptime} ${duration(node.uptime)}`,
        node?.mem_used === undefined ? '' : `${bytes(node.mem_used)} ${t.overview.memory}`,
        node?.disk_free === undefined ? '' : `${bytes(node.disk_free)} ${t.overview.disk}`,
      ]
        .filter(Boolean)
        .join(' · '),
    ),
  );
}

/**
 * @param {Finding[]} found
 * @param {Context} context
 */
function attention(found, context) {
  if (found.length === 0) return null;
  const more = found.length - SHOWN_MAX;
  return h(
    'section',
    { class: 'attention', 'aria-label': t.overview.look },
    h(
      'ul',
      {},
      found.slice(0, SHOWN_MAX).map((one) => finding(one, context)),
    ),
    more > 0 && h('p', {}, link(hash(['queues']), t.overview.more(count(more)))),
  );
}

/**
 * @param {Finding} finding
 * @param {Context} context
 */
function finding({ kind, tone, href, subject, vhost, text }, { isThere }) {
  const key = `${kind}\n${vhost}\n${subject}`;
  const name = subject && [h('b', {}, subject), vhost && vhost !== '/' ? ` (${vhost})` : '', ' '];
  const words = [name, text];
  return h(
    'li',
    { key, class: tone },
    h('i', { class: ['light', tone], 'aria-hidden': 'true' }),
    isThere(href) && href !== '#/' ? link(href, words) : h('span', {}, words),
  );
}

/** @param {Context} context */
function plots({ at, got, change }) {
  const span = spanOf(at.query.span);
  const { queue_totals: totals = {}, message_stats: stats = {} } = got.overview;
  const words = t.overview;
  return h(
    'section',
    { class: 'plots' },
    h(
      'div',
      { class: 'bar' },
      choice(words.span, Object.entries(words.spans), String(span), (value) =>
        change({ span: value === '60' ? undefined : value }),
      ),
      h('small', { class: 'quiet' }, words.since),
    ),
    h('div', { class: 'columns' }, flow(totals, stats, span)),
  );
}

/** @param {import('../data/queues.js').Queue[]} queues */
function largest(queues) {
  const most = queues.filter(({ messages }) => (messages ?? 0) > 0);
  most.sort((a, b) => (b.messages ?? 0) - (a.messages ?? 0) || (keyOf(a) < keyOf(b) ? -1 : 1));
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, t.overview.most),
    most.length === 0 && h('p', { class: 'empty' }, t.none),
    h(
      'ol',
      { class: 'largest' },
      most.slice(0, LARGEST).map((queue) => {
        const history = depths(queue);
        const title = t.queues.depthOf(count(history[0]), count(queue.messages));
        return h(
          'li',
          { key: keyOf(queue) },
          link(ofQueue(queue), queue.name),
          spark(history, title),
          h('span', { class: 'number' }, count(queue.messages)),
        );
      }),
    ),
  );
}

/** @param {Context} context */
function totals({ got, isThere }) {
  const there = got.overview.object_totals ?? {};
  const node = (got.nodes ?? [])[0];
  const names = /** @type {(keyof typeof t.overview.counts)[]} */ (
    Object.keys(t.overview.counts)
  );
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, t.overview.there),
    h(
      'ul',
      { class: 'totals' },
      names
        .filter((name) => there[name] !== undefined)
        .map((name) => {
          const href = hash([name]);
          const words = [h('b', {}, count(there[name])), ' ', t.overview.counts[name]];
          return h('li', { key: name }, isThere(href) ? link(href, words) : h('span', {}, words));
        }),
    ),
    node && [h('h2', {}, t.overview.node), nodeFacts(node)],
  );
}

/** @param {any} node */
function nodeFacts(node) {
  const words = t.overview;
  const alarm = (/** @type {boolean} */ isOn) => isOn && badge('bad', '!');
  return facts([
    [
      words.memory,
      [bytes(node.mem_used), small(words.limit(bytes(node.mem_limit))), alarm(node.mem_alarm)],
    ],
    [
      words.disk,
      [
        bytes(node.disk_free),
        small(words.limit(bytes(node.disk_free_limit))),
        alarm(node.disk_free_alarm),
      ],
    ],
    [words.files, [count(node.fd_used), small(words.limit(count(node.fd_total)))]],
  ]);
}

/** @param {string} text */
function small(text) {
  return h('small', { class: 'quiet' }, ' ', text);
}
