/**
 * A topology as the graph shows it: what stands in each box and on each line, how large boxes are,
 * and which queues are drawn as one group. What moves changes no size, so that nothing jumps.
 *
 * @typedef {import('../data/topology.js').Topology} Topology
 * @typedef {import('../data/topology.js').Node} Node
 * @typedef {import('../data/topology.js').Edge} Edge
 * @typedef {import('./graph.js').Box} Box
 * @typedef {import('./graph.js').Line} Line
 * @typedef {import('../data/layout.js').Layout} Layout
 * @typedef {{
 *   rates: Map<string, number>,
 *   lit?: {nodes: Set<string>, edges: Set<string>, fates: Map<string, string>},
 *   named: Set<string>,
 *   chosen?: string,
 *   hrefOf: (id: string) => string,
 * }} Light `named`: those that a filter names, if there is one
 */

import { layout } from '../data/layout.js';
import { isDelay, speed } from '../data/queues.js';
import { groups } from '../data/topology.js';
import { speedIn } from '../data/exchanges.js';
import { count, rate } from './format.js';
import { GROUP, LEAST } from './graph.js';
import { t } from '../texts/en.js';

/** As the style has them. */
const FONTS = {
  name: '600 12px system-ui, sans-serif',
  member: '12px system-ui, sans-serif',
  key: '11px ui-monospace, monospace',
};
/** Pixels of boxes. */
const BOX = { height: 46, least: 168, sides: 46, end: 15 };
const RATE_ROOM = 46;
/** Pixels of the beginning of a loose line, and of a line without a text. */
const TAIL = 26;
const BARE = 24;
/** Letters that are shown. */
const NAME_MAX = 30;
const KEY_MAX = 24;
const MEMBER_MAX = 22;
const TAIL_MAX = 16;
/** Queues of a group that are drawn. */
const MEMBERS_MAX = 240;
/** More dead letters or alternates than that into one box say nothing about where it is. */
const FIRM_MAX = 6;

/** The layout of the last drawing: it stays while nothing but counts changes. */
let last = { signature: '', layout: /** @type {Layout | undefined} */ (undefined) };

/**
 * @param {Topology} graph
 * @param {Light} light
 * @param {{width: number, height: number}} place pixels that there are for it
 * @returns {import('./graph.js').Content}
 */
export function picture(graph, light, place) {
  const grouped = groups(graph, light.chosen);
  /** @type {Map<string, string>} */
  const inside = new Map();
  for (const [name, ids] of grouped) for (const id of ids) inside.set(id, `g:${name}`);
  const lines = linesOf(graph, inside, light);
  const boxes = boxesOf(graph, grouped, light);
  const sized = boxes.map((box) => ({ id: box.id, ...sizeOf(box, lines) }));
  const placed = lines.map(({ id, from, to, order, isLoose, room }) => ({
    ...{ id, from, to, order, isLoose, room },
  }));
  // Rounded, so that a scroll bar which comes or goes moves nothing.
  const aspect = Math.round((4 * place.width) / place.height) / 4;
  const room = Math.floor(place.width / LEAST / 50) * 50;
  const signature = JSON.stringify([sized, placed, aspect, room]);
  if (signature !== last.signature) {
    last = { signature, layout: layout(sized, placed, { aspect, room, before: last.layout }) };
  }
  const many = { exchanges: 0, queues: 0 };
  for (const { kind } of graph.nodes.values()) many[kind === 'queue' ? 'queues' : 'exchanges']++;
  return {
    label: t.routing.label(count(many.exchanges), count(many.queues)),
    layout: /** @type {Layout} */ (last.layout),
    boxes,
    lines,
  };
}

/** @type {Map<string, number>} */
const widths = new Map();
const WIDTHS_MAX = 5000;
/** @type {OffscreenCanvasRenderingContext2D | null} */
let pen = null;

/**
 * Pixels that a text takes.
 *
 * @param {string} text
 * @param {keyof typeof FONTS} font
 */
function widthOf(text, font) {
  const key = `${font} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  pen ??= new OffscreenCanvas(1, 1).getContext('2d');
  if (pen) pen.font = FONTS[font];
  const width = Math.ceil(pen?.measureText(text).width ?? text.length * 8);
  if (widths.size >= WIDTHS_MAX) widths.clear();
  widths.set(key, width);
  return width;
}

/**
 * A text without its middle if it is too long.
 *
 * @param {string} text
 * @param {number} most letters
 */
export function cut(text, most) {
  if (text.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - tail)}…${text.slice(-tail)}`;
}

