// Connections, channels and consumers: see views/clients.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import amqp from 'amqplib';
import {
  AMQP,
  API,
  PICTURES,
  at,
  done,
  everywhere,
  inert,
  many,
  until,
  violations,
} from './browser.mjs';
import { MARKUP } from './shop.mjs';

const names = (page) =>
  page.$$eval('td.c-name a', (links) => links.map((link) => link.textContent));

/** The place of a connection by what its client calls it. */
async function placeOf(name) {
  const headers = { authorization: `Basic ${btoa('guest:guest')}` };
  const all = await (await fetch(`${API}/api/connections`, { headers })).json();
  const one = all.find(({ user_provided_name: given }) => given === name);
  return `#/connections/${encodeURIComponent(one.name)}`;
}

/** A client that is called so; what it is refused or closed with is kept. */
async function client(name, properties = {}) {
  const connection = await amqp.connect(AMQP, {
    clientProperties: { connection_name: name, ...properties },
  });
  connection.on('error', () => {});
  connection.told = new Promise((go) => connection.on('close', go));
  return connection;
}

test('connections are filtered by what they are and do, and linked to', async () => {
  const page = await at('#/connections');
  await page.waitForSelector('td.c-name:has-text("web-shop")');
  await page.waitForSelector('tr:has-text("stock-keeper") td.c-holds:has-text("8")');
  await page.keyboard.press('/');
  await page.keyboard.type('stock');
  await many(page, 'td.c-name', 1);
  assert.match(page.url(), /filter=stock/);
  for (const filter of ['name:mailer', '/^mail/', 'user:guest program:0.10 address:127 mailer']) {
    await page.fill('[data-filter]', filter);
    await many(page, 'td.c-name', 1);
    assert.deepEqual(await names(page), ['mailer'], filter);
  }
  await page.fill('[data-filter]', 'is:nothing');
  await page.waitForSelector('.trouble:has-text("is:nothing")');
  await page.fill('[data-filter]', '');
  await page.click('button:has-text("holding messages")');
  await many(page, 'main :text("web-shop")', 0);
  await page.click('th.c-holds button');
  await page.waitForSelector('th.c-holds[aria-sort=descending]');
  assert.equal((await names(page))[0], 'stock-keeper');
  await page.reload();
  await page.waitForSelector('th.c-holds[aria-sort=descending]');
  assert.equal((await names(page))[0], 'stock-keeper');
  await done(page);
});

test('one connection tells who it is, what it does and what it waits for', async () => {
  const page = await at(await placeOf('stock-keeper'));
  await page.waitForSelector('h1:has-text("stock-keeper")');
  await page.waitForSelector('.facts div:has-text("waits for ack"):has-text("1 of 1")');
  await page.waitForSelector('.facts div:has-text("platform"):has-text("Node.JS")');
  await page.waitForSelector('td.c-queue a:has-text("stock")');
  await page.waitForSelector('td.c-since time');
  await page.click('td.c-name a:has-text("Channel 1")');
  await page.waitForSelector('.facts div:has-text("each consumer may hold"):has-text("8")');
  await page.waitForSelector('td.c-queue a:has-text("stock")');
  await page.click('.headline a');
  await page.waitForSelector('h1:has-text("stock-keeper")');
  await done(page);
});

test('a connection is closed after a question, with a reason that the client gets', async () => {
  const connection = await client('leaver');
  await connection.createChannel();
  const page = await at(await placeOf('leaver'));
  await page.click('.actions button:has-text("Close")');
  await page.waitForSelector('dialog:has-text("1 channel and 0 consumers")');
  await violations(page);
  await page.fill('#field-reason', 'žluťoučký');
  await page.click('dialog .danger');
  await page.waitForSelector('dialog [role=alert]:has-text("ASCII")');
  await page.fill('#field-reason', 'the shop moves');
  await page.screenshot({ path: `${PICTURES}/connection-close.png` });
  await page.keyboard.press('Enter');
  assert.match(String(await connection.told), /CONNECTION_FORCED - the shop moves/);
  await page.waitForSelector('h1:has-text("Connections")');
  await many(page, 'main :text("leaver")', 0);
  await done(page);
});

test('a question that is cancelled closes nothing', async () => {
  const connection = await client('stayer');
  const page = await at(await placeOf('stayer'));
  await page.click('.actions button:has-text("Close")');
  await page.click('dialog button:has-text("Cancel")');
  await page.waitForSelector('dialog', { state: 'detached' });
  await (await connection.createChannel()).close();
  await connection.close();
  await page.waitForSelector('h1:has-text("There is nothing here")');
  await done(page);
});

