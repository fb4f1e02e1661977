//! What a queue knows of a message before it has its place: of one that comes, and of one that the
//! store gives back.
//!
//! Streams number their copies instead. Source: store/FORMAT.md, *sequence*.

use super::headers::published_len;
use crate::entry::Facts;
use crate::kind::QueueKind;
use crate::message::Message;
use crate::store::{Recovered, Returns};

impl Facts {
    /// What a queue of `kind` knows of a `message` that comes to it; `delivery_count` is what
    /// counted in the queues where it died before.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/quorum/max_length_bytes_counts_properties.amqp.
    #[inline]
    #[must_use]
    pub fn of_arrival(kind: QueueKind, message: &Message, delivery_count: u32) -> Self {
        let properties_len = match kind {
            QueueKind::Quorum => published_len(message),
            QueueKind::Classic | QueueKind::Stream => 0,
        };
        Self {
            properties_len,
            delivery_count,
            acquired_count: delivery_count,
            redelivered: delivery_count > 0,
            ..Self::default()
        }
    }

    /// What is stored of it with the message: the sequence of the copy, 0 for nothing.
    #[must_use]
    pub fn to_sequence(self) -> u64 {
        u64::from(self.delivery_count) << 32 | u64::from(self.properties_len)
    }

    /// What the store knows of a message that it gives back. The queue adds the position and the
    /// expiry.
    #[must_use]
    pub fn of_recovered(recovered: &Recovered) -> Self {
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        let Returns {
            delivery_count,
            acquired_count,
        } = recovered.returns;
        let delivery_count = delivery_count.max(half(recovered.sequence >> 32));
        Self {
            at: recovered.at,
            properties_len: half(recovered.sequence),
            delivery_count,
            acquired_count: acquired_count.max(delivery_count),
            redelivered: recovered.redelivered || delivery_count > 0,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests;
