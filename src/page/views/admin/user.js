/** One user: tags, password, limits, what they may do where. */

import { path, send } from '../../api.js';
import { OF_USERS, limitsOf } from '../../data/limits.js';
import { has } from '../../data/rights.js';
import { badge, button, facts, link } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { noted, page, NO_WISHES } from './frame.js';
import { USED, limitTable, usedOfUsers } from './limits.js';
import { permitTable, topicTable } from './permits.js';
import { tagFields, tagMarks, tagsTyped } from './users.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/** @typedef {import('./users.js').Person} Person */

/** @type {View} */
export const user = {
  name: 'user',
  menu: 'admin',
  path: ['users', null],
  title: ({ parts }) => parts[1],
  watch: ({ parts: [, name] }, _got, who) => {
    if (!has(who, 'administrator')) return NO_WISHES;
    return {
      user: { path: path`/users/${name}` },
      permissions: { path: path`/users/${name}/permissions` },
      topics: { path: path`/users/${name}/topic-permissions` },
      users: { path: '/users?columns=name,tags', every: 5 },
      vhosts: { path: '/vhosts?columns=name', every: 5 },
      connections: USED.connections,
      channels: USED.channels,
    };
  },
  show: (context) => {
    const { at, got } = context;
    const name = at.parts[1];
    /** @type {Person} */
    const said = got.user;
    const head = {
      section: /** @type {'users'} */ ('users'),
      needs: /** @type {'administrator'} */ ('administrator'),
      title: name,
      marks: said && tagMarks(said.tags),
      actions: said && [
        button(t.users.editTags, () => editTags(said)),
        button(t.users.setPassword, () => setPassword(said, context)),
        button(t.users.remove, () => remove(said, context), { class: 'danger' }),
      ],
    };
    return page(context, head, () => {
      const vhosts = got.vhosts.map((/** @type {any} */ one) => one.name);
      const limits = limitsOf(OF_USERS, said.limits, usedOfUsers(got)(name));
      return [
        got.permissions.length === 0
          ? h('p', { class: 'notice', key: 'nowhere' }, t.users.nowhereAbout)
          : null,
        h(
          'div',
          { class: 'columns', key: 'about' },
          about(said, context),
          limitTable('user', name, limits, context.user),
        ),
        permitTable(got.permissions, { user: name, vhosts }),
        topicTable(got.topics, { user: name, vhosts }),
      ];
    });
  },
};

/**
 * @param {Person} said
 * @param {Context} context
 */
function about(said, { got, isThere, user: who }) {
  const words = t.users;
  const open = usedOfUsers(got)(said.name);
  const there = hash(['connections'], { filter: `user:${said.name}` });
  const connections = words.open(count(open['max-connections']), count(open['max-channels']));
  return h(
    'section',
    { class: 'card', key: 'facts' },
    h('h2', {}, words.aboutOne),
    facts([
      [words.isYou, said.name === who.name ? badge('plain', words.you) : null],
      [
        words.password,
        said.password_hash
          ? words.hashed(said.hashing_algorithm.replace('rabbit_password_hashing_', ''))
          : words.noPasswordAbout,
      ],
      [words.inPage, words.sees(said.tags)],
      [t.vhosts.connections, isThere(there) ? link(there, connections) : connections],
      [
        words.tester,
        link(
          hash(['permissions'], { user: said.name, vhost: got.permissions[0]?.vhost }),
          words.try,
        ),
      ],
    ]),
  );
}

/**
 * What a user is made of; what is not said goes.
 *
 * @param {Person} said
 */
function whole({ tags, password_hash, hashing_algorithm }) {
  return { tags, password_hash, ...(password_hash && { hashing_algorithm }) };
}

/** @param {Person} said */
function editTags(said) {
  const words = t.users;
  const place = path`/users/${said.name}`;
  ask({
    title: words.tagsOf(said.name),
    fields: tagFields(said.tags),
    confirm: words.save,
    act: async (typed) => {
      await send('PUT', place, { ...whole(said), tags: tagsTyped(typed) });
      noted(words.saved, () => send('PUT', place, whole(said)));
    },
  });
}

/**
 * @param {Person} said
 * @param {Context} context
 */
function setPassword(said, { user: who }) {
  const words = t.users;
  const place = path`/users/${said.name}`;
  const isSelf = said.name === who.name;
  ask({
    title: words.passwordOf(said.name),
    body: h('p', { class: 'quiet' }, isSelf ? words.passwordSelf : words.passwordAbout),
    fields: [
      { name: 'password', label: words.newPassword, kind: 'password' },
      { name: 'again', label: words.again, kind: 'password' },
      { name: 'none', label: words.none1, kind: 'check', value: 'false', hint: words.none1Hint },
    ],
    confirm: words.setPassword,
    act: async ({ password, again, none }) => {
      if (none !== 'true' && password === '') throw new Error(words.noEmpty);
      if (none !== 'true' && password !== again) throw new Error(words.differ);
      const login = none === 'true' ? { password_hash: '' } : { password };
      await send('PUT', place, { ...login, tags: said.tags });
      // A user that changes their own is logged out, and cannot take it back from here.
      noted(words.passwordSet, isSelf ? undefined : () => send('PUT', place, whole(said)));
    },
  });
}

/**
 * @param {Person} said
 * @param {Context} context
 */
function remove(said, { got, go, user: who }) {
  const words = t.users;
  const { name } = said;
  const place = path`/users/${name}`;
  const open = usedOfUsers(got)(name)['max-connections'];
  const admins = got.users.filter((/** @type {any} */ one) => one.tags.includes('administrator'));
  const isLast = said.tags.includes('administrator') && admins.length === 1;
  const { permissions, topics } = got;
  const lost = words.lost(permissions.length + topics.length, open);
  ask({
    title: words.removeTitle(name),
    body: [
      name === who.name && h('p', { class: 'trouble' }, words.removeSelf),
      isLast && h('p', { class: 'trouble' }, words.removeLast),
      h('p', {}, words.removeAbout),
      h(
        'ul',
        { class: 'lost' },
        lost.map((text) => h('li', { key: text }, text)),
      ),
    ],
    confirm: words.remove,
    isDangerous: true,
    act: async () => {
      await send('DELETE', place);
      go(hash(['users']));
      noted(words.removed(name), () => restore(said, permissions, topics));
    },
  });
}

/**
 * @param {Person} said
 * @param {import('./permits.js').Permit[]} permissions
 * @param {import('./permits.js').Topic[]} topics
 */
async function restore(said, permissions, topics) {
  const { name, limits } = said;
  await send('PUT', path`/users/${name}`, { ...whole(said), limits });
  for (const { vhost, configure, write, read } of permissions) {
    await send('PUT', path`/permissions/${vhost}/${name}`, { configure, write, read });
  }
  for (const { vhost, exchange, write, read } of topics) {
    await send('PUT', path`/topic-permissions/${vhost}/${name}`, { exchange, write, read });
  }
}
