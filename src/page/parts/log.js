/**
 * Lines as they come, the newest below: it follows them while its end is on the screen and nothing
 * holds it, and keeps a bounded number. It sleeps while the page is in the background.
 *
 * @typedef {import('../data/loglines.js').Line} Line
 * @typedef {{
 *   source: string,
 *   follow: (behind: number | undefined, tell: Tell, ends: AbortSignal) => Promise<void>,
 *   test: (line: Line) => boolean,
 *   hrefOf: (text: string) => string | undefined,
 * }} Content
 *   `source`: another one begins anew; `follow` tells what comes until that ends, `behind` the
 *   number of a line or from the last ones; `hrefOf`: where the name of a connection leads to
 * @typedef {(told: {lines: Line[], missed?: number, trouble?: string}) => void} Tell
 */

import { t } from '../texts/en.js';
import { badge, button, link } from './bits.js';
import { draw, h } from './draw.js';
import { count, moment } from './format.js';

/** Lines that are kept, and of which those are shown that are wanted. */
const KEPT = 5000;
/** Lines that are in the document. */
const DRAWN = 500;
/** So near to its end in pixels is at its end. */
const NEAR = 24;
const CONNECTION = /((?:\[[\da-f:.]+\]|[\d.]+|[\da-f:.]+):\d+ -> (?:\[[\da-f:.]+\]|[\w.:]+):\d+)/;
const clock = new Intl.DateTimeFormat('en-GB', {
  timeStyle: 'medium',
});

class LeveretLog extends HTMLElement {
  /** @type {Content | undefined} */
  #content;
  /** @type {Line[]} */
  #lines = [];
  #missed = 0;
  #trouble = '';
  /** The last line when it was held; nothing if it follows. @type {number | undefined} */
  #heldAt;
  /** Where it was scrolled to. */
  #top = 0;
  #isDue = false;
  #ends = new AbortController();

  /** @param {Content} content */
  set content(content) {
    const isOther = this.#content?.source !== content.source;
    this.#content = content;
    if (isOther) {
      this.#lines = [];
      this.#missed = 0;
      this.#heldAt = undefined;
      if (this.isConnected) this.#begin();
    }
    this.#draw();
  }

  connectedCallback() {
    document.addEventListener('visibilitychange', this.#begin);
    this.#begin();
    this.#draw();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#begin);
    this.#ends.abort();
  }

  #begin = () => {
    this.#ends.abort();
    this.#ends = new AbortController();
    const { signal } = this.#ends;
    if (document.hidden) return;
    const tell = (/** @type {Parameters<Tell>[0]} */ told) => signal.aborted || this.#onTold(told);
    this.#content?.follow(this.#lines.at(-1)?.number, tell, signal);
  };

  /** @param {Parameters<Tell>[0]} told */
  #onTold({ lines, missed = 0, trouble = '' }) {
    const last = this.#lines.at(-1)?.number ?? -1;
    this.#lines.push(...lines.filter(({ number }) => number > last));
    this.#lines.splice(0, this.#lines.length - KEPT);
    this.#missed += missed;
    this.#trouble = trouble;
    // Many lines of one moment are drawn once.
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #box() {
    return /** @type {HTMLElement | null} */ (this.querySelector('.lines'));
  }

  #isAtEnd() {
    const box = this.#box();
    return !box || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  }

  #onScroll = () => {
    const last = this.#lines.at(-1)?.number ?? 0;
    const top = this.#box()?.scrollTop ?? 0;
    const isUpwards = top < this.#top;
    this.#top = top;
    if (this.#heldAt === undefined && isUpwards && !this.#isAtEnd()) this.#heldAt = last;
    else if (this.#heldAt === last && this.#isAtEnd()) this.#heldAt = undefined;
    else return;
    this.#draw();
  };

  #toggle = () => {
    this.#heldAt = this.#heldAt === undefined ? (this.#lines.at(-1)?.number ?? 0) : undefined;
    this.#draw();
  };

  #draw() {
    const content = this.#content;
    if (!content) return;
    const held = this.#heldAt;
    const wanted = this.#lines.filter(content.test);
    const seen = held === undefined ? wanted : wanted.filter(({ number }) => number <= held);
    const words = t.log;
    const later = wanted.length - seen.length;
    draw(
      this,
      h(
        'div',
        { class: 'bar' },
        button(held === undefined ? words.pause : words.go(later), this.#toggle, {
          'aria-pressed': held === undefined ? 'false' : 'true',
        }),
        h(
          'small',
          { class: 'quiet' },
          words.shown(count(wanted.length), count(this.#lines.length)),
          this.#missed > 0 && words.missed(count(this.#missed)),
        ),
        h('small', { class: 'trouble', role: 'alert' }, this.#trouble),
      ),
      h(
        'div',
        {
          class: 'lines',
          role: 'log',
          // Every line is not read aloud as it comes: that would never end.
          'aria-live': 'off',
          'aria-label': t.titles.log,
          tabindex: 0,
          onscroll: this.#onScroll,
        },
        seen.length === 0
          ? h('p', { class: 'empty' }, words.empty)
          : h(
              'ol',
              {},
              seen.slice(-DRAWN).map((line) => row(line, content.hrefOf)),
            ),
      ),
    );
    const box = this.#box();
    if (!box || held !== undefined) return;
    box.scrollTop = box.scrollHeight;
    this.#top = box.scrollTop;
  }
}

/**
 * @param {Line} line
 * @param {Content['hrefOf']} hrefOf
 */
function row(line, hrefOf) {
  const { number, level, at, text, audit } = line;
  const time = new Date(at);
  const ms = String(time.getMilliseconds()).padStart(3, '0');
  return h(
    'li',
    { key: number, class: [level, audit && 'audit'] },
    h('time', { datetime: time.toISOString(), title: moment(at) }, `${clock.format(time)}.${ms}`),
    audit ? badge('good', t.log.change) : badge(tone(level), t.log.levels[level] ?? level),
    audit ? change(audit) : h('span', { class: 'text' }, linked(text, hrefOf)),
  );
}

/** @param {string} level */
function tone(level) {
  return level === 'error' ? 'bad' : level === 'warning' ? 'warn' : 'plain';
}

/** @param {NonNullable<Line['audit']>} audit */
function change({ by, from, vhost, what, about }) {
  const words = t.log;
  return h(
    'span',
    { class: 'text' },
    h('b', {}, what),
    ' ',
    about,
    h(
      'span',
      { class: 'quiet' },
      by && ` ${words.by(by)}`,
      from && ` ${words.from(from)}`,
      vhost && ` ${words.within(vhost)}`,
    ),
  );
}

/**
 * @param {string} text
 * @param {Content['hrefOf']} hrefOf
 */
function linked(text, hrefOf) {
  return text.split(CONNECTION).map((part, at) => {
    const href = at % 2 === 1 ? hrefOf(part) : undefined;
    return href ? link(href, part) : part;
  });
}

customElements.define('lv-log', LeveretLog);

/** @param {Content} content */
export function log(content) {
  return h('lv-log', { '.content': content });
}
