/** One connection: who it is, what it does, what it waits for, and a way to close it. */

import { path, send } from '../../api.js';
import {
  consumersOf,
  heldBy,
  holdings,
  keyOfConsumer,
  pace,
  peerOf,
  platformOf,
  programOf,
  titleOf,
} from '../../data/clients.js';
import { button, facts, when } from '../../parts/bits.js';
import { ask } from '../../parts/dialog.js';
import { h } from '../../parts/draw.js';
import { bytes, count, duration, rate } from '../../parts/format.js';
import { plot, speeds } from '../../parts/plot.js';
import { hash } from '../../parts/place.js';
import { table } from '../../parts/table.js';
import { t } from '../../texts/en.js';
import { channelColumns, nameColumn } from './channels.js';
import { consumerColumns, isWhole, queueColumn } from './consumers.js';
import { clientTabs } from './frame.js';

/** @typedef {import('../../data/clients.js').Connection} Connection */
/** @typedef {import('../../data/clients.js').Channel} Channel */
/** @typedef {import('../../data/clients.js').Consumer} Consumer */
/** @typedef {import('../all.js').Context} Context */

const SPAN = 60;

/** @type {import('../all.js').View} */
export const connection = {
  name: 'connection',
  menu: 'connections',
  path: ['connections', null],
  title: ({ parts }) => parts[1],
  watch: ({ parts: [, name] }, got) => ({
    connection: { path: `${path`/connections/${name}`}?data_rates_age=${SPAN}&data_rates_incr=1` },
    channels: { path: path`/connections/${name}/channels` },
    ...(got.connection?.vhost !== undefined && {
      consumers: { path: consumersOf(got.connection.vhost), every: 2, isOptional: true },
    }),
  }),
  show: (context) => {
    /** @type {Connection} */
    const said = context.got.connection;
    /** @type {Channel[]} */
    const channels = context.got.channels;
    const consumers = own(said, context.got.consumers ?? []);
    return [
      clientTabs(''),
      head(said, channels, consumers, context),
      h('div', { class: 'columns' }, octetPlot(said), does(channels, consumers)),
      h('div', { class: 'columns' }, about(said), program(said)),
      channelList(channels),
      consumerList(consumers),
    ];
  },
};

/**
 * @param {Connection} said
 * @param {Consumer[]} all
 */
function own({ name }, all) {
  return all.filter((one) => isWhole(one) && one.channel_details.connection_name === name);
}

/**
 * @param {Connection} said
 * @param {Channel[]} channels
 * @param {Consumer[]} consumers
 * @param {Context} context
 */
function head(said, channels, consumers, context) {
  const words = t.connection;
  const trouble = t.connections.stateAbout[said.state ?? ''];
  const where = [programOf(said), words.as(said.user), said.vhost, peerOf(said.name)];
  return h(
    'header',
    { class: 'headline' },
    h('h1', {}, titleOf(said), h('small', {}, where.filter(Boolean).join(' · '))),
    h(
      'div',
      { class: 'bar' },
      trouble
        ? h('p', {}, h('span', { class: ['light', tone(said)] }), ' ', trouble)
        : h('p', { class: 'quiet' }, words.since, ' ', when(said.connected_at)),
      h(
        'div',
        { class: 'actions' },
        button(words.close, () => close(said, channels, consumers, context), { class: 'danger' }),
      ),
    ),
  );
}

/** @param {Connection} said */
function tone({ state }) {
  return state === 'blocked' ? 'bad' : 'warn';
}

/**
 * @param {Connection} said
 * @param {Channel[]} channels
 * @param {Consumer[]} consumers
 * @param {Context} context
 */
function close(said, channels, consumers, { go }) {
  const words = t.connection;
  const held = channels.reduce((sum, one) => sum + one.messages_unacknowledged, 0);
  ask({
    title: words.closeTitle(titleOf(said)),
    body: [
      h('p', {}, words.closeAbout(channels.length, consumers.length, count(held))),
      h('p', { class: 'quiet' }, words.closeAgain),
    ],
    fields: [{ name: 'reason', label: words.reason, hint: words.reasonHint }],
    confirm: words.close,
    isDangerous: true,
    done: words.closed,
    act: async ({ reason }) => {
      /** @type {Record<string, string>} */
      const headers = reason ? { 'x-reason': plain(reason) } : {};
      await send('DELETE', path`/connections/${said.name}`, undefined, headers);
      go(hash(['connections']));
    },
  });
}

/**
 * A text that a header of HTTP can carry.
 *
 * @param {string} reason
 */
