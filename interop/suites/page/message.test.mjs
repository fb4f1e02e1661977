// One message: see views/message.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, done, everywhere, inert, queueOf, request, violations } from './browser.mjs';

/** The first message of a queue. */
async function first(name, options) {
  const page = await at(`#/queues/%2F/${encodeURIComponent(name)}`, options);
  await page.click('.messages li a');
  await page.waitForSelector('.reading');
  return page;
}

test('a dead letter tells its story, and has no side effects', async () => {
  const page = await first('emails.dead');
  const story = await page.textContent('.story');
  assert.match(story, /published to shop with the key order\.(paid|created)/);
  assert.match(story, /In emails it was rejected by a consumer/);
  assert.match(story, /came here by shop\.dead/);
  await page.waitForSelector('.values th:has-text("content_type")');
  await page.waitForSelector('.values tr:has(th:text-is("poison")) td:has-text("boolean")');
  await page.waitForSelector('.tree dt:has-text("total")');
  await inert(page);
  await violations(page);
  await page.reload();
  await page.waitForSelector('.story');
  await page.click('.trail a:has-text("emails.dead")');
  await page.waitForSelector('.messages li');
  assert.equal(await page.$('.messages .badge:has-text("redelivered")'), null);
  await done(page);
});

test('JSON is folded, searched, and keeps every digit', async (t) => {
  const deep = { big: 0, a: { b: { c: { needle: 'in a <b>haystack</b>' } } } };
  const body = JSON.stringify(deep).replace('"big":0', '"big":12345678901234567890.10');
  await queueOf(t, 'json', [{ body, headers: { a: 1 } }]);
  const page = await first('json');
  await page.waitForSelector('.tree .number:text-is("12345678901234567890.10")');
  assert.equal(await page.isVisible('.tree dt:text-is("needle")'), false);
  await page.fill('lv-tree input', 'HAYstack');
  await page.waitForSelector('mark.current:text-is("haystack")');
  assert.match(await page.textContent('lv-tree [role=status]'), /1 of 1/);
  await page.fill('lv-tree input', 'not there');
  await page.waitForSelector('lv-tree [role=status]:text-is("not found")');
  await page.click('lv-body button:text-is("Text")');
  assert.equal(await page.textContent('lv-body pre'), body);
  await page.click('lv-body button:text-is("Hex")');
  assert.match(await page.textContent('lv-body pre'), /^000000 {2}7b 22 62 69/);
  await inert(page);
  await done(page);
});

test('a header keeps every digit, and so does what is published again', async (t) => {
  await queueOf(t, 'long', []);
  const long = '9007199254740993';
  const data =
    '{"routing_key":"long","payload":"x","payload_encoding":"string",' +
    `"properties":{"headers":{"long":${long}}}}`;
  const page = await at('#/queues/%2F/long');
  await request(page, 'POST', '/api/exchanges/%2F/amq.default/publish', data);
  await page.click('.messages li a');
  const cell = `.values tr:has(th:text-is("long")) code:text-is("${long}")`;
  await page.waitForSelector(cell);
  await page.click('.actions button:text-is("Publish again")');
  await page.fill('#draft-body', 'again');
  await page.click('dialog .primary');
  await page.waitForSelector('#notes:has-text("Published.")');
  await page.click('.actions button:text-is("Next")');
  await page.waitForSelector('lv-body pre:text-is("again")');
  await page.waitForSelector(cell);
  await done(page);
});

test('a body that is deep or wide does not stop the page', async (t) => {
  const deep = '['.repeat(50_000) + ']'.repeat(50_000);
  const wide = JSON.stringify(Array.from({ length: 30_000 }, (_, at) => at));
  await queueOf(t, 'large', [{ body: deep }, { body: wide }, { body: '{"a": ' }]);
  const page = await first('large');
  await page.waitForSelector('.json.rest', { state: 'attached' });
  assert.ok((await page.$$('.tree details')).length <= 100);
  await page.click('.actions button:text-is("Next")');
  await page.waitForSelector('.tree p:has-text("28,000 more")');
  assert.ok((await page.$$('.tree dt')).length <= 2000);
  await page.click('.actions button:text-is("Next")');
  await page.waitForSelector('lv-body pre:text-is("{\\"a\\": ")');
  assert.equal(await page.$('lv-body button:text-is("JSON")'), null);
  await done(page);
});

test('octets are shown as such, and saved as they are', async (t) => {
  const octets = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
  await queueOf(t, 'octets', [{ body: octets }]);
  const page = await first('octets');
  assert.match(await page.textContent('lv-body pre'), /0000f0 {2}f0 f1/);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.click('.actions button:text-is("Save body")'),
  ]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  assert.deepEqual(Buffer.concat(chunks), octets);
  await done(page);
});

test('a message that is taken while it is read stays readable', async (t) => {
  const channel = await queueOf(t, 'read', [{ body: 'read me' }]);
  const page = await first('read');
  await channel.get('read', { noAck: true });
  await page.waitForSelector('[role=status]:has-text("not here any more")');
  assert.equal(await page.textContent('lv-body pre'), 'read me');
  assert.ok(await page.isDisabled('.actions button:text-is("Drop")'));
  await page.reload();
  await page.waitForSelector('h1:has-text("This message is not here.")');
  await done(page);
});

test('a message in both themes and three widths', () =>
  everywhere('message', '#/queues/%2F/emails.dead', '.messages li', async (page) => {
    await page.click('.messages li a');
    await page.waitForSelector('.reading');
  }));
