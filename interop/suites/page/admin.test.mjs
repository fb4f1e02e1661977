// The administration: virtual hosts, users, permissions, limits. What is done in the page is looked
// at by the API, and by clients that connect as the users it was done to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURES, at, done, violations } from './browser.mjs';
import { call, connected, gone, look, put, tried, until } from './rest.mjs';

const note = (page, text) => page.waitForSelector(`#notes p:has-text("${text}")`);
const undo = (page) => page.click('#notes p:last-child button:has-text("Undo")');
const confirm = (page) => page.click('dialog menu button:last-child');
const closed = (page) => page.waitForSelector('dialog', { state: 'detached' });

test('a virtual host is made, described, protected and deleted', async () => {
  await gone('/vhosts/tried');
  const page = await at('#/vhosts');
  await page.click('button:has-text("New virtual host")');
  await violations(page);
  await page.fill('#field-name', 'tried');
  await page.fill('#field-description', 'For a test');
  await page.fill('#field-tags', 'one, two,one');
  await page.selectOption('#field-kind', 'quorum');
  await confirm(page);
  await page.waitForSelector('h1:has-text("tried")');
  const made = await look('/vhosts/tried');
  assert.equal(made.description, 'For a test');
  assert.deepEqual(made.tags, ['one', 'two']);
  assert.equal(made.default_queue_type, 'quorum');
  assert.equal(made.tracing, false);

  await page.click('.actions button:has-text("Edit")');
  await page.fill('#field-description', 'Described anew');
  await page.check('#field-tracing');
  await confirm(page);
  await page.waitForSelector('h1:has-text("Described anew")');
  assert.equal((await look('/vhosts/tried')).tracing, true);
  assert.deepEqual((await look('/vhosts/tried')).tags, ['one', 'two']);
  await undo(page);
  await until('/vhosts/tried', (one) => one.description === 'For a test' && !one.tracing);

  await page.click('button:has-text("Protect from deletion")');
  await page.waitForSelector('.actions .danger[disabled]');
  assert.equal((await call('DELETE', '/vhosts/tried')).status, 412);
  await page.click('button:has-text("Lift protection")');
  await page.waitForSelector('.actions .danger:not([disabled])');

  await put('/queues/tried/waiting', { durable: true });
  await put('/exchanges/tried/here', { type: 'fanout', durable: true });
  assert.equal((await call('POST', '/bindings/tried/e/here/q/waiting', {})).status, 201);
  const message = {
    routing_key: 'waiting',
    properties: {},
    payload: 'x',
    payload_encoding: 'string',
  };
  await call('POST', '/exchanges/tried/amq.default/publish', message);
  const client = await connected('guest', 'guest', 'tried');
  const ended = new Promise((end) => client.on('close', end));
  await page.waitForSelector('.facts:has-text("1 ready")');
  await page.click('.actions .danger');
  const lost = await page.textContent('dialog .lost');
  for (const words of ['1 queue with 1 message', '1 exchange', '1 binding', '1 connection']) {
    assert.ok(lost.includes(words), lost);
  }
  await violations(page);
  await page.screenshot({ path: `${PICTURES}/admin-delete-vhost.png` });
  await page.fill('#field-typed', 'another');
  await confirm(page);
  await page.waitForSelector('dialog [role=alert]:has-text("another name")');
  assert.ok(await look('/vhosts/tried'));
  await page.fill('#field-typed', 'tried');
  await confirm(page);
  await page.waitForSelector('h1:has-text("Virtual hosts")');
  assert.equal(await look('/vhosts/tried'), undefined);
  await ended;
  await done(page);
});

test('an empty virtual host is deleted after one question', async () => {
  await put('/vhosts/hollow', {});
  const page = await at('#/vhosts/hollow');
  await page.click('.actions .danger');
  await page.waitForSelector('dialog:has-text("the permissions of 1 user")');
  assert.equal(await page.$('#field-typed'), null);
  await confirm(page);
  await page.waitForSelector('h1:has-text("Virtual hosts")');
  assert.equal(await look('/vhosts/hollow'), undefined);
  await done(page);
});

test('virtual hosts are filtered and ordered by a link', async () => {
  await put('/vhosts/filtered-1', { description: 'walnut' });
  await put('/vhosts/filtered-2', { tags: 'walnut' });
  const page = await at('#/vhosts');
  await page.waitForSelector('td.c-name:has-text("filtered-1")');
  await page.keyboard.press('/');
  await page.keyboard.type('walnut');
  await page.waitForSelector('tbody tr:nth-child(2):last-child');
  await page.click('th.c-name button');
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('th.c-name[aria-sort=descending]');
  const names = await page.$$eval('td.c-name a', (all) => all.map((one) => one.textContent));
  assert.deepEqual(names, ['filtered-2', 'filtered-1']);
  await gone('/vhosts/filtered-1', '/vhosts/filtered-2');
  await done(page);
});

