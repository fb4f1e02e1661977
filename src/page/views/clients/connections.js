/** All connections: who is here, from which program, what they do, what they wait for. */

import {
  connectionsPath,
  consumersPath,
  holdings,
  isBlocked,
  isBusy,
  octets,
  peerOf,
  platformOf,
  programOf,
  titleOf,
} from '../../data/clients.js';
import { badge, link, when } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { bytes, count } from '../../parts/format.js';
import { ofConnection } from '../../parts/place.js';
import { t } from '../../texts/en.js';
import { differ, listed, number } from './frame.js';

/** @typedef {import('../../data/clients.js').Connection} Connection */
/** @typedef {ReturnType<typeof holdings>} Holdings */

/** With more connections than that, it is not asked what each of them holds. */
const HOLDINGS_MAX = 1000;

/** @type {import('../all.js').View} */
export const connections = {
  name: 'connections',
  key: 'c',
  path: ['connections'],
  title: () => t.titles.connections,
  watch: (_, got) => ({
    connections: { path: connectionsPath },
    ...(got.connections?.length <= HOLDINGS_MAX && {
      consumers: { path: consumersPath, every: 3, isOptional: true },
    }),
  }),
  show: (context) => {
    const { connections: all, consumers } = context.got;
    const held = consumers && holdings(consumers);
    return listed(context, {
      name: 'connections',
      all,
      kind: kind(held),
      columns: (rows) => columns(rows, held),
      key: ({ name }) => name,
      sort: 'name',
    });
  },
};

/**
 * @param {Holdings | undefined} held
 * @returns {import('../../data/wanted.js').Kind<Connection>}
 */
function kind(held) {
  return {
    texts: (one) => [
      one.user_provided_name,
      one.name,
      one.user,
      programOf(one),
      platformOf(one),
    ],
    fields: {
      name: (one) => one.user_provided_name ?? '',
      user: (one) => one.user,
      program: (one) => `${programOf(one)} ${platformOf(one)}`,
      state: (one) => one.state ?? '',
      vhost: (one) => one.vhost,
      address: (one) => peerOf(one.name),
      protocol: (one) => one.protocol,
    },
    states: {
      blocked: isBlocked,
      busy: isBusy,
      quiet: (one) => !isBusy(one),
      holding: ({ name }) => (held?.get(name)?.many ?? 0) > 0,
      tls: ({ ssl }) => ssl,
    },
  };
}

/**
 * @param {Connection[]} all
 * @param {Holdings | undefined} held
 * @returns {import('../../parts/table.js').Column<Connection>[]}
 */
function columns(all, held) {
  const words = t.connections;
  /** @type {import('../../parts/table.js').Column<Connection>[]} */
  const found = [
    { name: 'name', title: words.name, cell: nameCell, by: titleOf },
    { name: 'program', title: words.program, style: 'middle', cell: program, by: programOf },
    { name: 'user', title: words.user, style: 'wide', cell: (one) => one.user, by: (c) => c.user },
  ];
  if (differ(all, ({ vhost }) => vhost)) {
    found.push({
      name: 'vhost',
      title: t.queues.vhost,
      style: 'wide',
      cell: ({ vhost }) => vhost,
      by: ({ vhost }) => vhost,
    });
  }
  found.push(
    {
      name: 'peer',
      title: words.address,
      style: 'wide',
      cell: ({ name }) => h('span', { title: name }, peerOf(name)),
      by: ({ name }) => peerOf(name),
    },
    { name: 'state', title: words.state, cell: state, by: ({ state: said }) => said ?? '' },
    number('channels', words.channels, (c) => c.channels ?? 0, count, 'wide'),
    number('in', words.sends, (c) => octets(c, 'recv_oct'), pace, 'middle', words.sendsAbout),
    number('out', words.gets, (c) => octets(c, 'send_oct'), pace, 'middle', words.getsAbout),
  );
  if (held) found.push(holds(held));
  found.push({
    name: 'since',
    title: words.since,
    style: 'number middle',
    cell: ({ connected_at: at }) => when(at),
    by: ({ connected_at: at }) => -at,
  });
  return found;
}

/** @param {Connection} connection */
function nameCell(connection) {
  return [
    link(ofConnection(connection.name), titleOf(connection), { title: connection.name }),
    connection.ssl && h('span', { class: 'marks' }, badge('plain', t.connections.tls)),
  ];
}

/** @param {Connection} connection */
function program(connection) {
  const said = programOf(connection);
  const title = [said, platformOf(connection)].filter(Boolean).join(' · ');
  return h('span', { title, class: said ? undefined : 'zero' }, said || t.none);
}

/** @param {{state?: string}} connection */
export function state({ state: said = '' }) {
  const about = t.connections.stateAbout[said];
  if (!about) return h('span', { class: 'zero' }, said);
  return badge(said === 'blocked' ? 'bad' : 'warn', said, about);
}

/**
 * @param {Holdings} held
 * @returns {import('../../parts/table.js').Column<Connection>}
 */
function holds(held) {
  const { holds: title, holdsAbout: about } = t.connections;
  return number('holds', title, ({ name }) => held.get(name)?.many ?? 0, count, '', about);
}

/** @param {number} speed octets per second */
export function pace(speed) {
  return speed === 0 ? '0 B/s' : `${bytes(speed)}/s`;
}
