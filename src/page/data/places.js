/**
 * The third step of a layered drawing: how far down each box is, so that lines are as straight as
 * the order of the columns and the room between boxes let them be.
 *
 * Each column is fitted by itself to where its neighbours are: least squares under the constraint
 * that boxes keep their order and distance, which pooling adjacent violators solves exactly. Pure.
 */

const ROUNDS = 24;
/** The last ones but one look to both sides at once. */
const BOTH = 8;

/**
 * @param {number[][]} columns boxes in order; those without room of their own, which long lines
 *   go through, have the height 0
 * @param {{before: number[][], after: number[][], heights: number[], gap: number,
 *   isBend: (box: number) => boolean}} given
 *   `before`, `after`: what each box is joined to, to the left and to the right;
 *   `gap`: between two boxes
 * @returns {number[]} the middle of each box; the least top is 0
 */
export function placed(columns, { before, after, heights, gap, isBend }) {
  const middle = heights.map(() => 0);
  const room = (/** @type {number} */ a, /** @type {number} */ b) => {
    const bends = Number(isBend(a)) + Number(isBend(b));
    return (heights[a] + heights[b]) / 2 + gap / (1 + bends);
  };
  for (const column of columns) {
    column.forEach((box, at) => {
      middle[box] =
        at === 0 ? heights[box] / 2 : middle[column[at - 1]] + room(column[at - 1], box);
    });
  }
  // A long line is straight before a box is in the middle of its neighbours.
  const pull = (/** @type {number} */ a, /** @type {number} */ b) =>
    1 + 3 * (Number(isBend(a)) + Number(isBend(b)));
  for (let round = 0; round < ROUNDS; round++) {
    const isBack = round % 2 === 1;
    const isOneSided = round < ROUNDS - BOTH || round === ROUNDS - 1;
    const sides = isOneSided ? [isBack ? after : before] : [before, after];
    for (const column of isBack ? [...columns].reverse() : columns) {
      fit(column, middle, room, (box) => {
        const joined = sides.flatMap((side) => side[box]);
        let [sum, weight] = [0, 0];
        for (const one of joined) {
          const pulled = pull(box, one);
          [sum, weight] = [sum + pulled * middle[one], weight + pulled];
        }
        return weight === 0 ? { at: middle[box], weight: 0.01 } : { at: sum / weight, weight };
      });
    }
  }
  const top = Math.min(...middle.map((one, box) => one - heights[box] / 2), Infinity);
  return middle.map((one) => one - (Number.isFinite(top) ? top : 0));
}

/**
 * Moves the boxes of a column to where they are wanted, as near as their order lets them.
 *
 * @param {number[]} column
 * @param {number[]} middle
 * @param {(a: number, b: number) => number} room
 * @param {(box: number) => {at: number, weight: number}} wanted
 */
function fit(column, middle, room, wanted) {
  let shift = 0;
  /** @type {{sum: number, weight: number, many: number}[]} */
  const pools = [];
  const shifts = column.map((box, at) => {
    if (at > 0) shift += room(column[at - 1], box);
    const { at: place, weight } = wanted(box);
    let pool = { sum: (place - shift) * weight, weight, many: 1 };
    for (let last = pools.at(-1); last && mean(last) >= mean(pool); last = pools.at(-1)) {
      pools.pop();
      pool = {
        sum: last.sum + pool.sum,
        weight: last.weight + pool.weight,
        many: last.many + pool.many,
      };
    }
    pools.push(pool);
    return shift;
  });
  let at = 0;
  for (const pool of pools) {
    for (let one = 0; one < pool.many; one++, at++) middle[column[at]] = mean(pool) + shifts[at];
  }
}

/** @param {{sum: number, weight: number}} pool */
function mean({ sum, weight }) {
  return sum / weight;
}
