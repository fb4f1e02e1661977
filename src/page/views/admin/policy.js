/**
 * One policy, or a new one: a form that knows the keys, and beside it what would match. What is
 * typed is in the link, so that a draft can be shown to others before it is set.
 */

import { path, send } from '../../api.js';
import { TARGETS, passedOver, read } from '../../data/policykeys.js';
import { has } from '../../data/rights.js';
import { button, link } from '../../parts/bits.js';
import { tell } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { entry, field, select } from '../../parts/grid.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { noted, page, NO_WISHES } from './frame.js';
import { bodyOf, placeOf, remove } from './policies.js';
import { keyFields } from './policykeys.js';
import { preview } from './preview.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */
/** @typedef {import('./policies.js').Policy} Policy */
/**
 * @typedef {{name: string, vhost: string, pattern: string, target: string, priority: string,
 *   definition: Record<string, string>}} Draft what is typed, as it is typed
 */

/** Queues without what takes long to gather. */
const LENGTHS = '?columns=name,messages&disable_stats=true&enable_queue_totals=true';

/** @type {View} */
export const policy = view('policy', ['policies', null, null], false);
/** @type {View} */
export const operatorPolicy = view('operator', ['operator-policies', null, null], true);
/** @type {View} */
export const newPolicy = view('new-policy', ['new-policy'], undefined);

/**
 * @param {string} name
 * @param {(string | null)[]} where
 * @param {boolean | undefined} kind of a new one it is in the link
 * @returns {View}
 */
function view(name, where, kind) {
  return {
    name,
    menu: 'admin',
    path: where,
    title: ({ parts }) => parts[2] ?? t.policies.add,
    watch: ({ parts, query }, got, user) => {
      const isOperator = kind ?? query.operator === '1';
      if (!has(user, isOperator ? 'administrator' : 'policymaker')) return NO_WISHES;
      const [, vhost, one] = parts;
      const said = query.draft ? draftOf(query.draft) : undefined;
      const here = vhost ?? said?.vhost ?? firstOf(got.vhosts);
      return {
        vhosts: { path: '/vhosts?columns=name', every: 5 },
        ...(one !== undefined && { policy: { path: placeOf(isOperator, { vhost, name: one }) } }),
        ...(here && {
          queues: {
            path: path`/queues/${here}` + LENGTHS,
            every: 5,
            isOptional: true,
          },
        }),
      };
    },
    show: (context) => editor(context, kind ?? context.at.query.operator === '1'),
  };
}

/** @param {any[] | undefined} vhosts */
function firstOf(vhosts) {
  const names = (vhosts ?? []).map((one) => one.name);
  return names.includes('/') ? '/' : names[0];
}

/**
 * @param {string} text
 * @returns {Draft | undefined}
 */
function draftOf(text) {
  try {
    const said = JSON.parse(text);
    if (said === null || typeof said !== 'object') return undefined;
    const texts = (/** @type {any} */ all) =>
      Object.fromEntries(Object.entries(all ?? {}).map(([name, value]) => [name, String(value)]));
    const { definition, ...others } = said;
    const empty = { name: '', vhost: '', pattern: '', target: 'queues', priority: '0' };
    return { ...empty, ...texts(others), definition: texts(definition) };
  } catch {
    return undefined;
  }
}

/**
 * @param {Policy} said
 * @returns {Draft}
 */
function draftFrom({ name, vhost, pattern, priority, definition, 'apply-to': target }) {
  const texts = Object.entries(definition).map(([key, value]) => [key, String(value)]);
  const typed = Object.fromEntries(texts);
  return { name, vhost, pattern, target, priority: String(priority), definition: typed };
}

/**
 * @param {Context} context
 * @param {boolean} isOperator
 */
function editor(context, isOperator) {
  const { at, got, change } = context;
  /** @type {Policy | undefined} */
  const before = got.policy;
  const words = t.policies;
  const isNew = at.parts.length === 1;
  const title = isNew ? (isOperator ? words.addOperator : words.add) : at.parts[2];
  const head = {
    section: /** @type {'policies'} */ ('policies'),
    needs: /** @type {'administrator' | 'policymaker'} */ (
      isOperator ? 'administrator' : 'policymaker'
    ),
    title,
    small: isNew ? undefined : isOperator ? words.operator : words.one,
    actions:
      before &&
      button(
        words.remove,
        () => remove(isOperator, before).then(() => context.go(hash(['policies']))),
        {
          class: 'danger',
        },
      ),
  };
  return page(context, head, () => {
    const vhost = firstOf(got.vhosts) ?? '';
    const said = at.query.draft ? draftOf(at.query.draft) : undefined;
    const empty = {
      name: '',
      vhost,
      pattern: '',
      target: 'queues',
      priority: '0',
      definition: {},
    };
    /** @type {Draft} */
    const draft = said ?? (before ? draftFrom(before) : empty);
    const fixed = before ? { ...draft, name: before.name, vhost: before.vhost } : draft;
    const edit = (/** @type {Partial<Draft>} */ more) =>
      change({ draft: JSON.stringify({ ...fixed, ...more }) });
    const wish = asked(fixed, isOperator);
    return h(
      'div',
      { class: 'columns editor', key: 'editor' },
      form(context, fixed, edit, isOperator, wish),
      preview(fixed.vhost, wish, got.queues),
    );
  });
}

