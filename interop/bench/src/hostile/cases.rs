//! The cases: what one client makes a broker do in one go.

use std::time::Duration;

use clap::ValueEnum;

use crate::error::BenchError;

use super::stage::{Act, End, Stage};

mod messages;
mod topology;

/// What a client does while others want to be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hostile {
    /// Messages through a ring of 100 queues with TTL 0 that dead-letter to the next.
    Ring,
    /// Messages that expire at once.
    Expiry,
    /// The same, dead-lettered to another queue.
    ExpiryDeadLetter,
    /// A message that is as long as all that it drives out of a full queue.
    Overflow,
    /// A queue full of messages is purged.
    Purge,
    /// A queue full of messages is deleted.
    Delete,
    /// A connection goes that has messages unacknowledged.
    Requeue,
    /// Messages are given back with one nack.
    Nack,
    /// Messages are rejected with one nack and dead-lettered.
    Reject,
    /// A transaction is committed.
    Commit,
    /// A transaction is rolled back.
    Rollback,
    /// Messages in one write.
    Flood,
    /// Messages in one write that all come back.
    Returns,
    /// Messages in one write to 1,000 queues each.
    Fanout,
    /// A message to very many queues.
    Broadcast,
    /// Messages in one write past 1,000 patterns with two `#` each.
    Topic,
    /// Messages in one write past 5,000 bindings by headers.
    Headers,
    /// Messages in one write through a chain of 1,000 exchanges.
    Chain,
    /// A consumer of a full queue that never reads.
    Unread,
    /// A stream is read from its first message for a filter that none passes.
    Filter,
    /// A connection with consumers on one queue goes.
    Consumers,
    /// A connection with channels of 10 consumers each goes.
    Channels,
    /// A connection with exclusive queues goes.
    Exclusive,
    /// Consumers are cancelled in one write.
    Cancels,
    /// Queues are declared in one write.
    Declares,
    /// An empty queue is asked for a message again and again, in one write.
    Gets,
    /// Bindings are made in one write.
    Binds,
    /// Bindings are removed in one write.
    Unbinds,
    /// An exchange with many bindings is deleted.
    Unbound,
    /// A queue with many bindings is deleted.
    Released,
}

impl Hostile {
    /// How many things it is about, unless the load says another number.
    pub(super) fn count(self) -> u64 {
        match self {
            Self::Purge | Self::Delete | Self::Overflow | Self::Unread | Self::Flood => 1_000_000,
            Self::Expiry | Self::Filter => 500_000,
            Self::ExpiryDeadLetter
            | Self::Requeue
            | Self::Nack
            | Self::Reject
            | Self::Commit
            | Self::Rollback
            | Self::Returns
            | Self::Gets => 200_000,
            Self::Consumers | Self::Broadcast => 100_000,
            Self::Cancels => 50_000,
            Self::Declares | Self::Binds | Self::Unbinds | Self::Unbound | Self::Released => 20_000,
            Self::Exclusive => 10_000,
            Self::Channels => 2_000,
            Self::Ring | Self::Fanout | Self::Topic | Self::Headers | Self::Chain => 1_000,
        }
    }

    /// Sets the stage for it.
    pub(super) fn prepare(self, stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
        match self {
            Self::Ring => messages::ring(stage),
            Self::Expiry => messages::expiry(stage, Then::Drop),
            Self::ExpiryDeadLetter => messages::expiry(stage, Then::DeadLetter),
            Self::Overflow => messages::overflow(stage),
            Self::Purge => messages::purge(stage),
            Self::Delete => messages::delete(stage),
            Self::Requeue => messages::requeue(stage),
            Self::Nack => messages::nack(stage, Then::Drop),
            Self::Reject => messages::nack(stage, Then::DeadLetter),
            Self::Commit => messages::commit(stage),
            Self::Rollback => messages::rollback(stage),
            Self::Flood => messages::flood(stage),
            Self::Returns => messages::returns(stage),
            Self::Fanout => topology::fanout(stage),
            Self::Broadcast => topology::broadcast(stage),
            Self::Topic => topology::topic(stage),
            Self::Headers => topology::headers(stage),
            Self::Chain => topology::chain(stage),
            Self::Unread => messages::unread(stage),
            Self::Filter => messages::filter(stage),
            Self::Consumers => topology::consumers(stage),
            Self::Channels => topology::channels(stage),
            Self::Exclusive => topology::exclusive(stage),
            Self::Cancels => topology::cancels(stage),
            Self::Declares => topology::declares(stage),
            Self::Gets => messages::gets(stage),
            Self::Binds => topology::binds(stage),
            Self::Unbinds => topology::unbinds(stage),
            Self::Unbound => topology::unbound(stage),
            Self::Released => topology::released(stage),
        }
    }
}

/// Where messages go that leave a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nowhere, or back.
    Drop,
    /// To another queue.
    DeadLetter,
}

/// How long a client is watched that never ends.
const WATCHED: Duration = Duration::from_secs(2);
