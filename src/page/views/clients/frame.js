/** What the lists of connections, channels and consumers have in common. */

import { h } from '../../parts/draw.js';
import { filterBar, shown } from '../../parts/filterbar.js';
import { hash } from '../../parts/place.js';
import { linkedOrder, table } from '../../parts/table.js';
import { tabs } from '../../parts/tabs.js';
import { wanted } from '../../data/wanted.js';
import { t } from '../../texts/en.js';

/** @typedef {import('../all.js').Context} Context */
/** @typedef {import('../../parts/draw.js').Child} Child */

const KINDS = /** @type {const} */ (['connections', 'channels', 'consumers']);

/**
 * A column of numbers: a zero is quiet.
 *
 * @template R
 * @param {string} name
 * @param {string} title
 * @param {(row: R) => number} value
 * @param {(value: number) => string} written
 * @param {string} [style]
 * @param {string} [about]
 * @returns {import('../../parts/table.js').Column<R>}
 */
export function number(name, title, value, written, style = '', about) {
  const cell = (/** @type {R} */ row) => {
    const said = value(row);
    return h('span', { class: said === 0 ? 'zero' : undefined }, written(said));
  };
  return { name, title, about, style: `number ${style}`, cell, by: value };
}

/**
 * A list with its filter and its order.
 *
 * @template R
 * @param {Context} context
 * @param {{
 *   name: 'connections' | 'channels' | 'consumers',
 *   all: R[],
 *   kind: import('../../data/wanted.js').Kind<R>,
 *   columns: (rows: R[]) => import('../../parts/table.js').Column<R>[],
 *   key: (row: R) => string,
 *   sort: string,
 * }} list `sort`: the column that it is ordered by at first
 */
export function listed({ at, change }, { name, all, kind, columns, key, sort }) {
  const words = t[name];
  const text = at.query.filter ?? '';
  const filter = wanted(text, kind);
  const rows = all.filter(filter.test);
  return [
    clientTabs(name),
    h('h1', {}, t.titles[name], h('small', {}, shown(rows.length, all.length, words.many))),
    filterBar({
      label: words.filter,
      hint: words.hint,
      text,
      wrong: filter.wrong,
      offered: words.states,
      change,
    }),
    table({
      label: t.titles[name],
      columns: columns(all),
      rows,
      key,
      ...linkedOrder({ at, change }, sort),
      empty: all.length === 0 ? words.none : words.empty,
    }),
  ];
}

/** @param {string} current */
export function clientTabs(current) {
  const entries = KINDS.map((name) => ({
    href: hash([name]),
    text: t.titles[name],
    isCurrent: name === current,
  }));
  return tabs(t.titles.connections, entries);
}

/**
 * Whether rows differ in a field, so that it is worth a column.
 *
 * @template R
 * @param {R[]} rows
 * @param {(row: R) => string} field
 */
export function differ(rows, field) {
  return rows.some((row) => field(row) !== field(rows[0]));
}
