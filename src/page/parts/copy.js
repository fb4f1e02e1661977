/** Shows a message as a command that publishes it again, to be copied. */

import { button } from './bits.js';
import { note, tell } from './dialog.js';
import { draw, h } from './draw.js';
import { COMMANDS, command } from '../data/commands.js';
import { t } from '../texts/en.js';

/** The language that was taken last, in this browser. */
const NAME = 'leveret-language';

class LeveretCommand extends HTMLElement {
  /** @type {import('../data/commands.js').Publishing | undefined} */
  #message;
  #port = 5672;

  /** @param {{message: import('../data/commands.js').Publishing, port: number}} content */
  set content({ message, port }) {
    this.#message = message;
    this.#port = port;
    this.#draw();
  }

  #draw() {
    if (!this.#message) return;
    const words = t.copy;
    const kept = localStorage.getItem(NAME) ?? '';
    const chosen = COMMANDS.some(([key]) => key === kept) ? kept : 'curl';
    const text = command(chosen, this.#message, {
      host: location.hostname,
      port: this.#port,
      http: new URL('.', location.href).href.replace(/\/$/, ''),
    });
    const take = (/** @type {Event} */ event) => {
      localStorage.setItem(NAME, /** @type {HTMLSelectElement} */ (event.target).value);
      this.#draw();
    };
    draw(
      this,
      h(
        'div',
        { class: 'bar' },
        h('label', { for: 'language' }, words.language),
        h(
          'select',
          { id: 'language', onchange: take },
          COMMANDS.map(([key, name]) =>
            h('option', { value: key, selected: key === chosen }, name),
          ),
        ),
        button(words.copy, () => copyText(text), { class: 'primary' }),
      ),
      h('pre', { tabindex: 0, 'aria-label': words.command }, text),
    );
  }
}

customElements.define('lv-command', LeveretCommand);

/**
 * Copies, where the browser lets a page do so.
 *
 * @param {string} text
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    note(t.copy.copied);
  } catch {
    note(t.copy.failed);
  }
}

/**
 * @param {import('../data/commands.js').Publishing} message
 * @param {number} port of AMQP
 */
export function showCommand(message, port) {
  const body = [
    h('p', { class: 'quiet' }, t.copy.about),
    h('lv-command', { '.content': { message, port } }),
  ];
  tell(t.copy.title, body, { isWide: true });
}
