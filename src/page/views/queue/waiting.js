/** What waits in a queue, and what is held unacknowledged: to be searched, looked at, acted on. */

import { drop, move, requeue } from './deeds.js';
import { ofMessage } from '../../data/browse.js';
import { findParams } from '../../data/find.js';
import { button, choice } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { messageList } from '../../parts/messages.js';
import { t } from '../../texts/en.js';

/** @typedef {import('../all.js').Context} Context */
/** @typedef {import('../../data/queues.js').Queue} Queue */
/** @typedef {import('../../parts/message.js').Message} Message */

/** What is typed is looked for after so long without a further key. */
const TYPING_MS = 250;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;

/**
 * @param {Queue} said
 * @param {Context} context
 */
export function waiting(said, context) {
  const { got, refused } = context;
  const found = got.messages;
  const problem = refused.messages;
  if (!found && !problem) return null;
  return h(
    'section',
    { class: 'waiting' },
    head(said, context),
    search(context, problem?.reason),
    found && list(said, found, context),
    found && foot(found, context),
  );
}

/**
 * @param {Queue} said
 * @param {Context} context
 */
function head(said, { at, change }) {
  const words = t.waiting;
  const state = at.query.state === 'unacked' ? 'unacked' : 'ready';
  /** @type {[string, string][]} */
  const states = [
    ['ready', `${words.ready} ${count(said.messages_ready ?? 0)}`],
    ['unacked', `${words.unacked} ${count(said.messages_unacknowledged ?? 0)}`],
  ];
  return h(
    'div',
    { class: 'bar', key: 'head' },
    h('h2', {}, words.title),
    choice(words.title, states, state, (chosen) =>
      change({ state: chosen === 'unacked' ? chosen : undefined, from: undefined }),
    ),
    h('small', { class: 'quiet' }, words.untouched),
  );
}

/**
 * @param {Context} context
 * @param {string | undefined} problem
 */
function search({ at, change }, problem) {
  const words = t.waiting;
  const { find = '' } = at.query;
  const oninput = (/** @type {InputEvent} */ event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    clearTimeout(typing);
    typing = setTimeout(() => change({ find: value || undefined, from: undefined }), TYPING_MS);
  };
  const { wrong } = findParams(find);
  const trouble = problem ?? (wrong.length > 0 ? words.wrong(wrong.join(' ')) : '');
  return h(
    'div',
    { class: 'finder', key: 'search' },
    h('input', {
      type: 'search',
      'aria-label': words.search,
      'aria-describedby': 'find-hint',
      placeholder: words.search,
      'data-filter': '',
      value: find,
      oninput,
    }),
    h(
      'small',
      { id: 'find-hint', class: trouble ? 'trouble' : 'quiet', role: 'status' },
      trouble || words.hint,
    ),
  );
}

/**
 * @param {Queue} said
 * @param {{messages: Message[]}} found
 * @param {Context} context
 */
function list(said, { messages }, { at }) {
  const { query } = at;
  const isReady = query.state !== 'unacked';
  const words = t.deeds;
  const which = (/** @type {Message[]} */ selected) =>
    selected.length > 0
      ? { positions: selected.map(({ position }) => position) }
      : { find: query.find ?? '' };
  const actions = [
    {
      label: words.requeue,
      about: words.requeueAbout,
      act: (/** @type {Message[]} */ selected) => requeue(said, which(selected)),
    },
    {
      label: words.move,
      about: words.moveAbout,
      act: (/** @type {Message[]} */ selected) => void move(said, which(selected)),
    },
    {
      label: words.drop,
      about: words.dropAbout,
      isDangerous: true,
      act: (/** @type {Message[]} */ selected) => drop(said, which(selected)),
    },
  ];
  const none = query.find ? t.waiting.notFound : isReady ? t.waiting.none : t.waiting.noneHeld;
  return messageList({
    messages,
    hrefOf: ({ from }) => ofMessage(said, from, query),
    actions: isReady && said.type !== 'stream' ? actions : [],
    empty: none,
  });
}

/**
 * @param {{messages: Message[], next: string | null, seen: number, unanswered?: number}} found
 * @param {Context} context
 */
function foot(found, { at, change }) {
  const words = t.waiting;
  const { messages, next, seen, unanswered = 0 } = found;
  const only = at.query.find ? words.seen(count(messages.length), count(seen)) : '';
  return h(
    'div',
    { class: 'bar', key: 'foot' },
    button(words.first, () => change({ from: undefined }), { disabled: !at.query.from }),
    button(words.next, () => change({ from: next ?? undefined }), { disabled: !next }),
    h('small', { class: 'quiet' }, only),
    unanswered > 0 && h('small', { class: 'trouble' }, words.unanswered(count(unanswered))),
  );
}
