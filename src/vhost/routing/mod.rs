//! From an exchange to queues: exchanges, their bindings, and a message's way through them.
//!
//! Owns the names of a vhost ([`Directory`]), its exchanges, the list of its bindings
//! ([`Topology`]) and the walk from one exchange to all queues that a message reaches. It
//! deliberately does not know how messages get into queues, nor who may change what: routing reads.
//!
//! Invariants: I3 (a destination comes once), I12. Spec: AMQP 0-9-1 §3.1.3.

use std::sync::Arc;

use leveret_codec::types::ShortString;

use crate::clock::Now;
use crate::events::{CopyId, Party};
use crate::ids::QueueId;
use crate::message::Message;
use crate::store::Position;

mod delayed;
mod destination;
mod directory;
mod exchange;
mod topology;
#[cfg(feature = "management")]
mod trail;
mod walk;

use super::queue_handle::QueueHandle;
use super::reply_to::{REPLY_TO, ReplyTarget};
use super::storing::Storing;

#[cfg(feature = "management")]
pub(crate) use delayed::released;
pub(super) use delayed::{Delayed, Release};
pub(super) use destination::WeakEnd;
pub use destination::{Destination, DestinationName};
pub(super) use directory::Directory;
pub use exchange::{Exchange, ExchangeSpec};
pub use topology::Binding;
pub(super) use topology::{Ends, Removed, Topology};
#[cfg(feature = "management")]
pub(crate) use trail::{Step, Trail, Via};
use walk::{Delaying, Walk};

/// Somewhere a message can go.
#[derive(Clone, Debug)]
pub enum Target {
    /// A queue.
    Queue(Arc<QueueHandle>),
    /// A channel that waits for a direct reply.
    Reply(ReplyTarget),
}

/// Where a message goes: each queue once. Shared by all messages with the same answer.
pub type Routes = Arc<[Target]>;

/// The router's answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Where the message goes.
    pub routes: Routes,
    /// Whether every message with this key goes there until the topology changes.
    pub lasting: bool,
    /// An exchange took the message into its keeping, to route it when its delay is over; it is
    /// as durable as it must be once the store has reached the position.
    pub delayed: Option<Position>,
    /// Exchanges that are to do so when the message's transaction is committed.
    pub delays: Box<[Delay]>,
}

/// An exchange that is to keep a message for so many milliseconds.
#[derive(Clone, Debug)]
pub struct Delay {
    exchange: Arc<Exchange>,
    ms: u64,
}

impl Delay {
    /// It keeps `message` from now on, which is as durable as it must be once the store has reached
    /// the position. `publisher` is who published it, while messages are listened to.
    pub fn begin(&self, now: Now, message: &Message, publisher: Option<&Arc<Party>>) -> Position {
        let exchange = &self.exchange;
        let delayed = exchange.delayed.as_ref();
        delayed.map_or(Position::default(), |delayed| {
            let question = Question {
                keys: &[],
                message,
                publisher,
                from: None,
            };
            delayed.keep(now, self.ms, exchange, &question)
        })
    }
}

/// What routing looks at.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Routing key first, then those of CC and BCC.
    pub keys: &'a [&'a [u8]],
    /// The message; its exchange and key are not looked at.
    pub message: &'a Message,
    /// Who publishes it, if a client does and messages are listened to.
    pub publisher: Option<&'a Arc<Party>>,
    /// The copy that died, or what kept it while it was delayed.
    pub from: Option<CopyId>,
}

/// The queue that an answer of the router is, if it is one and nothing else.
#[inline]
#[must_use]
pub fn only_queue(routes: &Routes) -> Option<QueueId> {
    match &**routes {
        [Target::Queue(queue)] => Some(queue.id()),
        _ => None,
    }
}

impl Target {
    /// The name of the queue, for listeners.
    pub(super) fn queue_name(&self) -> ShortString {
        match self {
            Self::Queue(queue) => queue.name().clone(),
            Self::Reply(_) => REPLY_TO.into(),
        }
    }

    /// The number of the queue; `None` comes first.
    fn queue_id(&self) -> Option<QueueId> {
        match self {
            Self::Queue(queue) => Some(queue.id()),
            Self::Reply(_) => None,
        }
    }

    /// Which messages it stores.
    pub(super) fn storing(&self) -> Storing {
        match self {
            Self::Queue(queue) => queue.storing(),
            Self::Reply(_) => Storing::Nothing,
        }
    }

    /// The queue, if it stores a message that is `persistent` or not.
    pub(super) fn queue_that_stores(&self, persistent: bool) -> Option<&QueueHandle> {
        match self {
            Self::Queue(queue) => queue.stores(persistent).then_some(&**queue),
            Self::Reply(_) => None,
        }
    }
}