/**
 * @param {Topology} graph
 * @param {Map<string, string[]>} grouped
 * @param {Light} light
 * @returns {Box[]}
 */
function boxesOf({ nodes }, grouped, light) {
  const inGroup = new Set([...grouped.values()].flat());
  const own = [...nodes.values()].filter(({ id }) => !inGroup.has(id));
  const boxes = own.map((node) => boxOf(node, light));
  for (const [name, ids] of grouped) {
    const all = ids.map((id) => boxOf(/** @type {Node} */ (nodes.get(id)), light));
    const members = all
      .slice(0, MEMBERS_MAX)
      .map((one) => ({ ...one, name: cut(one.name, MEMBER_MAX) }));
    const more = ids.length - members.length;
    const title = t.routing.group(count(ids.length));
    boxes.push({
      id: `g:${name}`,
      kind: 'group',
      name: more > 0 ? `${title} ${t.routing.more(count(more))}` : title,
      href: '',
      title,
      detail: '',
      tone: 'plain',
      members,
      across: Math.max(
        1,
        Math.min(8, Math.round(Math.sqrt((members.length * GROUP.row * 1.3) / 170))),
      ),
      isDim: all.every(({ isDim }) => isDim),
    });
  }
  return boxes;
}

/**
 * @param {Node} node
 * @param {Light} light
 * @returns {Box}
 */
function boxOf(node, { lit, named, chosen, hrefOf }) {
  const { id, kind } = node;
  const { detail, spoken, tone } = saidOf(node);
  const fate = lit?.fates.get(id);
  const isNamed = named.size === 0 || named.has(id);
  const mark = fate === undefined ? undefined : (t.explain.fates[fate] ?? fate);
  const name = node.name === '' ? t.queue.defaultExchange : node.name;
  const said = `${t.routing.kinds[kind]} ${name}: ${spoken}`;
  return {
    id,
    kind,
    name: cut(name, NAME_MAX),
    href: hrefOf(id),
    title: mark ? `${said}. ${mark}` : said,
    detail,
    tone,
    mark,
    isLit: lit?.nodes.has(id),
    isDim: lit ? !lit.nodes.has(id) : !isNamed,
    isChosen: id === chosen,
  };
}

/**
 * @param {Node} node
 * @returns {{detail: string, spoken: string, tone: import('./graph.js').Tone}}
 */
function saidOf(node) {
  const words = t.routing;
  if (node.kind === 'missing')
    return { detail: words.missing, spoken: words.missing, tone: 'bad' };
  if (node.kind === 'exchange') {
    const { type } = node.exchange;
    const fast = speedIn(node.exchange);
    const detail = fast > 0 ? `${type} · ${rate(fast)}` : type;
    return { detail, spoken: words.exchangeSaid(type, rate(fast)), tone: 'plain' };
  }
  const { queue } = node;
  const ready = queue.messages_ready ?? 0;
  const held = queue.messages_unacknowledged ?? 0;
  const takers = queue.consumers ?? 0;
  const isLeft = ready > 0 && takers === 0 && !isDelay(queue) && queue.type !== 'stream';
  const isBusy = takers > 0 || speed(queue, 'publish') > 0;
  const detail = [words.ready(count(ready)), held > 0 && words.held(count(held))];
  return {
    detail: detail.filter(Boolean).join(' · '),
    spoken: t.queue.state(count(ready), count(held), takers),
    tone: isLeft ? 'warn' : isBusy ? 'good' : 'plain',
  };
}

/**
 * @param {Topology} graph
 * @param {Map<string, string>} inside
 * @param {Light} light
 * @returns {(Line & {from: string, to: string, order: number, isLoose: boolean, room: number})[]}
 */
