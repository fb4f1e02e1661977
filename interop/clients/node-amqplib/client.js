'use strict';
// amqplib's promise API.

const amqp = require('amqplib');
const { Nacked, Returned } = require('door');
const { run } = require('scenarios');

class Connection {
  constructor(inner) {
    this.inner = inner;
    this.properties = inner.connection.serverProperties;
    this.lost = new Promise((resolve) => inner.once('close', resolve));
    inner.on('error', () => {}); // told by the calls that it breaks
    this.blocked = false;
    inner.on('blocked', () => { this.blocked = true; });
    inner.on('unblocked', () => { this.blocked = false; });
  }

  async channel() {
    return new Channel(this, await this.inner.createChannel());
  }

  close() {
    return this.inner.close();
  }
}

class Channel {
  constructor(connection, inner) {
    this.connection = connection;
    this.cancelled = [];
    this.tags = new Map(); // deliveries by tag, as the library settles messages
    this.use(inner);
  }

  use(inner) {
    this.inner = inner;
    this.closed = new Promise((_, reject) => inner.once('error', reject));
    this.closed.catch(() => {});
    inner.on('return', (message) => {
      this.returned = message;
    });
  }

  async confirm() {
    this.use(await this.connection.inner.createConfirmChannel());
    this.confirming = true;
  }

  async declareQueue(name, { passive, ...options }) {
    const answer = passive
      ? await this.inner.checkQueue(name)
      : await this.inner.assertQueue(name, { durable: false, ...options });
    return { name: answer.queue, messages: answer.messageCount };
  }

  declareExchange(name, type, { passive, ...options } = {}) {
    if (passive) return this.inner.checkExchange(name);
    return this.inner.assertExchange(name, type, { durable: false, ...options });
  }

  async deleteQueue(name, options) {
    return (await this.inner.deleteQueue(name, options)).messageCount;
  }

  async purge(name) {
    return (await this.inner.purgeQueue(name)).messageCount;
  }

  async publish(exchange, key, body, properties, options = {}) {
    const all = { ...properties, ...options };
    if (!this.confirming) return this.inner.publish(exchange, key, body, all);
    await new Promise((resolve, reject) => {
      this.inner.publish(exchange, key, body, all, (error) =>
        (error ? reject(new Nacked(error.message)) : resolve()));
    });
    const back = this.returned;
    this.returned = undefined;
    if (!back) return true;
    throw new Returned(back.fields.replyCode, back.fields.replyText, back.content, back.properties);
  }

  async get(name, noAck) {
    const message = await this.inner.get(name, { noAck });
    return message ? this.keep(message) : null;
  }

  async consume(name, handler, options) {
    const { consumerTag } = await this.inner.consume(name, (message) => {
      if (message) handler(this.keep(message));
      else this.cancelled.push(consumerTag);
    }, options);
    return consumerTag;
  }

  keep(message) {
    const { fields, properties, content } = message;
    this.tags.set(fields.deliveryTag, message);
    return {
      body: content, tag: fields.deliveryTag, redelivered: fields.redelivered, properties,
      exchange: fields.exchange, key: fields.routingKey, left: fields.messageCount,
    };
  }

  message(tag) {
    return this.tags.get(tag) || { fields: { deliveryTag: tag } };
  }

  async ack(tag, multiple = false) { this.inner.ack(this.message(tag), multiple); }
  async nack(tag, multiple, requeue) { this.inner.nack(this.message(tag), multiple, requeue); }
  async reject(tag, requeue) { this.inner.reject(this.message(tag), requeue); }
  recover() { return this.inner.recover(); }
  cancel(tag) { return this.inner.cancel(tag); }
  qos(count) { return this.inner.prefetch(count); }
  bind(queue, exchange, key, args) { return this.inner.bindQueue(queue, exchange, key, args); }
  unbind(queue, exchange, key) { return this.inner.unbindQueue(queue, exchange, key); }
  bindExchange(target, source, key) { return this.inner.bindExchange(target, source, key); }
  unbindExchange(target, source, key) { return this.inner.unbindExchange(target, source, key); }
  deleteExchange(name) { return this.inner.deleteExchange(name); }
  close() { return this.inner.close(); }
}

run({
  skips: { tx: 'amqplib has no transactions' },
  noProperties: ['clusterId'],
  headers: {
    bytes: Buffer.from([0, 255]),
    when: { '!': 'timestamp', value: 1_700_000_000 },
    decimal: { '!': 'decimal', value: { digits: 314, places: 2 } },
  },
  connect: async (uri) => new Connection(await amqp.connect(uri)),
  refusal(error) {
    // during the handshake the code is in the text only
    const code = error.code || Number(/: (\d{3}) \(/.exec(error.message)?.[1]) || null;
    return code || /got <ConnectionClose/.test(error.message) ? [code, error.message] : null;
  },
  // a close in place of open-ok is an unexpected frame for it, whose fields it does not tell
  noVhost: [null, 'Expected ConnectionOpenOk; got <ConnectionClose'],
  sync: (channel) => Promise.race([channel.closed, channel.inner.prefetch(1)]),
});
