//! Which messages of a stream a consumer wants: those with one of its filter values.
//!
//! RabbitMQ asks a Bloom filter for each chunk, so that its clients must check again; here the
//! answer is exact. Each message is kept with a short mark of its value, and only one whose mark
//! fits is looked at.
//!
//! Docs: streams (filtering). Seen: RabbitMQ 4.3.6, tests/scripts/stream/filters.amqp.

use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{Table, Value};

use crate::error::AmqpError;
use crate::message::{Message, filter_value};

/// The filter of a consumer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// Values with their marks.
    wanted: Vec<(u32, Vec<u8>)>,
    /// Messages without a value are wanted, too.
    unfiltered: bool,
}

impl Filter {
    /// The filter in the arguments of basic.consume, if there is one: `x-stream-filter` (a string
    /// or an array of them; of another type it is ignored) and `x-stream-match-unfiltered`.
    ///
    /// # Errors
    /// 541 on the connection for an array without strings.
    pub(super) fn parse(arguments: &Table) -> Result<Option<Self>, AmqpError> {
        let values: Vec<&[u8]> = match arguments.get("x-stream-filter") {
            Some(Value::LongStr(value)) => vec![value],
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            _ => return Ok(None),
        };
        if values.is_empty() {
            return Err(AmqpError::new(ReplyCode::InternalError, "").in_method(0, 0));
        }
        let matched = arguments.get("x-stream-match-unfiltered");
        // No value is the same as an empty one.
        let unfiltered = matched == Some(&Value::Bool(true)) || values.contains(&&b""[..]);
        let marked = |value: &[u8]| (filter_value::mark_of(value), value.to_vec());
        Ok(Some(Self {
            wanted: values.into_iter().map(marked).collect(),
            unfiltered,
        }))
    }

    /// Whether a message with this mark can be wanted at all.
    pub(super) fn may_want(&self, mark: u32) -> bool {
        if mark == 0 {
            return self.unfiltered;
        }
        self.wanted.iter().any(|(wanted, _)| *wanted == mark)
    }

    /// Whether `message`, whose mark is `mark`, is wanted.
    pub(super) fn wants(&self, mark: u32, message: &Message) -> bool {
        if mark == 0 {
            return self.unfiltered;
        }
        let properties = message.properties();
        let fits = |(wanted, value): &(u32, Vec<u8>)| {
            *wanted == mark
                && filter_value::with_value(properties, |own| own == value.as_slice()) == Some(true)
        };
        self.wanted.iter().any(fits)
    }
}

#[cfg(test)]
mod tests;
