// Policies: a form that knows the keys, a preview of what would match, and what is in force then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API, PICTURES, at, done, violations } from './browser.mjs';
import { call, gone, look, put, until } from './rest.mjs';

const NEW = '#/new-policy';
const match = (page, words) => page.waitForSelector(`.matches li:has-text("${words}")`);
const undo = (page) => page.click('#notes p:last-child button:has-text("Undo")');

async function fields(page, all) {
  for (const [name, value] of Object.entries(all)) await page.fill(`#policy-${name}`, value);
}

async function add(page, key, value) {
  await page.selectOption('#policy-add', key);
  await page.waitForSelector(`#key-${key}`);
  if (value !== undefined) await page.fill(`#key-${key}`, value);
}

test('a policy is previewed, set, changed, deleted and brought back', async () => {
  await gone('/policies/%2F/tried', '/queues/%2F/tried.a', '/queues/%2F/tried.b');
  await put('/queues/%2F/tried.a', { durable: true });
  await put('/queues/%2F/tried.b', { durable: true });
  await put('/queues/%2F/untried', { durable: true });
  const message = {
    routing_key: 'tried.a',
    properties: {},
    payload: 'x',
    payload_encoding: 'string',
  };
  for (let many = 0; many < 3; many++) {
    await call('POST', '/exchanges/%2F/amq.default/publish', message);
  }
  const page = await at('#/policies');
  await page.click('a.button:has-text("New policy")');
  await page.waitForSelector('.preview:has-text("Add a setting")');
  await fields(page, { name: 'tried', pattern: '^tried\\.', priority: '3' });
  await add(page, 'max-length', 'many');
  await page.waitForSelector('.key .trouble:has-text("must be a whole number")');
  await page.click('.editor .primary');
  await page.waitForSelector('dialog:has-text("Not complete yet")');
  await page.keyboard.press('Escape');
  await page.fill('#key-max-length', '2');
  await page.waitForSelector('.preview b:has-text("2 matches, 2 would change")');
  await match(page, 'tried.a');
  await match(page, 'max-length not set → 2');
  await match(page, '1 of its 3 messages are more than it may have then');
  assert.equal(await look('/policies/%2F/tried'), undefined, 'a preview sets nothing');
  await page.waitForSelector('.notice:has-text("passes over every stream")');
  await add(page, 'message-ttl', '90000');
  await page.waitForSelector('.key:has-text("= 1 min 30 s")');
  await violations(page);
  await page.screenshot({ path: `${PICTURES}/admin-new-policy.png`, fullPage: true });

  // A draft is in the link: another operator sees the same.
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('#key-message-ttl');
  assert.equal(await page.inputValue('#policy-pattern'), '^tried\\.');
  await page.click('.editor .primary');
  await page.waitForSelector('h1:has-text("Policies")');
  assert.deepEqual(await look('/policies/%2F/tried'), {
    vhost: '/',
    name: 'tried',
    pattern: '^tried\\.',
    'apply-to': 'queues',
    priority: 3,
    definition: { 'max-length': 2, 'message-ttl': 90_000 },
  });
  await until('/queues/%2F/tried.a', (queue) => queue.policy === 'tried' && queue.messages === 2);
  await page.waitForSelector('tr:has-text("tried") td:nth-child(7):text-is("2")');

  await page.click('td a:text-is("tried")');
  await page.click('.key:has-text("message-ttl") button');
  await fields(page, { pattern: '^untried' });
  await match(page, 'untried');
  await match(page, 'loses it');
  await page.click('button:has-text("As it is in force")');
  await page.waitForSelector('#key-message-ttl');
  await page.fill('#key-max-length', '50');
  await page.click('.editor .primary');
  await page.waitForSelector('h1:has-text("Policies")');
  const { definition } = await look('/policies/%2F/tried');
  assert.deepEqual(definition, { 'max-length': 50, 'message-ttl': 90_000 });
  await undo(page);
  await until('/policies/%2F/tried', (policy) => policy.definition['max-length'] === 2);

  await page.click('button[aria-label="Delete: tried"]');
  await until('/policies/%2F/tried', (policy) => policy === undefined);
  await undo(page);
  await until('/policies/%2F/tried', (policy) => policy?.priority === 3);
  await gone('/policies/%2F/tried', '/queues/%2F/tried.a', '/queues/%2F/tried.b');
  await gone('/queues/%2F/untried');
  await done(page);
});

