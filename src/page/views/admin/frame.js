/** What all views of the administration have around them, and how they do what is asked. */

import { lacks } from '../../data/rights.js';
import { link } from '../../parts/bits.js';
import { note, tell } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';

/** @typedef {import('../all.js').Context} Context */
/** @typedef {import('../all.js').Child} Child */
/** @typedef {keyof typeof t.admin.sections} Section */

/** Sections of the administration, by the first part of their places. @type {Section[]} */
export const SECTIONS = [
  'admin',
  'vhosts',
  'users',
  'permissions',
  'policies',
  'limits',
  'definitions',
  'feature-flags',
  'listeners',
  'settings',
];

/**
 * What a view watches whose user may not see it.
 *
 * @type {Record<string, import('../all.js').Wish>}
 */
export const NO_WISHES = {};

/**
 * @param {Context} context
 * @param {{
 *   section: Section,
 *   title: string,
 *   small?: string,
 *   marks?: Child,
 *   about?: string,
 *   needs?: import('../../data/rights.js').Right,
 *   actions?: Child,
 * }} head `needs`: without that right the view says who may see it, and nothing else
 * @param {() => Child} content
 */
export function page(context, head, content) {
  const { section, title, small, marks, about, needs, actions } = head;
  const refused = needs && lacks(context.user, needs);
  return [
    h(
      'nav',
      { class: 'sections', 'aria-label': t.admin.sections.admin, key: 'sections' },
      SECTIONS.map((name) =>
        link(hash([name]), name === 'admin' ? t.admin.first : t.admin.sections[name], {
          key: name,
          'aria-current': name === section ? 'page' : undefined,
        }),
      ),
    ),
    h(
      'header',
      { class: 'headline', key: 'headline' },
      h(
        'div',
        { class: 'bar' },
        h('h1', {}, title, marks, small && h('small', {}, small)),
        refused ? null : h('div', { class: 'actions' }, actions),
      ),
      about && h('p', { class: 'quiet' }, about),
    ),
    refused ? notYours(refused) : content(),
  ];
}

/** @param {string} text */
export function notYours(text) {
  return h('p', { class: 'notice', key: 'rights' }, text);
}

/**
 * Does something, and says that it is done, with a way back if there is one.
 *
 * @param {() => Promise<unknown>} act
 * @param {string} done
 * @param {() => Promise<unknown>} [back]
 */
export async function doing(act, done, back) {
  try {
    await act();
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    tell(t.admin.failed, h('p', {}, words));
    return;
  }
  noted(done, back);
}

/**
 * @param {string} done
 * @param {() => Promise<unknown>} [back]
 */
export function noted(done, back) {
  note(done, back && { label: t.admin.undo, act: () => doing(back, t.admin.undone) });
}

/**
 * A search field whose text is in the link.
 *
 * @param {Context} context
 * @param {string} label
 */
export function filterField({ at, change }, label) {
  return h('input', {
    type: 'search',
    'aria-label': label,
    placeholder: label,
    'data-filter': '',
    spellcheck: 'false',
    autocomplete: 'off',
    value: at.query.filter ?? '',
    oninput: (/** @type {InputEvent} */ event) =>
      change({ filter: /** @type {HTMLInputElement} */ (event.target).value }),
  });
}

/** @param {string} name */
export function mono(name) {
  return h('code', { class: 'mono' }, name);
}
