/**
 * Keeps what is on the screen as it is at the server: one stream of events tells each answer that
 * has changed. Where the server has no stream left, or an answer is too long for it, the paths are
 * asked again and again. A page in the background has no stream and asks for nothing.
 *
 * @typedef {{path: string, every?: number}} Wish `every`: seconds between two answers, 1 or more
 */

import { Refused, events, get } from './api.js';

/** Answers that take long are asked for less often: this share of the time is spent on them. */
const SHARE = 1 / 100;
const LONGEST_MS = 15_000;
/** Paths of one stream; the server takes no more. */
const WATCHED_MAX = 16;
/** The server says something every 15 seconds at least: after that without a word it is gone. */
const SILENCE_MS = 45_000;
/** A stream that has ended is opened again after that time. */
const AGAIN_MS = 1000;
/** Without a stream, one is tried again after that time. */
const STREAMLESS_MS = 30_000;

/** When the server was heard last, in milliseconds of the page, and whether it is lost. */
export const heard = { at: 0, isLost: false };

/** What is watched. */
export class Live {
  /** Seconds by path. @type {Map<string, number>} */
  #wishes = new Map();
  /** Paths whose answers are too long for a stream. @type {Set<string>} */
  #long = new Set();
  /** Ends what goes on for the wishes of now. */
  #ends = new AbortController();
  #isChanged = false;
  #onAnswer;

  /**
   * @param {(path: string, answer: any) => void} onAnswer gets each answer; it may be a `Refused`
   */
  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
    document.addEventListener('visibilitychange', () => this.#begin());
  }

  /**
   * Watches these paths and no others.
   *
   * @param {Wish[]} wishes
   */
  follow(wishes) {
    const wanted = new Map(wishes.map(({ path, every = 1 }) => [path, every]));
    const isSame = [...wanted].every(([path, every]) => this.#wishes.get(path) === every);
    if (isSame && wanted.size === this.#wishes.size) return;
    this.#wishes = wanted;
    if (this.#isChanged) return;
    // Several changes of one moment open one stream.
    this.#isChanged = true;
    queueMicrotask(() => {
      this.#isChanged = false;
      this.#begin();
    });
  }

  /** Looks at everything now, as something was changed. */
  again() {
    this.#begin();
  }

  #begin() {
    this.#ends.abort();
    this.#ends = new AbortController();
    if (document.hidden || this.#wishes.size === 0) return;
    this.#run(this.#ends.signal);
  }

  /** @param {AbortSignal} ends */
  async #run(ends) {
    this.#poll(
      [...this.#wishes.keys()].filter((path) => this.#isLong(path)),
      ends,
    );
    const short = [...this.#wishes.keys()].filter((path) => !this.#isLong(path));
    while (!ends.aborted && short.length > 0) {
      const status = await this.#stream(short, ends);
      if (ends.aborted || status === 401) return;
      if (status === 200) await pause(AGAIN_MS, ends);
      else await this.#poll(short, AbortSignal.any([ends, AbortSignal.timeout(STREAMLESS_MS)]));
    }
  }

  /** @param {string} path */
  #isLong(path) {
    return this.#long.has(path) || [...this.#wishes.keys()].indexOf(path) >= WATCHED_MAX;
  }

  /**
   * Tells what a stream tells until that ends.
   *
   * @param {string[]} paths
   * @param {AbortSignal} ends
   * @returns {Promise<number>} 200 if there was a stream, else the reason why not; 0 is no answer
   */
  async #stream(paths, ends) {
    const query = new URLSearchParams();
    for (const path of paths) {
      query.append('watch', path);
      query.append('every', String(this.#wishes.get(path)));
    }
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    const onWord = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      this.#isHeard(true);
    };
    try {
      const signal = AbortSignal.any([ends, silence.signal]);
      await events(`/leveret/live?${query}`, signal, onWord, (said) => this.#onEvent(said, ends));
      return 200;
    } catch (error) {
      if (error instanceof Refused) return error.status;
      if (error instanceof DOMException && error.name === 'AbortError') return 0;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @param {{path: string, status: number, value: any}} said
   * @param {AbortSignal} ends
   */
  #onEvent({ path, status, value }, ends) {
    if (ends.aborted) return;
    if (status === 413) {
      this.#long.add(path);
      this.#poll([path], ends);
      return;
    }
    const reason = value?.reason ?? value?.error ?? '';
    this.#onAnswer(path, status < 300 ? value : new Refused(status, String(reason)));
  }

  /**
   * Asks for these paths until it is ended.
   *
   * @param {string[]} paths
   * @param {AbortSignal} ends
   */
  async #poll(paths, ends) {
    const due = new Map(paths.map((path) => [path, 0]));
    const look = async (/** @type {string} */ path) => {
      const begun = performance.now();
      const answer = await get(path, ends).catch((error) => error);
      if (ends.aborted) return;
      if (answer instanceof Error && !(answer instanceof Refused)) throw answer;
      const took = performance.now() - begun;
      const every = (this.#wishes.get(path) ?? 1) * 1000;
      due.set(path, begun + Math.max(every, Math.min(took / SHARE, LONGEST_MS)));
      this.#isHeard(!(answer instanceof Refused && answer.status === 0));
      this.#onAnswer(path, answer);
    };
    while (!ends.aborted && due.size > 0) {
      const now = performance.now();
      const all = [...due].filter(([, time]) => time <= now);
      await Promise.all(all.map(([path]) => look(path)));
      await pause(Math.min(...due.values()) - performance.now(), ends);
    }
  }

  /** @param {boolean} isThere */
  #isHeard(isThere) {
    heard.isLost = !isThere;
    if (isThere) heard.at = performance.now();
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} ends cuts it short
 */
function pause(ms, ends) {
  return new Promise((go) => {
    const end = () => {
      clearTimeout(timer);
      ends.removeEventListener('abort', end);
      go(undefined);
    };
    const timer = setTimeout(end, ms);
    ends.addEventListener('abort', end);
    if (ends.aborted) end();
  });
}
