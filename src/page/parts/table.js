/**
 * A table of any length: only the rows that can be seen are in the document. It scrolls with the
 * page, has its order in its head and is walked with the arrow keys.
 *
 * @typedef {import('./draw.js').Child} Child
 */

import { draw, h } from './draw.js';

/**
 * @template R
 * @typedef {{
 *   name: string,
 *   title: string,
 *   about?: string,
 *   cell: (row: R) => Child,
 *   by?: (row: R) => string | number,
 *   style?: string,
 * }} Column `by`: what rows are ordered by; `style`: classes, such as `number` or `wide`
 */

/**
 * @template R
 * @typedef {{
 *   label: string,
 *   columns: Column<R>[],
 *   rows: R[],
 *   key: (row: R) => string,
 *   order: {by: string, isDown: boolean},
 *   onOrder: (by: string, isDown: boolean) => void,
 *   empty: string,
 * }} Content
 */

/** As `--row` in tokens.css. */
const ROW = 34;
/** So many rows are all in the document. */
const ALL = 120;
/** Rows in the document above and below those that can be seen. */
const SPARE = 12;

class LeveretTable extends HTMLElement {
  /** @type {Content<any> | undefined} */
  #content;
  /** @type {any[]} */
  #rows = [];

  /** @param {Content<any>} content */
  set content(content) {
    this.#content = content;
    this.#rows = ordered(content);
    this.#draw();
  }

  connectedCallback() {
    addEventListener('scroll', this.#onScroll, { passive: true });
    addEventListener('resize', this.#onScroll, { passive: true });
    this.addEventListener('keydown', this.#onKey);
  }

  disconnectedCallback() {
    removeEventListener('scroll', this.#onScroll);
    removeEventListener('resize', this.#onScroll);
    this.removeEventListener('keydown', this.#onKey);
  }

  #onScroll = () => {
    if (this.#rows.length > ALL) this.#draw();
  };

  /** @param {KeyboardEvent} event */
  #onKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    const row = /** @type {Element} */ (event.target).closest('tr[aria-rowindex]');
    if (!step || !row || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    this.#focus(Number(row.getAttribute('aria-rowindex')) + step);
  };

  /** @param {number} index as `aria-rowindex` has it: the head is 1 */
  #focus(index) {
    const find = () => this.querySelector(`tr[aria-rowindex="${index}"]`);
    const row = find();
    if (!row) return;
    row.scrollIntoView({ block: 'nearest' });
    this.#draw();
    const target = /** @type {HTMLElement | null} */ (find()?.querySelector('a, button') ?? null);
    target?.focus({ preventScroll: true });
  }

  /** The rows that are in the document: from, to. */
  #range() {
    const many = this.#rows.length;
    if (many <= ALL) return [0, many];
    const body = this.querySelector('tbody');
    const top = body ? body.getBoundingClientRect().top : 0;
    const first = Math.floor(-top / ROW) - SPARE;
    const from = Math.max(0, Math.min(first, many - 1));
    const to = Math.min(many, Math.max(first, 0) + Math.ceil(innerHeight / ROW) + 2 * SPARE);
    return [from, to];
  }

  #draw() {
    const content = this.#content;
    if (!content) return;
    if (this.#rows.length === 0) {
      draw(this, h('p', { class: 'empty' }, content.empty));
      return;
    }
    const [from, to] = this.#range();
    const shown = this.#rows.slice(from, to);
    draw(
      this,
      h(
        'table',
        { 'aria-label': content.label, 'aria-rowcount': this.#rows.length + 1, class: 'rows' },
        h(
          'thead',
          {},
          h(
            'tr',
            { 'aria-rowindex': 1 },
            content.columns.map((c) => head(c, content)),
          ),
        ),
        h(
          'tbody',
          {},
          space('above', from),
          shown.map((row, at) =>
            h(
              'tr',
              { key: `row ${content.key(row)}`, 'aria-rowindex': from + at + 2 },
              content.columns.map((c) =>
                h('td', { class: ['c-' + c.name, c.style] }, c.cell(row)),
              ),
            ),
          ),
          space('below', this.#rows.length - to),
        ),
      ),
    );
  }
}

/**
 * Room of rows that are not in the document.
 *
 * @param {string} key
 * @param {number} rows
 */
function space(key, rows) {
  if (rows === 0) return null;
  return h('tr', {
    key,
    class: 'space',
    'aria-hidden': 'true',
    style: { height: `${rows * ROW}px` },
  });
}

/**
 * @param {Column<any>} column
 * @param {Content<any>} content
 */
function head(column, content) {
  const { name, title, about, by, style } = column;
  const { order, onOrder } = content;
  const isOrder = order.by === name;
  const sort = isOrder ? (order.isDown ? 'descending' : 'ascending') : 'none';
  const props = { scope: 'col', class: ['c-' + name, style], title: about };
  if (!by) return h('th', props, title);
  // What is counted is wanted from the most, names from A.
  const isNumber = style?.includes('number') ?? false;
  const next = isOrder ? !order.isDown : isNumber;
  return h(
    'th',
    { ...props, 'aria-sort': sort },
    h('button', { type: 'button', onclick: () => onOrder(name, next) }, title, arrow(sort)),
  );
}

/** @param {string} sort */
function arrow(sort) {
  const mark = sort === 'none' ? '' : sort === 'ascending' ? '▲' : '▼';
  return h('span', { class: 'arrow', 'aria-hidden': 'true' }, mark);
}

/**
 * @param {Content<any>} content
 * @returns {any[]}
 */
function ordered({ rows, columns, order, key }) {
  const by = columns.find((column) => column.name === order.by)?.by;
  if (!by) return rows;
  const sign = order.isDown ? -1 : 1;
  const keyed = rows.map((row) => ({ row, at: by(row), key: key(row) }));
  keyed.sort((a, b) => sign * compared(a.at, b.at) || compared(a.key, b.key));
  return keyed.map(({ row }) => row);
}

/**
 * @param {string | number} a
 * @param {string | number} b
 */
function compared(a, b) {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return natural.compare(a, b);
  return a < b ? -1 : 1;
}

const natural = new Intl.Collator('en', { numeric: true });

customElements.define('lv-table', LeveretTable);

/**
 * The order of a table as the link has it, and how the link changes with it.
 *
 * @param {{
 *   at: import('./place.js').Place,
 *   change: (query: Record<string, string | undefined>) => void,
 * }} context
 * @param {string} first the column that counts if the link names none
 */
export function linkedOrder({ at, change }, first) {
  const { sort: by = first, down } = at.query;
  return {
    order: { by, isDown: down === '1' },
    onOrder: (/** @type {string} */ to, /** @type {boolean} */ isDown) =>
      change({ sort: to === first ? undefined : to, down: isDown ? '1' : undefined }),
  };
}

/**
 * @template R
 * @param {Content<R>} content
 */
export function table(content) {
  return h('lv-table', { '.content': content });
}
