/**
 * What would happen to a message, asked of the broker, which publishes nothing for it. The question
 * is in the link: `ask`, `exchange`, `key`, `headers`.
 *
 * @typedef {import('../data/explain.js').Explained} Explained
 * @typedef {import('../data/explain.js').Hop} Hop
 * @typedef {import('./all.js').Context} Context
 */

import { path, send } from '../api.js';
import { button, link } from '../parts/bits.js';
import { h } from '../parts/draw.js';
import { duration } from '../parts/format.js';
import { ofExchange, ofQueue } from '../parts/place.js';
import { t } from '../texts/en.js';

/** The last question, what of it stands in the link, and what was answered. */
let last = {
  question: '',
  wanted: '',
  answer: /** @type {Explained | undefined} */ (undefined),
  trouble: '',
};

/** What the form was sent with, so that it stays as it is then. */
let sent = '';
let form = '';

/**
 * The answer to the question of the link, once it is there.
 *
 * @param {Context} context
 * @param {string} vhost
 * @param {string} shape changes with the topology, and the question is asked again
 * @returns {{answer?: Explained, trouble?: string}}
 */
export function explained({ at: { query }, redraw }, vhost, shape) {
  if (query.ask !== '1') return {};
  const { exchange = '', key = '', headers = '' } = query;
  const question = JSON.stringify([vhost, exchange, key, headers, shape]);
  if (last.question === question) return last;
  const wanted = JSON.stringify([vhost, exchange, key, headers]);
  const isSame = last.wanted === wanted;
  last = { question, wanted, answer: isSame ? last.answer : undefined, trouble: '' };
  const hear = (/** @type {Partial<typeof last>} */ said) => {
    if (last.question !== question) return;
    last = { question, wanted, answer: undefined, trouble: '', ...said };
    redraw();
  };
  let given;
  try {
    given = headers.trim() === '' ? {} : JSON.parse(headers);
  } catch {
    last = { question, wanted, answer: undefined, trouble: t.explain.noJson };
    return last;
  }
  const name = exchange === '' ? 'amq.default' : exchange;
  const place = path`/leveret/explain/publish/${vhost}/${name}`;
  send('POST', place, { routing_key: key, properties: { headers: given } }).then(
    (answer) => hear({ answer }),
    (error) => hear({ trouble: error instanceof Error ? error.message : String(error) }),
  );
  return last;
}

/**
 * The question, and the answer in words.
 *
 * @param {Context} context
 * @param {string} vhost
 * @param {{name: string}[]} exchanges
 * @param {{answer?: Explained, trouble?: string}} said
 */
export function explainCard({ at: { query }, change }, vhost, exchanges, { answer, trouble }) {
  const words = t.explain;
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const filled = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const of = (/** @type {string} */ name) => String(filled.get(name) ?? '');
    sent = JSON.stringify([of('exchange'), of('key'), of('headers')]);
    // Asked again, the same question is answered anew.
    last = { ...last, question: '' };
    change({ ask: '1', exchange: of('exchange'), key: of('key'), headers: of('headers') });
  };
  // A link that asks something else fills the form anew.
  const asked = JSON.stringify([query.exchange ?? '', query.key ?? '', query.headers ?? '']);
  if (asked !== sent) [sent, form] = [asked, asked];
  const names = exchanges.map(({ name }) => name).sort();
  const focused = query.focus?.startsWith('e:') ? query.focus.slice(2) : undefined;
  const chosen =
    query.exchange ?? focused ?? names.find((name) => !name.startsWith('amq.') && name) ?? '';
  return h(
    'details',
    { class: 'card ask', key: 'ask', init: opened(query.ask === '1') },
    h('summary', {}, h('h2', {}, words.title)),
    h('p', { class: 'quiet' }, words.about),
    h(
      'form',
      { key: `${vhost}\n${form}\n${focused}`, onsubmit: submit },
      field('exchange', words.exchange, (props) =>
        h(
          'select',
          { ...props, init: fill(chosen) },
          names.map((name) =>
            h('option', { key: name, value: name }, name || t.queue.defaultExchange),
          ),
        ),
      ),
      field('key', words.key, (props) =>
        h('input', {
          ...props,
          autocomplete: 'off',
          spellcheck: 'false',
          init: fill(query.key ?? ''),
        }),
      ),
      field(
        'headers',
        words.headers,
        (props) =>
          h('textarea', {
            ...props,
            rows: 2,
            spellcheck: 'false',
            init: fill(query.headers ?? ''),
          }),
        words.headersHint,
      ),
      h(
        'menu',
        {},
        h('button', { class: 'primary' }, words.ask),
        query.ask === '1' &&
          button(words.clear, () =>
            change({ ask: undefined, exchange: undefined, key: undefined, headers: undefined }),
          ),
      ),
    ),
    h(
      'div',
      { class: 'fate', role: 'status' },
      trouble && h('p', { key: 'trouble', class: 'bad' }, trouble),
      answer && sentences(answer, vhost),
    ),
  );
}

