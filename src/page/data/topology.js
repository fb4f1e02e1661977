/**
 * How the exchanges and queues of a virtual host hang together, as nodes and edges. Pure functions.
 *
 * @typedef {import('./queues.js').Queue} Queue
 * @typedef {import('./queues.js').Binding} Binding
 * @typedef {{name: string, vhost: string, type: string, durable: boolean, auto_delete: boolean,
 *   internal: boolean, arguments: Record<string, any>, policy?: string,
 *   message_stats?: Record<string, any>}} Exchange
 * @typedef {{name: string, vhost: string, definition: Record<string, any>}} Policy
 *
 * @typedef {{id: string, kind: 'exchange', name: string, exchange: Exchange}
 *   | {id: string, kind: 'queue', name: string, queue: Queue}
 *   | {id: string, kind: 'missing', name: string}} Node
 *   `missing`: an exchange or queue that something leads to and that is not there
 * @typedef {'binding' | 'alternate' | 'dead-letter'} EdgeKind
 * @typedef {{id: string, kind: EdgeKind, from: string, to: string, keys: string[],
 *   bindings: Binding[]}} Edge
 *   `keys`: routing keys and arguments as they are shown
 * @typedef {{nodes: Map<string, Node>, edges: Edge[]}} Topology
 */

import { deadLettersOf } from './queues.js';

/** @param {string} name */
export const exchangeId = (name) => `e:${name}`;
/** @param {string} name */
export const queueId = (name) => `q:${name}`;

/**
 * @param {EdgeKind} kind
 * @param {string} from
 * @param {string} to
 */
export const edgeId = (kind, from, to) => `${kind}\n${from}\n${to}`;

/**
 * Everything that there is. The bindings of the default exchange are in if `withDefault`.
 *
 * @param {{exchanges: Exchange[], queues: Queue[], bindings: Binding[], policies?: Policy[],
 *   withDefault: boolean}} said of one virtual host
 * @returns {Topology}
 */
export function topology({ exchanges, queues, bindings, policies = [], withDefault }) {
  /** @type {Map<string, Node>} */
  const nodes = new Map();
  for (const exchange of byName(exchanges)) {
    const { name } = exchange;
    if (name === '' && !withDefault) continue;
    nodes.set(exchangeId(name), { id: exchangeId(name), kind: 'exchange', name, exchange });
  }
  for (const queue of byName(queues)) {
    const { name } = queue;
    nodes.set(queueId(name), { id: queueId(name), kind: 'queue', name, queue });
  }
  const graph = { nodes, edges: /** @type {Edge[]} */ ([]) };
  const add = adder(graph);
  for (const binding of bindings) {
    if (binding.source === '' && !withDefault) continue;
    const isQueue = binding.destination_type === 'queue';
    const to = (isQueue ? queueId : exchangeId)(binding.destination);
    add('binding', exchangeId(binding.source), to, keyText(binding), binding);
  }
  for (const exchange of exchanges) {
    const alternate = alternateOf(exchange, policies);
    if (alternate) add('alternate', exchangeId(exchange.name), exchangeId(alternate));
  }
  for (const queue of queues) {
    const letters = deadLettersOf(queue);
    if (!letters) continue;
    const from = queueId(queue.name);
    // Through the default exchange they go to the queue that their key names.
    if (letters.exchange !== '')
      add('dead-letter', from, exchangeId(letters.exchange), letters.key);
    else if (letters.key !== undefined) add('dead-letter', from, queueId(letters.key));
  }
  return graph;
}

/**
 * @template {{name: string}} T
 * @param {T[]} all
 */
