<?php
// Messages in, and what the publisher hears.

const DIRECT_REPLY = 'amq.rabbitmq.reply-to';

on_channel('properties', function (Session $s) {
    $q = $s->queue();
    $s->bind($q, 'amq.topic', $q);
    $sent = [
        'content_type' => 'text/plain', 'content_encoding' => 'utf-8', 'delivery_mode' => 2,
        'priority' => 7, 'correlation_id' => 'c-1', 'reply_to' => 'answers',
        'expiration' => '60000', 'message_id' => 'm-1', 'timestamp' => 1_700_000_000,
        'type' => 'kind', 'user_id' => USER, 'app_id' => 'app',
    ];
    $s->send('amq.topic', $q, ['body'], $sent + ['headers' => ['k' => 'v']]);
    $message = $s->next($q);
    foreach ($sent as $name => $value) {
        $getter = 'get' . str_replace('_', '', ucwords($name, '_'));
        $got = $message->$getter();
        equal($got instanceof AMQPTimestamp ? (int) $got->getTimestamp() : $got, $value, $name);
    }
    equal($message->getHeaders(), ['k' => 'v'], 'headers');
    equal([$message->getExchangeName(), $message->getRoutingKey()], ['amq.topic', $q]);
});

on_channel('headers', function (Session $s) {
    $sent = [ // in arrays the library sends texts and tables only
        'double' => 2.25, 'int' => -5, 'list' => ['one', 'two', ['three' => 3]], 'long' => 2 ** 40,
        'no' => false, 'none' => null, 'table' => ['inner' => ['deep' => true]],
        'text' => 'grüße', 'yes' => true,
    ];
    $q = $s->queue();
    $when = new AMQPTimestamp(1_700_000_000);
    $s->send('', $q, ['body'], ['headers' => $sent + ['when' => $when]]);
    $received = $s->next($q)->getHeaders();
    ksort($received);
    equal($received['when']->getTimestamp(), $when->getTimestamp(), 'when');
    unset($received['when']);
    equal($received, $sent, 'headers');
});

on_channel('bodies', function (Session $s) {
    $all = str_repeat(implode('', array_map('chr', range(0, 255))), 65_536);
    $q = $s->queue();
    foreach ([0, 1, 131_064, 131_065, strlen($all)] as $size) {
        $body = substr($all, 0, $size);
        $s->send('', $q, [$body]);
        $got = (string) $s->next($q)->getBody(); // an empty one is shown as false
        equal($got === $body, true, "$size bytes come back");
    }
});

on_channel('confirm', function (Session $s) {
    $q = $s->queue();
    $s->channel->confirmSelect();
    $s->send('', $q, range(1, 200), ['delivery_mode' => 2]);
    $s->send('', fresh(), ['lost']);
    equal($s->confirmed(201), false, 'nacked');
    $s->ready($q, 200);
});

on_channel('confirm-nack', function (Session $s) {
    $q = $s->queue(['x-max-length' => 1, 'x-overflow' => 'reject-publish']);
    $s->channel->confirmSelect();
    $s->send('', $q, [1, 2, 3]);
    equal($s->confirmed(3), true, 'nacked');
});

on_channel('mandatory', function (Session $s) {
    $told = [];
    $s->channel->setReturnCallback(
        function ($code, $text, $x, $key, $properties, $body) use (&$told) {
            $told[] = "$code $text $body {$properties->getMessageId()}";
        }
    );
    $s->channel->confirmSelect();
    $s->named_exchange('')->publish('lost', fresh(), AMQP_MANDATORY, ['message_id' => 'm']);
    equal($s->confirmed(1), false, 'nacked');
    equal($told, ['312 NO_ROUTE lost m'], 'returned');
});

on_channel('tx', function (Session $s) {
    $q = $s->queue();
    $s->channel->startTransaction();
    $s->send('', $q, ['undone']);
    $s->channel->rollbackTransaction();
    $s->send('', $q, ['done']);
    $s->ready($q, 0);
    $s->channel->commitTransaction();
    $s->holds($q, ['done']);
});

on_channel('rpc', function (Session $s) {
    $q = $s->queue();
    $answers = new Inbox($s, DIRECT_REPLY, AMQP_AUTOACK);
    $s->send('', $q, [20], ['reply_to' => DIRECT_REPLY, 'correlation_id' => 'call-1']);
    $request = $s->next($q);
    $name = $request->getReplyTo();
    equal(str_starts_with($name, DIRECT_REPLY . '.'), true, $name);
    $properties = ['correlation_id' => $request->getCorrelationId()];
    $s->send('', $name, [(int) $request->getBody() + 1], $properties);
    $answers->expect([21]);
    equal($answers->got[0]->getCorrelationId(), 'call-1');
});
