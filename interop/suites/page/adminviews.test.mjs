// What the administration shows: to whom, of what is in use, and of names with markup in them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API, at, done, everywhere, harmless, inert } from './browser.mjs';
import { call, connected, gone, look, put, until } from './rest.mjs';
import { MARKUP } from './shop.mjs';

const NAME = encodeURIComponent(MARKUP);

/** Things of which everything has markup in it. */
async function marked() {
  await put(`/vhosts/${NAME}`, { description: MARKUP, tags: MARKUP });
  await put(`/users/${NAME}`, { password: 'x', tags: [MARKUP] });
  await put(`/permissions/${NAME}/${NAME}`, { configure: MARKUP, write: MARKUP, read: MARKUP });
  const topic = { exchange: 'amq.topic', write: MARKUP, read: MARKUP };
  await put(`/topic-permissions/${NAME}/${NAME}`, topic);
  const definition = { 'dead-letter-exchange': MARKUP };
  const policy = { pattern: MARKUP, definition, 'apply-to': 'queues', priority: 0 };
  await put(`/policies/%2F/${NAME}`, policy);
  const bound = { pattern: MARKUP, definition: { expires: 1000 }, priority: 0 };
  await put(`/operator-policies/%2F/${NAME}`, bound);
  await put(`/vhost-limits/${NAME}/max-queues`, { value: 1 });
  await put(`/user-limits/${NAME}/max-channels`, { value: 1 });
}

test('what an operator names never becomes markup', async () => {
  await marked();
  const places = ['#/vhosts', `#/vhosts/${NAME}`, '#/users', `#/users/${NAME}`, '#/admin'];
  places.push('#/permissions', `#/permissions?user=${NAME}&vhost=${NAME}&name=${NAME}`);
  places.push('#/policies', `#/policies/%2F/${NAME}`, `#/operator-policies/%2F/${NAME}`);
  places.push('#/limits', '#/definitions', `#/new-policy?draft=${draft()}`);
  for (const place of places) await harmless(place);

  // Questions and answers too.
  const page = await at(`#/vhosts/${NAME}`);
  await page.click('.actions .danger');
  await page.waitForSelector('dialog[open]');
  await inert(page);
  await page.keyboard.press('Escape');
  await page.goto(`${API}/#/users/${NAME}`);
  await page.click('button:has-text("Edit tags")');
  await page.waitForSelector('dialog[open]');
  await inert(page);
  await page.keyboard.press('Escape');
  await page.click(`button[aria-label^="Remove: "]`);
  await page.waitForSelector('#notes p');
  await inert(page);
  await gone(`/vhosts/${NAME}`, `/users/${NAME}`);
  await gone(`/policies/%2F/${NAME}`, `/operator-policies/%2F/${NAME}`);
  await done(page);
});

function draft() {
  const definition = { [MARKUP]: MARKUP, 'max-length': MARKUP };
  return encodeURIComponent(
    JSON.stringify({
      name: MARKUP,
      vhost: '/',
      pattern: MARKUP,
      target: MARKUP,
      priority: '0',
      definition,
    }),
  );
}

test('deprecated features that are in use stand first', async () => {
  const client = await connected('guest', 'guest');
  const channel = await client.createChannel();
  await channel.prefetch(3, true);
  assert.ok((await look('/deprecated-features/used')).some(({ name }) => name === 'global_qos'));
  const page = await at('#/feature-flags');
  await page.waitForSelector('tbody tr:has-text("global_qos") .badge:has-text("in use")');
  await page.waitForSelector('.flags:has-text("quorum_queue")');
  await page.goto(`${API}/#/deprecated-features?filter=global`);
  await page.waitForSelector('tbody:not(:has(tr:nth-child(2)))');
  await client.close();
  await done(page);
});

const isRefused = ({ protocol, auth_attempts_failed: many }) =>
  protocol.startsWith('amqp') && many > 0;

