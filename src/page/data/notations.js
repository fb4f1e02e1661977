/**
 * How values are written in languages of programs.
 *
 * @typedef {{
 *   text: (text: string) => string,
 *   whole: (digits: string) => string,
 *   nothing: string,
 *   truth?: [string, string],
 *   list: (items: string[]) => string,
 *   table: (pairs: [string, string][]) => string,
 *   wrap?: Partial<Record<import('./values.js').Kind | 'whole', (written: string) => string>>,
 * }} Notation
 *   `wrap`: what stands around a value, where a language wants its type
 */

import { kindOf } from './values.js';

/** Escapes of JSON are those of most languages. */
const quoted = (/** @type {string} */ text) => JSON.stringify(text);
export const camel = (/** @type {string} */ name) =>
  name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
export const pascal = (/** @type {string} */ name) => camel(`_${name}`);

/**
 * @param {any} value
 * @param {Notation} notation
 * @returns {string}
 */
export function write(value, notation) {
  const kind = kindOf(value);
  const { wrap = {}, truth = ['true', 'false'] } = notation;
  const inner = (/** @type {any} */ one) => write(one, notation);
  const isWhole = kind === 'number' && !/[.e]/i.test(String(value));
  const written = {
    nothing: () => notation.nothing,
    truth: () => truth[value ? 0 : 1],
    number: () => (isWhole ? notation.whole(String(value)) : String(value)),
    text: () => notation.text(value),
    list: () => notation.list(value.map(inner)),
    table: () =>
      notation.table(
        Object.entries(value).map(([name, one]) => [notation.text(name), inner(one)]),
      ),
  }[kind]();
  return wrap[isWhole ? 'whole' : kind]?.(written) ?? written;
}

export const plain = (/** @type {string} */ digits) => digits;
/** Pairs of names and values as a language has them. */
export function joined(
  /** @type {string} */ begin,
  /** @type {string} */ sign,
  /** @type {string} */ end,
) {
  /** @returns {string} */
  return (/** @type {[string, string][]} */ pairs) =>
    begin + pairs.map(([name, value]) => name + sign + value).join(', ') + end;
}
const inside =
  (/** @type {string} */ begin, /** @type {string} */ end) => (/** @type {string[]} */ items) =>
    begin + items.join(', ') + end;

/** @type {Notation} */
export const PYTHON = {
  text: quoted,
  whole: plain,
  nothing: 'None',
  truth: ['True', 'False'],
  list: inside('[', ']'),
  table: joined('{', ': ', '}'),
  // This client has no floats in headers.
  wrap: { number: (digits) => `decimal.Decimal("${digits}")` },
};

/** @type {Notation} */
export const SCRIPT = {
  text: quoted,
  whole: plain,
  nothing: 'null',
  list: inside('[', ']'),
  table: joined('{', ': ', '}'),
};

/** @type {Notation} */
export const JAVA = {
  text: quoted,
  whole: (digits) => `${digits}L`,
  nothing: 'null',
  list: inside('Arrays.asList(', ')'),
  table: joined('table(', ', ', ')'),
};

/** @type {Notation} */
export const SHARP = {
  text: quoted,
  whole: (digits) => `${digits}L`,
  nothing: 'null',
  list: inside('new List<object?> { ', ' }'),
  table: (pairs) => {
    const all = pairs.map(([name, value]) => `[${name}] = ${value}`).join(', ');
    return `new Dictionary<string, object?> { ${all} }`;
  },
};

/** @type {Notation} */
export const GO = {
  text: quoted,
  whole: (digits) => `int64(${digits})`,
  nothing: 'nil',
  list: inside('[]interface{}{', '}'),
  table: joined('amqp.Table{', ': ', '}'),
};

/** Letters that JSON escapes in a way that Rust does not have. */
export const rustText = (/** @type {string} */ text) =>
  quoted(text)
    .replace(/\\u([0-9a-f]{4})/g, (_, digits) => `\\u{${digits}}`)
    .replace(/\\\\|\\([bf])/g, (all, letter) =>
      letter ? (letter === 'b' ? '\\u{8}' : '\\u{c}') : all,
    );

/** @type {Notation} */
export const RUST = {
  text: rustText,
  whole: plain,
  nothing: 'AMQPValue::Void',
  list: (items) => `AMQPValue::FieldArray(vec![${items.join(', ')}].into())`,
  table: (pairs) => {
    const all = pairs.map(([name, value]) => `(${name}, ${value})`).join(', ');
    return `AMQPValue::FieldTable(table(vec![${all}]))`;
  },
  wrap: {
    text: (text) => `AMQPValue::LongString(${text}.into())`,
    whole: (digits) => `AMQPValue::LongLongInt(${digits})`,
    number: (digits) => `AMQPValue::Double(${digits})`,
    truth: (word) => `AMQPValue::Boolean(${word})`,
  },
};

/** A `#` begins what is computed within a text. */
export const hashed = (/** @type {string} */ text) => quoted(text).replaceAll('#', '\\#');

/** This client puts octets and texts together, which must be of one encoding. */
const rubyText = (/** @type {string} */ text) =>
  /^[ -~\s]*$/.test(text) ? hashed(text) : `${hashed(text)}.b`;

/** @type {Notation} */
export const RUBY = {
  text: rubyText,
  whole: plain,
  nothing: 'nil',
  list: inside('[', ']'),
  table: joined('{', ' => ', '}'),
};

/** @type {Notation} */
export const PHP = {
  text: (text) => `'${text.replace(/[\\']/g, '\\$&')}'`,
  whole: plain,
  nothing: 'null',
  list: inside('[', ']'),
  table: joined('[', ' => ', ']'),
};

/** @type {Notation} */
export const ELIXIR = {
  text: hashed,
  whole: plain,
  nothing: '{:void, :undefined}',
  list: (items) => `{:array, [${items.join(', ')}]}`,
  table: (pairs) => {
    const all = pairs.map(([name, typed]) => `{${name}, ${typed.replace(/^{/, '')}`);
    return `{:table, [${all.join(', ')}]}`;
  },
  wrap: {
    text: (text) => `{:longstr, ${text}}`,
    whole: (digits) => `{:signedint64, ${digits}}`,
    number: (digits) => `{:double, ${digits}}`,
    truth: (word) => `{:bool, ${word}}`,
  },
};

/** Properties with the names that a client has for them; some it does not know. */
export function propertiesOf(
  /** @type {Record<string, any>} */ properties,
  /** @type {(name: string) => string} */ named,
  /** @type {(name: string, value: any) => string} */ written,
  /** @type {string[]} */ missing = [],
) {
  const known = Object.entries(properties).filter(([name]) => !missing.includes(name));
  return known.map(
    ([name, value]) => /** @type {[string, string]} */ ([named(name), written(name, value)]),
  );
}
