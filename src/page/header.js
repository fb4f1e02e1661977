/** What stands above every view: where one can go, whether the broker answers, who is logged in. */

import { heard } from './live.js';
import { button, choice, link } from './parts/bits.js';
import { tell } from './parts/dialog.js';
import { draw, h } from './parts/draw.js';
import { ago } from './parts/format.js';
import { hash } from './parts/place.js';
import { keepTheme, theme } from './parts/theme.js';
import { t } from './texts/en.js';
import { viewOf, views } from './views/all.js';

/** @typedef {import('./views/all.js').User} User */

/**
 * @param {Element} header
 * @param {{
 *   user: User, at: import('./parts/place.js').Place, skip: () => void, leave: () => void,
 *   redraw: () => void,
 * }} page
 *   `skip` goes to the content, `leave` logs out
 */
export function drawHeader(header, { user, at, skip, leave, redraw }) {
  const lost = heard.isLost && t.lost(ago(Date.now() - (performance.now() - heard.at)));
  const skipped = (/** @type {Event} */ event) => {
    event.preventDefault();
    skip();
  };
  const logo = h('img', { src: 'page/leveret.svg', alt: '', width: 22, height: 22 });
  const entries = views.filter(({ key }) => key);
  const menu = viewOf(at)?.menu;
  /** @type {(entry: import('./views/all.js').View) => boolean} */
  const isCurrent = ({ name, path }) => menu === name || (path[0] ?? '') === (at.parts[0] ?? '');
  draw(
    header,
    link('#main', t.skip, { class: 'skip', onclick: skipped }),
    link('#/', [logo, t.product], { class: 'brand' }),
    h(
      'nav',
      {},
      entries.map((entry) =>
        link(hash(/** @type {string[]} */ (entry.path)), titleOf(entry.name), {
          key: entry.name,
          'aria-current': isCurrent(entry) ? 'page' : undefined,
        }),
      ),
    ),
    h('span', { class: ['live', lost && 'lost'], role: 'status' }, lost || t.live),
    h(
      'details',
      { class: 'menu' },
      h('summary', {}, user.name),
      h(
        'div',
        {},
        h('small', {}, user.tags.join(', ')),
        h('span', {}, t.theme.label),
        choice(t.theme.label, themes(), theme(), (value) => (keepTheme(value), redraw())),
        button(t.help.open, help),
        button(t.login.leave, leave),
      ),
    ),
  );
}

/** @param {string} name */
function titleOf(name) {
  return t.titles[/** @type {keyof typeof t.titles} */ (name)];
}

/** @returns {[string, string][]} */
function themes() {
  return [
    ['auto', t.theme.auto],
    ['light', t.theme.light],
    ['dark', t.theme.dark],
  ];
}

/** Shows which keys do what. */
export function help() {
  const rows = t.help.keys.map(([keys, about]) => {
    const all = keys.split(' ').map((key) => h('kbd', {}, key));
    return h('div', {}, h('dt', {}, all), h('dd', {}, about));
  });
  tell(t.help.title, h('dl', { class: 'keys' }, rows));
}
