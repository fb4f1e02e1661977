<?php
// Queues and exchanges come and go.

on_channel('declare', function (Session $s) {
    [$q, $x] = [fresh(), fresh('x')];
    $s->raw->queue_declare($q, false, true, false, false);
    $s->raw->queue_declare($q, false, true, false, false);
    $s->send('', $q, [1, 2, 3]);
    $s->ready($q, 3);
    equal($s->raw->queue_purge($q), 3, 'purged');
    equal($s->raw->queue_delete($q), 0, 'deleted');
    equal($s->raw->queue_delete($q), 0, 'deleted');
    $s->raw->exchange_declare($x, 'direct', false, true, false);
    $s->raw->exchange_declare($x, 'direct', true);
    $s->raw->exchange_delete($x);
    $s->raw->exchange_delete($x);
});

on_channel('declare-passive', function (Session $s) {
    $name = fresh();
    $text = "NOT_FOUND - no queue '$name' in vhost '/'";
    $s->refused(404, $text, fn ($own) => $own->passive($name));
    $text = "NOT_FOUND - no exchange '$name' in vhost '/'";
    $s->refused(404, $text, fn ($own) => $own->raw->exchange_declare($name, 'direct', true));
});

on_channel('declare-inequivalent', function (Session $s) {
    $q = $s->queue();
    $text = "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '$q' in vhost '/': "
        . "received 'true' but current is 'false'";
    $s->refused(406, $text, fn ($own) => $own->raw->queue_declare($q, false, false, true, true));
    $x = $s->exchange('direct');
    $text = "inequivalent arg 'type' for exchange '$x'";
    $s->refused(406, $text, fn ($own) => $own->raw->exchange_declare($x, 'fanout', false, false, true));
    $s->raw->exchange_delete($x);
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
    $name = $s->raw->queue_declare('', false, false, true, false)[0];
    equal(str_starts_with($name, 'amq.gen-'), true, $name);
    $s->send('', $name, ['hello']);
    $s->holds($name, ['hello']);
});

on_channel('auto-delete', function (Session $s) {
    $q = fresh();
    $s->raw->queue_declare($q, false, true, false, true);
    $s->raw->basic_cancel((new Inbox($s, $q))->tag);
    $s->refused(404, $q, fn ($own) => $own->passive($q));
});

on_channel('delete-conditions', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1]);
    $s->ready($q, 1);
    $s->refused(406, 'not empty', fn ($own) => $own->raw->queue_delete($q, false, true));
    new Inbox($s, $q);
    $s->refused(406, 'in use', fn ($own) => $own->raw->queue_delete($q, true));
    $s->passive($q);
});

on_channel('exclusive-queue', function (Session $other) {
    $s = new Session(connect());
    $q = $s->queue();
    $other->refused(405, "locked queue '$q'", fn ($own) => $own->passive($q));
    $s->connection->close();
    $other->refused(404, $q, fn ($own) => $own->passive($q));
});

on_channel('queue-expires', function (Session $s) {
    $q = $s->queue(['x-expires' => 300]);
    sleep(1); // a passive declare would renew the lease
    $s->refused(404, $q, fn ($own) => $own->passive($q));
});
