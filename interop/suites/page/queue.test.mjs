// One queue and its messages: see views/queue.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AMQP,
  API,
  LOGIN,
  PICTURES,
  at,
  counted,
  done,
  everywhere,
  harmless,
  inert,
  queueOf,
  request,
  violations,
} from './browser.mjs';
import amqp from 'amqplib';
import { MARKUP } from './shop.mjs';

const bodies = (page) =>
  page.$$eval('.messages .body', (all) => all.map((one) => one.textContent));

/** The bodies that are in a queue, taken from it. */
async function taken(channel, name) {
  const found = [];
  for (;;) {
    const message = await channel.get(name, { noAck: true });
    if (!message) return found;
    found.push(message.content.toString());
  }
}

test('one queue shows who takes, what comes in, and where it goes', async () => {
  const page = await at('#/queues/%2F/emails');
  await page.waitForSelector('.ways:has-text("order.#")');
  await page.waitForSelector('p.ways:has-text("shop.dead")');
  await page.waitForSelector('td.tag:has-text("mailer")');
  await done(page);
});

test('what holds for a queue is said in words, with who says so', async (t) => {
  await queueOf(t, 'worded', [], { messageTtl: 90_000, maxLength: 5, deadLetterExchange: 'x' });
  const page = await at('#/queues/%2F/worded');
  const policy = { pattern: '^worded$', definition: { 'max-length': 3, expires: 3_600_000 } };
  await request(page, 'PUT', '/api/policies/%2F/words', policy);
  t.after(() => fetch(`${API}/api/policies/%2F/words`, { method: 'DELETE', headers: LOGIN }));
  const said = (text) => page.waitForSelector(`.sentences li:has-text("${text}")`);
  await said('It survives a restart.');
  await said('A message that waits for 1 min 30 s becomes a dead letter. as it was declared');
  await said(
    'It holds 3 messages at most; the oldest then becomes a dead letter. by the policy words',
  );
  await said('It is deleted when nothing uses it for 1 h. by the policy words');
  await done(page);
});

test('messages are published by a form, with headers of every type, and from a file', async (t) => {
  const channel = await queueOf(t, 'tried', []);
  const page = await at('#/queues/%2F/tried');
  await page.waitForSelector('.waiting .empty');
  await page.click('.actions button:has-text("Publish")');
  await page.fill('#draft-body', '{"tried": 1}');
  await page.fill('#draft-property-content_type', 'application/json');
  await page.click('dialog summary');
  await page.fill('#draft-property-priority', '3');
  await page.fill('#draft-property-expiration', '600000');
  const headers = [
    ['t', 'text', 'words'],
    ['n', 'number', '12'],
    ['b', 'truth', 'no truth'],
    ['l', 'list', '[1, "a"]'],
    ['m', 'table', '{"a": {"b": 2}}'],
  ];
  for (const [name, kind, value] of headers) {
    await page.click('dialog button:text-is("Add a header")');
    const row = page.locator('.header-row').last();
    await row.locator('input').first().fill(name);
    await row.locator('select').selectOption(kind);
    await row.locator('input').last().fill(value);
  }
  await violations(page);
  await page.screenshot({ path: `${PICTURES}/publish.png` });
  await page.click('dialog .primary');
  await page.waitForSelector('dialog [role=alert]:has-text("The header b is not written like")');
  await page.locator('.header-row').nth(2).locator('input').last().fill('true');
  await page.click('dialog .primary');
  await page.waitForSelector('.messages li:has-text("tried")');
  const { properties } = await channel.get('tried', { noAck: true });
  const { t: text, n, b, l, m } = properties.headers;
  assert.deepEqual([text, n, b, l, m], ['words', 12, true, [1, 'a'], { a: { b: 2 } }]);
  const { priority, expiration, contentType, deliveryMode } = properties;
  assert.deepEqual(
    [priority, expiration, contentType, deliveryMode],
    [3, '600000', 'application/json', 2],
  );

  await page.click('.actions button:has-text("Publish")');
  const octets = Buffer.from([0, 255, 1, 254]);
  const file = { name: 'four.bin', mimeType: 'application/octet-stream', buffer: octets };
  await page.setInputFiles('dialog [type=file]', file);
  await page.waitForSelector('dialog code:text-is("four.bin")');
  await page.click('dialog .primary');
  await page.waitForSelector('.messages li:has-text("(octets)")');
  assert.deepEqual((await channel.get('tried', { noAck: true })).content, octets);
  await done(page);
});

