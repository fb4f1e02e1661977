<?php
// Messages in, and what the publisher hears.

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

const DIRECT_REPLY = 'amq.rabbitmq.reply-to';

on_channel('properties', function (Session $s) {
    $q = $s->queue();
    bind($s, $q, 'amq.topic', $q);
    $sent = [
        'content_type' => 'text/plain', 'content_encoding' => 'utf-8', 'delivery_mode' => 2,
        'priority' => 7, 'correlation_id' => 'c-1', 'reply_to' => 'answers',
        'expiration' => '60000', 'message_id' => 'm-1', 'timestamp' => 1_700_000_000,
        'type' => 'kind', 'user_id' => USER, 'app_id' => 'app', 'cluster_id' => 'cluster',
    ];
    $headers = ['application_headers' => new AMQPTable(['k' => 'v'])];
    $s->send('amq.topic', $q, ['body'], $sent + $headers);
    $message = $s->next($q);
    $received = $message->get_properties();
    foreach ($sent as $name => $value) {
        equal($received[$name], $value, $name);
    }
    equal($received['application_headers']->getNativeData(), ['k' => 'v'], 'headers');
    equal([$message->getExchange(), $message->getRoutingKey()], ['amq.topic', $q]);
});

on_channel('headers', function (Session $s) {
    $sent = new AMQPTable([
        'double' => 2.25, 'empty' => [], 'int' => -5, 'list' => [1, 'two', ['three' => 3]],
        'long' => 2 ** 40, 'no' => false, 'none' => null,
        'table' => ['inner' => ['deep' => [true, null]]], 'text' => 'grüße',
        'when' => new DateTime('@1700000000'), 'yes' => true,
    ]);
    $q = $s->queue();
    $s->send('', $q, ['body'], ['application_headers' => $sent]);
    $received = $s->next($q)->get('application_headers')->getNativeData();
    ksort($received);
    $expected = $sent->getNativeData();
    foreach ([&$received, &$expected] as &$table) {
        $table['when'] = $table['when']->getTimestamp();
    }
    equal($received, $expected, 'headers');
});

on_channel('bodies', function (Session $s) {
    $all = str_repeat(implode('', array_map('chr', range(0, 255))), 65_536);
    $q = $s->queue();
    foreach ([0, 1, 131_064, 131_065, strlen($all)] as $size) {
        $body = substr($all, 0, $size);
        $s->send('', $q, [$body]);
        equal($s->next($q)->body === $body, true, "$size bytes come back");
    }
});

on_channel('confirm', function (Session $s) {
    $acked = 0;
    $s->raw->set_ack_handler(function () use (&$acked) {
        $acked++;
    });
    $q = $s->queue();
    $s->raw->confirm_select();
    $s->send('', $q, range(1, 200), ['delivery_mode' => 2]);
    $s->send('', fresh(), ['lost']);
    $s->raw->wait_for_pending_acks(5);
    equal($acked, 201, 'acks');
    $s->ready($q, 200);
});

on_channel('confirm-nack', function (Session $s) {
    $nacked = 0;
    $s->raw->set_nack_handler(function () use (&$nacked) {
        $nacked++;
    });
    $q = $s->queue(['x-max-length' => 1, 'x-overflow' => 'reject-publish']);
    $s->raw->confirm_select();
    $s->send('', $q, [1, 2, 3]);
    $s->raw->wait_for_pending_acks(5);
    equal($nacked > 0, true, 'nacked');
});

on_channel('mandatory', function (Session $s) {
    $told = [];
    $s->raw->set_ack_handler(function () use (&$told) {
        $told[] = 'ack';
    });
    $s->raw->set_return_listener(function ($code, $text, $x, $key, $message) use (&$told) {
        $told[] = "$code $text {$message->body} {$message->get('message_id')}";
    });
    $s->raw->confirm_select();
    $message = new AMQPMessage('lost', ['message_id' => 'm']);
    $s->raw->basic_publish($message, '', fresh(), true);
    $s->raw->wait_for_pending_acks_returns(5);
    equal($told, ['312 NO_ROUTE lost m', 'ack'], 'order');
});

on_channel('tx', function (Session $s) {
    $q = $s->queue();
    $s->raw->tx_select();
    $s->send('', $q, ['undone']);
    $s->raw->tx_rollback();
    $s->send('', $q, ['done']);
    $s->ready($q, 0);
    $s->raw->tx_commit();
    $s->holds($q, ['done']);
});

on_channel('rpc', function (Session $s) {
    $q = $s->queue();
    $answers = new Inbox($s, DIRECT_REPLY, true);
    $s->send('', $q, [20], ['reply_to' => DIRECT_REPLY, 'correlation_id' => 'call-1']);
    $request = $s->next($q);
    $name = $request->get('reply_to');
    equal(str_starts_with($name, DIRECT_REPLY . '.'), true, $name);
    $properties = ['correlation_id' => $request->get('correlation_id')];
    $s->send('', $name, [(int) $request->body + 1], $properties);
    $answers->expect([21]);
    equal($answers->got[0]->get('correlation_id'), 'call-1');
});
