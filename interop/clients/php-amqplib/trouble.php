<?php
// Brokers that stop, refuse or make wait.

use PhpAmqpLib\Exception\AMQPConnectionClosedException;
use PhpAmqpLib\Exception\AMQPIOException;

/** What is durable and confirmed outlives the broker; of three messages some are taken. */
function survive(string $word, int $taken): void
{
    preg_match('#:(\d+)/#', getenv('AMQP_RELAY_URI'), $relay);
    $s = new Session(connect((int) $relay[1]));
    [$q, $x] = [fresh(), fresh('x')];
    $s->raw->queue_declare($q, false, true, false, false);
    $s->raw->exchange_declare($x, 'direct', false, true, false);
    $s->raw->queue_bind($q, $x, 'key');
    $s->raw->confirm_select();
    $s->send($x, 'key', ['1', '2', '3'], ['delivery_mode' => 2]);
    $s->send($x, 'key', ['transient'], ['delivery_mode' => 1]);
    $s->raw->wait_for_pending_acks(5);
    for ($count = 0; $count < $taken; $count++) {
        $s->next($q);
    }
    $s->hold($q, 1);
    control($word);
    try {
        $s->raw->wait(null, false, 5);
        throw new Exception('the loss was not noticed');
    } catch (AMQPIOException | AMQPConnectionClosedException) {
    }
    $s = new Session(connect((int) $relay[1]));
    $bodies = [];
    while ($message = $s->raw->basic_get($q, true)) {
        $bodies[] = $message->body;
    }
    equal($bodies, array_slice(['1', '2', '3'], $taken), 'messages');
    $s->send($x, 'key', ['after']);
    $s->ready($q, 1);
    $s->holds($q, ['after']);
    $s->raw->queue_delete($q);
    $s->raw->exchange_delete($x);
    $s->connection->close();
}

scenario('restart', fn () => survive('restart', 1));

scenario('kill', fn () => survive('kill', 0));

on_channel('permissions', function (Session $s) {
    $text = fn ($access, $what, $name) =>
        "ACCESS_REFUSED - $access access to $what '$name' in vhost '/' refused for user '" . USER . "'";
    $name = fresh('no-configure');
    $s->refused(403, $text('configure', 'queue', $name), fn ($own) =>
        $own->raw->queue_declare($name, false, false, true));
    $name = fresh('no-write');
    $s->raw->exchange_declare($name, 'direct');
    $s->refused(403, $text('write', 'exchange', $name), fn ($own) =>
        $own->send($name, 'key', ['lost']));
    $s->raw->exchange_delete($name);
    $name = fresh('no-read');
    $s->raw->queue_declare($name, false, false, true);
    $s->refused(403, $text('read', 'queue', $name), fn ($own) => $own->raw->basic_get($name));
});

on_channel('blocked', function (Session $s) {
    [$q, $sent] = [$s->queue(), 0];
    control('block');
    wait_for('connection.blocked', function () use ($s, $q, &$sent) {
        $s->send('', $q, [$sent++]);
        $s->pump(0.05);
        return $s->connection->isBlocked();
    });
    control('unblock');
    wait_for('connection.unblocked', function () use ($s) {
        $s->pump(0.05);
        return !$s->connection->isBlocked();
    });
    $s->send('', $q, [$sent++]);
    $s->ready($q, $sent);
});
