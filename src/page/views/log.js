/** The broker's log as it goes on, and who changed what: lines of the audit log are among it. */

import { Refused, events, get } from '../api.js';
import { LINES, lineOf } from '../data/loglines.js';
import { wanted } from '../data/wanted.js';
import { choice } from '../parts/bits.js';
import { h } from '../parts/draw.js';
import { filterBar } from '../parts/filterbar.js';
import { log as lines } from '../parts/log.js';
import { hash } from '../parts/place.js';
import { t } from '../texts/en.js';

/** @typedef {import('../parts/log.js').Tell} Tell */
/** @typedef {import('../data/loglines.js').Told} Told */

const LEVELS = ['debug', 'info', 'warning', 'error'];
/** Lines before those that come. */
const LINES_MAX = 2000;
/** A stream that has ended is opened again after that time. */
const AGAIN_MS = 1000;
/** Where the server has no stream left, it is asked so often. */
const ASKED_MS = 3000;

/** @type {import('./all.js').View} */
export const log = {
  name: 'log',
  key: 'l',
  path: ['log'],
  title: () => t.titles.log,
  // It has a stream of its own, which its part opens.
  watch: () => ({}),
  show: ({ at, change, isThere }) => {
    const words = t.log;
    const text = at.query.filter ?? '';
    const filter = wanted(text, LINES);
    const level = LEVELS.includes(at.query.level) ? at.query.level : 'info';
    return [
      h('h1', {}, t.titles.log, h('small', {}, words.about)),
      filterBar(
        {
          label: words.filter,
          hint: words.hint,
          text,
          wrong: filter.wrong,
          offered: { change: words.changes },
          change,
        },
        choice(
          words.level,
          LEVELS.map((value) => [value, words.least[value]]),
          level,
          (value) => change({ level: value === 'info' ? undefined : value }),
        ),
      ),
      lines({
        source: level,
        follow: (behind, tell, ends) => follow(level, behind, tell, ends),
        test: filter.test,
        hrefOf: (name) => {
          const href = hash(['connections', name]);
          return isThere(href) ? href : undefined;
        },
      }),
    ];
  },
};

/**
 * Tells lines of a level, and those above, until it is ended or may not go on.
 *
 * @param {string} level
 * @param {number | undefined} behind
 * @param {Tell} tell
 * @param {AbortSignal} ends
 */
async function follow(level, behind, tell, ends) {
  let last = behind;
  const told = (/** @type {Told[]} */ some) => {
    last = some.at(-1)?.number ?? last;
    tell({ lines: some.map(lineOf) });
  };
  while (!ends.aborted) {
    const query = new URLSearchParams({ level, lines: String(LINES_MAX) });
    if (last !== undefined) query.set('behind', String(last));
    try {
      await events(`/leveret/log/stream?${query}`, ends, () => tell({ lines: [] }), (event) =>
        typeof event === 'number' ? tell({ lines: [], missed: event }) : told([event]),
      );
      await pause(AGAIN_MS, ends);
    } catch (error) {
      if (!(error instanceof Refused)) return;
      tell({ lines: [], trouble: error.reason });
      if (error.status !== 0 && error.status !== 503) return;
      if (error.status === 503) await asked(query, told);
      await pause(ASKED_MS, ends);
    }
  }
}

/**
 * @param {URLSearchParams} query
 * @param {(lines: Told[]) => void} told
 */
async function asked(query, told) {
  const answer = await get(`/leveret/log?${query}`).catch(() => undefined);
  if (answer) told(answer.lines);
}

/**
 * @param {number} ms
 * @param {AbortSignal} ends
 */
function pause(ms, ends) {
  return new Promise((go) => {
    const timer = setTimeout(go, ms);
    ends.addEventListener('abort', () => (clearTimeout(timer), go(undefined)), { once: true });
  });
}
