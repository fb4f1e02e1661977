/** Messages that wait in a queue, or are held: what is asked of the API and done to them. */

import { path, send } from '../api.js';
import { findParams } from './find.js';
import { hash } from '../parts/place.js';

/** @typedef {import('../parts/message.js').Message} Message */
/** @typedef {{vhost: string, name: string}} Queue */
/**
 * @typedef {{
 *   done: number, stayed: {reason: string, text: string}[], stayedCount: number,
 * }} Outcome
 */

/** Messages of one page of a list, and octets of a body in it. */
const MESSAGES = 25;
const TRUNCATE = 4096;
/** Octets of the body of one message that is looked at. */
const WHOLE = 256 * 1024;
/** Messages of one request that does something, and requests until all are done. */
const TURN = 1000;
const TURNS_MAX = 10_000;

/**
 * @param {Queue} queue
 * @param {Record<string, string | undefined>} params
 */
function messagesPath({ vhost, name }, params) {
  const given = Object.entries(params).filter(([, value]) => value);
  const query = new URLSearchParams(/** @type {string[][]} */ (given));
  return `${path`/leveret/queues/${vhost}/${name}/messages`}?${query}`;
}

/**
 * The path of a list.
 *
 * @param {Queue} queue
 * @param {Record<string, string>} query of the place: `find`, `state`, `from`
 */
export function listOf(queue, { find = '', state, from }) {
  return messagesPath(queue, {
    state: state === 'unacked' ? state : undefined,
    count: String(MESSAGES),
    truncate: String(TRUNCATE),
    from,
    ...findParams(find).params,
  });
}

/**
 * The path of one message and the next one.
 *
 * @param {Queue} queue
 * @param {string} from its bookmark
 * @param {Record<string, string>} query of the place: `find`, `state`
 * @param {number} [truncate] octets of a body
 */
export function oneOf(queue, from, { find = '', state }, truncate = WHOLE) {
  return messagesPath(queue, {
    state: state === 'unacked' ? state : undefined,
    count: '2',
    truncate: String(truncate),
    from,
    ...findParams(find).params,
  });
}

/**
 * The place of one message.
 *
 * @param {Queue} queue
 * @param {string} from
 * @param {Record<string, string>} query of the list, which its way back has
 */
export function ofMessage({ vhost, name }, from, { state, find }) {
  return hash(['queues', vhost, name, 'messages', from], { state, find });
}

/**
 * Drops, moves or requeues messages, in as many turns as it takes.
 *
 * @param {'drop' | 'move' | 'requeue'} what
 * @param {Queue} queue
 * @param {{positions: number[]} | {find: string}} which
 * @param {Record<string, string>} [target] of a move
 * @returns {Promise<Outcome>}
 */
export async function act(what, { vhost, name }, which, target = {}) {
  const url = path`/leveret/queues/${vhost}/${name}/messages/${what}`;
  /** @type {Outcome} */
  const outcome = { done: 0, stayed: [], stayedCount: 0 };
  /** @type {string | undefined} */
  let from;
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const found = 'find' in which && { filter: filterOf(which.find), count: TURN, from };
    const wanted = found || which;
    const said = await send('POST', url, { ...wanted, ...target });
    outcome.done += said.done;
    outcome.stayed.push(...said.stayed.slice(0, TURN - outcome.stayed.length));
    outcome.stayedCount += said.stayed_count;
    if (!said.next) break;
    from = said.next;
  }
  return outcome;
}

/** @param {string} find */
function filterOf(find) {
  const { use_regex: isPattern, ...texts } = findParams(find).params;
  return isPattern ? { ...texts, use_regex: true } : texts;
}
