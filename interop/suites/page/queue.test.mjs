// One queue and its messages: see views/queue.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AMQP, API, PICTURES, at, done, everywhere, harmless, violations } from './browser.mjs';
import amqp from 'amqplib';
import { MARKUP } from './shop.mjs';

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

test('a queue in both themes and three widths', () =>
  everywhere('queue', '#/queues/%2F/emails.dead', '.messages li'));

test('a queue shows what clients name as text', () =>
  harmless(`#/queues/%2F/${encodeURIComponent(MARKUP)}`));

test('a queue whose name a browser cannot send is shown, and what fails says why', async () => {
  const connection = await amqp.connect(AMQP);
  const channel = await connection.createChannel();
  await channel.assertQueue('..', { exclusive: true });
  const page = await at('#/queues/%2F/..');
  await page.waitForSelector('h1:has-text("..")');
  await page.click('.actions button:has-text("Purge")');
  await page.click('dialog .danger');
  await page.waitForSelector('dialog [role=alert]:has-text("A browser cannot ask")');
  await connection.close();
  await done(page);
});
