//! What can go wrong with a load: the operator's errors, in one line each.

use std::fmt;
use std::io;

/// Why a load cannot be run, or ended early.
#[derive(Debug)]
pub enum BenchError {
    /// Options that do not go together; the text says which.
    Options(String),
    /// The URI cannot be read; the text says why.
    Uri(String),
    /// A call of the system failed while doing what the text says.
    Io(String, io::Error),
    /// The broker closed the connection or the channel.
    Closed {
        /// The reply code.
        code: u16,
        /// The reply text.
        text: String,
    },
    /// The broker said something that is not AMQP, or not expected here.
    Protocol(String),
    /// A broker, relay or load that was started did not do its part.
    Child(String),
}

impl fmt::Display for BenchError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(text) | Self::Uri(text) | Self::Child(text) => out.write_str(text),
            Self::Io(what, error) => write!(out, "{what}: {error}"),
            Self::Closed { code, text } => write!(out, "the broker closed: {code} {text}"),
            Self::Protocol(text) => write!(out, "unexpected from the broker: {text}"),
        }
    }
}

impl std::error::Error for BenchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Names what was done when a call of the system failed.
pub(super) trait During<T> {
    /// The same result with `what` in front of the error.
    fn during(self, what: &str) -> Result<T, BenchError>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, what: &str) -> Result<T, BenchError> {
        self.map_err(|error| BenchError::Io(what.to_owned(), error))
    }
}
