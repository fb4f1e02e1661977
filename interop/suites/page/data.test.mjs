// Pure functions of the page, by node alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about, counts, diff, parse } from './page/data/definitions.js';
import { limitsOf, tone } from './page/data/limits.js';
import { KEYS, offered, passedOver, read, tooMany, written } from './page/data/policykeys.js';
import { has, lacks, meaning, tagsOf } from './page/data/rights.js';
import { t } from './page/texts/en.js';

const changes = (now, then, isOne = false) =>
  diff(now, then, isOne).flatMap(({ items }) =>
    items.map(({ title, change }) => [title, change]),
  );

test('a document is told from what is none', () => {
  assert.equal(parse('{').wrong, 'json');
  for (const text of ['null', '[]', '7', '"users"']) assert.equal(parse(text).wrong, 'object');
  assert.equal(parse('{"users": {}}').wrong, 'empty');
  assert.deepEqual(parse('{"users": []}').document, { users: [] });
});

test('a document about one virtual host is told from one about all', () => {
  const one = { rabbitmq_definition_format: 'single_virtual_host', original_vhost_name: 'a' };
  assert.deepEqual(about(one), { isOne: true, name: 'a' });
  assert.equal(about({ rabbitmq_definition_format: 'cluster' }).isOne, false);
  assert.equal(about({ queues: [{ name: 'q' }] }).isOne, true);
  assert.equal(about({ queues: [{ name: 'q', vhost: '/' }] }).isOne, false);
  assert.equal(about({ queues: [] }).isOne, false);
});

test('items are new, changed, unchanged, or stay as they are', () => {
  const queue = (name, args) => ({ vhost: '/', name, durable: true, arguments: args });
  const policy = (definition) => ({ vhost: '/', name: 'p', pattern: 'a', definition });
  const now = {
    queues: [queue('a', { x: 1 }), queue('b', {})],
    policies: [policy({ a: 1, b: 2 })],
  };
  const then = {
    policies: [policy({ b: 2, a: 1 })],
    queues: [queue('a', { x: 2 }), queue('b', {}), queue('c', {})],
  };
  assert.deepEqual(changes(now, then), [
    ['p', 'same'],
    ['a', 'stays'],
    ['b', 'same'],
    ['c', 'new'],
  ]);
  assert.deepEqual(changes(now, { policies: [policy({ a: 1 })] }), [['p', 'changed']]);
  assert.deepEqual(counts(diff(now, then, false)), { new: 1, changed: 0, stays: 1, same: 2 });
});

test('what is not said is what an import takes for it', () => {
  const now = {
    exchanges: [
      {
        vhost: '/',
        name: 'x',
        type: 'topic',
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: {},
      },
    ],
    queues: [
      {
        vhost: '/',
        name: 'q',
        type: 'classic',
        durable: true,
        arguments: { 'x-queue-type': 'classic' },
      },
    ],
    policies: [
      {
        vhost: '/',
        name: 'p',
        pattern: '',
        definition: { a: 1 },
        priority: 0,
        'apply-to': 'all',
      },
    ],
    users: [
      { name: 'u', tags: ['a', 'b'], password_hash: '', hashing_algorithm: 'x', limits: {} },
    ],
    vhosts: [
      { name: '/', metadata: { description: 'd', tags: [], default_queue_type: 'classic' } },
    ],
  };
  const then = {
    exchanges: [{ vhost: '/', name: 'x', type: 'topic' }],
    queues: [{ vhost: '/', name: 'q' }],
    policies: [{ vhost: '/', name: 'p', pattern: '', definition: { a: 1 } }],
    users: [{ name: 'u', tags: 'b, a' }],
    vhosts: [{ name: '/', description: 'd' }],
  };
  assert.ok(changes(now, then).every(([, change]) => change === 'same'));
  // Without a description the virtual host loses its own.
  const [{ items }] = diff(now, { vhosts: [{ name: '/' }] }, false);
  assert.deepEqual(items[0].differences, [{ field: 'description', before: 'd', after: '' }]);
});

test('a password in plain is a change, and its hash is none beside it', () => {
  const now = { users: [{ name: 'u', tags: [], password_hash: 'abc', hashing_algorithm: 'x' }] };
  const [{ items }] = diff(now, { users: [{ name: 'u', tags: [], password: 'p' }] }, false);
  assert.deepEqual(
    items[0].differences.map(({ field }) => field),
    ['password'],
  );
});

