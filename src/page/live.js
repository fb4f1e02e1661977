/**
 * Keeps what is on the screen as it is at the server. A page in the background asks for nothing.
 *
 * @typedef {{path: string, every?: number}} Wish `every`: seconds between two answers, 1 or more
 */

import { Refused, get } from './api.js';

/** Answers that take long are asked for less often: this share of the time is spent on them. */
const SHARE = 1 / 50;
const LONGEST_MS = 15_000;

/** When the last answer came, in milliseconds of the page; shown beside the user's name. */
export const heard = { at: 0, isLost: false };

/**
 * Calls `onAnswer` with each answer to one of the wishes, until the function that it gives is
 * called.
 *
 * @param {Wish[]} wishes
 * @param {(path: string, answer: any) => void} onAnswer `answer` may be a `Refused`
 * @returns {() => void}
 */
export function watch(wishes, onAnswer) {
  const stops = wishes.map((wish) => watchOne(wish, onAnswer));
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {Wish} wish
 * @param {(path: string, answer: any) => void} onAnswer
 */
function watchOne({ path, every = 1 }, onAnswer) {
  let isOver = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = async () => {
    timer = undefined;
    if (document.hidden) return;
    const begun = performance.now();
    const answer = await get(path).catch((error) => asRefusal(error));
    if (isOver) return;
    note(answer);
    onAnswer(path, answer);
    const took = performance.now() - begun;
    const wait = Math.max(every * 1000, Math.min(took / SHARE, LONGEST_MS));
    timer = setTimeout(look, wait);
  };
  const wake = () => {
    if (!document.hidden && timer === undefined && !isOver) look();
  };
  document.addEventListener('visibilitychange', wake);
  look();
  return () => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', wake);
  };
}

/** @param {unknown} error */
function asRefusal(error) {
  if (error instanceof Refused) return error;
  throw error;
}

/** @param {any} answer */
function note(answer) {
  heard.isLost = answer instanceof Refused && answer.status === 0;
  if (!heard.isLost) heard.at = performance.now();
}
