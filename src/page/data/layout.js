/**
 * Where boxes and the lines between them are drawn: in columns from left to right, each part that
 * hangs together by itself, the parts beside and below each other. Pure: no DOM, no chance, and
 * `before` keeps what was there where it was.
 *
 * @typedef {{id: string, width: number, height: number}} Box
 * @typedef {{id: string, from: string, to: string, order?: number, isLoose?: boolean,
 *   room?: number}} Line
 *   `order`: see `ranks.js`; `isLoose`: it says nothing about where boxes are, as the many lines to
 *   a place for everything that is lost; `room`: pixels that its text takes, where it arrives, or
 *   where it begins if it is loose
 * @typedef {{x: number, y: number, width: number, height: number}} Spot
 * @typedef {{x: number, y: number}} Point
 * @typedef {{points: Point[], isTurned: boolean}} Route
 *   from where the line begins to where its head is; `isTurned`: it runs from right to left
 * @typedef {{width: number, height: number, spots: Map<string, Spot>,
 *   routes: Map<string, Route>}} Layout
 */

import { untangled } from './crossings.js';
import { placed } from './places.js';
import { columnsOf, turned } from './ranks.js';

/** Pixels between two boxes of a column, two columns without texts, and two parts. */
const GAP = 14;
const COLUMN_GAP = 84;
const PART_GAP = 36;
/** Pixels between two ends of lines on a side of a box, if it has the room. */
const END_GAP = 15;

/**
 * @param {Box[]} boxes
 * @param {Line[]} lines of which both ends are boxes
 * @param {{aspect?: number, room?: number, before?: Layout}} [wish] `aspect`: width to height of
 *   the place for it; `room`: parts stand beside each other up to this width
 * @returns {Layout}
 */
export function layout(boxes, lines, { aspect = 1.6, room = Infinity, before } = {}) {
  const firm = lines.filter(({ isLoose, from, to }) => !isLoose && from !== to);
  /** @type {Map<string, number>} */
  const tails = new Map();
  for (const { isLoose, from, room: own = 0 } of lines) {
    if (isLoose) tails.set(from, Math.max(tails.get(from) ?? 0, own));
  }
  const parts = partsOf(boxes, firm).map((part) =>
    withTails(drawn(part.boxes, part.lines, before), tails),
  );
  const whole = packed(parts, aspect, room);
  for (const line of lines) {
    if (!whole.routes.has(line.id)) whole.routes.set(line.id, direct(line, whole.spots));
  }
  return whole;
}

/**
 * What hangs together.
 *
 * @param {Box[]} boxes
 * @param {Line[]} lines
 */
function partsOf(boxes, lines) {
  /** @type {Map<string, string>} */
  const roots = new Map(boxes.map(({ id }) => [id, id]));
  const root = (/** @type {string} */ id) => {
    let at = id;
    for (let up = roots.get(at); up !== undefined && up !== at; up = roots.get(at)) {
      roots.set(at, /** @type {string} */ (roots.get(up)));
      at = up;
    }
    return at;
  };
  for (const { from, to } of lines) roots.set(root(to), root(from));
  /** @type {Map<string, {boxes: Box[], lines: Line[]}>} */
  const parts = new Map();
  for (const box of boxes) {
    const part = parts.get(root(box.id)) ?? { boxes: [], lines: [] };
    part.boxes.push(box);
    parts.set(root(box.id), part);
  }
  for (const line of lines) parts.get(root(line.from))?.lines.push(line);
  return [...parts.values()];
}

/**
 * @param {Layout} part
 * @param {Map<string, number>} tails pixels to the right of a box that its loose lines take
 */
function withTails(part, tails) {
  for (const [id, { x, width }] of part.spots) {
    part.width = Math.max(part.width, x + width + (tails.get(id) ?? 0));
  }
  return part;
}

/**
 * One part.
 *
 * @param {Box[]} boxes
 * @param {Line[]} lines
 * @param {Layout | undefined} before
 * @returns {Layout}
 */
