/** One exchange: what flows, its bindings in and out, and what can be done with it. */

import { path, send } from '../api.js';
import { alternateOf, exchangeId, isBuiltIn } from '../data/topology.js';
import { exchangeCounts, rising, unroutable } from '../data/flows.js';
import { badge, button, facts, link } from '../parts/bits.js';
import { ask, note } from '../parts/dialog.js';
import { h } from '../parts/draw.js';
import { count, rate } from '../parts/format.js';
import { hash, ofExchange, ofQueue } from '../parts/place.js';
import { plot, speeds } from '../parts/plot.js';
import { publishForm } from '../parts/publish.js';
import { t } from '../texts/en.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../data/queues.js').Binding} Binding */
/** @typedef {import('../data/exchanges.js').Exchange} Exchange */

/** Seconds that are drawn. */
const SPAN = 60;
/** Bindings of a list; more are in the topology's. */
const BINDINGS_MAX = 500;

/** @type {View} */
export const exchange = {
  name: 'exchange',
  path: ['exchanges', null, null],
  title: ({ parts }) => nameOf(plain(parts[2])),
  watch: ({ parts }) => {
    const [, vhost, name] = parts;
    const one = path`/exchanges/${vhost}/${name}`;
    return {
      exchange: { path: `${one}?msg_rates_age=${SPAN}&msg_rates_incr=1` },
      out: { path: `${one}/bindings/source`, every: 3 },
      into: { path: `${one}/bindings/destination`, every: 3 },
      flows: { path: path`/leveret/flows/exchanges/${vhost}`, every: 2, isOptional: true },
      policies: { path: path`/policies/${vhost}`, every: 10, isOptional: true },
    };
  },
  show: (context) => {
    /** @type {Exchange} */
    const said = context.got.exchange;
    return [
      head(said, context),
      h('div', { class: 'columns' }, flow(said), about(said, context)),
      h(
        'div',
        { class: 'columns' },
        bindings(said, context, 'out'),
        bindings(said, context, 'into'),
      ),
    ];
  },
};

/** @param {string} name as it stands in a path */
function plain(name) {
  return name === 'amq.default' ? '' : name;
}

/** @param {string} name */
function nameOf(name) {
  return name || t.queue.defaultExchange;
}

/**
 * @param {Exchange} said
 * @param {Context} context
 */
function head(said, context) {
  const words = t.exchange;
  const { vhost, name, type } = said;
  const query = { ...(vhost !== '/' && { vhost }), focus: exchangeId(name), steps: '2' };
  if (name === '') Object.assign(query, { default: '1' });
  return h(
    'header',
    { class: 'headline' },
    h('h1', {}, nameOf(name), h('small', {}, [type, vhost].join(' · '))),
    h(
      'div',
      { class: 'bar' },
      link(hash(['routing'], query), words.drawn),
      h(
        'div',
        { class: 'actions' },
        !said.internal &&
          button(words.publish, () => publishForm({ vhost, draft: { exchange: name } })),
        name !== '' && button(words.bind, () => bind(said)),
        !isBuiltIn(name) &&
          button(words.remove, () => remove(said, context), { class: 'danger' }),
      ),
    ),
  );
}

/** @param {Exchange} said */
function bind({ vhost, name }) {
  const words = t.exchange;
  ask({
    title: words.bindTitle(name),
    fields: [
      {
        name: 'kind',
        label: words.toKind,
        kind: 'select',
        value: 'q',
        choices: [
          ['q', words.toQueue],
          ['e', words.toExchange],
        ],
      },
      { name: 'to', label: words.to, isNeeded: true },
      { name: 'key', label: words.key },
      { name: 'arguments', label: t.exchanges.arguments, value: '{}', hint: words.bindHint },
    ],
    confirm: words.bind,
    done: words.bound,
    act: ({ kind, to, key, arguments: given }) =>
      send('POST', path`/bindings/${vhost}/e/${name}/${kind}/${to}`, {
        routing_key: key,
        arguments: JSON.parse(given || '{}'),
      }),
  });
}

/**
 * @param {Exchange} said
 * @param {Context} context
 */
function remove({ vhost, name }, { got, go }) {
  const words = t.exchange;
  const many = got.out.length + got.into.length;
  ask({
    title: words.removeTitle(name),
    body: h('p', {}, words.removeAbout(count(many))),
    confirm: words.remove,
    isDangerous: true,
    done: words.removed,
    act: async () => {
      await send('DELETE', path`/exchanges/${vhost}/${name}`);
      go(hash(['exchanges']));
    },
  });
}

/**
 * Takes a binding away; it can be made again at once.
 *
 * @param {Binding} binding
 */
