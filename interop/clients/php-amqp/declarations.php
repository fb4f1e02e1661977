<?php
// Queues and exchanges come and go, and what they route.

on_channel('declare', function (Session $s) {
    [$q, $x] = [fresh(), fresh('x')];
    $s->named($q, AMQP_DURABLE)->declareQueue();
    $s->named($q, AMQP_DURABLE)->declareQueue();
    $s->send('', $q, [1, 2, 3]);
    $s->ready($q, 3);
    $s->named($q)->purge(); // the library keeps the count to itself
    equal($s->passive($q), 0, 'messages');
    equal($s->named($q)->delete(), 0, 'deleted');
    equal($s->named($q)->delete(), 0, 'deleted');
    $s->named_exchange($x, 'direct', AMQP_DURABLE)->declareExchange();
    $s->named_exchange($x, 'direct', AMQP_PASSIVE)->declareExchange();
    $s->named_exchange($x)->delete();
    $s->named_exchange($x)->delete();
});

on_channel('declare-passive', function (Session $s) {
    $name = fresh();
    $text = "NOT_FOUND - no queue '$name' in vhost '/'";
    $s->refused(404, $text, fn ($own) => $own->passive($name));
    $text = "NOT_FOUND - no exchange '$name' in vhost '/'";
    $s->refused(404, $text, fn ($own) =>
        $own->named_exchange($name, 'direct', AMQP_PASSIVE)->declareExchange());
});

on_channel('declare-inequivalent', function (Session $s) {
    $q = $s->queue();
    $text = "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '$q' in vhost '/': "
        . "received 'true' but current is 'false'";
    $s->refused(406, $text, fn ($own) =>
        $own->named($q, AMQP_EXCLUSIVE | AMQP_AUTODELETE)->declareQueue());
    $x = $s->exchange('direct');
    $s->refused(406, "inequivalent arg 'type' for exchange '$x'", fn ($own) =>
        $own->named_exchange($x, 'fanout', AMQP_AUTODELETE)->declareExchange());
    $s->named_exchange($x)->delete();
});

on_channel('declare-arguments', function (Session $s) {
    $wrong = ['x-message-ttl' => -1, 'x-max-priority' => 256, 'x-expires' => 0,
        'x-overflow' => 'nonsense'];
    foreach ($wrong as $key => $value) {
        $text = "PRECONDITION_FAILED - invalid arg '$key'";
        $s->refused(406, $text, fn ($own) => $own->queue([$key => $value]));
    }
});

on_channel('server-named', function (Session $s) {
    $queue = $s->named('', AMQP_EXCLUSIVE);
    $queue->declareQueue();
    $name = $queue->getName();
    equal(str_starts_with($name, 'amq.gen-'), true, $name);
    $s->send('', $name, ['hello']);
    $s->holds($name, ['hello']);
});

on_channel('auto-delete', function (Session $s) {
    $q = fresh();
    $s->named($q, AMQP_DURABLE | AMQP_AUTODELETE)->declareQueue();
    $inbox = new Inbox($s, $q);
    $inbox->queue->cancel($inbox->tag);
    $s->refused(404, $q, fn ($own) => $own->passive($q));
});

on_channel('delete-conditions', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1]);
    $s->ready($q, 1);
    $s->refused(406, 'not empty', fn ($own) => $own->named($q)->delete(AMQP_IFEMPTY));
    $inbox = new Inbox($s, $q);
    $s->refused(406, 'in use', fn ($own) => $own->named($q)->delete(AMQP_IFUNUSED));
    $s->passive($q);
});

on_channel('exclusive-queue', function (Session $other) {
    $s = new Session(connect());
    $q = $s->queue();
    $other->refused(405, "locked queue '$q'", fn ($own) => $own->passive($q));
    $s->connection->disconnect();
    $other->refused(404, $q, fn ($own) => $own->passive($q));
});

on_channel('queue-expires', function (Session $s) {
    $q = $s->queue(['x-expires' => 300]);
    sleep(1); // a passive declare would renew the lease
    $s->refused(404, $q, fn ($own) => $own->passive($q));
});

on_channel('exchange-direct', function (Session $s) {
    [$x, $q] = [$s->exchange('direct'), $s->queue()];
    $s->bind($q, $x, 'red', 'green');
    foreach (['green', 'blue', 'red'] as $key) {
        $s->send($x, $key, [$key]);
    }
    $s->holds($q, ['green', 'red']);
});

on_channel('exchange-fanout', function (Session $s) {
    [$x, $one, $two] = [$s->exchange('fanout'), $s->queue(), $s->queue()];
    $s->bind($one, $x, '');
    $s->bind($two, $x, '');
    $s->send($x, 'any', ['all']);
    $s->holds($one, ['all']);
    $s->holds($two, ['all']);
});

on_channel('exchange-topic', function (Session $s) {
    [$x, $q] = [$s->exchange('topic'), $s->queue()];
    $s->bind($q, $x, 'a.*.c', 'x.#');
    foreach (['a.b.c', 'a.b.b.c', 'x', 'x.y.z', 'y.x'] as $key) {
        $s->send($x, $key, [$key]);
    }
    $s->holds($q, ['a.b.c', 'x', 'x.y.z']);
});

on_channel('exchange-headers', function (Session $s) {
    [$x, $every, $some] = [$s->exchange('headers'), $s->queue(), $s->queue()];
    foreach ([$every => 'all', $some => 'any'] as $q => $match) {
        $s->named($q)->bind($x, '', ['x-match' => $match, 'a' => 1, 'b' => 'x']);
    }
    foreach ([1 => ['a' => 1, 'b' => 'x'], 2 => ['a' => 1], 3 => ['c' => 1]] as $body => $headers) {
        $s->send($x, '', [$body], ['headers' => $headers]);
    }
    $s->holds($every, ['1']);
    $s->holds($some, ['1', '2']);
});

on_channel('exchange-binding', function (Session $s) {
    [$source, $name, $q] = [$s->exchange('direct'), fresh('x'), $s->queue()];
    $target = $s->named_exchange($name, 'fanout');
    $target->declareExchange();
    $target->bind($source, 'key');
    $s->bind($q, $name, '');
    $s->bind($q, $source, 'other');
    $s->send($source, 'key', ['first']);
    $target->unbind($source, 'key');
    $s->send($source, 'key', ['second']);
    $s->holds($q, ['first']);
    $target->delete();
});

on_channel('alternate-exchange', function (Session $s) {
    [$other, $q] = [$s->exchange('fanout'), $s->queue()];
    $s->bind($q, $other, '');
    $x = $s->exchange('direct', ['alternate-exchange' => $other]);
    $s->send($x, 'nowhere', ['lost']);
    $s->holds($q, ['lost']);
    $s->named_exchange($x)->delete();
});

on_channel('unbind', function (Session $s) {
    $q = $s->queue();
    $s->bind($q, 'amq.direct', $q);
    $s->send('amq.direct', $q, [1]);
    $s->named($q)->unbind('amq.direct', $q);
    $s->named($q)->unbind('amq.direct', $q);
    $s->send('amq.direct', $q, [2]);
    $s->holds($q, ['1']);
});
