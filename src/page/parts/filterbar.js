/** The filter above a list: a text that is typed, and words of it that are offered as buttons. */

import { toggled, words } from '../data/filter.js';
import { t } from '../texts/en.js';
import { button } from './bits.js';
import { h } from './draw.js';
import { count } from './format.js';

/** @typedef {import('./draw.js').Child} Child */

/**
 * @param {{
 *   label: string,
 *   hint: string,
 *   text: string,
 *   wrong: string[],
 *   offered: Record<string, string>,
 *   change: (query: {filter: string | undefined}) => void,
 * }} filter
 *   `wrong`: typed words that mean nothing; `offered`: words behind `is:`, with their texts
 * @param {...Child} beside
 */
export function filterBar({ label, hint, text, wrong, offered, change }, ...beside) {
  const oninput = (/** @type {InputEvent} */ event) =>
    change({ filter: /** @type {HTMLInputElement} */ (event.target).value });
  const said = new Set(words(text));
  const input = h('input', {
    type: 'search',
    'aria-label': label,
    placeholder: label,
    title: hint,
    'data-filter': '',
    spellcheck: 'false',
    autocomplete: 'off',
    value: text,
    oninput,
  });
  const chips = Object.entries(offered).map(([state, about]) => {
    const word = `is:${state}`;
    return button(about, () => change({ filter: toggled(text, word) }), {
      key: state,
      'aria-pressed': said.has(word) ? 'true' : 'false',
    });
  });
  return h(
    'div',
    { class: 'bar', role: 'search' },
    input,
    chips.length > 0 && h('div', { class: 'chips' }, chips),
    beside,
    h(
      'span',
      { class: 'trouble', role: 'status' },
      wrong.map((word) => t.filter.wrong(word)),
    ),
  );
}

/**
 * How many of a list are shown.
 *
 * @param {number} some
 * @param {number} all
 * @param {(many: number) => string} named such as `3 channels`
 */
export function shown(some, all, named) {
  return some === all ? named(all) : t.filter.shown(count(some), named(all));
}