function byName(all) {
  return [...all].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/**
 * Adds edges; those between the same two are one.
 *
 * @param {Topology} graph
 */
function adder({ nodes, edges }) {
  /** @type {Map<string, Edge>} */
  const known = new Map();
  return (
    /** @type {EdgeKind} */ kind,
    /** @type {string} */ from,
    /** @type {string} */ to,
    /** @type {string | undefined} */ key = undefined,
    /** @type {Binding | undefined} */ binding = undefined,
  ) => {
    for (const id of [from, to]) {
      if (!nodes.has(id)) nodes.set(id, { id, kind: 'missing', name: id.slice(2) });
    }
    const id = edgeId(kind, from, to);
    let edge = known.get(id);
    if (!edge) edges.push((edge = { id, kind, from, to, keys: [], bindings: [] }));
    known.set(id, edge);
    if (key !== undefined) edge.keys.push(key);
    if (binding) edge.bindings.push(binding);
  };
}

/**
 * A routing key with the arguments of its binding, as it is shown.
 *
 * @param {Binding} binding
 */
export function keyText({ routing_key: key, arguments: given }) {
  const pairs = Object.entries(given).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return [key, pairs.join(', ')].filter(Boolean).join(' · ');
}

/**
 * The alternate exchange in force: the argument's, or the policy's if that can be seen.
 *
 * @param {Exchange} exchange
 * @param {Policy[]} policies
 * @returns {string | undefined}
 */
export function alternateOf({ vhost, policy: named, arguments: given }, policies) {
  const policy = policies.find((one) => one.name === named && one.vhost === vhost);
  const name = given['alternate-exchange'] ?? policy?.definition['alternate-exchange'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/**
 * What a link wants to see of a topology.
 *
 * @typedef {{words: (name: string) => boolean, isFiltered: boolean, focus?: string,
 *   steps: number, withUnused: boolean}} Wish
 *   `steps`: how far from the one in focus; 0 is everything
 */

/**
 * The part of a topology that is wanted. A filter leaves what it names and what that is joined to.
 *
 * @param {Topology} whole
 * @param {Wish} wish
 * @returns {Topology & {named: Set<string>}} `named`: those that the filter names
 */
export function part(whole, { words, isFiltered, focus, steps, withUnused }) {
  const joined = neighbours(whole);
  const isUsed = (/** @type {Node} */ node) =>
    withUnused || node.kind !== 'exchange' || joined.has(node.id) || !isBuiltIn(node.name);
  const all = [...whole.nodes.values()].filter(isUsed);
  const named = new Set(all.filter(({ name }) => isFiltered && words(name)).map(({ id }) => id));
  const isFocused = focus !== undefined && whole.nodes.has(focus) && steps > 0;
  const near = isFocused ? along(whole, focus, steps) : undefined;
  const beside = isFiltered ? [...named].flatMap((id) => joined.get(id) ?? []) : [];
  const wanted = isFiltered ? new Set([...named, ...beside]) : undefined;
  const kept = all.filter(({ id }) => (!near || near.has(id)) && (!wanted || wanted.has(id)));
  const nodes = new Map(kept.map((node) => [node.id, node]));
  const edges = whole.edges.filter(({ from, to }) => nodes.has(from) && nodes.has(to));
  return { nodes, edges, named };
}

/** @param {string} name */
export function isBuiltIn(name) {
  return name === '' || name.startsWith('amq.');
}

/**
 * @param {Topology} graph
 * @returns {Map<string, string[]>}
 */
function neighbours({ edges }) {
  /** @type {Map<string, string[]>} */
  const joined = new Map();
  const join = (/** @type {string} */ a, /** @type {string} */ b) => {
    const known = joined.get(a);
    if (known) known.push(b);
    else joined.set(a, [b]);
  };
  for (const { from, to } of edges) (join(from, to), join(to, from));
  return joined;
}

/**
 * Where messages of a node come from and where they go, so many steps far: others that come from or
 * go to the same places are not in.
 *
 * @param {Topology} graph
 * @param {string} start
 * @param {number} steps
 */
function along({ edges }, start, steps) {
  const found = new Set([start]);
  for (const [from, to] of /** @type {['from' | 'to', 'from' | 'to'][]} */ ([
    ['from', 'to'],
    ['to', 'from'],
  ])) {
    const seen = new Set([start]);
    let last = [start];
    for (let step = 0; step < steps && last.length > 0; step++) {
      const open = new Set(last);
      const next = edges.filter((edge) => open.has(edge[from])).map((edge) => edge[to]);
      last = [...new Set(next)].filter((id) => !seen.has(id));
      for (const id of last) (seen.add(id), found.add(id));
    }
  }
  return found;
}

/** So many queues that are joined to the same are drawn as one box; more if there are few nodes. */
const ALIKE = 5;
const ALIKE_OF_FEW = 12;
const FEW = 48;

/**
 * Queues that are joined to the same nodes in the same way, by the name of their group.
 *
 * @param {Topology} graph
 * @param {string | undefined} apart a node that is in no group
 * @returns {Map<string, string[]>}
 */
export function groups({ nodes, edges }, apart) {
  /** @type {Map<string, string[]>} */
  const ties = new Map();
  for (const { kind, from, to } of edges) {
    for (const [id, tie] of [
      [from, `${kind} to ${to}`],
      [to, `${kind} from ${from}`],
    ]) {
      const known = ties.get(id);
      if (known) known.push(tie);
      else ties.set(id, [tie]);
    }
  }
  /** @type {Map<string, string[]>} */
  const alike = new Map();
  for (const { id, kind } of nodes.values()) {
    if (kind !== 'queue' || id === apart) continue;
    const name = (ties.get(id) ?? []).sort().join('\n');
    const known = alike.get(name);
    if (known) known.push(id);
    else alike.set(name, [id]);
  }
  const least = nodes.size > FEW ? ALIKE : ALIKE_OF_FEW;
  return new Map([...alike].filter(([, ids]) => ids.length >= least));
}

/**
 * The rate of each edge, as far as the counters tell it: copies per second that went this way.
 *
 * @param {Topology} graph whole, with the default exchange or without
 * @param {(exchange: string, queue: string) => number | undefined} came what came to a queue of
 *   what was published to an exchange, per second
 * @param {(queue: string) => number | undefined} died
 * @returns {Map<string, number>} by edge; edges of which nothing is known are not in
 */
export function edgeRates({ nodes, edges }, came, died) {
  /** @type {Map<string, number>} */
  const rates = new Map();
  const unclear = new Set();
  /** @type {Map<string, Edge[]>} */
  const into = new Map();
  for (const edge of edges) {
    if (edge.kind === 'dead-letter') continue;
    const known = into.get(edge.to);
    if (known) known.push(edge);
    else into.set(edge.to, [edge]);
  }
  for (const edge of edges) {
    if (edge.kind !== 'dead-letter') continue;
    const rate = died(edge.from.slice(2));
    if (rate !== undefined) rates.set(edge.id, rate);
  }
  for (const node of nodes.values()) {
    if (node.kind !== 'queue') continue;
    for (const [entry, way] of waysTo(node.id, into)) {
      const rate = came(entry.slice(2), node.name);
      if (rate === undefined) continue;
      for (const id of way.edges) {
        if (way.isOnly) rates.set(id, (rates.get(id) ?? 0) + rate);
        else if (rate > 0) unclear.add(id);
      }
    }
  }
  for (const id of unclear) rates.delete(id);
  return rates;
}

/**
 * The edges from each exchange from which a queue can be reached. If there are several ways, no
 * counter says which one was taken: then those of all ways.
 *
 * @param {string} queue
 * @param {Map<string, Edge[]>} into
 * @returns {Map<string, {edges: string[], isOnly: boolean}>}
 */
function waysTo(queue, into) {
  /** @type {Map<string, {edges: string[], isOnly: boolean}>} */
  const ways = new Map();
  const open = [{ at: queue, edges: /** @type {string[]} */ ([]), isOnly: true }];
  for (const { at, edges, isOnly } of open) {
    for (const { id, from } of into.get(at) ?? []) {
      const known = ways.get(from);
      if (known) {
        known.isOnly = false;
        known.edges = [...new Set([...known.edges, ...edges, id])];
        continue;
      }
      const way = { edges: [...edges, id], isOnly };
      ways.set(from, way);
      open.push({ at: from, ...way });
    }
  }
  return ways;
}
