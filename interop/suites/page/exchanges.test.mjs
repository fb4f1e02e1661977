// The exchanges, and one of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API, at, done, everywhere, harmless, until, violations } from './browser.mjs';

test('exchanges are filtered, ordered and linked to, with what had no queue', async () => {
  const page = await at('#/exchanges');
  const many = (n) => until(page, (n) => document.querySelectorAll('td.c-name').length === n, n);
  await page.waitForSelector('td.c-name:has-text("shop.dead")');
  await page.keyboard.press('/');
  await page.keyboard.type('shop -dead');
  await many(1);
  await page.fill('[data-filter]', 'type:headers');
  await many(2);
  await page.fill('[data-filter]', 'is:nonsense');
  await page.waitForSelector('[role=status]:has-text("is:nonsense")');
  await page.fill('[data-filter]', '');
  await page.click('button:has-text("had no queue")');
  await many(1);
  await page.waitForSelector('td.c-name:has-text("amq.direct")');
  // It is counted now, and its rate is told on hover.
  await page.waitForSelector('td.c-unroutable .trouble[title*="right now"]');
  await page.click('th.c-in button');
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('th.c-in[aria-sort=descending]');
  assert.equal(await page.inputValue('[data-filter]'), 'is:unroutable');
  await done(page);
});

test('one exchange shows what flows, where to and where from', async () => {
  const page = await at('#/exchanges/%2F/shop');
  await page.waitForSelector('.bindings:has-text("order.created")');
  await until(page, () => /[1-9][\d.]*\/s/.test(document.querySelector('lv-plot').textContent));
  await page.waitForSelector('.card:has-text("only clients publish to it")');
  await page.click('.bindings a:has-text("emails")');
  await page.waitForSelector('h1:has-text("emails")');
  await page.goto(`${API}/#/exchanges/%2F/amq.default`);
  await page.waitForSelector('h1:has-text("(default exchange)")');
  await page.waitForSelector('text=Every queue is bound here by its name');
  await page.click('text=Show it in the topology');
  await page.waitForSelector('.routing h1');
  await done(page);
});

test('an exchange is made, bound, published to, unbound and deleted', async () => {
  const page = await at('#/exchanges');
  const change = (method) =>
    page.evaluate(
      async ([method, url]) => (await fetch(url, { method })).status,
      [method, `${API}/api/queues/%2F/made.queue`],
    );
  assert.equal(await change('PUT'), 201);
  await page.click('button:has-text("New exchange")');
  await page.fill('#field-name', 'made');
  await page.fill('#field-arguments', '{"alternate-exchange": "amq.fanout"}');
  await page.click('dialog .primary');
  await page.waitForSelector('h1:has-text("made")');
  await page.waitForSelector('.facts a:has-text("amq.fanout")');
  await page.click('button:has-text("Add a binding")');
  await page.fill('#field-to', 'nowhere');
  await page.click('dialog .primary');
  await page.waitForSelector('dialog [role=alert]:not(:empty)');
  await page.fill('#field-to', 'made.queue');
  await page.fill('#field-key', 'a.*');
  await page.fill('#field-arguments', '{"note": "<b>bold</b>"}');
  await violations(page);
  await page.click('dialog .primary');
  await page.waitForSelector('.bindings:has-text("a.*"):has-text("<b>bold</b>")');
  await page.click('.actions button:has-text("Publish")');
  await page.fill('#field-routing_key', 'b.b');
  await page.click('dialog .primary');
  await page.waitForSelector('dialog [role=alert]:has-text("No queue took it")');
  await page.fill('#field-routing_key', 'a.b');
  await page.click('dialog .primary');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.click('.bindings button');
  await page.waitForSelector('text=Nothing is bound to it');
  await page.click('#notes button');
  await page.waitForSelector('.bindings:has-text("a.*")');
  await page.click('.actions button:has-text("Delete")');
  await page.click('dialog .danger');
  await page.waitForSelector('h1:has-text("Exchanges")');
  assert.equal(await change('DELETE'), 204);
  await done(page);
});

test('what a client names an exchange or a binding never becomes markup', async () => {
  await harmless('#/exchanges/%2F/shop');
});

test('the exchanges in both themes and three widths', () =>
  everywhere('exchanges', '#/exchanges', 'td.c-name'));
test('an exchange in both themes and three widths', () =>
  everywhere('exchange', '#/exchanges/%2F/shop', '.bindings li'));
