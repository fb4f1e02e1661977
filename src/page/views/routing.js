/** How exchanges and queues hang together, drawn, with what flows; and where a message would go. */

import { exchangesPath } from '../data/exchanges.js';
import { lit } from '../data/explain.js';
import { nameFilter } from '../data/filter.js';
import { cameBy, diedIn, queueCounts, rising } from '../data/flows.js';
import { queuesPath } from '../data/queues.js';
import { edgeRates, part, topology } from '../data/topology.js';
import { badge, button, choice, link } from '../parts/bits.js';
import { h } from '../parts/draw.js';
import { count, rate } from '../parts/format.js';
import { graph } from '../parts/graph.js';
import { hash, ofExchange, ofQueue } from '../parts/place.js';
import { linkedOrder, table } from '../parts/table.js';
import { picture } from '../parts/topology.js';
import { t } from '../texts/en.js';
import { explainCard, explained } from './explain.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../data/topology.js').Topology} Topology */
/** @typedef {import('../data/topology.js').Edge} Edge */
/** @typedef {import('../data/topology.js').Node} Node */

/** More than that is not drawn: a filter or a focus makes it less. */
const DRAWN_MAX = 1500;
/** As wide as that, and the list is shown unless the drawing is asked for. */
const NARROW = '(max-width: 640px)';

/** @type {View} */
export const routing = {
  name: 'routing',
  key: 'r',
  path: ['routing'],
  title: () => t.titles.routing,
  watch: ({ query }, got) => {
    const vhost = vhostOf(query.vhost, got.vhosts);
    const place = encodeURIComponent(vhost);
    return {
      vhosts: { path: '/vhosts?columns=name', every: 10 },
      exchanges: { path: exchangesPath(vhost), every: 2 },
      queues: { path: queuesPath(vhost), every: 2 },
      bindings: { path: `/bindings/${place}`, every: 3 },
      flows: { path: `/leveret/flows/queues/${place}`, every: 2, isOptional: true },
      policies: { path: `/policies/${place}`, every: 10, isOptional: true },
    };
  },
  show: (context) => {
    const { at, got } = context;
    const vhost = vhostOf(at.query.vhost, got.vhosts);
    const whole = topology({
      ...{ exchanges: got.exchanges, queues: got.queues },
      ...{ bindings: got.bindings, policies: got.policies },
      withDefault: at.query.default === '1',
    });
    const chosen = at.query.focus;
    const words = at.query.filter ?? '';
    const shown = part(whole, {
      words: nameFilter(words),
      isFiltered: words.trim() !== '',
      focus: chosen,
      steps: Number(at.query.steps ?? 0) || 0,
      withUnused: at.query.unused === '1',
    });
    const rates = ratesOf(whole, got.flows, vhost);
    const said = explained(context, vhost, shapeOf(whole));
    const isList = (at.query.as ?? (matchMedia(NARROW).matches ? 'list' : 'graph')) === 'list';
    return [
      h(
        'h1',
        {},
        t.titles.routing,
        h('small', {}, t.routing.total(counted(shown, 'exchange'), counted(shown, 'queue'))),
      ),
      bar(context, vhost, isList),
      h(
        'div',
        { class: 'stage' },
        h(
          'div',
          { key: 'view' },
          isList ? listOf(shown, rates, context, vhost) : drawing(shown, rates, context, said),
        ),
        h(
          'aside',
          { key: 'aside' },
          nodeCard(whole, rates, context, vhost),
          explainCard(context, vhost, got.exchanges, said),
        ),
      ),
    ];
  },
};

/**
 * @param {string | undefined} said
 * @param {{name: string}[] | undefined} vhosts
 */
function vhostOf(said, vhosts) {
  const names = (vhosts ?? []).map(({ name }) => name);
  return said ?? (names.includes('/') || names.length === 0 ? '/' : names[0]);
}

/**
 * @param {Topology} graph
 * @param {Node['kind']} kind
 */
function counted({ nodes }, kind) {
  return count([...nodes.values()].filter((node) => node.kind === kind).length);
}

/** Changes with what could change where a message goes. @param {Topology} whole */
function shapeOf({ nodes, edges }) {
  return `${nodes.size} ${edges.map(({ id, keys }) => `${id} ${keys.join(' ')}`).join('\n')}`;
}

/**
 * @param {Topology} whole
 * @param {import('../data/flows.js').QueueFlow[] | undefined} flows
 * @param {string} vhost
 */
