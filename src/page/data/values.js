/** Values of headers and properties: what they are, and how they are written. */

/** @typedef {'text' | 'number' | 'truth' | 'list' | 'table' | 'nothing'} Kind */

/**
 * @param {any} value
 * @returns {Kind}
 */
export function kindOf(value) {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'truth';
  return typeof value === 'object' ? 'table' : 'number';
}

/**
 * JSON in which whole numbers have all their digits.
 *
 * @param {any} value
 * @returns {string}
 */
export function json(value) {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const written = entries.map(([name, inner]) => `${JSON.stringify(name)}: ${json(inner)}`);
  return `{${written.join(', ')}}`;
}

/** What a broker writes when a message dies; one that is published anew has not. */
const OF_DEATHS = /^x-(death|(first|last)-death-(exchange|queue|reason))$/;

/**
 * The properties for publishing a message anew: without its deaths, and without its user, as
 * another one may not say that it is the same.
 *
 * @param {Record<string, any>} properties
 * @returns {Record<string, any>}
 */
export function anew({ user_id: _, headers, ...properties }) {
  const kept = Object.entries(headers ?? {}).filter(([name]) => !OF_DEATHS.test(name));
  return kept.length > 0 ? { ...properties, headers: Object.fromEntries(kept) } : properties;
}
