<?php
// Messages out, and how they are settled.

use PhpAmqpLib\Exception\AMQPBasicCancelException;

on_channel('consume', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2, 3]);
    $inbox = new Inbox($s, $q);
    $s->send('', $q, [4, 5, 6]);
    $inbox->expect([1, 2, 3, 4, 5, 6]);
    $tags = array_map(fn ($message) => (int) $message->getDeliveryTag(), $inbox->got);
    equal($tags, [1, 2, 3, 4, 5, 6], 'tags');
    equal($inbox->redelivered(), array_fill(0, 6, false), 'redelivered');
    foreach ($inbox->got as $message) {
        $message->ack();
    }
    $s->raw->basic_cancel($inbox->tag);
    $s->ready($q, 0);
});

on_channel('prefetch', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [0, 1, 2, 3, 4]);
    $s->raw->basic_qos(0, 2, false);
    $inbox = new Inbox($s, $q);
    $inbox->expect([0, 1]);
    $inbox->got[0]->ack();
    $inbox->expect([0, 1, 2]);
});

on_channel('cancel', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, ['held']);
    $inbox = new Inbox($s, $q);
    $inbox->expect(['held']);
    $s->raw->basic_cancel($inbox->tag);
    $s->send('', $q, ['late']);
    $s->ready($q, 1);
    $inbox->got[0]->ack();
    $s->holds($q, ['late']);
    $inbox->expect(['held']);
});

on_channel('get', function (Session $s) {
    $q = $s->queue();
    $s->holds($q, []);
    $s->send('', $q, [1, 2]);
    equal((int) $s->next($q, false)->getMessageCount(), 1, 'messages left');
    equal((int) $s->next($q)->getMessageCount(), 0, 'messages left');
});

on_channel('ack-multiple', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [0, 1, 2, 3, 4]);
    $s->ready($q, 5);
    $own = $s->fork();
    $own->raw->basic_ack($own->hold($q, 5)[2], true);
    $own->raw->close();
    $s->ready($q, 2);
    $s->holds($q, ['3!', '4!']);
});

on_channel('reject', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2]);
    $s->raw->basic_reject($s->hold($q, 1)[0], false);
    $s->raw->basic_reject($s->hold($q, 1)[0], true);
    $s->holds($q, ['2!']);
});

on_channel('nack', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2, 3]);
    $s->raw->basic_nack($s->hold($q, 3)[2], true, true);
    $s->holds($q, ['1!', '2!', '3!']);
});

on_channel('requeue-order', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2, 3, 4]);
    $tags = $s->hold($q, 3);
    foreach ([1, 2, 0] as $at) {
        $s->raw->basic_nack($tags[$at], false, true);
    }
    $s->holds($q, ['1!', '2!', '3!', '4']);
});

on_channel('recover', function (Session $s) {
    $q = $s->queue();
    $s->send('', $q, [1, 2]);
    $inbox = new Inbox($s, $q);
    $inbox->expect([1, 2]);
    $s->raw->basic_recover(true);
    $inbox->expect([1, 2, 1, 2]);
    equal($inbox->redelivered(), [false, false, true, true], 'redelivered');
});

on_channel('single-active', function (Session $s) {
    $q = $s->queue(['x-single-active-consumer' => true]);
    [$one, $two] = [new Inbox($s, $q, true), new Inbox($s, $q, true)];
    $s->send('', $q, [1]);
    $one->expect([1]);
    $s->raw->basic_cancel($one->tag);
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

on_channel('exclusive-consumer', function (Session $s) {
    $q = $s->queue();
    new Inbox($s, $q, exclusive: true);
    $text = "ACCESS_REFUSED - queue '$q' in vhost '/' in exclusive use";
    $s->refused(403, $text, fn ($own) => new Inbox($own, $q));
});

on_channel('server-cancel', function (Session $s) {
    $q = $s->queue();
    $inbox = new Inbox($s, $q);
    $s->fork()->raw->queue_delete($q);
    try {
        $s->raw->wait(null, false, 5);
        throw new Exception('not cancelled');
    } catch (AMQPBasicCancelException $cancel) {
        equal($cancel->consumerTag, $inbox->tag, 'cancelled');
    }
    $s->queue();
});
