/**
 * The first step of a layered drawing: which lines run against the stream, and in which column each
 * box is. Pure functions on numbers: boxes are 0 to `count - 1`.
 *
 * After Sugiyama, Tagawa and Toda 1981; Gansner, Koutsofios, North and Vo 1993, "A technique for
 * drawing directed graphs".
 *
 * @typedef {{from: number, to: number, order: number}} Arrow
 *   `order`: of two arrows in a circle, the one with the higher order is turned round
 */

/**
 * Turns arrows round until there is no circle.
 *
 * @param {number} count
 * @param {Arrow[]} arrows none from a box to itself
 * @returns {boolean[]} which of them are turned round
 */
export function turned(count, arrows) {
  /** @type {number[][]} */
  const after = Array.from({ length: count }, () => []);
  const isTurned = arrows.map(() => false);
  const places = arrows.map((_, at) => at);
  places.sort((a, b) => arrows[a].order - arrows[b].order || a - b);
  for (const at of places) {
    const { from, to } = arrows[at];
    isTurned[at] = leads(after, to, from);
    if (isTurned[at]) after[to].push(from);
    else after[from].push(to);
  }
  return isTurned;
}

/**
 * @param {number[][]} after
 * @param {number} from
 * @param {number} to
 */
function leads(after, from, to) {
  const seen = new Set([from]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    for (const next of after[at]) if (!seen.has(next)) open.push((seen.add(next), next));
  }
  return false;
}

/** Times that boxes are pulled towards what they are joined to. */
const PULLS = 4;

/**
 * The column of each box, from 0: every arrow leads to the right, and few are longer than needed.
 *
 * @param {number} count
 * @param {{from: number, to: number}[]} arrows without a circle
 * @returns {number[]}
 */
export function columnsOf(count, arrows) {
  /** @type {number[][]} */
  const before = Array.from({ length: count }, () => []);
  /** @type {number[][]} */
  const after = Array.from({ length: count }, () => []);
  for (const { from, to } of arrows) (before[to].push(from), after[from].push(to));
  const column = Array.from({ length: count }, () => 0);
  const sorted = inOrder(before, after);
  for (const box of sorted) {
    for (const next of after[box]) column[next] = Math.max(column[next], column[box] + 1);
  }
  for (let pull = 0; pull < PULLS; pull++) {
    for (const box of pull % 2 === 0 ? [...sorted].reverse() : sorted) {
      const first = Math.max(-1, ...before[box].map((one) => column[one])) + 1;
      const last = Math.min(...after[box].map((one) => column[one])) - 1;
      if (after[box].length > before[box].length) column[box] = last;
      else if (before[box].length > after[box].length) column[box] = first;
    }
  }
  const least = count === 0 ? 0 : Math.min(...column);
  return column.map((one) => one - least);
}

/**
 * All boxes, each behind those that lead to it.
 *
 * @param {number[][]} before
 * @param {number[][]} after
 */
function inOrder(before, after) {
  const left = before.map((boxes) => boxes.length);
  const sorted = [...left.keys()].filter((box) => left[box] === 0);
  for (const box of sorted) {
    for (const next of after[box]) if (--left[next] === 0) sorted.push(next);
  }
  return sorted;
}
