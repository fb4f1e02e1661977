//! The command line of `leveret bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::awake::Awake;
use super::compare::options::Compare;
use super::disk::DiskLoop;
use super::error::BenchError;
use super::hostile::Hostile;
use super::http::Http;

/// What `leveret bench` is asked to do: a load, unless a command says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Bench {
    /// Something else than one load.
    #[command(subcommand)]
    pub command: Option<BenchCommand>,
    /// The load.
    #[command(flatten)]
    pub load: Load,
}

impl Bench {
    /// Whether processors may sleep meanwhile.
    pub(super) fn awake(&self) -> Awake {
        match &self.command {
            None => self.load.awake.clone(),
            Some(BenchCommand::Run(load) | BenchCommand::Ceiling(load)) => load.awake.clone(),
            Some(BenchCommand::Compare(compare)) => compare.awake.clone(),
            Some(BenchCommand::Disk(disk)) => disk.awake.clone(),
            Some(BenchCommand::Relay { .. }) => Awake::default(),
        }
    }
}

/// The commands of `leveret bench`.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum BenchCommand {
    /// Puts a load on the broker at --uri (the default).
    Run(Load),
    /// Puts the same load on a relay that does nothing but pass frames on: this machine's limit.
    /// With --durable the relay syncs what it confirms.
    Ceiling(Load),
    /// Runs a table of loads against several brokers in turn and writes Markdown.
    Compare(Compare),
    /// Writes and syncs a file in a loop, as a confirm of one message does: what this disk allows.
    Disk(DiskLoop),
    /// The relay itself; says its port on standard output.
    #[command(hide = true)]
    Relay {
        /// Writes and syncs to a file in this directory what it confirms, and durable queues.
        #[arg(long, value_name = "DIR")]
        sync: Option<PathBuf>,
    },
}

/// One load.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Load {
    /// The broker.
    #[arg(
        long,
        default_value = "amqp://guest:guest@127.0.0.1:5672/%2F",
        hide_default_value = true
    )]
    #[arg(value_name = "URI", help_heading = "Broker")]
    pub uri: String,

    /// The broker's process, for CPU time and memory [default: who listens on the port].
    #[arg(long, value_name = "PID", help_heading = "Broker")]
    pub pid: Option<u32>,

    /// Connections that publish; with --rpc the clients, with --churn the loops.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    #[arg(help_heading = "Shape")]
    pub producers: u16,

    /// Connections that consume, spread over the queues; with --rpc the servers.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Shape")]
    pub consumers: u16,

    /// Queues; without --exchange a producer publishes to its own share of them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(help_heading = "Shape")]
    pub queues: u32,

    /// Publishes to an exchange of this type instead of the default one.
    #[arg(long, value_name = "TYPE", help_heading = "Shape")]
    pub exchange: Option<Kind>,

    /// Bindings of that exchange, spread over the queues; each message matches one of them
    /// [default: one a queue].
    #[arg(long, value_name = "N", requires = "exchange", help_heading = "Shape")]
    pub bindings: Option<u32>,

    /// Calls and answers instead of a stream; answers come back the RabbitMQ way or to a queue.
    #[arg(long, value_name = "WAY", conflicts_with_all = ["exchange", "backlog", "rate"])]
    #[arg(help_heading = "Shape")]
    pub rpc: Option<Rpc>,

    /// Publishes N messages while nobody consumes, then consumes them.
    #[arg(long, value_name = "N", conflicts_with_all = ["rate", "messages"])]
    #[arg(help_heading = "Shape")]
    pub backlog: Option<u64>,

    /// Opens and closes things instead of sending messages.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["rpc", "backlog"])]
    #[arg(help_heading = "Shape")]
    pub churn: Option<Churn>,

    /// Does one of the worst things that a client can do, and says how long others had to wait;
    /// --messages is how many things it is about.
    #[arg(long, value_name = "CASE")]
    #[arg(conflicts_with_all = ["rpc", "backlog", "churn", "exchange", "rate", "bystander"])]
    #[arg(help_heading = "Shape")]
    pub hostile: Option<Hostile>,

    /// Asks the management API, 10,000 ports above the broker's; --messages is how many queues
    /// there are.
    #[arg(long, value_name = "CASE")]
    #[arg(conflicts_with_all = ["rpc", "backlog", "churn", "exchange", "rate", "bystander"])]
    #[arg(conflicts_with = "hostile")]
    #[arg(help_heading = "Shape")]
    pub http: Option<Http>,

    /// Holds N connections with a channel each that do nothing, and says what they cost.
    #[arg(long, value_name = "N", conflicts_with_all = ["rpc", "backlog", "churn"])]
    #[arg(help_heading = "Shape")]
    pub idle_connections: Option<u32>,

    /// Declares N queues that hold nothing, and says what they cost.
    #[arg(long, value_name = "N", conflicts_with_all = ["rpc", "backlog", "churn"])]
    #[arg(help_heading = "Shape")]
    pub idle_queues: Option<u32>,

    /// Declares N other queues before.
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(help_heading = "Surroundings")]
    pub among_queues: u32,

    /// Opens N other connections with a channel each before.
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(help_heading = "Surroundings")]
    pub among_connections: u32,

    /// Binds another queue N times to another topic exchange before.
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(help_heading = "Surroundings")]
    pub among_bindings: u32,

    /// Publishes N messages to the first queue before (needs --consumers 0).
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(help_heading = "Surroundings")]
    pub behind: u64,

    /// Meanwhile sends this many messages a second over two connections and a queue of their own,
    /// and measures how long these take.
    #[arg(long, value_name = "MSG/S", value_parser = clap::value_parser!(u64).range(1..))]
    #[arg(conflicts_with_all = ["rpc", "backlog", "messages", "churn"])]
    #[arg(help_heading = "Surroundings")]
    pub bystander: Option<u64>,

    /// Leaves queues and exchange there, with what is in them.
    #[arg(long, help_heading = "Surroundings")]
    pub keep: bool,

    /// Octets of a body. From 8 on order, loss and duplicates are checked, from 16 on every octet.
    #[arg(
        long,
        value_name = "OCTETS",
        default_value_t = 16,
        help_heading = "Messages"
    )]
    pub size: usize,

    /// Marks messages persistent.
    #[arg(long, help_heading = "Messages")]
    pub persistent: bool,

    /// Declares queues and exchange durable.
    #[arg(long, help_heading = "Messages")]
    pub durable: bool,

    /// Type of the queues: classic, quorum, stream [default: the vhost's].
    #[arg(long, value_name = "TYPE", help_heading = "Messages")]
    pub queue_type: Option<String>,

    /// Publishes with confirms, at most N unconfirmed for each producer.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(help_heading = "Messages")]
    pub confirm: Option<u32>,

    /// Consumes with manual acks, one for each N deliveries.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(help_heading = "Messages")]
    pub ack_every: Option<u32>,

    /// Consumes without acks (the default).
    #[arg(long, conflicts_with = "ack_every", help_heading = "Messages")]
    pub auto_ack: bool,

    /// Prefetch of each consumer with manual acks; 0 is no limit.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        help_heading = "Messages"
    )]
    pub prefetch: u16,

    /// Publishes this many messages a second, all producers together [default: as fast as it goes].
    #[arg(long, value_name = "MSG/S", value_parser = clap::value_parser!(u64).range(1..))]
    #[arg(help_heading = "Pace")]
    pub rate: Option<u64>,

    /// Consumes this many messages a second, all consumers together; what is left is not drained.
    #[arg(long, value_name = "MSG/S", value_parser = clap::value_parser!(u64).range(1..))]
    #[arg(help_heading = "Pace")]
    pub consumer_rate: Option<u64>,

    /// Measures from the intended send time (needs --rate), of calls or of confirms.
    #[arg(long, help_heading = "Pace")]
    pub latency: bool,

    /// Publishes N messages in all, instead of for a time.
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "seconds",
        help_heading = "Pace"
    )]
    pub messages: Option<u64>,

    /// Publishes for so long [default: 5].
    #[arg(long, value_name = "S", value_parser = seconds, help_heading = "Pace")]
    pub seconds: Option<Duration>,

    /// Does not count the first part [default: 1, 0 with --messages].
    #[arg(long, value_name = "S", value_parser = seconds, help_heading = "Pace")]
    pub warmup: Option<Duration>,

    /// Whether processors may sleep meanwhile.
    #[command(flatten)]
    pub awake: Awake,

    /// Writes the result as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub json: Option<PathBuf>,

    /// Says nothing while it runs.
    #[arg(long, help_heading = "Result")]
    pub quiet: bool,
}