async function unbind(binding) {
  const { vhost, source, destination_type: type, destination, properties_key: key } = binding;
  const kind = type === 'queue' ? 'q' : 'e';
  const place = path`/bindings/${vhost}/e/${source}/${kind}/${destination}`;
  const again = { routing_key: binding.routing_key, arguments: binding.arguments };
  const undo = () => void send('POST', place, again).catch((error) => note(error.message));
  try {
    await send('DELETE', `${place}/${encodeURIComponent(key)}`);
    note(t.exchange.unbound, { label: t.exchange.undo, act: undo });
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
  }
}

/** @param {Exchange} said */
function flow({ message_stats: stats = {} }) {
  const words = t.exchange;
  return plot({
    label: t.flow.rates,
    unit: (value) => rate(value),
    span: SPAN * 1000,
    lines: [
      { name: words.incoming, tone: 'one', points: speeds(stats.publish_in_details) },
      { name: words.outgoing, tone: 'two', points: speeds(stats.publish_out_details) },
    ],
  });
}

/**
 * @param {Exchange} said
 * @param {Context} context
 */
function about(said, { got }) {
  const words = t.exchange;
  const { vhost, name, message_stats: stats = {} } = said;
  const flows = got.flows ?? [];
  const speed = rising(`exchanges ${vhost}`, flows, exchangeCounts);
  const own = flows.find((/** @type {any} */ one) => one.name === name);
  const lost = own ? unroutable(own) : undefined;
  const now = speed(`${vhost}\n${name}`) ?? 0;
  const alternate = alternateOf(said, got.policies ?? []);
  const given = Object.entries(said.arguments).filter(([key]) => key !== 'alternate-exchange');
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, t.queue.about),
    facts([
      [words.totalIn, count(stats.publish_in ?? 0)],
      [words.totalOut, count(stats.publish_out ?? 0)],
      [
        t.exchanges.unroutable,
        lost === undefined
          ? null
          : [count(lost), now > 0 && [' ', badge('bad', t.exchanges.lostNow(rate(now)))]],
      ],
      [words.alternate, alternate && link(ofExchange({ vhost, name: alternate }), alternate)],
      [t.queues.policy, said.policy ?? null],
      [t.queue.life, lifeOf(said)],
      ...given.map(
        /** @returns {[string, string]} */ ([key, value]) => [
          key,
          typeof value === 'object' ? JSON.stringify(value) : String(value),
        ],
      ),
    ]),
  );
}

/** @param {Exchange} said */
function lifeOf({ durable, auto_delete: autoDelete, internal }) {
  const { queue, exchange } = t;
  const words = [
    durable ? queue.durable : queue.transient,
    autoDelete && exchange.autoDelete,
    internal && exchange.internal,
  ];
  return words.filter(Boolean).join('; ');
}

/**
 * @param {Exchange} said
 * @param {Context} context
 * @param {'out' | 'into'} side
 */
function bindings({ name }, { got }, side) {
  const words = t.exchange;
  /** @type {Binding[]} */
  const all = got[side];
  const isOut = side === 'out';
  const shown = all.slice(0, BINDINGS_MAX);
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, isOut ? words.goes : words.comes, ' ', h('small', {}, count(all.length))),
    isOut && name === '' && h('p', { class: 'quiet' }, words.implied),
    all.length === 0 &&
      h('p', { class: 'quiet' }, isOut ? words.goesNowhere : words.comesNowhere),
    h(
      'ul',
      { class: 'bindings' },
      shown.map((binding) => bindingRow(binding, isOut)),
    ),
    all.length > shown.length &&
      h('p', { class: 'quiet' }, words.more(count(all.length - shown.length))),
  );
}

/**
 * @param {Binding} binding
 * @param {boolean} isOut
 */
function bindingRow(binding, isOut) {
  const { vhost, source, destination, destination_type: type, routing_key: key } = binding;
  const words = t.exchange;
  const isQueue = isOut && type === 'queue';
  const other = isOut ? destination : source;
  const given = Object.entries(binding.arguments);
  const place = (isQueue ? ofQueue : ofExchange)({ vhost, name: other });
  return h(
    'li',
    { key: `${other}\n${type}\n${binding.properties_key}` },
    h(
      'span',
      {},
      link(place, nameOf(other)),
      ' ',
      isOut && !isQueue && badge('plain', t.routing.kinds.exchange),
    ),
    h(
      'span',
      {},
      h('code', {}, key || t.queue.noKey),
      given.map(([name, value]) =>
        h('code', { key: name, class: 'quiet' }, ` ${name}=${JSON.stringify(value)}`),
      ),
    ),
    source !== '' &&
      button(words.unbind, () => unbind(binding), {
        'aria-label': words.unbindOf(nameOf(other), key),
      }),
  );
}
