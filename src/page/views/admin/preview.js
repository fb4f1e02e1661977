/** What a policy would match, what each match has now, and what it would have then. */

import { inquire, path } from '../../api.js';
import { tooMany, written } from '../../data/policykeys.js';
import { badge, link } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { lookup } from '../../parts/lookup.js';
import { ofExchange, ofQueue } from '../../parts/place.js';
import { t } from '../../texts/en.js';

/**
 * @typedef {'gains' | 'replaces' | 'changes' | 'keeps' | 'outranked' | 'loses'} Change
 * @typedef {{
 *   name: string, kind: 'queue' | 'exchange', type: string, policy: string | null,
 *   priority: number | null, wins: boolean, change: Change, why: string,
 *   definition: Record<string, any>, definition_then: Record<string, any>,
 * }} Match
 * @typedef {{matches: Match[], matched: number, changed: number, seen: number, cut: boolean}} Said
 */

/** Matches that are drawn. */
const SHOWN = 200;

/** @type {Record<Change, 'good' | 'warn' | 'bad' | 'plain'>} */
const TONES = {
  gains: 'good',
  replaces: 'warn',
  changes: 'good',
  keeps: 'plain',
  outranked: 'plain',
  loses: 'bad',
};

/**
 * @param {string} vhost
 * @param {Record<string, any> | undefined} wish
 * @param {{name: string, messages?: number}[] | undefined} queues
 */
export function preview(vhost, wish, queues) {
  const words = t.preview;
  const body = wish && { ...wish, name: wish.name || words.unnamed };
  const place = path`/leveret/explain/policy/${vhost}`;
  /** @param {{answer?: Said, problem?: string, isStale: boolean}} said */
  const show = ({ answer, problem, isStale }) => {
    if (problem) return h('p', { class: 'trouble' }, problem);
    if (!answer) return h('p', { class: 'quiet' }, words.wait);
    return shown(vhost, answer, isStale, queues ?? []);
  };
  return h(
    'section',
    { class: 'card preview', key: 'preview' },
    h('h2', {}, words.title),
    body
      ? lookup({
          key: `${place}\n${JSON.stringify(body)}`,
          ask: () => inquire(place, body),
          every: 3,
          show,
        })
      : h('p', { class: 'quiet' }, words.notYet),
  );
}

/**
 * @param {string} vhost
 * @param {Said} said
 * @param {boolean} isStale
 * @param {{name: string, messages?: number}[]} queues
 */
function shown(vhost, { matches, matched, changed, seen, cut }, isStale, queues) {
  const words = t.preview;
  const lengths = new Map(queues.map((queue) => [queue.name, queue]));
  return h(
    'div',
    { class: isStale && 'stale' },
    h(
      'p',
      {},
      h('b', {}, words.sum(count(matched), count(changed))),
      ' ',
      words.seen(count(seen)),
    ),
    cut && h('p', { class: 'notice' }, words.cut),
    h(
      'ul',
      { class: 'matches' },
      matches.slice(0, SHOWN).map((one) => match(vhost, one, lengths.get(one.name))),
    ),
    matches.length > SHOWN && h('p', { class: 'quiet' }, t.more(count(matches.length - SHOWN))),
  );
}

/**
 * @param {string} vhost
 * @param {Match} one
 * @param {{messages?: number} | undefined} queue
 */
function match(vhost, one, queue) {
  const words = t.preview;
  const { name, kind, type, change, why, definition, definition_then: then } = one;
  const href = (kind === 'queue' ? ofQueue : ofExchange)({ vhost, name });
  const isTooLong = kind === 'queue' && queue && one.wins && then.overflow === undefined;
  const lost = isTooLong ? tooMany(queue, then) : 0;
  return h(
    'li',
    { key: `${kind} ${name}` },
    h(
      'p',
      {},
      link(href, name),
      ' ',
      h('small', { class: 'quiet' }, words.kinds[kind], ' · ', type),
      ' ',
      badge(TONES[change] ?? 'plain', words.changes[change] ?? change),
    ),
    h('p', { class: 'quiet' }, why),
    differences(definition, then),
    lost > 0 && h('p', { class: 'trouble' }, words.lost(count(lost), count(queue?.messages))),
  );
}

/**
 * @param {Record<string, any>} now
 * @param {Record<string, any>} then
 */
function differences(now, then) {
  const names = [...new Set([...Object.keys(now), ...Object.keys(then)])].sort();
  const say = (/** @type {string} */ name, /** @type {any} */ value) =>
    value === undefined ? t.preview.unset : written(name, value);
  const changed = names.filter(
    (name) => JSON.stringify(now[name]) !== JSON.stringify(then[name]),
  );
  if (changed.length === 0) return null;
  return h(
    'ul',
    { class: 'pairs' },
    changed.map((name) =>
      h(
        'li',
        { key: name },
        h('span', { class: 'quiet' }, name),
        ' ',
        h('del', {}, say(name, now[name])),
        ' → ',
        h('ins', {}, say(name, then[name])),
      ),
    ),
  );
}