test('an operator policy bounds a policy, and has fewer keys', async () => {
  await gone('/operator-policies/%2F/bound');
  await put('/queues/%2F/bounded', { durable: true });
  await put('/policies/%2F/long', { pattern: '^bounded', definition: { 'max-length': 100 } });
  const page = await at(`${NEW}?operator=1`);
  await page.waitForSelector('h1:has-text("New operator policy")');
  await page.waitForSelector('#policy-add');
  assert.equal(await page.$('#policy-add option[value="dead-letter-exchange"]'), null);
  await fields(page, { name: 'bound', pattern: '^bounded' });
  await add(page, 'max-length', '10');
  await match(page, 'max-length 100 → 10');
  await page.click('.editor .primary');
  await page.waitForSelector('h1:has-text("Policies")');
  await until('/queues/%2F/bounded', (queue) => queue.operator_policy === 'bound');
  await page.goto(`${API}/#/operator-policies/%2F/bound`);
  await page.click('.headline .danger');
  await page.waitForSelector('h1:has-text("Policies")');
  assert.equal(await look('/operator-policies/%2F/bound'), undefined);
  await gone('/policies/%2F/long', '/queues/%2F/bounded');
  await done(page);
});

test('what the broker refuses of a policy is told in its words', async () => {
  const page = await at(NEW);
  await fields(page, { name: 'wrong', pattern: '(' });
  await add(page, 'expires', '60000');
  await page.waitForSelector('.preview .trouble');
  await page.click('.editor .primary');
  await page.waitForSelector('dialog:has-text("The broker refuses this policy")');
  await page.waitForSelector('dialog:has-text("Validation failed")');
  assert.equal(await look('/policies/%2F/wrong'), undefined);
  await page.keyboard.press('Escape');
  await done(page);
});

test('a draft that is no draft is none', async () => {
  for (const draft of ['{', 'null', '7', '"text"', '{"definition":7,"priority":{}}']) {
    const page = await at(`${NEW}?draft=${encodeURIComponent(draft)}`);
    await page.waitForSelector('#policy-pattern');
    await done(page);
  }
});

test('the tester says what the broker would say to a client', async () => {
  await put('/users/tess', { password: 'tess', tags: [] });
  await put('/permissions/%2F/tess', { configure: '', write: '^tested', read: '.*' });
  await put('/exchanges/%2F/tested.x', { type: 'topic', durable: true });
  await put('/topic-permissions/%2F/tess', { exchange: 'tested.x', write: '^good', read: '.*' });
  const page = await at('#/permissions');
  const said = (words) => page.waitForSelector(`.tester lv-lookup:has-text("${words}")`);
  await page.waitForSelector('.verdict.good');
  await page.selectOption('#tester-user', 'tess');
  await page.fill('#tester-name', 'tested.x');
  await page.fill('#tester-key', 'good.day');
  await page.waitForSelector('.verdict.good');
  await page.fill('#tester-key', 'bad.day');
  await page.waitForSelector('.verdict.bad');
  await said("ACCESS_REFUSED - write access to topic 'bad.day' in exchange 'tested.x'");
  await page.waitForSelector('.rules li.bad:has-text("Topic permission")');
  await page.fill('#tester-name', 'elsewhere');
  await said("write access to exchange 'elsewhere' in vhost '/' refused for user 'tess'");
  await page.selectOption('#tester-deed', 'declare-queue');
  await said("configure access to queue 'elsewhere'");
  assert.ok(await page.isDisabled('#tester-key'));
  await page.selectOption('#tester-deed', 'consume');
  await page.waitForSelector('.verdict.good');
  await violations(page);

  // The question is in the link.
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('.verdict.good');
  assert.equal(await page.inputValue('#tester-name'), 'elsewhere');
  // It follows what is changed meanwhile.
  await put('/permissions/%2F/tess', { configure: '', write: '^tested', read: '^$' });
  await page.waitForSelector('.verdict.bad');
  await gone('/users/tess', '/exchanges/%2F/tested.x');
  await done(page);
});

test('users without a tag for others try what they may do themselves', async () => {
  await put('/users/selfish', { password: 'selfish', tags: ['management'] });
  await put('/permissions/%2F/selfish', { configure: '', write: '^mine', read: '' });
  const page = await at('#/permissions?name=mine', { user: 'selfish' });
  await page.waitForSelector('.verdict.good');
  await page.fill('#tester-name', 'yours');
  await page.waitForSelector('.verdict.bad');
  const offered = await page.$$eval('#tester-user option', (all) => all.map((one) => one.value));
  assert.deepEqual(offered, ['selfish']);
  await gone('/users/selfish');
  await done(page);
});
