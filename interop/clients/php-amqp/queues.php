<?php
// What queues do by their arguments.

function dead_letters_to(string $key): array
{
    return ['x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => $key];
}

/** Queue, reason and count of each entry of x-death. */
function deaths(array $headers): array
{
    $show = fn ($death) => "{$death['queue']} {$death['reason']} {$death['count']}";
    return array_map($show, $headers['x-death']);
}

function typed(Session $s, string $kind): string
{
    $name = fresh();
    $s->named($name, AMQP_DURABLE, ['x-queue-type' => $kind])->declareQueue();
    return $name;
}

on_channel('priority', function (Session $s) {
    $q = $s->queue(['x-max-priority' => 5]);
    foreach ([1, 9, 0, 5, 3] as $priority) {
        $s->send('', $q, [$priority], ['priority' => $priority]);
    }
    $s->holds($q, ['9', '5', '3', '1', '0']);
});

on_channel('ttl-message', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, ['short'], ['expiration' => '200']);
    $s->ready($q, 1);
    $s->ready($q, 0);
});

on_channel('ttl-queue', function (Session $s) {
    $q = $s->queue(['x-message-ttl' => 200]);
    $s->send('', $q, ['short']);
    $s->ready($q, 1);
    $s->ready($q, 0);
});

on_channel('dead-letter', function (Session $s) {
    $third = $s->queue();
    $second = $s->queue(dead_letters_to($third));
    $first = $s->queue(dead_letters_to($second) + ['x-message-ttl' => 100]);
    $s->send('', $first, ['dead']);
    $inbox = new Inbox($s, $second);
    $inbox->expect(['dead']);
    $inbox->queue->reject($inbox->got[0]->getDeliveryTag());
    $s->ready($third, 1);
    $headers = $s->next($third)->getHeaders();
    equal(deaths($headers), ["$second rejected 1", "$first expired 1"], 'x-death');
    equal($headers['x-first-death-reason'], 'expired');
});

on_channel('max-length', function (Session $s) {
    $dead = $s->queue();
    $q = $s->queue(dead_letters_to($dead) + ['x-max-length' => 2]);
    $s->send('', $q, [1, 2, 3]);
    $s->ready($dead, 1);
    $message = $s->next($dead);
    equal([$message->getBody(), deaths($message->getHeaders())], ['1', ["$q maxlen 1"]]);
    $s->holds($q, ['2', '3']);
});

on_channel('quorum', function (Session $s) {
    $q = typed($s, 'quorum');
    $s->channel->confirmSelect();
    $s->send('', $q, ['kept'], ['delivery_mode' => 2]);
    $s->confirmed(1);
    $s->named($q)->nack($s->hold($q, 1)[0], AMQP_REQUEUE);
    $again = wait_for('the redelivery', fn () => $s->named($q)->get(AMQP_AUTOACK));
    equal([$again->isRedelivery(), $again->getHeaders()['x-acquired-count']], [true, 1]);
    $s->named($q)->delete();
});

on_channel('stream', function (Session $s) {
    $q = typed($s, 'stream');
    $s->channel->confirmSelect();
    $s->send('', $q, [1, 2, 3]);
    $s->confirmed(3);
    foreach ([1, 2] as $round) {
        $own = $s->fork();
        $own->channel->qos(0, 10);
        $inbox = new Inbox($own, $q, arguments: ['x-stream-offset' => 'first']);
        $inbox->expect([1, 2, 3]);
        $offsets = array_map(fn ($message) => $message->getHeaders()['x-stream-offset'], $inbox->got);
        equal($offsets, [0, 1, 2], 'offsets');
        $own->channel->close();
    }
    $s->named($q)->delete();
});
