# Messages in and out, what the publisher hears and how they are settled.
use v5.36;
use utf8;
use Encode;
use Harness;

my $DIRECT_REPLY = 'amq.rabbitmq.reply-to';

on_channel('properties', sub ($s) {
    my $q = $s->queue;
    $s->bind($q, 'amq.topic', $q);
    my %sent = (
        content_type => 'text/plain', content_encoding => 'utf-8', delivery_mode => 2,
        priority => 7, correlation_id => 'c-1', reply_to => 'answers', expiration => '60000',
        message_id => 'm-1', timestamp => 1_700_000_000, type => 'kind', user_id => $USER,
        app_id => 'app',
    );
    $s->send('amq.topic', $q, ['body'], %sent, headers => { k => 'v' });
    my $message = $s->next($q);
    equal($message->{header}->$_, $sent{$_}, $_) for sort keys %sent;
    same($message->{header}->headers, { k => 'v' }, 'headers');
    my $ok = $message->{ok}->method_frame;
    same([$ok->exchange, $ok->routing_key], ['amq.topic', $q], 'route');
});

on_channel('headers', sub ($s) {
    my $q = $s->queue;
    my %sent = (
        text => encode('UTF-8', 'grüße'), number => '5', list => [1, 'two', { three => 3 }],
        table => { inner => { deep => 'x', number => -5 } },
    );
    $s->send('', $q, ['body'], headers => {%sent});
    my $headers = $s->next($q)->{header}->headers;
    same(flat($headers), flat(\%sent), 'headers');
});

# With every leaf as text: the library's own values are not told apart from Perl's.
sub flat ($value) {
    return { map { $_ => flat($value->{$_}) } keys %$value } if ref $value eq 'HASH';
    return [map { flat($_) } @$value] if ref $value eq 'ARRAY';
    return "$value";
}

on_channel('bodies', sub ($s) {
    my $all = pack('C*', 0 .. 255) x 65_536;
    my $q = $s->queue;
    for my $size (0, 1, 131_064, 131_065, length $all) {
        my $body = substr $all, 0, $size;
        $s->send('', $q, [$body]);
        my $got = Session::body_of($s->next($q));
        equal($got eq substr($all, 0, $size), 1, "$size bytes come back");
    }
});

on_channel('confirm', sub ($s) {
    my $q = $s->queue;
    $s->call('confirm');
    my @told = $s->confirmed('', $q, [1 .. 200], header => { delivery_mode => 2 });
    push @told, $s->confirmed('', fresh(), ['lost']);
    equal(scalar(grep { $_ eq 'ack' } @told), 201, 'acks');
    $s->ready($q, 200);
});

on_channel('confirm-nack', sub ($s) {
    my $q = $s->queue('x-max-length' => 1, 'x-overflow' => 'reject-publish');
    $s->call('confirm');
    contains(join(' ', $s->confirmed('', $q, [1, 2, 3])), 'nack');
});

on_channel('mandatory', sub ($s) {
    $s->call('confirm');
    my @told = $s->confirmed('', fresh(), ['lost'], mandatory => 1);
    same(\@told, ['312 NO_ROUTE', 'ack'], 'order');
});

on_channel('tx', sub ($s) {
    my $q = $s->queue;
    $s->call('select_tx');
    $s->send('', $q, ['undone']);
    $s->call('rollback_tx');
    $s->send('', $q, ['done']);
    $s->ready($q, 0);
    $s->call('commit_tx');
    $s->holds($q, 'done');
});

on_channel('rpc', sub ($s) {
    my $q = $s->queue;
    my $answers = $s->inbox($DIRECT_REPLY, no_ack => 1);
    $s->send('', $q, [20], reply_to => $DIRECT_REPLY, correlation_id => 'call-1');
    my $request = $s->next($q);
    my $name = $request->{header}->reply_to;
    contains($name, "$DIRECT_REPLY.");
    $s->send('', $name, [Session::body_of($request) + 1],
        correlation_id => $request->{header}->correlation_id);
    $answers->expect(21);
    equal($answers->{got}[0]{header}->correlation_id, 'call-1', 'correlation id');
});

