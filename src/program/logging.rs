//! Where log lines go and how they look: to standard output, as text for people, as JSON, or as
//! RabbitMQ's lines.
//!
//! Standard output because that is where scripts and test containers look for
//! `Server startup complete` (Docs: RabbitMQ's container logs there). What is logged is decided
//! where it happens; nothing here filters by content, so passwords must be
//! [`Secret`](crate::config::Secret)s, which print a placeholder.
//!
//! `lines` writes them: no thread that logs waits for the reader of the log or fails with it.
//! `plain` keeps each of them one line; `rabbit` makes RabbitMQ's of them.

use std::error::Error;
use std::io::{self, IsTerminal as _};

use crate::config::{LogFormat, LogLevel};
use tracing::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use lines::Lines;
use plain::PlainFields;
use rabbit::RabbitLines;

mod lines;
mod plain;
mod rabbit;

pub(crate) use lines::LastLines;
pub(crate) use plain::push_plain;

/// Sends the log of this process to standard output; in colours only where a person looks at it
/// and `NO_COLOR` is not set. The lines that wait are written before the returned value is gone.
///
/// # Errors
/// When the process has a log already, or no thread is to be had.
pub(crate) fn init(level: LogLevel, format: LogFormat) -> Result<LastLines, Box<dyn Error>> {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_coloured = io::stdout().is_terminal() && !plain;
    let style = match format {
        LogFormat::Json => Style::Json,
        LogFormat::Text if is_coloured => Style::Colours,
        LogFormat::Text => Style::Text,
        LogFormat::Rabbitmq if is_coloured => Style::RabbitColours,
        LogFormat::Rabbitmq => Style::Rabbit,
    };
    let (lines, last) = Lines::start(lines::stdout()?, style, |missing, why| {
        tracing::warn!("{missing} log lines are missing since the start, the last because: {why}");
    })?;
    tracing::subscriber::set_global_default(subscriber(level, style, move || lines.clone()))?;
    Ok(last)
}

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Text.
    Text,
    /// Text in colours.
    Colours,
    /// An object for each line.
    Json,
    /// RabbitMQ's lines, of which several can be about one event.
    Rabbit,
    /// The same in colours.
    RabbitColours,
}

impl Style {
    /// Whether the formatter of this style writes escape characters.
    fn has_colours(self) -> bool {
        matches!(self, Self::Colours | Self::RabbitColours)
    }

    /// Appends what the formatter made of an event: one line, but for RabbitMQ's lines, whose parts
    /// the formatter has made plain.
    fn push(self, into: &mut Vec<u8>, text: &str) {
        match self {
            Self::Rabbit | Self::RabbitColours => {
                let lines = text.split_inclusive('\n');
                lines.for_each(|line| push_plain(into, line, self));
            }
            _ => push_plain(into, text, self),
        }
    }
}

fn subscriber<W>(level: LogLevel, style: Style, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt()
        .with_max_level(filter(level))
        .with_writer(writer)
        // It would complain on standard error, and panic where that cannot be written either.
        .log_internal_errors(false)
        .with_ansi(style.has_colours());
    match style {
        Style::Text | Style::Colours => {
            Box::new(log.with_target(false).fmt_fields(PlainFields).finish())
        }
        Style::Json => Box::new(log.json().flatten_event(true).finish()),
        Style::Rabbit | Style::RabbitColours => Box::new(log.event_format(RabbitLines).finish()),
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
