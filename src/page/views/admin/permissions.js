/** May this user do that? And all permissions there are. */

import { get, path } from '../../api.js';
import { nameFilter } from '../../data/filter.js';
import { has } from '../../data/rights.js';
import { h } from '../../parts/draw.js';
import { entry, field, select } from '../../parts/grid.js';
import { lookup } from '../../parts/lookup.js';
import { t } from '../../texts/en.js';
import { filterField, page } from './frame.js';
import { permitTable, topicTable } from './permits.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/**
 * @typedef {{
 *   allowed: boolean, why: string, refusal: string | null,
 *   rules: {rule: string, allowed: boolean, why: string}[],
 * }} Verdict
 */

/** What a client does, and what it needs for that: resource and permission. */
const DEEDS = {
  publish: ['exchange', 'write'],
  consume: ['queue', 'read'],
  'declare-queue': ['queue', 'configure'],
  'declare-exchange': ['exchange', 'configure'],
  'bind-queue': ['queue', 'write'],
  'bind-exchange': ['exchange', 'read'],
};
/** @typedef {keyof typeof DEEDS} Deed */

/** @type {View} */
export const permissions = {
  name: 'permissions',
  menu: 'admin',
  path: ['permissions'],
  title: () => t.admin.sections.permissions,
  watch: ({ query }, _got, user) => ({
    vhosts: { path: '/vhosts?columns=name', every: 5 },
    names: { path: namesPath(query), every: 5, isOptional: true },
    ...(has(user, 'administrator') && {
      users: { path: '/users?columns=name', every: 5 },
      permissions: { path: '/permissions' },
      topics: { path: '/topic-permissions' },
    }),
  }),
  show: (context) => {
    const { at, got, user } = context;
    const head = {
      section: /** @type {'permissions'} */ ('permissions'),
      title: t.admin.sections.permissions,
      about: t.tester.about,
    };
    return page(context, head, () => {
      const test = nameFilter(at.query.filter ?? '');
      const meant = (/** @type {any} */ one) => test(one.user, one.vhost, one.exchange);
      const all = {
        users: got.users?.map((/** @type {any} */ one) => one.name),
        vhosts: got.vhosts.map((/** @type {any} */ one) => one.name),
      };
      return [
        tester(context, all),
        has(user, 'administrator')
          ? [
              h('div', { class: 'bar', role: 'search' }, filterField(context, t.tester.filter)),
              permitTable(got.permissions.filter(meant), all),
              topicTable(got.topics.filter(meant), all),
            ]
          : h('p', { class: 'notice', key: 'own' }, t.tester.own),
      ];
    });
  },
};

/** @param {Record<string, string>} query */
function deedOf({ deed }) {
  return /** @type {Deed} */ (Object.hasOwn(DEEDS, deed ?? '') ? deed : 'publish');
}

/** @param {Record<string, string>} query */
function namesPath(query) {
  const [resource] = DEEDS[deedOf(query)];
  const kind = resource === 'queue' ? 'queues' : 'exchanges';
  return `${path`/${kind}/${query.vhost ?? '/'}`}?columns=name&page=1&page_size=500`;
}

/**
 * @param {Context} context
 * @param {{users?: string[], vhosts: string[]}} all
 */
function tester({ at, got, change, user: who }, { users, vhosts }) {
  const words = t.tester;
  const { query } = at;
  const deed = deedOf(query);
  const [resource, permission] = DEEDS[deed];
  const user = query.user ?? who.name;
  const vhost = query.vhost ?? (vhosts.includes('/') ? '/' : (vhosts[0] ?? '/'));
  const { name = '', key = '' } = query;
  // Topics are looked at when a client publishes, and when it binds with a key.
  const isKeyed = deed === 'publish' || deed === 'bind-exchange';
  const pairs = (/** @type {string[]} */ list) => list.map((one) => pair(one));
  const offered = (got.names?.items ?? []).map((/** @type {any} */ one) => one.name);
  return h(
    'section',
    { class: 'card tester', key: 'tester' },
    h('h2', {}, words.title),
    h(
      'div',
      { class: 'asked' },
      field(
        'tester-user',
        t.users.one,
        select('tester-user', user, pairs(users ?? [who.name]), (value) =>
          change({ user: value }),
        ),
      ),
      field(
        'tester-deed',
        words.deed,
        select(
          'tester-deed',
          deed,
          Object.keys(DEEDS).map((one) => [one, words.deeds[one]]),
          (value) => change({ deed: value }),
        ),
      ),
      field('tester-name', words.resources[resource], [
        entry('tester-name', name, (value) => change({ name: value }), {
          list: 'tester-names',
          placeholder: resource === 'exchange' ? t.queue.defaultExchange : words.anyName,
        }),
        h(
          'datalist',
          { id: 'tester-names' },
          offered.map((/** @type {string} */ one) => h('option', { value: one, key: one })),
        ),
      ]),
      field(
        'tester-key',
        words.key,
        entry('tester-key', key, (value) => change({ key: value }), { disabled: !isKeyed }),
      ),
      field(
        'tester-vhost',
        t.vhosts.one,
        select('tester-vhost', vhost, pairs(vhosts), (value) => change({ vhost: value })),
      ),
    ),
    verdict({ user, vhost, resource, name, permission, key: isKeyed ? key : '' }, who.name, deed),
  );
}

/**
 * @param {{user: string, vhost: string, resource: string, name: string, permission: string,
 *   key: string}} asked
 * @param {string} self
 * @param {Deed} deed
 */
function verdict({ user, vhost, resource, name, permission, key }, self, deed) {
  const words = t.tester;
  const query = new URLSearchParams({ resource, name, permission });
  if (key !== '') query.set('routing_key', key);
  if (user !== self) query.set('user', user);
  const place = `${path`/leveret/explain/permission/${vhost}`}?${query}`;
  /** @param {{answer?: Verdict, problem?: string, isStale: boolean}} said */
  const show = ({ answer, problem, isStale }) => {
    if (problem) return h('p', { class: 'trouble' }, problem);
    if (!answer) return h('p', { class: 'verdict' }, t.none);
    return [
      h(
        'p',
        { class: ['verdict', answer.allowed ? 'good' : 'bad', isStale && 'stale'] },
        h('span', { class: ['light', answer.allowed ? '' : 'bad'] }),
        h('b', {}, answer.allowed ? words.yes : words.no),
        ' ',
        answer.why,
      ),
      answer.refusal &&
        h('p', {}, words.refusal, ' ', h('code', { class: 'mono' }, answer.refusal)),
      h(
        'ol',
        { class: 'rules', 'aria-label': words.rules },
        answer.rules.map((rule) =>
          h(
            'li',
            { key: rule.rule, class: rule.allowed ? 'good' : 'bad' },
            h('span', { class: 'mark', 'aria-hidden': 'true' }, rule.allowed ? '✓' : '✗'),
            h('b', {}, words.ruleNames[rule.rule] ?? rule.rule),
            ' ',
            rule.why,
          ),
        ),
      ),
      h('p', { class: 'quiet' }, words.needs[deed]),
    ];
  };
  return lookup({ key: place, ask: () => get(place), every: 2, show });
}

/**
 * @param {string} name
 * @returns {[string, string]}
 */
function pair(name) {
  return [name, name];
}
