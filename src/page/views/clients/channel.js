/** One channel: its mode, what it holds and what moves through it. */

import { path } from '../../api.js';
import { consumersOf, isFull, pace, peerOf } from '../../data/clients.js';
import { facts, link, when } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count, rate } from '../../parts/format.js';
import { plot, speeds } from '../../parts/plot.js';
import { ofConnection } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { consumerList } from './connection.js';
import { isWhole } from './consumers.js';
import { clientTabs } from './frame.js';

/** @typedef {import('../../data/clients.js').Channel} Channel */
/** @typedef {import('../../data/clients.js').Consumer} Consumer */

const SPAN = 60;

/** @type {import('../all.js').View} */
export const channel = {
  name: 'channel',
  menu: 'connections',
  path: ['channels', null],
  title: ({ parts }) => parts[1],
  watch: ({ parts: [, name] }, got) => ({
    channel: { path: `${path`/channels/${name}`}?msg_rates_age=${SPAN}&msg_rates_incr=1` },
    ...(got.channel?.vhost !== undefined && {
      consumers: { path: consumersOf(got.channel.vhost), every: 2, isOptional: true },
    }),
  }),
  show: ({ got }) => {
    /** @type {Channel} */
    const said = got.channel;
    /** @type {Consumer[]} */
    const all = got.consumers ?? said.consumer_details ?? [];
    const own = all.filter((one) => isWhole(one) && one.channel_details.name === said.name);
    return [clientTabs(''), head(said), h('div', { class: 'columns' }, rates(said), about(said)),
      consumerList(own)];
  },
};

/** @param {Channel} said */
function head(said) {
  const { connection_details: of, number, user, vhost } = said;
  const words = t.channel;
  return h(
    'header',
    { class: 'headline' },
    h('h1', {}, t.connection.channel(number), h('small', {}, `${user} · ${vhost}`)),
    h('p', {}, words.of, ' ', link(ofConnection(of.name), peerOf(of.name), { title: of.name })),
  );
}

/** @param {Channel} said */
function rates({ message_stats: stats = {} }) {
  return plot({
    label: t.flow.rates,
    unit: (value) => rate(value),
    span: SPAN * 1000,
    lines: [
      { name: t.flow.published, tone: 'one', points: speeds(stats.publish_details) },
      { name: t.flow.delivered, tone: 'two', points: speeds(stats.deliver_get_details) },
      { name: t.flow.acked, tone: 'three', points: speeds(stats.ack_details) },
    ],
  });
}

/** @param {Channel} said */
function about(said) {
  const words = t.channel;
  const mode = said.transactional ? 'transactional' : said.confirm ? 'confirm' : 'plain';
  const returned = pace(said, 'return_unroutable');
  const again = pace(said, 'redeliver');
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, words.about),
    facts([
      [words.mode, words.modes[mode]],
      [words.prefetch, said.prefetch_count === 0 ? words.unlimited : count(said.prefetch_count)],
      [words.held, count(said.messages_unacknowledged)],
      [words.waits, isFull(said) ? t.channels.fullAbout : null],
      [words.unconfirmed, said.confirm ? count(said.messages_unconfirmed) : null],
      [words.messages, said.transactional ? count(said.messages_uncommitted) : null],
      [words.acks, said.transactional ? count(said.acks_uncommitted) : null],
      [words.returned, returned > 0 ? rate(returned) : null],
      [words.again, again > 0 ? rate(again) : null],
      [words.idle, said.idle_since ? when(Date.parse(said.idle_since)) : null],
    ]),
  );
}
