/** Deprecated features, of which some are in use, and feature flags. */

import { nameFilter } from '../../data/filter.js';
import { badge, link } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { grid } from '../../parts/grid.js';
import { t } from '../../texts/en.js';
import { filterField, mono, page } from './frame.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */

/** @type {View} */
export const features = view('features', 'feature-flags');
/** RabbitMQ's page has a place of its own for these. @type {View} */
export const deprecated = view('deprecated', 'deprecated-features');

/**
 * @param {string} name
 * @param {string} place
 * @returns {View}
 */
function view(name, place) {
  return {
    name,
    menu: 'admin',
    path: [place],
    title: () => t.admin.sections['feature-flags'],
    watch: () => ({
      flags: { path: '/feature-flags', every: 15 },
      deprecated: { path: '/deprecated-features', every: 5 },
      used: { path: '/deprecated-features/used', every: 5 },
    }),
    show,
  };
}

/** @param {Context} context */
function show(context) {
  const { at, got } = context;
  const words = t.features;
  const head = {
    section: /** @type {'feature-flags'} */ ('feature-flags'),
    title: t.admin.sections['feature-flags'],
    about: words.about,
  };
  const test = nameFilter(at.query.filter ?? '');
  const used = new Set(got.used.map((/** @type {any} */ { name }) => name));
  /** @type {any[]} */
  const old = got.deprecated.filter((/** @type {any} */ { name }) => test(name));
  old.sort((a, b) => Number(used.has(b.name)) - Number(used.has(a.name)));
  return page(context, head, () => [
    h('div', { class: 'bar', role: 'search' }, filterField(context, words.filter)),
    grid({
      title: words.deprecated,
      about: used.size === 0 ? words.noneUsed : words.someUsed(count(used.size)),
      heads: [words.name, words.use, words.state, words.phase, words.docs],
      rows: old.map(({ name, state, deprecation_phase: phase, doc_url: docs, desc }) => ({
        key: name,
        cells: [
          [mono(name), desc && h('small', { class: 'quiet' }, ' ', desc)],
          used.has(name) ? badge('warn', words.used) : words.unused,
          words.states[state] ?? state,
          words.phases[phase] ?? phase,
          /^https:/.test(docs) &&
            link(docs, words.read, { rel: 'noreferrer', 'aria-label': words.readAbout(name) }),
        ],
      })),
      empty: words.empty,
    }),
    flags(got.flags.filter((/** @type {any} */ { name }) => test(name))),
  ]);
}

/** @param {{name: string, state: string}[]} all */
function flags(all) {
  const words = t.features;
  const isOn = (/** @type {{state: string}} */ { state }) => state === 'enabled';
  const names = (/** @type {{name: string}[]} */ some) =>
    h(
      'ul',
      { class: 'flags' },
      some.map(({ name }) => h('li', { key: name }, mono(name))),
    );
  const off = all.filter((one) => !isOn(one));
  return h(
    'section',
    { class: 'card', key: 'flags' },
    h('h2', {}, words.flags),
    h('p', { class: 'quiet' }, all.length === 0 ? words.empty : words.flagsAbout),
    names(all.filter(isOn)),
    off.length > 0 && [h('p', {}, words.flagsOff), names(off)],
  );
}
