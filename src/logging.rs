//! Where log lines go and how they look: to standard output, as text for people or as JSON.
//!
//! Standard output because that is where scripts and test containers look for
//! `Server startup complete` (Docs: RabbitMQ's container logs there). What is logged is decided
//! where it happens; nothing here filters by content, so passwords must be
//! [`Secret`](leveret::config::Secret)s, which print a placeholder.

use std::io::{self, IsTerminal as _};

use leveret::config::{LogFormat, LogLevel};
use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Sends the log of this process to standard output; in colours only where a person looks at it
/// and `NO_COLOR` is not set.
///
/// # Errors
/// When the process has a log already.
pub(crate) fn init(level: LogLevel, format: LogFormat) -> Result<(), SetGlobalDefaultError> {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colours = if io::stdout().is_terminal() && !plain {
        Colours::On
    } else {
        Colours::Off
    };
    let log = subscriber(level, format, colours, io::stdout);
    tracing::subscriber::set_global_default(log)
}

/// Whether text lines are coloured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    On,
    Off,
}

fn subscriber<W>(
    level: LogLevel,
    format: LogFormat,
    colours: Colours,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt()
        .with_max_level(filter(level))
        .with_writer(writer)
        .with_ansi(colours == Colours::On);
    match format {
        LogFormat::Text => Box::new(log.with_target(false).finish()),
        LogFormat::Json => Box::new(log.json().flatten_event(true).finish()),
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::None => LevelFilter::OFF,
    }
}

#[cfg(test)]
mod tests;
