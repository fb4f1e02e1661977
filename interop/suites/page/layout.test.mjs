// The layered layout of the topology, without a browser: pure functions of src/page/data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crossings, untangled } from './page/data/crossings.js';
import { rising } from './page/data/flows.js';
import { layout } from './page/data/layout.js';
import { columnsOf, turned } from './page/data/ranks.js';
import { alternateOf, edgeRates, groups, part, topology } from './page/data/topology.js';

const box = (id, width = 160, height = 46) => ({ id, width, height });
const line = (from, to, more = {}) => ({ id: `${from}>${to}`, from, to, ...more });

/** A random number that is the same at each run. */
function dice(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

/** 300 boxes: services with queues, dead letters to one place, some queues bound twice. */
function large() {
  const boxes = [box('dead'), box('dead.letters')];
  const lines = [line('dead', 'dead.letters')];
  for (let service = 0; service < 42; service++) {
    boxes.push(box(`x${service}`));
    for (let queue = 0; queue < 6; queue++) {
      const id = `q${service}.${queue}`;
      boxes.push(box(id));
      lines.push(line(`x${service}`, id));
      lines.push(line(id, 'dead', { order: 2, isLoose: true }));
      if (queue === 0) lines.push(line(`x${(service * 5 + 1) % 42}`, id, { id: `second ${id}` }));
    }
  }
  return [boxes, lines];
}

/** No two boxes are in each other's place. */
function apart({ spots }) {
  const all = [...spots];
  for (const [at, [name, a]] of all.entries()) {
    for (const [other, b] of all.slice(at + 1)) {
      const isBeside = a.x + a.width <= b.x || b.x + b.width <= a.x;
      const isBelow = a.y + a.height <= b.y + 0.01 || b.y + b.height <= a.y + 0.01;
      assert.ok(isBeside || isBelow, `${name} and ${other} overlap`);
    }
  }
}

test('lines lead to the right, and of a circle the one with the highest order is turned', () => {
  const arrows = [
    { from: 0, to: 1, order: 0 },
    { from: 1, to: 2, order: 2 },
    { from: 2, to: 0, order: 1 },
  ];
  assert.deepEqual(turned(3, arrows), [false, true, false]);
  const { spots, routes } = layout(
    [box('orders'), box('retry')],
    [line('orders', 'retry', { order: 1 }), line('retry', 'orders', { order: 2 })],
  );
  assert.ok(spots.get('orders').x < spots.get('retry').x);
  assert.equal(routes.get('retry>orders').isTurned, true);
  const [there, back] = [routes.get('orders>retry').points, routes.get('retry>orders').points];
  assert.equal(there[0].x, spots.get('orders').x + 160);
  assert.equal(back.at(-1).x, spots.get('orders').x + 160);
  assert.notEqual(there[0].y, back.at(-1).y, 'they do not lie on each other');
});

test('a box is in a column right of all that lead to it, and as near as can be', () => {
  const arrows = [
    { from: 0, to: 1 },
    { from: 1, to: 2 },
    { from: 3, to: 2 },
  ];
  assert.deepEqual(columnsOf(4, arrows), [0, 1, 2, 1]);
});

test('crossings are counted and taken away', () => {
  const before = [[], [], [], [2], [1], [0]].map((all) => [...all]);
  const after = [[5], [4], [3], [], [], []];
  const columns = [
    [0, 1, 2],
    [3, 4, 5],
  ];
  assert.equal(crossings(columns, after, 6), 3);
  assert.equal(crossings(untangled(columns, before, after), after, 6), 0);
});

test('a tree is drawn without crossings, and each parent in the middle of its children', () => {
  const boxes = ['root', 'a', 'b', 'a1', 'a2', 'b1', 'b2'].map((id) => box(id));
  const lines = [
    line('root', 'b'),
    line('root', 'a'),
    line('a', 'a2'),
    line('b', 'b1'),
    line('a', 'a1'),
    line('b', 'b2'),
  ];
  const drawn = layout(boxes, lines);
  apart(drawn);
  const middle = (id) => drawn.spots.get(id).y + 23;
  assert.ok(Math.abs(middle('a') - (middle('a1') + middle('a2')) / 2) < 1);
  assert.ok(Math.abs(middle('root') - (middle('a') + middle('b')) / 2) < 1);
  assert.equal(middle('a') < middle('b'), middle('a1') < middle('b1'));
});

test('a line over several columns is straight where there is room', () => {
  const boxes = ['a', 'b', 'c', 'd'].map((id) => box(id));
  const lines = [line('a', 'b'), line('b', 'c'), line('c', 'd'), line('a', 'd')];
  const { routes, spots } = layout(boxes, lines);
  const { points } = routes.get('a>d');
  const inner = points.slice(2, -2).map(({ y }) => y);
  assert.ok(Math.max(...inner) - Math.min(...inner) < 1, JSON.stringify(points));
  for (const id of ['b', 'c']) {
    const { y, height } = spots.get(id);
    assert.ok(inner[0] <= y || inner[0] >= y + height, 'it does not run through a box');
  }
});

test('any graph is drawn without overlaps, within its size, and the same each time', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const roll = dice(seed);
    const many = 2 + roll(40);
    const boxes = Array.from({ length: many }, (_, at) =>
      box(`b${at}`, 60 + roll(200), 30 + roll(90)),
    );
    const lines = Array.from({ length: roll(70) }, (_, at) => ({
      ...line(`b${roll(many)}`, `b${roll(many)}`, { order: roll(3), isLoose: roll(9) === 0 }),
      id: `l${at}`,
      room: roll(120),
    }));
    const drawn = layout(boxes, lines);
    apart(drawn);
    assert.deepEqual(layout(boxes, lines), drawn, `seed ${seed}`);
    assert.equal(drawn.spots.size, many);
    assert.equal(drawn.routes.size, lines.length);
    for (const { x, y, width, height } of drawn.spots.values()) {
      assert.ok(x >= 0 && y >= -0.01, `seed ${seed}`);
      assert.ok(x + width <= drawn.width + 0.01 && y + height <= drawn.height + 0.01);
    }
    for (const { points } of drawn.routes.values()) {
      assert.ok(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
    }
  }
});

