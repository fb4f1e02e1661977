# AnyEvent::RabbitMQ.
use v5.36;
use FindBin;
use lib $FindBin::Bin;
use Harness;
use Session;

# A scenario on a connection of its own.
sub on_channel ($id, $work) {
    scenario($id, sub {
        my $s = Session->connect;
        $work->($s);
        $s->close;
    });
}

require $_ for map { "$FindBin::Bin/$_.pl" } qw(connections declarations messages);
run(@ARGV);
