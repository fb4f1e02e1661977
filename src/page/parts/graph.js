/**
 * Boxes and the lines between them as SVG, in a frame that scrolls: zoomed with the buttons, with
 * `+`, `-` and `0`, or with the wheel while Ctrl is held; walked with the arrow keys along its
 * lines. It knows no path of the API, and draws what `data/layout.js` has placed.
 *
 * @typedef {import('../data/layout.js').Layout} Layout
 * @typedef {import('../data/layout.js').Point} Point
 * @typedef {'good' | 'warn' | 'bad' | 'plain'} Tone
 * @typedef {{id: string, name: string, href: string, title: string, tone: Tone, isLit?: boolean,
 *   isDim?: boolean, isChosen?: boolean}} Item `title`: all that is said of it to those who listen
 * @typedef {Item & {kind: 'exchange' | 'queue' | 'missing' | 'group', detail: string,
 *   mark?: string, members?: Item[], across?: number}} Box
 *   `members`: of a group, in rows of `across`; `mark`: what becomes of a message here
 * @typedef {{id: string, kind: string, text: string, said: string, title: string, rate?: number,
 *   isLit?: boolean, isDim?: boolean, loose?: {from: string, to: string}}} Line
 *   `said`: the rate as text; `loose`: only its beginning is drawn, with the name of its end
 * @typedef {{label: string, layout: Layout, boxes: Box[], lines: Line[]}} Content
 */

import { draw, h } from './draw.js';
import { button } from './bits.js';
import { byLight, heads, lineOf, textOf } from './edges.js';
import { t } from '../texts/en.js';

/** Pixels: room around it, a box's first line, a row of a group, and its sides. */
const MARGIN = 24;
export const GROUP = { head: 30, row: 26, side: 8 };
const SCALES = [0.25, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2];
/** It does not begin smaller than that, and scrolls instead. */
export const LEAST = 0.75;
const PAN = 60;

class LeveretGraph extends HTMLElement {
  /** @type {Content | undefined} */
  #content;
  /** @type {number | undefined} chosen by hand */
  #scale;
  #width = 800;
  /** The item that Tab leads to. @type {string | undefined} */
  #current;
  #observer = new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
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
    this.addEventListener('keydown', this.#onKey);
    this.addEventListener('focusin', this.#onFocus);
    this.addEventListener('wheel', this.#onWheel, { passive: false });
    this.addEventListener('pointerdown', this.#onDown);
  }

  disconnectedCallback() {
    this.#observer.disconnect();
  }

  get #frame() {
    return /** @type {HTMLElement} */ (this.querySelector('.frame'));
  }

  /** The scale that shows all of it, as far as it can be read then. */
  #fit() {
    const { width, height } = /** @type {Content} */ (this.#content).layout;
    const across = this.#width / (width + 2 * MARGIN);
    const down = (innerHeight * 0.72) / (height + 2 * MARGIN);
    const all = Math.min(1, across, down);
    return all >= LEAST ? all : Math.max(LEAST, Math.min(1, across));
  }

  /**
   * @param {number} step to a larger or smaller one; 0 is the one that fits
   * @param {{x: number, y: number}} [at] what stays where it is, in pixels of the frame
   */
  #zoom(step, at) {
    const before = this.#scale ?? this.#fit();
    const next =
      step > 0
        ? SCALES.find((one) => one > before + 0.01)
        : SCALES.findLast((one) => one < before - 0.01);
    this.#scale = step === 0 ? undefined : (next ?? before);
    const frame = this.#frame;
    const { x, y } = at ?? { x: frame.clientWidth / 2, y: frame.clientHeight / 2 };
    const [left, top] = [frame.scrollLeft + x, frame.scrollTop + y];
    this.#draw();
    const by = (this.#scale ?? this.#fit()) / before;
    frame.scrollTo(left * by - x, top * by - y);
  }

  /** @param {WheelEvent} event */
  #onWheel = (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.#frame.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    this.#zoom(event.deltaY < 0 ? 1 : -1, at);
  };

  /** Pulls with the mouse; fingers scroll by themselves. @param {PointerEvent} event */
  #onDown = (event) => {
    const frame = this.#frame;
    const target = /** @type {Element} */ (event.target);
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    if (!frame.contains(target) || target.closest('a')) return;
    const from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
    const ends = new AbortController();
    const onMove = (/** @type {PointerEvent} */ moved) =>
      frame.scrollTo(from.x - moved.clientX, from.y - moved.clientY);
    frame.classList.add('pulled');
    addEventListener('pointermove', onMove, { signal: ends.signal });
    const end = () => (ends.abort(), frame.classList.remove('pulled'));
    addEventListener('pointerup', end, { signal: ends.signal });
    addEventListener('pointercancel', end, { signal: ends.signal });
  };

