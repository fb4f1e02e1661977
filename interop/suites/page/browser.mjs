// What the tests of all views share: the page in a real browser, with a shop at work (shop.mjs).
//
// A file that imports this has both while its tests run: the hooks below are of that file.
// API, AMQP: where the broker is. CHROMIUM: the browser. PICTURES: where screenshots go.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import amqp from 'amqplib';
import { chromium } from 'playwright-core';
import { MARKUP, open } from './shop.mjs';

export const API = process.env.API ?? 'http://localhost:15672';
export const AMQP = process.env.AMQP ?? 'amqp://guest:guest@localhost:5672';
/** The login of the tests, for requests of their own. */
export const LOGIN = { authorization: `Basic ${btoa('guest:guest')}` };
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const PICTURES = process.env.PICTURES ?? 'pictures';
const WIDTHS = [1440, 900, 390];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let shop;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  shop = await open(AMQP);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});

after(async () => {
  await shop?.();
  await browser?.close();
});

/** A browser that has not logged in. */
export function newContext(options) {
  return browser.newContext(options);
}

/**
 * A page that has logged in, at a place; what goes wrong in it fails the test. Other users than
 * guest have their name as password.
 */
export async function at(place, { width = 1440, colorScheme = 'light', user = 'guest' } = {}) {
  // Its own rules let no script in that is not the server's: axe comes by the debugger.
  const context = await newContext({
    viewport: { width, height: 900 },
    colorScheme,
    reducedMotion: 'reduce',
    bypassCSP: false,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.troubles = [];
  page.on('pageerror', (error) => page.troubles.push(error.stack));
  page.on('console', (said) => {
    if (said.type() === 'error' && !/401|Failed to load/.test(said.text())) {
      page.troubles.push(said.text());
    }
  });
  await page.goto(`${API}/${place}`);
  await page.fill('#username', user);
  await page.fill('#password', user);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.view h1');
  return page;
}

export async function done(page) {
  assert.deepEqual(page.troubles, []);
  await page.context().close();
}

export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((n) => n.html)}`);
  });
  assert.deepEqual(found, []);
}

/** Looks at a place in both themes and all widths; `then` goes on from there. */
export async function everywhere(name, place, ready, then) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of WIDTHS) {
      const page = await at(place, { width, colorScheme });
      await page.waitForSelector(ready);
      await then?.(page);
      await violations(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} at ${width} is ${wide} too wide`);
      await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-${width}.png` });
      await done(page);
    }
  }
}

/** Waits until `check` is true in the page, which may not evaluate text by itself. */
export async function until(page, check, given) {
  const end = Date.now() + 15_000;
  while (!(await page.evaluate(check, given))) {
    assert.ok(Date.now() < end, `never: ${check}`);
    await page.waitForTimeout(100);
  }
}

/** Waits until so many elements are there. */
export async function many(page, selector, number) {
  const end = Date.now() + 15_000;
  while ((await page.locator(selector).count()) !== number) {
    assert.ok(Date.now() < end, `never ${number} of ${selector}`);
    await page.waitForTimeout(100);
  }
}

/** What a client names is in this place, and none of it is alive. */
export async function harmless(place) {
  const page = await at(place);
  await until(page, (text) => document.body.textContent.includes(text), MARKUP);
  await inert(page);
  await done(page);
}

/** No markup of a client became an element. */
export async function inert(page) {
  assert.equal(await page.evaluate(() => window.alive), undefined);
  assert.equal(await page.$('main img, main b > img, dialog img'), null);
}

/** A queue with these messages, for the time of a test. */
export async function queueOf(test, name, messages, options = {}) {
  const connection = await amqp.connect(AMQP);
  const channel = await connection.createConfirmChannel();
  test.after(async () => {
    await channel.deleteQueue(name);
    await connection.close();
  });
  await channel.assertQueue(name, options);
  await channel.purgeQueue(name);
  for (const { body, ...properties } of messages) {
    channel.sendToQueue(name, Buffer.from(body), properties);
  }
  await channel.waitForConfirms();
  return channel;
}

/** Asks the API for something in the name of a page. */
export async function request(page, method, path, data) {
  const answer = await page.request.fetch(`${API}${path}`, { method, data, headers: LOGIN });
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
}

/** Waits until so many elements are there. */
export async function counted(page, selector, many) {
  const end = Date.now() + 15_000;
  for (;;) {
    const found = await page.locator(selector).count();
    if (found === many) return;
    assert.ok(Date.now() < end, `${found} of ${many} ${selector}`);
    await page.waitForTimeout(50);
  }
}
