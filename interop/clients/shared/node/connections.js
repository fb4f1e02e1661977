'use strict';
// Connections and channels.

const {
  drain, get, library, publish, queue, ready, refused, refuses, withChannel,
} = require('./door');
const {
  ADDRESS, BAD_LOGIN_URI, BAD_VHOST_URI, LOGIN, RELAY_URI, URI, USER, contains, control, cut,
  equal, fresh, scenario, sleep, waitFor,
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
  ch = await library.afterLoss(connection, ch, cut);
  const message = await waitFor(() => ch.get(q, true), 'the message');
  equal([message.redelivered, message.body.toString()], [true, 'held']);
  await ch.deleteQueue(q);
  await ch.connection.close();
});

// What is durable and confirmed outlives the broker; of three messages some are taken.
async function survive(word, taken) {
  const [q, x] = [fresh(), fresh('x')];
  const connection = await library.connect(RELAY_URI);
  let ch = await connection.channel();
  await ch.confirm();
  await ch.declareQueue(q, { durable: true });
  await ch.declareExchange(x, 'direct', { durable: true });
  await ch.bind(q, x, 'key');
  await publish(ch, 'key', [1, 2, 3], { deliveryMode: 2 }, x);
  await publish(ch, 'key', ['transient'], { deliveryMode: 1 }, x);
  for (let count = 0; count < taken; count += 1) await get(ch, q);
  await get(ch, q, false);
  ch = await library.afterLoss(connection, ch, () => control(word));
  equal(await drain(ch, q), ['1', '2', '3'].slice(taken));
  await publish(ch, 'key', ['after'], {}, x);
  equal((await waitFor(() => ch.get(q, true), 'the new message')).body.toString(), 'after');
  await ch.deleteQueue(q);
  await ch.deleteExchange(x);
  await ch.connection.close();
}

scenario('restart', () => survive('restart', 1));

scenario('kill', () => survive('kill', 0));

scenario('permissions', () =>
  withChannel(async (ch) => {
    const text = (access, what, name) =>
      `ACCESS_REFUSED - ${access} access to ${what} '${name}' in vhost '/' refused for user '${USER}'`;
    let name = fresh('no-configure');
    await refused(ch, 403, text('configure', 'queue', name), (own) =>
      own.declareQueue(name, { exclusive: true }));
    name = fresh('no-write');
    await ch.declareExchange(name, 'direct', { autoDelete: true });
    await refused(ch, 403, text('write', 'exchange', name), (own) =>
      publish(own, 'key', ['lost'], {}, name));
    name = fresh('no-read');
    await ch.declareQueue(name, { exclusive: true });
    await refused(ch, 403, text('read', 'queue', name), (own) => own.get(name, true));
  }));

scenario('blocked', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    let sent = 0;
    await control('block');
    await waitFor(async () => {
      // a publish that waits for its confirm waits for the end of the shortage
      publish(ch, q, [sent]).catch(() => {});
      sent += 1;
      await sleep(50);
      return ch.connection.blocked;
    }, 'connection.blocked');
    await control('unblock');
    await waitFor(() => !ch.connection.blocked, 'connection.unblocked');
    await publish(ch, q, [sent]);
    await ready(ch, q, sent + 1);
  }));

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
