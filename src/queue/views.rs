//! Answers about a queue: counts, listings, a look at its messages.

use leveret_codec::table::Table;
use leveret_codec::types::{ChannelId, ShortString};
use serde::Serialize;

use super::{OfType, Ordinary, Queue};
use crate::entry::Entry;
use crate::ids::{ConnectionId, ConsumerId};

impl Queue {
    /// Messages that wait for a consumer: all of a stream's, also those that were read.
    #[must_use]
    pub fn ready_count(&self) -> u64 {
        match &self.0 {
            OfType::Ordinary(queue) => queue.ready_count(),
            OfType::Stream(queue) => queue.log.len(),
        }
    }

    /// Messages delivered and not settled.
    #[must_use]
    pub fn unacked_count(&self) -> u64 {
        self.common().unacked
    }

    /// Messages that wait, as counts of the queue show them: dead letters that left it and are not
    /// in another queue yet are in, so that the counts of both add up at any moment.
    #[must_use]
    pub fn shown_count(&self) -> u64 {
        self.ready_count() + self.ordinary().map_or(0, Ordinary::sent_count)
    }

    /// Dead letters whose delivery is not certain yet (at-least-once).
    #[must_use]
    pub fn dying_count(&self) -> u64 {
        self.ordinary().map_or(0, Ordinary::dying_count)
    }

    /// Octets of the bodies that wait.
    #[must_use]
    pub fn ready_bytes(&self) -> u64 {
        match &self.0 {
            OfType::Ordinary(queue) => queue.ready.bytes(),
            OfType::Stream(queue) => queue.log.bodies(),
        }
    }

    /// Octets of the bodies delivered and not settled.
    #[must_use]
    pub fn unacked_bytes(&self) -> u64 {
        self.common().unacked_bytes
    }

    /// Consumers.
    #[must_use]
    pub fn consumer_count(&self) -> usize {
        match &self.0 {
            OfType::Ordinary(queue) => queue.consumers.len(),
            OfType::Stream(queue) => queue.readers.len(),
        }
    }

    /// Consumers as queue.declare-ok tells them: a stream says 0, a quorum queue counts who can get
    /// messages or holds some, each unsettled get like a consumer.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/quorum/declare_ok_counts_who_holds_messages.amqp.
    #[must_use]
    pub fn announced_consumers(&self) -> u64 {
        self.ordinary().map_or(0, Ordinary::announced_consumers)
    }

    /// Consumers, in order of registration.
    #[must_use]
    pub fn consumers(&self) -> Vec<ConsumerSnapshot> {
        match &self.0 {
            OfType::Ordinary(queue) => queue.consumers.snapshots(),
            OfType::Stream(queue) => queue.readers.snapshots(),
        }
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let lost = match &self.0 {
            OfType::Ordinary(queue) => queue.ready.lost(),
            OfType::Stream(queue) => queue.log.lost(),
        };
        Stats {
            lost,
            ..self.common().stats
        }
    }

    /// Octets the queue holds, roughly: its messages' and its lists'.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let octets = match &self.0 {
            OfType::Ordinary(queue) => queue.memory_bytes(),
            OfType::Stream(queue) => queue.memory_bytes(),
        };
        usize::try_from(octets).unwrap_or(usize::MAX)
    }

    /// Copies of the first ready messages in the order in which they would leave, for looking at
    /// them without taking them: as many as `max` allows.
    #[must_use]
    pub fn peek(&self, max: impl Into<PeekMax>) -> Vec<Entry> {
        let max = max.into();
        match &self.0 {
            OfType::Ordinary(queue) => queue.peek(max),
            OfType::Stream(queue) => queue.peek(max),
        }
    }
}

/// How much is shown of the messages that wait in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeekMax {
    /// Most messages.
    pub messages: usize,
    /// Octets of bodies after which no further message is shown.
    pub bytes: u64,
}

impl From<usize> for PeekMax {
    fn from(messages: usize) -> Self {
        Self {
            messages,
            bytes: u64::MAX,
        }
    }
}

impl PeekMax {
    /// Adds copies of what `next` gives to `shown`, one at each call, while there is room.
    pub(super) fn show(&mut self, shown: &mut Vec<Entry>, next: impl FnOnce() -> Entry) -> bool {
        let has_room = self.messages > 0 && self.bytes > 0;
        if has_room {
            let entry = next();
            self.messages -= 1;
            self.bytes = self.bytes.saturating_sub(entry.size());
            shown.push(entry);
        }
        has_room
    }
}

/// Counters since the queue was made. Messages, except where named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Taken from publishers.
    pub published: u64,
    /// Refused because the queue was full.
    pub refused: u64,
    /// Sent to consumers that acknowledge.
    pub delivered: u64,
    /// Sent to consumers that do not.
    pub delivered_no_ack: u64,
    /// Answers to basic.get that must be acknowledged.
    pub got: u64,
    /// Answers to basic.get that must not.
    pub got_no_ack: u64,
    /// basic.get that found nothing.
    pub got_empty: u64,
    /// Of all of those, delivered before.
    pub redelivered: u64,
    /// Acknowledged.
    pub acked: u64,
    /// Came back.
    pub requeued: u64,
    /// Died: rejected, expired, over a limit; dead-lettered or dropped.
    pub died: u64,
    /// Could not be read back from disk.
    pub lost: u64,
}

/// A consumer, for listings.
#[derive(Clone, Debug)]
pub struct ConsumerSnapshot {
    /// Its number.
    pub id: ConsumerId,
    /// Its connection.
    pub connection: ConnectionId,
    /// Its channel.
    pub channel: ChannelId,
    /// Its tag.
    pub tag: ShortString,
    /// Deliveries are not acknowledged.
    pub no_ack: bool,
    /// It has the queue for itself.
    pub exclusive: bool,
    /// Messages that may be in flight or unacked, 0 for no limit.
    pub prefetch: u16,
    /// `x-priority`.
    pub priority: i64,
    /// Messages in flight or unacked.
    pub in_flight: u32,
    /// Whether it is served.
    pub active: bool,
    /// `up`, `single_active` or `waiting`.
    pub activity: &'static str,
    /// Its arguments.
    pub arguments: Table,
}
