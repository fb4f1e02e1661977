<?php
// Connections and channels.

use PhpAmqpLib\Exception\AMQPIOException;
use PhpAmqpLib\Exception\AMQPConnectionClosedException;

scenario('connect', function () {
    $connection = connect();
    $properties = $connection->getServerProperties();
    equal($properties['product'][1], 'RabbitMQ', 'product');
    contains($properties['version'][1], '4.');
    $connection->channel()->close();
    $connection->close();
});

scenario('connect-refused', function () {
    $text = 'ACCESS_REFUSED - Login was refused';
    refuses(403, $text, fn () => connect(password: 'wrong'));
    $text = 'NOT_ALLOWED - vhost no-such-vhost not found';
    refuses(530, $text, fn () => connect(vhost: 'no-such-vhost'));
});

scenario('connect-uri', fn () => throw new Skip('it takes host, port and vhost, not a URI'));

scenario('heartbeat', function () {
    $connection = connect(heartbeat: 1);
    $s = new Session($connection);
    for ($end = microtime(true) + 3.5; microtime(true) < $end;) {
        $connection->checkHeartBeat();
        $s->pump(0.1);
    }
    $s->queue();
    $connection->close();
});

scenario('reconnect', function () {
    preg_match('#:(\d+)/#', getenv('AMQP_RELAY_URI'), $relay);
    $s = new Session(connect((int) $relay[1]));
    $q = fresh();
    $s->raw->queue_declare($q, false, true, false, false);
    $s->send('', $q, ['held']);
    $s->hold($q, 1);
    cut();
    try {
        $s->raw->wait(null, false, 5);
        throw new Exception('the loss was not noticed');
    } catch (AMQPIOException | AMQPConnectionClosedException) {
    }
    $s = new Session(connect((int) $relay[1]));
    $s->ready($q, 1);
    $s->holds($q, ['held!']);
    $s->raw->queue_delete($q);
    $s->connection->close();
});

on_channel('publish-missing', function (Session $s) {
    $name = fresh('x');
    $text = "NOT_FOUND - no exchange '$name' in vhost '/'";
    $s->refused(404, $text, fn ($own) => $own->send($name, 'key', ['lost']));
});

on_channel('ack-unknown', function (Session $s) {
    $text = 'PRECONDITION_FAILED - unknown delivery tag 99';
    $s->refused(406, $text, fn ($own) => $own->raw->basic_ack(99));
});

on_channel('access-refused', function (Session $s) {
    $text = "ACCESS_REFUSED - exchange name 'amq.mine'";
    $s->refused(403, $text, fn ($own) => $own->raw->exchange_declare('amq.mine', 'direct'));
    $q = $s->queue();
    $text = 'ACCESS_REFUSED - operation not permitted';
    $s->refused(403, $text, fn ($own) => $own->raw->queue_bind($q, '', 'key'));
});

on_channel('bind-missing', function (Session $s) {
    [$q, $x] = [$s->queue(), fresh('x')];
    $text = "NOT_FOUND - no exchange '$x' in vhost '/'";
    $s->refused(404, $text, fn ($own) => $own->raw->queue_bind($q, $x, 'key'));
});
