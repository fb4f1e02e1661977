/** Policies and operator policies, and how much each is in force for. */

import { path, send } from '../../api.js';
import { nameFilter } from '../../data/filter.js';
import { tally } from '../../data/limits.js';
import { written } from '../../data/policykeys.js';
import { has } from '../../data/rights.js';
import { badge, link } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { act, grid } from '../../parts/grid.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { doing, filterField, mono, notYours, page } from './frame.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/**
 * @typedef {{name: string, vhost: string, pattern: string, priority: number,
 *   'apply-to': string, definition: Record<string, any>}} Policy
 */

/** @type {View} */
export const policies = {
  name: 'policies',
  menu: 'admin',
  path: ['policies'],
  title: () => t.admin.sections.policies,
  watch: () => ({
    policies: { path: '/policies' },
    operators: { path: '/operator-policies' },
    queues: { path: '/queues?columns=vhost,policy,operator_policy&disable_stats=true', every: 5 },
    exchanges: { path: '/exchanges?columns=vhost,policy', every: 5 },
  }),
  show: (context) => {
    const { got, user } = context;
    const head = {
      section: /** @type {'policies'} */ ('policies'),
      title: t.admin.sections.policies,
      about: t.policies.about,
    };
    const owned = [...got.queues, ...got.exchanges];
    const of = tally(owned, ({ vhost, policy }) => `${vhost}\n${policy ?? ''}`);
    const bounded = tally(got.queues, (one) => `${one.vhost}\n${one.operator_policy ?? ''}`);
    return page(context, head, () => [
      h('div', { class: 'bar', role: 'search' }, filterField(context, t.policies.filter)),
      has(user, 'policymaker') ? null : notYours(t.policies.notYours),
      list(context, false, got.policies, of),
      list(context, true, got.operators, bounded),
    ]);
  },
};

/**
 * @param {boolean} isOperator
 * @param {{vhost: string, name: string}} policy
 */
export function placeOf(isOperator, { vhost, name }) {
  return isOperator
    ? path`/operator-policies/${vhost}/${name}`
    : path`/policies/${vhost}/${name}`;
}

/**
 * What it is set to.
 *
 * @param {Policy} policy
 */
export function bodyOf({ pattern, definition, priority, 'apply-to': target }) {
  return { pattern, definition, priority, 'apply-to': target };
}

/**
 * @param {Context} context
 * @param {boolean} isOperator
 * @param {Policy[]} all
 * @param {Map<string, number>} inForce
 */
function list({ at, user }, isOperator, all, inForce) {
  const words = t.policies;
  const test = nameFilter(at.query.filter ?? '');
  const shown = all.filter(({ name, vhost, pattern }) => test(name, vhost, pattern));
  const may = has(user, isOperator ? 'administrator' : 'policymaker');
  const section = isOperator ? 'operator-policies' : 'policies';
  const add = hash(['new-policy'], { operator: isOperator ? '1' : undefined });
  return grid({
    title: isOperator ? words.operators : words.users,
    about: isOperator ? words.operatorsAbout : words.usersAbout,
    actions: may
      ? link(add, isOperator ? words.addOperator : words.add, { class: 'button' })
      : isOperator && h('small', { class: 'quiet' }, words.operatorsNotYours),
    heads: [
      words.name,
      t.vhosts.one,
      words.pattern,
      words.target,
      `#${words.priority}`,
      words.definition,
      `#${words.inForce}`,
      '',
    ],
    rows: shown.map((one) => {
      const many = inForce.get(`${one.vhost}\n${one.name}`) ?? 0;
      return {
        key: `${one.vhost}\n${one.name}`,
        cells: [
          may ? link(hash([section, one.vhost, one.name]), one.name) : one.name,
          one.vhost,
          mono(one.pattern),
          words.targets[one['apply-to']] ?? one['apply-to'],
          one.priority,
          definition(one.definition),
          many === 0 ? badge('warn', words.idle, words.idleAbout) : count(many),
          may && act(words.remove, one.name, () => remove(isOperator, one)),
        ],
      };
    }),
    empty: all.length === 0 ? words.none : words.empty,
  });
}

/** @param {Record<string, any>} settings */
export function definition(settings) {
  return h(
    'ul',
    { class: 'pairs' },
    Object.entries(settings).map(([name, value]) =>
      h(
        'li',
        { key: name },
        h('span', { class: 'quiet' }, name),
        ' ',
        h('b', {}, written(name, value)),
      ),
    ),
  );
}

/**
 * @param {boolean} isOperator
 * @param {Policy} policy
 */
export function remove(isOperator, policy) {
  const place = placeOf(isOperator, policy);
  return doing(
    () => send('DELETE', place),
    t.policies.removed(policy.name),
    () => send('PUT', place, bodyOf(policy)),
  );
}
