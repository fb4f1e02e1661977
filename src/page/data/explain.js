/**
 * What `POST /leveret/explain/publish/V/X` answers, as the graph and the page need it.
 *
 * @typedef {{destination: string, destination_type: 'queue' | 'exchange', routing_key: string,
 *   arguments: Record<string, any>, properties_key: string}} Taken
 * @typedef {{name: string, type: string | null, via: string, from: string | null,
 *   exists: boolean, delay_ms: number | null, why: string | null, bindings: Taken[]}} Passed
 * @typedef {{name: string, type: string, fate: string, why: string, expires_in: number | null,
 *   drops_head: boolean, dead_letter: null | {exchange: string, routing_key: string | null,
 *   reason: string | null, hop: number | null}}} Reached
 * @typedef {{exchange: string, routing_keys: string[], outcome: string, queue: string | null,
 *   reason: string | null, after_ms: number, exchanges: Passed[], queues: Reached[]}} Hop
 * @typedef {{outcome: string, why: string, user: string, cut: boolean,
 *   refusal: null | {code: number, reason: string}, hops: Hop[]}} Explained
 */

import { edgeId, exchangeId, queueId } from './topology.js';

/**
 * The nodes and edges that the message passes, and what becomes of it in each queue.
 *
 * @param {Explained} said
 * @returns {{nodes: Set<string>, edges: Set<string>, fates: Map<string, string>}}
 */
export function lit({ hops }) {
  const nodes = new Set();
  const edges = new Set();
  /** @type {Map<string, string>} */
  const fates = new Map();
  for (const hop of hops) {
    if (hop.queue !== null) deadLetter(hop, edges);
    for (const { name, via, from, bindings } of hop.exchanges) {
      const id = exchangeId(name);
      nodes.add(id);
      if (via === 'alternate' && from !== null) {
        edges.add(edgeId('alternate', exchangeId(from), id));
      }
      for (const { destination, destination_type: type } of bindings) {
        const to = type === 'queue' ? queueId(destination) : exchangeId(destination);
        edges.add(edgeId('binding', id, to));
      }
    }
    for (const { name, fate } of hop.queues) {
      nodes.add(queueId(name));
      fates.set(queueId(name), fate);
    }
  }
  return { nodes, edges, fates };
}

/**
 * The edge from the queue that a message dies in. Through the default exchange it leads to queues.
 *
 * @param {Hop} hop
 * @param {Set<unknown>} edges
 */
function deadLetter({ queue, exchange, queues }, edges) {
  const from = queueId(String(queue));
  if (exchange !== '') edges.add(edgeId('dead-letter', from, exchangeId(exchange)));
  else for (const { name } of queues) edges.add(edgeId('dead-letter', from, queueId(name)));
}
