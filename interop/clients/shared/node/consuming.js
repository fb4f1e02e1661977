'use strict';
// Messages out, and how they are settled.

const { consume, drain, get, publish, queue, ready, refused, withChannel } = require('./door');
const { equal, scenario, waitFor } = require('./harness');

const texts = (messages) => messages.map((message) => message.body.toString());
const redelivered = (messages) => messages.map((message) => message.redelivered);

async function getMany(channel, name, count, noAck) {
  const messages = [];
  while (messages.length < count) messages.push(await get(channel, name, noAck));
  return messages;
}

scenario('consume', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [1, 2, 3]);
    const inbox = await consume(ch, q);
    await publish(ch, q, [4, 5, 6]);
    await inbox.expect(1, 2, 3, 4, 5, 6);
    equal(inbox.got.map((message) => Number(message.tag)), [1, 2, 3, 4, 5, 6], 'tags');
    equal(redelivered(inbox.got), Array(6).fill(false), 'redelivered');
    for (const message of inbox.got) await ch.ack(message.tag);
    await ch.cancel(inbox.tag);
    await ready(ch, q, 0);
  }));

scenario('prefetch', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [0, 1, 2, 3, 4]);
    await ch.qos(2);
    const inbox = await consume(ch, q);
    await inbox.expect(0, 1);
    await ch.ack(inbox.got[0].tag);
    await inbox.expect(0, 1, 2);
  }));

scenario('cancel', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, ['held']);
    const inbox = await consume(ch, q);
    await inbox.expect('held');
    await ch.cancel(inbox.tag);
    await publish(ch, q, ['late']);
    await ready(ch, q, 1);
    await ch.ack(inbox.got[0].tag);
    equal(await drain(ch, q), ['late']);
    await inbox.expect('held');
  }));

scenario('get', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    equal(await ch.get(q, true), null);
    await publish(ch, q, [1, 2]);
    equal((await get(ch, q, false)).left, 1, 'messages left');
    equal((await get(ch, q)).left, 0, 'messages left');
  }));

scenario('ack-multiple', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [0, 1, 2, 3, 4]);
    await ready(ch, q, 5);
    const own = await ch.connection.channel();
    const messages = await getMany(own, q, 5, false);
    await own.ack(messages[2].tag, true);
    await own.close();
    await ready(ch, q, 2);
    equal(await drain(ch, q), ['3', '4']);
  }));

scenario('reject', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [1, 2]);
    for (const requeue of [false, true]) await ch.reject((await get(ch, q, false)).tag, requeue);
    const again = await get(ch, q);
    equal([again.redelivered, again.body.toString(), again.left], [true, '2', 0]);
  }));

scenario('nack', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [1, 2, 3]);
    const messages = await getMany(ch, q, 3, false);
    await ch.nack(messages[2].tag, true, true);
    const again = await getMany(ch, q, 3, true);
    equal([texts(again), redelivered(again)], [['1', '2', '3'], [true, true, true]]);
  }));

scenario('requeue-order', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [1, 2, 3, 4]);
    const messages = await getMany(ch, q, 3, false);
    for (const number of [1, 2, 0]) await ch.nack(messages[number].tag, false, true);
    const again = await getMany(ch, q, 4, true);
    equal([texts(again), redelivered(again)],
      [['1', '2', '3', '4'], [true, true, true, false]]);
  }));

scenario('recover', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await publish(ch, q, [1, 2]);
    const inbox = await consume(ch, q);
    await inbox.expect(1, 2);
    await ch.recover();
    await inbox.expect(1, 2, 1, 2);
    equal(redelivered(inbox.got), [false, false, true, true]);
  }));

scenario('single-active', () =>
  withChannel(async (ch) => {
    const q = await queue(ch, { 'x-single-active-consumer': true });
    const one = await consume(ch, q, { noAck: true });
    const two = await consume(ch, q, { noAck: true });
    await publish(ch, q, [1]);
    await one.expect(1);
    await ch.cancel(one.tag);
    await publish(ch, q, [2]);
    await two.expect(2);
  }));

scenario('consumer-priority', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    const low = await consume(ch, q, { arguments: { 'x-priority': 0 } });
    const high = await consume(ch, q, { arguments: { 'x-priority': 10 } });
    await publish(ch, q, [1, 2, 3]);
    await high.expect(1, 2, 3);
    await low.expect();
  }));

scenario('exclusive-consumer', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await consume(ch, q, { exclusive: true });
    await refused(ch, 403, `ACCESS_REFUSED - queue '${q}' in vhost '/' in exclusive use`, (own) =>
      consume(own, q));
  }));

scenario('server-cancel', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    const inbox = await consume(ch, q);
    await (await ch.connection.channel()).deleteQueue(q);
    await waitFor(() => ch.cancelled.length > 0, 'the cancel');
    equal(ch.cancelled, [inbox.tag]);
    await queue(ch);
  }));
