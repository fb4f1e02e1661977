// The topology as a graph and as a list, and the way of a message through it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MARKUP } from './shop.mjs';
import { API, PICTURES, at, done, everywhere, harmless, until, violations } from './browser.mjs';

const LOGIN = {
  authorization: `Basic ${btoa('guest:guest')}`,
  'content-type': 'application/json',
};

async function ask(method, path, body) {
  const wish = { method, headers: LOGIN, body: body && JSON.stringify(body) };
  const answer = await fetch(`${API}/api${path}`, wish);
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.text()}`);
}

const queue = (name, given = {}) => ({
  name,
  durable: true,
  auto_delete: false,
  arguments: given,
});
const exchange = (name, type = 'topic', given = {}) => ({
  ...{ name, type, durable: true, auto_delete: false, internal: false },
  arguments: given,
});
const bind = (source, destination, key, type = 'queue') => ({
  ...{ source, destination, destination_type: type, routing_key: key, arguments: {} },
});

/** Three nodes: an exchange and two queues. */
const SMALL = {
  exchanges: [exchange('orders')],
  queues: [queue('billing'), queue('shipping')],
  bindings: [bind('orders', 'billing', 'order.paid'), bind('orders', 'shipping', 'order.*')],
};

/** 30 nodes: an exchange for events, others behind it, retries, dead letters, an alternate. */
function middle() {
  const said = { exchanges: [], queues: [], bindings: [] };
  said.exchanges.push(exchange('events', 'topic', { 'alternate-exchange': 'lost' }));
  said.exchanges.push(exchange('lost', 'fanout'), exchange('dead', 'direct'));
  said.queues.push(queue('lost'), queue('dead.letters'));
  said.bindings.push(bind('lost', 'lost', ''), bind('dead', 'dead.letters', 'dead'));
  for (const area of ['orders', 'mail', 'stock', 'users', 'search']) {
    said.exchanges.push(exchange(area, 'fanout'));
    said.bindings.push(bind('events', area, `${area}.#`, 'exchange'));
    const retry = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': `${area}.retry` };
    const back = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': `${area}.work` };
    said.queues.push(queue(`${area}.work`, retry));
    said.queues.push(queue(`${area}.retry`, { ...back, 'x-message-ttl': 5000 }));
    said.queues.push(queue(`${area}.audit`, { 'x-dead-letter-exchange': 'dead' }));
    said.bindings.push(bind(area, `${area}.work`, ''), bind(area, `${area}.audit`, ''));
  }
  return said;
}

/** 300 nodes: services with an exchange each, and one place for dead letters. */
function large() {
  const said = { exchanges: [exchange('dead', 'direct')], queues: [queue('dead')], bindings: [] };
  said.bindings.push(bind('dead', 'dead', 'dead'));
  const dead = { 'x-dead-letter-exchange': 'dead', 'x-dead-letter-routing-key': 'dead' };
  for (let service = 0; service < 38; service++) {
    const name = `service-${String(service).padStart(2, '0')}`;
    said.exchanges.push(exchange(name));
    for (const work of ['ingest', 'mail', 'index', 'audit', 'report', 'bill', 'archive']) {
      said.queues.push(queue(`${name}.${work}`, dead));
      said.bindings.push(bind(name, `${name}.${work}`, `${work}.#`));
    }
  }
  return said;
}

const SIZES = { 3: SMALL, 30: middle(), 300: large() };

before(async () => {
  for (const [size, said] of Object.entries(SIZES)) {
    await ask('PUT', `/vhosts/nodes-${size}`);
    await ask('POST', `/definitions/nodes-${size}`, said);
  }
});

after(async () => {
  for (const size of Object.keys(SIZES)) await ask('DELETE', `/vhosts/nodes-${size}`);
});

const name = (id) => `lv-graph a[data-id="${id}"]`;

test('the shop is drawn with what flows', async () => {
  const page = await at('#/routing');
  await page.waitForSelector(name('e:shop'));
  await page.waitForSelector(name('q:emails'));
  // A rate is on the line to a queue that gets something, and on that of dead letters.
  const rate = (kind) =>
    page.waitForSelector(`lv-graph text.way.${kind} .rate`, { state: 'attached' });
  await rate('binding');
  await rate('dead-letter');
  const said = await page.getAttribute(name('q:emails'), 'aria-label');
  assert.match(said, /^Queue emails: .* ready, .* held unacknowledged, 1 consumer$/);
  // What was made by nobody and leads nowhere is left out, unless it is asked for.
  assert.equal(await page.$(name('e:amq.topic')), null);
  await page.click('button:has-text("unused amq")');
  await page.waitForSelector(name('e:amq.topic'));
  await page.click('button:has-text("default exchange")');
  await page.waitForSelector(name('e:'));
  await done(page);
});

