// A shop at work: orders, e-mails, retries with dead letters, a poison message, a queue without a
// consumer, a consumer that holds what it gets, messages that nobody wants.
import amqp from 'amqplib';

// What a client can set, it sets to this: it must never become an element.
export const MARKUP = '<img src=x onerror="window.alive=1"><b>bold</b>';

const json = (value) => Buffer.from(JSON.stringify(value));

async function topology(channel) {
  await channel.assertExchange('shop', 'topic');
  await channel.assertExchange('shop.dead', 'fanout');
  await channel.assertQueue('orders', {
    deadLetterExchange: '',
    deadLetterRoutingKey: 'orders.retry',
  });
  await channel.assertQueue('orders.retry', {
    messageTtl: 600,
    deadLetterExchange: '',
    deadLetterRoutingKey: 'orders',
  });
  await channel.assertQueue('emails', { deadLetterExchange: 'shop.dead' });
  await channel.assertQueue('emails.dead');
  await channel.assertQueue('invoices', { arguments: { 'x-queue-type': 'quorum' } });
  await channel.assertQueue('audit');
  await channel.assertQueue('search-index');
  await channel.assertQueue('activity', { arguments: { 'x-queue-type': 'stream' } });
  await channel.assertQueue('stock');
  await channel.assertQueue(MARKUP);
  await channel.bindQueue('orders', 'shop', 'order.created');
  await channel.bindQueue('emails', 'shop', 'order.#');
  await channel.bindQueue('invoices', 'shop', 'order.paid');
  await channel.bindQueue('audit', 'shop', '#');
  await channel.bindQueue('activity', 'shop', '#');
  await channel.bindQueue('search-index', 'shop', 'product.*');
  await channel.bindQueue('stock', 'shop', 'order.created');
  await channel.bindQueue('emails.dead', 'shop.dead', '');
  await channel.bindQueue(MARKUP, 'shop', 'order.created');
}

async function connect(uri, name) {
  const properties = { connection_name: name, product: MARKUP };
  return amqp.connect(uri, { clientProperties: properties });
}

async function consume(uri, name, queue, prefetch, settle) {
  const connection = await connect(uri, name);
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  await channel.prefetch(prefetch);
  await channel.consume(queue, (message) => message && settle(channel, message), {
    consumerTag: `${name}-${MARKUP}`.slice(0, 200),
  });
  return connection;
}

/** Starts it; the function that is given stops it. */
export async function open(uri) {
  const publisher = await connect(uri, 'web-shop');
  const channel = await publisher.createChannel();
  await topology(channel);
  let isOpen = true;
  const ack = (own, message) => own.ack(message);
  const connections = await Promise.all([
    consume(uri, 'order-worker', 'orders', 20, (own, message) => {
      const { id } = JSON.parse(message.content.toString());
      if (id % 40 === 7) own.nack(message, false, false);
      else own.ack(message);
    }),
    consume(uri, 'mailer', 'emails', 10, (own, message) => {
      const isBad = message.properties.headers?.poison === true;
      if (isBad) own.nack(message, false, false);
      else own.ack(message);
    }),
    consume(uri, 'billing', 'invoices', 5, ack),
    // Puts each back at once.
    consume(uri, 'indexer', 'search-index', 1, (own, message) => {
      setTimeout(() => isOpen && own.nack(message, false, true), 40);
    }),
    // Holds what it got.
    consume(uri, 'stock-keeper', 'stock', 8, () => {}),
  ]);
  let id = 0;
  const publish = (key, headers = {}) => {
    const body = json({ id, total: 10 + (id % 90), note: MARKUP });
    channel.publish('shop', key, body, {
      persistent: true,
      contentType: 'application/json',
      messageId: `m-${id}`,
      headers: { ...headers, customer: MARKUP },
    });
  };
  publish('product.changed');
  for (; id < 8; id++) publish('order.created');
  const timer = setInterval(() => {
    for (let i = 0; i < 5; i++, id++) {
      if (id < 60) publish('order.created', id % 25 === 3 ? { poison: true } : {});
      publish('order.paid', id % 50 === 9 ? { poison: true } : {});
    }
    channel.publish('amq.direct', 'nobody', json({ id }));
  }, 100);
  return async () => {
    isOpen = false;
    clearInterval(timer);
    for (const connection of [publisher, ...connections])
      await connection.close().catch(() => {});
  };
}
