/**
 * Places of the page: what stands behind `#`, as in RabbitMQ's page, so that links to it work here.
 *
 * @typedef {{parts: string[], query: Record<string, string>}} Place
 */

/**
 * @param {string} hash `#/queues/%2F/orders?filter=x`
 * @returns {Place}
 */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const parts = path.split('/').filter(Boolean).map(decoded);
  return { parts, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * @param {string[]} parts
 * @param {Record<string, string | undefined>} [query]
 */
export function hash(parts, query = {}) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) said.set(name, value);
  const path = parts.map(encodeURIComponent).join('/');
  return said.size > 0 ? `#/${path}?${said}` : `#/${path}`;
}

/**
 * The place of a queue.
 *
 * @param {{vhost: string, name: string}} queue
 */
export function ofQueue({ vhost, name }) {
  return hash(['queues', vhost, name]);
}

/**
 * The place of an exchange; the one without a name has the name that its path has.
 *
 * @param {{vhost: string, name: string}} exchange
 */
export function ofExchange({ vhost, name }) {
  return hash(['exchanges', vhost, name === '' ? 'amq.default' : name]);
}

/** @param {string} name */
export function ofConnection(name) {
  return hash(['connections', name]);
}

/** @param {string} name */
export function ofChannel(name) {
  return hash(['channels', name]);
}
