/**
 * Takes a document of definitions from an operator, shows what an import of it would do, and does
 * it once they say so. It keeps the document, which is too long for a link.
 */

import { get, path, send } from '../../api.js';
import { about, counts, diff, parse } from '../../data/definitions.js';
import { badge, button, link } from '../../parts/bits.js';
import { note } from '../../parts/dialog.js';
import { draw, h } from '../../parts/draw.js';
import { bytes, count } from '../../parts/format.js';
import { field, select } from '../../parts/grid.js';
import { t } from '../../texts/en.js';
import { download } from './definitions.js';

/** @typedef {import('../../data/definitions.js').Section} Section */
/** @typedef {import('../../data/definitions.js').Item} Item */

/** Items of a section that are drawn. */
const SHOWN = 200;

/** @type {Record<import('../../data/definitions.js').Change, 'good' | 'warn' | 'plain'>} */
const TONES = { new: 'good', changed: 'warn', stays: 'plain', same: 'plain' };

class LeveretImporter extends HTMLElement {
  /** @type {string[]} */
  #vhosts = [];
  #file = '';
  #text = '';
  /** @type {Record<string, any> | undefined} */
  #document;
  /** Where a document about one vhost goes. */
  #into = '';
  #isOne = false;
  /** @type {Section[] | undefined} */
  #sections;
  #trouble = '';
  #isOver = false;

  /** @param {string[]} vhosts */
  set vhosts(vhosts) {
    this.#vhosts = vhosts;
    this.#draw();
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  async #take(name, text) {
    this.#file = name;
    this.#text = text;
    this.#sections = undefined;
    const { document, wrong } = parse(text);
    this.#document = document;
    this.#trouble = wrong ? t.definitions.wrong[wrong] : '';
    if (document) {
      const said = about(document);
      this.#isOne = said.isOne;
      const isThere = said.name !== undefined && this.#vhosts.includes(said.name);
      this.#into = isThere ? String(said.name) : (this.#vhosts[0] ?? '/');
      await this.#compare();
    }
    this.#draw();
  }

  /** Beside what the broker has now. */
  async #compare() {
    const document = this.#document;
    if (!document) return;
    try {
      const place = this.#isOne ? path`/definitions/${this.#into}` : '/definitions';
      this.#sections = diff(await get(place), document, this.#isOne);
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
    this.#draw();
  }

  async #import() {
    const place = this.#isOne ? path`/definitions/${this.#into}` : '/definitions';
    this.#trouble = '';
    try {
      await send('POST', place, this.#document);
      note(t.definitions.done);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.#trouble = t.definitions.failed(words);
    }
    await this.#compare();
  }

