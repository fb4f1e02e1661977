/** Tables of who may do what, and what changes them: for the views of users, vhosts and all. */

import { path, send } from '../../api.js';
import { meaning } from '../../data/rights.js';
import { button, link } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { act, grid } from '../../parts/grid.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { doing, mono, noted } from './frame.js';

/**
 * @typedef {{user: string, vhost: string, configure: string, write: string, read: string}} Permit
 * @typedef {{user: string, vhost: string, exchange: string, write: string, read: string}} Topic
 * @typedef {{user?: string, vhost?: string, users?: string[], vhosts?: string[]}} Where
 *   `user`, `vhost`: all are of that one; `users`, `vhosts`: what there is to choose from
 */

/** @param {string} text */
function pattern(text) {
  const words = meaning(text);
  return words === undefined ? mono(text) : h('span', { title: text || '""' }, words);
}

/** @param {Permit} one */
function placeOf({ vhost, user }) {
  return path`/permissions/${vhost}/${user}`;
}

/**
 * @param {Permit[]} all
 * @param {Where} where
 */
export function permitTable(all, where) {
  const words = t.permissions;
  const heads = [
    ...(where.user === undefined ? [t.users.one] : []),
    ...(where.vhost === undefined ? [t.vhosts.one] : []),
    words.configure,
    words.write,
    words.read,
    '',
  ];
  return grid({
    title: words.title,
    about: words.about,
    actions: button(words.add, () => permit(undefined, where, all)),
    heads,
    rows: all.map((one) => ({
      key: `${one.user}\n${one.vhost}`,
      cells: [
        ...ends(one, where),
        pattern(one.configure),
        pattern(one.write),
        pattern(one.read),
        [
          link(hash(['permissions'], { user: one.user, vhost: one.vhost }), words.try, {
            'aria-label': words.tryTitle(one.user, one.vhost),
          }),
          ' ',
          act(words.edit, words.of(one.user, one.vhost), () => permit(one, where, all)),
          ' ',
          act(words.remove, words.of(one.user, one.vhost), () => revoke(one)),
        ],
      ],
    })),
    empty: where.user === undefined ? words.noneIn : words.noneOf,
  });
}

/**
 * @param {{user: string, vhost: string}} one
 * @param {Where} where
 */
function ends({ user, vhost }, where) {
  return [
    ...(where.user === undefined ? [link(hash(['users', user]), user)] : []),
    ...(where.vhost === undefined ? [link(hash(['vhosts', vhost]), vhost)] : []),
  ];
}

/** @param {Permit} one */
function revoke(one) {
  const { configure, write, read } = one;
  const back = () => send('PUT', placeOf(one), { configure, write, read });
  doing(() => send('DELETE', placeOf(one)), t.permissions.removed, back);
}

/**
 * Fields for what is not said yet.
 *
 * @param {Where} where
 * @returns {import('../../parts/dialog.js').Field[]}
 */
function whereFields({ user, vhost, users = [], vhosts = [] }) {
  /**
   * @type {(name: string, label: string, all: string[]) => import('../../parts/dialog.js').Field}
   */
  const one = (name, label, all) => ({
    name,
    label,
    kind: 'select',
    choices: all.map((value) => [value, value]),
    value: all[0],
  });
  return [
    ...(user === undefined ? [one('user', t.users.one, users)] : []),
    ...(vhost === undefined ? [one('vhost', t.vhosts.one, vhosts)] : []),
  ];
}

/**
 * Asks for a permission and sets it.
 *
 * @param {Permit | undefined} before
 * @param {Where} where
 * @param {Permit[]} all
 */
