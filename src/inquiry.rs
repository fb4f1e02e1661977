//! A question to the tasks of connections: what only they know of their channels.
//!
//! A door of the broker posts one [`Ticket`] to each connection that it asks and awaits
//! [`Answers`]. A connection answers between two batches. One that is gone drops its ticket, which
//! counts as an answer without channels; one that is stuck is not waited for longer than the door
//! wants.
//!
//! Owns the gathering of answers, the shape of a channel's snapshot and that of what it holds.
//! Knows no runtime: waiting is a plain [`Future`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use leveret_codec::types::{ChannelId, ShortString};
use serde::Serialize;

use crate::clock::Wall;
use crate::entry::Entry;
use crate::ids::{ConnectionId, ConsumerId, QueueId};
use crate::sync::Mutex;
use crate::tally::ReadTotals;

/// One channel, as its connection's task sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSnapshot {
    /// Its connection.
    pub connection: ConnectionId,
    /// Its number.
    pub number: ChannelId,
    /// Whether it is in confirm mode.
    pub confirm: bool,
    /// Whether it is in transaction mode.
    pub transactional: bool,
    /// Messages that each new consumer may have unacknowledged; 0 for no limit.
    pub prefetch_count: u16,
    /// Messages that all consumers together may have unacknowledged; 0 for no limit.
    pub global_prefetch_count: u16,
    /// Consumers.
    pub consumers: usize,
    /// Deliveries without a settlement.
    pub unacked: usize,
    /// Publishes without a confirm.
    pub unconfirmed: usize,
    /// Publishes that wait for tx.commit.
    pub uncommitted: usize,
    /// Settlements that wait for tx.commit.
    pub uncommitted_acks: usize,
    /// When it last did anything; in a view only if that is a second ago or more.
    pub idle_since: Option<Wall>,
    /// What it has done.
    pub counters: ChannelCounters,
    /// What it has published, by exchange; those 64 that it began to use last.
    pub exchanges: Vec<ChannelExchange>,
    /// What it has read, by queue: all that it has consumers of, and 1,024 others.
    pub queues: Vec<ChannelQueue>,
    /// What of its messages came where, up to [`REACHED_MAX`](crate::limits::REACHED_MAX) pairs of
    /// a queue and an exchange; empty unless [`Detail::Reached`] was asked for.
    pub reached: Vec<ChannelReach>,
}

/// What a channel has published to one exchange: messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelExchange {
    /// The exchange; empty for the default exchange.
    pub exchange: String,
    /// Published, accepted by the checks.
    pub published: u64,
    /// Confirmed with basic.ack.
    pub confirmed: u64,
    /// Without a queue, returned to the client.
    pub returned_unroutable: u64,
    /// Without a queue, dropped.
    pub dropped_unroutable: u64,
}

/// What a channel has read from one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelQueue {
    /// The queue.
    pub queue: String,
    /// What was read.
    pub totals: ReadTotals,
}

/// What a channel has published to one exchange that came to one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelReach {
    /// The queue.
    pub queue: String,
    /// The exchange; empty for the default exchange.
    pub exchange: String,
    /// Messages.
    pub published: u64,
}

/// What a channel has done since it was opened; messages, unless named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelCounters {
    /// Published, accepted by the checks.
    pub published: u64,
    /// Confirmed with basic.ack.
    ///
    /// Seen: RabbitMQ 4.3.6: a publish that is refused with basic.nack does not count.
    pub confirmed: u64,
    /// Without a queue, returned to the client.
    pub returned_unroutable: u64,
    /// Without a queue, dropped.
    pub dropped_unroutable: u64,
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
    /// Of all that were sent, delivered before.
    pub redelivered: u64,
    /// Acknowledged.
    pub acked: u64,
}

/// A question for what connections hold of a queue, each as much as one answer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldBy {
    /// The queue.
    pub queue: QueueId,
    /// From this channel and delivery tag on.
    pub from: (ChannelId, u64),
    /// Most messages of an answer.
    pub messages: usize,
}

