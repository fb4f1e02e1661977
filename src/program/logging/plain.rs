//! The one place that keeps a log line one line, whatever a client says.
//!
//! A name, tag or text of a client may hold line feeds, which would let it write lines of its own
//! into the log, and control characters that a terminal obeys. All of them are written as escapes:
//! as in Rust in a text line, as in JSON in a JSON line. So are characters that reverse the
//! direction of writing, which make a line look like another.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitOutput as _};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};

use super::Style;

/// Writes the message and fields of an event plainly, so that every escape character in a line is
/// one of the formatter's colours.
pub(super) struct PlainFields;

impl<'w> FormatFields<'w> for PlainFields {
    /// A line stands alone: what RabbitMQ writes below it stands behind it, and what it is about is
    /// in its words.
    fn format_fields<R: RecordFields>(&self, mut to: Writer<'w>, fields: R) -> fmt::Result {
        let mut why = Why(None);
        fields.record(&mut why);
        let mut text = String::new();
        let mut visitor = DefaultVisitor::new(Writer::new(&mut text), true);
        let why = why.0;
        fields.record(&mut Merged {
            why,
            visitor: &mut visitor,
        });
        visitor.finish()?;
        let mut plain = Vec::new();
        push_plain(&mut plain, &text, Style::Text);
        to.write_str(&String::from_utf8_lossy(&plain))
    }
}

/// Finds the field `why`.
struct Why(Option<String>);

impl Visit for Why {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "why" {
            self.0 = Some(format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Hands fields on, `why` behind the message.
struct Merged<'v> {
    why: Option<String>,
    visitor: &'v mut dyn Visit,
}

impl Visit for Merged<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match (field.name(), &self.why) {
            ("why" | "process", _) => {}
            ("message", Some(why)) => {
                let message = format_args!("{value:?}: {}", why.trim_start());
                self.visitor.record_debug(field, &message);
            }
            _ => self.visitor.record_debug(field, value),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != "why" {
            self.visitor.record_str(field, value);
        }
    }
}

/// Appends a line, with what could end it or change its looks escaped. The line feed at its very
/// end stays.
pub(crate) fn push_plain(into: &mut Vec<u8>, line: &str, style: Style) {
    let (text, end) = match line.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (line, ""),
    };
    let mut rest = text;
    while let Some((at, letter)) = rest
        .char_indices()
        .find(|(_, letter)| is_unsafe(*letter, style))
    {
        let (before, from) = rest.split_at(at);
        into.extend_from_slice(before.as_bytes());
        let escape = match style {
            Style::Json => format!("\\u{:04x}", u32::from(letter)),
            _ => letter.escape_default().to_string(),
        };
        into.extend_from_slice(escape.as_bytes());
        rest = from.get(letter.len_utf8()..).unwrap_or_default();
    }
    into.extend_from_slice(rest.as_bytes());
    into.extend_from_slice(end.as_bytes());
}

/// Whether a character ends a line, moves the cursor or turns the direction of writing. In a line
/// with colours the escapes are those of the colours: see [`PlainFields`] and `rabbit`.
fn is_unsafe(letter: char, style: Style) -> bool {
    (letter.is_control() && !(letter == '\u{1b}' && style.has_colours()))
        || matches!(letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}'     // direction of what follows
            | '\u{2028}' | '\u{2029}'               // ends of line and paragraph
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') // embedding and overriding
}
