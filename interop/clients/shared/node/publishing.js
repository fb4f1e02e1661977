'use strict';
// Messages in, and what the publisher hears.

const {
  Nacked, Returned, consume, drain, get, library, publish, queue, ready, withChannel,
} = require('./door');
const { BIG, SIZES, USER, equal, fresh, scenario } = require('./harness');

scenario('properties', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await ch.bind(q, 'amq.topic', q);
    const sent = {
      contentType: 'text/plain', contentEncoding: 'utf-8', headers: { k: 'v' }, deliveryMode: 2,
      priority: 7, correlationId: 'c-1', replyTo: 'answers', expiration: '60000',
      messageId: 'm-1', timestamp: 1_700_000_000, type: 'kind', userId: USER, appId: 'app',
      clusterId: 'cluster',
    };
    for (const name of library.noProperties) delete sent[name];
    await publish(ch, q, ['body'], sent, 'amq.topic');
    const received = await get(ch, q);
    for (const [key, value] of Object.entries(sent)) equal(received.properties[key], value, key);
    equal([received.exchange, received.key], ['amq.topic', q]);
  }));

scenario('headers', () =>
  withChannel(async (ch) => {
    const sent = {
      text: 'grüße', yes: true, no: false, int: -5, long: 2 ** 40, none: null, float: 1.5,
      list: [1, 'two', { three: 3 }], table: { inner: { deep: [true, null] } }, empty: {},
      ...library.headers,
    };
    const q = await queue(ch);
    await publish(ch, q, ['body'], { headers: sent });
    equal((await get(ch, q)).properties.headers, sent, 'headers');
  }));

scenario('bodies', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    for (const size of SIZES) {
      const body = BIG.subarray(0, size);
      await ch.publish('', q, body, {});
      const received = Buffer.from((await get(ch, q)).body);
      if (!received.equals(body)) throw new Error(`${size} bytes came back differently`);
    }
  }));

scenario('confirm', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await ch.confirm();
    const bodies = Array.from({ length: 200 }, (_, number) => number);
    await Promise.all(bodies.map((body) => publish(ch, q, [body], { deliveryMode: 2 })));
    await publish(ch, fresh(), ['lost']);
    await ready(ch, q, 200);
  }));

scenario('confirm-nack', () =>
  withChannel(async (ch) => {
    const q = await queue(ch, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    await ch.confirm();
    try {
      await publish(ch, q, [1, 2, 3]);
    } catch (error) {
      if (error instanceof Nacked) return;
      throw error;
    }
    throw new Error('no nack');
  }));

scenario('mandatory', () =>
  withChannel(async (ch) => {
    await ch.confirm();
    try {
      await ch.publish('', fresh(), Buffer.from('lost'), { messageId: 'm' }, { mandatory: true });
    } catch (error) {
      if (!(error instanceof Returned)) throw error;
      equal([error.code, error.text], [312, 'NO_ROUTE']);
      equal([error.body.toString(), error.properties.messageId], ['lost', 'm']);
      return;
    }
    throw new Error('not returned');
  }));

scenario('tx', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await ch.txSelect();
    await publish(ch, q, ['undone']);
    await ch.txRollback();
    await publish(ch, q, ['done']);
    await ready(ch, q, 0);
    await ch.txCommit();
    equal(await drain(ch, q), ['done']);
  }));

scenario('rpc', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    const answers = await consume(ch, 'amq.rabbitmq.reply-to', { noAck: true });
    await publish(ch, q, [20], { replyTo: 'amq.rabbitmq.reply-to', correlationId: 'call-1' });
    const request = await get(ch, q);
    const { replyTo, correlationId } = request.properties;
    if (!replyTo.startsWith('amq.rabbitmq.reply-to.')) throw new Error(replyTo);
    await publish(ch, replyTo, [Number(request.body.toString()) + 1], { correlationId });
    await answers.expect(21);
    equal(answers.got[0].properties.correlationId, 'call-1');
  }));