function permit(before, where, all) {
  const words = t.permissions;
  const known = before ?? { configure: '.*', write: '.*', read: '.*' };
  const at = before ?? where;
  /** @type {(name: 'configure' | 'write' | 'read') => import('../../parts/dialog.js').Field} */
  const field = (name) => ({
    name,
    label: words[name],
    value: known[name],
    hint: words.hints[name],
  });
  ask({
    title: before ? words.editTitle(before.user, before.vhost) : words.add,
    body: h('p', { class: 'quiet' }, words.patterns),
    fields: [
      ...whereFields(at === before ? before : where),
      ...['configure', 'write', 'read'].map((name) => field(/** @type {'read'} */ (name))),
    ],
    confirm: words.set,
    act: async ({ configure, write, read, ...chosen }) => {
      const one = { user: '', vhost: '', ...at, ...chosen, configure, write, read };
      const old = all.find(({ user, vhost }) => user === one.user && vhost === one.vhost);
      await send('PUT', placeOf(one), { configure, write, read });
      const back = old
        ? () => send('PUT', placeOf(one), { ...old, user: undefined, vhost: undefined })
        : () => send('DELETE', placeOf(one));
      noted(words.isSet, back);
    },
  });
}

/**
 * @param {Topic[]} all
 * @param {Where} where
 */
export function topicTable(all, where) {
  const words = t.permissions;
  const heads = [
    ...(where.user === undefined ? [t.users.one] : []),
    ...(where.vhost === undefined ? [t.vhosts.one] : []),
    words.exchange,
    words.topicWrite,
    words.topicRead,
    '',
  ];
  return grid({
    title: words.topics,
    about: words.topicsAbout,
    actions: button(words.addTopic, () => topic(undefined, where, all)),
    heads,
    rows: all.map((one) => ({
      key: `${one.user}\n${one.vhost}\n${one.exchange}`,
      cells: [
        ...ends(one, where),
        one.exchange === '' ? words.anyExchange : mono(one.exchange),
        pattern(one.write),
        pattern(one.read),
        [
          act(words.edit, words.ofTopic(one.user, one.exchange), () => topic(one, where, all)),
          ' ',
          act(words.remove, words.ofTopic(one.user, one.exchange), () => revokeTopic(one, all)),
        ],
      ],
    })),
    empty: words.noTopics,
  });
}

/** @param {Topic} one */
function topicPlace({ vhost, user }) {
  return path`/topic-permissions/${vhost}/${user}`;
}

/** @param {Topic} one */
function setTopic(one) {
  const { exchange, write, read } = one;
  return send('PUT', topicPlace(one), { exchange, write, read });
}

/**
 * The broker lifts those of one exchange by its name, and those of the default exchange only with
 * all others, which are set again then.
 *
 * @param {Topic} one
 * @param {Topic[]} all
 */
async function clearTopic(one, all) {
  const { vhost, user, exchange } = one;
  if (exchange !== '')
    return send('DELETE', path`/topic-permissions/${vhost}/${user}/${exchange}`);
  await send('DELETE', topicPlace(one));
  const others = all.filter((other) => other !== one && other.user === user);
  for (const other of others) if (other.vhost === vhost) await setTopic(other);
}

/**
 * @param {Topic} one
 * @param {Topic[]} all
 */
function revokeTopic(one, all) {
  doing(
    () => clearTopic(one, all),
    t.permissions.removed,
    () => setTopic(one),
  );
}

/**
 * @param {Topic | undefined} before
 * @param {Where} where
 * @param {Topic[]} all
 */
function topic(before, where, all) {
  const words = t.permissions;
  const at = before ?? where;
  ask({
    title: before ? words.editTopic(before.user, before.exchange) : words.addTopic,
    body: h('p', { class: 'quiet' }, words.topicPatterns),
    fields: [
      ...whereFields(at),
      ...(before
        ? []
        : [
            {
              name: 'exchange',
              label: words.exchange,
              value: 'amq.topic',
              hint: words.exchangeHint,
            },
          ]),
      { name: 'write', label: words.topicWrite, value: before?.write ?? '.*' },
      { name: 'read', label: words.topicRead, value: before?.read ?? '.*' },
    ],
    confirm: words.set,
    act: async (typed) => {
      const one = { user: '', vhost: '', exchange: '', write: '', read: '', ...at, ...typed };
      const old = all.find(
        ({ user, vhost, exchange }) =>
          user === one.user && vhost === one.vhost && exchange === one.exchange,
      );
      await setTopic(one);
      noted(words.isSet, () => (old ? setTopic(old) : clearTopic(one, all)));
    },
  });
}
