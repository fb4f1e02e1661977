/** What can be done to a queue and to messages in it: the question first, then the deed. */

import { get, path, send } from '../../api.js';
import { act } from '../../data/browse.js';
import { ask, note } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { hash } from '../../parts/place.js';
import { t } from '../../texts/en.js';

/** @typedef {import('../../data/queues.js').Queue} Queue */
/** @typedef {import('../../data/queues.js').Binding} Binding */
/** @typedef {import('../../data/browse.js').Outcome} Outcome */
/** @typedef {{positions: number[]} | {find: string}} Which */

/** Names that are offered while a target is typed. */
const NAMES_MAX = 500;

/** @param {Queue} queue */
export function purge({ vhost, name, messages_ready: ready }) {
  const words = t.queue;
  ask({
    title: words.purgeTitle(name),
    body: h('p', {}, words.purgeAbout(count(ready))),
    confirm: words.purge,
    isDangerous: true,
    done: words.purged,
    act: () => send('DELETE', path`/queues/${vhost}/${name}/contents`),
  });
}

/**
 * Deletes a queue; one without messages can be had back.
 *
 * @param {Queue} queue
 * @param {Binding[]} bindings
 * @param {(place: string) => void} go
 */
export function remove(queue, bindings, go) {
  const { vhost, name, messages, exclusive } = queue;
  const words = t.queue;
  const isEmpty = !messages && !exclusive;
  ask({
    title: words.removeTitle(name),
    body: h('p', {}, isEmpty ? words.removeEmpty : words.removeAbout(count(messages))),
    confirm: words.remove,
    isDangerous: true,
    act: async () => {
      // What came in between is not deleted: then there is no way back.
      const only = isEmpty ? '?if-empty=true' : '';
      await send('DELETE', path`/queues/${vhost}/${name}` + only);
      const back = { label: t.undo, act: () => restore(queue, bindings) };
      note(words.removed, isEmpty ? back : undefined);
      go(hash(['queues']));
    },
  });
}

/**
 * @param {Queue} queue
 * @param {Binding[]} bindings
 */
async function restore({ vhost, name, ...queue }, bindings) {
  const { durable, auto_delete, arguments: given } = queue;
  try {
    const url = path`/queues/${vhost}/${name}`;
    await send('PUT', url, { durable, auto_delete, arguments: given });
    for (const { source, routing_key, arguments: own } of bindings) {
      if (source === '') continue;
      const between = path`/bindings/${vhost}/e/${source}/q/${name}`;
      await send('POST', between, { routing_key, arguments: own });
    }
    note(t.queue.restored(name));
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Stops deliveries, or lets them go on; the note has the way back.
 *
 * @param {Queue} queue
 * @param {boolean} isPaused wanted
 */
export async function pause({ vhost, name }, isPaused) {
  const words = t.queue;
  const url = path`/leveret/queues/${vhost}/${name}/pause`;
  const set = (/** @type {boolean} */ is) => send(is ? 'PUT' : 'DELETE', url).catch(failed);
  if ((await set(isPaused)) === FAILED) return;
  note(isPaused ? words.paused : words.resumed, { label: t.undo, act: () => set(!isPaused) });
}

const FAILED = Symbol('failed');

/** @param {unknown} error */
function failed(error) {
  note(error instanceof Error ? error.message : String(error));
  return FAILED;
}

/**
 * Asks whether messages are to be dropped, and drops them.
 *
 * @param {Queue} queue
 * @param {Which} which
 * @param {() => void} [done] is called once they are gone
 */
export function drop(queue, which, done) {
  const words = t.deeds;
  ask({
    title: words.dropTitle(named(which)),
    body: h('p', {}, words.dropAbout),
    confirm: words.drop,
    isDangerous: true,
    act: async () => tell(await act('drop', queue, which), words.dropped, done),
  });
}

/**
 * @param {Queue} queue
 * @param {Which} which
 * @param {() => void} [done]
 */
export function requeue(queue, which, done) {
  const words = t.deeds;
  ask({
    title: words.requeueTitle(named(which)),
    body: h('p', {}, words.requeueAbout),
    confirm: words.requeue,
    act: async () => tell(await act('requeue', queue, which), words.requeued, done),
  });
}

/**
 * @param {Queue} queue
 * @param {Which} which
 * @param {() => void} [done]
 */
export async function move(queue, which, done) {
  const words = t.deeds;
  const names = (/** @type {string} */ kind) =>
    get(`${path`/${kind}/${queue.vhost}`}?page=1&page_size=${NAMES_MAX}&columns=name`)
      .then(({ items }) => items.map((/** @type {{name: string}} */ one) => one.name))
      .catch(() => []);
  const [queues, exchanges] = await Promise.all([names('queues'), names('exchanges')]);
  ask({
    title: words.moveTitle(named(which)),
    body: h('p', {}, words.moveAbout),
    fields: [
      {
        name: 'kind',
        label: words.moveTo,
        kind: 'select',
        choices: Object.entries(words.targets),
      },
      {
        name: 'target',
        label: words.target,
        isNeeded: true,
        offers: [...new Set([...queues, ...exchanges])].filter((name) => name !== ''),
      },
      { name: 'key', label: words.key, hint: words.keyHint },
    ],
    confirm: words.move,
    act: async ({ kind, target, key }) => {
      /** @type {Record<string, string>} */
      const to = kind === 'queue' ? { queue: target } : { exchange: target };
      if (kind === 'exchange' && key !== '') to.routing_key = key;
      tell(await act('move', queue, which, to), words.moved(target), done);
    },
  });
}

/** @param {Which} which */
function named(which) {
  const words = t.deeds;
  if ('positions' in which) return words.selected(which.positions.length);
  return which.find.trim() === '' ? words.all : words.found(which.find);
}

/**
 * Says what became of it; what stayed is said with the reasons.
 *
 * @param {Outcome} outcome
 * @param {string} word
 * @param {(() => void) | undefined} done
 */
function tell({ done: many, stayed, stayedCount }, word, done) {
  const words = t.deeds;
  /** @type {Map<string, number>} */
  const reasons = new Map();
  for (const { reason, text } of stayed) {
    const said = words.reasons[reason] ?? text;
    reasons.set(said, (reasons.get(said) ?? 0) + 1);
  }
  if (stayedCount > 0 && many === 0) throw new Error(words.nothing([...reasons.keys()]));
  note(words.outcome(count(many), word, stayedCount, [...reasons.keys()]));
  done?.();
}
