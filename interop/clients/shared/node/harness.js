'use strict';
// What every Node client shares: the protocol with the runner and a few checks.

const crypto = require('crypto');
const net = require('net');
const util = require('util');

const URI = process.env.AMQP_URI;
const RELAY_URI = process.env.AMQP_RELAY_URI || URI;
const [, LOGIN, ADDRESS] = /^amqp:\/\/(.*)@([^/]*)/.exec(URI);
const USER = LOGIN.split(':')[0];
const BAD_LOGIN_URI = `amqp://${USER}:wrong@${ADDRESS}/%2F`;
const BAD_VHOST_URI = `amqp://${LOGIN}@${ADDRESS}/no-such-vhost`;
const BIG = Buffer.alloc(16 * 1024 * 1024, Buffer.from([...Array(256).keys()]));
const SIZES = [0, 1, 131064, 131065, BIG.length];
const LIMIT_MS = 50_000;

const scenarios = new Map();

class Skip extends Error {}

const scenario = (name, work) => scenarios.set(name, work);
const fresh = (kind = 'q') => `interop-${kind}-${crypto.randomBytes(6).toString('hex')}`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function equal(actual, expected, what = 'value') {
  if (!util.isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what}: ${util.inspect(actual, { depth: 9 })}, not ${util.inspect(expected)}`);
  }
}

function contains(text, parts) {
  for (const part of [parts].flat()) {
    if (!String(text).includes(part)) throw new Error(`"${part}" is not in "${text}"`);
  }
}

// Asks until the answer is true; gives the answer.
async function waitFor(question, what, limitMs = 5000) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await sleep(10);
  }
}

// Rejects if `promise` takes too long.
async function inTime(promise, limitMs, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Cuts the connections that run through the relay.
function cut() {
  const [host, port] = process.env.AMQP_CUT.split(':');
  net.connect(Number(port), host).on('error', () => {}).end();
}

// Asks the runner for trouble with the broker, and waits until it is done.
function control(word) {
  const [host, port] = process.env.AMQP_CONTROL.split(':');
  return new Promise((resolve, reject) => {
    let answer = '';
    const door = net.connect(Number(port), host, () => door.write(`${word}\n`));
    door.on('data', (data) => { answer += data; });
    door.on('error', reject);
    door.on('end', () => (answer === 'ok\n' ? resolve() : reject(new Error(`${word}: ${answer}`))));
  });
}

// Runs the scenarios named on the command line.
async function main() {
  for (const name of process.argv.slice(2)) {
    try {
      if (!scenarios.has(name)) throw new Error('this client has no such scenario');
      await inTime(scenarios.get(name)(), LIMIT_MS, 'scenario');
      console.log(`ok ${name}`);
    } catch (error) {
      if (error instanceof Skip) {
        console.log(`skip ${name} ${error.message}`);
      } else {
        console.error(error);
        console.log(`fail ${name} ${String(error).replace(/\s+/g, ' ').slice(0, 400)}`);
      }
    }
  }
  process.exit(0);
}

module.exports = {
  ADDRESS, BAD_LOGIN_URI, BAD_VHOST_URI, BIG, LOGIN, RELAY_URI, SIZES, Skip, URI, USER,
  contains, control, cut, equal, fresh, inTime, main, scenario, scenarios, sleep, waitFor,
};
