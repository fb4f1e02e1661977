/** Questions before what cannot be undone, forms, and short notes of what was done. */

import { draw, h } from './draw.js';
import { t } from '../texts/en.js';

/** @typedef {import('./draw.js').Child} Child */

/**
 * A field of a form.
 *
 * @typedef {{
 *   name: string,
 *   label: string,
 *   kind?: 'text' | 'password' | 'number' | 'area' | 'select' | 'check',
 *   value?: string,
 *   hint?: string,
 *   choices?: [string, string][],
 *   offers?: string[],
 *   isNeeded?: boolean,
 * }} Field `offers`: values that are offered while one is typed
 *
 * @typedef {{
 *   title: string,
 *   body?: Child,
 *   content?: Child,
 *   isWide?: boolean,
 *   fields?: Field[],
 *   confirm: string,
 *   isDangerous?: boolean,
 *   act: (values: Record<string, string>) => Promise<unknown> | unknown,
 *   done?: string,
 * }} Question `body` stands above the fields, `content` below
 */

/**
 * Asks, and does what is wanted; the dialog stays with the reason if that is refused.
 *
 * @param {Question} question
 */
export function ask(question) {
  const dialog = document.createElement('dialog');
  if (question.isWide) dialog.className = 'broad';
  let trouble = '';
  let isBusy = false;
  const close = () => dialog.close();
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    try {
      await question.act(values(/** @type {HTMLFormElement} */ (event.target)));
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
      isBusy = false;
      show();
      return;
    }
    close();
    if (question.done) note(question.done);
  };
  const show = () =>
    draw(
      dialog,
      h(
        'form',
        { method: 'dialog', onsubmit: submit },
        h('h2', { id: 'asked' }, question.title),
        question.body,
        question.fields?.map(field),
        question.content,
        h('p', { class: 'trouble', role: 'alert' }, trouble),
        h(
          'menu',
          {},
          h('button', { type: 'button', onclick: close }, t.cancel),
          h(
            'button',
            { class: question.isDangerous ? 'danger' : 'primary', type: 'submit' },
            question.confirm,
          ),
        ),
      ),
    );
  open(dialog, show);
}

/**
 * Shows what is to be read.
 *
 * @param {string} title
 * @param {Child} body
 * @param {{isWide?: boolean}} [options]
 */
export function tell(title, body, { isWide = false } = {}) {
  const dialog = document.createElement('dialog');
  if (isWide) dialog.className = 'broad';
  const close = h('menu', {}, h('button', { onclick: () => dialog.close() }, t.close));
  open(dialog, () => draw(dialog, h('h2', { id: 'asked' }, title), body, close));
}

/** Closes what is open, as it belongs to what was on the screen before. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {() => void} show
 */
function open(dialog, show) {
  dialog.setAttribute('aria-labelledby', 'asked');
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  show();
  dialog.showModal();
}

/** @param {Field} given */
function field(given) {
  const { name, label, kind = 'text', value, hint, choices, offers, isNeeded } = given;
  const id = `field-${name}`;
  const props = { id, name, required: isNeeded, 'aria-describedby': hint && `${id}-hint` };
  const hinted = hint ? h('small', { id: `${id}-hint` }, hint) : null;
  const control = {
    area: () => h('textarea', { ...props, rows: 6, init: fill(value) }),
    select: () =>
      h(
        'select',
        { ...props, init: fill(value) },
        (choices ?? []).map(([v, text]) => option(v, text)),
      ),
    check: () => h('input', { ...props, type: 'checkbox', init: mark(value) }),
    other: () =>
      h('input', {
        ...props,
        type: kind,
        autocomplete: 'off',
        list: offers && `${id}-offers`,
        init: fill(value),
      }),
  };
  const drawn = (kind in control ? control[/** @type {'area'} */ (kind)] : control.other)();
  return h(
    'div',
    { key: name, class: ['field', kind] },
    h('label', { for: id }, label),
    drawn,
    offers &&
      h(
        'datalist',
        { id: `${id}-offers` },
        offers.map((offer) => h('option', { value: offer })),
      ),
    hinted,
  );
}

/**
 * @param {string} value
 * @param {string} text
 */
function option(value, text) {
  return h('option', { value }, text);
}

/** @param {string | undefined} value */
function fill(value) {
  return (/** @type {HTMLInputElement} */ node) => {
    // Choices are there after this.
    if (value !== undefined) queueMicrotask(() => (node.value = value));
  };
}

/** @param {string | undefined} value */
function mark(value) {
  return (/** @type {HTMLInputElement} */ node) => {
    node.checked = value === 'true';
  };
}

/** @param {HTMLFormElement} form */
function values(form) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const control of form.elements) {
    const { name, type, value, checked } = /** @type {HTMLInputElement} */ (control);
    if (name) found[name] = type === 'checkbox' ? String(checked) : value;
  }
  return found;
}

/**
 * Says for a while what was done; with a way back where there is one.
 *
 * @param {string} text
 * @param {{label: string, act: () => void}} [undo]
 */
export function note(text, undo) {
  const place = document.getElementById('notes');
  if (!place) return;
  // In front of a dialog that is open.
  place.popover = 'manual';
  if (place.matches(':popover-open')) place.hidePopover();
  place.showPopover();
  const line = document.createElement('p');
  const back =
    undo &&
    h('button', { type: 'button', onclick: () => (undo.act(), line.remove()) }, undo.label);
  draw(line, text, back);
  place.append(line);
  setTimeout(() => line.remove(), undo ? 12_000 : 5_000);
}