function ratesOf(whole, flows, vhost) {
  if (!flows) return new Map();
  const speed = rising(`queues ${vhost}`, flows, queueCounts);
  return edgeRates(
    whole,
    (exchange, queue) => speed(cameBy(exchange, queue)),
    (queue) => speed(diedIn(queue)),
  );
}

/**
 * @param {Context} context
 * @param {string} vhost
 * @param {boolean} isList
 */
function bar({ at: { query }, got, change }, vhost, isList) {
  const words = t.routing;
  const names = (got.vhosts ?? []).map((/** @type {{name: string}} */ { name }) => name);
  const toggle = (/** @type {'default' | 'unused'} */ name) =>
    button(words.toggles[name], () => change({ [name]: query[name] === '1' ? undefined : '1' }), {
      key: name,
      'aria-pressed': query[name] === '1' ? 'true' : 'false',
    });
  return h(
    'div',
    { class: 'bar', role: 'search' },
    names.length > 1 &&
      h(
        'select',
        {
          key: 'vhost',
          'aria-label': t.queues.vhost,
          value: vhost,
          onchange: (/** @type {Event} */ event) =>
            change({
              vhost: /** @type {HTMLSelectElement} */ (event.target).value,
              focus: undefined,
            }),
        },
        names.map((/** @type {string} */ name) =>
          h('option', { key: name, value: name, selected: name === vhost }, name),
        ),
      ),
    h('input', {
      key: 'filter',
      type: 'search',
      'aria-label': words.filter,
      placeholder: words.filter,
      title: words.hint,
      'data-filter': '',
      spellcheck: 'false',
      autocomplete: 'off',
      value: query.filter ?? '',
      oninput: (/** @type {InputEvent} */ event) =>
        change({ filter: /** @type {HTMLInputElement} */ (event.target).value }),
    }),
    h('div', { key: 'toggles', class: 'chips' }, toggle('default'), toggle('unused')),
    choice(
      words.as,
      [
        ['graph', words.graph],
        ['list', words.list],
      ],
      isList ? 'list' : 'graph',
      (as) => change({ as }),
    ),
  );
}

/**
 * @param {Topology & {named: Set<string>}} shown
 * @param {Map<string, number>} rates
 * @param {Context} context
 * @param {{answer?: import('../data/explain.js').Explained}} said
 */
function drawing(shown, rates, { at: { parts, query }, got }, { answer }) {
  const words = t.routing;
  if (shown.nodes.size > DRAWN_MAX)
    return h('p', { class: 'empty' }, words.tooMany(count(shown.nodes.size)));
  if (shown.nodes.size === 0) {
    return h('p', { class: 'empty' }, got.queues.length === 0 ? words.nothing : words.none);
  }
  // Beside it is room for what stands there, as in the style.
  const beside = matchMedia('(max-width: 1000px)').matches ? 48 : 460;
  const place = { width: innerWidth - beside, height: innerHeight * 0.72 };
  const light = {
    rates,
    lit: answer && lit(answer),
    named: shown.named,
    chosen: query.focus,
    hrefOf: (/** @type {string} */ id) => hash(parts, { ...query, focus: id }),
  };
  return [graph(picture(shown, light, place)), legend()];
}

function legend() {
  const words = t.routing;
  const line = (/** @type {string} */ kind) =>
    h(
      'svg',
      { width: 34, height: 10, 'aria-hidden': 'true' },
      h('path', { class: ['edge', kind], d: 'M1 5H33', style: { 'stroke-width': '1.8' } }),
    );
  const shape = (/** @type {string} */ kind, /** @type {number} */ round) =>
    h(
      'svg',
      { width: 28, height: 14, 'aria-hidden': 'true' },
      h('rect', { class: ['shape', kind], x: 1, y: 1, width: 26, height: 12, rx: round }),
    );
  const entries = [
    [shape('exchange', 6), words.kinds.exchange],
    [shape('queue', 2), words.kinds.queue],
    [line('binding'), words.edges.binding],
    [line('binding moves'), words.moves],
    [line('dead-letter'), words.edges['dead-letter']],
    [line('alternate'), words.edges.alternate],
  ];
  return h(
    'ul',
    { class: 'key-of-graph', 'aria-label': words.legend },
    entries.map(([picture, text], at) => h('li', { key: at }, picture, text)),
  );
}

/**
 * The same as a list: every edge in words.
 *
 * @param {Topology} shown
 * @param {Map<string, number>} rates
 * @param {Context} context
 * @param {string} vhost
 */
