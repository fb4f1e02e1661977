/** All virtual hosts. */

import { path, send } from '../../api.js';
import { nameFilter } from '../../data/filter.js';
import { limitsOf, OF_VHOSTS, tone } from '../../data/limits.js';
import { has, tagsOf } from '../../data/rights.js';
import { badge, button, link } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { count, rate } from '../../parts/format.js';
import { meter } from '../../parts/grid.js';
import { hash } from '../../parts/place.js';
import { linkedOrder, table } from '../../parts/table.js';
import { t } from '../../texts/en.js';
import { filterField, noted, page } from './frame.js';
import { USED, usedOfVhosts, valuesOf } from './limits.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/**
 * @typedef {{
 *   name: string, description: string, tags: string[], default_queue_type: string,
 *   tracing: boolean, protected_from_deletion: boolean, messages?: number,
 *   messages_ready?: number, messages_unacknowledged?: number, message_stats?: any,
 *   cluster_state: Record<string, string>,
 * }} Vhost
 */

/** @type {View} */
export const vhosts = {
  name: 'vhosts',
  menu: 'admin',
  path: ['vhosts'],
  title: () => t.admin.sections.vhosts,
  watch: () => ({
    vhosts: { path: '/vhosts' },
    limits: { path: '/vhost-limits', isOptional: true },
    connections: USED.connections,
    queues: USED.queues,
  }),
  show: (context) => {
    const { at, got, user } = context;
    /** @type {Vhost[]} */
    const all = got.vhosts;
    const test = nameFilter(at.query.filter ?? '');
    const rows = all.filter(({ name, description, tags }) => test(name, description, ...tags));
    const may = has(user, 'administrator');
    const head = {
      section: /** @type {'vhosts'} */ ('vhosts'),
      title: t.admin.sections.vhosts,
      small: t.vhosts.total(all.length),
      about: t.vhosts.about,
      actions:
        may && button(t.vhosts.add, () => vhostForm(undefined, context), { class: 'primary' }),
    };
    return page(context, head, () => [
      h('div', { class: 'bar', role: 'search' }, filterField(context, t.vhosts.filter)),
      table({
        label: t.admin.sections.vhosts,
        columns: columns(context),
        rows,
        key: ({ name }) => name,
        ...linkedOrder(context, 'name'),
        empty: all.length === 0 ? t.vhosts.none : t.vhosts.empty,
      }),
    ]);
  },
};

/**
 * @param {Context} context
 * @returns {import('../../parts/table.js').Column<Vhost>[]}
 */
function columns({ got, user }) {
  const words = t.vhosts;
  const used = usedOfVhosts(got);
  const speed = (/** @type {Vhost} */ one) => one.message_stats?.publish_details?.rate ?? 0;
  const limit = (/** @type {string} */ vhost, /** @type {number} */ at) =>
    limitsOf(OF_VHOSTS, valuesOf(got.limits, 'vhost', vhost), used(vhost))[at];
  /**
   * @type {(name: string, title: string, at: number) =>
   *   import('../../parts/table.js').Column<Vhost>}
   */
  const limited = (name, title, at) => ({
    name,
    title,
    style: 'number middle',
    cell: (one) => {
      const said = limit(one.name, at);
      const text =
        said.value === undefined
          ? count(said.used)
          : t.limits.short(count(said.used), count(said.value));
      return said.value === undefined ? text : meter(said, text, tone(said));
    },
    by: (one) => limit(one.name, at).used,
  });
  return [
    {
      name: 'name',
      title: words.name,
      cell: (one) => [
        link(hash(['vhosts', one.name]), one.name, { title: one.name }),
        marks(one),
      ],
      by: ({ name }) => name,
    },
    {
      name: 'about',
      title: words.description,
      style: 'wide',
      cell: ({ description }) => h('span', { title: description }, description),
      by: ({ description }) => description,
    },
    {
      name: 'kind',
      title: words.kind,
      about: words.kindAbout,
      style: 'wide',
      cell: (one) => one.default_queue_type,
      by: (one) => one.default_queue_type,
    },
    limited('queues', t.titles.queues, 1),
    ...(has(user, 'monitoring') ? [limited('connections', words.connections, 0)] : []),
    {
      name: 'messages',
      title: words.messages,
      style: 'number',
      cell: ({ messages = 0 }) => count(messages),
      by: ({ messages = 0 }) => messages,
    },
    {
      name: 'in',
      title: t.queues.incoming,
      style: 'number wide',
      cell: (one) => rate(speed(one)),
      by: speed,
    },
  ];
}

/** @param {Vhost} one */
export function marks(one) {
  const words = t.vhosts.marks;
  return h(
    'span',
    { class: 'marks' },
    one.protected_from_deletion && badge('good', words.protected[0], words.protected[1]),
    one.tracing && badge('warn', words.tracing[0], words.tracing[1]),
    one.tags.map((tag) => badge('plain', tag)),
  );
}

/**
 * Makes a virtual host, or describes one anew.
 *
 * @param {Vhost | undefined} before
 * @param {Context} context
 */
export function vhostForm(before, { go }) {
  const words = t.vhosts;
  /**
   * @type {(one: {description: string, tags: string[], kind: string, tracing: boolean}) => object}
   */
  const body = ({ description, tags, kind, tracing }) => ({
    description,
    tags,
    tracing,
    ...(kind && { default_queue_type: kind }),
  });
  ask({
    title: before ? words.editTitle(before.name) : words.add,
    fields: [
      ...(before ? [] : [{ name: 'name', label: words.name, isNeeded: true }]),
      { name: 'description', label: words.description, value: before?.description },
      { name: 'tags', label: words.tags, value: before?.tags.join(', '), hint: words.tagsHint },
      {
        name: 'kind',
        label: words.kind,
        kind: 'select',
        value: before?.default_queue_type ?? '',
        hint: words.kindAbout,
        choices: [['', words.kindOfBroker], ...words.kinds],
      },
      {
        name: 'tracing',
        label: words.tracing,
        kind: 'check',
        value: String(before?.tracing ?? false),
        hint: words.tracingHint,
      },
    ],
    confirm: before ? words.save : words.make,
    act: async (typed) => {
      const name = before?.name ?? typed.name;
      const place = path`/vhosts/${name}`;
      const tracing = typed.tracing === 'true';
      await send('PUT', place, body({ ...wide(typed), tags: tagsOf(typed.tags), tracing }));
      if (!before) {
        noted(words.made(name));
        go(hash(['vhosts', name]));
        return;
      }
      const old = { ...before, kind: before.default_queue_type };
      noted(words.saved, () => send('PUT', place, body(old)));
    },
  });
}

/** @param {Record<string, string>} typed */
function wide({ description = '', kind = '' }) {
  return { description, kind };
}
