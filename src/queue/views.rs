//! Answers about a queue: counts, listings, a look at its messages.

use std::collections::{BTreeMap, BTreeSet};

use leveret_codec::table::Table;
use leveret_codec::types::{ChannelId, ShortString};
use serde::Serialize;

use super::common::Common;
use super::{Bookmark, OfType, Ordinary, Queue, Sum};
use crate::clock::{Now, Wall};
use crate::entry::Entry;
use crate::events::DeathReason;
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
        self.common().unacked.messages
    }

    /// Messages that wait, as counts of the queue show them: dead letters that left it and are not
    /// in another queue yet are in, so that the counts of both add up at any moment. A purge, and a
    /// deletion if it is empty, see only those of [`Queue::ready_count`], as in RabbitMQ.
    #[must_use]
    pub fn shown_count(&self) -> u64 {
        self.ready_count() + self.ordinary().map_or(0, |queue| queue.sent().messages)
    }

    /// Dead letters whose delivery is not certain yet (at-least-once).
    #[must_use]
    pub fn dying(&self) -> Sum {
        let queue = self.ordinary();
        queue.map_or_else(Sum::default, |queue| queue.dying.sum())
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
        self.common().unacked.bytes
    }

    /// All messages by where they are. Dead letters on their way count as ready, see
    /// [`Queue::shown_count`].
    #[must_use]
    pub fn counts(&self) -> Counts {
        let Common {
            unacked,
            unacked_stored,
            ..
        } = *self.common();
        match &self.0 {
            OfType::Ordinary(queue) => Counts {
                ready: queue.ready.sum().plus(queue.sent()),
                unacked,
                stored: queue.ready.stored().plus(unacked_stored),
                paged_out: queue.ready.paged_out(),
                dying: queue.dying.sum(),
            },
            OfType::Stream(queue) => Counts {
                ready: queue.log.sum(),
                unacked,
                stored: queue.log.sum(),
                paged_out: queue.log.paged_out(),
                dying: Sum::default(),
            },
        }
    }

    /// The `timestamp` property of the message that leaves next, in seconds since 1970. `None` if
    /// it has none, or there is no message; a stream never has one.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/http/objects/head_timestamps.http.
    #[must_use]
    pub fn head_timestamp(&self) -> Option<u64> {
        let head = self.ordinary()?.ready.front()?;
        head.message.properties().timestamp().ok().flatten()
    }

    /// When anything last happened to it. `None` for a stream.
    #[must_use]
    pub fn used(&self) -> Option<Wall> {
        Some(self.ordinary()?.used)
    }

    /// The share of the time in which its consumers could have taken more messages, lately: 0 to 1;
    /// 0 without consumers. `None` for a stream.
    #[must_use]
    pub fn consumer_capacity(&self, now: Now) -> Option<f64> {
        let queue = self.ordinary()?;
        if queue.consumers.is_empty() {
            return Some(0.0);
        }
        Some(queue.capacity.share(now.mono))
    }

    /// How many ready messages there are of each priority; empty for a stream. Those that came back
    /// to a quorum queue, which leave first whatever their priority, are not in.
    #[must_use]
    pub fn by_priority(&self) -> Vec<(u8, u64)> {
        self.ordinary()
            .map_or_else(Vec::new, |queue| queue.ready.by_priority())
    }

    /// How many messages came back to a quorum queue and are ready.
    #[must_use]
    pub fn returned_count(&self) -> u64 {
        self.ordinary().map_or(0, |queue| queue.ready.returned())
    }

    /// A stream's segments, and when its oldest message was published (milliseconds since 1970, 0
    /// without messages). `None` for other queues.
    #[must_use]
    pub fn segments(&self) -> Option<(usize, u64)> {
        match &self.0 {
            OfType::Ordinary(_) => None,
            OfType::Stream(queue) => Some((queue.log.segments(), queue.log.first_time())),
        }
    }

    /// Consumers.
    #[must_use]
    pub fn consumer_count(&self) -> usize {
        match &self.0 {
            OfType::Ordinary(queue) => queue.consumers.len(),
            OfType::Stream(queue) => queue.readers.len(),
        }
    }

    /// Consumers as queue.declare-ok tells them: a stream says 0, a quorum queue counts those
    /// that can get messages or have some unacked, each unsettled get like a consumer.
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

    /// The connections with consumers that hold messages, each once, and whether these are all that
    /// hold any: others may hold some by gets, and by consumers that were cancelled.
    #[must_use]
    pub fn holders(&self) -> (BTreeSet<ConnectionId>, bool) {
        let held = match &self.0 {
            OfType::Ordinary(queue) => queue.consumers.held(),
            OfType::Stream(queue) => queue.readers.held(),
        };
        let mut all = 0;
        let count = |(connection, in_flight): (ConnectionId, u32)| {
            all += u64::from(in_flight);
            connection
        };
        let holders = held.into_iter().map(count).collect();
        (holders, all == self.unacked_count())
    }

    /// The tag of the consumer that has the queue for itself.
    #[must_use]
    pub fn exclusive_tag(&self) -> Option<&ShortString> {
        self.ordinary()?.consumers.exclusive_tag()
    }

    /// The tag of the consumer that is the active one, where only one is: the single active
    /// consumer, or the only one of a quorum queue.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/http/objects/queue_types.http.
    #[must_use]
    pub fn single_active_tag(&self) -> Option<&ShortString> {
        let queue = self.ordinary()?;
        queue.consumers.single_active_tag(queue.is_quorum())
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (lost, read, written) = match &self.0 {
            OfType::Ordinary(queue) => {
                let ready = &queue.ready;
                (
                    ready.lost(),
                    ready.messages_read(),
                    ready.messages_written(),
                )
            }
            OfType::Stream(queue) => {
                let log = &queue.log;
                (log.lost(), log.messages_read(), log.messages_written())
            }
        };
        let stats = self.common().stats;
        Stats {
            lost,
            disk_reads: read,
            disk_writes: stats.disk_writes + written,
            ..stats
        }
    }

    /// How many messages were published to each exchange, by its name, and came here.
    #[must_use]
    pub fn by_exchange(&self) -> BTreeMap<ShortString, u64> {
        self.common().by_exchange.messages()
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
        let browsed = self.browse(Bookmark::default(), max);
        let entries = browsed.messages.into_iter().map(|(entry, _)| entry);
        entries.collect()
    }

    /// The same behind a bookmark.
    #[must_use]
    pub fn browse(&self, from: Bookmark, max: impl Into<PeekMax>) -> Browsed {
        let max = max.into();
        match &self.0 {
            OfType::Ordinary(queue) => queue.browse(from, max),
            OfType::Stream(queue) => queue.browse(from, max),
        }
    }
}

