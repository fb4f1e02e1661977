// The list of queues: see views/queues.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, done, everywhere, harmless } from './browser.mjs';

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

test('thousands of queues keep a small document', async () => {
  const page = await at('#/queues');
  // A list that is too long for the stream is asked for.
  await page.route('**/api/leveret/live?*', (route) => route.fulfill({ status: 503 }));
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

test('the queues in both themes and three widths', () =>
  everywhere('queues', '#/queues', 'td.c-name'));

test('the queues show what clients name as text', () => harmless('#/queues'));
