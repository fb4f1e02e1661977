/**
 * All views, in the order of the menu.
 *
 * @typedef {import('../parts/draw.js').Child} Child
 * @typedef {import('../parts/place.js').Place} Place
 * @typedef {import('../live.js').Wish & {isOptional?: boolean}} Wish
 *   `isOptional`: the view can do without, as a user may not ask for it
 *
 * @typedef {{name: string, tags: string[]}} User
 * @typedef {{
 *   at: Place,
 *   got: Record<string, any>,
 *   refused: Record<string, import('../api.js').Refused>,
 *   user: User,
 *   go: (hash: string) => void,
 *   change: (query: Record<string, string | undefined>) => void,
 *   redraw: () => void,
 *   isThere: (hash: string) => boolean,
 * }} Context
 *   `got`: answers by the names of their wishes, `refused`: why optional ones are not there;
 *   `change`: the query of the place, without a step of the browser's history; `isThere`: whether a
 *   link leads to a view
 *
 * @typedef {{
 *   name: string,
 *   key?: string,
 *   menu?: string,
 *   path: (string | null)[],
 *   title: (at: Place) => string,
 *   watch: (at: Place, got: Record<string, any>, user: User) => Record<string, Wish>,
 *   show: (context: Context) => Child,
 * }} View
 *   `path`: parts of the place, of which null is any; `key`: goes there behind `g`, and makes it an
 *   entry of the menu; `menu`: the name of the entry that it is below; `watch` is asked again
 *   after each answer
 */

import { channel } from './clients/channel.js';
import { channels } from './clients/channels.js';
import { connection } from './clients/connection.js';
import { connections } from './clients/connections.js';
import { consumers } from './clients/consumers.js';
import { exchange } from './exchange.js';
import { exchanges } from './exchanges.js';
import { late } from './late.js';
import { log } from './log.js';
import { message } from './message.js';
import { overview } from './overview.js';
import { queue } from './queue.js';
import { queues } from './queues.js';
import { routing } from './routing.js';

/**
 * The views of `admin/all.js`. An entry of the menu is below none.
 *
 * @type {import('./late.js').Head[]}
 */
const ADMIN = [
  { name: 'admin', key: 'a', menu: undefined, path: ['admin'] },
  { name: 'vhosts', path: ['vhosts'] },
  { name: 'vhost', path: ['vhosts', null] },
  { name: 'users', path: ['users'] },
  { name: 'user', path: ['users', null] },
  { name: 'permissions', path: ['permissions'] },
  { name: 'policies', path: ['policies'] },
  { name: 'policy', path: ['policies', null, null] },
  { name: 'operator', path: ['operator-policies', null, null] },
  { name: 'new-policy', path: ['new-policy'] },
  { name: 'limits', path: ['limits'] },
  { name: 'definitions', path: ['definitions'] },
  { name: 'features', path: ['feature-flags'] },
  { name: 'deprecated', path: ['deprecated-features'] },
  { name: 'listeners', path: ['listeners'] },
  { name: 'settings', path: ['settings'] },
];

/** @type {View[]} */
export const views = [
  overview,
  queues,
  queue,
  message,
  exchanges,
  exchange,
  routing,
  connections,
  connection,
  channels,
  channel,
  consumers,
  ...ADMIN.map((head) => late({ menu: 'admin', ...head }, () => import('./admin/all.js'))),
  log,
];

/** @param {Place} at */
export function viewOf(at) {
  return views.find(
    ({ path }) =>
      path.length === at.parts.length &&
      path.every((part, index) => part === null || part === at.parts[index]),
  );
}
