//! The command line of `leveret bench compare`.

use std::path::PathBuf;

use clap::Args;

use crate::awake::Awake;

/// A table of loads, and the brokers to put them on.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Compare {
    /// A broker, the one to be judged first: `leveret` (this program, or `leveret=PROGRAM`),
    /// `rabbitmq` (started by the script in LEVERET_ORACLE) or `NAME=URI` of one that runs.
    #[arg(long = "broker", value_name = "BROKER", default_values = ["leveret", "rabbitmq"])]
    pub brokers: Vec<String>,

    /// Rounds of which the median counts; in each, every broker has its turn.
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// Measures each load for so long, after a second to warm up.
    #[arg(long, value_name = "S", default_value_t = 4)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,

    /// Measures shorter, with smaller backlogs: the whole table in less than half an hour.
    #[arg(long, conflicts_with = "seconds")]
    pub quick: bool,

    /// Only rows whose name contains one of these.
    #[arg(long, value_name = "TEXT")]
    pub only: Vec<String>,

    /// Whether processors may sleep meanwhile.
    #[command(flatten)]
    pub awake: Awake,

    /// Leaves out the null relay.
    #[arg(long)]
    pub no_relay: bool,

    /// Lists the rows and their loads, and runs none.
    #[arg(long)]
    pub list: bool,

    /// Port for the RabbitMQ that is started.
    #[arg(long, value_name = "N", default_value_t = 5690)]
    pub rabbitmq_port: u16,

    /// A remark on the circumstances, for the page.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,

    /// Writes the table as Markdown.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl Compare {
    /// How long a load that lasts for a time is measured, in seconds.
    pub(super) fn time(&self) -> u32 {
        if self.quick { 2 } else { self.seconds }
    }
}
