/** One virtual host: what is in it, who may do what there, its limits, and its end. */

import { get, path, send } from '../../api.js';
import { OF_VHOSTS, limitsOf } from '../../data/limits.js';
import { has } from '../../data/rights.js';
import { badge, button, facts, link } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { count, rate } from '../../parts/format.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { download } from './definitions.js';
import { doing, noted, notYours, page } from './frame.js';
import { USED, limitTable, usedOfVhosts, valuesOf } from './limits.js';
import { permitTable, topicTable } from './permits.js';
import { marks, vhostForm } from './vhosts.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/** @typedef {import('./vhosts.js').Vhost} Vhost */

/** @type {View} */
export const vhost = {
  name: 'vhost',
  menu: 'admin',
  path: ['vhosts', null],
  title: ({ parts }) => parts[1],
  watch: ({ parts: [, name] }, _got, user) => ({
    // One alone is for administrators; all may see their own in the list.
    vhosts: { path: '/vhosts' },
    limits: { path: '/vhost-limits', isOptional: true },
    connections: USED.connections,
    queues: { path: `${path`/queues/${name}`}?columns=vhost,type&disable_stats=true`, every: 2 },
    exchanges: { path: `${path`/exchanges/${name}`}?columns=name`, every: 2 },
    policies: { path: path`/policies/${name}`, every: 5 },
    ...(has(user, 'administrator') && {
      permissions: { path: path`/vhosts/${name}/permissions` },
      topics: { path: path`/vhosts/${name}/topic-permissions` },
      users: { path: '/users?columns=name', every: 5 },
    }),
  }),
  show: (context) => {
    const { at, got, user } = context;
    const name = at.parts[1];
    /** @type {Vhost | undefined} */
    const said = got.vhosts.find((/** @type {Vhost} */ one) => one.name === name);
    if (!said) return [h('h1', {}, t.gone), h('p', {}, t.goneAbout)];
    const may = has(user, 'administrator');
    const head = {
      section: /** @type {'vhosts'} */ ('vhosts'),
      title: name,
      marks: marks(said),
      small: said.description || t.vhosts.one,
      actions: may && actions(said, context),
    };
    const values = valuesOf(got.limits, 'vhost', name);
    const users = got.users?.map((/** @type {any} */ one) => one.name);
    return page(context, head, () => [
      h(
        'div',
        { class: 'columns', key: 'about' },
        about(said, context),
        limitTable('vhost', name, limitsOf(OF_VHOSTS, values, usedOfVhosts(got)(name)), user),
      ),
      may
        ? [
            permitTable(got.permissions, { vhost: name, users }),
            topicTable(got.topics, { vhost: name, users }),
          ]
        : notYours(t.permissions.notYours),
    ]);
  },
};

/**
 * @param {Vhost} said
 * @param {Context} context
 */
function actions(said, context) {
  const words = t.vhosts;
  const place = path`/vhosts/${said.name}/deletion/protection`;
  const protect = () => send('POST', place);
  const unprotect = () => send('DELETE', place);
  const isSafe = said.protected_from_deletion;
  return [
    button(words.edit, () => vhostForm(said, context)),
    isSafe
      ? button(words.unprotect, () => doing(unprotect, words.isOpen, protect))
      : button(words.protect, () => doing(protect, words.isSafe, unprotect)),
    button(words.remove, () => remove(said, context), {
      class: 'danger',
      disabled: isSafe,
      title: isSafe ? words.safeHint : undefined,
    }),
  ];
}

/**
 * @param {Vhost} said
 * @param {Context} context
 */
