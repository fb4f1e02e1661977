/**
 * What is typed above a list of any kind: words that one of its texts has, `/a pattern/`,
 * `what:word` and `is:state`. A `-` before any of them turns it round.
 *
 * @template R
 * @typedef {{
 *   texts: (row: R) => (string | undefined)[],
 *   fields: Record<string, (row: R) => string>,
 *   states: Record<string, (row: R) => boolean>,
 * }} Kind
 */

import { words } from './filter.js';

/**
 * Makes a test of what was typed.
 *
 * @template R
 * @param {string} text
 * @param {Kind<R>} kind
 * @returns {{test: (row: R) => boolean, wrong: string[]}} `wrong`: words that mean nothing, which
 *   let everything through
 */
export function wanted(text, kind) {
  /** @type {string[]} */
  const wrong = [];
  const tests = words(text).map((word) => {
    const isNot = word.startsWith('-') && word.length > 1;
    const test = one(isNot ? word.slice(1) : word, kind);
    if (!test) wrong.push(word);
    return (/** @type {R} */ row) => !test || test(row) !== isNot;
  });
  return { test: (row) => tests.every((test) => test(row)), wrong };
}

/**
 * @template R
 * @param {string} word
 * @param {Kind<R>} kind
 * @returns {((row: R) => boolean) | undefined}
 */
function one(word, { texts, fields, states }) {
  if (word.length > 2 && word.startsWith('/') && word.endsWith('/')) {
    const pattern = compiled(word.slice(1, -1));
    return pattern && ((row) => texts(row).some((text) => text && pattern.test(text)));
  }
  const [what, rest] = word.split(/:(.*)/s);
  if (what === 'is' && rest) return Object.hasOwn(states, rest) ? states[rest] : undefined;
  const sought = word.toLowerCase();
  if (rest && Object.hasOwn(fields, what)) {
    const part = rest.toLowerCase();
    return (row) => fields[what](row).toLowerCase().includes(part);
  }
  return (row) => texts(row).some((text) => text?.toLowerCase().includes(sought));
}

/** @param {string} text */
function compiled(text) {
  try {
    return new RegExp(text, 'i');
  } catch {
    return undefined;
  }
}
