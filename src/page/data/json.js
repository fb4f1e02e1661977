/**
 * JSON as it was written: numbers keep all their digits and keys their order, also those that are
 * there twice. What is made of a text is bounded; what is beyond stays text.
 *
 * @typedef {{
 *   kind: 'object' | 'array' | 'string' | 'number' | 'word' | 'rest',
 *   text: string,
 *   entries?: {name: string, value: Node}[],
 *   more?: number,
 * }} Node
 *   `text` as it is written, cut for objects and arrays; `more`: entries that are left out; `rest`
 *   is what is not taken apart
 */

/** Values taken apart in one text. */
const ENTRIES_MAX = 2000;
/** Objects and arrays within each other. */
const DEPTH_MAX = 100;
/** Letters of a value that is not taken apart, or of a long string. */
export const TEXT_MAX = 20_000;
/** Letters of a text that is taken apart. */
const LENGTH_MAX = 4 * 1024 * 1024;

/**
 * @param {string} text
 * @returns {Node | undefined} nothing if it is no object or array in JSON
 */
export function parseJson(text) {
  if (text.length > LENGTH_MAX || !/^\s*[[{]/.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return new Reader(text).value(0);
}

/** Reads a text that is known to be JSON. */
class Reader {
  #text;
  #at = 0;
  #left = ENTRIES_MAX;

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
  }

  /**
   * @param {number} depth
   * @returns {Node}
   */
  value(depth) {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') {
      if (depth >= DEPTH_MAX || this.#left <= 0) return this.#rest();
      return this.#inside(first === '{', depth);
    }
    if (first === '"') return { kind: 'string', text: this.#take(STRING) };
    const text = this.#take(WORD);
    return { kind: /^[-\d]/.test(text) ? 'number' : 'word', text };
  }

  /**
   * @param {boolean} isObject
   * @param {number} depth
   * @returns {Node}
   */
  #inside(isObject, depth) {
    const begin = this.#at++;
    /** @type {{name: string, value: Node}[]} */
    const entries = [];
    let more = 0;
    for (this.#space(); !/[}\]]/.test(this.#text[this.#at]); this.#space()) {
      let name = String(entries.length);
      if (isObject) {
        name = JSON.parse(this.#take(STRING));
        this.#space();
        this.#at++;
      }
      if (this.#left > 0) {
        this.#left--;
        entries.push({ name, value: this.value(depth + 1) });
      } else {
        this.#skip();
        more++;
      }
      this.#space();
      if (this.#text[this.#at] === ',') this.#at++;
    }
    this.#at++;
    const text = this.#text.slice(begin, Math.min(this.#at, begin + TEXT_MAX));
    return { kind: isObject ? 'object' : 'array', text, entries, more };
  }

  /** @returns {Node} */
  #rest() {
    const begin = this.#at;
    this.#skip();
    const text = this.#text.slice(begin, Math.min(this.#at, begin + TEXT_MAX));
    return { kind: 'rest', text };
  }

  /** Goes behind a value without calling itself, however deep that is. */
  #skip() {
    let depth = 0;
    do {
      this.#space();
      const first = this.#text[this.#at];
      if (first === '{' || first === '[') depth++;
      if (first === '}' || first === ']') depth--;
      if (first === '"') this.#take(STRING);
      else if (/[{}[\],:]/.test(first)) this.#at++;
      else this.#take(WORD);
    } while (depth > 0);
  }

  #space() {
    this.#take(SPACE);
  }

  /** @param {RegExp} pattern sticky */
  #take(pattern) {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += taken.length;
    return taken;
  }
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const WORD = /[^\s,\]}:]+/y;
