/**
 * What the tags of a user let them do here. The broker decides; this says it beforehand, in words.
 *
 * @typedef {import('../views/all.js').User} User
 * @typedef {'administrator' | 'policymaker' | 'monitoring'} Right
 */

import { t } from '../texts/en.js';

/** The tags that a user can have and that mean something, the strongest first. */
export const TAGS = ['administrator', 'monitoring', 'policymaker', 'management', 'impersonator'];

/**
 * @param {User} user
 * @param {Right} right
 */
export function has({ tags }, right) {
  return tags.includes('administrator') || tags.includes(right);
}

/**
 * Why a user may not, or nothing if they may.
 *
 * @param {User} user
 * @param {Right} right
 */
export function lacks(user, right) {
  if (has(user, right)) return undefined;
  return t.rights.lacks(user.name, user.tags.join(', '), right);
}

/**
 * A regular expression of a permission, if there is a word for it.
 *
 * @param {string} pattern
 */
export function meaning(pattern) {
  if (pattern === '' || pattern === '^$') return t.rights.nothing;
  return ['.*', '^.*', '.*$', '^.*$'].includes(pattern) ? t.rights.everything : undefined;
}

/**
 * Tags as an operator types them.
 *
 * @param {string} text
 */
export function tagsOf(text) {
  return [...new Set(text.split(',').map((tag) => tag.trim()))].filter(Boolean);
}
