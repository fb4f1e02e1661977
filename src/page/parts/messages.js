/** A list of messages of which some can be selected, to do something with them. */

import { button, when } from './bits.js';
import { draw, h } from './draw.js';
import { bytes, count } from './format.js';
import { marksOf } from './message.js';
import { t } from '../texts/en.js';

/** @typedef {import('./message.js').Message} Message */
/**
 * @typedef {{
 *   label: string, about: string, isDangerous?: boolean,
 *   act: (selected: Message[]) => void,
 * }} Action `act` gets no message if none is selected: then all that are found are meant
 * @typedef {{
 *   messages: Message[], hrefOf: (message: Message) => string, actions: Action[], empty: string,
 * }} Content
 */

/** Letters of a body in its row. */
const PREVIEW = 200;

class LeveretMessages extends HTMLElement {
  /** @type {Content | undefined} */
  #content;
  /** What is selected, by its bookmark. @type {Set<string>} */
  #selected = new Set();
  /** Where a selection with the shift key begins. */
  #last = '';

  /** @param {Content} content */
  set content(content) {
    this.#content = content;
    const there = new Set(content.messages.map(({ from }) => from));
    for (const from of this.#selected) if (!there.has(from)) this.#selected.delete(from);
    this.#draw();
  }

  #draw() {
    const content = this.#content;
    if (!content) return;
    const { messages, actions, empty } = content;
    draw(
      this,
      actions.length > 0 && this.#bar(content),
      messages.length === 0 && h('p', { class: 'empty', key: 'none' }, empty),
      messages.length > 0 &&
        h(
          'ol',
          { class: 'messages', key: 'list' },
          messages.map((message) => this.#row(message, content)),
        ),
    );
  }

  /** @param {Content} content */
  #bar({ messages, actions }) {
    const words = t.messageList;
    const selected = messages.filter(({ from }) => this.#selected.has(from));
    const isAll = selected.length === messages.length && messages.length > 0;
    const mark = (/** @type {Event} */ event) => {
      const { checked } = /** @type {HTMLInputElement} */ (event.target);
      this.#selected = new Set(checked ? messages.map(({ from }) => from) : []);
      this.#draw();
    };
    return h(
      'div',
      { class: 'bar selection', key: 'bar' },
      h(
        'label',
        {},
        h('input', {
          type: 'checkbox',
          checked: isAll,
          onchange: mark,
          disabled: !messages.length,
        }),
        selected.length > 0 ? words.selected(count(selected.length)) : words.none,
      ),
      h(
        'div',
        { class: 'actions' },
        actions.map(({ label, about, isDangerous, act }) =>
          button(label, () => act(selected), {
            key: label,
            title: about,
            class: isDangerous && 'danger',
            disabled: messages.length === 0,
          }),
        ),
      ),
    );
  }

  /**
   * @param {Message} message
   * @param {Content} content
   */
  #row(message, { hrefOf, actions }) {
    const { from, exchange, routing_key: key, channel_details: channel } = message;
    const way = `${exchange || t.queue.defaultExchange} → ${key}`;
    const onclick = (/** @type {MouseEvent} */ event) => this.#select(message, event);
    return h(
      'li',
      { key: from },
      actions.length > 0 &&
        h('input', {
          type: 'checkbox',
          'aria-label': t.messageList.select(count(message.position)),
          checked: this.#selected.has(from),
          onclick,
        }),
      h(
        'a',
        { href: hrefOf(message) },
        h('span', { class: 'number quiet' }, count(message.position)),
        h('code', { class: 'way', title: way }, way),
        h('span', { class: 'body' }, preview(message)),
        h('span', { class: 'marks' }, marksOf(message)),
        h('span', { class: 'quiet holder' }, channel && when(message.delivered_at)),
        h('span', { class: 'number' }, bytes(message.payload_bytes)),
      ),
    );
  }

  /**
   * @param {Message} message
   * @param {MouseEvent} event
   */
  #select({ from }, event) {
    const { checked } = /** @type {HTMLInputElement} */ (event.target);
    const all = (this.#content?.messages ?? []).map((message) => message.from);
    const [begin, end] = [all.indexOf(this.#last), all.indexOf(from)];
    const range =
      event.shiftKey && begin >= 0
        ? all.slice(Math.min(begin, end), Math.max(begin, end) + 1)
        : [from];
    for (const one of range) {
      if (checked) this.#selected.add(one);
      else this.#selected.delete(one);
    }
    this.#last = from;
    this.#draw();
  }
}

/** @param {Message} message */
function preview({ payload, payload_bytes: size, payload_encoding: encoding }) {
  if (size === 0) return t.messageList.empty;
  return encoding === 'base64' ? t.messageList.octets : payload.slice(0, PREVIEW);
}

customElements.define('lv-messages', LeveretMessages);

/** @param {Content} content */
export function messageList(content) {
  return h('lv-messages', { '.content': content });
}
