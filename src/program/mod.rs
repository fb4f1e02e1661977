//! The program `leveret`: reads arguments and settings, then runs a broker until it is signalled.
//!
//! Owns what a process has and an embedded broker has not: the command line, the log's destination,
//! signals, the ready file, and the commands that look into data. Knows no rule of the broker.
//! Compiled with the feature `program` only, which is why a crate that embeds a broker can do
//! without clap, the load tool and the rest (`default-features = false`).

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::broker::Broker;
use crate::config::{self, Problems, Settings};
use crate::log;

use cli::{Cli, Command};
use ready::{Endpoint, Ready};
use signals::Signals;

mod cli;
mod inspect;
mod logging;
mod ready;
mod signals;

/// Does what the arguments of this process say; returns when it is done, or when a broker that was
/// started has stopped.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Settings { markdown: true }) => return say(&config::reference()),
        Some(Command::Settings { markdown: false }) => return say(&config::template()),
        Some(Command::Bench(bench)) => return leveret_bench::main(bench),
        Some(Command::CheckData(what)) => return inspect::check_data(what),
        Some(Command::Dump(what)) => return inspect::dump(what),
        Some(Command::CheckConfig) | None => {}
    }
    let loaded = match cli.options.load(std::env::vars_os().collect()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(&complaint(&problems));
            return ExitCode::FAILURE;
        }
    };
    if cli.command == Some(Command::CheckConfig) {
        return say(&config::report(&loaded));
    }
    match run(&cli, loaded.settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Prints an answer. A reader that leaves before the end (`| head`) has read what it wanted.
fn say(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// Says on standard error what went wrong. Where that cannot be written the exit code has to do.
fn complain(what: &dyn Display) {
    let _unheard = writeln!(io::stderr(), "leveret: {what}");
}

/// Runs a broker from its start to the end of a graceful stop.
fn run(cli: &Cli, settings: Settings) -> Result<(), Box<dyn Error>> {
    let _last_lines = logging::init(settings.log_level, settings.log_format)?;
    let mut signals = Signals::catch()?;
    if let Some(path) = &cli.ready_file {
        ready::remove(path).map_err(|error| at(path, &error))?;
    }

    let broker = Broker::builder().settings(settings.clone()).start()?;
    let ready = Ready::new(&settings, broker.addresses());
    if let Some(path) = &cli.ready_file {
        ready.write(path).map_err(|error| at(path, &error))?;
    }
    announce(&ready);

    let stop = signals.wait();
    log::info!(
        signal = stop.name(),
        "Stopping; a second signal stops at once"
    );
    signals.end_at_the_next()?;
    broker.stop("shutdown");
    if let Some(path) = &cli.ready_file {
        ready::remove(path).map_err(|error| at(path, &error))?;
    }
    log::info!("Stopped");
    Ok(())
}

/// The line that scripts and test containers wait for.
fn announce(ready: &Ready) {
    let address = |at: &Endpoint| SocketAddr::new(at.host, at.port).to_string();
    let amqp = ready.amqp.iter().map(address).collect::<Vec<_>>().join(",");
    log::info!(
        version = ready.version,
        pid = ready.pid,
        amqp,
        data_dir = ready
            .data_dir
            .as_ref()
            .map(|dir| tracing::field::display(dir.display())),
        durability = ready.durability,
        "Server startup complete"
    );
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("the ready file {}: {error}", path.display())
}

fn complaint(problems: &Problems) -> String {
    let lines: String = problems
        .0
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect();
    format!("cannot start with these settings:{lines}")
}
