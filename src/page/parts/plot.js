/**
 * Lines over time with axes and units; values are read on hover and with the arrow keys.
 *
 * @typedef {{name: string, tone: string, points: [number, number][]}} Line points: time and value
 * @typedef {{label: string, lines: Line[], unit: (value: number) => string, span: number}} Content
 *   `span`: milliseconds that are shown, up to now
 */

import { draw, h } from './draw.js';
import { timeOfDay } from './format.js';

const HEIGHT = 168;
const LEFT = 56;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 24;

class LeveretPlot extends HTMLElement {
  /** @type {Content | undefined} */
  #content;
  #width = 480;
  /** The time that is read, or none. @type {number | undefined} */
  #read;
  #observer = new ResizeObserver(([entry]) => {
    const width = Math.max(200, Math.round(entry.contentRect.width));
    if (width === this.#width) return;
    this.#width = width;
    this.#draw();
  });

  /** @param {Content} content */
  set content(content) {
    this.#content = content;
    this.#draw();
  }

  connectedCallback() {
    this.#observer.observe(this);
    this.addEventListener('pointermove', this.#onMove);
    this.addEventListener('pointerleave', this.#onLeave);
    this.addEventListener('keydown', this.#onKey);
    this.addEventListener('focusout', this.#onLeave);
  }

  disconnectedCallback() {
    this.#observer.disconnect();
  }

  /** @param {PointerEvent} event */
  #onMove = (event) => {
    const box = this.querySelector('svg')?.getBoundingClientRect();
    if (box) this.#readAt((event.clientX - box.left - LEFT) / (this.#width - LEFT - RIGHT));
  };

  #onLeave = () => {
    this.#read = undefined;
    this.#draw();
  };

  /** @param {KeyboardEvent} event */
  #onKey = (event) => {
    const times = this.#times();
    if (times.length === 0) return;
    const now = this.#read === undefined ? times.length : times.indexOf(this.#read);
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: times.length - 1 }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    this.#read = times[Math.max(0, Math.min(to, times.length - 1))];
    this.#draw();
  };

  /** @param {number} share of the width */
  #readAt(share) {
    const { from, to } = this.#spanned();
    const wanted = from + share * (to - from);
    const distance = (/** @type {number} */ time) => Math.abs(time - wanted);
    const nearest = (/** @type {number} */ a, /** @type {number} */ b) =>
      distance(b) < distance(a) ? b : a;
    const times = this.#times();
    this.#read = times.length > 0 ? times.reduce(nearest) : undefined;
    this.#draw();
  }

  #times() {
    const all = this.#content?.lines.flatMap((line) => line.points.map(([time]) => time)) ?? [];
    return [...new Set(all)].sort((a, b) => a - b);
  }

  #spanned() {
    const to = Math.max(...this.#times(), 0) || Date.now();
    return { from: to - (this.#content?.span ?? 0), to };
  }

  #draw() {
    const content = this.#content;
    if (!content) return;
    const { from, to } = this.#spanned();
    const values = content.lines.flatMap((line) => line.points.map(([, value]) => value));
    const ticks = nice(Math.max(...values, 0));
    const most = ticks[ticks.length - 1];
    const wide = this.#width - LEFT - RIGHT;
    const x = (/** @type {number} */ time) => LEFT + ((time - from) / (to - from || 1)) * wide;
    const y = (/** @type {number} */ value) =>
      HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP);
    const scale = { x, y, from, to };
    const shown = content.lines.map((line) => said(line, content));
    const label = `${content.label}: ${shown.join(', ')}`;
    draw(
      this,
      legend(content, this.#read),
      h(
        'svg',
        {
          viewBox: `0 0 ${this.#width} ${HEIGHT}`,
          width: this.#width,
          height: HEIGHT,
          tabindex: 0,
          role: 'img',
          'aria-label': label,
        },
        ticks.map((tick) => level(tick, content, y, this.#width)),
        times(from, to, x),
        content.lines.map((line) => path(line, scale)),
        this.#read === undefined ? null : cross(this.#read, content, scale),
      ),
      h('output', { class: 'unseen', 'aria-live': 'polite' }, spoken(content, this.#read)),
    );
  }
}

/**
 * @typedef {{x: (v: number) => number, y: (v: number) => number, from: number,
 *   to: number}} Scale
 */

/**
 * @param {Line} line
 * @param {Scale} scale
 */
function path(line, { x, y, from }) {
  const shown = line.points.filter(([time]) => time >= from);
  const points = shown.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`);
  return h('polyline', { key: line.name, class: ['line', line.tone], points: points.join(' ') });
}

/**
 * @param {number} tick
 * @param {Content} content
 * @param {(value: number) => number} y
 * @param {number} width
 */
function level(tick, content, y, width) {
  const at = Math.round(y(tick)) + 0.5;
  return h(
    'g',
    { key: `level ${tick}`, class: 'level' },
    h('line', { x1: LEFT, x2: width - RIGHT, y1: at, y2: at }),
    h('text', { x: LEFT - 8, y: at + 4, 'text-anchor': 'end' }, content.unit(tick)),
  );
}

/**
 * @param {number} from
 * @param {number} to
 * @param {(value: number) => number} x
 */
function times(from, to, x) {
  const marks = [0, 0.5, 1].map((share) => from + share * (to - from));
  const anchors = ['start', 'middle', 'end'];
  return marks.map((time, at) =>
    h(
      'text',
      { key: `time ${at}`, class: 'time', x: x(time), y: HEIGHT - 6, 'text-anchor': anchors[at] },
      timeOfDay(time),
    ),
  );
}

/**
 * @param {number} time
 * @param {Content} content
 * @param {Scale} scale
 */
function cross(time, content, { x, y }) {
  const at = x(time);
  const dots = content.lines.map((line) => {
    const value = valueAt(line, time);
    const props = { key: line.name, class: ['dot', line.tone], cx: at, r: 3.5 };
    return value === undefined ? null : h('circle', { ...props, cy: y(value) });
  });
  const line = { x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM };
  return h('g', { key: 'cross', class: 'cross' }, h('line', line), dots);
}

/**
 * @param {Content} content
 * @param {number | undefined} time that is read; else the newest values are shown
 */
function legend(content, time) {
  return h(
    'div',
    { class: 'legend' },
    h('strong', {}, content.label),
    content.lines.map((line) => {
      const value = time === undefined ? last(line) : valueAt(line, time);
      return h(
        'span',
        { key: line.name, class: ['entry', line.tone] },
        h('i', {}),
        line.name,
        ' ',
        h('b', {}, value === undefined ? '–' : content.unit(value)),
      );
    }),
    h('span', { class: 'read' }, time === undefined ? '' : timeOfDay(time)),
  );
}

/**
 * @param {Line} line
 * @param {number} time
 */
function valueAt(line, time) {
  return line.points.find(([at]) => at === time)?.[1];
}

/** @param {Line} line */
function last(line) {
  return line.points.at(-1)?.[1];
}

/**
 * @param {Line} line
 * @param {Content} content
 */
function said(line, content) {
  const value = last(line);
  return `${line.name} ${value === undefined ? '–' : content.unit(value)}`;
}

/**
 * @param {Content} content
 * @param {number | undefined} time
 */
function spoken(content, time) {
  if (time === undefined) return '';
  const values = content.lines.map((line) => {
    const value = valueAt(line, time);
    return value === undefined ? '' : `${line.name} ${content.unit(value)}`;
  });
  return `${timeOfDay(time)}: ${values.filter(Boolean).join(', ')}`;
}

/**
 * Round numbers from 0 to at least `most`.
 *
 * @param {number} most
 */
export function nice(most) {
  const wanted = Math.max(most, 1) / 3;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= wanted) ?? 1;
  const whole = Math.max(step, 1);
  const many = Math.max(1, Math.ceil(most / whole));
  return Array.from({ length: many + 1 }, (_, at) => at * whole);
}

customElements.define('lv-plot', LeveretPlot);

/** @param {Content} content */
export function plot(content) {
  return h('lv-plot', { '.content': content });
}

/**
 * Lines of what was counted: samples as the API gives them, oldest first.
 *
 * @param {{samples?: {sample: number, timestamp: number}[]} | undefined} details
 * @returns {[number, number][]}
 */
export function lengths(details) {
  const samples = [...(details?.samples ?? [])].reverse();
  return samples.map(({ sample, timestamp }) => [timestamp, sample]);
}

/**
 * How fast a counter grew between its samples, per second.
 *
 * @param {{samples?: {sample: number, timestamp: number}[]} | undefined} details
 * @returns {[number, number][]}
 */
export function speeds(details) {
  const points = lengths(details);
  return points.slice(1).map(([time, value], at) => {
    const [before, less] = points[at];
    return [time, Math.max(0, ((value - less) * 1000) / (time - before || 1))];
  });
}
