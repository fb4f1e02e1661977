//! Counters of messages: raised at work, read by views.
//!
//! A [`Tally`] that belongs to one task is raised by it alone, with a load and a store, which costs
//! what a plain integer costs and can be read by every thread. What several threads count is raised
//! with [`Count::add`]. The plain sums are [`MessageTotals`].
//!
//! Owns no meaning beyond the names: who counts what, and when, is said where it is counted. Knows
//! no time: rates are made of two looks at the same counters.
//!
//! Docs: RabbitMQ, monitoring with Prometheus, global counters. Seen: RabbitMQ 4.3.6, `/metrics`.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use crate::kind::QueueKind;

mod exchanges;

#[cfg(test)]
pub(crate) use exchanges::EXCHANGES_MAX;
pub use exchanges::{ExchangeTally, ExchangeTotals, PerExchange};

/// A number that only rises, read by any thread.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Raises it. Only one thread at a time may raise it this way; another one's raise at the same
    /// moment could be lost.
    #[inline]
    pub fn raise(&self, by: u64) {
        let raised = self.0.load(Relaxed).wrapping_add(by);
        self.0.store(raised, Relaxed);
    }

    /// Raises it from any thread.
    #[inline]
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Relaxed);
    }

    /// What it is now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What was read from queues of one type.
#[derive(Debug, Default)]
pub struct ReadTally {
    /// Sent to consumers that acknowledge.
    pub delivered: Count,
    /// Sent to consumers that do not.
    pub delivered_no_ack: Count,
    /// Answers to basic.get that must be acknowledged.
    pub got: Count,
    /// Answers to basic.get that must not.
    pub got_no_ack: Count,
    /// basic.get that found nothing.
    pub got_empty: Count,
    /// Of all that were sent, delivered before.
    pub redelivered: Count,
    /// Acknowledged.
    pub acked: Count,
}

impl ReadTally {
    fn totals(&self) -> ReadTotals {
        ReadTotals {
            delivered: self.delivered.get(),
            delivered_no_ack: self.delivered_no_ack.get(),
            got: self.got.get(),
            got_no_ack: self.got_no_ack.get(),
            got_empty: self.got_empty.get(),
            redelivered: self.redelivered.get(),
            acked: self.acked.get(),
        }
    }
}

/// RabbitMQ's ends of the ranges by which sizes of bodies are counted, in octets, each in its
/// range.
///
/// Seen: RabbitMQ 4.3.6, `rabbitmq_message_size_bytes` of `/metrics`.
pub const SIZE_ENDS: [usize; 8] = [
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
];

/// Sizes of bodies.
#[derive(Debug, Default)]
pub struct Sizes {
    ranges: [Count; SIZE_ENDS.len() + 1],
    bytes: Count,
}

impl Sizes {
    /// So many more, of `octets` octets each. By one thread at a time.
    pub fn raise(&self, octets: usize, bodies: u64) {
        if let Some(count) = self.ranges.get(SizeTotals::range(octets)) {
            count.raise(bodies);
        }
        self.bytes.raise(octets as u64 * bodies);
    }

    /// One more of so many octets, from any thread.
    pub fn add(&self, octets: usize) {
        if let Some(count) = self.ranges.get(SizeTotals::range(octets)) {
            count.add(1);
        }
        self.bytes.add(octets as u64);
    }

    fn totals(&self) -> SizeTotals {
        SizeTotals {
            ranges: self.ranges.each_ref().map(Count::get),
            bytes: self.bytes.get(),
        }
    }
}

/// Bodies in a row that have one size, before they are counted together.
#[derive(Debug, Default)]
pub struct SizeRun {
    octets: usize,
    bodies: u64,
}

impl SizeRun {
    /// One more. If its size is another one, those before it are counted in `sizes`. By one thread
    /// at a time.
    #[inline]
    pub fn add(&mut self, octets: usize, sizes: &Sizes) {
        if octets != self.octets {
            self.give(sizes);
            self.octets = octets;
        }
        self.bodies += 1;
    }