test('listeners, health checks and logins are shown', async () => {
  const page = await at('#/listeners');
  const { listeners } = await look('/overview');
  for (const { port } of listeners) await page.waitForSelector(`td:text-is("${port}")`);
  await page.waitForSelector('tr:has-text("No alarm of memory") .badge.good');
  const { node } = await look('/overview');
  assert.equal(await connected('guest', 'wrong'), undefined);
  const attempts = await until(`/auth/attempts/${node}`, (all) => all.some(isRefused));
  const { auth_attempts_failed: refused } = attempts.find(isRefused);
  const row = 'section:has-text("Logins") tr:has-text("AMQP 0-9-1")';
  await page.waitForSelector(`${row} td:last-child:text-is("${refused}")`);
  await done(page);
});

test('a check that fails says why', async () => {
  const page = await at('#/listeners');
  await page.route('**/health/checks/alarms', (route) =>
    route.fulfill({ status: 503, json: { status: 'failed', reason: 'There are alarms' } }),
  );
  await page.waitForSelector('tr:has-text("There are alarms") .badge.bad');
  await done(page);
});

test('users see what is theirs, and are told in words what is not', async () => {
  const all = { configure: '.*', write: '.*', read: '.*' };
  for (const name of ['management', 'monitoring', 'policymaker']) {
    await put(`/users/${name}`, { password: name, tags: [name] });
    await put(`/permissions/%2F/${name}`, all);
  }
  await put('/vhosts/elsewhere', {});
  await put('/policies/%2F/theirs', { pattern: '^none$', definition: { expires: 60000 } });
  for (const user of ['management', 'monitoring', 'policymaker']) {
    const page = await at('#/admin', { user });
    const refused = [];
    page.on('response', (answer) => answer.status() === 401 && refused.push(answer.url()));
    await page.waitForSelector(`li:has-text("are for administrators")`);
    for (const place of ['users', 'users/guest', 'definitions', 'settings']) {
      await page.goto(`${API}/#/${place}`);
      await page.waitForSelector('.notice:has-text("Only users with the tag administrator")');
      assert.equal(await page.$('.headline button'), null);
    }
    await page.goto(`${API}/#/vhosts`);
    await page.waitForSelector('td.c-name');
    assert.equal(await page.$('.headline button'), null);
    const names = await page.$$eval('td.c-name a', (links) =>
      links.map((one) => one.textContent),
    );
    assert.equal(names.includes('elsewhere'), user === 'monitoring');
    await page.goto(`${API}/#/vhosts/%2F`);
    await page.waitForSelector('.notice:has-text("shown to administrators")');
    await page.goto(`${API}/#/permissions`);
    await page.waitForSelector('.notice:has-text("try what you may do yourself")');
    await page.goto(`${API}/#/listeners`);
    if (user !== 'monitoring') await page.waitForSelector('.notice:has-text("tag monitoring")');
    await page.goto(`${API}/#/policies`);
    await page.waitForSelector('td:has-text("theirs")');
    const mayAdd = (await page.$('a.button:has-text("New policy")')) !== null;
    assert.equal(mayAdd, user === 'policymaker');
    await page.goto(`${API}/#/operator-policies/%2F/any`);
    await page.waitForSelector('.notice:has-text("Only users with the tag administrator")');
    // Nothing was asked for in vain.
    assert.deepEqual(refused, []);
    await done(page);
    await gone(`/users/${user}`);
  }
  await gone('/vhosts/elsewhere', '/policies/%2F/theirs');
});

test('settings in force are shown, and those that are not the default', async () => {
  const all = await look('/leveret/settings');
  const page = await at('#/settings');
  await page.waitForSelector(`small:has-text("${all.length} of ${all.length}")`);
  await page.click('button:has-text("not the default")');
  const changed = all.filter((one) => one.changed);
  await page.waitForSelector(`small:has-text("${changed.length} of ${all.length}")`);
  assert.match(page.url(), /set=1/);
  for (const { key } of changed) await page.waitForSelector(`td.c-name:has-text("${key}")`);
  await done(page);
});