function linesOf({ nodes, edges }, inside, { rates, lit, named, chosen }) {
  /** @type {Map<string, Edge[]>} */
  const bundles = new Map();
  for (const edge of edges) {
    const [from, to] = [inside.get(edge.from) ?? edge.from, inside.get(edge.to) ?? edge.to];
    const id = [edge.kind, from, to].join('\r');
    const known = bundles.get(id);
    if (known) known.push(edge);
    else bundles.set(id, [edge]);
  }
  /** @type {Map<string, number>} */
  const side = new Map();
  for (const id of bundles.keys()) {
    const [kind, , to] = id.split('\r');
    if (kind !== 'binding') side.set(to, (side.get(to) ?? 0) + 1);
  }
  const isFed = new Set(edges.filter(({ kind }) => kind === 'binding').map(({ to }) => to));
  for (const id of [...isFed]) isFed.add(inside.get(id) ?? id);
  return [...bundles].map(([id, all]) => {
    const [kind, from, to] = id.split('\r');
    const isLoose = kind !== 'binding' && (side.get(to) ?? 0) > FIRM_MAX;
    const known = all.map((edge) => rates.get(edge.id)).filter((one) => one !== undefined);
    const fast = known.length > 0 ? known.reduce((sum, one) => sum + one, 0) : undefined;
    const text = isLoose ? '' : keysText(all.flatMap(({ keys }) => keys));
    const said = fast && fast >= 0.05 && !isLoose ? rate(fast) : '';
    const isLit = lit !== undefined && all.some((edge) => lit.edges.has(edge.id));
    const isNamed = named.size === 0 || all.some((e) => named.has(e.from) || named.has(e.to));
    const title =
      all.length === 1 ? edgeTitle(all[0], nodes, fast) : t.routing.bundle(count(all.length));
    const isShort = kind !== 'binding' && text === '';
    const end = cut(nameOf(nodes.get(to)), TAIL_MAX);
    const tail = TAIL + widthOf(end, 'key');
    const room = isLoose ? tail : isShort ? BARE : widthOf(text, 'key') + RATE_ROOM;
    const order = orderOf(kind, isFed.has(from));
    const isDim = lit ? !isLit : !isNamed;
    // One that leads to or from what is chosen is drawn whole.
    const isWhole = !isLoose || from === chosen || to === chosen;
    const loose = isWhole ? undefined : { from, to: end };
    return {
      ...{ id, kind, from, to, order, isLoose, room, text, said, title },
      ...{ rate: fast, isLit, isDim, loose },
    };
  });
}

/**
 * Of a circle of dead letters, the line from a queue that nothing but dead letters comes to is the
 * one that leads back.
 *
 * @param {string} kind
 * @param {boolean} isFed whether a binding leads to where it begins
 */
function orderOf(kind, isFed) {
  if (kind === 'dead-letter') return isFed ? 2 : 3;
  return kind === 'alternate' ? 1 : 0;
}

/** @param {Node | undefined} node */
function nameOf(node) {
  return node?.name || t.queue.defaultExchange;
}

/** @param {string[]} keys */
function keysText(keys) {
  const all = [...new Set(keys)];
  if (all.length === 0) return '';
  if (all.length > 3) return t.routing.keys(count(all.length));
  const first = cut(all[0], KEY_MAX);
  return all.length === 1 ? first : `${first} +${all.length - 1}`;
}

/**
 * @param {Edge} edge
 * @param {Map<string, Node>} nodes
 * @param {number | undefined} fast
 */
function edgeTitle({ kind, from, to, keys }, nodes, fast) {
  const words = [
    `${nameOf(nodes.get(from))} → ${nameOf(nodes.get(to))}`,
    t.routing.edges[kind],
    keys.join(', '),
  ];
  if (fast !== undefined) words.push(rate(fast));
  return words.filter(Boolean).join(' · ');
}

/**
 * @param {Box} box
 * @param {{to: string, from: string, isLoose: boolean}[]} lines
 */
function sizeOf({ id, kind, name, members, across = 1 }, lines) {
  if (members) {
    const longest = Math.max(...members.map((one) => widthOf(one.name, 'member')));
    const width = across * Math.max(96, longest + 36) + 2 * GROUP.side;
    const height = GROUP.head + Math.ceil(members.length / across) * GROUP.row + GROUP.side;
    return { width: Math.round(Math.max(width, 190)), height };
  }
  const into = lines.filter(
    ({ to, from, isLoose }) => to === id && from !== id && !isLoose,
  ).length;
  const height = Math.max(BOX.height, into * BOX.end + 18);
  const width = Math.max(BOX.least, widthOf(name, 'name') + BOX.sides);
  return { width: Math.round(kind === 'exchange' ? width + 8 : width), height };
}
