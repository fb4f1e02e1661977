/**
 * Asks while an operator types: once they pause, and again from time to time. What was answered
 * before stays until the next answer is there, so that nothing jumps.
 */

import { draw, h } from './draw.js';

/**
 * @template A
 * @typedef {{
 *   key: string,
 *   ask: () => Promise<A>,
 *   every?: number,
 *   show: (said: {answer?: A, problem?: string, isStale: boolean}) => import('./draw.js').Child,
 * }} Content `key`: what is asked; `every`: seconds between two answers to the same question
 */

/** A pause in typing. */
const PAUSE_MS = 150;

class LeveretLookup extends HTMLElement {
  /** @type {Content<any> | undefined} */
  #content;
  /** @type {string | undefined} */
  #asked;
  /** @type {{answer?: any, problem?: string}} */
  #said = {};
  #isStale = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Content<any>} content */
  set content(content) {
    this.#content = content;
    if (content.key !== this.#asked) {
      const isFirst = this.#asked === undefined;
      this.#asked = content.key;
      this.#isStale = true;
      this.#askIn(isFirst ? 0 : PAUSE_MS);
    }
    this.#draw();
  }

  connectedCallback() {
    this.setAttribute('aria-live', 'polite');
    document.addEventListener('visibilitychange', this.#wake);
    this.#wake();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    document.removeEventListener('visibilitychange', this.#wake);
  }

  #wake = () => {
    if (!document.hidden && this.#timer === undefined && this.#asked !== undefined) {
      this.#askIn(0);
    }
  };

  /** @param {number} ms */
  #askIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), ms);
  }

  async #ask() {
    this.#timer = undefined;
    const content = this.#content;
    if (!content || document.hidden || !this.isConnected) return;
    const said = await content.ask().then(
      (answer) => ({ answer }),
      (error) => ({ problem: error instanceof Error ? error.message : String(error) }),
    );
    // Something else was asked meanwhile.
    if (this.#asked !== content.key || !this.isConnected) return;
    this.#said = said;
    this.#isStale = false;
    this.#draw();
    if (content.every && this.#timer === undefined) this.#askIn(content.every * 1000);
  }

  #draw() {
    if (this.#content) draw(this, this.#content.show({ ...this.#said, isStale: this.#isStale }));
  }
}

customElements.define('lv-lookup', LeveretLookup);

/**
 * @template A
 * @param {Content<A>} content
 */
export function lookup(content) {
  return h('lv-lookup', { '.content': content });
}
