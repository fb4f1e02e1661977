<?php
// Messages out, and how they are settled.

on_channel('consume', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2, 3]);
    $inbox = new Inbox($s, $q);
    $s->send('', $q, [4, 5, 6]);
    $inbox->expect([1, 2, 3, 4, 5, 6]);
    $tags = array_map(fn ($message) => (int) $message->getDeliveryTag(), $inbox->got);
    equal($tags, [1, 2, 3, 4, 5, 6], 'tags');
    equal($inbox->redelivered(), array_fill(0, 6, false), 'redelivered');
    foreach ($tags as $tag) {
        $inbox->queue->ack($tag);
    }
    $inbox->queue->cancel($inbox->tag);
    $s->ready($q, 0);
});

on_channel('prefetch', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [0, 1, 2, 3, 4]);
    $s->channel->qos(0, 2);
    $inbox = new Inbox($s, $q);
    $inbox->expect([0, 1]);
    $inbox->queue->ack($inbox->got[0]->getDeliveryTag());
    $inbox->expect([0, 1, 2]);
});

on_channel('cancel', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, ['held']);
    $inbox = new Inbox($s, $q);
    $inbox->expect(['held']);
    $inbox->queue->cancel($inbox->tag);
    $s->send('', $q, ['late']);
    $s->ready($q, 1);
    $inbox->queue->ack($inbox->got[0]->getDeliveryTag());
    $s->holds($q, ['late']);
});

scenario('get', fn () => throw new Skip('it does not show how many messages are left'));

on_channel('ack-multiple', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [0, 1, 2, 3, 4]);
    $s->ready($q, 5);
    $own = $s->fork();
    $own->named($q)->ack($own->hold($q, 5)[2], AMQP_MULTIPLE);
    $own->channel->close();
    $s->ready($q, 2);
    $s->holds($q, ['3!', '4!']);
});

on_channel('reject', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2]);
    $s->named($q)->reject($s->hold($q, 1)[0]);
    $s->named($q)->reject($s->hold($q, 1)[0], AMQP_REQUEUE);
    $s->holds($q, ['2!']);
});

on_channel('nack', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2, 3]);
    $s->named($q)->nack($s->hold($q, 3)[2], AMQP_MULTIPLE | AMQP_REQUEUE);
    $s->holds($q, ['1!', '2!', '3!']);
});

on_channel('requeue-order', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2, 3, 4]);
    $tags = $s->hold($q, 3);
    foreach ([1, 2, 0] as $at) {
        $s->named($q)->nack($tags[$at], AMQP_REQUEUE);
    }
    $s->holds($q, ['1!', '2!', '3!', '4']);
});

on_channel('recover', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2]);
    $inbox = new Inbox($s, $q);
    $inbox->expect([1, 2]);
    $s->channel->basicRecover(true);
    $inbox->expect([1, 2, 1, 2]);
    equal($inbox->redelivered(), [false, false, true, true], 'redelivered');
});

on_channel('single-active', function (Session $s) {
    $q = $s->queue(['x-single-active-consumer' => true]);
    [$one, $two] = [new Inbox($s, $q, AMQP_AUTOACK), new Inbox($s, $q, AMQP_AUTOACK)];
    $s->send('', $q, [1]);
    $one->expect([1]);
    $one->queue->cancel($one->tag);
    $s->send('', $q, [2]);
    $two->expect([2]);
});

on_channel('consumer-priority', function (Session $s) {
    $q = $s->queue();
    $low = new Inbox($s, $q, arguments: ['x-priority' => 0]);
    $high = new Inbox($s, $q, arguments: ['x-priority' => 10]);
    $s->send('', $q, [1, 2, 3]);
    $high->expect([1, 2, 3]);
    $low->expect([]);
});

scenario('exclusive-consumer', fn () => throw new Skip('its consumers cannot be exclusive'));

scenario('server-cancel', fn () => throw new Skip('it does not tell that a consumer was cancelled'));