  /** @param {FocusEvent} event */
  #onFocus = (event) => {
    const id = /** @type {Element} */ (event.target)
      .closest('a[data-id]')
      ?.getAttribute('data-id');
    if (!id || id === this.#current) return;
    this.#current = id;
    this.#draw();
    this.#reveal(id);
  };

  /** @param {KeyboardEvent} event */
  #onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {Element} */ (event.target);
    const zooms = { '+': 1, '=': 1, '-': -1, 0: 0 };
    if (event.key in zooms) {
      event.preventDefault();
      this.#zoom(zooms[/** @type {'+'} */ (event.key)]);
      if (this.#current) this.#reveal(this.#current);
      return;
    }
    const id = target.closest('a[data-id]')?.getAttribute('data-id');
    if (!id) return this.#pan(event);
    const next = this.#next(id, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.#current = next;
    this.#draw();
    this.#find(next)?.focus({ preventScroll: true });
    this.#reveal(next);
  };

  /** @param {KeyboardEvent} event */
  #pan(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[/** @type {'ArrowLeft'} */ (event.key)];
    if (!step || event.target !== this.#frame) return;
    event.preventDefault();
    this.#frame.scrollBy(step[0] * PAN, step[1] * PAN);
  }

  /**
   * @param {string} id
   * @returns {SVGAElement | undefined}
   */
  #find(id) {
    const all = /** @type {NodeListOf<SVGAElement>} */ (this.querySelectorAll('a[data-id]'));
    return [...all].find((one) => one.dataset.id === id);
  }

  /** Scrolls the frame, and not the page, to an item. @param {string} id */
  #reveal(id) {
    const spot = spots(/** @type {Content} */ (this.#content)).get(id);
    if (!spot) return;
    const scale = this.#scale ?? this.#fit();
    const frame = this.#frame;
    const [x, y] = [(spot.x + MARGIN) * scale, (spot.y + MARGIN) * scale];
    const [right, bottom] = [x + spot.width * scale, y + spot.height * scale];
    const left = Math.min(Math.max(frame.scrollLeft, right + 20 - frame.clientWidth), x - 20);
    const top = Math.min(Math.max(frame.scrollTop, bottom + 20 - frame.clientHeight), y - 20);
    frame.scrollTo(left, top);
  }

  /**
   * The item that an arrow key leads to: the nearest on that side.
   *
   * @param {string} id
   * @param {string} key
   */
  #next(id, key) {
    const content = /** @type {Content} */ (this.#content);
    const all = spots(content);
    const here = all.get(id);
    if (key === 'Home') return [...all.keys()][0];
    if (key === 'End') return [...all.keys()].at(-1);
    const sides = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const side = sides[/** @type {'ArrowLeft'} */ (key)];
    if (!here || !side) return undefined;
    const [x, y] = [here.x + here.width / 2, here.y + here.height / 2];
    let [best, least] = [/** @type {string | undefined} */ (undefined), Infinity];
    for (const [other, spot] of all) {
      const [dx, dy] = [spot.x + spot.width / 2 - x, spot.y + spot.height / 2 - y];
      const along = side[0] * dx + side[1] * dy;
      if (other === id || along < 8) continue;
      const aside = Math.abs(side[0] === 0 ? dx : dy);
      if (side[0] === 0 && aside > along * 2 + 40) continue;
      const distance = along + aside * (side[0] === 0 ? 3 : 1.5);
      if (distance < least) [best, least] = [other, distance];
    }
    return best;
  }

  #draw() {
    const content = this.#content;
    if (!content) return;
    const { width, height } = content.layout;
    const scale = this.#scale ?? this.#fit();
    const [wide, high] = [width + 2 * MARGIN, height + 2 * MARGIN];
    const items = content.boxes.flatMap((box) => box.members ?? [box]);
    if (!items.some(({ id }) => id === this.#current)) {
      this.#current = (items.find(({ isChosen }) => isChosen) ?? items[0])?.id;
    }
    const words = t.graph;
    draw(
      this,
      h(
        'div',
        { key: 'zoom', class: 'zoom', role: 'group', 'aria-label': words.zoom },
        button('−', () => this.#zoom(-1), { 'aria-label': words.smaller }),
        button(`${Math.round(scale * 100)} %`, () => this.#zoom(0), { title: words.fit }),
        button('+', () => this.#zoom(1), { 'aria-label': words.larger }),
      ),
      h(
        'div',
        {
          class: ['frame', scale < 0.5 && 'far'],
          role: 'region',
          'aria-label': content.label,
          tabindex: 0,
          style: { height: `${Math.ceil(high * scale) + 18}px` },
        },
        h(
          'svg',
          {
            viewBox: `${-MARGIN} ${-MARGIN} ${wide} ${high}`,
            width: Math.round(wide * scale),
            height: Math.round(high * scale),
          },
          heads(),
          h(
            'g',
            { key: 'lines' },
            byLight(content.lines).map((line) => lineOf(line, content)),
          ),
          h(
            'g',
            { key: 'boxes' },
            content.boxes.map((box) => boxOf(box, content, this.#current)),
          ),
          h(
            'g',
            { key: 'texts' },
            content.lines.map((line) => textOf(line, content)),
          ),
        ),
      ),
    );
  }
}

/**
 * Where each item is, those of groups too.
 *
 * @param {Content} content
 */
function spots({ boxes, layout }) {
  /** @type {Map<string, import('../data/layout.js').Spot>} */
  const found = new Map();
  for (const { id, members, across = 1 } of boxes) {
    const spot = layout.spots.get(id);
    if (!spot) continue;
    if (!members) found.set(id, spot);
    const width = (spot.width - 2 * GROUP.side) / across;
    members?.forEach((member, at) => {
      const x = spot.x + GROUP.side + (at % across) * width;
      const y = spot.y + GROUP.head + Math.floor(at / across) * GROUP.row;
      found.set(member.id, { x, y, width, height: GROUP.row });
    });
  }
  return found;
}

/**
 * @param {Box} box
 * @param {Content} content
 * @param {string | undefined} current
 */
function boxOf(box, content, current) {
  const spot = content.layout.spots.get(box.id);
  if (!spot) return null;
  const { x, y, width, height } = spot;
  const at = { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` };
  const state = [box.isLit && 'lit', box.isDim && 'dim', box.isChosen && 'chosen'];
  if (box.members) return groupOf(box, { width, height, at, state, current });
  const round = box.kind === 'exchange' ? height / 2 : 6;
  const inset = box.kind === 'exchange' ? 20 : 14;
  const middle = height / 2;
  return h(
    'a',
    {
      ...itemProps(box, current),
      key: box.id,
      class: ['box', box.kind, box.tone, ...state],
      ...at,
    },
    h('rect', { width, height, rx: Math.min(round, 23) }),
    box.tone !== 'plain' &&
      h('circle', { key: 'tone', class: 'tone', cx: width - 13, cy: middle - 9, r: 4 }),
    h('text', { key: 'name', class: 'name', x: inset, y: middle - 4 }, box.name),
    h('text', { key: 'detail', class: 'detail', x: inset, y: middle + 13 }, box.detail),
    box.mark && markOf(box.mark, width, height),
  );
}

/**
 * @param {Item} item
 * @param {string | undefined} current
 */
function itemProps({ id, href, title, isChosen }, current) {
  return {
    href,
    'data-id': id,
    tabindex: id === current ? 0 : -1,
    'aria-label': title,
    'aria-current': isChosen ? 'true' : undefined,
  };
}

/**
 * @param {string} mark
 * @param {number} width
 * @param {number} height
 */
function markOf(mark, width, height) {
  const wide = mark.length * 6.6 + 14;
  return h(
    'g',
    { key: 'mark', class: 'mark', transform: `translate(${width - wide + 6} ${height - 9})` },
    h('rect', { width: wide, height: 18, rx: 9 }),
    h('text', { x: wide / 2, y: 13, 'text-anchor': 'middle' }, mark),
  );
}

/**
 * @param {Box} box
 * @param {{width: number, height: number, at: Record<string, any>, state: any[],
 *   current: string | undefined}} given
 */
function groupOf(box, { width, height, at, state, current }) {
  const across = box.across ?? 1;
  const wide = (width - 2 * GROUP.side) / across;
  return h(
    'g',
    {
      key: box.id,
      class: ['box', 'group', ...state],
      ...at,
      role: 'group',
      'aria-label': box.title,
    },
    h('rect', { width, height, rx: 8 }),
    h('text', { key: 'name', class: 'detail', x: GROUP.side + 8, y: 20 }, box.name),
    (box.members ?? []).map((member, index) => {
      const x = GROUP.side + (index % across) * wide;
      const y = GROUP.head + Math.floor(index / across) * GROUP.row;
      const states = [member.isLit && 'lit', member.isDim && 'dim', member.isChosen && 'chosen'];
      return h(
        'a',
        {
          ...itemProps(member, current),
          key: member.id,
          class: ['member', member.tone, ...states],
          transform: `translate(${x.toFixed(1)} ${y})`,
        },
        h('rect', { x: 2, y: 1, width: wide - 4, height: GROUP.row - 2, rx: 5 }),
        h('circle', { key: 'tone', class: 'tone', cx: 12, cy: GROUP.row / 2, r: 3 }),
        h('text', { key: 'name', class: 'name', x: 22, y: GROUP.row / 2 + 4 }, member.name),
      );
    }),
  );
}

customElements.define('lv-graph', LeveretGraph);

/** @param {Content} content */
export function graph(content) {
  return h('lv-graph', { '.content': content });
}
