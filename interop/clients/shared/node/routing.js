'use strict';
// Exchanges and bindings.

const { drain, exchange, publish, queue, withChannel } = require('./door');
const { equal, fresh, scenario } = require('./harness');

scenario('exchange-direct', () =>
  withChannel(async (ch) => {
    const [x, q] = [await exchange(ch, 'direct'), await queue(ch)];
    for (const key of ['red', 'green']) await ch.bind(q, x, key);
    for (const key of ['green', 'blue', 'red']) await publish(ch, key, [key], {}, x);
    equal(await drain(ch, q), ['green', 'red']);
  }));

scenario('exchange-fanout', () =>
  withChannel(async (ch) => {
    const [x, one, two] = [await exchange(ch, 'fanout'), await queue(ch), await queue(ch)];
    for (const q of [one, two]) await ch.bind(q, x, '');
    await publish(ch, 'any', ['all'], {}, x);
    equal([await drain(ch, one), await drain(ch, two)], [['all'], ['all']]);
  }));

scenario('exchange-topic', () =>
  withChannel(async (ch) => {
    const [x, q] = [await exchange(ch, 'topic'), await queue(ch)];
    for (const key of ['a.*.c', 'x.#']) await ch.bind(q, x, key);
    for (const key of ['a.b.c', 'a.b.b.c', 'x', 'x.y.z', 'y.x']) {
      await publish(ch, key, [key], {}, x);
    }
    equal(await drain(ch, q), ['a.b.c', 'x', 'x.y.z']);
  }));

scenario('exchange-headers', () =>
  withChannel(async (ch) => {
    const [x, every, some] = [await exchange(ch, 'headers'), await queue(ch), await queue(ch)];
    for (const [q, match] of [[every, 'all'], [some, 'any']]) {
      await ch.bind(q, x, '', { 'x-match': match, a: 1, b: 'x' });
    }
    for (const [body, headers] of [[1, { a: 1, b: 'x' }], [2, { a: 1 }], [3, { c: 1 }]]) {
      await publish(ch, '', [body], { headers }, x);
    }
    equal([await drain(ch, every), await drain(ch, some)], [['1'], ['1', '2']]);
  }));

scenario('exchange-binding', () =>
  withChannel(async (ch) => {
    const [source, target, q] = [await exchange(ch, 'direct'), fresh('x'), await queue(ch)];
    await ch.declareExchange(target, 'fanout', {});
    await ch.bindExchange(target, source, 'key');
    await ch.bind(q, target, '');
    await ch.bind(q, source, 'other');
    await publish(ch, 'key', ['first'], {}, source);
    await ch.unbindExchange(target, source, 'key');
    await publish(ch, 'key', ['second'], {}, source);
    equal(await drain(ch, q), ['first']);
    await ch.deleteExchange(target);
  }));

scenario('alternate-exchange', () =>
  withChannel(async (ch) => {
    const [other, q] = [await exchange(ch, 'fanout'), await queue(ch)];
    await ch.bind(q, other, '');
    const x = await exchange(ch, 'direct', { 'alternate-exchange': other });
    await publish(ch, 'nowhere', ['lost'], {}, x);
    equal(await drain(ch, q), ['lost']);
    await ch.deleteExchange(x);
  }));

scenario('unbind', () =>
  withChannel(async (ch) => {
    const q = await queue(ch);
    await ch.bind(q, 'amq.direct', q);
    await publish(ch, q, [1], {}, 'amq.direct');
    await ch.unbind(q, 'amq.direct', q);
    await ch.unbind(q, 'amq.direct', q);
    await publish(ch, q, [2], {}, 'amq.direct');
    equal(await drain(ch, q), ['1']);
  }));
