//! What a queue notes with its stored copy of a message, to have it back after a restart.
//!
//! Streams number their copies instead. Source: store/FORMAT.md, *sequence*.

use super::headers::published_len;
use crate::kind::QueueKind;
use crate::message::Message;

/// What is noted with a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Octets of properties that count against a limit in octets; 0 in classic queues.
    pub properties_len: u32,
    /// Deliveries that counted in the queues where it died before it came here.
    pub delivery_count: u32,
}

impl Note {
    /// What a queue of `kind` notes with `message`.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/quorum/max_length_bytes_counts_properties.amqp.
    #[inline]
    #[must_use]
    pub fn new(kind: QueueKind, message: &Message, delivery_count: u32) -> Self {
        let properties_len = match kind {
            QueueKind::Quorum => published_len(message),
            QueueKind::Classic | QueueKind::Stream => 0,
        };
        Self {
            properties_len,
            delivery_count,
        }
    }

    /// In the log: the sequence of the copy, 0 if there is nothing to note.
    #[must_use]
    pub fn to_sequence(self) -> u64 {
        u64::from(self.delivery_count) << 32 | u64::from(self.properties_len)
    }

    /// What [`Note::to_sequence`] made.
    #[must_use]
    pub fn of_sequence(sequence: u64) -> Self {
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self {
            properties_len: half(sequence),
            delivery_count: half(sequence >> 32),
        }
    }
}

#[cfg(test)]
mod tests;
