/** All consumers: from which queue, for whom, what they hold and since when. */

import {
  consumersPath,
  heldBy,
  isSpent,
  keyOfConsumer,
  namesPath,
} from '../../data/clients.js';
import { badge, link, when } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { ofConnection, ofQueue } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { limit, titles } from './channels.js';
import { differ, listed, number } from './frame.js';

/** @typedef {import('../../data/clients.js').Consumer} Consumer */
/** @typedef {import('../../parts/table.js').Column<Consumer>} Column */

/** @type {import('../all.js').View} */
export const consumers = {
  name: 'consumers',
  menu: 'connections',
  path: ['consumers'],
  title: () => t.titles.consumers,
  watch: () => ({
    consumers: { path: consumersPath },
    names: { path: namesPath, every: 5, isOptional: true },
  }),
  show: (context) => {
    const { consumers: all, names = [] } = context.got;
    const title = titles(names);
    const client = (/** @type {Consumer} */ one) => title(one.channel_details.connection_name);
    return listed(context, {
      name: 'consumers',
      all: all.filter(isWhole),
      kind: kind(client),
      columns: (rows) => [
        queueColumn(),
        ...vhostColumn(rows),
        clientColumn(client),
        ...consumerColumns(),
      ],
      key: keyOfConsumer,
      sort: 'queue',
    });
  },
};

/**
 * Whether it is told on which channel a consumer is: a user may not see the channels of others.
 *
 * @param {Consumer} consumer
 */
export function isWhole({ channel_details: details }) {
  return details?.connection_name !== undefined;
}

/**
 * @param {(consumer: Consumer) => string} client
 * @returns {import('../../data/wanted.js').Kind<Consumer>}
 */
function kind(client) {
  return {
    texts: (one) => [one.consumer_tag, one.queue.name, client(one), one.channel_details.user],
    fields: {
      queue: (one) => one.queue.name,
      vhost: (one) => one.queue.vhost,
      tag: (one) => one.consumer_tag,
      user: (one) => one.channel_details.user,
      client,
    },
    states: {
      holding: (one) => heldBy(one) > 0,
      full: isSpent,
      waiting: (one) => !one.active,
      'no-ack': (one) => !one.ack_required,
      exclusive: (one) => one.exclusive,
    },
  };
}

/** @returns {Column} */
export function queueColumn() {
  return {
    name: 'queue',
    title: t.consumers.queue,
    cell: ({ queue }) => link(ofQueue(queue), queue.name, { title: queue.name }),
    by: ({ queue }) => queue.name,
  };
}

/**
 * @param {Consumer[]} all
 * @returns {Column[]}
 */
function vhostColumn(all) {
  const vhost = (/** @type {Consumer} */ one) => one.queue.vhost;
  if (!differ(all, vhost)) return [];
  return [{ name: 'vhost', title: t.queues.vhost, style: 'wide', cell: vhost, by: vhost }];
}

/**
 * @param {(consumer: Consumer) => string} client
 * @returns {Column}
 */
function clientColumn(client) {
  return {
    name: 'client',
    title: t.consumers.client,
    style: 'middle',
    cell: (one) => {
      const { connection_name: name } = one.channel_details;
      return link(ofConnection(name), client(one), { title: name });
    },
    by: client,
  };
}

/** @returns {Column[]} */
export function consumerColumns() {
  const words = t.consumers;
  return [
    {
      name: 'tag',
      title: words.tag,
      style: 'wide',
      cell: ({ consumer_tag: tag }) => h('span', { title: tag }, tag),
      by: ({ consumer_tag: tag }) => tag,
    },
    {
      name: 'acks',
      title: words.acks,
      style: 'wide',
      cell: ({ ack_required: acks }) => (acks ? words.manual : words.automatic),
      by: ({ ack_required: acks }) => (acks ? 0 : 1),
    },
    { name: 'state', title: words.state, style: 'middle', cell: state, by: order },
    number('prefetch', words.prefetch, (one) => one.prefetch_count, limit, 'wide'),
    {
      ...number('credit', words.credit, (one) => one.credit ?? Infinity, count, 'wide'),
      about: words.creditAbout,
      cell: ({ credit }) =>
        h('span', { class: 'zero' }, credit === null ? words.unlimited : count(credit)),
    },
    number('holds', words.holds, heldBy, count, '', words.holdsAbout),
    {
      name: 'since',
      title: words.since,
      about: words.sinceAbout,
      style: 'number',
      cell: ({ oldest_unacknowledged_since: since }) =>
        when(since) ?? h('span', { class: 'zero' }, t.none),
      by: ({ oldest_unacknowledged_since: since }) => (since ? -since : -Infinity),
    },
  ];
}

/** @param {Consumer} consumer */
function state(consumer) {
  const words = t.consumers;
  if (!consumer.active) return badge('plain', ...words.waits);
  if (isSpent(consumer)) return badge('warn', ...words.full);
  if (consumer.exclusive) return badge('plain', ...words.exclusive);
  return h('span', { class: 'zero' }, words.takes);
}

/** @param {Consumer} consumer */
function order(consumer) {
  return !consumer.active ? 2 : isSpent(consumer) ? 1 : 0;
}
