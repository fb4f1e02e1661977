/** The body of a message: as text, as JSON, as octets. */

import { choice } from './bits.js';
import { draw, h } from './draw.js';
import { bytes } from './format.js';
import { tree } from './tree.js';
import { parseJson } from '../data/json.js';
import { t } from '../texts/en.js';

/** Octets in a line of a hexadecimal view, and lines of it. */
const OCTETS = 16;
const LINES_MAX = 512;
/** Letters of a text that are shown. */
const LETTERS_MAX = 1_000_000;

/**
 * @typedef {{payload: string, payload_bytes: number, payload_encoding: 'string' | 'base64'}} Body
 */

class LeveretBody extends HTMLElement {
  /** @type {Body | undefined} */
  #body;
  /** @type {import('../data/json.js').Node | undefined} */
  #json;
  #chosen = '';

  /** @param {Body} body */
  set body(body) {
    const isSame =
      body.payload === this.#body?.payload &&
      body.payload_encoding === this.#body.payload_encoding;
    this.#body = body;
    if (isSame) return;
    this.#json = body.payload_encoding === 'string' ? parseJson(body.payload) : undefined;
    this.#draw();
  }

  #draw() {
    const body = this.#body;
    if (!body) return;
    const isText = body.payload_encoding === 'string';
    const words = t.body;
    /** @type {[string, string][]} */
    const ways = [];
    if (this.#json) ways.push(['json', words.json]);
    if (isText) ways.push(['text', words.text]);
    ways.push(['hex', words.hex]);
    const way = ways.some(([name]) => name === this.#chosen) ? this.#chosen : ways[0][0];
    const octets = octetsOf(body);
    const cut = body.payload_bytes - octets.length;
    draw(
      this,
      h(
        'div',
        { class: 'bar' },
        choice(words.as, ways, way, (chosen) => ((this.#chosen = chosen), this.#draw())),
        h('small', { class: 'quiet' }, bytes(body.payload_bytes)),
        cut > 0 && h('small', { class: 'quiet' }, words.cut(bytes(octets.length))),
      ),
      body.payload_bytes === 0 && h('p', { class: 'empty', key: 'none' }, words.none),
      body.payload_bytes > 0 && this.#shown(way, body, octets),
    );
  }

  /**
   * @param {string} way
   * @param {Body} body
   * @param {Uint8Array} octets
   */
  #shown(way, body, octets) {
    if (way === 'json' && this.#json) return tree(this.#json);
    const text = way === 'hex' ? hex(octets) : body.payload.slice(0, LETTERS_MAX);
    const left = way === 'hex' ? octets.length - OCTETS * LINES_MAX : 0;
    return [
      h('pre', { key: way, tabindex: 0, class: way }, text),
      left > 0 && h('p', { class: 'quiet' }, t.body.more(bytes(left))),
    ];
  }
}

customElements.define('lv-body', LeveretBody);

/** @param {Body} body */
export function bodyOf(body) {
  return h('lv-body', { '.body': body });
}

/** @param {Body} body */
export function octetsOf({ payload, payload_encoding: encoding }) {
  if (encoding === 'string') return new TextEncoder().encode(payload);
  return Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
}

/** @param {Uint8Array} octets */
function hex(octets) {
  const lines = [];
  for (let at = 0; at < octets.length && lines.length < LINES_MAX; at += OCTETS) {
    const line = [...octets.subarray(at, at + OCTETS)];
    const digits = line.map((octet) => octet.toString(16).padStart(2, '0'));
    const halves = [digits.slice(0, 8).join(' '), digits.slice(8).join(' ')].join('  ');
    const letters = line.map((o) => (o > 31 && o < 127 ? String.fromCharCode(o) : '·')).join('');
    const place = at.toString(16).padStart(6, '0');
    lines.push(`${place}  ${halves.padEnd(OCTETS * 3 + 1)} ${letters}`);
  }
  return lines.join('\n');
}
