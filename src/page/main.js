/**
 * Starts the page: login, the view of the place, and what is around it.
 */

import { Refused, get, logOut, whenChanged, whenLoggedOut } from './api.js';
import { drawHeader, help } from './header.js';
import { Live } from './live.js';
import { showLogin } from './login.js';
import { link } from './parts/bits.js';
import { closeDialogs } from './parts/dialog.js';
import { draw, h } from './parts/draw.js';
import { listenToKeys } from './parts/keys.js';
import { hash, parse } from './parts/place.js';
import { applyTheme } from './parts/theme.js';
import { t } from './texts/en.js';
import { viewOf, views } from './views/all.js';

/** @typedef {import('./views/all.js').User} User */
/** @typedef {import('./views/all.js').View} View */

/** Longer than that and a view says that it waits. */
const PATIENCE_MS = 200;
/** How long ago something was is written anew so often, though nothing else changed. */
const MINUTE_HAND_MS = 5000;
/** The broker is asked again after that time if it did not answer at the start. */
const AGAIN_MS = 2000;

/** @type {User | undefined} */
let user;
let at = parse(location.hash);
/** @type {View | undefined} */
let view = viewOf(at);
/** Answers by path. @type {Map<string, any>} */
let answers = new Map();
const live = new Live(onAnswer);
let isPatient = true;
/** Whether what is on the screen is of this view. */
let isShown = false;

const header = /** @type {HTMLElement} */ (document.getElementById('header'));
const main = /** @type {HTMLElement} */ (document.getElementById('main'));

/** The wishes of the view, with the answers so far. */
function wishes() {
  if (!view || !user) return { asked: {}, got: {} };
  const asked = view.watch(at, gotBy(view.watch(at, {}, user)), user);
  return { asked, got: gotBy(asked) };
}

/** @param {Record<string, import('./views/all.js').Wish>} asked */
function gotBy(asked) {
  const named = Object.entries(asked).map(([name, { path }]) => [name, answers.get(path)]);
  return Object.fromEntries(named.filter(([, answer]) => answer !== undefined));
}

/** Watches what the view wants now, and nothing else. */
function follow() {
  live.follow(user ? Object.values(wishes().asked) : []);
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
  drawHeader(header, { user, at, skip, leave, redraw: schedule });
  if (!view) return drawMain(missing());
  const { asked, got } = wishes();
  const names = Object.keys(asked).filter((name) => !asked[name].isOptional);
  const failed = names.map((name) => got[name]).find((answer) => answer instanceof Refused);
  if (failed) return drawMain(trouble(failed));
  if (names.some((name) => got[name] === undefined)) {
    if (!isPatient && !isShown) draw(main, h('p', { class: 'empty', key: 'wait' }, t.loading));
    return;
  }
  /** @type {Record<string, Refused>} */
  const refused = {};
  for (const [name, answer] of Object.entries(got)) {
    if (!(answer instanceof Refused)) continue;
    refused[name] = answer;
    delete got[name];
  }
  drawMain(view.show({ at, got, refused, user, go, change, redraw: schedule, isThere }));
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
    closeDialogs();
    begin();
  }
  follow();
  schedule();
}

function skip() {
  main.focus();
}

async function leave() {
  await logOut().catch(() => {});
  onLoggedOut();
}

function onLoggedOut() {
  user = undefined;
  follow();
  closeDialogs();
  draw(header);
  isShown = false;
  showLogin(main, enter);
}

/** @param {User} who */
function enter(who) {
  user = who;
  begin();
  follow();
  schedule();
}

/** Forgets what was heard for another place or user. */
function begin() {
  answers = new Map();
  // Else an answer that two places have in common would not be told anew.
  live.follow([]);
  isPatient = true;
  setTimeout(() => ((isPatient = false), schedule()), PATIENCE_MS);
}

function start() {
  applyTheme();
  whenLoggedOut(onLoggedOut);
  whenChanged(() => live.again());
  addEventListener('hashchange', arrive);
  listenToKeys({ go, help, views });
  setInterval(() => document.hidden || schedule(), MINUTE_HAND_MS);
  greet();
}

/** Asks who is logged in, until there is an answer. */
async function greet() {
  /** @type {User} */
  let who;
  try {
    who = await get('/whoami');
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return onLoggedOut();
    draw(main, h('p', { class: 'empty' }, t.login.unreachable));
    setTimeout(greet, AGAIN_MS);
    return;
  }
  enter(who);
}

start();
