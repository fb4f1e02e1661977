/** All queues: filter, order, how each one moves. */

import { OFFERED, queueFilter } from '../data/filter.js';
import {
  HISTORIES_MAX,
  deadLetterQueues,
  deadLettersOf,
  depths,
  isDelay,
  keyOf,
  listPath,
  remember,
  speed,
} from '../data/queues.js';
import { badge, link } from '../parts/bits.js';
import { h } from '../parts/draw.js';
import { filterBar, shown } from '../parts/filterbar.js';
import { count, rate } from '../parts/format.js';
import { ofQueue } from '../parts/place.js';
import { spark } from '../parts/spark.js';
import { linkedOrder, table } from '../parts/table.js';
import { t } from '../texts/en.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../data/queues.js').Queue} Queue */

/** @type {View} */
export const queues = {
  name: 'queues',
  key: 'q',
  path: ['queues'],
  title: () => t.titles.queues,
  watch: (_, got) => ({
    queues: { path: listPath((got.queues?.length ?? 0) <= HISTORIES_MAX) },
    bindings: { path: '/bindings?columns=source,vhost,destination,destination_type', every: 15 },
  }),
  show: (context) => {
    const { at, got, change } = context;
    /** @type {Queue[]} */
    const all = got.queues;
    remember(all);
    const dead = deadLetterQueues(all, got.bindings);
    const text = at.query.filter ?? '';
    const filter = queueFilter(text);
    const rows = all.filter((queue) => filter.test(queue, dead));
    return [
      h(
        'h1',
        {},
        t.titles.queues,
        h('small', {}, shown(rows.length, all.length, (many) => t.queues.total(count(many)))),
      ),
      filterBar({
        label: t.queues.filter,
        hint: t.queues.hint,
        text,
        wrong: filter.wrong,
        offered: Object.fromEntries(OFFERED.map((state) => [state, t.queues.states[state]])),
        change,
      }),
      table({
        label: t.titles.queues,
        columns: columns(dead, context, new Set(all.map(({ vhost }) => vhost)).size > 1),
        rows,
        key: keyOf,
        ...linkedOrder(context, 'name'),
        empty: all.length === 0 ? t.queues.none : t.queues.empty,
      }),
    ];
  },
};

/**
 * @param {Map<string, Queue[]>} dead
 * @param {Context} context
 * @param {boolean} withVhost
 * @returns {import('../parts/table.js').Column<Queue>[]}
 */
function columns(dead, { isThere }, withVhost) {
  const words = t.queues;
  /** @type {import('../parts/table.js').Column<Queue>[]} */
  const vhost = [
    {
      name: 'vhost',
      title: words.vhost,
      style: 'wide',
      cell: (q) => q.vhost,
      by: (q) => q.vhost,
    },
  ];
  return [
    {
      name: 'name',
      title: words.name,
      cell: (q) => [
        isThere(ofQueue(q))
          ? link(ofQueue(q), q.name, { title: q.name })
          : h('span', { title: q.name, tabindex: 0 }, q.name),
        marks(q, dead),
      ],
      by: (q) => q.name,
    },
    ...(withVhost ? vhost : []),
    { name: 'kind', title: words.kind, style: 'wide', cell: (q) => q.type, by: (q) => q.type },
    { name: 'depth', title: words.depth, style: 'middle', cell: depth },
    number('ready', words.ready, (q) => q.messages_ready ?? 0, count),
    {
      ...number('unacked', words.unacked, (q) => q.messages_unacknowledged ?? 0, count),
      about: words.unackedAbout,
    },
    number('consumers', words.consumers, (q) => q.consumers ?? 0, count, 'middle'),
    number('in', words.incoming, (q) => speed(q, 'publish'), rate, 'middle'),
    number('out', words.outgoing, (q) => speed(q, 'deliver_get'), rate, 'middle'),
    number('acked', words.acked, (q) => speed(q, 'ack'), rate, 'wide'),
    {
      name: 'policy',
      title: words.policy,
      style: 'wide',
      cell: (q) => q.policy ?? '',
      by: (q) => q.policy ?? '',
    },
  ];
}

/**
 * @param {string} name
 * @param {string} title
 * @param {(queue: Queue) => number} value
 * @param {(value: number) => string} written
 * @param {string} [style]
 * @returns {import('../parts/table.js').Column<Queue>}
 */
function number(name, title, value, written, style = '') {
  const cell = (/** @type {Queue} */ queue) => {
    const said = value(queue);
    return h('span', { class: said === 0 ? 'zero' : undefined }, written(said));
  };
  return { name, title, style: `number ${style}`, cell, by: value };
}

/** @param {Queue} queue */
function depth(queue) {
  const history = depths(queue);
  return spark(history, t.queues.depthOf(count(history[0]), count(queue.messages)));
}

/**
 * @param {Queue} queue
 * @param {Map<string, Queue[]>} dead
 */
function marks(queue, dead) {
  const { letters, lettering, delay, exclusive, transient } = t.queues.marks;
  const isDelaying = isDelay(queue);
  const all = [
    dead.has(keyOf(queue)) && !isDelaying && letters,
    deadLettersOf(queue) && !isDelaying && lettering,
    isDelaying && delay,
    queue.exclusive && exclusive,
    !queue.durable && !queue.exclusive && transient,
  ];
  const shown = all.filter((mark) => Array.isArray(mark));
  return h(
    'span',
    { class: 'marks' },
    shown.map(([word, about]) => badge('plain', word, about)),
  );
}
