/** The form that publishes a message: where to, properties, headers with their types, a body. */

import { path, send } from '../api.js';
import { button } from './bits.js';
import { ask, note } from './dialog.js';
import { draw, h } from './draw.js';
import { bytes } from './format.js';
import { json, kindOf } from '../data/values.js';
import { t } from '../texts/en.js';

/**
 * @typedef {{
 *   exchange?: string, routing_key?: string, properties?: Record<string, any>, payload?: string,
 *   payload_encoding?: 'string' | 'base64',
 * }} Draft
 * @typedef {'text' | 'number' | 'truth' | 'list' | 'table' | 'nothing'} Kind
 * @typedef {{id: number, name: string, kind: Kind, value: string}} Header
 */

/** Files that are published by the page may be so long. */
const FILE_MAX = 16 * 1024 * 1024;

/** Properties in the order of the form; how each is entered. */
const PROPERTIES = /** @type {const} */ ([
  ['content_type', 'text'],
  ['content_encoding', 'text'],
  ['correlation_id', 'text'],
  ['reply_to', 'text'],
  ['message_id', 'text'],
  ['type', 'text'],
  ['app_id', 'text'],
  ['user_id', 'text'],
  ['expiration', 'number'],
  ['priority', 'number'],
  ['timestamp', 'number'],
]);

/** The API takes no header without a value; a message that has one can be shown. @type {Kind[]} */
const KINDS = ['text', 'number', 'truth', 'list', 'table'];

class LeveretDraft extends HTMLElement {
  /** @type {Draft} */
  #draft = {};
  /** @type {Header[]} */
  #headers = [];
  #ids = 0;
  /** @type {{name: string, base64: string, size: number} | undefined} */
  #file;
  #trouble = '';

  /** @param {Draft} draft */
  set draft(draft) {
    this.#draft = draft;
    const { headers = {} } = draft.properties ?? {};
    this.#headers = Object.entries(headers).map(([name, value]) => ({
      id: this.#ids++,
      name,
      kind: kindOf(value),
      value: typeof value === 'string' ? value : value === null ? '' : json(value),
    }));
    if (draft.payload_encoding === 'base64') {
      const base64 = draft.payload ?? '';
      this.#file = { name: t.publish.octets, base64, size: atob(base64).length };
    }
    this.#draw();
  }

  /**
   * What is to be published.
   *
   * @returns {Record<string, any>}
   */
  get message() {
    /** @type {Record<string, any>} */
    const properties = {};
    for (const [name, kind] of PROPERTIES) {
      const value = this.#entered(`property-${name}`);
      if (value === '') continue;
      properties[name] = kind === 'number' && name !== 'expiration' ? Number(value) : value;
    }
    const isKept = /** @type {HTMLInputElement} */ (this.querySelector('#draft-persistent'));
    properties.delivery_mode = isKept.checked ? 2 : 1;
    const named = this.#headers.filter(({ name }) => name !== '');
    if (named.length > 0) {
      properties.headers = Object.fromEntries(
        named.map((header) => [header.name, valueOf(header)]),
      );
    }
    return {
      properties,
      payload: this.#file?.base64 ?? this.#entered('body'),
      payload_encoding: this.#file ? 'base64' : 'string',
    };
  }

  /** @param {string} name */
  #entered(name) {
    const control = /** @type {HTMLInputElement | null} */ (this.querySelector(`#draft-${name}`));
    return control?.value ?? '';
  }

  #draw() {
    const words = t.publish;
    const { properties = {}, payload = '' } = this.#draft;
    const isOpen = PROPERTIES.some(
      ([name]) => name !== 'content_type' && properties[name] !== undefined,
    );
    draw(
      this,
      h('label', { for: 'draft-body' }, words.body),
      this.#file ? this.#fileLine(this.#file) : bodyArea(payload),
      h(
        'div',
        { class: 'bar' },
        h('input', {
          type: 'file',
          'aria-label': words.file,
          onchange: (/** @type {Event} */ event) =>
            this.#take(/** @type {HTMLInputElement} */ (event.target).files?.[0]),
        }),
        h('span', { class: 'trouble', role: 'alert' }, this.#trouble),
      ),
      h(
        'div',
        { class: 'field check' },
        h('label', { for: 'draft-persistent' }, words.persistent),
        h('input', {
          id: 'draft-persistent',
          type: 'checkbox',
          init: (/** @type {HTMLInputElement} */ node) => {
            node.checked = (properties.delivery_mode ?? 2) === 2;
          },
        }),
      ),
      entry('content_type', 'text', properties),
      h(
        'details',
        { init: (/** @type {HTMLDetailsElement} */ node) => (node.open = isOpen) },
        h('summary', {}, words.more),
        h(
          'div',
          { class: 'pairs' },
          PROPERTIES.slice(1).map(([name, kind]) => entry(name, kind, properties)),
        ),
      ),
      this.#headerRows(),
    );
  }

  #headerRows() {
    const words = t.publish;
    const add = () => {
      this.#headers.push({ id: this.#ids++, name: '', kind: 'text', value: '' });
      this.#draw();
      const rows = this.querySelectorAll('.header-row');
      /** @type {HTMLElement | null} */ (rows[rows.length - 1].querySelector('input'))?.focus();
    };
    return h(
      'fieldset',
      { class: 'headers' },
      h('legend', {}, words.headers),
      this.#headers.map((header) => this.#headerRow(header)),
      button(words.addHeader, add, { class: 'small', key: 'add' }),
    );
  }

  /** @param {Header} header */
  #headerRow(header) {
    const words = t.publish;
    const kept = (/** @type {'name' | 'value'} */ what) => (/** @type {Event} */ event) => {
      header[what] = /** @type {HTMLInputElement} */ (event.target).value;
    };
    const remove = () => {
      this.#headers = this.#headers.filter((one) => one !== header);
      this.#draw();
    };
    return h(
      'div',
      { class: 'header-row', key: header.id },
      h('input', {
        'aria-label': words.headerName,
        placeholder: words.headerName,
        value: header.name,
        oninput: kept('name'),
      }),
      h(
        'select',
        {
          'aria-label': words.headerKind,
          init: (/** @type {HTMLSelectElement} */ node) =>
            queueMicrotask(() => (node.value = header.kind)),
          onchange: (/** @type {Event} */ event) => {
            header.kind = /** @type {Kind} */ (
              /** @type {HTMLSelectElement} */ (event.target).value
            );
            this.#draw();
          },
        },
        (header.kind === 'nothing' ? [...KINDS, header.kind] : KINDS).map((kind) =>
          h('option', { value: kind }, t.messageView.types[kind]),
        ),
      ),
      h('input', {
        'aria-label': words.headerValue,
        placeholder: words.examples[header.kind],
        value: header.value,
        disabled: header.kind === 'nothing',
        oninput: kept('value'),
      }),
      button('×', remove, { class: 'small', 'aria-label': words.removeHeader(header.name) }),
    );
  }

  /** @param {{name: string, size: number}} file */
  #fileLine({ name, size }) {
    const drop = () => {
      this.#file = undefined;
      this.#draw();
    };
    return h(
      'p',
      { class: 'bar', key: 'file' },
      h('code', {}, name),
      h('small', { class: 'quiet' }, bytes(size)),
      button(t.publish.noFile, drop, { class: 'small' }),
    );
  }

  /** @param {File | undefined} file */
  async #take(file) {
    if (!file) return;
    this.#trouble = file.size > FILE_MAX ? t.publish.tooLong(bytes(FILE_MAX)) : '';
    if (!this.#trouble) {
      const base64 = base64Of(new Uint8Array(await file.arrayBuffer()));
      this.#file = { name: file.name, base64, size: file.size };
    }
    this.#draw();
  }
}

