// Definitions: down as a file, up with a look at what would change, and what an import does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { API, PICTURES, at, done, inert, violations } from './browser.mjs';
import { call, connected, gone, look, put } from './rest.mjs';
import { MARKUP } from './shop.mjs';

const upload = (page, document, name = 'definitions.json') =>
  page.setInputFiles('#up-file', {
    name,
    mimeType: 'application/json',
    buffer: Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
  });

async function download(page) {
  const waiting = page.waitForEvent('download');
  await page.click('a.button:has-text("Download")');
  const file = await waiting;
  return [file.suggestedFilename(), JSON.parse(readFileSync(await file.path(), 'utf8'))];
}

test('definitions come down as a file, whole or of one virtual host', async () => {
  await put('/vhosts/packed', {});
  await put('/queues/packed/box', { durable: true });
  const page = await at('#/definitions');
  const [name, whole] = await download(page);
  assert.equal(name, 'definitions.json');
  assert.ok(whole.users.some((user) => user.name === 'guest' && user.password_hash));
  assert.ok(whole.queues.some(({ name: queue, vhost }) => queue === 'box' && vhost === 'packed'));
  await page.selectOption('#down-vhost', 'packed');
  await page.waitForSelector('p:has-text("Without users and permissions")');
  assert.match(page.url(), /vhost=packed/);
  const [other, one] = await download(page);
  assert.equal(other, 'definitions-packed.json');
  assert.equal(one.users, undefined);
  assert.deepEqual(
    one.queues.map((queue) => queue.name),
    ['box'],
  );
  await gone('/vhosts/packed');
  await done(page);
});

test('what comes down changes nothing when it goes up', async () => {
  await put('/vhosts/packed', { description: 'A box', tags: 'a,b' });
  await put('/policies/packed/short', { pattern: '.*', definition: { 'max-length': 5 } });
  await put('/vhost-limits/packed/max-queues', { value: 9 });
  const { said: whole } = await call('GET', '/definitions');
  const page = await at('#/definitions');
  await upload(page, whole);
  await page.waitForSelector('.changes [role=status]:has-text("Nothing would change")');
  assert.equal(await page.isDisabled('.changes button:has-text("Import")'), true);
  const said = await page.$$eval('.changes summary .badge', (all) =>
    all.map((one) => one.textContent),
  );
  assert.ok(said.length > 0 && said.every((words) => words.endsWith('unchanged')), `${said}`);
  await gone('/vhosts/packed');
  await done(page);
});

test('an import is shown first, and does what was shown', async () => {
  await gone('/vhosts/packed', '/users/courier');
  await put('/vhosts/packed', { description: 'A box', tags: 'a' });
  await put('/queues/packed/there', { durable: true, arguments: { 'x-max-length': 5 } });
  await put('/queues/packed/other', { durable: true });
  await put('/policies/packed/short', {
    pattern: '^a',
    definition: { 'max-length': 5, expires: 9000 },
  });
  const queue = (name, more) => ({
    vhost: 'packed',
    name,
    durable: true,
    arguments: {},
    ...more,
  });
  const document = {
    users: [{ name: 'courier', password: 'secret', tags: ['management', MARKUP] }],
    vhosts: [{ name: 'packed', metadata: { description: 'Another box', tags: ['a'] } }],
    permissions: [{ user: 'courier', vhost: 'packed', configure: '', write: '.*', read: MARKUP }],
    policies: [
      {
        vhost: 'packed',
        name: 'short',
        pattern: '^a',
        'apply-to': 'all',
        definition: { 'max-length': 7 },
        priority: 0,
      },
    ],
    queues: [queue('there', { arguments: { 'x-max-length': 6 } }), queue(MARKUP)],
    exchanges: [{ vhost: 'packed', name: 'amq.direct', type: 'fanout' }],
    bindings: [
      {
        vhost: 'packed',
        source: 'amq.topic',
        destination: 'there',
        destination_type: 'queue',
        routing_key: 'a.#',
        arguments: {},
      },
    ],
  };
  const page = await at('#/definitions');
  await upload(page, document);
  await page.waitForSelector(
    '.changes [role=status]:has-text("4 would be new, 2 would change.")',
  );
  await page.waitForSelector('.changes:has-text("An import deletes nothing")');
  const item = (words) => page.waitForSelector(`.changes .matches > li:has-text("${words}")`);
  await item('A box → Another box');
  await item('definition.max-length 5 → 7');
  await item('definition.expires 9000 → not set');
  await item('stays as it is there');
  await item('amq.topic → there (a.#)');
  // The password is nowhere, and names are texts.
  assert.ok(!(await page.textContent('.changes')).includes('secret'));
  await inert(page);
  await violations(page);
  await page.screenshot({ path: `${PICTURES}/admin-import.png`, fullPage: true });
  assert.equal(await look('/users/courier'), undefined);

  await page.click('.changes button:has-text("Import 6")');
  await page.waitForSelector('#notes p:has-text("Imported")');
  // A password in the document is set again each time; the rest is as the document says.
  await page.waitForSelector('.changes [role=status]:has-text("0 would be new, 1 would change")');
  assert.equal((await look('/vhosts/packed')).description, 'Another box');
  assert.deepEqual((await look('/policies/packed/short')).definition, { 'max-length': 7 });
  assert.equal((await look('/queues/packed/there')).arguments['x-max-length'], 5);
  assert.ok(await look('/queues/packed/other'), 'nothing is deleted');
  const client = await connected('courier', 'secret', 'packed');
  assert.ok(client);
  await client.close();
  await gone('/vhosts/packed', '/users/courier');
  await done(page);
});

test('a document of one virtual host goes into another', async () => {
  await put('/vhosts/from', {});
  await put('/vhosts/into', {});
  await put('/queues/from/letters', { durable: true });
  const { said } = await call('GET', '/definitions/from');
  const page = await at('#/definitions');
  await upload(page, said, `${MARKUP}.json`);
  await page.waitForSelector('.changes [role=status]:has-text("Nothing would change")');
  await inert(page);
  await page.selectOption('#up-vhost', 'into');
  await page.waitForSelector('.changes [role=status]:has-text("1 would be new, 0 would change")');
  await page.click('.changes button:has-text("Import 1")');
  await page.waitForSelector('.changes [role=status]:has-text("Nothing would change")');
  assert.ok(await look('/queues/into/letters'));
  await gone('/vhosts/from', '/vhosts/into');
  await done(page);
});

test('what is no document of definitions, or is refused, is told in words', async () => {
  const page = await at('#/definitions');
  const told = (words) => page.waitForSelector(`lv-importer [role=alert]:has-text("${words}")`);
  await upload(page, 'no JSON');
  await told('This is not JSON');
  await upload(page, [1]);
  await told('must be an object');
  await upload(page, { rabbit_version: '4' });
  await told('no definitions in it');
  await page.click('summary:has-text("Or paste a document")');
  const lost = { users: [], queues: [{ name: 'q', vhost: 'never-there', durable: true }] };
  await page.fill('#up-text', JSON.stringify(lost));
  await page.click('button:has-text("Compare")');
  await page.click('.changes button:has-text("Import 1")');
  await told('The broker refused it');
  await told('never-there');
  await violations(page);
  await page.click('button:has-text("Another file")');
  await page.waitForSelector('#up-file');
  assert.ok(page.url().startsWith(API));
  await done(page);
});
