//! Log lines that no thread of the broker can be harmed by.
//!
//! Where the lines go is decided by the process: by `logging.rs` in the program, by the host of an
//! embedded broker otherwise. A host's log may panic, as the usual one does when neither its output
//! nor standard error can be written, and the thread that commits must not die of a line it wanted
//! to say. So every line of this crate is said with these macros, which take what
//! [`mod@tracing`]'s take; the panic is over where the line is.
//!
//! Two fields have a meaning of their own for the program's log: `process`, what the line is about,
//! and `why`, what RabbitMQ writes on a line below it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use leveret_codec::types::ChannelId;

use crate::ids::ConnectionId;

/// How severe a line is.
pub(crate) use tracing::Level;

#[cfg(feature = "management")]
mod tail;

#[cfg(feature = "program")]
pub(crate) use tail::keep_tail;
#[cfg(feature = "management")]
pub(crate) use tail::{Line, Tail, tail};

/// What lines about a channel come from, wherever they are said: RabbitMQ's category `channel`.
pub(crate) const CHANNEL: &str = "leveret::channel";
/// What lines about logins come from, which are of none of RabbitMQ's categories.
pub(crate) const LOGIN: &str = "leveret::auth";

/// What a line is about, as RabbitMQ shows the process that says it: a connection, or a channel.
/// The field is called `process`.
pub(crate) struct Process(pub(crate) ConnectionId, pub(crate) ChannelId);

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<0.{}.{}>", self.0, self.1)
    }
}

/// What lines of the audit log come from, so that a host can send them elsewhere.
pub(crate) const AUDIT: &str = "leveret::audit";

/// Whether lines of the audit log go anywhere.
pub(crate) fn takes_audit() -> bool {
    let asked = catch_unwind(|| tracing::enabled!(target: AUDIT, Level::INFO));
    asked.unwrap_or(false)
}

/// Says a line of the audit log: who, from where, in which vhost, and what.
pub(crate) fn say_audit(
    by: &str,
    from: Option<impl fmt::Display>,
    vhost: Option<&str>,
    what: fmt::Arguments<'_>,
) {
    let from = from.map(tracing::field::display);
    info!(target: AUDIT, by, from, vhost, "audit: {what}");
}

/// Longest part of a client's text shown in a log line, in characters.
const SHOWN_MAX: usize = 255;

/// A client's text, cut and without what could forge a second log line; quoted by `{:?}`.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl Shown<'_> {
    fn end(&self) -> &'static str {
        match self.0.chars().nth(SHOWN_MAX) {
            Some(_) => "...",
            None => "",
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars().take(SHOWN_MAX) {
            if char.is_control() {
                write!(f, "{}", char.escape_default())?;
            } else {
                write!(f, "{char}")?;
            }
        }
        f.write_str(self.end())
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.0.chars().take(SHOWN_MAX) {
            write!(f, "{}", char.escape_debug())?;
        }
        write!(f, "{}\"", self.end())
    }
}

/// Says a line, and survives it.
pub(crate) fn harmless(say: impl FnOnce()) {
    // What a line is made of is only looked at, so nothing is left half changed.
    let _unsaid = catch_unwind(AssertUnwindSafe(say));
}

/// Declares a macro for each level. The names in the middle are needed because `warn` is an
/// attribute too.
macro_rules! levels {
    ($dollar:tt $($inner:ident $level:ident;)*) => { $(
        macro_rules! $inner {
            ($dollar($dollar line:tt)*) => {
                $crate::log::harmless(|| tracing::$level!($dollar($dollar line)*))
            };
        }
        pub(crate) use $inner as $level;
    )* };
}

levels! { $
    say_error error;
    say_warn warn;
    say_info info;
    say_debug debug;
}
