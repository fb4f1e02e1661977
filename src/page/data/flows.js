/**
 * How fast counters rise that the API tells without their rates: what came to each queue by which
 * exchange, what died in it, what an exchange had no queue for.
 *
 * @typedef {{vhost: string, name: string, publish_in: number, publish_out: number, confirm: number,
 *   drop_unroutable: number, return_unroutable: number}} ExchangeFlow
 * @typedef {{vhost: string, name: string, from: {exchange: string, publish: number}[],
 *   died: Record<string, number>}} QueueFlow
 * @typedef {{at: number, answer: unknown, counts: Map<string, number>}} Look
 */

/** A rate is of so many milliseconds, if there are answers of that time. */
const WINDOW_MS = 6000;
/** A stream tells what has changed: longer silence than that means that nothing did. */
const SILENCE_MS = 4000;

/** The last answers to what was asked. @type {Map<string, Look[]>} */
const looks = new Map();

/**
 * Makes a function that tells how fast a counter rises, per second: `undefined` before the second
 * answer.
 *
 * @template A
 * @param {string} asked what was asked, such as the path
 * @param {A} answer
 * @param {(answer: A) => Iterable<[string, number]>} countsOf its counters by any names
 * @param {number} [now] milliseconds of the page
 * @returns {(name: string) => number | undefined}
 */
export function rising(asked, answer, countsOf, now = performance.now()) {
  const all = looks.get(asked) ?? [];
  if (all.at(-1)?.answer !== answer) {
    all.push({ at: now, answer, counts: new Map(countsOf(answer)) });
    while (all.length > 2 && all[0].at < now - WINDOW_MS) all.shift();
    looks.set(asked, all);
  }
  const [first, last] = [all[0], all[all.length - 1]];
  if (first === last) return () => undefined;
  const end = now - last.at > SILENCE_MS ? now : last.at;
  const seconds = Math.max(0.1, (end - first.at) / 1000);
  return (name) => {
    const to = last.counts.get(name);
    // What is new began at nothing; what was made anew counts from nothing again.
    const from = first.counts.get(name) ?? 0;
    return to === undefined ? undefined : Math.max(0, to - from) / seconds;
  };
}

/**
 * @param {ExchangeFlow[]} flows
 * @returns {[string, number][]}
 */
export function exchangeCounts(flows) {
  return flows.map((one) => [`${one.vhost}\n${one.name}`, unroutable(one)]);
}

/** @param {ExchangeFlow} flow */
export function unroutable({ drop_unroutable: dropped, return_unroutable: returned }) {
  return dropped + returned;
}

/**
 * @param {QueueFlow[]} flows
 * @returns {[string, number][]}
 */
export function queueCounts(flows) {
  return flows.flatMap(({ name, from, died }) => [
    ...from.map(
      /** @returns {[string, number]} */ ({ exchange, publish }) => [
        cameBy(exchange, name),
        publish,
      ],
    ),
    [diedIn(name), Object.values(died).reduce((sum, many) => sum + many, 0)],
  ]);
}

/**
 * The counter of what was published to an exchange and came to a queue of the same virtual host.
 *
 * @param {string} exchange
 * @param {string} queue
 */
export function cameBy(exchange, queue) {
  return `came\n${exchange}\n${queue}`;
}

/**
 * The counter of what died in a queue.
 *
 * @param {string} queue
 */
export function diedIn(queue) {
  return `died\n${queue}`;
}
