//! Log lines that are kept in memory: see [`Tail`].

use std::io::{self, Write};

use jiff::Timestamp;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::Style;
use crate::log::Tail;

/// Keeps what a formatter of this style, which is one without colours, makes of events.
pub(super) struct Kept {
    pub(super) tail: &'static Tail,
    pub(super) style: Style,
}

/// The lines of one event.
pub(super) struct Lines<'k> {
    kept: &'k Kept,
    level: Level,
}

impl<'k> MakeWriter<'k> for Kept {
    type Writer = Lines<'k>;

    fn make_writer(&'k self) -> Lines<'k> {
        Lines {
            kept: self,
            level: Level::INFO,
        }
    }

    fn make_writer_for(&'k self, event: &Metadata<'_>) -> Lines<'k> {
        Lines {
            kept: self,
            level: *event.level(),
        }
    }
}

/// The formatter calls once for each event.
impl Write for Lines<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut plain = Vec::with_capacity(event.len());
        let text = String::from_utf8_lossy(event);
        self.kept.style.push(&mut plain, &text);
        let at_ms = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
        for line in String::from_utf8_lossy(&plain).lines() {
            self.kept.tail.push(at_ms, self.level, line);
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
