/**
 * A message as a command that publishes it again, in the languages of ten clients. Each is a whole
 * program or command that runs as it is with the client installed.
 *
 * @typedef {{
 *   vhost: string, exchange: string, routing_key: string, properties: Record<string, any>,
 *   payload: string, payload_encoding: 'string' | 'base64',
 * }} Publishing
 * @typedef {{host: string, port: number, http: string}} Broker
 *   `host`, `port`: of AMQP; `http`: where the API is
 */

import { json } from './values.js';
import { LANGUAGES } from './languages.js';

/** Names by key, in the order offered. @type {[string, string][]} */
export const COMMANDS = [
  ['curl', 'curl'],
  ...Object.entries(LANGUAGES).map(
    ([key, { name }]) => /** @type {[string, string]} */ ([key, name]),
  ),
];

/**
 * @param {string} key of `COMMANDS`
 * @param {Publishing} message
 * @param {Broker} broker
 * @returns {string}
 */
export function command(key, message, broker) {
  if (key === 'curl') return curl(message, broker);
  const language = LANGUAGES[key] ?? LANGUAGES.python;
  return language.write(message, uriOf(message, broker));
}

/**
 * @param {Publishing} message
 * @param {Broker} broker
 */
function uriOf({ vhost }, { host, port }) {
  return `amqp://guest:guest@${host}:${port}/${encodeURIComponent(vhost)}`;
}

/**
 * @param {Publishing} message
 * @param {Broker} broker
 */
function curl({ vhost, exchange, ...message }, { http }) {
  const path = [vhost, exchange || 'amq.default'].map(encodeURIComponent).join('/');
  const url = `${http}/api/exchanges/${path}/publish`;
  const body = shell(json(message));
  const lines = [
    "curl -u guest:guest -H 'content-type: application/json'",
    shell(url),
    `-d ${body}`,
  ];
  return `${lines.join(' \\\n  ')}\n`;
}

/** @param {string} text in single quotes, in which a shell reads nothing */
function shell(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
