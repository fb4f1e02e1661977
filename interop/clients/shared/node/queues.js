'use strict';
// What queues do by their arguments.

const { consume, drain, get, publish, queue, ready, withChannel } = require('./door');
const { equal, fresh, scenario, waitFor } = require('./harness');

const deadLettersTo = (key) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': key });

scenario('priority', () =>
  withChannel(async (ch) => {
    const q = await queue(ch, { 'x-max-priority': 5 });
    for (const priority of [1, 9, 0, 5, 3]) await publish(ch, q, [priority], { priority });
    equal(await drain(ch, q), ['9', '5', '3', '1', '0']);
  }));

scenario('ttl-message', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, ['short'], { expiration: '200' });
    await ready(ch, q, 1);
    await ready(ch, q, 0);
  }));

scenario('ttl-queue', () =>
  withChannel(async (ch) => {
    const q = await queue(ch, { 'x-message-ttl': 200 });
    await publish(ch, q, ['short']);
    await ready(ch, q, 1);
    await ready(ch, q, 0);
  }));

scenario('dead-letter', () =>
  withChannel(async (ch) => {
    const third = await queue(ch);
    const second = await queue(ch, deadLettersTo(third));
    const first = await queue(ch, { ...deadLettersTo(second), 'x-message-ttl': 100 });
    await publish(ch, first, ['dead']);
    const inbox = await consume(ch, second);
    await inbox.expect('dead');
    await ch.reject(inbox.got[0].tag, false);
    await ready(ch, third, 1);
    const { headers } = (await get(ch, third)).properties;
    const deaths = headers['x-death'].map((d) => [d.queue, d.reason, Number(d.count)]);
    equal(deaths, [[second, 'rejected', 1], [first, 'expired', 1]], 'x-death');
    equal(headers['x-first-death-reason'], 'expired');
    equal(headers['x-last-death-queue'], second);
  }));

scenario('max-length', () =>
  withChannel(async (ch) => {
    const dead = await queue(ch);
    const q = await queue(ch, { ...deadLettersTo(dead), 'x-max-length': 2 });
    await publish(ch, q, [1, 2, 3]);
    await ready(ch, dead, 1);
    const message = await get(ch, dead);
    equal([message.body.toString(), message.properties.headers['x-death'][0].reason],
      ['1', 'maxlen']);
    equal(await drain(ch, q), ['2', '3']);
  }));

scenario('quorum', () =>
  withChannel(async (ch) => {
    const q = fresh();
    await ch.declareQueue(q, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await ch.confirm();
    await publish(ch, q, ['kept'], { deliveryMode: 2 });
    await ch.nack((await get(ch, q, false)).tag, false, true);
    const again = await waitFor(() => ch.get(q, true), 'the redelivery');
    equal([again.body.toString(), again.redelivered], ['kept', true]);
    equal(Number(again.properties.headers['x-acquired-count']), 1);
    await ch.deleteQueue(q);
  }));

scenario('stream', () =>
  withChannel(async (ch) => {
    const q = fresh();
    await ch.declareQueue(q, { durable: true, arguments: { 'x-queue-type': 'stream' } });
    await ch.confirm();
    await publish(ch, q, [1, 2, 3]);
    for (let round = 0; round < 2; round += 1) {
      const own = await ch.connection.channel();
      await own.qos(10);
      const inbox = await consume(own, q, { arguments: { 'x-stream-offset': 'first' } });
      await inbox.expect(1, 2, 3);
      const offsets = inbox.got.map((m) => Number(m.properties.headers['x-stream-offset']));
      equal(offsets, [0, 1, 2]);
      await own.close();
    }
    await ch.deleteQueue(q);
  }));
