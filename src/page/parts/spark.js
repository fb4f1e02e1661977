/** A line of the size of a word. */

import { h } from './draw.js';

const WIDTH = 72;
const HEIGHT = 18;

/**
 * @param {number[]} values from the oldest to the newest
 * @param {string} title says in words what it shows
 */
export function spark(values, title) {
  if (values.length < 2) return h('span', { class: 'spark' });
  const most = Math.max(...values, 1);
  const x = (/** @type {number} */ at) =>
    ((at / (values.length - 1)) * (WIDTH - 2) + 1).toFixed(1);
  const y = (/** @type {number} */ value) =>
    (HEIGHT - 1.5 - (value / most) * (HEIGHT - 3)).toFixed(1);
  const points = values.map((value, at) => `${x(at)},${y(value)}`).join(' ');
  const area = `${x(0)},${HEIGHT} ${points} ${x(values.length - 1)},${HEIGHT}`;
  return h(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': title },
    h('title', {}, title),
    h('polygon', { points: area }),
    h('polyline', { points }),
  );
}
