'use strict';
// Queues and exchanges come and go.

const { consume, drain, exchange, publish, queue, ready, refused, withChannel } = require('./door');
const { equal, fresh, scenario, sleep } = require('./harness');

scenario('declare', () =>
  withChannel(async (ch) => {
    const q = fresh();
    await ch.declareQueue(q, { durable: true });
    await ch.declareQueue(q, { durable: true });
    await publish(ch, q, [1, 2, 3]);
    await ready(ch, q, 3);
    equal(await ch.purge(q), 3, 'purged');
    equal(await ch.deleteQueue(q), 0, 'deleted');
    equal(await ch.deleteQueue(q), 0, 'deleted');
    const x = fresh('x');
    await ch.declareExchange(x, 'direct', { durable: true });
    await ch.declareExchange(x, 'direct', { passive: true });
    await ch.deleteExchange(x);
    await ch.deleteExchange(x);
  }));

scenario('declare-passive', () =>
  withChannel(async (ch) => {
    const name = fresh();
    await refused(ch, 404, `NOT_FOUND - no queue '${name}' in vhost '/'`, (own) =>
      own.declareQueue(name, { passive: true }));
    await refused(ch, 404, `NOT_FOUND - no exchange '${name}' in vhost '/'`, (own) =>
      own.declareExchange(name, 'direct', { passive: true }));
  }));

scenario('declare-inequivalent', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    const texts = [
      `PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '${q}' in vhost '/'`,
      "received 'true' but current is 'false'",
    ];
    await refused(ch, 406, texts, (own) =>
      own.declareQueue(q, { exclusive: true, autoDelete: true }));
    const x = await exchange(ch, 'direct');
    await refused(ch, 406, `inequivalent arg 'type' for exchange '${x}'`, (own) =>
      own.declareExchange(x, 'fanout', { autoDelete: true }));
    await ch.deleteExchange(x);
  }));

scenario('declare-arguments', () =>
  withChannel(async (ch) => {
    const wrong = [
      ['x-message-ttl', -1], ['x-max-priority', 256], ['x-expires', 0], ['x-overflow', 'nonsense'],
    ];
    for (const [key, value] of wrong) {
      await refused(ch, 406, `PRECONDITION_FAILED - invalid arg '${key}'`, (own) =>
        queue(own, { [key]: value }));
    }
  }));

scenario('server-named', () =>
  withChannel(async (ch) => {
    const { name } = await ch.declareQueue('', { exclusive: true });
    if (!name.startsWith('amq.gen-')) throw new Error(name);
    await publish(ch, name, ['hello']);
    equal(await drain(ch, name), ['hello']);
  }));

scenario('auto-delete', () =>
  withChannel(async (ch) => {
    const q = fresh();
    await ch.declareQueue(q, { durable: true, autoDelete: true });
    await ch.cancel((await consume(ch, q)).tag);
    await refused(ch, 404, q, (own) => own.declareQueue(q, { passive: true }));
  }));

scenario('delete-conditions', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [1]);
    await ready(ch, q, 1);
    await refused(ch, 406, 'not empty', (own) => own.deleteQueue(q, { ifEmpty: true }));
    await consume(ch, q);
    await refused(ch, 406, 'in use', (own) => own.deleteQueue(q, { ifUnused: true }));
    await ch.declareQueue(q, { passive: true });
  }));

scenario('exclusive-queue', () =>
  withChannel(async (other) => {
    let q;
    await withChannel(async (ch) => {
      q = await queue(ch);
      await refused(other, 405, ['RESOURCE_LOCKED', `locked queue '${q}'`], (own) =>
        own.declareQueue(q, { passive: true }));
    });
    await refused(other, 404, q, (own) => own.declareQueue(q, { passive: true }));
  }));

scenario('queue-expires', () =>
  withChannel(async (ch) => {
    const q = await queue(ch, { 'x-expires': 300 });
    await sleep(1000); // a passive declare would renew the lease
    await refused(ch, 404, q, (own) => own.declareQueue(q, { passive: true }));
  }));