test('messages are found by key, header, property and body', async (t) => {
  await queueOf(t, 'searched', [
    { body: 'red apple', headers: { customer: 'ann' }, messageId: 'm-1' },
    { body: 'green apple', headers: { customer: 'bob' }, messageId: 'm-2' },
    { body: 'green pear', headers: { vip: true } },
  ]);
  const page = await at('#/queues/%2F/searched');
  const finds = async (text, many) => {
    await page.fill('.finder input', text);
    await page.waitForURL((url) =>
      decodeURIComponent(url.hash.replaceAll('+', ' ')).includes(text),
    );
    await counted(page, '.messages li', many);
  };
  await page.keyboard.press('/');
  assert.ok(await page.evaluate(() => document.activeElement.matches('.finder input')));
  await finds('apple', 2);
  await finds('"green apple"', 1);
  await finds('header:customer', 2);
  await finds('header:customer=bob apple', 1);
  await finds('header:vip', 1);
  await finds('property:message_id=m-1', 1);
  await finds('key:searched', 3);
  await finds('exchange:nowhere', 0);
  await finds('/^gr.*r$/', 1);
  assert.deepEqual(await bodies(page), ['green pear']);
  await page.fill('.finder input', '/(/');
  await page.waitForSelector('.finder .trouble:not(:empty)');
  const link = page.url().replace(/find=.*/, 'find=pear');
  await page.goto('about:blank');
  await page.goto(link);
  await counted(page, '.messages li', 1);
  assert.equal(await page.inputValue('.finder input'), 'pear');
  await done(page);
});

test('selected messages are dropped and moved, by keyboard too', async (t) => {
  const channel = await queueOf(
    t,
    'chosen',
    ['a', 'b', 'c', 'd', 'e'].map((body) => ({ body })),
  );
  const target = await queueOf(t, 'moved-to', []);
  const page = await at('#/queues/%2F/chosen');
  await page.focus('.messages li:nth-child(2) input');
  await page.keyboard.press('Space');
  await page.click('.messages li:nth-child(3) input', { modifiers: ['Shift'] });
  await page.waitForSelector('.selection label:has-text("2 selected")');
  await page.click('.selection button:text-is("Drop")');
  await page.waitForSelector('dialog h2:has-text("Drop these 2 messages?")');
  await violations(page);
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.click('.selection button:text-is("Drop")');
  await page.click('dialog .danger');
  await page.waitForSelector('#notes:has-text("2 dropped.")');
  await counted(page, '.messages li', 3);
  assert.deepEqual(await bodies(page), ['a', 'd', 'e']);

  await page.fill('.finder input', 'd');
  await counted(page, '.messages li', 1);
  await page.click('.selection button:text-is("Move")');
  await page.waitForSelector('dialog h2:has-text("Move all messages with d")');
  await page.fill('#field-target', 'no such queue');
  await page.click('dialog .primary');
  await page.waitForSelector('dialog [role=alert]:not(:empty)');
  await page.fill('#field-target', 'moved-to');
  await page.click('dialog .primary');
  await page.waitForSelector('#notes:has-text("1 moved to moved-to.")');
  assert.deepEqual(await taken(target, 'moved-to'), ['d']);
  assert.deepEqual(await taken(channel, 'chosen'), ['a', 'e']);
  await done(page);
});

test('dead letters go back to where they died', async (t) => {
  const options = { deadLetterExchange: '', deadLetterRoutingKey: 'graves' };
  const channel = await queueOf(t, 'living', [{ body: 'poison' }], options);
  await queueOf(t, 'graves', [{ body: 'never lived' }]);
  channel.nack(await channel.get('living'), false, false);
  const page = await at('#/queues/%2F/graves');
  await page.waitForSelector('.messages li:has-text("poison")');
  await page.click('.selection button:text-is("Requeue")');
  await page.click('dialog .primary');
  await page.waitForSelector('#notes:has-text("1 requeued. 1 stayed: it is no dead letter.")');
  await counted(page, '.messages li', 1);
  assert.deepEqual(await taken(channel, 'living'), ['poison']);
  await done(page);
});

