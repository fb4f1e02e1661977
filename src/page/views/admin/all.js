/** All views of the administration. */

import { admin } from './admin.js';
import { definitions } from './definitions.js';
import { deprecated, features } from './features.js';
import { limits } from './limits.js';
import { listeners } from './listeners.js';
import { permissions } from './permissions.js';
import { policies } from './policies.js';
import { newPolicy, operatorPolicy, policy } from './policy.js';
import { settings } from './settings.js';
import { user } from './user.js';
import { users } from './users.js';
import { vhost } from './vhost.js';
import { vhosts } from './vhosts.js';

/** @type {import('../all.js').View[]} */
export const views = [
  admin,
  vhosts,
  vhost,
  users,
  user,
  permissions,
  policies,
  policy,
  operatorPolicy,
  newPolicy,
  limits,
  definitions,
  features,
  deprecated,
  listeners,
  settings,
];
