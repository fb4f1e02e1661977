<?php
// Connections, and brokers that refuse, stop or make wait.

scenario('connect', function () {
    $connection = connect();
    equal($connection->isConnected(), true, 'connected');
    (new AMQPChannel($connection))->close();
    $connection->disconnect();
    equal($connection->isConnected(), false, 'connected');
});

scenario('connect-refused', function () {
    $text = 'ACCESS_REFUSED - Login was refused';
    refuses(403, $text, fn () => connect(['password' => 'wrong']));
    $text = 'NOT_ALLOWED - vhost no-such-vhost not found';
    refuses(530, $text, fn () => connect(['vhost' => 'no-such-vhost']));
});

scenario('connect-uri', fn () => throw new Skip('it takes host, port and vhost, not a URI'));

scenario('heartbeat', function () {
    $connection = connect(['heartbeat' => 1]);
    $s = new Session($connection);
    for ($end = microtime(true) + 3.5; microtime(true) < $end;) {
        try {
            $s->channel->waitForBasicReturn(0.2); // heartbeats are sent while it waits
        } catch (AMQPQueueException $late) {
            contains($late->getMessage(), 'timeout');
        }
    }
    $s->queue();
    $connection->disconnect();
});

/** A session that has lost its connection finds out and another takes its place. */
function after_loss(Session $s): Session
{
    try {
        $s->channel->waitForBasicReturn(5);
        throw new Exception('the loss was not noticed');
    } catch (AMQPQueueException $late) {
        throw new Exception('the loss was not noticed', 0, $late);
    } catch (AMQPException) {
        return new Session(connect(relay()));
    }
}

scenario('reconnect', function () {
    $s = new Session(connect(relay()));
    $q = fresh();
    $s->named($q, AMQP_DURABLE)->declareQueue();
    $s->send('', $q, ['held']);
    $s->hold($q, 1);
    cut();
    $s = after_loss($s);
    $s->ready($q, 1);
    $s->holds($q, ['held!']);
    $s->named($q)->delete();
    $s->connection->disconnect();
});

/** What is durable and confirmed outlives the broker; of three messages some are taken. */
function survive(string $word, int $taken): void
{
    $s = new Session(connect(relay()));
    [$q, $x] = [fresh(), fresh('x')];
    $s->named($q, AMQP_DURABLE)->declareQueue();
    $s->named_exchange($x, 'direct', AMQP_DURABLE)->declareExchange();
    $s->bind($q, $x, 'key');
    $s->channel->confirmSelect();
    $s->send($x, 'key', ['1', '2', '3'], ['delivery_mode' => 2]);
    $s->send($x, 'key', ['transient'], ['delivery_mode' => 1]);
    $s->confirmed(4);
    for ($count = 0; $count < $taken; $count++) {
        $s->next($q);
    }
    $s->hold($q, 1);
    control($word);
    $s = after_loss($s);
    $bodies = [];
    while ($message = $s->named($q)->get(AMQP_AUTOACK)) {
        $bodies[] = $message->getBody();
    }
    equal($bodies, array_slice(['1', '2', '3'], $taken), 'messages');
    $s->send($x, 'key', ['after']);
    $s->ready($q, 1);
    $s->holds($q, ['after']);
    $s->named($q)->delete();
    $s->named_exchange($x)->delete();
    $s->connection->disconnect();
}

scenario('restart', fn () => survive('restart', 1));

scenario('kill', fn () => survive('kill', 0));

on_channel('permissions', function (Session $s) {
    $text = fn ($access, $what, $name) =>
        "ACCESS_REFUSED - $access access to $what '$name' in vhost '/' refused for user '" . USER . "'";
    $name = fresh('no-configure');
    $s->refused(403, $text('configure', 'queue', $name), fn ($own) =>
        $own->named($name, AMQP_EXCLUSIVE)->declareQueue());
    $name = fresh('no-write');
    $s->named_exchange($name, 'direct', AMQP_AUTODELETE)->declareExchange();
    $s->refused(403, $text('write', 'exchange', $name), fn ($own) =>
        $own->send($name, 'key', ['lost']));
    $name = fresh('no-read');
    $s->named($name, AMQP_EXCLUSIVE)->declareQueue();
    $s->refused(403, $text('read', 'queue', $name), fn ($own) => $own->named($name)->get());
});

scenario('blocked', fn () => throw new Skip('it shows connection.blocked to nobody'));

on_channel('publish-missing', function (Session $s) {
    $name = fresh('x');
    $text = "NOT_FOUND - no exchange '$name' in vhost '/'";
    $s->refused(404, $text, fn ($own) => $own->send($name, 'key', ['lost']));
});

on_channel('ack-unknown', function (Session $s) {
    $text = 'PRECONDITION_FAILED - unknown delivery tag 99';
    $q = $s->queue();
    $s->refused(406, $text, fn ($own) => $own->named($q)->ack(99));
});

on_channel('access-refused', function (Session $s) {
    $text = "ACCESS_REFUSED - exchange name 'amq.mine'";
    $s->refused(403, $text, fn ($own) => $own->named_exchange('amq.mine')->declareExchange());
    $q = $s->queue();
    $text = 'ACCESS_REFUSED - operation not permitted';
    $s->refused(403, $text, fn ($own) => $own->bind($q, '', 'key'));
});

on_channel('bind-missing', function (Session $s) {
    [$q, $x] = [$s->queue(), fresh('x')];
    $text = "NOT_FOUND - no exchange '$x' in vhost '/'";
    $s->refused(404, $text, fn ($own) => $own->bind($q, $x, 'key'));
});