test('one message is dropped, moved or published again from its page', async (t) => {
  const channel = await queueOf(t, 'single', [{ body: 'one', headers: { a: 1 } }]);
  const page = await at('#/queues/%2F/single');
  await page.click('.messages li a');
  await page.click('.actions button:text-is("Publish again")');
  assert.equal(await page.inputValue('#draft-body'), 'one');
  assert.equal(await page.inputValue('.header-row input'), 'a');
  await page.fill('#draft-body', 'two');
  await page.click('dialog .primary');
  await page.waitForSelector('#notes:has-text("Published.")');
  await page.click('.actions button:text-is("Drop")');
  await page.click('dialog .danger');
  await page.waitForSelector('.waiting');
  await counted(page, '.messages li', 1);
  assert.deepEqual(await taken(channel, 'single'), ['two']);
  await done(page);
});

test('deliveries are paused, and go on with an undo', async (t) => {
  const channel = await queueOf(t, 'held up', []);
  const page = await at('#/queues/%2F/held%20up');
  await page.click('.actions button:text-is("Pause")');
  await page.waitForSelector('h1 .badge:has-text("paused")');
  channel.sendToQueue('held up', Buffer.from('x'));
  await page.waitForSelector('.messages li');
  assert.equal(await channel.get('held up'), false);
  await page.click('#notes button:text-is("Undo")');
  await page.waitForSelector('h1 .badge', { state: 'detached' });
  assert.notEqual(await channel.get('held up', { noAck: true }), false);
  await done(page);
});

test('a queue is purged, deleted, and had back if it was empty', async (t) => {
  const channel = await queueOf(t, 'ended', [{ body: 'x' }], { maxLength: 7 });
  await channel.bindQueue('ended', 'shop', 'never.published');
  const page = await at('#/queues/%2F/ended');
  await page.waitForSelector('.messages li');
  await page.click('.actions button:text-is("Purge")');
  await page.click('dialog .danger');
  await page.waitForSelector('.waiting .empty');
  await page.click('.actions button:text-is("Delete")');
  await page.waitForSelector('dialog:has-text("you can undo this")');
  await page.click('dialog .danger');
  await page.waitForSelector('h1:has-text("Queues")');
  await page.click('#notes button:text-is("Undo")');
  await page.waitForSelector('#notes:has-text("ended is there again")');
  await page.goto(`${API}/#/queues/%2F/ended`);
  await page.waitForSelector('.ways:has-text("never.published")');
  await page.waitForSelector('.sentences:has-text("7 messages at most")');
  channel.sendToQueue('ended', Buffer.from('x'));
  await page.waitForSelector('.messages li');
  await page.click('.actions button:text-is("Delete")');
  await page.waitForSelector('dialog:has-text("cannot be brought back")');
  await page.click('dialog .danger');
  await page.waitForSelector('h1:has-text("Queues")');
  await page.goto(`${API}/#/queues/%2F/ended`);
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

test('what a consumer holds is seen, with who holds it, and stays with it', async (t) => {
  const bodies = ['one', 'two', 'three'].map((body) => ({ body: `${body} ${MARKUP}` }));
  const channel = await queueOf(t, 'held', bodies);
  await channel.prefetch(2);
  const held = [];
  await channel.consume('held', (message) => held.push(message), { consumerTag: MARKUP });
  const page = await at('#/queues/%2F/held');
  const consumer = page.locator('tr', { has: page.locator('td.tag') });
  const cells = async () => (await consumer.locator('td').allTextContents()).slice(0, 4);
  await page.waitForSelector('tr:has(td.tag) td:nth-child(2):text-is("2")');
  const [tag, , since, credit] = await cells();
  assert.equal(tag, MARKUP);
  assert.match(since, /now|ago/);
  assert.equal(credit, '0');
  await page.click('.waiting button:has-text("Unacked 2")');
  await counted(page, '.messages li', 2);
  assert.equal(await page.locator('.waiting button:text-is("Drop")').count(), 0);
  await violations(page);
  await page.click('.messages li a');
  await page.waitForSelector('.facts dd:has-text("<img")');
  await page.waitForSelector('lv-body pre:has-text("one")');
  await inert(page);
  await page.goBack();
  // Nothing was taken from it: it acks what it has, and gets the rest.
  for (const message of held.splice(0)) channel.ack(message);
  await page.waitForSelector('.waiting button:has-text("Unacked 1")');
  await counted(page, '.messages li', 1);
  assert.equal(held[0].content.toString(), `three ${MARKUP}`);
  assert.equal(held[0].fields.redelivered, false);
  await done(page);
});
