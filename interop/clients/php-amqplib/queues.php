<?php
// What queues do by their arguments.

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

function dead_letters_to(string $key): array
{
    return ['x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => $key];
}

function headers(AMQPMessage $message): array
{
    return $message->get('application_headers')->getNativeData();
}

/** Queue, reason and count of each entry of x-death. */
function deaths(array $headers): array
{
    $show = fn ($death) => "{$death['queue']} {$death['reason']} {$death['count']}";
    return array_map($show, $headers['x-death']);
}

function typed(Session $s, string $kind): string
{
    $table = new AMQPTable(['x-queue-type' => $kind]);
    return $s->raw->queue_declare(fresh(), false, true, false, false, false, $table)[0];
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
    $inbox->got[0]->reject(false);
    $s->ready($third, 1);
    $headers = headers($s->next($third));
    equal(deaths($headers), ["$second rejected 1", "$first expired 1"], 'x-death');
    equal($headers['x-first-death-reason'], 'expired');
    equal($headers['x-last-death-queue'], $second);
});

on_channel('max-length', function (Session $s) {
    $dead = $s->queue();
    $q = $s->queue(dead_letters_to($dead) + ['x-max-length' => 2]);
    $s->send('', $q, [1, 2, 3]);
    $s->ready($dead, 1);
    $message = $s->next($dead);
    equal([$message->body, deaths(headers($message))], ['1', ["$q maxlen 1"]]);
    $s->holds($q, ['2', '3']);
});

on_channel('quorum', function (Session $s) {
    $q = typed($s, 'quorum');
    $s->raw->confirm_select();
    $s->send('', $q, ['kept'], ['delivery_mode' => 2]);
    $s->raw->wait_for_pending_acks(5);
    $s->raw->basic_nack($s->hold($q, 1)[0], false, true);
    $s->ready($q, 1);
    $again = $s->next($q);
    equal([$again->isRedelivered(), headers($again)['x-acquired-count']], [true, 1]);
    $s->raw->queue_delete($q);
});

on_channel('stream', function (Session $s) {
    $q = typed($s, 'stream');
    $s->raw->confirm_select();
    $s->send('', $q, [1, 2, 3]);
    $s->raw->wait_for_pending_acks(5);
    foreach ([1, 2] as $round) {
        $own = $s->fork();
        $own->raw->basic_qos(0, 10, false);
        $inbox = new Inbox($own, $q, arguments: ['x-stream-offset' => 'first']);
        $inbox->expect([1, 2, 3]);
        $offsets = array_map(fn ($message) => headers($message)['x-stream-offset'], $inbox->got);
        equal($offsets, [0, 1, 2], 'offsets');
        $own->raw->close();
    }
    $s->raw->queue_delete($q);
});
