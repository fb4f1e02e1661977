/**
 * The lines of a graph: how they run, what stands on them, and how those that lead far are drawn.
 *
 * @typedef {import('./graph.js').Line} Line
 * @typedef {import('./graph.js').Content} Content
 * @typedef {import('../data/layout.js').Layout} Layout
 * @typedef {import('../data/layout.js').Point} Point
 */

import { h } from './draw.js';

/** What is lit is drawn above the rest. @param {Line[]} lines */
export function byLight(lines) {
  return [...lines].sort((a, b) => Number(a.isLit ?? false) - Number(b.isLit ?? false));
}

export function heads() {
  const kinds = ['binding', 'alternate', 'dead-letter', 'lit'];
  return h(
    'defs',
    { key: 'heads' },
    kinds.map((kind) =>
      h(
        'marker',
        {
          key: kind,
          id: `head-${kind}`,
          class: ['head', kind],
          viewBox: '0 0 8 8',
          refX: 7,
          refY: 4,
          markerWidth: 8,
          markerHeight: 8,
          markerUnits: 'userSpaceOnUse',
          orient: 'auto',
        },
        h('path', { d: 'M0 0.5 L8 4 L0 7.5 Z' }),
      ),
    ),
  );
}

/**
 * @param {Line} line
 * @param {Content} content
 */
export function lineOf(line, { layout }) {
  const { id, kind, rate, title, isLit, isDim } = line;
  const route = layout.routes.get(id);
  if (!route) return null;
  if (line.loose && !isLit) return tailOf(line, line.loose, layout);
  const width = isLit ? 3 : rate ? Math.min(5, 1.4 + Math.log10(1 + rate)) : 1.2;
  const state = [isLit && 'lit', isDim && 'dim', rate && 'moves'];
  return h(
    'path',
    {
      key: id,
      class: ['edge', kind, ...state],
      d: curve(route.points),
      style: { 'stroke-width': width.toFixed(1) },
      'marker-end': `url(#head-${isLit ? 'lit' : kind})`,
    },
    h('title', {}, title),
  );
}

/**
 * The beginning of a line, and where it leads to.
 *
 * @param {Line} line
 * @param {{from: string, to: string}} loose
 * @param {Layout} layout
 */
function tailOf({ id, kind, title, isDim }, { from, to }, { spots }) {
  const spot = spots.get(from);
  if (!spot) return null;
  const [x, y] = [spot.x + spot.width, spot.y + spot.height - 11];
  return h(
    'g',
    { key: id, class: ['tail', kind, isDim && 'dim'] },
    h(
      'path',
      { class: ['edge', kind], d: `M${x} ${y}h14`, 'marker-end': `url(#head-${kind})` },
      h('title', {}, title),
    ),
    h('text', { x: x + 18, y: y + 4, 'aria-hidden': 'true' }, to),
  );
}

/**
 * Level at each point, and smooth between them.
 *
 * @param {Point[]} points
 */
function curve(points) {
  const at = (/** @type {Point} */ { x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  let path = `M${at(points[0])}`;
  for (let next = 1; next < points.length; next++) {
    const [a, b] = [points[next - 1], points[next]];
    const isLevel = Math.abs(a.y - b.y) < 0.5 || Math.abs(a.x - b.x) < 0.5;
    if (isLevel) {
      path += `L${at(b)}`;
      continue;
    }
    const middle = (a.x + b.x) / 2;
    path += `C${at({ x: middle, y: a.y })} ${at({ x: middle, y: b.y })} ${at(b)}`;
  }
  return path;
}

/**
 * The text of a line stands where its right end is, above it.
 *
 * @param {Line} line
 * @param {Content} content
 */
export function textOf({ id, kind, text, said, isLit, isDim, loose }, { layout }) {
  const route = layout.routes.get(id);
  if (!route || loose || (!text && !said)) return null;
  const { x, y } = route.isTurned ? route.points[0] : route.points[route.points.length - 1];
  return h(
    'text',
    {
      key: id,
      class: ['way', kind, isLit && 'lit', isDim && 'dim'],
      x: (x - 12).toFixed(1),
      y: (y - 4).toFixed(1),
      'text-anchor': 'end',
      'aria-hidden': 'true',
    },
    h('tspan', { key: 'text', class: 'key' }, text),
    said && h('tspan', { key: 'rate', class: 'rate', dx: text ? 7 : 0 }, said),
  );
}
