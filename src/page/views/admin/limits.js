/** Limits of virtual hosts and users: what is used of each, set and lifted. */

import { path, send } from '../../api.js';
import { nameFilter } from '../../data/filter.js';
import { OF_USERS, OF_VHOSTS, limitsOf, tally, tone } from '../../data/limits.js';
import { has } from '../../data/rights.js';
import { link } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { act, grid, meter } from '../../parts/grid.js';
import { hash } from '../../parts/place.js';
import { linkedOrder, table } from '../../parts/table.js';
import { t } from '../../texts/en.js';
import { doing, filterField, noted, page } from './frame.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').User} User */
/** @typedef {import('../../data/limits.js').Limit} Limit */

/** What tells how much of the limits is used; a user without `monitoring` sees their own alone. */
export const USED = {
  connections: { path: '/connections?columns=user,vhost', every: 5, isOptional: true },
  channels: { path: '/channels?columns=user', every: 5, isOptional: true },
  queues: { path: '/queues?columns=vhost&disable_stats=true', every: 5, isOptional: true },
};

/** @type {View} */
export const limits = {
  name: 'limits',
  menu: 'admin',
  path: ['limits'],
  title: () => t.admin.sections.limits,
  watch: (_at, _got, user) => ({
    vhosts: { path: '/vhosts?columns=name' },
    vhostLimits: { path: '/vhost-limits' },
    ...(has(user, 'administrator') && {
      users: { path: '/users?columns=name' },
      userLimits: { path: '/user-limits' },
    }),
    ...USED,
  }),
  show: (context) => {
    const { at, got, user } = context;
    const head = { section: /** @type {'limits'} */ ('limits'), about: t.limits.about };
    const test = nameFilter(at.query.filter ?? '');
    const names = (/** @type {any[]} */ all) =>
      all.map(({ name }) => name).filter((/** @type {string} */ name) => test(name));
    return page(context, { ...head, title: t.admin.sections.limits }, () => [
      h('div', { class: 'bar', role: 'search' }, filterField(context, t.limits.filter)),
      h('h2', { key: 'vhosts' }, t.limits.ofVhosts),
      list(context, 'vhost', names(got.vhosts)),
      has(user, 'administrator') && [
        h('h2', { key: 'users' }, t.limits.ofUsers),
        list(context, 'user', names(got.users)),
      ],
    ]);
  },
};

/**
 * @param {import('../all.js').Context} context
 * @param {'vhost' | 'user'} kind
 * @param {string[]} names
 */
function list({ at, got, user, change }, kind, names) {
  const isVhost = kind === 'vhost';
  const [may, sees] = [has(user, 'administrator'), has(user, 'monitoring')];
  const used = (isVhost ? usedOfVhosts : usedOfUsers)(got);
  const all = isVhost ? got.vhostLimits : got.userLimits;
  const kinds = isVhost ? OF_VHOSTS : OF_USERS;
  const of = (/** @type {string} */ name) =>
    limitsOf(kinds, valuesOf(all, kind, name), used(name));
  const title = isVhost ? t.limits.ofVhosts : t.limits.ofUsers;
  return table({
    label: title,
    columns: [
      {
        name: 'name',
        title: isVhost ? t.vhosts.one : t.users.one,
        cell: (name) => link(hash([isVhost ? 'vhosts' : 'users', name]), name, { title: name }),
        by: (name) => name,
      },
      ...kinds.map((limit, index) => ({
        name: limit,
        title: t.limits.names[limit],
        style: 'c-limit',
        cell: (/** @type {string} */ name) =>
          h('span', { class: 'limit' }, cells(of(name)[index], kind, name, may, sees).slice(1)),
        by: (/** @type {string} */ name) => of(name)[index].used,
      })),
    ],
    rows: names,
    key: (name) => name,
    ...linkedOrder({ at, change }, 'name'),
    empty: isVhost ? t.vhosts.empty : t.users.empty,
  });
}

