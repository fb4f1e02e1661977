/** Definitions: down as a file, and up with a look at what would change. */

import { path } from '../../api.js';
import { has } from '../../data/rights.js';
import { link } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { field, select } from '../../parts/grid.js';
import { t } from '../../texts/en.js';
import { page, NO_WISHES } from './frame.js';
import { importer } from './importer.js';

/** @typedef {import('../all.js').View} View */

/** @type {View} */
export const definitions = {
  name: 'definitions',
  menu: 'admin',
  path: ['definitions'],
  title: () => t.admin.sections.definitions,
  watch: (_at, _got, user) => {
    if (!has(user, 'administrator')) return NO_WISHES;
    return { vhosts: { path: '/vhosts?columns=name', every: 5 } };
  },
  show: (context) => {
    const { at, got, change } = context;
    const words = t.definitions;
    const head = {
      section: /** @type {'definitions'} */ ('definitions'),
      title: t.admin.sections.definitions,
      needs: /** @type {'administrator'} */ ('administrator'),
      about: words.about,
    };
    return page(context, head, () => {
      /** @type {string[]} */
      const vhosts = got.vhosts.map((/** @type {any} */ { name }) => name);
      const { vhost = '' } = at.query;
      return [
        h(
          'section',
          { class: 'card', key: 'down' },
          h('h2', {}, words.down),
          h(
            'div',
            { class: 'asked' },
            field(
              'down-vhost',
              words.of,
              select(
                'down-vhost',
                vhost,
                [
                  ['', words.whole],
                  ...vhosts.map(
                    (name) => /** @type {[string, string]} */ ([name, words.only(name)]),
                  ),
                ],
                (value) => change({ vhost: value || undefined }),
              ),
            ),
            link(download(vhost), words.save, { class: 'button primary', download: '' }),
          ),
          h('p', { class: 'quiet' }, vhost === '' ? words.wholeAbout : words.onlyAbout),
        ),
        importer(vhosts),
      ];
    });
  },
};

/** @param {string} vhost empty for all */
export function download(vhost) {
  const file = vhost === '' ? 'definitions' : `definitions-${vhost.replace(/[^\w.-]+/g, '_')}`;
  const place = vhost === '' ? '/definitions' : path`/definitions/${vhost}`;
  return `api${place}?download=${encodeURIComponent(`${file}.json`)}`;
}