    /// Counts what has not been counted in `sizes`. By one thread at a time.
    #[inline(never)]
    pub fn give(&mut self, sizes: &Sizes) {
        sizes.raise(self.octets, std::mem::take(&mut self.bodies));
    }
}

/// How many bodies of which size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SizeTotals {
    /// Bodies by range: of up to 100 octets, of more and up to 1,000, then 10,000, 100,000,
    /// 1,000,000, 10,000,000, 50,000,000, 100,000,000, and of more than that.
    pub ranges: [u64; SIZE_ENDS.len() + 1],
    /// Octets of all of them.
    pub bytes: u64,
}

impl SizeTotals {
    #[inline]
    fn range(octets: usize) -> usize {
        let range = SIZE_ENDS.iter().position(|end| octets <= *end);
        range.unwrap_or(SIZE_ENDS.len())
    }

    fn plus(self, other: Self) -> Self {
        let mut sum = self;
        for (count, more) in sum.ranges.iter_mut().zip(other.ranges) {
            *count += more;
        }
        sum.bytes += other.bytes;
        sum
    }
}

/// What went through one door: a connection, or all calls that come without one.
#[derive(Debug, Default)]
pub struct Tally {
    /// Published, accepted by the checks.
    pub published: Count,
    /// Of those, on channels in confirm or transaction mode.
    pub published_confirm: Count,
    /// Confirmed with basic.ack.
    pub confirmed: Count,
    /// Copies handed to queues: a message for three queues counts three times.
    pub routed: Count,
    /// Without a queue, returned to the client.
    pub returned_unroutable: Count,
    /// Without a queue, dropped.
    pub dropped_unroutable: Count,
    /// Channels that began to publish.
    pub publishers_begun: Count,
    /// Of those, channels that are closed.
    pub publishers_gone: Count,
    /// Read from classic queues.
    pub classic: ReadTally,
    /// Read from quorum queues.
    pub quorum: ReadTally,
    /// Read from streams.
    pub stream: ReadTally,
    /// Direct replies, which need no queue.
    pub direct_reply: ReadTally,
    /// Sizes of what was published.
    pub sizes: Sizes,
}

impl Tally {
    /// What is read from queues of the type `kind`.
    #[inline]
    #[must_use]
    pub fn of(&self, kind: QueueKind) -> &ReadTally {
        match kind {
            QueueKind::Classic => &self.classic,
            QueueKind::Quorum => &self.quorum,
            QueueKind::Stream => &self.stream,
        }
    }

    /// The numbers of now.
    #[must_use]
    pub fn totals(&self) -> MessageTotals {
        MessageTotals {
            published: self.published.get(),
            published_confirm: self.published_confirm.get(),
            confirmed: self.confirmed.get(),
            routed: self.routed.get(),
            returned_unroutable: self.returned_unroutable.get(),
            dropped_unroutable: self.dropped_unroutable.get(),
            publishers_begun: self.publishers_begun.get(),
            publishers_gone: self.publishers_gone.get(),
            classic: self.classic.totals(),
            quorum: self.quorum.totals(),
            stream: self.stream.totals(),
            direct_reply: self.direct_reply.totals(),
            sizes: self.sizes.totals(),
        }
    }
}

/// What was read: messages, except where named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadTotals {
    /// Sent to consumers that acknowledge.
    pub delivered: u64,
    /// Sent to consumers that do not.
    pub delivered_no_ack: u64,
    /// Answers to basic.get that must be acknowledged.
    pub got: u64,
    /// Answers to basic.get that must not.
    pub got_no_ack: u64,
    /// Calls of basic.get that found nothing.
    pub got_empty: u64,
    /// Of all that were sent, delivered before.
    pub redelivered: u64,
    /// Acknowledged.
    pub acked: u64,
}

