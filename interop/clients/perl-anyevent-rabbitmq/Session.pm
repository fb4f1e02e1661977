# A connection with one channel of AnyEvent::RabbitMQ, and what scenarios do with them.
package Session;

use v5.36;
use AnyEvent::RabbitMQ;
use Harness;

AnyEvent::RabbitMQ->load_xml_spec;

sub connect ($class, %with) {
    my $self = bless { lost => 0 }, $class;
    my $amqp = $self->{amqp} = AnyEvent::RabbitMQ->new;
    settle('connect', sub ($done, $failed) {
        $amqp->connect(
            host => $HOST, port => $PORT, user => $USER, pass => $PASSWORD, vhost => '/',
            timeout => 5, %with, on_success => $done, on_failure => $failed,
            on_read_failure => sub { $self->{lost} = 1; $failed->(@_) },
            on_close => sub { $self->{lost} = 1; $failed->(@_) },
        );
    });
    return $self->open_channel;
}

sub open_channel ($self) {
    ($self->{channel}) = settle('channel.open', sub ($done, $failed) {
        $self->{amqp}->open_channel(
            on_success => $done, on_failure => $failed,
            on_close => sub ($frame) { $self->{closed} = $frame },
        );
    });
    return $self;
}

sub fork ($self) {
    return bless({ amqp => $self->{amqp} }, ref $self)->open_channel;
}

# Calls a method of the channel and gives the method that answers.
sub call ($self, $name, %arguments) {
    my ($frame) = settle($name, sub ($done, $failed) {
        $self->{channel}->$name(%arguments, on_success => $done, on_failure => $failed);
    });
    return ref $frame && $frame->can('method_frame') ? $frame->method_frame : $frame;
}

sub close_channel ($self) { $self->call('close') }

sub close ($self) {
    settle('connection.close', sub ($done, $failed) {
        $self->{amqp}->close(on_success => $done, on_failure => $failed);
    });
}

# An exclusive queue with these arguments.
sub queue ($self, %arguments) {
    my $name = fresh();
    $self->call('declare_queue', queue => $name, exclusive => 1, arguments => \%arguments);
    return $name;
}

sub exchange ($self, $type, %arguments) {
    my $name = fresh('x');
    $self->call('declare_exchange', exchange => $name, type => $type, auto_delete => 1,
        arguments => \%arguments);
    return $name;
}

sub bind ($self, $queue, $exchange, @keys) {
    $self->call('bind_queue', queue => $queue, exchange => $exchange, routing_key => $_) for @keys;
}

sub send ($self, $to, $key, $bodies, %header) {
    for my $body (@$bodies) {
        $self->{channel}->publish(
            exchange => $to, routing_key => $key, body => $body, header => {%header});
    }
}

# Publishes and waits: what the broker says of each message, in order.
sub confirmed ($self, $to, $key, $bodies, %more) {
    my @told;
    for my $body (@$bodies) {
        $self->{channel}->publish(
            exchange => $to, routing_key => $key, body => $body, %more,
            on_ack => sub { push @told, 'ack' }, on_nack => sub { push @told, 'nack' },
            ($more{mandatory} ? (on_return => sub ($frame) {
                my $method = $frame->method_frame;
                push @told, $method->reply_code . ' ' . $method->reply_text;
            }) : ()),
        );
    }
    wait_for('the confirms', sub { (grep { /ack/ } @told) >= @$bodies });
    return @told;
}

sub body_of ($message) { return $message->{body} ? $message->{body}->payload : '' }

# The next message, or nothing.
sub get ($self, $name, $no_ack = 1) {
    my ($message) = settle('basic.get', sub ($done, $failed) {
        $self->{channel}->get(
            queue => $name, no_ack => $no_ack, on_success => $done, on_failure => $failed);
    });
    return $message->{empty} ? undef : $message;
}

sub next ($self, $name, $no_ack = 1) {
    return $self->get($name, $no_ack) // die "$name is empty\n";
}

# Takes messages without ack; gives their tags.
sub hold ($self, $name, $count) {
    return map { $self->next($name, 0)->{ok}->method_frame->delivery_tag } 1 .. $count;
}

# Expects these messages, each a body with ! behind it if redelivered, and no more.
sub holds ($self, $name, @expected) {
    my @shown;
    while (my $message = $self->get($name)) {
        push @shown, body_of($message) . ($message->{ok}->method_frame->redelivered ? '!' : '');
    }
    same(\@shown, [map { "$_" } @expected], $name);
}

sub passive ($self, $name) {
    return $self->call('declare_queue', queue => $name, passive => 1)->message_count;
}

# The queue has that many messages, or will have them soon.
sub ready ($self, $name, $count) {
    wait_for("$count messages", sub { $self->passive($name) == $count });
}

# Expects the broker to close the channel that the work is given, and nothing else.
sub refused ($self, $code, $text, $work) {
    my $own = $self->fork;
    my $failure;
    if (!eval { $work->($own); 1 }) {
        $failure = $@;
        die $failure unless ref $failure;
    }
    wait_for('the close', sub { $own->{closed} });
    $failure = Harness::Failed->of($own->{closed});
    equal($failure->code, $code, 'reply code');
    contains($failure->text, $text);
    $self->fork->close_channel;
}

# A consumer that keeps what it gets.
sub inbox ($self, $name, %options) {
    my $inbox = bless { session => $self, got => [], cancelled => 0 }, 'Inbox';
    $inbox->{tag} = $self->call(
        'consume', queue => $name, no_ack => 0, %options,
        on_consume => sub ($message) { push @{ $inbox->{got} }, $message },
        on_cancel => sub { $inbox->{cancelled} = 1 },
    )->consumer_tag;
    return $inbox;
}

package Inbox;

use Harness;

sub tag_of ($self, $at) { $self->{got}[$at]{deliver}->method_frame->delivery_tag }

# Waits for these bodies, with ! behind those that are redelivered, all that were ever delivered.
sub expect ($self, @bodies) {
    wait_for(@bodies . ' deliveries', sub { @{ $self->{got} } >= @bodies });
    # what was on its way has arrived after a round trip
    $self->{session}->call('qos', prefetch_count => 0);
    my @shown = map {
        Session::body_of($_) . ($_->{deliver}->method_frame->redelivered ? '!' : '')
    } @{ $self->{got} };
    same(\@shown, [map { "$_" } @bodies], 'deliveries');
}

1;
