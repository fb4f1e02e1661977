'use strict';
// @cloudamqp/amqp-client over TCP.

const { AMQPClient } = require('@cloudamqp/amqp-client');
const { Nacked, Returned } = require('door');
const { run } = require('scenarios');

class Connection {
  constructor(client) {
    this.client = client;
    this.lost = new Promise((resolve) => {
      client.ondisconnect = resolve;
    });
    client.onerror = () => {}; // told by the calls that it breaks
  }

  get blocked() {
    return Boolean(this.client.blocked);
  }

  async channel() {
    return new Channel(this, await this.client.channel());
  }

  close() {
    return this.client.close();
  }
}

class Channel {
  constructor(connection, inner) {
    this.connection = connection;
    this.inner = inner;
    this.cancelled = [];
    this.closed = new Promise((_, reject) => {
      inner.onerror = (reason) => reject(new Error(reason));
    });
    this.closed.catch(() => {});
    inner.onReturn = (message) => {
      this.returned = message;
    };
  }

  async confirm() {
    await this.inner.confirmSelect();
  }

  async declareQueue(name, { arguments: args = {}, ...options }) {
    const answer = await this.inner.queueDeclare(name, { durable: false, ...options }, args);
    return { name: answer.name, messages: answer.messageCount };
  }

  declareExchange(name, type, { arguments: args = {}, ...options } = {}) {
    return this.inner.exchangeDeclare(name, type, { durable: false, ...options }, args);
  }

  async deleteQueue(name, options) {
    return (await this.inner.queueDelete(name, options)).messageCount;
  }

  async purge(name) {
    return (await this.inner.queuePurge(name)).messageCount;
  }

  async publish(exchange, key, body, properties, { mandatory = false } = {}) {
    const sent = { ...properties };
    if (sent.timestamp) sent.timestamp = new Date(sent.timestamp * 1000);
    try {
      await this.inner.basicPublish(exchange, key, body, sent, mandatory);
    } catch (error) {
      throw /rejected|nack/i.test(error.message || error) ? new Nacked(String(error)) : error;
    }
    const back = this.returned;
    this.returned = undefined;
    if (back) throw new Returned(back.replyCode, back.replyText, bytes(back), back.properties);
  }

  async get(name, noAck) {
    const message = await this.inner.basicGet(name, { noAck });
    return message && shown(message);
  }

  async consume(name, handler, { noAck = false, exclusive, arguments: args } = {}) {
    const params = { noAck, exclusive, args };
    const consumer = await this.inner.basicConsume(name, params, (message) => {
      handler(shown(message));
    });
    consumer.wait().catch(() => this.cancelled.push(consumer.tag));
    return consumer.tag;
  }

  ack(tag, multiple = false) { return this.inner.basicAck(tag, multiple); }
  nack(tag, multiple, requeue) { return this.inner.basicNack(tag, requeue, multiple); }
  reject(tag, requeue) { return this.inner.basicReject(tag, requeue); }
  recover() { return this.inner.basicRecover(true); }
  cancel(tag) { return this.inner.basicCancel(tag); }
  qos(count) { return this.inner.basicQos(count); }
  bind(queue, exchange, key, args) { return this.inner.queueBind(queue, exchange, key, args); }
  unbind(queue, exchange, key) { return this.inner.queueUnbind(queue, exchange, key); }
  bindExchange(target, source, key) { return this.inner.exchangeBind(target, source, key); }
  unbindExchange(target, source, key) { return this.inner.exchangeUnbind(target, source, key); }
  deleteExchange(name) { return this.inner.exchangeDelete(name); }
  txSelect() { return this.inner.txSelect(); }
  txCommit() { return this.inner.txCommit(); }
  txRollback() { return this.inner.txRollback(); }
  close() { return this.inner.close(); }
}

function bytes(message) {
  return Buffer.from(message.body || []);
}

function shown(message) {
  const properties = { ...message.properties };
  if (properties.timestamp) properties.timestamp = properties.timestamp.getTime() / 1000;
  return {
    body: bytes(message), tag: message.deliveryTag, redelivered: message.redelivered, properties,
    exchange: message.exchange, key: message.routingKey, left: message.messageCount,
  };
}

run({
  noProperties: ['clusterId'],
  headers: { when: new Date(1_700_000_000_000), bytes: new Uint8Array([0, 255]) },
  async connect(uri) {
    const client = new AMQPClient(uri, undefined, null);
    await client.connect();
    return new Connection(client);
  },
  refusal(error) {
    const code = Number(/\((\d{3})\)$/.exec(error.message)?.[1]);
    return code ? [code, error.message] : null;
  },
  sync: (channel) => Promise.race([channel.closed, channel.inner.basicQos(1)]),
});
