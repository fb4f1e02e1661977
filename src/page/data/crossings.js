/**
 * The second step of a layered drawing: the order of each column, so that few lines cross.
 *
 * Sweeps by weighted medians, then exchanges of neighbours, as Gansner and others describe; what is
 * best of all tries is kept. Crossings are counted as Barth, Mutzel and Jünger do, in a tree of
 * sums. Pure: the same columns give the same order.
 */

/** Sweeps to the right and back, and how many of them may pass without getting better. */
const SWEEPS = 24;
const PATIENCE = 6;
/** In columns with more boxes neighbours are not exchanged: it would take too long. */
const EXCHANGED_MAX = 400;

/**
 * @param {number[][]} columns boxes of each column, in the order to begin with
 * @param {number[][]} before boxes of the column to the left that each is joined to
 * @param {number[][]} after boxes of the column to the right
 * @returns {number[][]} the columns with few crossings
 */
export function untangled(columns, before, after) {
  const many = before.length;
  let best = columns.map((column) => [...column]);
  let least = crossings(best, after, many);
  const order = best.map((column) => [...column]);
  for (let sweep = 0, idle = 0; sweep < SWEEPS && idle < PATIENCE && least > 0; sweep++, idle++) {
    const isBack = sweep % 2 === 1;
    const rank = ranksIn(order, many);
    const steps = [...order.keys()];
    for (const at of isBack ? steps.reverse() : steps) {
      byMedians(order[at], isBack ? after : before, rank, sweep % 4 > 1);
      order[at].forEach((box, place) => (rank[box] = place));
    }
    exchange(order, before, after, rank);
    const now = crossings(order, after, many);
    if (now >= least) continue;
    [best, least, idle] = [order.map((column) => [...column]), now, -1];
  }
  return best;
}

/**
 * How many pairs of lines cross.
 *
 * @param {number[][]} columns
 * @param {number[][]} after
 * @param {number} many boxes
 */
export function crossings(columns, after, many) {
  const rank = ranksIn(columns, many);
  let sum = 0;
  for (const [at, column] of columns.entries()) {
    const size = columns[at + 1]?.length ?? 0;
    const ends = column.flatMap((box) =>
      after[box].map((one) => rank[one]).sort((a, b) => a - b),
    );
    sum += inversions(ends, size);
  }
  return sum;
}

/**
 * @param {number[]} ends from 0 to `size - 1`
 * @param {number} size
 */
function inversions(ends, size) {
  const tree = new Int32Array(size + 1);
  let sum = 0;
  for (const [seen, end] of ends.entries()) {
    let notAbove = 0;
    for (let at = end + 1; at > 0; at -= at & -at) notAbove += tree[at];
    sum += seen - notAbove;
    for (let at = end + 1; at <= size; at += at & -at) tree[at] += 1;
  }
  return sum;
}

/**
 * @param {number[][]} columns
 * @param {number} many
 */
function ranksIn(columns, many) {
  const rank = new Array(many).fill(0);
  for (const column of columns) column.forEach((box, place) => (rank[box] = place));
  return rank;
}

/**
 * Sorts a column by the middle of what each box is joined to. One that is joined to nothing stays
 * where it is.
 *
 * @param {number[]} column
 * @param {number[][]} joined
 * @param {number[]} rank
 * @param {boolean} isTurned whether equals change places
 */
function byMedians(column, joined, rank, isTurned) {
  const middle = new Map(column.map((box) => [box, median(joined[box].map((one) => rank[one]))]));
  const free = column.filter((box) => middle.get(box) !== undefined);
  const place = new Map(free.map((box, at) => [box, at]));
  const sign = isTurned ? -1 : 1;
  const by = (/** @type {number} */ box) => /** @type {number} */ (middle.get(box));
  const at = (/** @type {number} */ box) => /** @type {number} */ (place.get(box));
  free.sort((a, b) => by(a) - by(b) || sign * (at(a) - at(b)));
  let next = 0;
  for (const [index, box] of column.entries()) {
    if (middle.get(box) !== undefined) column[index] = free[next++];
  }
}

/**
 * The middle; of an even number the one that leans to where the others are closer together.
 *
 * @param {number[]} places
 */
function median(places) {
  if (places.length === 0) return undefined;
  const sorted = places.sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[half];
  if (sorted.length === 2) return (sorted[0] + sorted[1]) / 2;
  const left = sorted[half - 1] - sorted[0];
  const right = sorted[sorted.length - 1] - sorted[half];
  if (left + right === 0) return (sorted[half - 1] + sorted[half]) / 2;
  return (sorted[half - 1] * right + sorted[half] * left) / (left + right);
}

/**
 * Exchanges neighbours where that takes crossings away.
 *
 * @param {number[][]} order
 * @param {number[][]} before
 * @param {number[][]} after
 * @param {number[]} rank
 */
function exchange(order, before, after, rank) {
  for (const column of order) {
    if (column.length > EXCHANGED_MAX) continue;
    for (let at = 0; at + 1 < column.length; at++) {
      const [a, b] = [column[at], column[at + 1]];
      const gain = gained(before, rank, a, b) + gained(after, rank, a, b);
      if (gain <= 0) continue;
      [column[at], column[at + 1]] = [b, a];
      [rank[a], rank[b]] = [rank[b], rank[a]];
    }
  }
}

/**
 * How many crossings less there are with `b` above `a`.
 *
 * @param {number[][]} joined
 * @param {number[]} rank
 * @param {number} a
 * @param {number} b
 */
function gained(joined, rank, a, b) {
  let gain = 0;
  for (const one of joined[a]) {
    for (const other of joined[b]) gain += Math.sign(rank[one] - rank[other]);
  }
  return gain;
}
