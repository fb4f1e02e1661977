// A message copied as a command: what runs here without a further client is run, the rest is read.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { AMQP, API, at, done, queueOf, violations } from './browser.mjs';

const run = promisify(execFile);

// What would end a text, begin a value within one, or name a variable in some language.
const HARD = 'a\'b"c`d\\e$HOME${x}#{y}%d\nline 2\ttab é 日本 🐇 \u0007';

const PROPERTIES = {
  contentType: 'text/plain',
  correlationId: HARD.replaceAll('\n', ' '),
  messageId: 'm-1',
  priority: 4,
  expiration: '3600000',
  timestamp: 1_700_000_000,
  type: 'a.type',
  appId: 'shop',
  deliveryMode: 2,
  headers: {
    text: HARD,
    whole: 12,
    part: 1.5,
    truth: true,
    list: [1, 'two', false],
    table: { inner: { deep: HARD } },
  },
};

/** The command in a language, of the first message of a queue. */
async function commandOf(queue, language) {
  const page = await at(`#/queues/%2F/${queue}`);
  await page.click('.messages li a');
  await page.click('.actions button:text-is("Copy as")');
  await page.selectOption('#language', language);
  const text = await page.textContent('lv-command pre');
  return { page, text };
}

/** The second message of a queue is as the first one. */
async function isSame(channel, queue) {
  const first = await channel.get(queue, { noAck: true });
  const second = await channel.get(queue, { noAck: true });
  assert.ok(second, 'it was published');
  assert.deepEqual(second.content, first.content);
  assert.deepEqual(second.properties, first.properties);
  assert.equal(second.fields.routingKey, first.fields.routingKey);
}

for (const [what, body] of [
  ['a text', Buffer.from(HARD)],
  ['octets', Buffer.from([0, 255, 10, 34, 39, 92])],
]) {
  test(`${what} is published again by the command for curl`, async (t) => {
    const channel = await queueOf(t, 'by-curl', [{ body, ...PROPERTIES }]);
    const { page, text } = await commandOf('by-curl', 'curl');
    await run('sh', ['-c', text]);
    await isSame(channel, 'by-curl');
    await done(page);
  });

  test(`${what} is published again by the program in JavaScript`, async (t) => {
    const channel = await queueOf(t, 'by-script', [{ body, ...PROPERTIES }]);
    const { page, text } = await commandOf('by-script', 'node');
    const folder = await mkdtemp(new URL('copied-', import.meta.url).pathname);
    t.after(() => rm(folder, { recursive: true }));
    // The broker may be behind another port than it says.
    await writeFile(`${folder}/publish.mjs`, text.replace(/amqp:\/\/[^'"\s]*/, AMQP));
    await run(process.execPath, [`${folder}/publish.mjs`]);
    await isSame(channel, 'by-script');
    await done(page);
  });
}

test('there are ten languages, and the one that was taken is kept', async (t) => {
  await queueOf(t, 'languages', [{ body: HARD, ...PROPERTIES }]);
  const { page } = await commandOf('languages', 'rust');
  await violations(page);
  const all = await page.$$eval('#language option', (options) => options.map((o) => o.value));
  assert.equal(all.length, 10);
  for (const language of all) {
    await page.selectOption('#language', language);
    const text = await page.textContent('lv-command pre');
    assert.match(text, /languages/, language);
    assert.match(text, /a\.type/, language);
  }
  await page.selectOption('#language', 'go');
  await page.reload();
  await page.click('.actions button:text-is("Copy as")');
  assert.match(await page.textContent('lv-command pre'), /^\/\/ go get/);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: API });
  await page.click('lv-command .primary');
  await page.waitForSelector('#notes:has-text("Copied.")');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^\/\/ go get/);
  await done(page);
});
