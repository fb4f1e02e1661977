/**
 * What an import of definitions would do: each item of a document beside what there is.
 *
 * An import deletes nothing. Queues, exchanges and bindings that are there stay as they are, even
 * if the document describes them otherwise; everything else becomes what the document says.
 *
 * @typedef {'new' | 'changed' | 'stays' | 'same'} Change
 *   `stays`: it is there, is described otherwise, and an import leaves it alone
 * @typedef {{field: string, before: any, after: any}} Difference
 * @typedef {{key: string, title: string, vhost?: string, change: Change,
 *   differences: Difference[]}} Item
 * @typedef {{name: string, items: Item[], others: number}} Section
 *   `others`: how many there are that the document does not name
 */

/** How items of each section are told apart; in the order in which an import takes them. */
const SECTIONS = {
  users: { key: ['name'], defaults: { limits: {} } },
  vhosts: { key: ['name'], defaults: {} },
  permissions: { key: ['vhost', 'user'], defaults: {} },
  topic_permissions: { key: ['vhost', 'user', 'exchange'], defaults: {} },
  parameters: { key: ['vhost', 'component', 'name'], defaults: {} },
  global_parameters: { key: ['name'], defaults: {} },
  policies: { key: ['vhost', 'name'], defaults: { priority: 0, 'apply-to': 'all' } },
  exchanges: {
    key: ['vhost', 'name'],
    stays: true,
    defaults: { durable: true, auto_delete: false, internal: false, arguments: {} },
  },
  queues: {
    key: ['vhost', 'name'],
    stays: true,
    defaults: { durable: true, auto_delete: false, arguments: {} },
  },
  bindings: {
    key: ['vhost', 'source', 'destination_type', 'destination', 'routing_key', 'arguments'],
    stays: true,
    defaults: { routing_key: '', arguments: {} },
  },
};

/** Of a document about one vhost. */
const OF_VHOST = ['parameters', 'policies', 'exchanges', 'queues', 'bindings'];

/**
 * @param {string} text
 * @returns {{document?: Record<string, any>, wrong?: 'json' | 'object' | 'empty'}}
 */
export function parse(text) {
  /** @type {any} */
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return { wrong: 'json' };
  }
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    return { wrong: 'object' };
  }
  const isThere = Object.keys(SECTIONS).some((name) => Array.isArray(document[name]));
  return isThere ? { document } : { wrong: 'empty' };
}

/**
 * The vhost that a document is about, if it is about one alone.
 *
 * @param {Record<string, any>} document
 * @returns {{isOne: boolean, name?: string}}
 */
export function about(document) {
  const { rabbitmq_definition_format: format, original_vhost_name: name } = document;
  if (format !== undefined) return { isOne: format === 'single_virtual_host', name };
  // Items of a document about all say where they are.
  const items = [...OF_VHOST, 'permissions'].flatMap((section) => listOf(document, section));
  return { isOne: items.length > 0 && items.every((item) => item.vhost === undefined), name };
}

/**
 * @param {Record<string, any>} now what the broker has, in the same format
 * @param {Record<string, any>} then the document
 * @param {boolean} isOne whether both are about one vhost
 * @returns {Section[]} those that the document has
 */
export function diff(now, then, isOne) {
  const names = Object.keys(SECTIONS).filter((name) => !isOne || OF_VHOST.includes(name));
  return names
    .filter((name) => Array.isArray(then[name]))
    .map((name) => section(/** @type {keyof typeof SECTIONS} */ (name), now, then));
}

/**
 * Of all sections, how many items have each change.
 *
 * @param {Section[]} sections
 * @returns {Record<Change, number>}
 */
export function counts(sections) {
  const all = { new: 0, changed: 0, stays: 0, same: 0 };
  for (const { items } of sections) for (const { change } of items) all[change] += 1;
  return all;
}

/**
 * @param {Record<string, any>} document
 * @param {string} name
 * @returns {any[]}
 */
function listOf(document, name) {
  const list = document[name];
  return Array.isArray(list) ? list.filter((item) => item && typeof item === 'object') : [];
}

/**
 * @param {keyof typeof SECTIONS} name
 * @param {Record<string, any>} now
 * @param {Record<string, any>} then
 * @returns {Section}
 */
