/**
 * Brings the DOM to a drawing, and changes only what is different, so that focus, selection and
 * scroll stay where they are. Text becomes text and props become attributes: nothing is parsed.
 *
 * @typedef {{tag: string, props: Record<string, any>, children: unknown[]}} Drawing
 * @typedef {Drawing | string | number | null | undefined | false | ChildList} Child
 * @typedef {Array<Child>} ChildList
 *
 * @typedef {{key: unknown, tag: string, props: Record<string, any>}} Known
 */

const SVG = 'http://www.w3.org/2000/svg';

/** @type {WeakMap<Node, Known>} */
const known = new WeakMap();

/** @type {WeakMap<Node, Map<string, (event: Event) => void>>} */
const handlers = new WeakMap();

/**
 * Describes an element. Props: `key` tells it from its siblings, `class` may be a list, `onNAME` is
 * a handler, `.name` a property, `style` an object, `init` is called with the new element.
 *
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...Child} children
 * @returns {Drawing}
 */
export function h(tag, props = {}, ...children) {
  return { tag, props, children };
}

/**
 * Makes the children of `parent` those.
 *
 * @param {Element} parent
 * @param {...Child} children
 */
export function draw(parent, ...children) {
  const keyed = new Map();
  for (const node of parent.childNodes) {
    const key = known.get(node)?.key;
    if (key !== undefined) keyed.set(key, node);
  }
  let at = parent.firstChild;
  for (const child of flat(children)) {
    const node = pick(parent, at, child, keyed);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    if (typeof child === 'object') update(/** @type {Element} */ (node), child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/**
 * @param {Child[]} children
 * @returns {(Drawing | string)[]}
 */
function flat(children) {
  /** @type {(Drawing | string)[]} */
  const found = [];
  for (const child of children) {
    if (Array.isArray(child)) found.push(...flat(child));
    else if (typeof child === 'number') found.push(String(child));
    else if (child) found.push(child);
  }
  return found;
}

/**
 * The node that is there for a child, or a new one.
 *
 * @param {Element} parent
 * @param {ChildNode | null} at
 * @param {Drawing | string} child
 * @param {Map<unknown, ChildNode>} keyed
 * @returns {ChildNode}
 */
function pick(parent, at, child, keyed) {
  if (typeof child === 'string') {
    if (!(at instanceof Text)) return new Text(child);
    if (at.data !== child) at.data = child;
    return at;
  }
  const key = child.props.key;
  const candidate = key === undefined ? at : keyed.get(key);
  const said = candidate && known.get(candidate);
  if (candidate && said && said.tag === child.tag && said.key === key) return candidate;
  const inSvg = child.tag === 'svg' || parent.namespaceURI === SVG;
  const node = inSvg
    ? document.createElementNS(SVG, child.tag)
    : document.createElement(child.tag);
  known.set(node, { key, tag: child.tag, props: {} });
  child.props.init?.(node);
  return node;
}

/**
 * @param {Element} node
 * @param {Drawing} drawing
 */
function update(node, drawing) {
  const said = /** @type {Known} */ (known.get(node));
  for (const name of Object.keys(said.props)) {
    if (!(name in drawing.props)) set(node, name, undefined, said.props[name]);
  }
  for (const [name, value] of Object.entries(drawing.props)) {
    set(node, name, value, said.props[name]);
  }
  said.props = drawing.props;
  // What is inside of a component is its own.
  if (!drawing.tag.includes('-')) draw(node, .../** @type {Child[]} */ (drawing.children));
}

/**
 * @param {Element & Record<string, any>} node
 * @param {string} name
 * @param {any} value
 * @param {any} before
 */
function set(node, name, value, before) {
  if (name === 'key' || name === 'init') return;
  if (name.startsWith('on')) return listen(node, name.slice(2), value);
  if (name.startsWith('.')) {
    if (value !== before) node[name.slice(1)] = value;
    return;
  }
  if (name === 'style') return dress(/** @type {any} */ (node), value ?? {}, before ?? {});
  if (name === 'value' || name === 'checked') return enter(node, name, value, before);
  const text = Array.isArray(value) ? value.filter(Boolean).join(' ') : value;
  if (text === undefined || text === null || text === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(text === true ? '' : text)) {
    node.setAttribute(name, String(text === true ? '' : text));
  }
}

/**
 * What is being typed stays.
 *
 * @param {Element & Record<string, any>} node
 * @param {string} name
 * @param {any} value
 * @param {any} before
 */
function enter(node, name, value, before) {
  const isTyped = document.activeElement === node && before !== undefined && before === value;
  if (!isTyped && node[name] !== value) node[name] = value ?? '';
}

/**
 * @param {Element} node
 * @param {string} event
 * @param {((event: Event) => void) | undefined} handler
 */
function listen(node, event, handler) {
  let own = handlers.get(node);
  if (!own) handlers.set(node, (own = new Map()));
  if (!own.has(event))
    node.addEventListener(event, (said) => handlers.get(node)?.get(event)?.(said));
  own.set(event, handler ?? (() => {}));
}

/**
 * @param {HTMLElement | SVGElement} node
 * @param {Record<string, string>} value
 * @param {Record<string, string>} before
 */
function dress(node, value, before) {
  for (const name of Object.keys(before)) if (!(name in value)) node.style.removeProperty(name);
  for (const [name, text] of Object.entries(value)) {
    if (before[name] !== text) node.style.setProperty(name, text);
  }
}