/// Types of exchange that a load can go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A key for each binding.
    Direct,
    /// Every queue gets every message.
    Fanout,
    /// A pattern with `*` and `#` for each binding.
    Topic,
    /// Two headers for each binding, both of which must match.
    Headers,
}

impl Kind {
    /// The name of the type on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fanout => "fanout",
            Self::Topic => "topic",
            Self::Headers => "headers",
        }
    }
}

/// Ways of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rpc {
    /// `amq.rabbitmq.reply-to`.
    Direct,
    /// A queue for each client.
    Queue,
}

/// What can be opened and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Churn {
    /// Connect, log in, close.
    Connection,
    /// Open and close on one connection.
    Channel,
    /// Declare and delete a transient queue.
    Queue,
    /// Declare a durable queue; its deletion is not timed.
    DurableQueue,
}

impl Load {
    /// How long producers publish; `None` if they stop at a number.
    pub fn duration(&self) -> Option<Duration> {
        match self.messages.or(self.backlog) {
            Some(_) => None,
            None => Some(self.seconds.unwrap_or(Duration::from_secs(5))),
        }
    }

    /// How long the load runs before it counts.
    pub fn warm(&self) -> Duration {
        let usual = if self.duration().is_some() { 1 } else { 0 };
        self.warmup.unwrap_or(Duration::from_secs(usual))
    }

    /// Checks what one option alone cannot know.
    ///
    /// # Errors
    /// [`BenchError::Options`] with what does not go together.
    pub fn check(&self) -> Result<(), BenchError> {
        let complain = |text: &str| Err(BenchError::Options(text.to_owned()));
        if let Some(every) = self.ack_every
            && self.prefetch > 0
            && every > u32::from(self.prefetch)
        {
            return complain("--ack-every above --prefetch would wait for ever");
        }
        if self.latency && self.rate.is_none() && self.rpc.is_none() && self.confirm.is_none() {
            return complain("--latency needs --rate, --rpc or --confirm");
        }
        if self.rpc.is_some() && self.consumers == 0 {
            return complain("--rpc needs a consumer that answers");
        }
        if self.latency && self.rate.is_some() && self.size < 8 {
            return complain("--latency needs bodies of 8 octets or more");
        }
        if self.behind > 0 && self.consumers > 0 {
            return complain("--behind needs --consumers 0, which would take what lies there");
        }
        let bindings = self.bindings.unwrap_or(self.queues);
        if bindings < self.queues {
            return complain("fewer --bindings than --queues leave queues without messages");
        }
        if u32::from(self.consumers) < self.queues && self.consumers > 0 && self.rpc.is_none() {
            return complain("fewer --consumers than --queues leave queues without a consumer");
        }
        Ok(())
    }
}

/// Seconds with a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "expected seconds, as in 2.5")?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