  #forget() {
    this.#file = this.#text = this.#trouble = '';
    this.#document = this.#sections = undefined;
    this.#draw();
    this.querySelector('input')?.focus();
  }

  /** @param {File | undefined | null} file */
  async #read(file) {
    if (file) await this.#take(file.name, await file.text());
  }

  #draw() {
    draw(
      this,
      h('h2', {}, t.definitions.up),
      h('p', { class: 'quiet' }, t.definitions.upAbout),
      this.#document ? this.#chosen() : this.#chooser(),
      h('p', { class: 'trouble', role: 'alert' }, this.#trouble),
      this.#sections && this.#changes(this.#sections),
    );
  }

  #chooser() {
    const words = t.definitions;
    const over = (/** @type {boolean} */ isOver) => (/** @type {Event} */ event) => {
      event.preventDefault();
      if (this.#isOver !== isOver) ((this.#isOver = isOver), this.#draw());
    };
    const ondrop = (/** @type {DragEvent} */ event) => {
      over(false)(event);
      this.#read(event.dataTransfer?.files[0]);
    };
    return [
      h(
        'div',
        {
          class: ['drop', this.#isOver && 'over'],
          key: 'drop',
          ondragover: over(true),
          ondragleave: over(false),
          ondrop,
        },
        h('label', { for: 'up-file' }, words.file),
        h('input', {
          id: 'up-file',
          type: 'file',
          accept: '.json,application/json',
          onchange: (/** @type {Event} */ event) =>
            this.#read(/** @type {HTMLInputElement} */ (event.target).files?.[0]),
        }),
        h('small', { class: 'quiet' }, words.drop),
      ),
      h(
        'details',
        { key: 'paste' },
        h('summary', {}, words.paste),
        h('textarea', {
          id: 'up-text',
          rows: 8,
          class: 'mono',
          'aria-label': words.paste,
          spellcheck: 'false',
        }),
        button(words.compare, () => {
          const area = /** @type {HTMLTextAreaElement} */ (this.querySelector('#up-text'));
          this.#take(words.pasted, area.value);
        }),
      ),
    ];
  }

  #chosen() {
    const words = t.definitions;
    const choose = (/** @type {string} */ vhost) => {
      this.#into = vhost;
      this.#compare();
    };
    const all = this.#vhosts.map((name) => /** @type {[string, string]} */ ([name, name]));
    return h(
      'div',
      { class: 'asked', key: 'chosen' },
      h(
        'p',
        {},
        h('b', {}, this.#file),
        ' ',
        h('small', { class: 'quiet' }, bytes(this.#text.length)),
      ),
      this.#isOne
        ? field('up-vhost', words.into, select('up-vhost', this.#into, all, choose))
        : h('p', { class: 'quiet' }, words.intoAll),
      button(words.other, () => this.#forget()),
    );
  }

  /** @param {Section[]} sections */
  #changes(sections) {
    const words = t.definitions;
    const sum = counts(sections);
    const many = sum.new + sum.changed;
    return h(
      'div',
      { class: 'changes', key: 'changes' },
      h(
        'p',
        { role: 'status' },
        many === 0 ? words.nothing : words.sum(count(sum.new), count(sum.changed)),
        ' ',
        words.deletesNothing,
      ),
      sections.map(drawSection),
      h(
        'div',
        { class: 'actions' },
        link(download(this.#isOne ? this.#into : ''), words.copyFirst, {
          class: 'button',
          download: '',
        }),
        button(words.import(count(many)), () => this.#import(), {
          class: 'primary',
          disabled: many === 0,
        }),
      ),
    );
  }
}

customElements.define('lv-importer', LeveretImporter);

/** @param {Section} section */
function drawSection({ name, items, others }) {
  const words = t.definitions;
  const of = (/** @type {string} */ change) => items.filter((item) => item.change === change);
  const moving = [...of('new'), ...of('changed'), ...of('stays')];
  const kinds = /** @type {const} */ (['new', 'changed', 'stays', 'same']);
  return h(
    'details',
    { key: name, open: moving.length > 0 && moving.length <= 12 },
    h(
      'summary',
      {},
      h('b', {}, words.sections[name]),
      kinds.map((change) => {
        const many = of(change).length;
        return many > 0 && [' ', badge(TONES[change], words.changes[change](count(many)))];
      }),
      others > 0 && h('small', { class: 'quiet' }, ' ', words.others(count(others))),
    ),
    of('stays').length > 0 && h('p', { class: 'quiet' }, words.staysAbout),
    h('ul', { class: 'matches' }, moving.slice(0, SHOWN).map(drawItem)),
    moving.length > SHOWN && h('p', { class: 'quiet' }, t.more(count(moving.length - SHOWN))),
  );
}

/** @param {Item} item */
function drawItem({ key, title, vhost, change, differences }) {
  const words = t.definitions;
  return h(
    'li',
    { key },
    h(
      'p',
      {},
      badge(TONES[change], words.words[change]),
      ' ',
      h('b', {}, title),
      vhost !== undefined && h('small', { class: 'quiet' }, ' ', vhost),
    ),
    differences.length > 0 &&
      h(
        'ul',
        { class: 'pairs' },
        differences.map(({ field: name, before, after }) =>
          h(
            'li',
            { key: name },
            h('span', { class: 'quiet' }, name),
            ' ',
            isSecret(name)
              ? h('ins', {}, words.another)
              : [h('del', {}, said(before)), ' → ', h('ins', {}, said(after))],
          ),
        ),
      ),
  );
}

/**
 * A password stands in some documents as it is.
 *
 * @param {string} name
 */
function isSecret(name) {
  return name === 'password' || name === 'password_hash';
}

/** @param {any} value */
function said(value) {
  if (value === undefined) return t.preview.unset;
  return typeof value === 'string' ? value || '""' : JSON.stringify(value);
}

/** @param {string[]} vhosts */
export function importer(vhosts) {
  return h('lv-importer', { class: 'card', key: 'up', '.vhosts': vhosts });
}
