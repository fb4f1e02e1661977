# Connections, and brokers that refuse, stop or make wait.
use v5.36;
use Harness;

scenario('connect', sub {
    my $s = Session->connect;
    my $properties = $s->{amqp}->server_properties;
    equal($properties->{product}, 'RabbitMQ', 'product');
    contains($properties->{version}, '4.');
    $s->close_channel;
    $s->close;
});

scenario('connect-refused', sub {
    # It does not announce authentication_failure_close: the socket is closed without a word.
    die "connected\n" if eval { Session->connect(pass => 'wrong'); 1 };
    die "connected\n" if eval { Session->connect(vhost => 'no-such-vhost'); 1 };
    contains(ref $@ ? $@->text : $@, 'NOT_ALLOWED - vhost no-such-vhost not found');
});

skip('connect-uri', 'it takes host, port and vhost, not a URI');

scenario('heartbeat', sub {
    my $s = Session->connect(tune => { heartbeat => 1 });
    wait_a_moment(3.5);
    $s->queue;
    $s->close;
});

sub after_loss ($s) {
    wait_for('the loss', sub { $s->{lost} || !$s->{amqp}->is_open });
    return Session->connect(port => $RELAY_PORT);
}

scenario('reconnect', sub {
    my $s = Session->connect(port => $RELAY_PORT);
    my $q = fresh();
    $s->call('declare_queue', queue => $q, durable => 1);
    $s->send('', $q, ['held']);
    $s->hold($q, 1);
    cut();
    $s = after_loss($s);
    $s->ready($q, 1);
    $s->holds($q, 'held!');
    $s->call('delete_queue', queue => $q);
    $s->close;
});

# What is durable and confirmed outlives the broker; of three messages some are taken.
sub survive ($word, $taken) {
    my $s = Session->connect(port => $RELAY_PORT);
    my ($q, $x) = (fresh(), fresh('x'));
    $s->call('declare_queue', queue => $q, durable => 1);
    $s->call('declare_exchange', exchange => $x, durable => 1);
    $s->bind($q, $x, 'key');
    $s->call('confirm');
    $s->confirmed($x, 'key', [1, 2, 3], header => { delivery_mode => 2 });
    $s->confirmed($x, 'key', ['transient'], header => { delivery_mode => 1 });
    $s->next($q) for 1 .. $taken;
    $s->hold($q, 1);
    control($word);
    $s = after_loss($s);
    my @bodies;
    while (my $message = $s->get($q)) {
        push @bodies, Session::body_of($message);
    }
    same(\@bodies, [map { "$_" } $taken + 1 .. 3], 'messages');
    $s->send($x, 'key', ['after']);
    $s->ready($q, 1);
    $s->holds($q, 'after');
    $s->call('delete_queue', queue => $q);
    $s->call('delete_exchange', exchange => $x);
    $s->close;
}

scenario('restart', sub { survive('restart', 1) });

scenario('kill', sub { survive('kill', 0) });

on_channel('permissions', sub ($s) {
    my $text = sub ($access, $what, $name) {
        "ACCESS_REFUSED - $access access to $what '$name' in vhost '/' refused for user '$USER'";
    };
    my $name = fresh('no-configure');
    $s->refused(403, $text->('configure', 'queue', $name), sub ($own) {
        $own->call('declare_queue', queue => $name, exclusive => 1);
    });
    $name = fresh('no-write');
    $s->call('declare_exchange', exchange => $name, auto_delete => 1);
    $s->refused(403, $text->('write', 'exchange', $name), sub ($own) {
        $own->send($name, 'key', ['lost']);
    });
    $name = fresh('no-read');
    $s->call('declare_queue', queue => $name, exclusive => 1);
    $s->refused(403, $text->('read', 'queue', $name), sub ($own) { $own->get($name) });
});

skip('blocked', 'it does not announce the capability connection.blocked, so it is told nothing');

on_channel('publish-missing', sub ($s) {
    my $name = fresh('x');
    $s->refused(404, "NOT_FOUND - no exchange '$name' in vhost '/'", sub ($own) {
        $own->send($name, 'key', ['lost']);
    });
});

on_channel('ack-unknown', sub ($s) {
    $s->refused(406, 'PRECONDITION_FAILED - unknown delivery tag 99', sub ($own) {
        $own->{channel}->ack(delivery_tag => 99);
    });
});

on_channel('access-refused', sub ($s) {
    $s->refused(403, "ACCESS_REFUSED - exchange name 'amq.mine'", sub ($own) {
        $own->call('declare_exchange', exchange => 'amq.mine');
    });
    my $q = $s->queue;
    $s->refused(403, 'ACCESS_REFUSED - operation not permitted', sub ($own) {
        $own->bind($q, '', 'key');
    });
});

on_channel('bind-missing', sub ($s) {
    my ($q, $x) = ($s->queue, fresh('x'));
    $s->refused(404, "NOT_FOUND - no exchange '$x' in vhost '/'", sub ($own) {
        $own->bind($q, $x, 'key');
    });
});

1;