test('what was there keeps its order when something is added', () => {
  const names = ['c', 'a', 'd', 'b'];
  const boxes = [box('x'), ...names.map((id) => box(id))];
  const lines = names.map((id) => line('x', id));
  const before = layout(boxes, lines);
  const more = layout([box('new'), ...boxes], [line('x', 'new'), ...lines], { before });
  const order = ({ spots }) => [...names].sort((a, b) => spots.get(a).y - spots.get(b).y);
  assert.deepEqual(order(more), order(before));
});

test('300 boxes take well below a second', () => {
  const [boxes, lines] = large();
  layout(boxes, lines);
  const begun = performance.now();
  const drawn = layout(boxes, lines);
  const took = performance.now() - begun;
  console.log(
    `# layout of ${boxes.length} boxes and ${lines.length} lines: ${took.toFixed(0)} ms`,
  );
  apart(drawn);
  assert.ok(took < 1000, `${took} ms`);
});

const queue = (name, more = {}) => ({
  name,
  vhost: '/',
  type: 'classic',
  arguments: {},
  ...more,
});
const exchange = (name, more = {}) => ({
  name,
  vhost: '/',
  type: 'topic',
  arguments: {},
  ...more,
});
const bind = (source, destination, key = '', type = 'queue') => ({
  ...{ source, destination, vhost: '/', destination_type: type },
  ...{ routing_key: key, arguments: {}, properties_key: key || '~' },
});

function shop() {
  return topology({
    exchanges: [
      exchange(''),
      exchange('amq.topic'),
      exchange('shop', { arguments: { 'alternate-exchange': 'lost' } }),
      exchange('inner'),
    ],
    queues: [
      queue('orders', {
        arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'retry' },
      }),
      queue('retry'),
      queue('mail', { effective_policy_definition: { 'dead-letter-exchange': 'gone' } }),
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => queue(name)),
    ],
    bindings: [
      bind('', 'orders', 'orders'),
      bind('shop', 'orders', 'order.*'),
      bind('shop', 'orders', 'again'),
      bind('shop', 'inner', '#', 'exchange'),
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => bind('inner', name)),
    ],
    withDefault: false,
  });
}

