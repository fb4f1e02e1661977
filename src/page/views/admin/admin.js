/** The way into the administration: what there is, and what needs a look. */

import { send } from '../../api.js';
import { tally } from '../../data/limits.js';
import { has } from '../../data/rights.js';
import { button, facts, link } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { SECTIONS, noted, page } from './frame.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */

/** @type {View} */
export const admin = {
  name: 'admin',
  key: 'a',
  path: ['admin'],
  title: () => t.titles.admin,
  watch: (_at, _got, user) => ({
    overview: { path: '/overview', every: 5 },
    vhosts: { path: '/vhosts?columns=name', every: 5 },
    policies: { path: '/policies?columns=name,vhost', every: 5 },
    operators: { path: '/operator-policies?columns=name,vhost', every: 5 },
    used: { path: '/deprecated-features/used', every: 5 },
    owned: { path: '/queues?columns=vhost,policy&disable_stats=true', every: 5 },
    exchanges: { path: '/exchanges?columns=vhost,policy', every: 5 },
    ...(has(user, 'administrator') && {
      users: { path: '/users?columns=name,tags', every: 5 },
      locked: { path: '/users/without-permissions?columns=name', every: 5 },
    }),
  }),
  show: (context) => {
    const head = { section: /** @type {'admin'} */ ('admin'), title: t.titles.admin };
    return page(context, head, () => [
      h('div', { class: 'columns', key: 'about' }, you(context), broker(context)),
      h(
        'ul',
        { class: 'tiles', key: 'tiles' },
        SECTIONS.slice(1).map((name) => tile(name, context)),
      ),
    ]);
  },
};

/** @param {Context} context */
function you({ user }) {
  const words = t.admin;
  return h(
    'section',
    { class: 'card', key: 'you' },
    h('h2', {}, words.you),
    h('p', {}, words.youAre(user.name, user.tags.join(', '))),
    h(
      'ul',
      { class: 'plainly' },
      has(user, 'administrator')
        ? h('li', { key: 'all' }, words.mayAll)
        : [
            h('li', { key: 'sees' }, t.users.sees(user.tags)),
            has(user, 'policymaker') && h('li', { key: 'policies' }, words.mayPolicies),
            h('li', { key: 'others' }, words.mayNotAll),
          ],
    ),
  );
}

/** @param {Context} context */
function broker({ got, user }) {
  const words = t.admin;
  const {
    cluster_name: name,
    node,
    leveret_version: own,
    rabbitmq_version: spoken,
  } = got.overview;
  return h(
    'section',
    { class: 'card', key: 'broker' },
    h(
      'div',
      { class: 'bar' },
      h('h2', {}, words.broker),
      has(user, 'administrator') &&
        h(
          'div',
          { class: 'actions' },
          button(words.rename, () => rename(name)),
        ),
    ),
    facts([
      [words.clusterName, name],
      [words.node, node],
      [t.product, own],
      [words.speaks, spoken ? words.rabbit(spoken) : null],
    ]),
  );
}

/** @param {string} before */
function rename(before) {
  const words = t.admin;
  const put = (/** @type {string} */ name) => send('PUT', '/cluster-name', { name });
  ask({
    title: words.renameTitle,
    body: h('p', { class: 'quiet' }, words.renameAbout),
    fields: [{ name: 'name', label: words.clusterName, value: before, isNeeded: true }],
    confirm: words.rename,
    act: async ({ name }) => {
      await put(name);
      noted(words.renamed, () => put(before));
    },
  });
}

/**
 * @param {import('./frame.js').Section} name
 * @param {Context} context
 */
function tile(name, context) {
  const { many, look } = stateOf(name, context);
  return h(
    'li',
    { key: name, class: 'card' },
    link(hash([name]), [t.admin.sections[name], many && h('small', {}, many)]),
    h('p', { class: 'quiet' }, t.admin.abouts[name]),
    look && h('p', { class: 'look' }, h('span', { class: 'light warn' }), look),
  );
}

/**
 * What is there, and what needs a look.
 *
 * @param {import('./frame.js').Section} name
 * @param {Context} context
 * @returns {{many?: string, look?: string}}
 */
function stateOf(name, { got }) {
  const words = t.admin;
  if (name === 'vhosts') return { many: count(got.vhosts.length) };
  if (name === 'users' && got.users) {
    const locked = got.locked.map((/** @type {any} */ one) => one.name);
    return {
      many: count(got.users.length),
      look: locked.length > 0 ? words.locked(locked) : undefined,
    };
  }
  if (name === 'policies') {
    const all = got.policies.length + got.operators.length;
    const key = (/** @type {any} */ one) => `${one.vhost}\n${one.policy ?? one.name ?? ''}`;
    const inForce = tally([...got.owned, ...got.exchanges], key);
    const idle = got.policies.filter((/** @type {any} */ one) => !inForce.has(key(one)));
    const names = idle.map((/** @type {any} */ one) => one.name);
    return {
      many: count(all),
      look: names.length > 0 ? words.idle(names) : undefined,
    };
  }
  if (name === 'feature-flags' && got.used.length > 0) {
    return { look: words.deprecated(got.used.map((/** @type {any} */ one) => one.name)) };
  }
  if (name === 'listeners' && got.overview.listeners) {
    return { many: count(got.overview.listeners.length) };
  }
  return {};
}
