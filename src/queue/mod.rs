//! One queue: a value behind its own lock, without I/O, clock or callbacks.
//!
//! Owns the messages that wait, the consumers that take them and the counts of both. Everything
//! that must happen elsewhere (dead letters, records for the store, timers, its own deletion) is
//! returned in [`Effects`]; deliveries are posted to the mailboxes of the consumers' connections
//! while the queue's lock is held, which is safe because a mailbox's lock is a leaf.
//!
//! Unacked messages are held by the ledger of the channel they were delivered to; the queue only
//! counts them. Mail that was posted but not read counts as unacked.
//!
//! It deliberately knows no exchange, no channel beyond its number, and of the store only where a
//! message lies.
//!
//! Invariants: I2 (ready, unacked or gone), I3 (order), I5 (credit), I9, I11.

use std::sync::{Arc, Weak};

use leveret_codec::table::Table;
use leveret_codec::types::{ChannelId, ShortString};

use crate::clock::{Mono, Now};
use crate::entry::Entry;
use crate::error::AmqpError;
use crate::ids::{ConnectionId, ConsumerId, QueueId};
use crate::kind::QueueKind;
use crate::mail::{Mailbox, Resume};
use crate::message::Message;
use crate::store::{RecordAt, Recovered};

mod account;
pub mod arguments;
mod bodies;
mod capacity;
mod columns;
mod common;
mod credit;
pub mod dead_letter;
mod deaths;
mod delivered;
mod dispatch;
mod effects;
mod expiry;
mod facts;
mod glance;
mod headers;
mod leaving;
mod ordinary;
mod outcome;
#[cfg(feature = "management")]
mod outlook;
mod overflow;
mod ready;
mod remains;
mod spilled;
mod stops;
mod stream;
mod sum;
mod taking;
mod views;

pub use arguments::{Arguments, Flags, Limits, Overflow, Strategy};
pub use bodies::{Bodies, Unread};
pub use credit::ChannelCredit;
pub use deaths::{DeathTotals, Deaths};
pub use delivered::{delivered_properties, returned_properties};
pub use dispatch::NewConsumer;
pub use effects::{ConsumerChange, DeadLetter, DeleteReason, Effects, Heard, Noted, Origin};
pub(crate) use glance::{Amounts, Glance};
pub(crate) use headers::first_death_exchange;
pub use leaving::{GivenBack, Held};
pub use outcome::{Outcome, ReturnCause};
#[cfg(feature = "management")]
pub use outlook::{Outlook, OutlookFate};
pub use ready::{Bookmark, Search};
pub use remains::Remains;
pub use sum::Sum;
pub use taking::TakenOut;
pub use views::{Browsed, ConsumerSnapshot, Counts, PeekMax, Stats};

use common::Common;
use ordinary::Ordinary;
use stream::Stream;

/// What a queue was declared as.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its name.
    pub name: ShortString,
    /// Its vhost.
    pub vhost: ShortString,
    /// Its type.
    pub kind: QueueKind,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// The connection it belongs to and goes with.
    pub exclusive: Option<ConnectionId>,
    /// Its arguments.
    pub arguments: Arguments,
    /// The user who declared it.
    pub declared_by: Box<str>,
}

impl Declared {
    /// `queue 'q' in vhost '/'`.
    #[must_use]
    pub fn words(&self) -> String {
        crate::error::queue_words(&self.name, &self.vhost)
    }
}

/// How a message comes to a queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival {
    /// Deliveries that counted in the queues where it died. The count goes on here.
    ///
    /// Seen: RabbitMQ 4.3.6 (a dead-lettered message is redelivered=1 in its new queue if it was
    /// rejected by basic.reject or its channel closed, not if it was nacked or expired).
    pub delivery_count: u32,
    /// Whether its sender waits for an answer.
    pub sender: Sender,
}