test('one is chosen, and only its neighbourhood is shown', async () => {
  const page = await at('#/routing');
  await page.click(name('q:emails'));
  await page.waitForSelector('aside .card:has-text("Comes from"):has-text("order.#")');
  await page.waitForSelector('aside .joined:has-text("shop.dead")');
  await page.click('aside button:has-text("1 step")');
  await until(page, () => document.querySelectorAll('lv-graph a').length === 3);
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await until(page, () => document.querySelectorAll('lv-graph a').length === 3);
  assert.equal(await page.getAttribute(name('q:emails'), 'aria-current'), 'true');
  await page.click('aside button:has-text("Clear")');
  await page.waitForSelector(name('q:orders.retry'));
  await done(page);
});

test('the graph is walked and zoomed by keys, and every node is reached', async () => {
  const page = await at('#/routing?vhost=nodes-30');
  await page.waitForSelector(name('e:events'));
  const many = await page.$$eval('lv-graph a', (all) => all.length);
  assert.ok(many >= 25, `${many}`);
  assert.equal(await page.$$eval('lv-graph a[tabindex="0"]', (all) => all.length), 1);
  await page.focus('lv-graph a[tabindex="0"]');
  const focused = () => page.evaluate(() => document.activeElement.dataset.id);
  const reached = new Set([await focused()]);
  const open = [await focused()];
  // From each node in all four directions.
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp']) {
      await page.evaluate(
        (id) =>
          [...document.querySelectorAll('lv-graph a')].find((a) => a.dataset.id === id).focus(),
        id,
      );
      await page.keyboard.press(key);
      const next = await focused();
      if (!reached.has(next)) (reached.add(next), open.push(next));
    }
  }
  assert.equal(reached.size, many);
  const zoom = () => page.textContent('lv-graph .zoom button:nth-child(2)');
  const before = await zoom();
  await page.keyboard.press('+');
  assert.notEqual(await zoom(), before);
  await page.keyboard.press('0');
  assert.equal(await zoom(), before);
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.waitForSelector('lv-graph .chosen');
  assert.match(page.url(), /focus=/);
  await done(page);
});

test('what is in the frame stays where it is when nothing but counts changes', async () => {
  const page = await at('#/routing');
  await page.waitForSelector('lv-graph text.way .rate', { state: 'attached' });
  const places = () =>
    page.$$eval('lv-graph .box', (all) => all.map((one) => one.getAttribute('transform')).join());
  const [before, box] = [await places(), await (await page.$('aside')).boundingBox()];
  const told = () => page.textContent('lv-graph svg');
  const first = await told();
  await until(
    page,
    (first) => document.querySelector('lv-graph svg').textContent !== first,
    first,
  );
  assert.equal(await places(), before);
  assert.deepEqual(await (await page.$('aside')).boundingBox(), box);
  await done(page);
});

test('the same is there as a list, filtered and ordered', async () => {
  const page = await at('#/routing');
  await page.click('.choice button:has-text("List")');
  await page.waitForSelector('td.c-to:has-text("emails.dead")');
  await page.fill('[data-filter]', 'orders');
  await until(page, () => !document.querySelector('lv-table').textContent.includes('emails'));
  await page.waitForSelector('tr:has-text("orders.retry"):has-text("dead letters")');
  await page.click('th.c-rate button');
  await page.waitForSelector('th.c-rate[aria-sort=descending]');
  assert.match(page.url(), /as=list/);
  await violations(page);
  await done(page);
});

for (const size of Object.keys(SIZES)) {
  test(`${size} nodes are legible`, async () => {
    for (const colorScheme of ['light', 'dark']) {
      const page = await at(`#/routing?vhost=nodes-${size}`, { colorScheme });
      await page.waitForSelector('lv-graph svg .box');
      await violations(page);
      const small = await page.$$eval('lv-graph .name', (all) =>
        Math.min(...all.map((one) => one.getBoundingClientRect().height)),
      );
      assert.ok(small >= 9, `${small} pixels`);
      await page.screenshot({ path: `${PICTURES}/routing-${size}-${colorScheme}.png` });
      await done(page);
    }
  });
}

