'use strict';
// rabbitmq-client.

const { AMQPError, Connection: Client } = require('rabbitmq-client');
const { Nacked, Returned } = require('door');
const { run } = require('scenarios');

class Connection {
  constructor(client) {
    this.client = client;
    this.blocked = false;
    client.on('connection.blocked', () => { this.blocked = true; });
    client.on('connection.unblocked', () => { this.blocked = false; });
  }

  async channel() {
    return new Channel(this, await this.client.acquire({ emitErrorsFromChannel: true }));
  }

  async close() {
    // the library waits for its channels
    await Promise.all(this.channels.map((channel) => channel.inner.close()));
    await this.client.close();
  }

  get channels() {
    this.known ||= [];
    return this.known;
  }
}

class Channel {
  constructor(connection, inner) {
    this.connection = connection;
    this.inner = inner;
    this.cancelled = [];
    connection.channels.push(this);
    this.closed = new Promise((_, reject) => inner.once('error', reject));
    this.closed.catch(() => {});
    inner.on('basic.cancel', (tag) => this.cancelled.push(tag));
    inner.on('basic.return', (message) => {
      this.returned = message;
    });
  }

  confirm() {
    return this.inner.confirmSelect();
  }

  async declareQueue(queue, options) {
    const answer = await this.inner.queueDeclare({ queue, ...options });
    return { name: answer.queue, messages: answer.messageCount };
  }

  declareExchange(exchange, type, options = {}) {
    return this.inner.exchangeDeclare({ exchange, type, ...options });
  }

  async deleteQueue(queue, options) {
    return (await this.inner.queueDelete({ queue, ...options })).messageCount;
  }

  async purge(queue) {
    return (await this.inner.queuePurge({ queue })).messageCount;
  }

  async publish(exchange, routingKey, body, properties, options = {}) {
    const { deliveryMode, ...sent } = properties;
    if (deliveryMode) sent.durable = deliveryMode === 2;
    try {
      await this.inner.basicPublish({ exchange, routingKey, ...sent, ...options }, body);
    } catch (error) {
      throw error instanceof AMQPError && error.code === 'NACK' ? new Nacked() : error;
    }
    await new Promise(setImmediate); // a return is told that late
    const back = this.returned;
    this.returned = undefined;
    if (back) throw new Returned(back.replyCode, back.replyText, back.body, back);
  }

  async get(queue, noAck) {
    const message = await this.inner.basicGet({ queue, noAck });
    return message ? shown(message) : null;
  }

  async consume(queue, handler, options = {}) {
    const answer = await this.inner.basicConsume({ queue, ...options }, (message) => {
      handler(shown(message));
    });
    return answer.consumerTag;
  }

  // these three send only
  async ack(deliveryTag, multiple = false) { this.inner.basicAck({ deliveryTag, multiple }); }
  async nack(deliveryTag, multiple, requeue) {
    this.inner.basicNack({ deliveryTag, multiple, requeue });
  }
  async reject(deliveryTag, requeue) { this.inner.basicNack({ deliveryTag, requeue }); }
  recover() { return this.inner.basicRecover({ requeue: true }); }
  cancel(consumerTag) { return this.inner.basicCancel({ consumerTag }); }
  qos(prefetchCount) { return this.inner.basicQos({ prefetchCount }); }
  bind(queue, exchange, routingKey, args) {
    return this.inner.queueBind({ queue, exchange, routingKey, arguments: args });
  }
  unbind(queue, exchange, routingKey) {
    return this.inner.queueUnbind({ queue, exchange, routingKey });
  }
  bindExchange(destination, source, routingKey) {
    return this.inner.exchangeBind({ destination, source, routingKey });
  }
  unbindExchange(destination, source, routingKey) {
    return this.inner.exchangeUnbind({ destination, source, routingKey });
  }
  deleteExchange(exchange) { return this.inner.exchangeDelete({ exchange }); }
  txSelect() { return this.inner.txSelect(); }
  txCommit() { return this.inner.txCommit(); }
  txRollback() { return this.inner.txRollback(); }
  close() { return this.inner.close(); }
}

function shown(message) {
  return {
    body: message.body, tag: message.deliveryTag, redelivered: message.redelivered,
    properties: { ...message, deliveryMode: message.durable ? 2 : 1 },
    exchange: message.exchange, key: message.routingKey, left: message.messageCount,
  };
}

// The library names reply codes.
const CODES = {
  ACCESS_REFUSED: 403, NOT_FOUND: 404, RESOURCE_LOCKED: 405, PRECONDITION_FAILED: 406,
  NOT_ALLOWED: 530,
};

run({
  connect(uri) {
    const client = new Client({ url: uri, retryLow: 50, retryHigh: 100 });
    return new Promise((resolve, reject) => {
      client.once('connection', () => {
        client.on('error', () => {});
        resolve(new Connection(client));
      });
      // it would go on trying
      client.once('error', (error) => {
        client.unsafeDestroy();
        reject(error);
      });
    });
  },
  refusal: (error) => (CODES[error.code] ? [CODES[error.code], error.message] : null),
  sync: (channel) => Promise.race([channel.closed, channel.qos(1)]),
  async afterLoss(connection, channel, lose) {
    connection.client.removeAllListeners('error');
    const connected = new Promise((resolve) => {
      connection.client.once('connection', resolve);
      connection.client.on('error', () => {});
    });
    await lose();
    await connected;
    return connection.channel();
  },
});
