/**
 * Limits of virtual hosts and of users, and how much of them is used.
 *
 * @typedef {{name: string, value: number | undefined, used: number}} Limit
 *   `value`: nothing if there is no limit
 */

export const OF_VHOSTS = ['max-connections', 'max-queues'];
export const OF_USERS = ['max-connections', 'max-channels'];

/** So much of a limit is worth a warning. */
const NEAR = 0.8;

/**
 * How often each name is there.
 *
 * @param {any[]} items
 * @param {(item: any) => string} name
 * @returns {Map<string, number>}
 */
export function tally(items, name) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const item of items) found.set(name(item), (found.get(name(item)) ?? 0) + 1);
  return found;
}

/**
 * @param {string[]} names
 * @param {Record<string, number> | undefined} values
 * @param {Record<string, number>} used
 * @returns {Limit[]}
 */
export function limitsOf(names, values, used) {
  return names.map((name) => {
    const value = values?.[name];
    const isThere = value !== undefined && value >= 0;
    return { name, value: isThere ? value : undefined, used: used[name] ?? 0 };
  });
}

/**
 * @param {Limit} limit
 * @returns {'good' | 'warn' | 'bad'}
 */
export function tone({ value, used }) {
  if (value === undefined || used < value * NEAR) return 'good';
  return used >= value ? 'bad' : 'warn';
}
