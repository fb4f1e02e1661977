/** All channels: in which mode they are, what they hold, what waits in them. */

import {
  channelsPath,
  isFull,
  namesPath,
  pace,
  peerOf,
  titleOf,
} from '../../data/clients.js';
import { badge, link, when } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count, rate } from '../../parts/format.js';
import { ofChannel } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { differ, listed, number } from './frame.js';

/** @typedef {import('../../data/clients.js').Channel} Channel */
/** @typedef {import('../../data/clients.js').Connection} Connection */

/** @type {import('../all.js').View} */
export const channels = {
  name: 'channels',
  menu: 'connections',
  path: ['channels'],
  title: () => t.titles.channels,
  watch: () => ({
    channels: { path: channelsPath },
    names: { path: namesPath, every: 5, isOptional: true },
  }),
  show: (context) => {
    const { channels: all, names = [] } = context.got;
    const title = titles(names);
    return listed(context, {
      name: 'channels',
      all,
      kind: kind(title),
      columns: (rows) => [
        nameColumn((one) => `${title(one.connection_details.name)} (${one.number})`),
        ...channelColumns(rows),
      ],
      key: ({ name }) => name,
      sort: 'name',
    });
  },
};

/**
 * What clients call connections, by the names of these.
 *
 * @param {{name: string, user_provided_name?: string}[]} connections
 * @returns {(name: string) => string}
 */
export function titles(connections) {
  const named = new Map(connections.map((one) => [one.name, titleOf(one)]));
  return (name) => named.get(name) ?? peerOf(name);
}

/**
 * @param {(name: string) => string} title
 * @returns {import('../../data/wanted.js').Kind<Channel>}
 */
function kind(title) {
  return {
    texts: (one) => [title(one.connection_details.name), one.name, one.user],
    fields: {
      name: (one) => title(one.connection_details.name),
      user: (one) => one.user,
      vhost: (one) => one.vhost,
      state: (one) => one.state,
      address: (one) => peerOf(one.connection_details.name),
      mode: mode,
    },
    states: {
      holding: (one) => one.messages_unacknowledged > 0,
      full: isFull,
      unconfirmed: (one) => one.messages_unconfirmed > 0,
      uncommitted: (one) => one.messages_uncommitted + one.acks_uncommitted > 0,
      publishing: (one) => pace(one, 'publish') > 0,
      consuming: (one) => one.consumer_count > 0,
    },
  };
}

/** @param {Channel} channel */
function mode({ confirm, transactional }) {
  return transactional ? 'tx' : confirm ? 'confirm' : '';
}

/**
 * @param {(channel: Channel) => string} title
 * @returns {import('../../parts/table.js').Column<Channel>}
 */
export function nameColumn(title) {
  return {
    name: 'name',
    title: t.channels.name,
    cell: (one) => link(ofChannel(one.name), title(one), { title: one.name }),
    by: title,
  };
}

/**
 * @param {Channel[]} all
 * @returns {import('../../parts/table.js').Column<Channel>[]}
 */
export function channelColumns(all) {
  const words = t.channels;
  /** @type {import('../../parts/table.js').Column<Channel>[]} */
  const vhost = [
    {
      name: 'vhost',
      title: t.queues.vhost,
      style: 'wide',
      cell: (one) => one.vhost,
      by: (one) => one.vhost,
    },
  ];
  return [
    ...(differ(all, (one) => one.vhost) ? vhost : []),
    { name: 'mode', title: words.mode, style: 'middle', cell: modeCell, by: mode },
    number('consumers', words.consumers, (c) => c.consumer_count, count, 'wide'),
    number('prefetch', words.prefetch, (c) => c.prefetch_count, limit, 'wide', words.prefetchAbout),
    {
      ...number('unacked', words.unacked, (c) => c.messages_unacknowledged, count),
      cell: unacked,
    },
    number(
      'unconfirmed',
      words.unconfirmed,
      (c) => c.messages_unconfirmed,
      count,
      'middle',
      words.unconfirmedAbout,
    ),
    number(
      'uncommitted',
      words.uncommitted,
      (c) => c.messages_uncommitted + c.acks_uncommitted,
      count,
      'wide',
      words.uncommittedAbout,
    ),
    number('in', words.publishes, (c) => pace(c, 'publish'), rate, 'middle'),
    number('out', words.gets, (c) => pace(c, 'deliver_get'), rate, 'middle'),
    number('acked', words.acks, (c) => pace(c, 'ack'), rate, 'wide'),
    {
      name: 'idle',
      title: words.idle,
      style: 'number wide',
      cell: (c) => (c.idle_since ? when(Date.parse(c.idle_since)) : t.channels.busy),
      by: (c) => (c.idle_since ? -Date.parse(c.idle_since) : -Infinity),
    },
  ];
}

/** @param {number} most */
export function limit(most) {
  return most === 0 ? t.none : count(most);
}

/** @param {Channel} channel */
function unacked(channel) {
  const { messages_unacknowledged: held } = channel;
  const full = isFull(channel) && badge('warn', t.channels.full, t.channels.fullAbout);
  return [full, ' ', h('span', { class: held === 0 ? 'zero' : undefined }, count(held))];
}

/** @param {Channel} channel */
function modeCell(channel) {
  const { confirm, tx } = t.channels.modes;
  const said = mode(channel);
  if (said === '') return h('span', { class: 'zero' }, t.none);
  return badge('plain', ...(said === 'tx' ? tx : confirm));
}