/// Some of the messages that wait in a queue.
#[derive(Clone, Debug, Default)]
pub struct Browsed {
    /// Copies of them, in the order in which they would leave, each with the bookmark behind it.
    pub messages: Vec<(Entry, Bookmark)>,
    /// Whether there is nothing behind them.
    pub is_all: bool,
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
    /// Adds what `copy` gives to `shown` while there is room.
    pub(super) fn show(
        &mut self,
        shown: &mut Browsed,
        next: Bookmark,
        copy: impl FnOnce() -> Entry,
    ) -> bool {
        let has_room = self.messages > 0 && self.bytes > 0;
        if has_room {
            let entry = copy();
            self.messages -= 1;
            self.bytes = self.bytes.saturating_sub(entry.size());
            shown.messages.push((entry, next));
        }
        has_room
    }
}

/// Counters since the queue was made. Messages, except where named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Published to it, also what it refused: dead letters and messages that were delayed are not
    /// in.
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
    /// Died because a consumer rejected them.
    pub rejected: u64,
    /// Died because their time to live had passed.
    pub expired: u64,
    /// Died because the queue was over a length limit.
    pub over_length: u64,
    /// Died because they came back more often than the delivery limit allows.
    pub over_delivery_limit: u64,
    /// Dropped by a user who picked them.
    pub dropped: u64,
    /// Moved elsewhere by a user who picked them.
    pub moved: u64,
    /// Could not be read back from disk.
    pub lost: u64,
    /// Read back from disk, to be delivered.
    pub disk_reads: u64,
    /// Written to disk: stored, or to leave memory.
    pub disk_writes: u64,
}

impl Stats {
    /// A message died.
    pub(super) fn count_death(&mut self, reason: DeathReason) {
        self.died += 1;
        *match reason {
            DeathReason::Rejected => &mut self.rejected,
            DeathReason::Expired => &mut self.expired,
            DeathReason::MaxLen => &mut self.over_length,
            DeathReason::DeliveryLimit => &mut self.over_delivery_limit,
        } += 1;
    }
}

/// What a queue holds, by where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Wait for a consumer: all of a stream's, also those that were read.
    pub ready: Sum,
    /// Delivered and not settled.
    pub unacked: Sum,
    /// Of both, those that are stored.
    pub stored: Sum,
    /// Of those that are ready, those that are on disk alone.
    pub paged_out: Sum,
    /// Dead letters that must arrive and are not certain to have (at-least-once).
    pub dying: Sum,
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
    /// Messages that it may get before it must settle some: the smaller one of what is left of its
    /// own prefetch and of its channel's; `None` without a limit.
    pub credit: Option<u64>,
    /// Whether it is served.
    pub active: bool,
    /// `up`, `single_active` or `waiting`.
    pub activity: &'static str,
    /// Its arguments.
    pub arguments: Table,
}