test('a user is made, logs in, gets tags and another password, goes and comes back', async () => {
  await gone('/users/tried');
  const page = await at('#/users');
  await page.click('button:has-text("New user")');
  await violations(page);
  await page.fill('#field-name', 'guest');
  await page.fill('#field-password', 'first');
  await confirm(page);
  await page.waitForSelector('dialog [role=alert]:has-text("guest already")');
  await page.fill('#field-name', 'tried');
  await page.check('[name="tag monitoring"]');
  await page.fill('#field-others', 'ci, robots');
  await confirm(page);
  await page.waitForSelector('h1:has-text("tried")');
  assert.deepEqual((await look('/users/tried')).tags, ['monitoring', 'ci', 'robots']);
  const enter = async (password) => {
    const client = await connected('tried', password);
    await client?.close();
    return client !== undefined;
  };
  assert.ok(await enter('first'));

  await page.click('button:has-text("Edit tags")');
  await page.uncheck('[name="tag monitoring"]');
  await page.check('[name="tag policymaker"]');
  await confirm(page);
  await page.waitForSelector('h1:has-text("policymaker")');
  assert.deepEqual((await look('/users/tried')).tags, ['policymaker', 'ci', 'robots']);
  assert.ok(await enter('first'), 'new tags leave the password as it is');
  await undo(page);
  await until('/users/tried', ({ tags }) => tags.includes('monitoring'));

  await page.click('button:has-text("Set password")');
  await page.fill('#field-password', 'second');
  await page.fill('#field-again', 'other');
  await confirm(page);
  await page.waitForSelector('dialog [role=alert]:has-text("different")');
  await page.fill('#field-again', 'second');
  await confirm(page);
  await note(page, 'The password is set');
  assert.equal(await enter('first'), false);
  assert.ok(await enter('second'));

  const open = await connected('tried', 'second');
  const ended = new Promise((end) => open.on('close', end));
  await page.waitForSelector('.facts:has-text("1 with 0 channels")');
  await page.click('.actions .danger');
  await page.waitForSelector('dialog .lost:has-text("1 open connection")');
  await page.waitForSelector('dialog .lost:has-text("1 permission")');
  await violations(page);
  await confirm(page);
  await page.waitForSelector('h1:has-text("Users")');
  assert.equal(await look('/users/tried'), undefined);
  await ended;
  await undo(page);
  await until('/permissions/%2F/tried', Boolean);
  assert.ok(await enter('second'), 'the password is the same again');
  assert.deepEqual((await look('/users/tried')).tags, ['monitoring', 'ci', 'robots']);
  await gone('/users/tried');
  await done(page);
});

test('a user without a password cannot log in by one', async () => {
  await put('/users/keyless', { password: 'keyless', tags: [] });
  const page = await at('#/users/keyless');
  await page.waitForSelector('.notice:has-text("no permission in any virtual host")');
  await page.click('button:has-text("Set password")');
  await confirm(page);
  await page.waitForSelector('dialog [role=alert]:has-text("empty password")');
  await page.check('#field-none');
  await confirm(page);
  await page.waitForSelector('.facts:has-text("cannot log in with one")');
  assert.equal((await look('/users/keyless')).password_hash, '');
  await gone('/users/keyless');
  await done(page);
});