/**
 * What is asked for, if it can be.
 *
 * @param {Draft} draft
 * @param {boolean} isOperator
 */
function asked({ name, pattern, target, priority, definition }, isOperator) {
  const entries = Object.entries(definition).map(([key, text]) => ({ key, ...read(key, text) }));
  const isRead = entries.length > 0 && entries.every(({ wrong }) => wrong === undefined);
  if (!isRead) return undefined;
  const settings = Object.fromEntries(entries.map(({ key, value }) => [key, value]));
  const number = Number(priority);
  if (priority.trim() === '' || !Number.isFinite(number)) return undefined;
  return {
    name,
    pattern,
    definition: settings,
    'apply-to': target,
    priority: number,
    operator: isOperator,
  };
}

/**
 * @param {Context} context
 * @param {Draft} draft
 * @param {(more: Partial<Draft>) => void} edit
 * @param {boolean} isOperator
 * @param {ReturnType<typeof asked>} wish
 */
function form(context, draft, edit, isOperator, wish) {
  const words = t.policies;
  const { got, change } = context;
  const isNew = got.policy === undefined;
  const vhosts = got.vhosts.map((/** @type {any} */ { name }) => [name, name]);
  const passed = passedOver(draft.target, draft.definition);
  const onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    save(context, draft, isOperator, wish);
  };
  const isChanged = context.at.query.draft !== undefined;
  return h(
    'form',
    { class: 'card', onsubmit, key: 'form' },
    h('h2', {}, words.form),
    isNew &&
      field(
        'policy-name',
        words.name,
        entry('policy-name', draft.name, (name) => edit({ name }), { required: true }),
      ),
    isNew &&
      field(
        'policy-vhost',
        t.vhosts.one,
        select('policy-vhost', draft.vhost, vhosts, (vhost) => edit({ vhost })),
      ),
    field(
      'policy-pattern',
      words.pattern,
      entry('policy-pattern', draft.pattern, (pattern) => edit({ pattern }), {
        class: 'mono',
        'aria-describedby': 'policy-pattern-hint',
      }),
      words.patternHint,
    ),
    field(
      'policy-target',
      words.target,
      select(
        'policy-target',
        draft.target,
        TARGETS.map((one) => [one, words.targets[one]]),
        (target) => edit({ target }),
      ),
    ),
    field(
      'policy-priority',
      words.priority,
      entry('policy-priority', draft.priority, (priority) => edit({ priority }), {
        type: 'number',
        step: 'any',
        'aria-describedby': 'policy-priority-hint',
      }),
      words.priorityHint,
    ),
    keyFields(draft, isOperator, (definition) => edit({ definition })),
    passed.map(([kind, names]) =>
      h('p', { class: 'notice', key: `passed ${kind}` }, words.passedOver(kind, names)),
    ),
    h(
      'div',
      { class: 'actions' },
      link(hash(['policies']), t.cancel, { class: 'button' }),
      !isNew &&
        isChanged &&
        button(words.revert, () => change({ draft: undefined }), { key: 'revert' }),
      // Keyed, so that no other button becomes this one while it is clicked, and submits.
      h(
        'button',
        { class: 'primary', type: 'submit', key: 'submit' },
        isNew ? words.set : words.save,
      ),
    ),
  );
}

/**
 * @param {Context} context
 * @param {Draft} draft
 * @param {boolean} isOperator
 * @param {ReturnType<typeof asked>} wish
 */
async function save({ got, go }, { name, vhost, pattern }, isOperator, wish) {
  const words = t.policies;
  if (!wish) return tell(words.notYet, h('p', {}, words.notYetAbout));
  /** @type {Policy | undefined} */
  const before = got.policy;
  const place = placeOf(isOperator, { vhost, name });
  const { definition, priority, 'apply-to': target } = wish;
  const back = before ? () => send('PUT', place, bodyOf(before)) : () => send('DELETE', place);
  try {
    await send('PUT', place, { pattern, definition, priority, 'apply-to': target });
  } catch (error) {
    return tell(
      words.refused,
      h('p', {}, error instanceof Error ? error.message : String(error)),
    );
  }
  go(hash(['policies']));
  noted(words.isSet(name), back);
}