on_channel('consume', sub ($s) {
    my $q = $s->queue;
    $s->send('', $q, [1, 2, 3]);
    my $inbox = $s->inbox($q);
    $s->send('', $q, [4, 5, 6]);
    $inbox->expect(1 .. 6);
    for my $at (0 .. 5) {
        equal($inbox->tag_of($at), $at + 1, 'tag');
        $s->{channel}->ack(delivery_tag => $inbox->tag_of($at));
    }
    $s->call('cancel', consumer_tag => $inbox->{tag});
    $s->ready($q, 0);
});

on_channel('prefetch', sub ($s) {
    my $q = $s->queue;
    $s->send('', $q, [0 .. 4]);
    $s->call('qos', prefetch_count => 2);
    my $inbox = $s->inbox($q);
    $inbox->expect(0, 1);
    $s->{channel}->ack(delivery_tag => $inbox->tag_of(0));
    $inbox->expect(0, 1, 2);
});

on_channel('cancel', sub ($s) {
    my $q = $s->queue;
    $s->send('', $q, ['held']);
    my $inbox = $s->inbox($q);
    $inbox->expect('held');
    $s->call('cancel', consumer_tag => $inbox->{tag});
    $s->send('', $q, ['late']);
    $s->ready($q, 1);
    $s->{channel}->ack(delivery_tag => $inbox->tag_of(0));
    $s->holds($q, 'late');
    $inbox->expect('held');
});

on_channel('get', sub ($s) {
    my $q = $s->queue;
    $s->holds($q);
    $s->send('', $q, [1, 2]);
    equal($s->next($q, 0)->{ok}->method_frame->message_count, 1, 'messages left');
    equal($s->next($q)->{ok}->method_frame->message_count, 0, 'messages left');
});

on_channel('ack-multiple', sub ($s) {
    my $q = $s->queue;
    $s->send('', $q, [0 .. 4]);
    $s->ready($q, 5);
    my $own = $s->fork;
    my @tags = $own->hold($q, 5);
    $own->{channel}->ack(delivery_tag => $tags[2], multiple => 1);
    $own->close_channel;
    $s->ready($q, 2);
    $s->holds($q, '3!', '4!');
});

on_channel('reject', sub ($s) {
    my $q = $s->queue;
    $s->send('', $q, [1, 2]);
    my ($one, $two) = $s->hold($q, 2);
    $s->{channel}->reject(delivery_tag => $one);
    $s->{channel}->reject(delivery_tag => $two, requeue => 1);
    $s->holds($q, '2!');
});

skip('nack', 'it receives nacks but has no call that sends one');

on_channel('requeue-order', sub ($s) {
    my $q = $s->queue;
    $s->send('', $q, [1 .. 4]);
    my @tags = $s->hold($q, 3);
    $s->{channel}->reject(delivery_tag => $tags[$_], requeue => 1) for 1, 2, 0;
    $s->holds($q, '1!', '2!', '3!', '4');
});

on_channel('recover', sub ($s) {
    my $q = $s->queue;
    $s->send('', $q, [1, 2]);
    my $inbox = $s->inbox($q);
    $inbox->expect(1, 2);
    $s->call('recover');
    $inbox->expect(1, 2, '1!', '2!');
});

on_channel('single-active', sub ($s) {
    my $q = $s->queue('x-single-active-consumer' => Net::AMQP::Value::true());
    my ($one, $two) = map { $s->inbox($q, no_ack => 1) } 1, 2;
    $s->send('', $q, [1]);
    $one->expect(1);
    $s->call('cancel', consumer_tag => $one->{tag});
    $s->send('', $q, [2]);
    $two->expect(2);
});

on_channel('consumer-priority', sub ($s) {
    my $q = $s->queue;
    my $low = $s->inbox($q, arguments => { 'x-priority' => 0 });
    my $high = $s->inbox($q, arguments => { 'x-priority' => 10 });
    $s->send('', $q, [1, 2, 3]);
    $high->expect(1, 2, 3);
    $low->expect();
});

on_channel('exclusive-consumer', sub ($s) {
    my $q = $s->queue;
    $s->inbox($q, exclusive => 1);
    $s->refused(403, "ACCESS_REFUSED - queue '$q' in vhost '/' in exclusive use", sub ($own) {
        $own->inbox($q);
    });
});

on_channel('server-cancel', sub ($s) {
    my $q = $s->queue;
    my $inbox = $s->inbox($q);
    $s->fork->call('delete_queue', queue => $q);
    wait_for('the cancel', sub { $inbox->{cancelled} });
    $s->queue;
});

1;
