//! `leveret bench`: a load for any AMQP 0-9-1 broker, and the yardstick of every figure.
//!
//! Owns the load, its checks and its measurements. Knows nothing of this broker: it speaks to all
//! through a socket, ours included, with the codec as the only thing they share. Producers and
//! consumers are threads with blocking sockets (see `wire`), messages are encoded once and only
//! stamped anew (`batch`), and every body that arrives is checked (`arrivals`).
//!
//! [`run()`] puts one load on one broker, `ceiling` on a relay that does nothing, `compare` a table
//! of loads on several brokers in turn; [`hostile`] is what one client can do to all others,
//! [`http`] what is asked of the management API, [`disk`] a loop of write and sync without any
//! broker.

use std::io::Write as _;
use std::process::ExitCode;

mod arrivals;
pub mod awake;
mod batch;
mod ceiling;
mod churn;
pub mod compare;
mod confirms;
mod consume;
mod crew;
pub mod disk;
pub mod error;
pub mod hostile;
pub mod http;
mod idle;
mod meter;
pub mod options;
mod plan;
mod produce;
mod relay;
pub mod report;
mod rpc;
mod run;
mod shared;
mod surroundings;
mod uri;
mod usage;
mod wire;

use error::BenchError;
use options::{Bench, BenchCommand, Load};
use report::Report;

pub use run::run;

/// Does what was asked for and prints the result. Fails if the load cannot be run, or if what
/// arrived is not what was sent.
pub fn main(bench: &Bench) -> ExitCode {
    let done = bench.awake().begin().and_then(|_awake| done(bench));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("leveret bench: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Does it; whether all was sound.
fn done(bench: &Bench) -> Result<bool, BenchError> {
    match &bench.command {
        None => run(&bench.load).and_then(|report| tell(&report, &bench.load)),
        Some(BenchCommand::Run(load)) => run(load).and_then(|report| tell(&report, load)),
        Some(BenchCommand::Ceiling(load)) => {
            ceiling::run(load).and_then(|report| tell(&report, load))
        }
        Some(BenchCommand::Compare(options)) => compare::run(options).map(|()| true),
        Some(BenchCommand::Disk(disk)) => disk::run(disk).map(|report| {
            say(&report.table());
            true
        }),
        Some(BenchCommand::Relay { sync }) => relay::run(sync.as_deref()).map(|()| true),
    }
}

/// Prints a report; whether the load was sound.
fn tell(report: &Report, load: &Load) -> Result<bool, BenchError> {
    if let Some(path) = &load.json {
        report.write(path)?;
    }
    say(&report.table());
    Ok(report.problems.is_empty())
}

fn say(text: &str) {
    // A reader that has gone has read what it wanted.
    std::io::stdout()
        .write_all(text.as_bytes())
        .unwrap_or_default();
}

fn complain(text: &str) {
    std::io::stderr()
        .write_all(text.as_bytes())
        .unwrap_or_default();
}
