/** Short tables with a head of their own, and forms that stand in the page. */

import { button } from './bits.js';
import { h } from './draw.js';
import { count } from './format.js';
import { t } from '../texts/en.js';

/** @typedef {import('./draw.js').Child} Child */

/** Rows that are drawn; a longer list is filtered. */
const SHOWN = 300;

/**
 * A short table.
 *
 * @param {{
 *   title: string,
 *   about?: Child,
 *   actions?: Child,
 *   heads: string[],
 *   rows: {key: string, cells: Child[]}[],
 *   empty: string,
 * }} content heads of columns of numbers begin with `#`
 */
export function grid({ title, about, actions, heads, rows, empty }) {
  const style = (/** @type {number} */ at) =>
    heads[at] === '' ? 'acts' : heads[at]?.startsWith('#') ? 'number' : undefined;
  const head = (/** @type {string} */ text, /** @type {number} */ at) =>
    text === ''
      ? h('td', {})
      : h('th', { scope: 'col', class: style(at) }, text.replace(/^#/, ''));
  const table = h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
    h(
      'table',
      { class: 'plain' },
      h('thead', {}, h('tr', {}, heads.map(head))),
      h(
        'tbody',
        {},
        rows.slice(0, SHOWN).map(({ key, cells }) =>
          h(
            'tr',
            { key },
            cells.map((cell, at) => h('td', { class: style(at) }, cell)),
          ),
        ),
      ),
    ),
  );
  return h(
    'section',
    { class: 'card', key: `grid ${title}` },
    h('div', { class: 'bar' }, h('h2', {}, title), h('div', { class: 'actions' }, actions)),
    about ? h('p', { class: 'quiet' }, about) : null,
    rows.length > 0 ? table : h('p', { class: 'quiet none' }, empty),
    rows.length > SHOWN && h('p', { class: 'quiet' }, t.more(count(rows.length - SHOWN))),
  );
}

/**
 * A small button in a row; its whole name is for screen readers, which do not read the row.
 *
 * @param {string} text
 * @param {string} whole
 * @param {() => void} act
 */
export function act(text, whole, act) {
  return button(text, act, { class: 'small', 'aria-label': `${text}: ${whole}`, title: whole });
}

/**
 * A field of a form in the page.
 *
 * @param {string} id
 * @param {string} label
 * @param {Child} control whose id is `id`
 * @param {string} [hint]
 * @param {string} [wrong]
 */
export function field(id, label, control, hint, wrong) {
  return h(
    'div',
    { class: ['field', wrong && 'wrong'], key: id },
    h('label', { for: id }, label),
    control,
    (hint || wrong) &&
      h(
        'small',
        {
          id: `${id}-hint`,
          class: wrong ? 'trouble' : 'quiet',
          role: wrong ? 'alert' : undefined,
        },
        wrong || hint,
      ),
  );
}

/**
 * @param {string} id
 * @param {string} value
 * @param {(value: string) => void} choose
 * @param {Record<string, any>} [props]
 */
export function entry(id, value, choose, props = {}) {
  const oninput = (/** @type {Event} */ event) =>
    choose(/** @type {HTMLInputElement} */ (event.target).value);
  return h('input', { id, value, oninput, autocomplete: 'off', spellcheck: 'false', ...props });
}

/**
 * @param {string} id
 * @param {string} value
 * @param {[string, string][]} choices value and text
 * @param {(value: string) => void} choose
 * @param {Record<string, any>} [props]
 */
export function select(id, value, choices, choose, props = {}) {
  const onchange = (/** @type {Event} */ event) =>
    choose(/** @type {HTMLSelectElement} */ (event.target).value);
  // A value that is no choice is shown all the same: a link may have it.
  const all = choices.some(([one]) => one === value) ? choices : [[value, value], ...choices];
  return h(
    'select',
    { id, onchange, ...props },
    all.map(([one, text]) =>
      h('option', { value: one, key: one, selected: one === value ? true : undefined }, text),
    ),
  );
}

/**
 * How much of a limit is used.
 *
 * @param {{value: number | undefined, used: number}} limit
 * @param {string} words what it says
 * @param {'good' | 'warn' | 'bad'} tone
 */
export function meter({ value, used }, words, tone) {
  const share = value === undefined ? 0 : Math.min(used / Math.max(value, 1), 1);
  return h(
    'span',
    { class: ['meter', tone] },
    h('span', {}, words),
    value === undefined
      ? null
      : h(
          'span',
          { class: 'rail', 'aria-hidden': 'true' },
          h('span', { style: { width: `${Math.round(share * 100)}%` } }),
        ),
  );
}
