<?php
// Exchanges and bindings.

use PhpAmqpLib\Wire\AMQPTable;

function bind(Session $s, string $queue, string $exchange, string ...$keys): void
{
    foreach ($keys as $key) {
        $s->raw->queue_bind($queue, $exchange, $key);
    }
}

on_channel('exchange-direct', function (Session $s) {
    [$x, $q] = [$s->exchange('direct'), $s->queue()];
    bind($s, $q, $x, 'red', 'green');
    foreach (['green', 'blue', 'red'] as $key) {
        $s->send($x, $key, [$key]);
    }
    $s->holds($q, ['green', 'red']);
});

on_channel('exchange-fanout', function (Session $s) {
    [$x, $one, $two] = [$s->exchange('fanout'), $s->queue(), $s->queue()];
    bind($s, $one, $x, '');
    bind($s, $two, $x, '');
    $s->send($x, 'any', ['all']);
    $s->holds($one, ['all']);
    $s->holds($two, ['all']);
});

on_channel('exchange-topic', function (Session $s) {
    [$x, $q] = [$s->exchange('topic'), $s->queue()];
    bind($s, $q, $x, 'a.*.c', 'x.#');
    foreach (['a.b.c', 'a.b.b.c', 'x', 'x.y.z', 'y.x'] as $key) {
        $s->send($x, $key, [$key]);
    }
    $s->holds($q, ['a.b.c', 'x', 'x.y.z']);
});

on_channel('exchange-headers', function (Session $s) {
    [$x, $every, $some] = [$s->exchange('headers'), $s->queue(), $s->queue()];
    foreach ([$every => 'all', $some => 'any'] as $q => $match) {
        $table = new AMQPTable(['x-match' => $match, 'a' => 1, 'b' => 'x']);
        $s->raw->queue_bind($q, $x, '', false, $table);
    }
    foreach ([1 => ['a' => 1, 'b' => 'x'], 2 => ['a' => 1], 3 => ['c' => 1]] as $body => $headers) {
        $s->send($x, '', [$body], ['application_headers' => new AMQPTable($headers)]);
    }
    $s->holds($every, ['1']);
    $s->holds($some, ['1', '2']);
});

on_channel('exchange-binding', function (Session $s) {
    [$source, $target, $q] = [$s->exchange('direct'), fresh('x'), $s->queue()];
    $s->raw->exchange_declare($target, 'fanout', false, false, false);
    $s->raw->exchange_bind($target, $source, 'key');
    bind($s, $q, $target, '');
    bind($s, $q, $source, 'other');
    $s->send($source, 'key', ['first']);
    $s->raw->exchange_unbind($target, $source, 'key');
    $s->send($source, 'key', ['second']);
    $s->holds($q, ['first']);
    $s->raw->exchange_delete($target);
});

on_channel('alternate-exchange', function (Session $s) {
    [$other, $q] = [$s->exchange('fanout'), $s->queue()];
    bind($s, $q, $other, '');
    $x = $s->exchange('direct', ['alternate-exchange' => $other]);
    $s->send($x, 'nowhere', ['lost']);
    $s->holds($q, ['lost']);
    $s->raw->exchange_delete($x);
});

on_channel('unbind', function (Session $s) {
    $q = $s->queue();
    bind($s, $q, 'amq.direct', $q);
    $s->send('amq.direct', $q, [1]);
    $s->raw->queue_unbind($q, 'amq.direct', $q);
    $s->raw->queue_unbind($q, 'amq.direct', $q);
    $s->send('amq.direct', $q, [2]);
    $s->holds($q, ['1']);
});