/**
 * @param {string} name
 * @param {string} label
 * @param {(props: Record<string, any>) => import('../parts/draw.js').Child} control
 * @param {string} [hint]
 */
function field(name, label, control, hint) {
  const id = `ask-${name}`;
  return h(
    'div',
    { key: name, class: 'field' },
    h('label', { for: id }, label),
    control({ id, name, 'aria-describedby': hint && `${id}-hint` }),
    hint && h('small', { id: `${id}-hint`, class: 'quiet' }, hint),
  );
}

/** Where there is room it is open. @param {boolean} isAsked */
function opened(isAsked) {
  return (/** @type {HTMLDetailsElement} */ node) => {
    node.open = isAsked || matchMedia('(min-width: 1001px)').matches;
  };
}

/** @param {string} value */
function fill(value) {
  return (/** @type {HTMLInputElement} */ node) => queueMicrotask(() => (node.value = value));
}

/** @type {Record<string, string>} */
const TONES = { unroutable: 'warn', rejected: 'bad', refused: 'bad' };

/**
 * @param {Explained} said
 * @param {string} vhost
 */
function sentences({ outcome, why, refusal, cut, hops }, vhost) {
  return [
    h('p', { key: 'why', class: TONES[outcome] }, why),
    refusal && h('p', { key: 'refusal', class: 'bad' }, `${refusal.code} ${refusal.reason}`),
    hops.map((hop, at) => hopOf(hop, at, vhost)),
    cut && h('p', { key: 'cut', class: 'warn' }, t.explain.cut),
  ];
}

/**
 * @param {Hop} hop
 * @param {number} at
 * @param {string} vhost
 */
function hopOf(
  { exchange, routing_keys: keys, queue, reason, after_ms: after, exchanges, queues },
  at,
  vhost,
) {
  const words = t.explain;
  const nameOf = (/** @type {string} */ name) => name || t.queue.defaultExchange;
  const key = keys.map((one) => one || t.queue.noKey).join(', ');
  const why = t.messageView.reasons[reason ?? ''] ?? reason ?? '';
  const head =
    queue === null
      ? at === 0
        ? words.published(nameOf(exchange), key)
        : words.letGo(nameOf(exchange), key, duration(after))
      : words.died(queue, why, nameOf(exchange), key, after > 0 ? duration(after) : '');
  const passed = exchanges.filter(
    ({ via, exists, why: said }) => via !== 'publish' || !exists || said,
  );
  return h(
    'section',
    { key: at },
    h('h3', {}, head),
    h(
      'ul',
      {},
      passed.map(({ name, via, from, exists, why: said }, index) =>
        h(
          'li',
          { key: `x ${index}` },
          words.via(via, from === null ? null : nameOf(from)),
          ' ',
          link(ofExchange({ vhost, name }), nameOf(name)),
          said ? `: ${said}` : exists ? '' : `: ${t.routing.missing}`,
        ),
      ),
      queues.map(({ name, type, fate, why: said }) =>
        h(
          'li',
          { key: `q ${name}` },
          type === 'reply' ? name : link(ofQueue({ vhost, name }), name),
          ' ',
          h('b', {}, words.fates[fate] ?? fate),
          `: ${said}`,
        ),
      ),
      queues.length === 0 && h('li', { key: 'none', class: 'quiet' }, words.noQueue),
    ),
  );
}
