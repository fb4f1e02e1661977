/** All users. */

import { path, send } from '../../api.js';
import { nameFilter } from '../../data/filter.js';
import { OF_USERS, limitsOf, tone } from '../../data/limits.js';
import { TAGS, has, tagsOf } from '../../data/rights.js';
import { badge, button, link } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { meter } from '../../parts/grid.js';
import { hash } from '../../parts/place.js';
import { linkedOrder, table } from '../../parts/table.js';
import { t } from '../../texts/en.js';
import { filterField, noted, page, NO_WISHES } from './frame.js';
import { USED, usedOfUsers } from './limits.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/**
 * @typedef {{name: string, tags: string[], password_hash: string, hashing_algorithm: string,
 *   limits: Record<string, number>}} Person
 */

/** @type {View} */
export const users = {
  name: 'users',
  menu: 'admin',
  path: ['users'],
  title: () => t.admin.sections.users,
  watch: (_at, _got, user) => {
    if (!has(user, 'administrator')) return NO_WISHES;
    return {
      users: { path: '/users' },
      permissions: { path: '/permissions' },
      vhosts: { path: '/vhosts?columns=name', every: 5 },
      connections: USED.connections,
      channels: USED.channels,
    };
  },
  show: (context) => {
    const { at, got } = context;
    const head = {
      section: /** @type {'users'} */ ('users'),
      title: t.admin.sections.users,
      needs: /** @type {'administrator'} */ ('administrator'),
      small: got.users && t.users.total(got.users.length),
      about: t.users.about,
      actions: button(t.users.add, () => addUser(context), { class: 'primary' }),
    };
    return page(context, head, () => {
      const test = nameFilter(at.query.filter ?? '');
      const rows = got.users.filter((/** @type {Person} */ one) => test(one.name, ...one.tags));
      return [
        h('div', { class: 'bar', role: 'search' }, filterField(context, t.users.filter)),
        table({
          label: t.admin.sections.users,
          columns: columns(context),
          rows,
          key: ({ name }) => name,
          ...linkedOrder(context, 'name'),
          empty: t.users.empty,
        }),
      ];
    });
  },
};

/**
 * @param {Context} context
 * @returns {import('../../parts/table.js').Column<Person>[]}
 */
function columns({ got, user }) {
  const words = t.users;
  const used = usedOfUsers(got);
  /** @type {Map<string, string[]>} */
  const enters = new Map();
  for (const one of got.permissions) {
    enters.set(one.user, [...(enters.get(one.user) ?? []), one.vhost]);
  }
  /**
   * @type {(name: string, title: string, at: number) =>
   *   import('../../parts/table.js').Column<Person>}
   */
  const limited = (name, title, at) => ({
    name,
    title,
    style: 'number middle',
    cell: (one) => {
      const said = limitsOf(OF_USERS, one.limits, used(one.name))[at];
      if (said.value === undefined) return count(said.used);
      return meter(said, t.limits.short(count(said.used), count(said.value)), tone(said));
    },
    by: (one) => limitsOf(OF_USERS, one.limits, used(one.name))[at].used,
  });
  return [
    {
      name: 'name',
      title: words.name,
      cell: (one) => [
        link(hash(['users', one.name]), one.name, { title: one.name }),
        one.name === user.name && h('span', { class: 'marks' }, badge('plain', words.you)),
      ],
      by: ({ name }) => name,
    },
    {
      name: 'tags',
      title: words.tags,
      cell: (one) => tagMarks(one.tags),
      by: (one) => one.tags.join(),
    },
    {
      name: 'vhosts',
      title: t.admin.sections.vhosts,
      style: 'middle',
      cell: (one) => {
        const all = enters.get(one.name);
        if (!all) return badge('warn', words.nowhere, words.nowhereAbout);
        return h('span', { title: all.join(', ') }, all.join(', '));
      },
      by: (one) => (enters.get(one.name) ?? []).length,
    },
    {
      name: 'password',
      title: words.password,
      style: 'wide',
      cell: (one) => (one.password_hash ? words.hasPassword : words.noPassword),
      by: (one) => (one.password_hash ? 1 : 0),
    },
    limited('connections', t.vhosts.connections, 0),
    limited('channels', words.channels, 1),
  ];
}

/** @param {string[]} tags */
export function tagMarks(tags) {
  return h(
    'span',
    { class: 'marks' },
    tags.map((tag) =>
      badge(tag === 'administrator' ? 'warn' : 'plain', tag, t.users.tagsAbout[tag] ?? ''),
    ),
  );
}

/**
 * Fields for tags: those that mean something to tick, and any other to type.
 *
 * @param {string[]} tags
 * @returns {import('../../parts/dialog.js').Field[]}
 */
export function tagFields(tags) {
  const others = tags.filter((tag) => !TAGS.includes(tag));
  return [
    ...TAGS.map((tag) => ({
      name: `tag ${tag}`,
      label: tag,
      kind: /** @type {'check'} */ ('check'),
      value: String(tags.includes(tag)),
      hint: t.users.tagsAbout[tag],
    })),
    {
      name: 'others',
      label: t.users.otherTags,
      value: others.join(', '),
      hint: t.users.tagsHint,
    },
  ];
}

/** @param {Record<string, string>} typed */
export function tagsTyped(typed) {
  const ticked = TAGS.filter((tag) => typed[`tag ${tag}`] === 'true');
  return [...ticked, ...tagsOf(typed.others ?? '')];
}

/** @param {Context} context */
function addUser({ got, go }) {
  const words = t.users;
  /** @type {string[]} */
  const vhosts = got.vhosts.map((/** @type {any} */ { name }) => name);
  ask({
    title: words.add,
    fields: [
      { name: 'name', label: words.name, isNeeded: true },
      { name: 'password', label: words.password, kind: 'password', hint: words.passwordHint },
      {
        name: 'vhost',
        label: words.mayEnter,
        kind: 'select',
        value: vhosts.includes('/') ? '/' : (vhosts[0] ?? ''),
        hint: words.mayEnterHint,
        choices: [['', words.nowhereYet], ...vhosts.map(pair)],
      },
      ...tagFields([]),
    ],
    confirm: words.make,
    act: async (typed) => {
      const { name, password, vhost } = typed;
      // A name that is there would get another password and other tags.
      if (got.users.some((/** @type {Person} */ one) => one.name === name)) {
        throw new Error(words.isThere(name));
      }
      const login = password === '' ? { password_hash: '' } : { password };
      await send('PUT', path`/users/${name}`, { ...login, tags: tagsTyped(typed) });
      if (vhost !== '') {
        const all = { configure: '.*', write: '.*', read: '.*' };
        await send('PUT', path`/permissions/${vhost}/${name}`, all);
      }
      noted(words.made(name), async () => {
        await send('DELETE', path`/users/${name}`);
        go(hash(['users']));
      });
      go(hash(['users', name]));
    },
  });
}

/**
 * @param {string} name
 * @returns {[string, string]}
 */
function pair(name) {
  return [name, name];
}