test('a place that is not there says so', async () => {
  const page = await at('#/vhosts/nowhere-at-all');
  await page.waitForSelector('h1:has-text("There is nothing here")');
  await page.goto(`${API}/#/users/nobody-at-all`);
  await page.waitForSelector('h1:has-text("There is nothing here")');
  await done(page);
});

/** Realistic things to look at. */
async function furnished() {
  const all = { configure: '.*', write: '.*', read: '.*' };
  const shop = { description: 'Incoming orders of the shop', tags: 'production,eu' };
  await put('/vhosts/orders', { ...shop, default_queue_type: 'quorum' });
  await call('POST', '/vhosts/orders/deletion/protection');
  await put('/vhosts/staging', { description: 'Try things here', tracing: true });
  await put('/users/alice', { password: 'alice', tags: ['administrator'] });
  await put('/users/shop', { password: 'shop', tags: [] });
  await put('/users/grafana', { password: 'grafana', tags: ['monitoring'] });
  await put('/users/old-robot', { password: 'old', tags: ['management', 'ci'] });
  await put('/permissions/%2F/alice', all);
  const narrow = { configure: '^orders\\.', write: '^orders', read: '^(orders|emails)' };
  await put('/permissions/orders/shop', narrow);
  const topic = { exchange: 'amq.topic', write: '^order\\.', read: '.*' };
  await put('/topic-permissions/orders/shop', topic);
  for (const name of ['orders.new', 'orders.paid', 'emails']) {
    await put(`/queues/orders/${name}`, { durable: true });
  }
  await put('/vhost-limits/orders/max-queues', { value: 3 });
  await put('/user-limits/shop/max-connections', { value: 10 });
  const definition = {
    'message-ttl': 3_600_000,
    'max-length': 10_000,
    overflow: 'reject-publish',
  };
  const short = { pattern: '^orders\\.', definition, 'apply-to': 'queues', priority: 5 };
  await put('/policies/orders/short-lived', short);
  await put('/policies/%2F/forgotten', {
    pattern: '^legacy-',
    definition: { expires: 86_400_000 },
  });
  const bounds = { pattern: '.*', definition: { 'max-length-bytes': 1_000_000_000 } };
  await put('/operator-policies/orders/bounds', bounds);
}

const VIEWS = {
  admin: ['#/admin', '.tiles .look'],
  'admin-vhosts': ['#/vhosts', 'td.c-name'],
  'admin-vhost': ['#/vhosts/orders', '.meter.bad'],
  'admin-users': ['#/users', 'td.c-tags'],
  'admin-user': ['#/users/shop', '.plain'],
  'admin-permissions': ['#/permissions?user=shop&vhost=orders&name=payments', '.rules li'],
  'admin-policies': ['#/policies', '.pairs'],
  'admin-policy': ['#/policies/orders/short-lived', '.matches li'],
  'admin-limits': ['#/limits', '.meter.bad'],
  'admin-definitions': ['#/definitions', '#up-file'],
  'admin-features': ['#/feature-flags', '.flags'],
  'admin-listeners': ['#/listeners', '.badge.good'],
  'admin-settings': ['#/settings', 'td.c-name'],
};

for (const [name, [place, ready]] of Object.entries(VIEWS)) {
  test(`${name} in both themes and three widths`, async () => {
    await furnished();
    await everywhere(name, place, ready);
  });
}

test('what was furnished goes again', async () => {
  await call('DELETE', '/vhosts/orders/deletion/protection');
  await gone('/vhosts/orders', '/vhosts/staging', '/policies/%2F/forgotten');
  await gone('/users/alice', '/users/shop', '/users/grafana', '/users/old-robot');
  assert.equal(await look('/vhosts/orders'), undefined);
});
