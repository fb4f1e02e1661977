# The protocol with the runner, and a few checks.
package Harness;

use v5.36;
use AnyEvent;
use Exporter 'import';
use IO::Socket::INET;
use JSON::PP;
use Time::HiRes;

our @EXPORT = qw($HOST $PORT $USER $PASSWORD $RELAY_PORT
    scenario skip fresh equal contains same wait_for settle wait_a_moment cut control run);

our ($USER, $PASSWORD, $HOST, $PORT) = $ENV{AMQP_URI} =~ m{^amqp://(.*?):(.*?)@(.*?):(\d+)/};
our ($RELAY_PORT) = $ENV{AMQP_RELAY_URI} =~ m{:(\d+)/};
my %scenarios;

sub scenario ($id, $work) { $scenarios{$id} = $work }

sub skip ($id, $reason) { $scenarios{$id} = \$reason }

sub fresh ($kind = 'q') {
    state $number = 0;
    return sprintf 'interop-%s-%x-%x-%d', $kind, Time::HiRes::time() * 1e6, $$, ++$number;
}

sub shown ($value) { JSON::PP->new->canonical->allow_nonref->allow_blessed->encode($value) }

sub same ($actual, $expected, $what = 'value') {
    my ($left, $right) = (shown($actual), shown($expected));
    die "$what: $left, not $right\n" if $left ne $right;
}

sub equal ($actual, $expected, $what = 'value') { same("$actual", "$expected", $what) }

sub contains ($text, $part) {
    die "\"$part\" is not in \"$text\"\n" if index($text, $part) < 0;
}

# Lets the event loop run for a while.
sub wait_a_moment ($seconds) {
    my $done = AnyEvent->condvar;
    my $timer = AnyEvent->timer(after => $seconds, cb => sub { $done->send });
    $done->recv;
}

# Asks until the answer is true; gives the answer.
sub wait_for ($what, $question, $limit = 5) {
    my $end = Time::HiRes::time() + $limit;
    my $answer;
    until ($answer = $question->()) {
        die "$what: not within $limit s\n" if Time::HiRes::time() > $end;
        wait_a_moment(0.01);
    }
    return $answer;
}

# Calls `start` with two callbacks and waits for one of them.
sub settle ($what, $start, $limit = 15) {
    my $done = AnyEvent->condvar;
    my $timer = AnyEvent->timer(after => $limit, cb => sub { $done->croak("$what: no answer\n") });
    $start->(sub { $done->send(@_) }, sub { $done->send($Harness::Failed::KEY => @_) });
    my @answer = $done->recv;
    return @answer unless @answer && !ref $answer[0] && defined $answer[0]
        && $answer[0] eq $Harness::Failed::KEY;
    die Harness::Failed->of($answer[-1]);
}

sub knock ($variable) {
    return IO::Socket::INET->new($ENV{$variable}) // die "nobody at $variable\n";
}

# Cuts the connections that run through the relay.
sub cut { close knock('AMQP_CUT') }

# Asks the runner for trouble with the broker, and waits until it is done.
sub control ($word) {
    my $door = knock('AMQP_CONTROL');
    $door->autoflush(1);
    print $door "$word\n";
    equal(scalar <$door>, "ok\n", $word);
}

sub run (@ids) {
    STDOUT->autoflush(1);
    for my $id (@ids) {
        my $work = $scenarios{$id};
        if (ref $work eq 'SCALAR') {
            say "skip $id $$work";
        }
        elsif (!$work) {
            say "fail $id this client has no such scenario";
        }
        elsif (eval { $work->(); 1 }) {
            say "ok $id";
        }
        else {
            my $why = ref $@ ? $@->text : $@;
            say "fail $id ", $why =~ s/\s+/ /gr;
        }
    }
}

# What the library tells of a call that failed: a frame with code and text, or a text.
package Harness::Failed;

our $KEY = 'Harness::Failed';

sub of ($class, $reason) { return bless { reason => $reason }, $class }

sub close_of ($self) {
    my $frame = $self->{reason};
    return unless ref $frame && $frame->can('method_frame');
    return $frame->method_frame;
}

sub code ($self) { my $close = $self->close_of; return $close ? $close->reply_code : 0 }

sub text ($self) {
    my $close = $self->close_of;
    return $close ? $close->reply_text // '' : "$self->{reason}";
}

1;