function listOf({ nodes, edges }, rates, { at, change, got }, vhost) {
  const words = t.routing;
  const nameOf = (/** @type {string} */ id) => nodes.get(id)?.name || t.queue.defaultExchange;
  return table({
    label: words.label(counted({ nodes, edges }, 'exchange'), counted({ nodes, edges }, 'queue')),
    /** @type {import('../parts/table.js').Column<Edge>[]} */
    columns: [
      {
        name: 'from',
        title: words.from,
        style: 'name',
        cell: (e) => nodeLink(nodes.get(e.from), vhost),
        by: (e) => nameOf(e.from),
      },
      {
        name: 'way',
        title: words.way,
        style: 'middle',
        cell: (e) => words.edges[e.kind],
        by: (e) => e.kind,
      },
      {
        name: 'keys',
        title: words.keysOf,
        cell: (e) => h('code', { title: e.keys.join('\n') }, e.keys.join(', ')),
        by: (e) => e.keys.join(', '),
      },
      {
        name: 'to',
        title: words.to,
        style: 'name',
        cell: (e) => nodeLink(nodes.get(e.to), vhost),
        by: (e) => nameOf(e.to),
      },
      {
        name: 'rate',
        title: words.rate,
        about: words.rateAbout,
        style: 'number middle',
        cell: (e) => {
          const fast = rates.get(e.id);
          return h('span', { class: fast ? undefined : 'zero' }, rate(fast));
        },
        by: (e) => rates.get(e.id) ?? -1,
      },
    ],
    rows: edges,
    key: ({ id }) => id,
    ...linkedOrder({ at, change }, 'from'),
    empty: got.queues.length === 0 ? words.nothing : words.none,
  });
}

/**
 * @param {Node | undefined} node
 * @param {string} vhost
 */
function nodeLink(node, vhost) {
  const name = node?.name || t.queue.defaultExchange;
  if (node?.kind === 'missing') return [name, ' ', badge('bad', t.routing.missing)];
  return link(placeOf(node, vhost), name, { title: name });
}

/**
 * @param {Node | undefined} node
 * @param {string} vhost
 */
function placeOf(node, vhost) {
  const name = node?.name ?? '';
  return node?.kind === 'queue' ? ofQueue({ vhost, name }) : ofExchange({ vhost, name });
}

/**
 * What the one in focus is joined to.
 *
 * @param {Topology} whole
 * @param {Map<string, number>} rates
 * @param {Context} context
 * @param {string} vhost
 */
function nodeCard(whole, rates, { at: { parts, query }, change }, vhost) {
  const words = t.routing;
  const node = query.focus === undefined ? undefined : whole.nodes.get(query.focus);
  if (!node)
    return h(
      'section',
      { class: 'card idle', key: 'node' },
      h('h2', {}, words.choose),
      h('p', { class: 'quiet' }, words.chooseAbout),
    );
  const steps = query.steps ?? '0';
  const edges = (/** @type {'from' | 'to'} */ side, /** @type {string} */ title) => {
    const all = whole.edges.filter((edge) => edge[side] === node.id);
    const other = side === 'from' ? 'to' : 'from';
    return [
      h('h2', {}, title),
      all.length === 0 && h('p', { class: 'quiet' }, words.nobody),
      h(
        'ul',
        { class: 'joined' },
        all.map((edge) =>
          h(
            'li',
            { key: edge.id },
            rates.has(edge.id) && h('span', { class: 'number' }, rate(rates.get(edge.id))),
            link(
              hash(parts, { ...query, focus: edge[other] }),
              whole.nodes.get(edge[other])?.name || t.queue.defaultExchange,
            ),
            ' ',
            edge.kind !== 'binding' && badge('plain', words.edges[edge.kind]),
            h(
              'div',
              {},
              h(
                'code',
                {},
                edge.keys.join(', ') || (edge.kind === 'binding' ? t.queue.noKey : ''),
              ),
            ),
          ),
        ),
      ),
    ];
  };
  return h(
    'section',
    { class: 'card', key: 'node' },
    h('h2', {}, words.kinds[node.kind]),
    h(
      'p',
      {},
      node.kind === 'missing'
        ? [h('b', {}, node.name), ` ${words.missingAbout}`]
        : link(placeOf(node, vhost), h('b', {}, node.name || t.queue.defaultExchange)),
    ),
    h(
      'div',
      { class: 'bar' },
      choice(words.around, Object.entries(words.steps), steps, (value) =>
        change({ steps: value === '0' ? undefined : value }),
      ),
      button(words.letGo, () => change({ focus: undefined, steps: undefined })),
    ),
    edges('to', words.comes),
    edges('from', words.goes),
  );
}
