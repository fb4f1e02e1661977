/** Numbers and times as people read them. */

import { t } from '../texts/en.js';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** @param {number | undefined | null} number */
export function count(number) {
  return number === undefined || number === null ? t.none : whole.format(number);
}

/** @param {number | undefined | null} number per second */
export function rate(number) {
  if (number === undefined || number === null) return t.none;
  if (number === 0) return '0/s';
  return `${Math.abs(number) < 100 ? fine.format(number) : whole.format(number)}/s`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** @param {number | undefined | null} octets */
export function bytes(octets) {
  if (octets === undefined || octets === null) return t.none;
  let [size, unit] = [octets, 0];
  while (size >= 1000 && unit < UNITS.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${unit === 0 || size >= 100 ? whole.format(size) : fine.format(size)} ${UNITS[unit]}`;
}

/** @param {number} number of messages, with their name */
export function messages(number) {
  return number === 1 ? t.message : t.messages(count(number));
}

/** @param {number} ms */
export function duration(ms) {
  const steps = [
    [86_400_000, t.units.day],
    [3_600_000, t.units.hour],
    [60_000, t.units.minute],
    [1000, t.units.second],
  ];
  for (const [at, step] of steps.entries()) {
    const [length, name] = /** @type {[number, string]} */ (step);
    if (ms < length) continue;
    const many = Math.floor(ms / length);
    const next = steps[at + 1];
    const rest = next ? Math.floor((ms % length) / Number(next[0])) : 0;
    return rest > 0 && many < 10 ? `${many} ${name} ${rest} ${next[1]}` : `${many} ${name}`;
  }
  return `0 ${t.units.second}`;
}

/** @param {number} time in milliseconds since 1970 */
export function ago(time) {
  const ms = Date.now() - time;
  return ms < 1000 ? t.now : t.ago(duration(ms));
}

/** @param {number} time in milliseconds since 1970 */
export function moment(time) {
  return exact.format(time);
}

/** @param {number} time in milliseconds since 1970 */
export function timeOfDay(time) {
  return clock.format(time);
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return `${fine.format(share * 100)} %`;
}
