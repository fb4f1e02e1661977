/** Small drawings that many views use. */

import { h } from './draw.js';
import { ago, moment } from './format.js';

/** @typedef {import('./draw.js').Child} Child */

/**
 * A time, relative, with the exact one on hover.
 *
 * @param {number | undefined | null} time in milliseconds since 1970
 */
export function when(time) {
  if (!time) return null;
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return null;
  return h('time', { datetime: at.toISOString(), title: moment(time) }, ago(time));
}

/**
 * A word of state with its colour; the word says what the colour does.
 *
 * @param {'good' | 'warn' | 'bad' | 'plain'} tone
 * @param {string} word
 * @param {string} [title]
 */
export function badge(tone, word, title) {
  return h('span', { class: ['badge', tone], title }, word);
}

/**
 * A line of names and values.
 *
 * @param {[string, Child][]} pairs
 */
export function facts(pairs) {
  const shown = pairs.filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  );
  return h(
    'dl',
    { class: 'facts' },
    shown.map(([name, value]) => h('div', { key: name }, h('dt', {}, name), h('dd', {}, value))),
  );
}

/**
 * @param {string} href
 * @param {Child} text
 * @param {Record<string, any>} [props]
 */
export function link(href, text, props = {}) {
  return h('a', { href, ...props }, text);
}

/**
 * @param {string} text
 * @param {() => void} onclick
 * @param {Record<string, any>} [props]
 */
export function button(text, onclick, props = {}) {
  return h('button', { type: 'button', onclick, ...props }, text);
}

/**
 * Choices of which one is taken.
 *
 * @param {string} label
 * @param {[string, string][]} choices value and text
 * @param {string} chosen
 * @param {(value: string) => void} choose
 */
export function choice(label, choices, chosen, choose) {
  return h(
    'div',
    { class: 'choice', role: 'group', 'aria-label': label },
    choices.map(([value, text]) =>
      button(text, () => choose(value), {
        key: value,
        'aria-pressed': value === chosen ? 'true' : 'false',
      }),
    ),
  );
}