/** @param {string} payload */
function bodyArea(payload) {
  return h('textarea', {
    id: 'draft-body',
    key: 'body',
    rows: 7,
    spellcheck: 'false',
    init: (/** @type {HTMLTextAreaElement} */ node) => (node.value = payload),
  });
}

/**
 * @param {string} name
 * @param {string} kind
 * @param {Record<string, any>} properties
 */
function entry(name, kind, properties) {
  const id = `draft-property-${name}`;
  return h(
    'div',
    { class: 'field', key: name },
    h('label', { for: id }, t.publish.properties[name] ?? name),
    h('input', {
      id,
      type: kind,
      min: kind === 'number' ? 0 : undefined,
      autocomplete: 'off',
      placeholder: t.publish.hints[name],
      init: (/** @type {HTMLInputElement} */ node) => {
        node.value = String(properties[name] ?? '');
      },
    }),
  );
}

/**
 * @param {Header} header
 * @returns {any}
 */
function valueOf({ name, kind, value }) {
  if (kind === 'text') return value;
  if (kind === 'nothing') return null;
  let read;
  try {
    read = kind === 'number' && /^-?\d{16,}$/.test(value) ? BigInt(value) : JSON.parse(value);
  } catch {
    read = undefined;
  }
  if (read === undefined || kindOf(read) !== kind) {
    throw new Error(t.publish.wrongHeader(name, t.publish.examples[kind]));
  }
  return read;
}

/** @param {Uint8Array} octets */
function base64Of(octets) {
  let letters = '';
  for (let at = 0; at < octets.length; at += 8192) {
    letters += String.fromCharCode(...octets.subarray(at, at + 8192));
  }
  return btoa(letters);
}

customElements.define('lv-draft', LeveretDraft);

/**
 * Asks for a message, and publishes it.
 *
 * @param {{vhost: string, queue?: string, draft?: Draft}} wish
 *   `queue`: it goes to this one by the default exchange, and there is nothing to choose
 */
export function publishForm({ vhost, queue, draft = {} }) {
  const words = t.publish;
  /** @type {LeveretDraft | undefined} */
  let form;
  const keep = (/** @type {LeveretDraft} */ node) => {
    form = node;
    node.draft = draft;
  };
  const where = [
    { name: 'exchange', label: words.exchange, value: draft.exchange, hint: words.exchangeHint },
    { name: 'routing_key', label: words.key, value: draft.routing_key },
  ];
  ask({
    title: queue === undefined ? words.title : words.titleOf(queue),
    fields: queue === undefined ? where : [],
    content: h('lv-draft', { key: 'draft', init: keep }),
    isWide: true,
    confirm: words.publish,
    act: async ({ exchange = '', routing_key: key = queue }) => {
      const message = { routing_key: key, ...form?.message };
      const target = path`/exchanges/${vhost}/${exchange || 'amq.default'}/publish`;
      const { routed } = await send('POST', target, message);
      if (!routed) throw new Error(words.notRouted);
      note(words.done);
    },
  });
}
