// What is around every view: login, keys, size, and what a page in the background does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
