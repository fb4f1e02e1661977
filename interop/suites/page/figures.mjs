// What the page costs: run by hand on a quiet machine, where the tests of the page are prepared.
//
//   API, AMQP, CHROMIUM: as in browser.mjs. PID: the broker's process.
//   MINUTES: how long the overview stays open in the end [default: 1].
//
// Prints a table in Markdown: first contentful paint, octets and requests of the first load, and
// with 10, 1,000 and 10,000 queues what an open overview and list of queues take of a core, in the
// broker beyond what it takes without a page, and in the page; the page's heap.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import amqp from 'amqplib';
import { chromium } from 'playwright-core';
import { open } from './shop.mjs';

const API = process.env.API ?? 'http://localhost:15672';
const AMQP = process.env.AMQP ?? 'amqp://guest:guest@localhost:5672';
const MINUTES = Number(process.env.MINUTES ?? 1);
const SPAN_MS = 15_000;
const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));

/** Milliseconds of processor time that the broker has had. */
function brokerMs() {
  const stat = readFileSync(`/proc/${process.env.PID}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** Broker and page in milliseconds a second while `page` is open. */
async function costs(page) {
  const client = page && (await page.context().newCDPSession(page));
  await client?.send('Performance.enable');
  const taskMs = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    const of = (wanted) => metrics.find(({ name }) => name === wanted).value;
    return { task: of('TaskDuration') * 1000, heap: of('JSHeapUsedSize') };
  };
  const [broker, before] = [brokerMs(), client && (await taskMs())];
  await wait(SPAN_MS);
  const seconds = SPAN_MS / 1000;
  const after = client && (await taskMs());
  return {
    broker: (brokerMs() - broker) / seconds,
    page: client && (after.task - before.task) / seconds,
    heap: after?.heap,
  };
}

async function logIn(browser) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const sizes = [];
  page.on('requestfinished', (request) => sizes.push(request.sizes()));
  await page.goto(API);
  await page.waitForSelector('#password');
  const all = await Promise.all(sizes);
  const octets = all.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  const [paint] = await page.evaluate(() =>
    performance.getEntriesByName('first-contentful-paint').map(({ startTime }) => startTime),
  );
  await page.fill('#username', 'guest');
  await page.fill('#password', 'guest');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.view h1');
  return { page, paint, octets, requests: all.length };
}

const shop = await open(AMQP);
const connection = await amqp.connect(AMQP);
const channel = await connection.createChannel();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const mb = (octets) => `${(octets / 1e6).toFixed(1)} MB`;
console.log('| queues | view | broker, ms/s beyond none | page, ms/s | heap | rows after, ms |');
console.log('|---|---|---|---|---|---|');
let last;
for (const [from, to] of [[0, 10], [10, 1000], [1000, 10_000]]) {
  for (let at = from; at < to; at++) await channel.assertQueue(`figures.${at}`);
  const alone = await costs();
  last = await logIn(browser);
  for (const view of ['', 'queues']) {
    const began = Date.now();
    await last.page.goto(`${API}/#/${view}`);
    await last.page.waitForSelector(view === '' ? '.view.overview h1' : '.view.queues tbody tr');
    const rows = Date.now() - began;
    const { broker, page, heap } = await costs(last.page);
    const beyond = (broker - alone.broker).toFixed(1);
    console.log(
      `| ${to} | ${view || 'overview'} | ${beyond} | ${page.toFixed(1)} | ${mb(heap)} | ${rows} |`,
    );
  }
  if (to < 10_000) await last.page.close();
}
await last.page.goto(`${API}/#/`);
await wait(MINUTES * 60_000);
const { heap } = await costs(last.page);
console.log(`\nFirst paint ${last.paint.toFixed(0)} ms, ${last.octets} octets in`);
console.log(`${last.requests} requests; the heap after ${MINUTES} min of overview: ${mb(heap)}.`);
for (let at = 0; at < 10_000; at++) await channel.deleteQueue(`figures.${at}`);
await connection.close();
await browser.close();
await shop();