/// Whether the sender of a message hears what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sender {
    /// It does: a publisher, or a queue whose dead letters must arrive.
    #[default]
    Waits,
    /// It does not: dead letters at most once, messages that were delayed or are replayed. A quorum
    /// queue takes them however full it is.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/length/a_full_quorum_queue_takes_dead_letters.amqp.
    Leaves,
    /// The queue was asked whether it takes the message, and does, whatever came in between: an
    /// operator moves it here.
    Asked,
}

/// Whether a queue took a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It did.
    Accepted,
    /// It is full and its overflow rule is to refuse: nack the publisher.
    Refused,
}

/// An answer to basic.get.
#[derive(Debug)]
pub struct Got {
    /// The message. Unacked unless it was taken without acknowledgement.
    pub entry: Entry,
    /// Ready messages left behind it.
    pub ready_left: u64,
}

/// What is left of a deleted queue.
#[derive(Debug)]
pub struct Removed {
    /// Ready messages that were lost: the count in queue.delete-ok.
    pub ready: u64,
    /// Unacked messages; their channels may settle them without effect.
    pub unacked: u64,
    /// Consumers to tell.
    pub consumers: Vec<Cancelled>,
}

/// A consumer that must be told that its queue is gone.
#[derive(Debug)]
pub struct Cancelled {
    /// Where it hears it.
    pub mailbox: Arc<Mailbox>,
    /// Its channel.
    pub channel: ChannelId,
    /// Its number.
    pub id: ConsumerId,
}

/// Whether a moment has passed at its own instant already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Horizon {
    /// Only later: a message with a TTL of 0 may be delivered in the very batch that brought it.
    After,
    /// From that instant on.
    At,
}

impl Horizon {
    fn has_passed(self, moment: Mono, now: Mono) -> bool {
        match self {
            Self::After => moment < now,
            Self::At => moment <= now,
        }
    }
}

/// A queue of any type.
pub struct Queue(OfType);

enum OfType {
    /// Classic and quorum queues.
    Ordinary(Box<Ordinary>),
    Stream(Box<Stream>),
}

/// Calls what every type of queue does in its own way.
macro_rules! each {
    ($queue:expr, $inner:ident => $call:expr) => {
        match $queue {
            OfType::Ordinary($inner) => $call,
            OfType::Stream($inner) => $call,
        }
    };
}

impl Queue {
    /// An empty queue. `resume` leads back to the handle that holds it; mailboxes and channels
    /// call it when they have room again. `limits` are those of the arguments, until
    /// [`Queue::reconfigure`].
    ///
    /// Call [`Queue::touch`] once it has its place, so that its lease is armed.
    #[must_use]
    pub fn new(declared: Arc<Declared>, id: QueueId, resume: Weak<dyn Resume>, now: Now) -> Self {
        let kind = declared.kind;
        let common = Common::new(declared, id, resume);
        Self(match kind {
            QueueKind::Classic | QueueKind::Quorum => {
                OfType::Ordinary(Box::new(Ordinary::new(common, now)))
            }
            QueueKind::Stream => OfType::Stream(Box::new(Stream::new(common))),
        })
    }

    fn common(&self) -> &Common {
        each!(&self.0, queue => &queue.common)
    }

    fn common_mut(&mut self) -> &mut Common {
        each!(&mut self.0, queue => &mut queue.common)
    }

    /// What no stream has.
    fn ordinary(&self) -> Option<&Ordinary> {
        match &self.0 {
            OfType::Ordinary(queue) => Some(queue),
            OfType::Stream(_) => None,
        }
    }