impl ReadTotals {
    /// All that were sent: RabbitMQ's `deliver_get`, and `messages_delivered_total`.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.delivered + self.delivered_no_ack + self.got + self.got_no_ack
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            delivered: self.delivered + other.delivered,
            delivered_no_ack: self.delivered_no_ack + other.delivered_no_ack,
            got: self.got + other.got,
            got_no_ack: self.got_no_ack + other.got_no_ack,
            got_empty: self.got_empty + other.got_empty,
            redelivered: self.redelivered + other.redelivered,
            acked: self.acked + other.acked,
        }
    }
}

/// What went through a broker, a vhost or a connection: messages, except where named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MessageTotals {
    /// Published, accepted by the checks; within a transaction as soon as they arrive, also if it
    /// is rolled back.
    pub published: u64,
    /// Of those, on channels in confirm or transaction mode.
    pub published_confirm: u64,
    /// Confirmed with basic.ack.
    pub confirmed: u64,
    /// Copies handed to queues: a message for three queues counts three times.
    pub routed: u64,
    /// Without a queue, returned to the client.
    pub returned_unroutable: u64,
    /// Without a queue, dropped.
    pub dropped_unroutable: u64,
    /// Channels that began to publish.
    pub publishers_begun: u64,
    /// Of those, channels that are closed.
    pub publishers_gone: u64,
    /// Read from classic queues.
    pub classic: ReadTotals,
    /// Read from quorum queues.
    pub quorum: ReadTotals,
    /// Read from streams.
    pub stream: ReadTotals,
    /// Direct replies, which need no queue.
    pub direct_reply: ReadTotals,
    /// Sizes of the bodies that were published.
    pub sizes: SizeTotals,
}

impl MessageTotals {
    /// What was read from all queues.
    #[must_use]
    pub fn read(&self) -> ReadTotals {
        let queues = self.classic.plus(self.quorum).plus(self.stream);
        queues.plus(self.direct_reply)
    }

    /// Channels that are open and have published.
    #[must_use]
    pub fn publishers(&self) -> u64 {
        self.publishers_begun.saturating_sub(self.publishers_gone)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            published: self.published + other.published,
            published_confirm: self.published_confirm + other.published_confirm,
            confirmed: self.confirmed + other.confirmed,
            routed: self.routed + other.routed,
            returned_unroutable: self.returned_unroutable + other.returned_unroutable,
            dropped_unroutable: self.dropped_unroutable + other.dropped_unroutable,
            publishers_begun: self.publishers_begun + other.publishers_begun,
            publishers_gone: self.publishers_gone + other.publishers_gone,
            classic: self.classic.plus(other.classic),
            quorum: self.quorum.plus(other.quorum),
            stream: self.stream.plus(other.stream),
            direct_reply: self.direct_reply.plus(other.direct_reply),
            sizes: self.sizes.plus(other.sizes),
        }
    }
}

/// Octets and frames of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrafficTotals {
    /// Octets read.
    pub read_bytes: u64,
    /// Octets written.
    pub written_bytes: u64,
    /// Frames read and handled.
    pub read_frames: u64,
    /// Frames written, or waiting to be.
    pub written_frames: u64,
}

impl TrafficTotals {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            read_bytes: self.read_bytes + other.read_bytes,
            written_bytes: self.written_bytes + other.written_bytes,
            read_frames: self.read_frames + other.read_frames,
            written_frames: self.written_frames + other.written_frames,
        }
    }
}

/// What went through a broker or a vhost since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Turnover {
    /// Messages, whichever way they came.
    pub messages: MessageTotals,
    /// Octets and frames of connections, those too that are gone.
    pub traffic: TrafficTotals,
}

impl Turnover {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages.plus(other.messages),
            traffic: self.traffic.plus(other.traffic),
        }
    }
}

#[cfg(test)]
mod tests;