function drawn(boxes, lines, before) {
  const index = new Map(boxes.map(({ id }, at) => [id, at]));
  const arrows = lines.map(({ from, to, order = 0 }) => ({
    from: /** @type {number} */ (index.get(from)),
    to: /** @type {number} */ (index.get(to)),
    order,
  }));
  const isTurned = turned(boxes.length, arrows);
  const ways = arrows.map(({ from, to }, at) =>
    isTurned[at] ? { from: to, to: from } : { from, to },
  );
  const column = columnsOf(boxes.length, ways);
  const net = withBends(boxes, ways, column);
  const begun = begin(net, boxes, before);
  const columns = untangled(begun, net.before, net.after);
  const middle = placed(columns, {
    before: net.before,
    after: net.after,
    heights: net.heights,
    gap: GAP,
    isBend: (box) => box >= boxes.length,
  });
  const [lefts, width] = across(boxes, lines, ways, column);
  /** @type {Map<string, Spot>} */
  const spots = new Map();
  for (const [at, { id, width: wide, height }] of boxes.entries()) {
    spots.set(id, { x: lefts[column[at]].x, y: middle[at] - height / 2, width: wide, height });
  }
  const bottoms = middle.map((one, box) => one + net.heights[box] / 2);
  const routes = routed({ boxes, lines, ways, isTurned, net, middle, lefts, column });
  return { width, height: Math.max(...bottoms, 0), spots, routes };
}

/**
 * Boxes and lines with a bend, a box without height, in each column that a line passes.
 *
 * @typedef {{column: number[], heights: number[], before: number[][], after: number[][],
 *   bends: number[][]}} Net `bends`: of each line, from left to right
 *
 * @param {Box[]} boxes
 * @param {{from: number, to: number}[]} ways
 * @param {number[]} column
 * @returns {Net}
 */
function withBends(boxes, ways, column) {
  const all = [...column];
  const heights = boxes.map(({ height }) => height);
  /** @type {number[][]} */
  const before = boxes.map(() => []);
  /** @type {number[][]} */
  const after = boxes.map(() => []);
  const bends = ways.map(({ from, to }) => {
    /** @type {number[]} */
    const passed = [];
    let last = from;
    for (let at = column[from] + 1; at < column[to]; at++) {
      const bend = all.push(at) - 1;
      (heights.push(0), before.push([]), after.push([]), passed.push(bend));
      (after[last].push(bend), before[bend].push(last));
      last = bend;
    }
    (after[last].push(to), before[to].push(last));
    return passed;
  });
  return { column: all, heights, before, after, bends };
}

/**
 * The columns in the order to begin with: as they were, or along the lines from the first boxes.
 *
 * @param {Net} net
 * @param {Box[]} boxes
 * @param {Layout | undefined} last
 */
function begin({ column, after, before }, boxes, last) {
  /** @type {number[][]} */
  const columns = Array.from({ length: Math.max(-1, ...column) + 1 }, () => []);
  const seen = new Set();
  const visit = (/** @type {number} */ box) => {
    if (seen.has(box)) return;
    seen.add(box);
    columns[column[box]].push(box);
    for (const next of after[box]) visit(next);
    for (const next of before[box]) visit(next);
  };
  for (const box of boxes.keys()) if (before[box].length === 0) visit(box);
  const was = (/** @type {number} */ box) => last?.spots.get(boxes[box]?.id)?.y;
  for (const boxesOf of columns) {
    if (!boxesOf.every((box) => was(box) !== undefined)) continue;
    boxesOf.sort((a, b) => Number(was(a)) - Number(was(b)));
  }
  return columns;
}

/**
 * Left and width of each column, and the width of all.
 *
 * @param {Box[]} boxes
 * @param {Line[]} lines
 * @param {{from: number, to: number}[]} ways
 * @param {number[]} column
 * @returns {[{x: number, width: number}[], number]}
 */
function across(boxes, lines, ways, column) {
  const many = Math.max(-1, ...column) + 1;
  const widths = Array.from({ length: many }, () => 0);
  const rooms = Array.from({ length: many }, () => 0);
  boxes.forEach(({ width }, at) => (widths[column[at]] = Math.max(widths[column[at]], width)));
  // Texts stand where a line arrives.
  ways.forEach(({ to }, at) => {
    rooms[column[to]] = Math.max(rooms[column[to]], lines[at].room ?? 0);
  });
  let x = 0;
  const lefts = widths.map((width, at) => {
    if (at > 0) x += COLUMN_GAP + rooms[at];
    const left = { x, width };
    x += width;
    return left;
  });
  return [lefts, x];
}

/**
 * @param {{boxes: Box[], lines: Line[], ways: {from: number, to: number}[], isTurned: boolean[],
 *   net: Net, middle: number[], lefts: {x: number, width: number}[], column: number[]}} given
 * @returns {Map<string, Route>}
 */
