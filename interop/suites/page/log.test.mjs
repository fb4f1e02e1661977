// The log and who changed what: see views/log.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API, PICTURES, at, done, everywhere, many, until } from './browser.mjs';

const headers = { authorization: `Basic ${btoa('guest:guest')}` };

/** A name that no run before this one has left in the log. */
const fresh = (name) => `${name}-${Date.now()}`;

/** Asks the API for a change, which the log tells. */
async function change(method, path) {
  const answer = await fetch(`${API}/api${path}`, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: method === 'PUT' ? '{"durable":true}' : undefined,
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
}

const rows = (page) => page.$$eval('lv-log li', (all) => all.map((one) => one.textContent));

test('changes are told as they happen, with who made them', async () => {
  const name = fresh('log-a');
  const page = await at('#/log?filter=is%3Achange');
  await change('PUT', `/queues/%2F/${name}`);
  const line = page.locator('lv-log li', { hasText: `name="${name}"` }).last();
  await line.waitFor();
  assert.match(await line.textContent(), /queue\.created.*by guest from \S+ in \//);
  assert.ok((await rows(page)).every((text) => text.includes('change')));
  await page.fill('[data-filter]', `what:queue.deleted by:guest ${name}`);
  await many(page, 'lv-log li', 0);
  await change('DELETE', `/queues/%2F/${name}`);
  await page.waitForSelector('lv-log li:has-text("queue.deleted")');
  await page.screenshot({ path: `${PICTURES}/log-changes.png` });
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('lv-log li:has-text("queue.deleted")');
  assert.equal(await page.inputValue('[data-filter]'), `what:queue.deleted by:guest ${name}`);
  await done(page);
});

test('it stands still when it is paused or scrolled, and goes on', async () => {
  const name = fresh('log-b');
  const page = await at('#/log');
  await page.waitForSelector('lv-log li');
  await page.click('lv-log button:has-text("Pause")');
  await change('PUT', `/queues/%2F/${name}`);
  await page.waitForSelector('lv-log button:has-text("new lines")');
  assert.ok(!(await rows(page)).some((text) => text.includes(name)));
  await page.click('lv-log button:has-text("Go on")');
  await page.waitForSelector(`lv-log li:has-text("${name}")`);
  await page.focus('.lines');
  await page.keyboard.press('Home');
  await page.waitForSelector('lv-log button:has-text("Go on")');
  await change('DELETE', `/queues/%2F/${name}`);
  await page.waitForSelector('lv-log button:has-text("new lines")');
  await until(page, () => document.querySelector('.lines').scrollTop === 0);
  await page.click('lv-log button:has-text("Go on")');
  await page.waitForSelector(`lv-log li:has-text("queue.deleted"):has-text("${name}")`);
  await done(page);
});

test('a level shows it and those above, and a pattern what it matches', async () => {
  const page = await at('#/log');
  await page.waitForSelector('lv-log li:has-text("web-shop")');
  await page.fill('[data-filter]', '/authenticated .* vhost/');
  await until(page, () => {
    const all = [...document.querySelectorAll('lv-log li')];
    return all.length > 0 && all.every((one) => /authenticated .* vhost/.test(one.textContent));
  });
  await page.click('lv-log li a');
  await page.waitForSelector('h1');
  await page.goBack();
  await page.fill('[data-filter]', '');
  await page.click('button:has-text("Errors")');
  assert.match(page.url(), /level=error/);
  await many(page, 'lv-log li:not(.error)', 0);
  await done(page);
});

test('a stream that breaks goes on behind the last line, and none is told twice', async () => {
  const name = fresh('log-c');
  const page = await at(`#/log?filter=${name}`);
  await page.waitForSelector('lv-log .empty');
  await change('PUT', `/queues/%2F/${name}`);
  await page.waitForSelector('lv-log li:has-text("queue.created")');
  const behind = page.waitForRequest((one) => /log.stream.*behind=\d/.test(one.url()));
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await behind;
  await change('DELETE', `/queues/%2F/${name}`);
  await page.waitForSelector('lv-log li:has-text("queue.deleted")');
  assert.equal((await rows(page)).length, 2);
  // Where the server has no stream left, it is asked.
  const refused = { status: 503, json: { error: 'unavailable', reason: 'too many follow' } };
  await page.route('**/log/stream?*', (route) => route.fulfill(refused));
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await change('PUT', `/queues/%2F/${name}`);
  await many(page, 'lv-log li', 3);
  await change('DELETE', `/queues/%2F/${name}`);
  await done(page);
});

test('the log in both themes and three widths', () => everywhere('log', '#/log', 'lv-log li'));
