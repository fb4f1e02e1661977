'use strict';
// The small door that each library is put behind, and what scenarios do with it.
//
// A library gives `run` an object with `connect(uri)`, `refusal(error)` and, where it differs from
// `library` below, what it cannot do. Connections and channels carry AMQP's names; a connection
// knows whether it is `blocked`.

const { RELAY_URI, URI, contains, equal, fresh, waitFor } = require('./harness');

const library = {
  skips: {}, // scenario: reason
  noProperties: [], // basic properties that cannot be sent
  headers: {}, // values beyond those that all can send
  noVhost: [530, 'NOT_ALLOWED - vhost no-such-vhost not found'], // how a wrong vhost is told
  connect: null, // (uri) => connection
  refusal: null, // (error) => [code, text] of a close by the broker, or null
  // Raises the error that closes a channel.
  sync: (channel) => channel.qos(1),
  // Notices that `lose` ends the connection and gives a channel on a new one.
  async afterLoss(connection, channel, lose) {
    await lose();
    await connection.lost;
    return (await library.connect(RELAY_URI)).channel();
  },
};

class Nacked extends Error {}

class Returned extends Error {
  constructor(code, text, body, properties) {
    super(text);
    Object.assign(this, { code, text, body, properties });
  }
}

// Calls `work` with a channel on a connection of its own.
async function withChannel(work, uri = URI) {
  const connection = await library.connect(uri);
  try {
    await work(await connection.channel());
  } finally {
    await connection.close();
  }
}

// An exclusive queue with these arguments.
async function queue(channel, args = {}) {
  return (await channel.declareQueue(fresh(), { exclusive: true, arguments: args })).name;
}

async function exchange(channel, type, args = {}) {
  const name = fresh('x');
  await channel.declareExchange(name, type, { autoDelete: true, arguments: args });
  return name;
}

async function publish(channel, key, bodies, properties = {}, to = '') {
  for (const body of bodies) {
    await channel.publish(to, key, Buffer.from(String(body)), properties);
  }
}

// The next message; it must be there.
async function get(channel, name, noAck = true) {
  const message = await channel.get(name, noAck);
  if (!message) throw new Error(`${name} is empty`);
  return message;
}

// The bodies of all messages.
async function drain(channel, name) {
  const bodies = [];
  for (;;) {
    const message = await channel.get(name, true);
    if (!message) return bodies;
    bodies.push(message.body.toString());
  }
}

// The queue has that many messages, or will have them soon.
function ready(channel, name, count) {
  const reached = async () =>
    (await channel.declareQueue(name, { passive: true })).messages === count;
  return waitFor(reached, `${count} messages`);
}

// A consumer that keeps what it gets.
async function consume(channel, name, options = {}) {
  const got = [];
  const tag = await channel.consume(name, (message) => got.push(message), options);
  return {
    tag,
    got,
    async expect(...bodies) {
      await waitFor(() => got.length >= bodies.length, `${bodies.length} deliveries`);
      await channel.qos(0); // what was on its way has arrived after a round trip
      equal(got.map((message) => message.body.toString()), bodies.map(String), 'deliveries');
    },
  };
}

// The broker closes the channel or connection during `work`.
async function refuses(code, texts, work) {
  try {
    await work();
  } catch (error) {
    const refusal = library.refusal(error);
    if (!refusal) throw error;
    equal(refusal[0], code, 'reply code');
    contains(refusal[1], texts);
    return;
  }
  throw new Error(`no error ${code}`);
}

// The broker closes the channel that `work` is given, and nothing else.
async function refused(channel, code, texts, work) {
  const own = await channel.connection.channel();
  await refuses(code, texts, async () => {
    await work(own);
    await library.sync(own);
  });
  await (await channel.connection.channel()).close();
}

module.exports = {
  Nacked, Returned, consume, drain, exchange, get, library, publish, queue, ready, refused,
  refuses, withChannel,
};
