'use strict';
// amqp-connection-manager: amqplib's calls on channels that mend themselves.

const manager = require('amqp-connection-manager');
const { Nacked, Returned } = require('door');
const { run } = require('scenarios');

const CONNECTS_ANEW = 'it connects anew after a channel error, which ends exclusive queues';
const PUBLISHES_AGAIN = 'it publishes again after the channel error, until it succeeds';

class Connection {
  constructor(inner) {
    this.inner = inner;
    this.properties = inner.connection.connection.serverProperties;
    this.blocked = false;
    inner.on('blocked', () => { this.blocked = true; });
    inner.on('unblocked', () => { this.blocked = false; });
  }

  async channel() {
    const wrapper = this.inner.createChannel({ confirm: true });
    const channel = new Channel(this, wrapper);
    await wrapper.waitForConnect();
    return channel;
  }

  close() {
    return this.inner.close();
  }
}

class Channel {
  constructor(connection, inner) {
    this.connection = connection;
    this.inner = inner;
    this.tags = new Map();
    this.closed = new Promise((_, reject) => inner.once('error', reject));
    this.closed.catch(() => {});
    inner.on('error', () => {}); // later ones are of its own attempts
    inner.addSetup((raw) => {
      raw.on('return', (message) => {
        this.returned = message;
      });
      this.raw = raw;
    });
  }

  async confirm() {} // every channel does

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
    try {
      await this.inner.publish(exchange, key, body, { ...properties, ...options });
    } catch (error) {
      throw /nacked/.test(error.message) ? new Nacked(error.message) : error;
    }
    const back = this.returned;
    this.returned = undefined;
    if (!back) return;
    throw new Returned(back.fields.replyCode, back.fields.replyText, back.content, back.properties);
  }

  async get(name, noAck) {
    const message = await this.inner.get(name, { noAck });
    return message ? this.keep(message) : null;
  }

  async consume(name, handler, options) {
    const take = (message) => handler(this.keep(message));
    return (await this.inner.consume(name, take, options)).consumerTag;
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
  async reject(tag, requeue) { this.inner.nack(this.message(tag), false, requeue); }
  cancel(tag) { return this.inner.cancel(tag); }
  qos(count) { return this.inner.addSetup((raw) => raw.prefetch(count)); }
  bind(queue, exchange, key, args) { return this.inner.bindQueue(queue, exchange, key, args); }
  unbind(queue, exchange, key) { return this.inner.unbindQueue(queue, exchange, key); }
  bindExchange(target, source, key) { return this.inner.bindExchange(target, source, key); }
  unbindExchange(target, source, key) { return this.inner.unbindExchange(target, source, key); }
  deleteExchange(name) { return this.inner.deleteExchange(name); }
  close() { return this.inner.close(); }
}

run({
  skips: {
    tx: 'it has no transactions',
    recover: 'it has no recover',
    'server-cancel': 'it consumes again by itself',
    'publish-missing': PUBLISHES_AGAIN,
    permissions: PUBLISHES_AGAIN,
    'delete-conditions': CONNECTS_ANEW,
    'exclusive-consumer': CONNECTS_ANEW,
  },
  noProperties: ['clusterId'],
  headers: {
    bytes: Buffer.from([0, 255]),
    when: { '!': 'timestamp', value: 1_700_000_000 },
    decimal: { '!': 'decimal', value: { digits: 314, places: 2 } },
  },
  async connect(uri) {
    const inner = manager.connect([uri], { reconnectTimeInSeconds: 0.1 });
    try {
      await new Promise((resolve, reject) => {
        inner.once('connect', resolve);
        // it would go on trying
        inner.once('connectFailed', ({ err }) => reject(err));
      });
    } catch (error) {
      await inner.close();
      throw error;
    }
    return new Connection(inner);
  },
  refusal(error) {
    const code = error.code || Number(/: (\d{3}) \(/.exec(error.message)?.[1]) || null;
    return code || /got <ConnectionClose/.test(error.message) ? [code, error.message] : null;
  },
  noVhost: [null, 'Expected ConnectionOpenOk; got <ConnectionClose'],
  sync: (channel) => Promise.race([channel.closed, channel.qos(1)]),
  async afterLoss(connection, channel, lose) {
    const connected = new Promise((resolve) => connection.inner.once('connect', resolve));
    await lose();
    await connected;
    await channel.inner.waitForConnect();
    return channel;
  },
});
