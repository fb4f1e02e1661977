//! The last messages of an `x-recent-history` exchange.
//!
//! Owns which messages are kept and in what order. Does not know what a message is.
//! Docs: README of `rabbitmq_recent_history_exchange`. Seen: RabbitMQ 4.3.6.

use std::collections::VecDeque;

use leveret_codec::table::{Table, TableRef, Value, ValueRef};

use super::kind::ExchangeType;
use super::term::Term;

const LENGTH_ARGUMENT: &str = "x-recent-history-length";
const NO_STORE_HEADER: &str = "x-recent-history-no-store";

/// Messages kept when the declaration does not say how many.
const LENGTH_DEFAULT: usize = 20;

/// The most messages one exchange keeps, whatever its declaration says (I11).
const HISTORY_LENGTH_MAX: usize = 100_000;

/// How many messages an exchange declared with these arguments keeps, 20 by default.
pub(super) fn history_length(arguments: &Table) -> Result<usize, String> {
    let Some(value) = arguments.get(LENGTH_ARGUMENT) else {
        return Ok(LENGTH_DEFAULT);
    };
    let is_signed = matches!(
        value,
        Value::I8(_) | Value::I16(_) | Value::I32(_) | Value::I64(_)
    );
    match value.as_integer() {
        Some(length) if is_signed && length > 0 => Ok(usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(HISTORY_LENGTH_MAX)),
        _ => Err(format!(
            "Invalid argument {}, '{LENGTH_ARGUMENT}' must be a positive integer",
            Term(value)
        )),
    }
}

/// Whether a message with these headers is to be kept: unless one of them, named
/// `x-recent-history-no-store`, is true. Seen: RabbitMQ 4.3.6.
pub fn belongs_to_history(headers: Option<TableRef<'_>>) -> bool {
    let no_store = headers.and_then(|headers| headers.find(NO_STORE_HEADER).ok().flatten());
    no_store != Some(ValueRef::Bool(true))
}

/// The last messages, at most as many as asked for.
#[derive(Clone, Debug)]
pub struct History<M> {
    messages: VecDeque<M>,
    length: usize,
}

impl<M> History<M> {
    /// What an exchange of this type and with these arguments keeps: the last
    /// `x-recent-history-length` messages, 1 ..= [`HISTORY_LENGTH_MAX`], 20 by default. `None` if
    /// the type is another.
    ///
    /// # Errors
    /// The explanation of a 406 `PRECONDITION_FAILED`: not a signed integer above 0.
    ///
    /// Seen: RabbitMQ 4.3.6 (which refuses unsigned integers too, and keeps all it is asked to).
    pub fn from_arguments(
        exchange_type: &ExchangeType,
        arguments: &Table,
    ) -> Result<Option<Self>, String> {
        if *exchange_type.routing() != ExchangeType::RecentHistory {
            return Ok(None);
        }
        let length = history_length(arguments)?;
        Ok(Some(Self {
            messages: VecDeque::new(),
            length,
        }))
    }

    /// Keeps a message; the oldest one goes if there would be too many.
    pub fn record(&mut self, message: M) {
        if self.messages.len() == self.length {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }

    /// The messages, oldest first, as a queue that is newly bound gets them. (An exchange that is
    /// newly bound gets them newest first: RabbitMQ does not turn them round for it.)
    pub fn replay(&self) -> Vec<M>
    where
        M: Clone,
    {
        self.messages.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
