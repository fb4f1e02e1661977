/** Links between views that belong together, of which one is on the screen. */

import { link } from './bits.js';
import { h } from './draw.js';

/**
 * @param {string} label
 * @param {{href: string, text: string, isCurrent: boolean}[]} entries
 */
export function tabs(label, entries) {
  return h(
    'nav',
    { class: 'tabs', 'aria-label': label },
    entries.map(({ href, text, isCurrent }) =>
      link(href, text, { key: href, 'aria-current': isCurrent ? 'page' : undefined }),
    ),
  );
}
