'use strict';
// Connections and channels.

const { get, library, publish, queue, refused, refuses, withChannel } = require('./door');
const {
  ADDRESS, BAD_LOGIN_URI, BAD_VHOST_URI, LOGIN, RELAY_URI, URI, contains, cut, equal, fresh,
  scenario, sleep, waitFor,
} = require('./harness');

scenario('connect', async () => {
  const connection = await library.connect(URI);
  if (connection.properties) { // not every library tells them
    equal(connection.properties.product, 'RabbitMQ', 'product');
    contains(connection.properties.version, '4.');
  }
  await (await connection.channel()).close();
  await connection.close();
});

scenario('connect-refused', async () => {
  await refuses(403, 'ACCESS_REFUSED - Login was refused', () => library.connect(BAD_LOGIN_URI));
  await refuses(...library.noVhost, () => library.connect(BAD_VHOST_URI));
});

scenario('connect-uri', async () => {
  for (const uri of [URI, `${URI}?heartbeat=7`, `amqp://${LOGIN}@${ADDRESS}`]) {
    await withChannel(queue, uri);
  }
});

scenario('heartbeat', () =>
  withChannel(async (ch) => {
    await sleep(3500);
    await queue(ch);
  }, `${URI}?heartbeat=1`));

scenario('reconnect', async () => {
  const q = fresh();
  const connection = await library.connect(RELAY_URI);
  let ch = await connection.channel();
  await ch.declareQueue(q, { durable: true });
  await publish(ch, q, ['held']);
  await get(ch, q, false);
  cut();
  ch = await library.afterLoss(connection, ch);
  const message = await waitFor(() => ch.get(q, true), 'the message');
  equal([message.redelivered, message.body.toString()], [true, 'held']);
  await ch.deleteQueue(q);
  await ch.connection.close();
});

scenario('publish-missing', () =>
  withChannel(async (ch) => {
    const x = fresh('x');
    await refused(ch, 404, `NOT_FOUND - no exchange '${x}' in vhost '/'`, (own) =>
      publish(own, 'key', ['lost'], {}, x));
  }));

scenario('ack-unknown', () =>
  withChannel((ch) =>
    refused(ch, 406, 'PRECONDITION_FAILED - unknown delivery tag 99', (own) => own.ack(99))));

scenario('access-refused', () =>
  withChannel(async (ch) => {
    await refused(ch, 403, "ACCESS_REFUSED - exchange name 'amq.mine'", (own) =>
      own.declareExchange('amq.mine', 'direct'));
    const q = await queue(ch);
    await refused(ch, 403, 'ACCESS_REFUSED - operation not permitted', (own) =>
      own.bind(q, '', 'key'));
  }));

scenario('bind-missing', () =>
  withChannel(async (ch) => {
    const [q, x] = [await queue(ch), fresh('x')];
    await refused(ch, 404, `NOT_FOUND - no exchange '${x}' in vhost '/'`, (own) =>
      own.bind(q, x, 'key'));
  }));
