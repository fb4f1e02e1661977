/** A text in JSON, folded, and searched: what is found is marked and unfolded. */

import { button } from './bits.js';
import { draw, h } from './draw.js';
import { count } from './format.js';
import { TEXT_MAX } from '../data/json.js';
import { t } from '../texts/en.js';

/** @typedef {import('../data/json.js').Node} Node */
/** @typedef {import('./draw.js').Child} Child */

/** Objects and arrays within so many others are folded at first. */
const OPEN_DEPTH = 2;

class LeveretTree extends HTMLElement {
  /** @type {Node | undefined} */
  #node;
  /** What was folded or unfolded by hand, by the way to it. @type {Map<string, boolean>} */
  #open = new Map();
  #wanted = '';
  /** Which of what was found is looked at. */
  #at = 0;
  #found = 0;

  /** @param {Node} node */
  set node(node) {
    if (node.text === this.#node?.text) return;
    this.#node = node;
    this.#open.clear();
    this.#draw();
  }

  #draw() {
    if (!this.#node) return;
    this.#found = 0;
    const whole = this.#value(this.#node, '$', 0);
    draw(this, this.#bar(), h('div', { class: 'tree', tabindex: 0 }, whole.drawn));
  }

  #bar() {
    const words = t.tree;
    const said = this.#wanted ? words.found(count(this.#at + 1), count(this.#found)) : '';
    return h(
      'div',
      { class: 'bar', key: 'bar' },
      h('input', {
        type: 'search',
        class: 'small',
        placeholder: words.search,
        'aria-label': words.search,
        value: this.#wanted,
        oninput: (/** @type {Event} */ event) => {
          this.#wanted = /** @type {HTMLInputElement} */ (event.target).value;
          this.#at = 0;
          this.#draw();
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          this.#step(event.shiftKey ? -1 : 1);
        },
      }),
      h('span', { class: 'quiet', role: 'status' }, this.#found || !said ? said : words.nothing),
      h(
        'span',
        { class: 'actions' },
        button(words.unfold, () => this.#fold(true), { class: 'small' }),
        button(words.fold, () => this.#fold(false), { class: 'small' }),
      ),
    );
  }

  /** @param {number} by */
  #step(by) {
    if (this.#found === 0) return;
    this.#at = (this.#at + by + this.#found) % this.#found;
    this.#draw();
    this.querySelector('mark.current')?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {boolean} isOpen */
  #fold(isOpen) {
    this.#open.clear();
    this.#open.set('*', isOpen);
    this.#draw();
  }

  /**
   * @param {Node} node
   * @param {string} way to it
   * @param {number} depth
   * @returns {{drawn: Child, isFound: boolean}}
   */
  #value(node, way, depth) {
    if (!node.entries) {
      const text = node.text.slice(0, TEXT_MAX);
      const { drawn, isFound } = this.#marked(text);
      const cut = node.kind === 'rest' || node.text.length > TEXT_MAX;
      const rest = cut && h('small', { class: 'quiet' }, ' ', t.tree.raw);
      return { drawn: [h('code', { class: ['json', node.kind] }, drawn), rest], isFound };
    }
    let isFound = false;
    const inner = node.entries.map(({ name, value }, at) => {
      const label = this.#marked(name);
      const own = this.#value(value, `${way}.${at}`, depth + 1);
      isFound ||= label.isFound || own.isFound;
      return h('div', { key: at }, h('dt', {}, label.drawn), h('dd', {}, own.drawn));
    });
    const isOpen = isFound || (this.#open.get(way) ?? this.#open.get('*') ?? depth < OPEN_DEPTH);
    return { drawn: this.#folder(node, way, isOpen, inner), isFound };
  }

  /**
   * @param {Node} node
   * @param {string} way
   * @param {boolean} isOpen
   * @param {Child} inner
   */
  #folder(node, way, isOpen, inner) {
    const [begin, end] = node.kind === 'array' ? '[]' : '{}';
    const more = node.more ?? 0;
    const many = (node.entries?.length ?? 0) + more;
    const peek = h('code', { class: 'quiet peek' }, node.text.slice(0, 200).replace(/\s+/g, ' '));
    return h(
      'details',
      {
        open: isOpen,
        ontoggle: (/** @type {Event} */ event) => {
          const is = /** @type {HTMLDetailsElement} */ (event.target).open;
          if (event.target === event.currentTarget) this.#open.set(way, is);
        },
      },
      h('summary', {}, h('code', {}, `${begin}${count(many)}${end}`), peek),
      h('dl', {}, inner),
      more > 0 && h('p', { class: 'quiet' }, t.tree.more(count(more))),
    );
  }

  /**
   * Text with what is looked for in it.
   *
   * @param {string} text
   * @returns {{drawn: Child, isFound: boolean}}
   */
  #marked(text) {
    const wanted = this.#wanted.toLowerCase();
    if (!wanted) return { drawn: text, isFound: false };
    const lower = text.toLowerCase();
    /** @type {import('./draw.js').ChildList} */
    const drawn = [];
    let at = 0;
    // A letter whose lower case is longer would shift what is marked: then the whole is.
    const isShifted = lower.length !== text.length;
    for (let to = lower.indexOf(wanted); to >= 0; to = lower.indexOf(wanted, at)) {
      const isCurrent = this.#found++ === this.#at;
      const end = isShifted ? text.length : to + wanted.length;
      const from = isShifted ? 0 : to;
      drawn.push(text.slice(at, from));
      drawn.push(h('mark', { class: isCurrent && 'current' }, text.slice(from, end)));
      at = end;
      if (isShifted) break;
    }
    drawn.push(text.slice(at));
    return { drawn, isFound: at > 0 };
  }
}

customElements.define('lv-tree', LeveretTree);

/** @param {Node} node */
export function tree(node) {
  return h('lv-tree', { key: 'tree', '.node': node });
}
