//! Events as RabbitMQ writes them: `2026-11-21 06:22:26.246385+00:00 [info] <0.683.0> message`, in
//! local time. Each further line of an event begins the same way.
//!
//! Colours are those of RabbitMQ, but only where a person looks at them: RabbitMQ writes them into
//! files and pipes too.
//!
//! Seen: RabbitMQ 4.3.6, its log.

use std::fmt;

use jiff::Zoned;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Style;
use super::plain::push_plain;

/// How RabbitMQ's console writes a time.
const TIME: &str = "%Y-%m-%d %H:%M:%S%.6f%:z";

/// What a line is about that is about no connection: the broker.
const BROKER: &str = "<0.0.0>";

/// Writes events as RabbitMQ does.
pub(super) struct RabbitLines;

impl<S, N> FormatEvent<S, N> for RabbitLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let (level, colour) = match said.is_notice {
            true => ("notice", "\u{1b}[38;5;87m"),
            false => level(*event.metadata().level()),
        };
        let process = said.process.as_deref().unwrap_or(BROKER);
        let head = format!("{} [{level}] {process} ", Zoned::now().strftime(TIME));
        let (before, behind) = match to.has_ansi_escapes() {
            true => (colour, "\u{1b}[0m"),
            false => ("", ""),
        };
        for line in said.lines() {
            writeln!(to, "{before}{head}{line}{behind}")?;
        }
        Ok(())
    }
}

/// RabbitMQ's word for a level, and its colour.
fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::ERROR => ("error", "\u{1b}[38;5;160m"),
        Level::WARN => ("warning", "\u{1b}[38;5;214m"),
        Level::INFO => ("info", ""),
        _ => ("debug", "\u{1b}[38;5;246m"),
    }
}

/// The parts of an event.
#[derive(Default)]
struct Said {
    message: String,
    /// Fields without a meaning of their own.
    rest: String,
    why: Option<String>,
    /// More lines, the broker's own words.
    lines: Option<String>,
    process: Option<String>,
    /// RabbitMQ's level between info and warning, which there is not here.
    is_notice: bool,
}

impl Said {
    /// Without what could end a line or change its looks.
    fn lines(&self) -> Vec<String> {
        let colon = if self.why.is_some() { ":" } else { "" };
        let first = format!("{}{}{colon}", self.message, self.rest);
        let own = self.lines.iter().flat_map(|lines| lines.lines());
        let own = own.map(str::to_owned);
        let all = std::iter::once(first).chain(self.why.clone()).chain(own);
        all.map(|line| plain(&line)).collect()
    }
}

fn plain(line: &str) -> String {
    let mut plain = Vec::new();
    push_plain(&mut plain, line.trim_end_matches('\n'), Style::Text);
    String::from_utf8_lossy(&plain).into_owned()
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            "why" => self.why = Some(text),
            "lines" => self.lines = Some(text),
            "process" => self.process = Some(text),
            name => self.rest.push_str(&format!(" {name}={text}")),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "notice" => self.is_notice = value,
            _ => self.record_debug(field, &value),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" | "why" | "lines" | "process" => {
                self.record_debug(field, &format_args!("{value}"));
            }
            _ => self.record_debug(field, &value),
        }
    }
}