function section(name, now, then) {
  const { defaults, key: parts, ...more } = SECTIONS[name];
  const keyOf = (/** @type {any} */ item) =>
    stable(parts.map((part) => item[part] ?? /** @type {any} */ (defaults)[part] ?? ''));
  const there = new Map(listOf(now, name).map((item) => [keyOf(item), item]));
  // Of two with one name the last one counts.
  const meant = listOf(then, name).filter((item) => !isPassedOver(name, item));
  const wanted = new Map(meant.map((item) => [keyOf(item), item]));
  const items = [...wanted].map(([key, item]) => {
    const before = there.get(key);
    const differences = before ? compared(name, filled(before), filled(item)) : [];
    const otherwise = 'stays' in more ? 'stays' : 'changed';
    /** @type {Change} */
    const change = !before ? 'new' : differences.length > 0 ? otherwise : 'same';
    const vhost = name.endsWith('permissions') ? undefined : item.vhost;
    return { key, title: titleOf(name, item), vhost, change, differences };
  });
  const others = [...there.keys()].filter((key) => !wanted.has(key)).length;
  return { name, items, others };

  /** @param {any} item */
  function filled(item) {
    return { ...defaults, ...item };
  }
}

/**
 * @param {string} section
 * @param {Record<string, any>} before
 * @param {Record<string, any>} after
 * @returns {Difference[]}
 */
function compared(section, before, after) {
  const [old, young] = [flat(section, before), flat(section, after)];
  const fields = Object.keys(young).filter(
    (field) => stable(old[field]) !== stable(young[field]),
  );
  // A setting that is gone is a change of what is replaced as a whole.
  const gone = Object.keys(old).filter(
    (field) => !(field in young) && /^(definition|value|arguments)\./.test(field),
  );
  return [...fields, ...gone].map((field) => ({
    field,
    before: old[field],
    after: young[field],
  }));
}

/**
 * The fields that an import looks at, those of inner objects by themselves.
 *
 * @param {string} section
 * @param {Record<string, any>} item
 */
function flat(section, item) {
  /** @type {Record<string, any>} */
  const found = {};
  const put = (/** @type {string} */ name, /** @type {any} */ value) => {
    if (isObject(value) && Object.keys(value).length > 0) {
      for (const [inner, one] of Object.entries(value)) found[`${name}.${inner}`] = one;
    } else if (!isObject(value)) found[name] = value;
  };
  for (const [name, value] of Object.entries(item)) {
    if (name === 'metadata' && isObject(value)) {
      for (const [inner, one] of Object.entries(value)) put(inner, one);
    } else if (!isDerived(section, name)) put(name, value);
  }
  if (section === 'users') tidyUser(found);
  if (section === 'vhosts') {
    found.description ??= '';
    found.tags ??= [];
  }
  if (Array.isArray(found.tags)) found.tags = [...found.tags].sort().join(', ');
  if (section === 'queues') found['arguments.x-queue-type'] ??= item.type ?? 'classic';
  return found;
}

/** @param {Record<string, any>} found */
function tidyUser(found) {
  if (typeof found.tags === 'string') found.tags = found.tags.split(/,\s*/).filter(Boolean);
  found.password_hash ??= '';
  // A hash and its algorithm are one thing to read about.
  if (found.password_hash === '') delete found.hashing_algorithm;
  if (found.password !== undefined) delete found.password_hash;
}

/**
 * @param {string} section
 * @param {string} name
 */
function isDerived(section, name) {
  if (section === 'queues') return name === 'type';
  return section === 'vhosts' && name === 'limits';
}

/**
 * Names that are the broker's own: an import takes nothing of them.
 *
 * @param {string} section
 * @param {any} item
 */
function isPassedOver(section, item) {
  const name = { exchanges: item.name, queues: item.name, bindings: item.source }[section];
  if (section === 'bindings') return name === '';
  return name !== undefined && (name === '' || String(name).startsWith('amq.'));
}

/** @param {any} value */
function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/**
 * @param {string} section
 * @param {any} item
 */
function titleOf(section, item) {
  if (section === 'bindings') {
    return `${item.source} → ${item.destination} (${item.routing_key ?? ''})`;
  }
  if (section === 'permissions') return `${item.user} → ${item.vhost}`;
  if (section === 'topic_permissions') return `${item.user} → ${item.vhost}, ${item.exchange}`;
  if (section === 'parameters') return `${item.component} ${item.name}`;
  return String(item.name);
}

/**
 * As text, with the names of objects sorted.
 *
 * @param {any} value
 * @returns {string}
 */
function stable(value) {
  if (Array.isArray(value)) return `[${value.map(stable).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? '';
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${stable(value[name])}`).join()}}`;
}
