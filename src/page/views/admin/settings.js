/** The settings in force, and which of them are not the default. */

import { nameFilter } from '../../data/filter.js';
import { has } from '../../data/rights.js';
import { badge, button } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { linkedOrder, table } from '../../parts/table.js';
import { t } from '../../texts/en.js';
import { filterField, page, NO_WISHES } from './frame.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/**
 * @typedef {{key: string, value: any, default: any, group: string, changed: boolean, about: string,
 *   secret: boolean}} Setting
 */

/** @type {View} */
export const settings = {
  name: 'settings',
  menu: 'admin',
  path: ['settings'],
  title: () => t.admin.sections.settings,
  watch: (_at, _got, user) => {
    if (!has(user, 'administrator')) return NO_WISHES;
    return { settings: { path: '/leveret/settings', every: 15 } };
  },
  show: (context) => {
    const { at, got, change } = context;
    const words = t.config;
    const head = {
      section: /** @type {'settings'} */ ('settings'),
      title: t.admin.sections.settings,
      needs: /** @type {'administrator'} */ ('administrator'),
      about: words.about,
    };
    return page(context, head, () => {
      /** @type {Setting[]} */
      const all = got.settings;
      const test = nameFilter(at.query.filter ?? '');
      const isSet = at.query.set === '1';
      const rows = all
        .filter(({ changed }) => !isSet || changed)
        .filter(({ key, about, group }) => test(key, about, group));
      return [
        h(
          'div',
          { class: 'bar', role: 'search' },
          filterField(context, words.filter),
          h(
            'div',
            { class: 'chips' },
            button(words.onlySet, () => change({ set: isSet ? undefined : '1' }), {
              'aria-pressed': isSet ? 'true' : 'false',
            }),
          ),
          h('small', { class: 'quiet' }, t.filter.shown(count(rows.length), count(all.length))),
        ),
        table({
          label: t.admin.sections.settings,
          columns: COLUMNS,
          rows,
          key: ({ key }) => key,
          ...linkedOrder(context, 'name'),
          empty: words.empty,
        }),
      ];
    });
  },
};

/** @param {any} value */
function said(value) {
  if (value === null || value === undefined) return t.config.unset;
  if (typeof value === 'string') return value === '' ? '""' : value;
  return JSON.stringify(value);
}

/** @type {import('../../parts/table.js').Column<Setting>[]} */
const COLUMNS = [
  {
    name: 'name',
    title: t.config.key,
    cell: ({ key, about }) => h('code', { class: 'mono', title: about, tabindex: 0 }, key),
    by: ({ key }) => key,
  },
  {
    name: 'value',
    title: t.config.value,
    cell: (one) =>
      one.secret && one.value !== null
        ? badge('plain', t.config.hidden)
        : h('span', { title: said(one.value), class: one.changed && 'set' }, said(one.value)),
  },
  {
    name: 'default',
    title: t.config.default,
    style: 'middle',
    cell: (one) => h('span', { class: 'quiet', title: said(one.default) }, said(one.default)),
  },
  {
    name: 'group',
    title: t.config.group,
    style: 'middle',
    cell: ({ group }) => h('span', { class: 'quiet', title: group }, group),
    by: ({ group }) => group,
  },
  {
    name: 'about',
    title: t.config.meaning,
    style: 'wide',
    cell: ({ about }) => h('span', { title: about }, about),
  },
];
