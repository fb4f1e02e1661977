/**
 * Starts the page: login, the view of the place, and what is around it.
 */

import { Refused, get, logIn, logOut, whenLoggedOut } from './api.js';
import { heard, watch } from './live.js';
import { button, choice, link } from './parts/bits.js';
import { tell } from './parts/dialog.js';
import { draw, h } from './parts/draw.js';
import { ago } from './parts/format.js';
import { listenToKeys } from './parts/keys.js';
import { hash, parse } from './parts/place.js';
import { applyTheme, keepTheme, theme } from './parts/theme.js';
import { t } from './texts/en.js';
import { viewOf, views } from './views/all.js';

/** @typedef {import('./views/all.js').User} User */
/** @typedef {import('./views/all.js').View} View */

/** Longer than that and a view says that it waits. */
const PATIENCE_MS = 200;

/** @type {User | undefined} */
let user;
let at = parse(location.hash);
/** @type {View | undefined} */
let view = viewOf(at);
/** Answers by path, and when the first of them was asked for. @type {Map<string, any>} */
let answers = new Map();
/** @type {Map<string, () => void>} */
const watched = new Map();
let isPatient = true;
/** Whether what is on the screen is of this view. */
let isShown = false;

const header = /** @type {HTMLElement} */ (document.getElementById('header'));
const main = /** @type {HTMLElement} */ (document.getElementById('main'));

/** The wishes of the view, with the answers so far. */
function wishes() {
  if (!view) return { asked: {}, got: {} };
  const asked = view.watch(at, gotBy(view.watch(at, {})));
  return { asked, got: gotBy(asked) };
}

/** @param {Record<string, import('./views/all.js').Wish>} asked */
function gotBy(asked) {
  const named = Object.entries(asked).map(([name, { path }]) => [name, answers.get(path)]);
  return Object.fromEntries(named.filter(([, answer]) => answer !== undefined));
}

/** Watches what the view wants now, and nothing else. */
function follow() {
  const { asked } = wishes();
  const wanted = new Map(Object.values(asked).map((wish) => [wish.path, wish]));
  for (const [path, stop] of watched) {
    if (wanted.has(path)) continue;
    stop();
    watched.delete(path);
  }
  for (const [path, wish] of wanted) {
    if (!watched.has(path)) watched.set(path, watch([wish], onAnswer));
  }
}

/**
 * @param {string} path
 * @param {any} answer
 */
function onAnswer(path, answer) {
  // Once there was an answer it is kept while the broker cannot be reached.
  const isLost = answer instanceof Refused && answer.status === 0 && answers.has(path);
  if (!isLost) answers.set(path, answer);
  follow();
  schedule();
}

let isScheduled = false;

/** Draws once for all that happens now. */
function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    show();
  });
}

function show() {
  if (!user) return;
  drawHeader(user);
  if (!view) return drawMain(missing());
  const { asked, got } = wishes();
  const names = Object.keys(asked).filter((name) => !asked[name].isOptional);
  const refused = names.map((name) => got[name]).find((answer) => answer instanceof Refused);
  if (refused) return drawMain(trouble(refused));
  if (names.some((name) => got[name] === undefined)) {
    if (!isPatient && !isShown) draw(main, h('p', { class: 'empty', key: 'wait' }, t.loading));
    return;
  }
  for (const name of Object.keys(got)) if (got[name] instanceof Refused) delete got[name];
  drawMain(view.show({ at, got, user, go, change, redraw: schedule, isThere }));
}

/** @param {import('./parts/draw.js').Child} content */
function drawMain(content) {
  const key = view ? hash(at.parts) : 'missing';
  draw(main, h('div', { class: ['view', view?.name], key }, content));
  document.title = `${view ? view.title(at) : t.gone} · ${t.product}`;
  if (!isShown) scrollTo(0, 0);
  isShown = true;
}

/** @param {Refused} refused */
function trouble(refused) {
  if (refused.status === 404) return missing();
  const words = refused.status === 0 ? t.noAnswer : refused.reason;
  return [h('h1', {}, refused.status === 0 ? t.login.unreachable : t.refused), h('p', {}, words)];
}

function missing() {
  return [h('h1', {}, t.gone), h('p', {}, t.goneAbout), h('p', {}, link('#/', t.back))];
}

/** @param {string} place */
function isThere(place) {
  return viewOf(parse(place)) !== undefined;
}

/** @param {string} place */
function go(place) {
  location.hash = place;
}

/**
 * Changes the query of the place. The view stays what it is.
 *
 * @param {Record<string, string | undefined>} query
 */
function change(query) {
  const place = hash(at.parts, { ...at.query, ...query });
  history.replaceState(null, '', place);
  at = parse(place);
  follow();
  schedule();
}