/**
 * @param {any[] | undefined} all
 * @param {'vhost' | 'user'} kind
 * @param {string} name
 * @returns {Record<string, number> | undefined}
 */
export function valuesOf(all, kind, name) {
  return all?.find((one) => one[kind] === name)?.value;
}

/** @param {Record<string, any>} got */
export function usedOfVhosts({ connections = [], queues = [] }) {
  const [open, there] = [connections, queues].map((all) => tally(all, ({ vhost }) => vhost));
  return (/** @type {string} */ name) => ({
    'max-connections': open.get(name) ?? 0,
    'max-queues': there.get(name) ?? 0,
  });
}

/** @param {Record<string, any>} got */
export function usedOfUsers({ connections = [], channels = [] }) {
  const [open, there] = [connections, channels].map((all) => tally(all, ({ user }) => user));
  return (/** @type {string} */ name) => ({
    'max-connections': open.get(name) ?? 0,
    'max-channels': there.get(name) ?? 0,
  });
}

/**
 * A table of the limits of one virtual host or user.
 *
 * @param {'vhost' | 'user'} kind
 * @param {string} name
 * @param {Limit[]} all
 * @param {User} user
 */
export function limitTable(kind, name, all, user) {
  const [may, sees] = [has(user, 'administrator'), has(user, 'monitoring')];
  return grid({
    title: t.admin.sections.limits,
    heads: [t.limits.limit, t.limits.used, ''],
    rows: all.map((limit) => ({ key: limit.name, cells: cells(limit, kind, name, may, sees) })),
    empty: '',
  });
}

/**
 * @param {Limit} limit
 * @param {'vhost' | 'user'} kind
 * @param {string} name
 * @param {boolean} may
 * @param {boolean} sees
 */
function cells(limit, kind, name, may, sees) {
  const words = t.limits;
  const { value, used } = limit;
  // A user that does not see the connections of others is told the limit alone.
  const isKnown = sees || limit.name === 'max-queues';
  const most = value === undefined ? words.noLimit : count(value);
  const text = isKnown ? words.of(count(used), most) : most;
  const what = words.names[limit.name];
  return [
    what,
    meter(isKnown ? limit : { value: undefined, used: 0 }, text, tone(limit)),
    may && [
      act(words.set, words.setTitle(what, name), () => setLimit(kind, name, limit)),
      ' ',
      value !== undefined &&
        act(words.lift, words.liftTitle(what, name), () => lift(kind, name, limit)),
    ],
  ];
}

/**
 * @param {'vhost' | 'user'} kind
 * @param {string} owner
 * @param {string} name
 */
function placeOf(kind, owner, name) {
  return kind === 'vhost'
    ? path`/vhost-limits/${owner}/${name}`
    : path`/user-limits/${owner}/${name}`;
}

/**
 * @param {'vhost' | 'user'} kind
 * @param {string} owner
 * @param {Limit} limit
 */
function setLimit(kind, owner, { name, value }) {
  const words = t.limits;
  const put = (/** @type {number} */ number) =>
    send('PUT', placeOf(kind, owner, name), { value: number });
  const remove = () => send('DELETE', placeOf(kind, owner, name));
  ask({
    title: words.setTitle(words.names[name], owner),
    fields: [
      {
        name: 'value',
        label: words.names[name],
        kind: 'number',
        value: value === undefined ? '' : String(value),
        hint: words.hint,
        isNeeded: true,
      },
    ],
    confirm: words.set,
    act: async ({ value: typed }) => {
      const number = Number(typed);
      if (!Number.isSafeInteger(number) || number < 0) throw new Error(words.wrong);
      await put(number);
      noted(words.isSet, value === undefined ? remove : () => put(value));
    },
  });
}

/**
 * @param {'vhost' | 'user'} kind
 * @param {string} owner
 * @param {Limit} limit
 */
function lift(kind, owner, { name, value }) {
  const place = placeOf(kind, owner, name);
  const back = () => send('PUT', place, { value });
  doing(() => send('DELETE', place), t.limits.lifted, back);
}
