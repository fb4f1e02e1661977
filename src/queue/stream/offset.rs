//! Where a consumer begins to read: `x-stream-offset`.
//!
//! Docs: streams (consuming). Seen: RabbitMQ 4.3.6 for every form and its errors.

use leveret_codec::table::{Table, Value};

use super::log::Log;
use crate::clock::Wall;
use crate::error::AmqpError;
use crate::queue::arguments::{age_ms, invalid, typed};

const NAME: &str = "x-stream-offset";

/// A place to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The oldest message.
    First,
    /// The first message of the last batch.
    Last,
    /// The next message.
    Next,
    /// This offset; the oldest message if that is later.
    At(u64),
    /// The first message from this moment on.
    Since(Wall),
}

impl Start {
    /// The offset argument of basic.consume, `next` if absent; `None` for a type that makes no
    /// sense, which is refused after everything else.
    ///
    /// # Errors
    /// 406 for a string that is neither a word nor an interval.
    pub(super) fn parse(
        arguments: &Table,
        now: Wall,
        queue_words: &str,
    ) -> Result<Option<Self>, AmqpError> {
        let Some(value) = arguments.get(NAME) else {
            return Ok(Some(Self::Next));
        };
        if let Value::LongStr(text) | Value::Bytes(text) = value
            && let Some(start) = Self::from_word(text)
        {
            return Ok(Some(start));
        }
        if let Some(number) = value.as_integer() {
            return Ok(Some(Self::At(u64::try_from(number).unwrap_or(0))));
        }
        match value {
            Value::Timestamp(seconds) => {
                let ms = seconds.saturating_mul(1000);
                Ok(Some(Self::Since(Wall::from_millis(ms))))
            }
            Value::LongStr(text) => match age_ms(text) {
                Some(age) => {
                    let ms = now.as_millis().saturating_sub(age);
                    Ok(Some(Self::Since(Wall::from_millis(ms))))
                }
                None => {
                    let detail = format!("{{invalid_stream_offset_arg,{}}}", typed(value));
                    Err(invalid(NAME, queue_words, &detail))
                }
            },
            _ => Ok(None),
        }
    }

    fn from_word(word: &[u8]) -> Option<Self> {
        match word {
            b"first" => Some(Self::First),
            b"last" => Some(Self::Last),
            b"next" => Some(Self::Next),
            _ => None,
        }
    }

    /// The offset of the first message to deliver, or an earlier one that is gone.
    pub(super) fn in_log(self, log: &Log) -> u64 {
        match self {
            Self::First => log.first(),
            Self::Last => log.last_batch(),
            Self::Next => log.next(),
            Self::At(offset) => offset,
            Self::Since(wall) => log.first_since(wall),
        }
    }
}

#[cfg(test)]
mod tests;