/// What a connection holds of a queue, or some of it.
#[derive(Debug)]
pub struct HeldPiece {
    /// The connection.
    pub connection: ConnectionId,
    /// In the order of channels and delivery tags.
    pub held: Vec<Held>,
    /// The channel and the delivery tag where to go on, if there may be more.
    pub next: Option<(ChannelId, u64)>,
}

/// A message that was delivered and is not settled.
#[derive(Clone, Debug)]
pub struct Held {
    /// The channel that holds it.
    pub channel: ChannelId,
    /// Its delivery tag there.
    pub tag: u64,
    /// The consumer that it was delivered to, which may have been cancelled since; `None` if it was
    /// got.
    pub consumer_tag: Option<ShortString>,
    /// When it was delivered.
    pub delivered: Wall,
    /// The message, with its state in the queue.
    pub entry: Entry,
}

/// Since when a consumer holds the oldest of what it has not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSince {
    /// The consumer.
    pub consumer: ConsumerId,
    /// When that was delivered.
    pub delivered: Wall,
}

/// How much is asked of each channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// All but [`ChannelSnapshot::reached`].
    #[default]
    Plain,
    /// All.
    Reached,
}

/// The answers to one question, as they come in.
struct Gathered<A> {
    answers: Vec<A>,
    /// Connections that have not answered.
    missing: usize,
    waker: Option<Waker>,
}

impl<A> Default for Gathered<A> {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            missing: 0,
            waker: None,
        }
    }
}

/// What a connection is handed to answer with: the question `Q`, to be answered with any number of
/// `A`.
pub struct Ticket<Q = Detail, A = ChannelSnapshot> {
    question: Q,
    gathered: Arc<Mutex<Gathered<A>>>,
}

impl<Q, A> Ticket<Q, A> {
    /// What is asked for.
    #[must_use]
    pub fn question(&self) -> &Q {
        &self.question
    }

    /// Answers; the ticket is used up.
    pub fn answer(self, answers: impl IntoIterator<Item = A>) {
        self.gathered.lock().answers.extend(answers);
    }
}

impl<Q, A> Drop for Ticket<Q, A> {
    fn drop(&mut self) {
        let mut gathered = self.gathered.lock();
        gathered.missing -= 1;
        let waker = match gathered.missing {
            0 => gathered.waker.take(),
            _ => None,
        };
        drop(gathered);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<Q, A> std::fmt::Debug for Ticket<Q, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket")
    }
}

/// Resolves when every connection that was asked has answered or is gone.
pub struct Answers<Q = Detail, A = ChannelSnapshot> {
    question: Q,
    gathered: Arc<Mutex<Gathered<A>>>,
}

impl<Q: Default, A> Default for Answers<Q, A> {
    fn default() -> Self {
        Self {
            question: Q::default(),
            gathered: Arc::default(),
        }
    }
}

impl<Q: Clone, A> Answers<Q, A> {
    /// Of a question.
    #[must_use]
    pub(crate) fn of(question: Q) -> Self {
        Self {
            question,
            gathered: Arc::default(),
        }
    }

    /// A ticket for one more connection.
    #[must_use]
    pub(crate) fn ticket(&self) -> Ticket<Q, A> {
        self.ticket_for(self.question.clone())
    }

    /// The same with another question.
    #[must_use]
    pub(crate) fn ticket_for(&self, question: Q) -> Ticket<Q, A> {
        self.gathered.lock().missing += 1;
        Ticket {
            question,
            gathered: Arc::clone(&self.gathered),
        }
    }
}

impl<Q, A> Answers<Q, A> {
    /// What has come in so far, and how many connections have not answered yet.
    #[must_use]
    pub fn take(&self) -> (Vec<A>, usize) {
        let mut gathered = self.gathered.lock();
        (std::mem::take(&mut gathered.answers), gathered.missing)
    }
}

impl<Q, A> Future for &Answers<Q, A> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut gathered = self.gathered.lock();
        if gathered.missing == 0 {
            return Poll::Ready(());
        }
        gathered.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
