//! Where log lines go and how they look: to the console and to a file, as text for people, as JSON,
//! or as RabbitMQ's lines.
//!
//! Standard output unless the settings say otherwise, because that is where scripts and test
//! containers look for `Server startup complete` (Docs: RabbitMQ's container logs there). What is
//! logged is decided where it happens; nothing here filters by content, so passwords must be
//! [`Secret`](crate::config::Secret)s, which print a placeholder.
//!
//! `lines` writes them: no thread that logs waits for the reader of the log or fails with it.
//! `plain` keeps each of them one line; `rabbit` makes RabbitMQ's of them. `outputs` says which
//! lines go where. `rotating` is a file that begins anew. `kept` are the last lines, in memory, of
//! whatever any output takes.

use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::sync::OnceLock;

use crate::config::{LogColours, LogFormat, LogLevel, LogStream, Settings};
use crate::{log, sys};
use parking_lot::Mutex;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer, Registry, registry, reload};

use kept::Kept;
use outputs::{Takes, outputs};
use plain::PlainFields;
use rabbit::RabbitLines;
use rotating::Rotating;

mod kept;
mod lines;
mod outputs;
mod plain;
mod rabbit;
mod rotating;

pub(crate) use lines::LastLines;
use lines::Trouble;
pub(crate) use plain::push_plain;

/// Sends the log of this process where the settings say. The lines that wait are written before the
/// returned value is gone.
///
/// # Errors
/// When the process has a log already, a file cannot be opened, or no thread is to be had.
pub(crate) fn init(settings: &Settings) -> Result<LastLines, Box<dyn Error>> {
    let mut last = LastLines::default();
    let mut layers = Vec::new();
    let console = console(settings)?;
    let style = style_of(settings, console.is_terminal());
    let lines = last.add(console, style, CONSOLE)?;
    let outputs = outputs(settings);
    for output in &outputs {
        let style = match output.file {
            Some(_) => style.plain(),
            None => style,
        };
        let lines = match &output.file {
            Some(path) => {
                let file = Rotating::open(path, settings);
                let file =
                    file.map_err(|error| format!("log file '{}': {error}", path.display()))?;
                last.add(file, style, FILE)?
            }
            None => lines.clone(),
        };
        layers.push(layer(&output.takes, style, move || lines.clone()));
    }
    let kept = Kept {
        tail: log::keep_tail(),
        style: style.plain(),
    };
    let takes = Takes::any_of(settings, &outputs);
    layers.push(layer(&takes, kept.style, kept));
    tracing::subscriber::set_global_default(registry().with(layers))?;
    Ok(last)
}

/// What the file is told of is told on the console: the other way round a reader that has left the
/// console is no reason for lines in the file.
const CONSOLE: Trouble = Trouble {
    begins: |_| (),
    is_over: missing,
};
const FILE: Trouble = Trouble {
    begins: |why| tracing::error!("log lines cannot be written to a file: {why}"),
    is_over: missing,
};

fn missing(missing: u64, why: &str) {
    tracing::warn!("{missing} log lines are missing since the start, the last because: {why}");
}

/// The filters of this process's log, each with what its output takes.
static FILTERS: OnceLock<Mutex<Vec<Filter>>> = OnceLock::new();

type Filter = (reload::Handle<Targets, Registry>, Takes);

/// Has every output and category take what is at least this severe, until the process ends.
pub(crate) fn set_level(level: LogLevel) {
    let filters = FILTERS.get_or_init(Mutex::default).lock();
    for (filter, takes) in filters.iter() {
        let all = takes.at(severity(level)).targets();
        // It fails if the output is gone.
        let _ended = filter.reload(all);
    }
}

/// The stream that a console is.
fn console(settings: &Settings) -> io::Result<File> {
    match settings.log_console_stdio {
        LogStream::Stdout => sys::stream(&io::stdout()),
        LogStream::Stderr => sys::stream(&io::stderr()),
    }
}

fn style_of(settings: &Settings, is_terminal: bool) -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_coloured = match settings.log_console_use_colors {
        LogColours::Auto => is_terminal && !plain,
        LogColours::On => true,
        LogColours::Off => false,
    };
    match settings.log_format {
        LogFormat::Json => Style::Json,
        LogFormat::Text if is_coloured => Style::Colours,
        LogFormat::Text => Style::Text,
        LogFormat::Rabbitmq if is_coloured => Style::RabbitColours,
        LogFormat::Rabbitmq => Style::Rabbit,
    }
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

    /// The same without colours.
    fn plain(self) -> Self {
        match self {
            Self::Colours => Self::Text,
            Self::RabbitColours => Self::Rabbit,
            other => other,
        }
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

/// One of the places that lines are written to.
type Layered = Box<dyn Layer<Registry> + Send + Sync>;

fn layer<W>(takes: &Takes, style: Style, writer: W) -> Layered
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(takes.targets());
    let filters = FILTERS.get_or_init(Mutex::default);
    filters.lock().push((handle, takes.clone()));
    let log = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        // It would complain on standard error, and panic where that cannot be written either.
        .log_internal_errors(false)
        .with_ansi(style.has_colours());
    match style {
        Style::Text | Style::Colours => {
            let log = log.with_target(false).fmt_fields(PlainFields);
            log.with_filter(filter).boxed()
        }
        Style::Json => log.json().flatten_event(true).with_filter(filter).boxed(),
        Style::Rabbit | Style::RabbitColours => {
            log.event_format(RabbitLines).with_filter(filter).boxed()
        }
    }
}

fn severity(level: LogLevel) -> LevelFilter {
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