test('a topology has one edge between two, with all keys, dead letters and alternates', () => {
  const { nodes, edges } = shop();
  const told = edges.map(({ kind, from, to, keys }) =>
    [kind, from, to, keys.join(' ')].join(' '),
  );
  assert.ok(told.includes('binding e:shop q:orders order.* again'), told.join('\n'));
  assert.ok(told.includes('dead-letter q:orders q:retry '));
  assert.ok(told.includes('dead-letter q:mail e:gone '));
  assert.ok(told.includes('alternate e:shop e:lost '));
  assert.equal(nodes.get('e:gone').kind, 'missing');
  assert.equal(nodes.has('e:'), false);
  const policies = [{ name: 'p', vhost: '/', definition: { 'alternate-exchange': 'other' } }];
  assert.equal(alternateOf(exchange('x', { policy: 'p' }), policies), 'other');
});

test('a part of it is what a filter names with what that is joined to, or what is near', () => {
  const whole = shop();
  const all = { words: () => true, isFiltered: false, steps: 0, withUnused: false };
  const ids = (wish) => [...part(whole, { ...all, ...wish }).nodes.keys()].sort();
  assert.ok(!ids({}).includes('e:amq.topic'));
  assert.ok(ids({ withUnused: true }).includes('e:amq.topic'));
  assert.deepEqual(ids({ isFiltered: true, words: (name) => name === 'retry' }), [
    'q:orders',
    'q:retry',
  ]);
  assert.deepEqual(ids({ focus: 'q:orders', steps: 1 }), ['e:shop', 'q:orders', 'q:retry']);
  // Along the way of messages, and not back to others that share it.
  assert.deepEqual(ids({ focus: 'q:a', steps: 2 }), ['e:inner', 'e:shop', 'q:a']);
});

test('queues that are joined alike are one group if there are many nodes', () => {
  const queues = Array.from({ length: 60 }, (_, at) => queue(`q${at}`));
  const bindings = queues.map(({ name }) => bind('x', name, name));
  const whole = topology({ exchanges: [exchange('x')], queues, bindings, withDefault: false });
  const [ids] = groups(whole, 'q:q7').values();
  assert.equal(ids.length, 59);
  assert.equal(groups(shop(), undefined).size, 0);
});

test('rates of edges are told where one way alone is possible, and else not', () => {
  const whole = shop();
  const came = (from, to) => (from === 'shop' ? { a: 2, b: 3, orders: 5 }[to] : 0);
  const rates = edgeRates(whole, came, (name) => (name === 'orders' ? 1.5 : 0));
  const rate = (kind, from, to) => rates.get([kind, from, to].join('\n'));
  assert.equal(rate('binding', 'e:shop', 'q:orders'), 5);
  assert.equal(rate('binding', 'e:inner', 'q:a'), 2);
  assert.equal(rate('binding', 'e:shop', 'e:inner'), 5);
  assert.equal(rate('dead-letter', 'q:orders', 'q:retry'), 1.5);
  const twice = topology({
    exchanges: [exchange('shop'), exchange('inner')],
    queues: [queue('a')],
    bindings: [bind('shop', 'a'), bind('shop', 'inner', '', 'exchange'), bind('inner', 'a')],
    withDefault: false,
  });
  assert.equal(edgeRates(twice, came, () => 0).size, 0);
});

test('a rate is of the last answers, and falls when nothing comes any more', () => {
  const counts = (many) => [['n', many]];
  const look = (many, now) => rising('test', many, counts, now)('n');
  assert.equal(look(10, 0), undefined);
  assert.equal(look(30, 2000), 10);
  assert.equal(look(30, 3000), 10);
  assert.equal(look(30, 20_000), 1);
});