test('300 nodes are drawn in a moment, and many more are asked to be filtered', async () => {
  const page = await at('#/routing?vhost=nodes-300');
  await page.waitForSelector('lv-graph svg .box');
  const took = await page.evaluate(async () => {
    const { layout } = await import('/page/data/layout.js');
    const boxes = [...document.querySelectorAll('lv-graph .box')].map((_, at) => ({
      ...{ id: `b${at}`, width: 180, height: 46 },
    }));
    const lines = boxes
      .slice(1)
      .map(({ id }, at) => ({ id: `l${at}`, from: `b${at >> 2}`, to: id }));
    const begun = performance.now();
    layout(boxes, lines);
    return performance.now() - begun;
  });
  console.log(`# layout in the browser: ${took.toFixed(0)} ms`);
  assert.ok(took < 500, `${took}`);
  await page.route('**/api/leveret/live*', (route) => route.fulfill({ status: 503, json: {} }));
  await page.route('**/api/queues/nodes-300?*', async (route) => {
    const [one] = await (await route.fetch()).json();
    const many = Array.from({ length: 3000 }, (_, at) => ({ ...one, name: `lone-${at}` }));
    await route.fulfill({ json: many });
  });
  await page.reload();
  await page.waitForSelector('text=too many for one drawing');
  await page.fill('[data-filter]', 'lone-29');
  await page.waitForSelector('lv-graph svg .box');
  await done(page);
});

test('the way of a message lights up, and is told in words', async () => {
  const page = await at('#/routing');
  await page.waitForSelector(name('q:emails'));
  await page.selectOption('#ask-exchange', 'shop');
  await page.fill('#ask-key', 'order.created');
  await page.fill('#ask-headers', 'none');
  await page.click('.ask button.primary');
  await page.waitForSelector('.fate:has-text("no JSON object")');
  await page.fill('#ask-headers', '{"customer": "<b>x</b>"}');
  await page.click('.ask button.primary');
  await page.waitForSelector('.fate h3:has-text("Published to shop with order.created")');
  await page.waitForSelector('.fate li:has-text("orders")');
  await page.waitForSelector(`${name('q:orders')}.lit`);
  await page.waitForSelector('lv-graph path.edge.lit', { state: 'attached' });
  assert.match(await page.getAttribute(name('q:emails'), 'class'), /lit/);
  assert.match(await page.getAttribute(name('q:invoices'), 'class'), /dim/);
  await violations(page);
  await page.screenshot({ path: `${PICTURES}/routing-way.png` });
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector(`${name('q:orders')}.lit`);
  assert.equal(await page.inputValue('#ask-key'), 'order.created');
  // Asked again, it is answered anew.
  const answered = page.waitForResponse((answer) => answer.url().includes('/explain/publish/'));
  await page.click('.ask button.primary');
  assert.equal((await answered).status(), 200);
  await page.fill('#ask-key', 'nothing.at.all');
  await page.selectOption('#ask-exchange', 'amq.direct');
  await page.click('.ask button.primary');
  await page.waitForSelector('.fate .warn');
  await page.click('.ask button:has-text("Clear")');
  await page.waitForSelector('.fate:empty', { state: 'attached' });
  await done(page);
});

test('on a phone it is a list, and the drawing can be asked for', async () => {
  const page = await at('#/routing', { width: 390 });
  await page.waitForSelector('lv-table td.c-to');
  await page.click('.choice button:has-text("Graph")');
  await page.waitForSelector('lv-graph svg .box');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${wide} too wide`);
  await violations(page);
  await done(page);
});

test('what a client names never becomes markup in the topology', async () => {
  await harmless('#/routing?as=list&filter=onerror');
  const page = await at('#/routing?filter=onerror');
  await page.waitForSelector('lv-graph svg .box');
  const said = await page.$$eval('lv-graph a', (all) => all.map((one) => one.ariaLabel).join());
  assert.ok(said.includes(MARKUP));
  assert.equal(await page.evaluate(() => window.alive), undefined);
  assert.equal(await page.$('lv-graph img, lv-graph b'), null);
  await done(page);
});

test('the topology in both themes and three widths', () =>
  everywhere('routing', '#/routing', 'lv-graph svg .box, lv-table td'));
