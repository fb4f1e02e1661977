// What is around every view: login, keys, size, and what a page in the background does.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import ts from 'typescript';
import { API, PICTURES, at, done, newContext, violations } from './browser.mjs';

test('a wrong password is told in words, and a right one lets in', async () => {
  const context = await newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${API}/#/queues`);
  await page.fill('#username', 'guest');
  await page.fill('#password', 'wrong');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]:not(:empty)');
  await violations(page);
  await page.screenshot({ path: `${PICTURES}/login.png` });
  await page.fill('#password', 'guest');
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("Queues")');
  // No script can read what it has logged in with.
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.reload();
  await page.waitForSelector('h1:has-text("Queues")');
  await page.click('summary');
  await page.click('button:has-text("Log out")');
  await page.waitForSelector('#password');
  await page.reload();
  await page.waitForSelector('#password');
  await context.close();
});

test('keys lead everywhere', async () => {
  const page = await at('');
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await page.waitForSelector('h1:has-text("Queues")');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  await violations(page);
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.waitForSelector('.headline');
  await done(page);
});

test('a page that nobody looks at asks for nothing', async () => {
  const page = await at('');
  const isHidden = (hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const stream = /api.leveret.live/;
  const ended = page.waitForEvent('requestfailed', (request) => stream.test(request.url()));
  await page.evaluate(isHidden, true);
  await ended;
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.waitForTimeout(2500);
  assert.deepEqual(asked, []);
  const again = page.waitForRequest(stream);
  await page.evaluate(isHidden, false);
  await again;
  await done(page);
});

test('one stream tells it all, and only what is on the screen', async () => {
  const page = await at('#/queues/%2F/orders');
  await page.waitForSelector('.ways li');
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url())));
  await page.click('nav a:has-text("Queues")');
  await page.waitForSelector('td.c-name');
  await page.waitForTimeout(1500);
  const calls = asked.filter(({ pathname }) => pathname.startsWith('/api/'));
  assert.ok(calls.length > 0);
  for (const { pathname, searchParams } of calls) {
    assert.equal(pathname, '/api/leveret/live');
    for (const path of searchParams.getAll('watch')) assert.match(path, /^.(queues|bindings)\?/);
  }
  await done(page);
});

test('without a stream it asks, and what is too long for one as well', async () => {
  const page = await at('');
  const refused = (route) => route.fulfill({ status: 503, json: { error: 'unavailable' } });
  const tooLong = (route) => {
    const paths = new URL(route.request().url()).searchParams.getAll('watch');
    const events = paths.map((path) => JSON.stringify({ path, status: 413, value: null }));
    const body = events.map((event) => `data: ${event}\n\n`).join('');
    return route.fulfill({ contentType: 'text/event-stream', body });
  };
  for (const answer of [refused, tooLong]) {
    await page.route('**/api/leveret/live?*', answer);
    await page.goto(`${API}/#/queues/%2F/orders`);
    await page.reload();
    await page.waitForSelector('h1:has-text("orders")');
    await page.waitForRequest(/api.queues.%2F.orders\?/);
    await page.unrouteAll({ behavior: 'wait' });
  }
  await done(page);
});

test('a broker that is gone is told, and found again', async () => {
  const page = await at('#/queues');
  await page.waitForSelector('td.c-name');
  await page.route('**/api/**', (route) => route.abort('connectionrefused'));
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.waitForSelector('.live.lost');
  assert.ok((await page.$$('td.c-name')).length > 0, 'what was there stays');
  await page.unrouteAll({ behavior: 'wait' });
  await page.waitForSelector('.live:not(.lost)');
  await page.route('**/api/**', (route) => route.abort('connectionrefused'));
  await page.reload();
  await page.waitForSelector('.empty:has-text("does not answer")');
  await page.unrouteAll({ behavior: 'wait' });
  await page.waitForSelector('td.c-name');
  // Its keys are listened to once: a second time would close what the first one opened.
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  assert.equal((await page.$$('dialog')).length, 1);
  await done(page);
});

test('a login that ends takes its dialogs along', async () => {
  const page = await at('#/queues');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  await page.context().clearCookies();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.waitForSelector('#password');
  assert.equal(await page.$('dialog'), null);
  assert.equal(await page.$('#header > *'), null);
  await done(page);
});

test('the whole page is less than 150 kB, and comes in one go', async () => {
  const context = await newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  let octets = 0;
  const sizes = [];
  page.on('requestfinished', (request) => sizes.push(request.sizes()));
  await page.goto(API);
  await page.waitForSelector('#password');
  for (const size of await Promise.all(sizes)) octets += size.responseBodySize;
  console.log(`# ${octets} bytes in ${sizes.length} requests`);
  assert.ok(octets < 150_000, `${octets}`);
  await context.close();
});

test('scripts are served as they are written, but for comments', async () => {
  const printer = ts.createPrinter({ removeComments: true });
  const plain = (code) =>
    printer.printFile(ts.createSourceFile('a.js', code, ts.ScriptTarget.Latest, true));
  const files = readdirSync('page', { recursive: true }).filter((name) => name.endsWith('.js'));
  assert.ok(files.length > 50);
  for (const name of files) {
    const answer = await fetch(`${API}/page/${name}`);
    assert.equal(answer.status, 200, name);
    assert.equal(plain(await answer.text()), plain(readFileSync(`page/${name}`, 'utf8')), name);
  }
});
