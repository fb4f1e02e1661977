/**
 * What is looked for in messages, as it is typed: `key:order header:customer=ann total` are
 * messages with all three. Words in quotes stay together; `/…/` is a regular expression.
 */

/** Words in front of a colon, and the parameters of the API that they stand for. */
const FIELDS = {
  key: 'routing_key',
  exchange: 'exchange',
  header: 'header',
  property: 'property',
  body: 'body',
};

/** The words that the page offers. */
export const FIELD_NAMES = Object.keys(FIELDS);

/** A word: `field:"some words"`, `field:/pattern/`, `"some words"` or letters without a space. */
const WORD = /(?:[a-z]+:)?(?:[^\s"/]*=)?(?:"[^"]*"|\/(?:\\.|[^/])*\/(?=\s|$))|\S+/g;

/**
 * @param {string} text
 * @returns {{params: Record<string, string>, wrong: string[]}}
 *   `params`: of the API's list of messages; `wrong`: words that do not go with the others
 */
export function findParams(text) {
  /** @type {{param: string, name: string, value: string, isPattern: boolean}[]} */
  const found = [];
  /** @type {string[]} */
  const wrong = [];
  /** @type {string[]} */
  const plain = [];
  for (const word of text.match(WORD) ?? []) {
    const [, field, rest] = /^([a-z]+):(.+)$/s.exec(word) ?? [];
    if (!field || !Object.hasOwn(FIELDS, field)) {
      plain.push(word);
      continue;
    }
    const param = FIELDS[/** @type {keyof typeof FIELDS} */ (field)];
    if (found.some((one) => one.param === param)) wrong.push(word);
    else found.push({ param, ...parted(param, rest) });
  }
  const isBody = found.some(({ param }) => param === 'body');
  if (plain.length > 0 && isBody) wrong.push(...plain);
  else if (plain.length > 0) {
    const [only] = plain;
    const value = plain.length === 1 ? only : plain.join(' ');
    found.push({ param: 'body', name: '', ...bare(value) });
  }
  return { params: written(found), wrong };
}

/**
 * @param {string} param
 * @param {string} text
 */
function parted(param, text) {
  const isNamed = param === 'header' || param === 'property';
  const [, name, value] = (isNamed && /^([^=]+)=(.*)$/s.exec(text)) || [];
  if (name) return { name, ...bare(value) };
  return isNamed ? { name: text, value: '', isPattern: false } : { name: '', ...bare(text) };
}

/** @param {string} text a value without its quotes or slashes */
function bare(text) {
  const isPattern = text.length > 2 && /^\/.*\/$/s.test(text);
  if (isPattern) return { value: text.slice(1, -1), isPattern };
  const isQuoted = text.length > 1 && /^".*"$/s.test(text);
  return { value: isQuoted ? text.slice(1, -1) : text, isPattern: false };
}

/**
 * If one is a regular expression all are, so the others are written as one that finds just them.
 *
 * @param {{param: string, name: string, value: string, isPattern: boolean}[]} found
 */
function written(found) {
  const isAny = found.some(({ isPattern }) => isPattern);
  /** @type {Record<string, string>} */
  const params = {};
  for (const { param, name, value, isPattern } of found) {
    const text = isAny && !isPattern ? value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : value;
    params[param] = name && value ? `${name}:${text}` : name || text;
  }
  if (isAny) params.use_regex = 'true';
  return params;
}