    /// From now on its messages can leave memory.
    pub fn page_to(&mut self, bodies: Arc<dyn Bodies>) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.ready.page_to(bodies),
            OfType::Stream(queue) => queue.log.page_to(bodies),
        }
    }

    /// Moves all ready messages to disk, but those that leave next in a queue that is no stream, as
    /// far as the disk takes them, whatever the budget says. Returns how many octets of memory that
    /// freed.
    pub fn page_out(&mut self) -> u64 {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.ready.page_out(),
            OfType::Stream(queue) => queue.log.page_out(),
        }
    }

    /// What it was declared as.
    #[must_use]
    pub fn declared(&self) -> &Declared {
        &self.common().declared
    }

    /// What is in force: its arguments, merged with policies.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.common().limits
    }

    /// Its incarnation.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.common().id
    }

    /// Takes a message; at most it is gathered for a consumer. Call [`Queue::dispatch`] after a
    /// batch, which serves the consumers.
    /// A message that is refused is settled in `fx` if it was stored, or is a dead letter there.
    pub fn push(
        &mut self,
        now: Now,
        message: Message,
        at: RecordAt,
        arrival: Arrival,
        fx: &mut Effects,
    ) -> Pushed {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.push(now, message, at, arrival, fx),
            OfType::Stream(queue) => queue.push(now, message, at, fx),
        }
    }

    /// Whether [`Queue::restore`] can be used: bodies can be read when they are needed.
    #[must_use]
    pub fn restores_unread(&self) -> bool {
        match &self.0 {
            OfType::Ordinary(queue) => queue.ready.pages(),
            OfType::Stream(queue) => queue.log.pages(),
        }
    }

    /// Takes messages back at start, in order, without serving consumers and without reading more
    /// of them than those that leave next.
    pub fn restore(&mut self, now: Now, recovered: &[Recovered]) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.restore(now, recovered),
            OfType::Stream(queue) => queue.restore(recovered),
        }
    }

    /// Takes a message back at start, in order, without serving consumers.
    pub fn restore_message(&mut self, now: Now, recovered: &Recovered, message: Message) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.restore_message(now, recovered, message),
            OfType::Stream(queue) => queue.restore_message(recovered, message),
        }
    }

    /// What must be stored with a message that is the `ahead`-th to be pushed from now on
    /// ([`Recovered::sequence`]), provided that the caller keeps the lock until then: a stream
    /// keeps its offsets. 0 for other queues.
    #[must_use]
    pub fn sequence(&self, ahead: u64) -> u64 {
        match &self.0 {
            OfType::Ordinary(_) => 0,
            OfType::Stream(queue) => queue.log.sequence(ahead),
        }
    }

    /// Serves consumers, then drops what has expired and what is over the length limit.
    pub fn dispatch(&mut self, now: Now, fx: &mut Effects) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.dispatch(now, fx),
            OfType::Stream(queue) => queue.dispatch(fx),
        }
    }

    /// Steps that [`get`](Self::get), [`purge`](Self::purge) and [`take_all`](Self::take_all) take
    /// at most for messages that had to die before.
    #[must_use]
    pub fn arrears(&self, now: Now) -> usize {
        self.ordinary().map_or(0, |queue| queue.arrears(now))
    }

    /// basic.get.
    ///
    /// # Errors
    /// 405 on a quorum queue with a single active consumer; 540 on a stream.
    pub fn get(
        &mut self,
        now: Now,
        no_ack: bool,
        fx: &mut Effects,
    ) -> Result<Option<Got>, AmqpError> {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.get(now, no_ack, fx),
            OfType::Stream(queue) => Err(queue.unsupported("basic.get")),
        }
    }

    /// Adds a consumer without serving it, so that consume-ok can go first: call
    /// [`Queue::dispatch`] when it has.
    ///
    /// # Errors
    /// 403 if it or another consumer wants the queue for itself; 406 if an argument is wrong for
    /// the type of queue, or if it has no prefetch on a stream; 540 for a stream's consumer without
    /// acknowledgements.
    pub fn add_consumer(
        &mut self,
        now: Now,
        consumer: NewConsumer,
        fx: &mut Effects,
    ) -> Result<(), AmqpError> {
        each!(&mut self.0, queue => queue.add_consumer(now, consumer, fx))
    }

    /// Removes a consumer; its unacked messages stay with its channel. Returns whether it was
    /// there. `fx.delete` says if the queue goes with it.
    pub fn remove_consumer(&mut self, now: Now, consumer: ConsumerId, fx: &mut Effects) -> bool {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.remove_consumer(now, consumer, fx),
            OfType::Stream(queue) => queue.remove_consumers(&[consumer], fx) > 0,
        }
    }

    /// Settles messages of one consumer, or of basic.get (`None`), in the order of their delivery
    /// tags. With [`Outcome::Ack`] the entries stay in `entries`, to be dropped outside the lock;
    /// otherwise it is left empty. Credit shared by a channel is given back by the channel.
    pub fn settle(
        &mut self,
        now: Now,
        consumer: Option<ConsumerId>,
        entries: &mut Vec<Entry>,
        outcome: Outcome,
        fx: &mut Effects,
    ) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.settle(now, consumer, entries, outcome, fx),
            OfType::Stream(queue) => queue.settle(consumer, entries, outcome, fx),
        }
    }

    /// Throws the ready messages away and returns how many there were.
    ///
    /// # Errors
    /// 540 on a stream.
    pub fn purge(&mut self, now: Now, fx: &mut Effects) -> Result<u64, AmqpError> {
        match &mut self.0 {
            OfType::Ordinary(queue) => Ok(queue.purge(now, fx)),
            OfType::Stream(queue) => Err(queue.unsupported("queue.purge")),
        }
    }

    /// Empties the queue for good: it is deleted. What is settled later has no effect.
    pub fn take_all(&mut self, fx: &mut Effects) -> Removed {
        each!(&mut self.0, queue => queue.take_all(fx))
    }

    /// A mailbox or a channel has room again.
    pub fn resume(&mut self, now: Now, fx: &mut Effects) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.resume(now, fx),
            OfType::Stream(queue) => queue.resume(fx),
        }
    }

    /// A deadline that was armed has come, or a little later; too early does no harm.
    pub fn on_deadline(&mut self, now: Now, fx: &mut Effects) {
        if let OfType::Ordinary(queue) = &mut self.0 {
            queue.on_deadline(now, fx);
        }
    }

    /// The queue was declared, maybe not for the first time: that renews its lease
    /// (`x-expires`), but a quorum queue's only once. Consumers and basic.get renew it by
    /// themselves.
    pub fn touch(&mut self, now: Now, fx: &mut Effects) {
        if let OfType::Ordinary(queue) = &mut self.0 {
            queue.touch(now, fx);
        }
    }

    /// Whether the queue still wants to be deleted for `reason`: it was not used in between.
    #[must_use]
    pub fn is_finished(&self, now: Now, reason: DeleteReason) -> bool {
        let ordinary = self.ordinary();
        ordinary.is_some_and(|queue| queue.is_finished(now, reason))
    }

    /// Other limits are in force: the arguments merged with another policy.
    pub fn reconfigure(&mut self, now: Now, limits: Limits, fx: &mut Effects) {
        each!(&mut self.0, queue => queue.reconfigure(now, limits, fx));
    }

    /// What became of a dead letter that asked for `confirm`: every queue it was routed to has
    /// it, or it could not be delivered and is tried again later.
    pub fn dead_letter_done(&mut self, now: Now, position: u64, delivered: bool, fx: &mut Effects) {
        if let OfType::Ordinary(queue) = &mut self.0 {
            queue.dead_letter_done(now, position, delivered, fx);
        }
    }

    /// Milliseconds after which an unsettled message of a consumer with `arguments` comes back;
    /// `None` if never.
    #[must_use]
    pub fn consumer_timeout_ms(&self, arguments: &Table) -> Option<u64> {
        self.ordinary()?.consumer_timeout_ms(arguments)
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("name", &self.declared().name)
            .field("ready", &self.ready_count())
            .field("unacked", &self.unacked_count())
            .field("consumers", &self.consumer_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