function arrive() {
  const before = hash(at.parts);
  at = parse(location.hash);
  view = viewOf(at);
  if (hash(at.parts) !== before) {
    isShown = false;
    isPatient = true;
    answers = new Map();
    for (const stop of watched.values()) stop();
    watched.clear();
    setTimeout(() => ((isPatient = false), schedule()), PATIENCE_MS);
  }
  follow();
  schedule();
}

/** @param {User} who */
function drawHeader(who) {
  const lost = heard.isLost && t.lost(ago(Date.now() - (performance.now() - heard.at)));
  draw(
    header,
    link('#main', t.skip, { class: 'skip', onclick: skip }),
    link(
      '#/',
      [h('img', { src: 'page/leveret.svg', alt: '', width: 22, height: 22 }), t.product],
      {
        class: 'brand',
      },
    ),
    h(
      'nav',
      {},
      views
        .filter(({ key }) => key)
        .map(({ name, path }) =>
          link(hash(/** @type {string[]} */ (path)), titleOf(name), {
            key: name,
            'aria-current': isCurrent(path) ? 'page' : undefined,
          }),
        ),
    ),
    h('span', { class: ['live', lost && 'lost'], role: 'status' }, lost || t.live),
    h(
      'details',
      { class: 'menu' },
      h('summary', {}, who.name),
      h(
        'div',
        {},
        h('small', {}, who.tags.join(', ')),
        h('span', {}, t.theme.label),
        choice(t.theme.label, themes(), theme(), (value) => (keepTheme(value), schedule())),
        button(t.help.open, help),
        button(t.login.leave, leave),
      ),
    ),
  );
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  main.focus();
}

/** @param {string} name */
function titleOf(name) {
  return t.titles[/** @type {keyof typeof t.titles} */ (name)];
}

/** @param {(string | null)[]} path */
function isCurrent(path) {
  return (path[0] ?? '') === (at.parts[0] ?? '');
}

/** @returns {[string, string][]} */
function themes() {
  return [
    ['auto', t.theme.auto],
    ['light', t.theme.light],
    ['dark', t.theme.dark],
  ];
}

function help() {
  const rows = t.help.keys.map(([keys, about]) => {
    const all = keys.split(' ').map((key) => h('kbd', {}, key));
    return h('div', {}, h('dt', {}, all), h('dd', {}, about));
  });
  tell(t.help.title, h('dl', { class: 'keys' }, rows));
}

async function leave() {
  await logOut().catch(() => {});
  onLoggedOut();
}

function onLoggedOut() {
  user = undefined;
  for (const stop of watched.values()) stop();
  watched.clear();
  showLogin('');
}

/** @param {string} problem */
function showLogin(problem) {
  document.title = `${t.titles.login} · ${t.product}`;
  draw(header);
  isShown = false;
  draw(
    main,
    h(
      'form',
      { class: 'login', key: 'login', onsubmit: enter },
      h('img', { src: 'page/leveret.svg', alt: '', width: 48, height: 48 }),
      h('h1', {}, t.product),
      h('label', { for: 'username' }, t.login.name),
      h('input', {
        id: 'username',
        name: 'username',
        autocomplete: 'username',
        autocapitalize: 'none',
        required: true,
        init: (/** @type {HTMLElement} */ node) => setTimeout(() => node.focus()),
      }),
      h('label', { for: 'password' }, t.login.password),
      h('input', {
        id: 'password',
        name: 'password',
        type: 'password',
        autocomplete: 'current-password',
        required: true,
      }),
      h('p', { class: 'trouble', role: 'alert' }, problem),
      h('button', { class: 'primary' }, t.login.enter),
      h('p', { class: 'quiet' }, t.login.hint),
    ),
  );
}

/** @param {SubmitEvent} event */
async function enter(event) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  try {
    user = await logIn(String(form.get('username')), String(form.get('password')));
  } catch (error) {
    const status = error instanceof Refused ? error.status : 0;
    showLogin(
      status === 429 ? t.login.often : status === 0 ? t.login.unreachable : t.login.wrong,
    );
    return;
  }
  begin();
}

function begin() {
  answers = new Map();
  isPatient = true;
  setTimeout(() => ((isPatient = false), schedule()), PATIENCE_MS);
  follow();
  schedule();
}

async function start() {
  applyTheme();
  whenLoggedOut(onLoggedOut);
  addEventListener('hashchange', arrive);
  listenToKeys({ go, help, views });
  try {
    user = await get('/whoami');
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return showLogin('');
    draw(main, h('p', { class: 'empty' }, t.login.unreachable));
    setTimeout(start, 2000);
    return;
  }
  begin();
}

start();