function plain(reason) {
  if (!/^[\x20-\x7e]*$/.test(reason)) throw new Error(t.connection.reasonPlain);
  return reason;
}

/** @param {Connection} said */
function octetPlot(said) {
  const words = t.connection;
  return plot({
    label: words.octets,
    unit: (value) => `${bytes(value)}/s`,
    span: SPAN * 1000,
    lines: [
      { name: words.sends, tone: 'one', points: speeds(said.recv_oct_details) },
      { name: words.gets, tone: 'two', points: speeds(said.send_oct_details) },
    ],
  });
}

/**
 * What it does and what it waits for, in words.
 *
 * @param {Channel[]} channels
 * @param {Consumer[]} consumers
 */
function does(channels, consumers) {
  const words = t.connection;
  const sum = (/** @type {(channel: Channel) => number} */ value) =>
    channels.reduce((all, channel) => all + value(channel), 0);
  const held = [...holdings(consumers).values()][0];
  const sent = sum((one) => pace(one, 'publish'));
  const lost = sum((one) => pace(one, 'return_unroutable'));
  const full = consumers.filter(({ credit }) => credit === 0).length;
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.does),
    facts([
      [words.publishes, rate(sent)],
      [words.returned, lost > 0 ? rate(lost) : null],
      [words.takes, rate(sum((one) => pace(one, 'deliver_get')))],
      [words.acks, rate(sum((one) => pace(one, 'ack')))],
      [words.holds, count(sum((one) => one.messages_unacknowledged))],
      [words.oldest, held?.since ? when(held.since) : null],
      [words.full, full > 0 ? words.ofConsumers(full, consumers.length) : null],
      [words.unconfirmed, some(sum((one) => one.messages_unconfirmed))],
      [words.uncommitted, some(sum((one) => one.messages_uncommitted + one.acks_uncommitted))],
    ]),
  );
}

/** @param {number} many */
function some(many) {
  return many > 0 ? count(many) : null;
}

/** @param {Connection} said */
function about(said) {
  const words = t.connection;
  const heartbeat = said.timeout ? duration(said.timeout * 1000) : words.noHeartbeat;
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.about),
    facts([
      [words.name, said.name],
      [words.protocol, said.ssl ? words.overTls(said.protocol) : said.protocol],
      [words.mechanism, said.auth_mechanism],
      [words.heartbeat, heartbeat],
      [words.frameMax, bytes(said.frame_max)],
      [words.channelMax, count(said.channel_max)],
      [words.sent, bytes(said.recv_oct)],
      [words.got, bytes(said.send_oct)],
    ]),
  );
}

/** @param {Connection} said */
function program(said) {
  const words = t.connection;
  const { capabilities = {}, ...rest } = said.client_properties;
  const able = Object.entries(capabilities).filter(([, value]) => value === true);
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.program),
    facts([
      ...Object.entries(rest).map(([name, value]) => pair(name, value)),
      [words.can, able.map(([name]) => name).join(', ')],
    ]),
    !platformOf(said) && !programOf(said) && h('p', { class: 'quiet' }, words.unnamed),
  );
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {[string, string]}
 */
function pair(name, value) {
  return [name, typeof value === 'string' ? value : JSON.stringify(value)];
}

/** @param {Channel[]} channels */
export function channelList(channels) {
  const words = t.connection;
  return section(words.channels, [
    table({
      label: words.channels,
      columns: [
        nameColumn(({ number }) => words.channel(number)),
        ...channelColumns(channels).map(still),
      ],
      rows: channels,
      key: ({ name }) => name,
      order: { by: '', isDown: false },
      onOrder: () => {},
      empty: words.noChannel,
    }),
  ]);
}

/** @param {Consumer[]} consumers */
export function consumerList(consumers) {
  const words = t.connection;
  return section(words.consumers, [
    table({
      label: words.consumers,
      columns: [queueColumn(), ...consumerColumns()].map(still),
      rows: [...consumers].sort((a, b) => heldBy(b) - heldBy(a)),
      key: keyOfConsumer,
      order: { by: '', isDown: false },
      onOrder: () => {},
      empty: words.noConsumer,
    }),
  ]);
}

/**
 * A column of a list that is too short to be ordered.
 *
 * @template R
 * @param {import('../../parts/table.js').Column<R>} column
 * @returns {import('../../parts/table.js').Column<R>}
 */
function still(column) {
  return { ...column, by: undefined };
}

/**
 * @param {string} title
 * @param {import('../../parts/draw.js').ChildList} content
 */
function section(title, content) {
  return h('section', { class: 'part', 'aria-label': title }, h('h2', {}, title), content);
}