test('permissions are set, tried by a client, narrowed, removed and brought back', async () => {
  await put('/users/pedro', { password: 'pedro', tags: [] });
  await put('/exchanges/%2F/allowed.x', { type: 'topic', durable: true });
  await put('/exchanges/%2F/other.x', { type: 'topic', durable: true });
  const page = await at('#/users/pedro');
  await page.click('button:has-text("Add permission")');
  await page.selectOption('#field-vhost', '/');
  await page.fill('#field-configure', '');
  await page.fill('#field-write', '^allowed');
  await page.fill('#field-read', '(');
  await confirm(page);
  await page.waitForSelector('dialog [role=alert]:has-text("invalid_regexp")');
  await page.fill('#field-read', '.*');
  await violations(page);
  await confirm(page);
  await page.waitForSelector('.plain td:has-text("^allowed")');
  const client = await connected('pedro', 'pedro');
  const publish = (exchange, key) => (channel) =>
    channel.publish(exchange, key, Buffer.from('x'));
  assert.equal(await tried(client, publish('allowed.x', 'a')), 'ok');
  assert.match(await tried(client, publish('other.x', 'a')), /ACCESS_REFUSED - write access/);

  await page.click('button[aria-label="Edit: pedro in /"]');
  await page.fill('#field-write', '.*');
  await confirm(page);
  await until('/permissions/%2F/pedro', ({ write }) => write === '.*');
  assert.equal(await tried(client, publish('other.x', 'a')), 'ok');
  await undo(page);
  await until('/permissions/%2F/pedro', ({ write }) => write === '^allowed');

  await page.click('button:has-text("Add topic permission")');
  await page.fill('#field-exchange', 'allowed.x');
  await page.fill('#field-write', '^good\\.');
  await confirm(page);
  await page.waitForSelector('.plain td:has-text("allowed.x")');
  assert.equal(await tried(client, publish('allowed.x', 'good.day')), 'ok');
  assert.match(await tried(client, publish('allowed.x', 'bad.day')), /write access to topic/);
  await page.click('button[aria-label="Remove: pedro at allowed.x"]');
  await until('/users/pedro/topic-permissions', (all) => all.length === 0);
  assert.equal(await tried(client, publish('allowed.x', 'bad.day')), 'ok');
  await undo(page);
  await until('/users/pedro/topic-permissions', (all) => all.length === 1);

  await page.click('button[aria-label="Remove: pedro in /"]');
  await until('/permissions/%2F/pedro', (one) => one === undefined);
  assert.equal(await connected('pedro', 'pedro'), undefined);
  await undo(page);
  await until('/permissions/%2F/pedro', (one) => one?.write === '^allowed');
  await client.close();
  await gone('/users/pedro', '/exchanges/%2F/allowed.x', '/exchanges/%2F/other.x');
  await done(page);
});

test('limits of virtual hosts and users are set, hold, and are lifted', async () => {
  await put('/vhosts/narrow', {});
  await put('/users/few', { password: 'few', tags: [] });
  await put('/permissions/narrow/few', { configure: '.*', write: '.*', read: '.*' });
  const page = await at('#/vhosts/narrow');
  await page.click('button[aria-label="Set: Limit of queues of narrow"]');
  await page.fill('#field-value', '-3');
  await confirm(page);
  await page.waitForSelector('dialog [role=alert]:has-text("0 or more")');
  await page.fill('#field-value', '1');
  await confirm(page);
  await page.waitForSelector('.meter:has-text("0 of 1")');
  const client = await connected('few', 'few', 'narrow');
  const declare = (name) => (channel) => channel.assertQueue(name);
  assert.equal(await tried(client, declare('first')), 'ok');
  assert.match(await tried(client, declare('second')), /queue limit/);
  await page.waitForSelector('.meter.bad:has-text("1 of 1")');
  await page.click('button[aria-label="Lift: Lift the limit of queues of narrow"]');
  await page.waitForSelector('.meter:has-text("1, no limit")');
  assert.equal(await tried(client, declare('second')), 'ok');
  await undo(page);
  await until('/vhost-limits/narrow', (all) => all[0]?.value['max-queues'] === 1);

  await page.goto(page.url().replace(/#.*/, '#/limits'));
  await page.click('button[aria-label="Set: Limit of connections of few"]');
  await page.fill('#field-value', '1');
  await confirm(page);
  await page.waitForSelector('tr:has-text("few") .meter.bad:has-text("1 of 1")');
  assert.equal(await connected('few', 'few', 'narrow'), undefined);
  await page.click('button[aria-label="Lift: Lift the limit of connections of few"]');
  await page.waitForSelector('tr:has-text("few") .meter:has-text("1, no limit")');
  const more = await connected('few', 'few', 'narrow');
  assert.ok(more);
  await more.close();
  await client.close();
  await gone('/vhosts/narrow', '/users/few');
  await done(page);
});

test('the cluster is renamed, and gets its name back', async () => {
  const { name } = await look('/cluster-name');
  const page = await at('#/admin');
  await page.click('button:has-text("Rename")');
  await page.fill('#field-name', 'burrow');
  await confirm(page);
  await closed(page);
  await page.waitForSelector('.facts:has-text("burrow")');
  assert.equal((await look('/cluster-name')).name, 'burrow');
  await undo(page);
  await until('/cluster-name', (one) => one.name === name);
  await done(page);
});

test('the keyboard alone makes a virtual host', async () => {
  await gone('/vhosts/typed');
  const page = await at('');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForSelector('h1:has-text("Admin")');
  const reach = async (text) => {
    for (let steps = 0; steps < 60; steps++) {
      await page.keyboard.press('Tab');
      const said = await page.evaluate(() => document.activeElement.textContent);
      if (said === text) return;
    }
    assert.fail(`${text} cannot be reached`);
  };
  await reach('Virtual hosts');
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("Virtual hosts")');
  await reach('New virtual host');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.type('typed');
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("typed")');
  assert.ok(await look('/vhosts/typed'));
  await gone('/vhosts/typed');
  await done(page);
});