test('names of the broker and the default exchange are passed over', () => {
  const then = {
    exchanges: [
      { vhost: '/', name: 'amq.topic' },
      { vhost: '/', name: '' },
    ],
    bindings: [{ vhost: '/', source: '', destination: 'q', destination_type: 'queue' }],
  };
  assert.deepEqual(changes({}, then), []);
});

test('bindings are told apart by key and arguments', () => {
  const binding = (key, args) => ({
    vhost: '/',
    source: 'x',
    destination: 'q',
    destination_type: 'queue',
    routing_key: key,
    arguments: args,
  });
  const now = { bindings: [binding('a', { b: 1, c: 2 })] };
  const then = { bindings: [binding('a', { c: 2, b: 1 }), binding('a', {}), binding('b', {})] };
  const all = changes(now, then).map(([, change]) => change);
  assert.deepEqual(all, ['same', 'new', 'new']);
  assert.equal(diff(now, { bindings: [] }, false)[0].others, 1);
});

test('every key of a policy has its words, and reads what it writes', () => {
  for (const { name } of KEYS) assert.ok(t.policies.keys[name]?.[0], name);
  assert.deepEqual(read('max-length', ' 7 '), { value: 7 });
  assert.equal(read('max-length', '-1').value, undefined);
  assert.equal(read('max-length', '1.5').wrong, t.policies.wrong.whole);
  assert.equal(read('max-length', '').wrong, t.policies.wrong.empty);
  assert.equal(read('expires', '0').wrong, t.policies.wrong.min('1'));
  assert.deepEqual(read('delivery-limit', '-1'), { value: -1 });
  assert.equal(read('stream-filter-size-bytes', '256').wrong, t.policies.wrong.max('255'));
  assert.deepEqual(read('max-age', '7D'), { value: '7D' });
  assert.equal(read('max-age', '7').wrong, t.policies.wrong.age);
  assert.deepEqual(read('dead-letter-exchange', ''), { value: '' });
  assert.equal(written('message-ttl', 90_000), '1 min 30 s');
  assert.equal(written('message-ttl', 15), '15 ms');
  assert.equal(written('max-length-bytes', 1_500_000), '1.5 MB');
  assert.equal(written('overflow', 'drop-head'), 'drop-head');
});

test('only keys that mean something are offered', () => {
  const names = (target, isOperator = false, definition = {}) =>
    offered({ target, isOperator, definition }).map(({ name }) => name);
  assert.deepEqual(names('exchanges'), ['alternate-exchange']);
  assert.ok(!names('queues').includes('alternate-exchange'));
  assert.ok(!names('classic_queues').includes('max-age'));
  assert.ok(names('streams').includes('max-age'));
  assert.ok(!names('streams').includes('message-ttl'));
  assert.ok(!names('queues', true).includes('dead-letter-exchange'));
  assert.ok(!names('queues', false, { expires: 1 }).includes('expires'));
});

test('a policy says which types it passes over, and why', () => {
  assert.deepEqual(passedOver('queues', { 'max-length': 1 }), [['stream', ['max-length']]]);
  assert.deepEqual(passedOver('classic_queues', { 'max-length': 1 }), []);
  assert.deepEqual(passedOver('queues', { 'max-age': '1D' }), [
    ['classic', ['max-age']],
    ['quorum', ['max-age']],
  ]);
  assert.equal(tooMany({ messages: 9 }, { 'max-length': 4 }), 5);
  assert.equal(tooMany({ messages: 3 }, { 'max-length': 4 }), 0);
  assert.equal(tooMany({ messages: 3 }, {}), 0);
});

test('limits and rights', () => {
  const [connections, queues] = limitsOf(
    ['max-connections', 'max-queues'],
    { 'max-connections': -1, 'max-queues': 10 },
    { 'max-queues': 9 },
  );
  assert.deepEqual(connections, { name: 'max-connections', value: undefined, used: 0 });
  assert.equal(tone(queues), 'warn');
  assert.equal(tone({ ...queues, used: 10 }), 'bad');
  assert.equal(tone({ ...queues, used: 1 }), 'good');
  const user = (...tags) => ({ name: 'u', tags });
  assert.ok(has(user('administrator'), 'policymaker'));
  assert.ok(!has(user('management'), 'monitoring'));
  assert.match(lacks(user('management'), 'administrator'), /tag administrator.*You are u/);
  assert.equal(lacks(user('monitoring'), 'monitoring'), undefined);
  assert.equal(meaning('.*'), t.rights.everything);
  assert.equal(meaning('^$'), t.rights.nothing);
  assert.equal(meaning('^a'), undefined);
  assert.deepEqual(tagsOf(' a,, b,a '), ['a', 'b']);
});