function about(said, { got, user, isThere }) {
  const words = t.vhosts;
  const { name } = said;
  const there = hash(['queues'], { filter: `vhost:${name}` });
  /** @type {(type: string) => number} */
  const of = (type) => got.queues.filter((/** @type {any} */ one) => one.type === type).length;
  const kinds = ['classic', 'quorum', 'stream'].filter((type) => of(type) > 0);
  const own = got.exchanges.filter((/** @type {any} */ one) => !isBuiltIn(one.name)).length;
  const speed = said.message_stats?.publish_details?.rate;
  const exchanges = hash(['exchanges'], { filter: `vhost:${name}` });
  const state = Object.values(said.cluster_state)[0];
  return h(
    'section',
    { class: 'card', key: 'facts' },
    h('h2', {}, words.inside),
    facts([
      [
        t.titles.queues,
        link(
          there,
          words.queues(
            count(got.queues.length),
            kinds.map((k) => `${count(of(k))} ${k}`),
          ),
        ),
      ],
      [
        words.exchanges,
        isThere(exchanges) ? link(exchanges, words.own(count(own))) : words.own(count(own)),
      ],
      [
        words.messages,
        words.depth(
          count(said.messages_ready ?? 0),
          count(said.messages_unacknowledged ?? 0),
          rate(speed ?? 0),
        ),
      ],
      [
        t.admin.sections.policies,
        link(hash(['policies'], { filter: name }), count(got.policies.length)),
      ],
      [words.kind, said.default_queue_type],
      [words.state, badge(state === 'running' ? 'good' : 'bad', words.states[state] ?? state)],
      [
        t.admin.sections.definitions,
        has(user, 'administrator')
          ? link(download(name), words.download, { download: '' })
          : null,
      ],
    ]),
  );
}

/** @param {string} name */
function isBuiltIn(name) {
  return name === '' || name.startsWith('amq.');
}

/**
 * Counts what goes with a virtual host, and asks.
 *
 * @param {Vhost} said
 * @param {Context} context
 */
async function remove({ name, messages = 0 }, { go }) {
  const words = t.vhosts;
  const place = location.hash;
  const one = (/** @type {string} */ kind, /** @type {string} */ column) =>
    get(`${path`/${kind}/${name}`}?columns=${column}`);
  const [queues, exchanges, bindings, policies, operators, permissions, connections] =
    await Promise.all([
      one('queues', 'name&disable_stats=true'),
      one('exchanges', 'name'),
      one('bindings', 'source'),
      one('policies', 'name'),
      one('operator-policies', 'name'),
      get(path`/vhosts/${name}/permissions`),
      get(`${path`/vhosts/${name}/connections`}?columns=name`),
    ]).catch((error) => (doing(() => Promise.reject(error), ''), []));
  // Refused, or the operator has gone elsewhere meanwhile.
  if (!queues || location.hash !== place) return;
  const own = exchanges.filter((/** @type {any} */ each) => !isBuiltIn(each.name)).length;
  const bound = bindings.filter((/** @type {any} */ each) => each.source !== '').length;
  const lost = words.lost({
    queues: queues.length,
    messages,
    exchanges: own,
    bindings: bound,
    policies: policies.length + operators.length,
    permissions: permissions.length,
    connections: connections.length,
  });
  const isEmpty = queues.length + own + connections.length === 0;
  ask({
    title: words.removeTitle(name),
    body: [
      h('p', {}, lost.length > 0 ? words.removeAbout : words.removeEmpty),
      h(
        'ul',
        { class: 'lost' },
        lost.map((text) => h('li', { key: text }, text)),
      ),
      !isEmpty &&
        h(
          'p',
          { class: 'quiet' },
          words.removeKeep,
          ' ',
          link(download(name), words.keep, { download: '' }),
        ),
    ],
    fields: isEmpty ? [] : [{ name: 'typed', label: words.typeName(name), isNeeded: true }],
    confirm: words.remove,
    isDangerous: true,
    act: async ({ typed }) => {
      if (!isEmpty && typed !== name) throw new Error(words.otherName);
      await send('DELETE', path`/vhosts/${name}`);
      noted(words.removed(name));
      go(hash(['vhosts']));
    },
  });
}