test('channels tell their mode, and what waits in them', async () => {
  const connection = await client('modes');
  const confirms = await connection.createConfirmChannel();
  await confirms.prefetch(3);
  const { queue } = await confirms.assertQueue('', { exclusive: true });
  for (let i = 0; i < 5; i++) confirms.sendToQueue(queue, Buffer.from('x'));
  await confirms.waitForConfirms();
  await confirms.consume(queue, () => {}, { consumerTag: 'holder' });
  const page = await at('#/channels?filter=name%3Amodes');
  await page.waitForSelector('td.c-mode:has-text("confirm")');
  await page.waitForSelector('td.c-unacked:has-text("full"):has-text("3")');
  await page.fill('[data-filter]', 'mode:confirm is:full is:consuming -mailer');
  await many(page, 'td.c-name', 1);
  assert.deepEqual(await names(page), ['modes (1)']);
  await page.goto(`${API}/#/consumers?filter=tag%3Aholder`);
  await page.waitForSelector('td.c-state:has-text("full")');
  await page.waitForSelector('td.c-holds:has-text("3")');
  await connection.close();
  await page.waitForSelector('.empty');
  await done(page);
});

test('a consumer that waits for another one says so', async () => {
  const connection = await client('turns');
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', {
    exclusive: true,
    arguments: { 'x-single-active-consumer': true },
  });
  await channel.consume(queue, () => {}, { noAck: true, consumerTag: 'first' });
  await channel.consume(queue, () => {}, { consumerTag: 'second' });
  const page = await at('#/consumers?filter=client%3Aturns+is%3Awaiting');
  await page.waitForSelector('td.c-tag:has-text("second")');
  assert.equal((await page.$$('td.c-tag')).length, 1);
  await page.fill('[data-filter]', 'client:turns is:no-ack');
  await page.waitForSelector('td.c-tag:has-text("first")');
  await page.waitForSelector('td.c-acks:has-text("automatic")');
  await connection.close();
  await done(page);
});

test('ten thousand connections keep a small document, and scroll and filter at once', async () => {
  const page = await at('#/connections');
  // A list that is too long for the stream is asked for.
  await page.route('**/api/leveret/live?*', (route) => route.fulfill({ status: 503 }));
  let asked = 0;
  await page.route('**/api/consumers?*', (route) => (asked++, route.continue()));
  await page.route('**/api/connections?*', async (route) => {
    const [one] = await (await route.fetch()).json();
    const all = Array.from({ length: 10_000 }, (_, at) => ({
      ...one,
      name: `10.0.0.1:${at} -> 10.0.0.2:5672`,
      user_provided_name: `client-${at}`,
    }));
    await route.fulfill({ json: all });
  });
  await page.reload();
  await page.waitForSelector('td.c-name:has-text("client-17")');
  await page.evaluate(() => scrollTo(0, 34 * 9000));
  await page.waitForSelector('td.c-name:has-text("client-9005")');
  assert.ok((await page.$$('tbody tr')).length < 120);
  const took = await page.evaluate(async () => {
    const begun = performance.now();
    const input = document.querySelector('[data-filter]');
    input.value = 'client-77';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((go) => requestAnimationFrame(go));
    return performance.now() - begun;
  });
  console.log(`# a filter over 10,000 connections is drawn in ${Math.round(took)} ms`);
  await page.waitForSelector('h1 small:has-text("111 of 10000")');
  const before = asked;
  await page.waitForTimeout(1000);
  assert.equal(asked, before, 'what so many hold is not asked for');
  await done(page);
});

test('keys alone lead through the clients', async () => {
  const page = await at('');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForSelector('td.c-name a');
  await page.focus('td.c-name a');
  const first = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await page.evaluate(() => document.activeElement.textContent), first);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.headline h1');
  await page.focus('.actions .danger');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await done(page);
});

for (const name of ['connections', 'channels', 'consumers']) {
  test(`the ${name} in both themes and three widths`, () =>
    everywhere(name, `#/${name}`, `.${name} tbody td`));
}

test('a connection in both themes and three widths', async () =>
  everywhere('connection', await placeOf('stock-keeper'), '.connection td.c-queue'));

test('a channel in both themes and three widths', async () => {
  const place = (await placeOf('order-worker')).replace('connections', 'channels');
  await everywhere('channel', `${place}${encodeURIComponent(' (1)')}`, '.channel td.c-queue');
});

test('what clients say of themselves is text', async () => {
  const named = { product: MARKUP, platform: MARKUP, version: MARKUP };
  const said = { ...named, [MARKUP]: { [MARKUP]: MARKUP } };
  const connection = await client(MARKUP, said);
  const channel = await connection.createChannel();
  await channel.consume(MARKUP, () => {}, { consumerTag: MARKUP });
  const place = await placeOf(MARKUP);
  const of = `${place.replace('connections', 'channels')}${encodeURIComponent(' (1)')}`;
  for (const one of ['#/connections', '#/channels', '#/consumers', place, of, '#/log']) {
    const page = await at(one);
    await until(page, (text) => document.body.textContent.includes(text), MARKUP);
    await inert(page);
    if (one === place) {
      await page.click('.actions .danger');
      await page.waitForSelector('dialog h2:has-text("img src")');
      await inert(page);
    }
    await done(page);
  }
  await connection.close();
});
