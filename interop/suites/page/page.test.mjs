// The page in a real browser, with a shop at work: see shop.mjs.
//
// API, AMQP: where the broker is. CHROMIUM: the browser. PICTURES: where screenshots go.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { MARKUP, open } from './shop.mjs';

const API = process.env.API ?? 'http://localhost:15672';
const AMQP = process.env.AMQP ?? 'amqp://guest:guest@localhost:5672';
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PICTURES = process.env.PICTURES ?? 'pictures';
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

/** A page that has logged in, at a place; what goes wrong in it fails the test. */
async function at(place, { width = 1440, colorScheme = 'light' } = {}) {
  // Its own rules let no script in that is not the server's: axe comes by the debugger.
  const context = await browser.newContext({
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
  await page.fill('#username', 'guest');
  await page.fill('#password', 'guest');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.view h1');
  return page;
}

async function done(page) {
  assert.deepEqual(page.troubles, []);
  await page.context().close();
}

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((n) => n.html)}`);
  });
  assert.deepEqual(found, []);
}

/** Looks at a place in both themes and all widths. */
async function everywhere(name, place, ready) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of WIDTHS) {
      const page = await at(place, { width, colorScheme });
      await page.waitForSelector(ready);
      await violations(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} at ${width} is ${wide} too wide`);
      await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-${width}.png` });
      await done(page);
    }
  }
}

test('a wrong password is told in words, and a right one lets in', async () => {
  const context = await browser.newContext();
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

test('the overview says what needs a look, and why', async () => {
  const page = await at('');
  const found = (text) => page.waitForSelector(`.attention li:has-text("${text}")`);
  await found('audit has');
  await found('of which none was ever taken');
  await found('were published to no queue');
  await found('dead letters from emails');
  await found('search-index delivers the same messages again and again');
  page.setDefaultTimeout(40_000);
  await found('its consumers hold on');
  assert.notEqual(await page.textContent('h1'), 'All is well.');
  await page.focus('lv-plot svg');
  await page.keyboard.press('End');
  await page.waitForSelector('lv-plot output:not(:empty)', { state: 'attached' });
  await done(page);
});

test('queues are filtered, ordered and linked to', async () => {
  const page = await at('#/queues');
  const names = () => page.$$eval('td.c-name', (cells) => cells.map((cell) => cell.textContent));
  await page.waitForSelector('td.c-name:has-text("orders.retry")');
  await page.keyboard.press('/');
  await page.keyboard.type('orders');
  await page.waitForFunction(() => document.querySelectorAll('td.c-name').length === 2);
  assert.match(page.url(), /filter=orders/);
  await page.fill('[data-filter]', 'kind:quorum');
  await page.waitForFunction(() => document.querySelectorAll('td.c-name').length === 1);
  assert.match((await names())[0], /^invoices/);
  await page.fill('[data-filter]', '');
  await page.click('button:has-text("without consumer")');
  await page.waitForFunction(() => !document.body.textContent.includes('invoices'));
  await page.click('th.c-ready button');
  await page.waitForSelector('th.c-ready[aria-sort=descending]');
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('th.c-ready[aria-sort=descending]');
  assert.equal(await page.inputValue('[data-filter]'), 'is:unconsumed');
  await done(page);
});

test('one queue shows who takes, what comes in, and what waits', async () => {
  const page = await at('#/queues/%2F/emails.dead');
  await page.waitForSelector('.ways:has-text("shop.dead")');
  await page.click('.messages button');
  await page.waitForSelector('dialog .story:has-text("was rejected by a consumer in emails")');
  await page.waitForSelector('dialog .tree:has-text("total")');
  assert.equal(await page.$('dialog img'), null);
  await violations(page);
  await page.screenshot({ path: `${PICTURES}/message.png` });
  await page.keyboard.press('Escape');
  await page.fill('.waiting [type=search]', 'nowhere in any body');
  await page.waitForSelector('.waiting .empty');
  await page.goto(`${API}/#/queues/%2F/stock`);
  await page.waitForSelector('td:has-text("stock-keeper")');
  await done(page);
});

test('messages are published and purged, and a queue is deleted', async () => {
  const page = await at('');
  const put = async (url) => (await fetch(url, { method: 'PUT' })).status;
  assert.equal(await page.evaluate(put, `${API}/api/queues/%2F/tried`), 201);
  await page.goto(`${API}/#/queues/%2F/tried`);
  await page.click('.actions button:has-text("Publish")');
  await page.fill('#field-payload', '{"tried": 1}');
  await page.fill('#field-headers', 'no JSON');
  await page.click('dialog .primary');
  await page.waitForSelector('dialog [role=alert]:not(:empty)');
  await page.fill('#field-headers', '{"a": 1}');
  await page.click('dialog .primary');
  await page.waitForSelector('.messages li:has-text("tried")');
  await page.click('.actions button:has-text("Purge")');
  await page.click('dialog .danger');
  await page.waitForSelector('.waiting .empty');
  await page.click('.actions button:has-text("Delete")');
  await page.click('dialog .danger');
  await page.waitForSelector('h1:has-text("Queues")');
  await page.goto(`${API}/#/queues/%2F/tried`);
  await page.waitForSelector('h1:has-text("There is nothing here")');
  await done(page);
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

test('what a client names never becomes markup', async () => {
  const name = encodeURIComponent(MARKUP);
  for (const place of ['', '#/queues', `#/queues/%2F/${name}`]) {
    const page = await at(place);
    await page.waitForFunction((text) => document.body.textContent.includes(text), MARKUP);
    assert.equal(await page.evaluate(() => window.alive), undefined);
    assert.equal(await page.$('main img, main b > img'), null);
    await done(page);
  }
});

test('thousands of queues keep a small document', async () => {
  const page = await at('#/queues');
  await page.route('**/api/queues?*', async (route) => {
    const [one] = await (await route.fetch()).json();
    const many = Array.from({ length: 10_000 }, (_, at) => ({ ...one, name: `queue-${at}` }));
    await route.fulfill({ json: many });
  });
  await page.reload();
  await page.waitForSelector('td.c-name:has-text("queue-17")');
  await page.evaluate(() => scrollTo(0, 34 * 9000));
  await page.waitForSelector('td.c-name:has-text("queue-9005")');
  assert.ok((await page.$$('tbody tr')).length < 120);
  await done(page);
});

test('a page that nobody looks at asks for nothing', async () => {
  const page = await at('');
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.waitForLoadState('networkidle');
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.waitForTimeout(2500);
  assert.deepEqual(asked, []);
  await done(page);
});

test('the whole page is less than 150 kB, and comes in one go', async () => {
  const context = await browser.newContext();
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

test('the overview in both themes and three widths', () => everywhere('overview', '', 'lv-plot'));
test('a queue in both themes and three widths', () =>
  everywhere('queue', '#/queues/%2F/emails.dead', '.messages li'));
test('the queues in both themes and three widths', () =>
  everywhere('queues', '#/queues', 'td.c-name'));
