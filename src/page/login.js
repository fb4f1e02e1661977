/** The form in front of everything. */

import { Refused, logIn } from './api.js';
import { draw, h } from './parts/draw.js';
import { t } from './texts/en.js';

/**
 * Shows the form until a login is taken.
 *
 * @param {Element} main
 * @param {(user: import('./views/all.js').User) => void} onEnter
 */
export function showLogin(main, onEnter) {
  let problem = '';
  const enter = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    try {
      onEnter(await logIn(String(form.get('username')), String(form.get('password'))));
    } catch (error) {
      problem = reason(error);
      show();
    }
  };
  const show = () => draw(main, form(problem, enter));
  document.title = `${t.titles.login} · ${t.product}`;
  show();
}

/** @param {unknown} error */
function reason(error) {
  const status = error instanceof Refused ? error.status : 0;
  if (status === 429) return t.login.often;
  return status === 0 ? t.login.unreachable : t.login.wrong;
}

/**
 * @param {string} problem
 * @param {(event: SubmitEvent) => void} onsubmit
 */
function form(problem, onsubmit) {
  const focus = (/** @type {HTMLElement} */ node) => setTimeout(() => node.focus());
  const shared = { required: true, autocapitalize: 'none' };
  return h(
    'form',
    { class: 'login', key: 'login', onsubmit },
    h('img', { src: 'page/leveret.svg', alt: '', width: 48, height: 48 }),
    h('h1', {}, t.product),
    h('label', { for: 'username' }, t.login.name),
    h('input', {
      ...shared,
      id: 'username',
      name: 'username',
      autocomplete: 'username',
      init: focus,
    }),
    h('label', { for: 'password' }, t.login.password),
    h('input', {
      ...shared,
      id: 'password',
      name: 'password',
      type: 'password',
      autocomplete: 'current-password',
    }),
    h('p', { class: 'trouble', role: 'alert' }, problem),
    h('button', { class: 'primary' }, t.login.enter),
    h('p', { class: 'quiet' }, t.login.hint),
  );
}
