// What tests ask the broker for beside the page: its API as guest, and AMQP as any user.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import amqp from 'amqplib';
import { API } from './browser.mjs';

const AMQP = new URL(process.env.AMQP ?? 'amqp://guest:guest@localhost:5672');
const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;

/** Answers with the status and what was said. */
export async function call(method, path, body) {
  const headers = { authorization, 'content-type': 'application/json' };
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(`${API}/api${path}`, { method, headers, body: text });
  const said = await answer.text();
  return { status: answer.status, said: said === '' ? undefined : JSON.parse(said) };
}

export async function put(path, body) {
  const { status, said } = await call('PUT', path, body);
  assert.ok(status < 300, `PUT ${path}: ${status} ${JSON.stringify(said)}`);
}

/** What is there, or nothing. */
export async function look(path) {
  const { status, said } = await call('GET', path);
  assert.ok(status < 300 || status === 404, `GET ${path}: ${status} ${JSON.stringify(said)}`);
  return status === 404 ? undefined : said;
}

/** Waits until what is looked at is as a test wants it. */
export async function until(path, isSo) {
  const end = Date.now() + 10_000;
  for (;;) {
    const said = await look(path);
    if (isSo(said)) return said;
    assert.ok(Date.now() < end, `${path} is still ${JSON.stringify(said)}`);
  }
}

/** Takes away what a test made, whether it is there or not. */
export async function gone(...paths) {
  for (const path of paths) await call('DELETE', path);
}

/** What a test that failed has left open would keep the tests from their end. */
const open = new Set();
after(() => Promise.all([...open].map((connection) => connection.close().catch(() => {}))));

/** An AMQP connection of a user; `undefined` if the broker refuses it. */
export async function connected(user, password, vhost = '/') {
  const uri = new URL(AMQP);
  Object.assign(uri, {
    username: encodeURIComponent(user),
    password: encodeURIComponent(password),
  });
  uri.pathname = encodeURIComponent(vhost);
  try {
    const connection = await amqp.connect(uri.href);
    connection.on('error', () => {});
    open.add(connection);
    connection.on('close', () => open.delete(connection));
    return connection;
  } catch {
    return undefined;
  }
}

/** What the broker says to something done on a new channel: `ok`, or its refusal. */
export async function tried(connection, deed) {
  const channel = await connection.createConfirmChannel();
  const refused = new Promise((tell) => channel.on('error', (error) => tell(error.message)));
  const done = (async () => {
    await deed(channel);
    await channel.waitForConfirms();
    await channel.close();
    return 'ok';
  })();
  return Promise.race([done.catch(() => refused), refused]);
}