function routed({ boxes, lines, ways, isTurned, net, middle, lefts, column }) {
  const next = ways.map(({ to }, at) => middle[net.bends[at][0] ?? to]);
  const last = ways.map(({ from }, at) => middle[net.bends[at].at(-1) ?? from]);
  const starts = ends(
    boxes,
    ways.map(({ from }) => from),
    next,
  );
  const heads = ends(
    boxes,
    ways.map(({ to }) => to),
    last,
  );
  /** @type {Map<string, Route>} */
  const routes = new Map();
  for (const [at, { from, to }] of ways.entries()) {
    const left = lefts[column[from]].x + boxes[from].width;
    /** @type {Point[]} */
    const points = [{ x: left, y: middle[from] + starts[at] }];
    // Past a narrow box the line runs level to the end of the column.
    const edge = lefts[column[from]].x + lefts[column[from]].width;
    if (edge - left > 1) points.push({ x: edge, y: middle[from] + starts[at] });
    for (const bend of net.bends[at]) {
      const { x, width } = lefts[net.column[bend]];
      points.push({ x, y: middle[bend] }, { x: x + width, y: middle[bend] });
    }
    const head = { x: lefts[column[to]].x, y: middle[to] + heads[at] };
    // Its text stands above the last piece, which is level.
    points.push({ x: head.x - Math.max(14, lines[at].room ?? 0), y: head.y }, head);
    if (isTurned[at]) points.reverse();
    routes.set(lines[at].id, { points, isTurned: isTurned[at] });
  }
  return routes;
}

/**
 * How far from the middle of its box each line begins or ends: those that come from above first.
 *
 * @param {Box[]} boxes
 * @param {number[]} at the box of each line
 * @param {number[]} other where each line comes from, or goes to
 */
function ends(boxes, at, other) {
  /** @type {Map<number, number[]>} */
  const of = new Map();
  at.forEach((box, line) => of.set(box, [...(of.get(box) ?? []), line]));
  const offsets = at.map(() => 0);
  for (const [box, all] of of) {
    all.sort((a, b) => other[a] - other[b] || a - b);
    const gap = Math.min(END_GAP, (boxes[box].height * 0.7) / Math.max(1, all.length - 1));
    all.forEach((line, place) => (offsets[line] = (place - (all.length - 1) / 2) * gap));
  }
  return offsets;
}

/**
 * The parts in rows, the highest first.
 *
 * @param {Layout[]} parts
 * @param {number} aspect width to height that is wanted
 * @param {number} room the most width
 * @returns {Layout}
 */
function packed(parts, aspect, room) {
  const sorted = [...parts].sort((a, b) => b.height - a.height || b.width - a.width);
  const area = parts.reduce(
    (sum, { width, height }) => sum + (width + PART_GAP) * (height + PART_GAP),
    0,
  );
  const widest = Math.max(0, ...parts.map(({ width }) => width));
  const most = Math.max(Math.min(Math.sqrt(area * aspect), room), widest);
  /** @type {Layout} */
  const whole = { width: 0, height: 0, spots: new Map(), routes: new Map() };
  let [x, y, row] = [0, 0, 0];
  for (const part of sorted) {
    if (x > 0 && x + part.width > most) [x, y, row] = [0, y + row + PART_GAP, 0];
    for (const [id, spot] of part.spots) {
      whole.spots.set(id, { ...spot, x: spot.x + x, y: spot.y + y });
    }
    for (const [id, { points, isTurned }] of part.routes) {
      const moved = points.map((point) => ({ x: point.x + x, y: point.y + y }));
      whole.routes.set(id, { points: moved, isTurned });
    }
    whole.width = Math.max(whole.width, x + part.width);
    whole.height = Math.max(whole.height, y + part.height);
    [x, row] = [x + part.width + PART_GAP, Math.max(row, part.height)];
  }
  return whole;
}

/**
 * A line that is not of a part: from side to side, or round the corner of its own box.
 *
 * @param {Line} line
 * @param {Map<string, Spot>} spots
 * @returns {Route}
 */
function direct({ from, to }, spots) {
  const a = /** @type {Spot} */ (spots.get(from));
  const b = /** @type {Spot} */ (spots.get(to));
  if (from === to) {
    const [x, y] = [a.x + a.width, a.y + a.height / 2];
    const points = [
      { x, y: y - 8 },
      { x: x + 22, y: y - 8 },
      { x: x + 22, y: y + 8 },
      { x, y: y + 8 },
    ];
    return { points, isTurned: false };
  }
  const isTurned = b.x + b.width / 2 < a.x + a.width / 2;
  const start = { x: isTurned ? a.x : a.x + a.width, y: a.y + a.height / 2 };
  const head = { x: isTurned ? b.x + b.width : b.x, y: b.y + b.height / 2 };
  return { points: [start, head], isTurned };
}
