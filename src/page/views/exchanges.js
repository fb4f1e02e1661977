/** All exchanges: filter, order, what goes in and out, and what had no queue. */

import { OFFERED, exchangeFilter, exchangesPath, speedIn, speedOut } from '../data/exchanges.js';
import { exchangeCounts, rising, unroutable } from '../data/flows.js';
import { badge, button, link } from '../parts/bits.js';
import { ask } from '../parts/dialog.js';
import { h } from '../parts/draw.js';
import { filterBar, shown } from '../parts/filterbar.js';
import { count, rate } from '../parts/format.js';
import { ofExchange } from '../parts/place.js';
import { linkedOrder, table } from '../parts/table.js';
import { path, send } from '../api.js';
import { t } from '../texts/en.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../data/exchanges.js').Row} Row */
/** @typedef {import('../data/exchanges.js').Exchange} Exchange */

const TYPES = ['topic', 'direct', 'fanout', 'headers', 'x-consistent-hash', 'x-local-random'];

/** @type {View} */
export const exchanges = {
  name: 'exchanges',
  key: 'e',
  path: ['exchanges'],
  title: () => t.titles.exchanges,
  watch: () => ({
    exchanges: { path: exchangesPath() },
    flows: { path: '/leveret/flows/exchanges', every: 2, isOptional: true },
    bindings: { path: '/bindings?columns=source,vhost', every: 5 },
    vhosts: { path: '/vhosts?columns=name', every: 15, isOptional: true },
  }),
  show: (context) => {
    const { at, got, change } = context;
    const all = rowsOf(got);
    const text = at.query.filter ?? '';
    const filter = exchangeFilter(text);
    const rows = all.filter(filter.test);
    const isSeveral = new Set(all.map(({ vhost }) => vhost)).size > 1;
    return [
      h(
        'h1',
        {},
        t.titles.exchanges,
        h('small', {}, shown(rows.length, all.length, (many) => t.exchanges.total(count(many)))),
      ),
      filterBar(
        {
          label: t.exchanges.filter,
          hint: t.exchanges.hint,
          text,
          wrong: filter.wrong,
          offered: Object.fromEntries(OFFERED.map((state) => [state, t.exchanges.states[state]])),
          change,
        },
        h(
          'div',
          { class: 'actions' },
          button(t.exchanges.add, () => add(context)),
        ),
      ),
      table({
        label: t.titles.exchanges,
        columns: columns(isSeveral),
        rows,
        key: ({ vhost, name }) => `${vhost}\n${name}`,
        ...linkedOrder(context, 'name'),
        empty: t.exchanges.empty,
      }),
    ];
  },
};

/**
 * @param {Record<string, any>} got
 * @returns {Row[]}
 */
function rowsOf({ exchanges, flows = [], bindings }) {
  const speed = rising('exchanges', flows, exchangeCounts);
  const lost = new Map(
    flows.map((/** @type {any} */ one) => [`${one.vhost}\n${one.name}`, unroutable(one)]),
  );
  /** @type {Map<string, number>} */
  const bound = new Map();
  for (const { source, vhost } of bindings) {
    const key = `${vhost}\n${source}`;
    bound.set(key, (bound.get(key) ?? 0) + 1);
  }
  return exchanges.map((/** @type {Exchange} */ one) => {
    const key = `${one.vhost}\n${one.name}`;
    return {
      ...one,
      unroutable: lost.get(key) ?? 0,
      unroutableRate: speed(key) ?? 0,
      bindings: bound.get(key) ?? 0,
    };
  });
}

/** @param {Context} context */
function add({ got, go }) {
  const words = t.exchanges;
  const vhosts = (got.vhosts ?? [{ name: '/' }]).map((/** @type {any} */ { name }) => name);
  ask({
    title: words.addTitle,
    fields: [
      {
        name: 'vhost',
        label: t.queues.vhost,
        kind: 'select',
        value: vhosts.includes('/') ? '/' : vhosts[0],
        choices: vhosts.map((/** @type {string} */ name) => [name, name]),
      },
      { name: 'name', label: words.name, isNeeded: true },
      {
        name: 'type',
        label: words.type,
        kind: 'select',
        value: 'topic',
        choices: TYPES.map((name) => [name, name]),
      },
      { name: 'durable', label: words.durable, kind: 'check', value: 'true' },
      { name: 'internal', label: words.internal, kind: 'check' },
      { name: 'arguments', label: words.arguments, value: '{}', hint: words.argumentsHint },
    ],
    confirm: words.add,
    done: words.added,
    act: async ({ vhost, name, type, durable, internal, arguments: given }) => {
      const body = {
        type,
        durable: durable === 'true',
        internal: internal === 'true',
        arguments: JSON.parse(given || '{}'),
      };
      await send('PUT', path`/exchanges/${vhost}/${name}`, body);
      go(ofExchange({ vhost, name }));
    },
  });
}

/**
 * @param {boolean} withVhost
 * @returns {import('../parts/table.js').Column<Row>[]}
 */
function columns(withVhost) {
  const words = t.exchanges;
  /** @type {import('../parts/table.js').Column<Row>[]} */
  const vhost = [
    {
      name: 'vhost',
      title: t.queues.vhost,
      style: 'wide',
      cell: (row) => row.vhost,
      by: (row) => row.vhost,
    },
  ];
  return [
    { name: 'name', title: words.name, cell: nameCell, by: ({ name }) => name },
    ...(withVhost ? vhost : []),
    { name: 'type', title: words.type, cell: ({ type }) => type, by: ({ type }) => type },
    number('bindings', words.bindings, ({ bindings }) => bindings, count, 'middle'),
    number('in', words.incoming, speedIn, rate, ''),
    number('out', words.outgoing, speedOut, rate, ''),
    {
      ...number('unroutable', words.unroutable, (row) => row.unroutable, count, 'middle'),
      about: words.unroutableAbout,
      cell: lostCell,
    },
    {
      name: 'policy',
      title: t.queues.policy,
      style: 'wide',
      cell: ({ policy }) => policy ?? '',
      by: ({ policy }) => policy ?? '',
    },
  ];
}

/** @param {Row} row */
function nameCell(row) {
  const { alternate, internal, transient, autoDelete } = t.exchanges.marks;
  const all = [
    row.arguments['alternate-exchange'] !== undefined && alternate,
    row.internal && internal,
    !row.durable && transient,
    row.auto_delete && autoDelete,
  ].filter((mark) => Array.isArray(mark));
  const name = row.name || t.queue.defaultExchange;
  return [
    link(ofExchange(row), name, { title: name }),
    h(
      'span',
      { class: 'marks' },
      all.map(([word, about]) => badge('plain', word, about)),
    ),
  ];
}

/** @param {Row} row */
function lostCell({ unroutable: lost, unroutableRate: fast }) {
  const title = fast > 0 ? t.exchanges.lostNow(rate(fast)) : undefined;
  return h(
    'span',
    { class: lost === 0 ? 'zero' : fast > 0 ? 'trouble' : undefined, title },
    count(lost),
  );
}

/**
 * @param {string} name
 * @param {string} title
 * @param {(row: Row) => number} value
 * @param {(value: number) => string} written
 * @param {string} style
 * @returns {import('../parts/table.js').Column<Row>}
 */
function number(name, title, value, written, style) {
  const cell = (/** @type {Row} */ row) => {
    const said = value(row);
    return h('span', { class: said === 0 ? 'zero' : undefined }, written(said));
  };
  return { name, title, style: `number ${style}`, cell, by: value };
}
