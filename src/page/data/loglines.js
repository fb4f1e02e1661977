/**
 * Lines of the broker's log, taken apart: when, how severe, and who changed what if the line is one
 * of the audit log.
 *
 * @typedef {{number: number, level: string, text: string, timestamp: number}} Told
 *   a line as the API tells it
 * @typedef {{
 *   number: number, level: string, at: number, text: string,
 *   audit?: {by: string, from: string, vhost: string, what: string, about: string},
 * }} Line
 *   `what`: such as `queue.created`; `about`: what was changed
 */

/** Time and level that a line begins with: both are told beside it. */
const HEAD = /^\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)?\s+(?:\[\w+\]|[A-Z]+)\s+/;
const AUDIT = /^(?:<[\d.]+> )?audit: (\S+)(.*)$/s;
/** Fields that say who, from where and in which vhost stand last. */
const BY = / by="((?:[^"\\]|\\.)*)"(?: from=(\S+))?(?: vhost="((?:[^"\\]|\\.)*)")?$/s;

/**
 * @param {Told} told
 * @returns {Line}
 */
export function lineOf({ number, level, text: whole, timestamp }) {
  const text = whole.replace(HEAD, '');
  const line = { number, level, at: timestamp, text };
  const audit = AUDIT.exec(text);
  if (!audit) return line;
  const [, what, rest] = audit;
  const [end, by = '', from = '', vhost = ''] = BY.exec(rest) ?? [''];
  const about = rest.slice(0, rest.length - end.length).trim();
  return { ...line, audit: { by, from, vhost, what, about } };
}

/**
 * What the filter above the log looks at: see wanted.js.
 *
 * @type {import('./wanted.js').Kind<Line>}
 */
export const LINES = {
  texts: (line) => [line.text],
  fields: {
    by: ({ audit }) => audit?.by ?? '',
    from: ({ audit }) => audit?.from ?? '',
    vhost: ({ audit }) => audit?.vhost ?? '',
    what: ({ audit }) => audit?.what ?? '',
  },
  states: { change: ({ audit }) => audit !== undefined },
};
