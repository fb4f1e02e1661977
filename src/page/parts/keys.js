/** Keys of the whole page. */

import { hash } from './place.js';

/** A second key must come within so many milliseconds. */
const PAIR_MS = 1500;

/**
 * @param {{
 *   go: (place: string) => void,
 *   help: () => void,
 *   views: {key?: string, path: (string | null)[]}[],
 * }} page
 */
export function listenToKeys({ go, help, views }) {
  let began = 0;
  addEventListener('keydown', (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      document.querySelector('dialog[open]')
    ) {
      return;
    }
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches?.('input, textarea, select')) {
      if (event.key === 'Escape') target.blur();
      return;
    }
    const isPair = event.timeStamp - began < PAIR_MS;
    began = 0;
    const view = isPair && views.find(({ key }) => key === event.key);
    if (view) go(hash(/** @type {string[]} */ (view.path)));
    else if (event.key === 'g') began = event.timeStamp;
    else if (event.key === '?') help();
    else if (event.key === '/') focusFilter(event);
  });
}

/** @param {KeyboardEvent} event */
function focusFilter(event) {
  const filter = /** @type {HTMLInputElement | null} */ (document.querySelector('[data-filter]'));
  if (!filter) return;
  event.preventDefault();
  filter.focus();
  filter.select();
}
