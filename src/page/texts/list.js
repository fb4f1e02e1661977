/** Names within a sentence. */

/** @param {string[]} names */
export function list(names) {
  if (names.length < 3) return names.join(' and ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
