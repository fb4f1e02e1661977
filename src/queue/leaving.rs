//! Consumers that leave a queue together with what their channels hold of it.
//!
//! What they leave behind is ready again before other consumers are served, so that the successor
//! of a single active consumer begins with it. It may be much, and comes back in pieces: from
//! [`Queue::leave`] to [`Queue::end_leaving`] the queue hands out nothing by itself.
//!
//! Invariants: I3, I9. Seen: RabbitMQ 4.3.6,
//! tests/scripts/sac/the_successor_begins_with_the_unacked_after_*.amqp.

use std::collections::{BTreeMap, VecDeque};

use super::{Effects, Entry, OfType, Queue, QueueKind, ReturnCause};
use crate::clock::Now;
use crate::ids::ConsumerId;

/// Messages that come back under one lock.
const PIECE: usize = 1024;

/// Positions of a classic queue that are kept together.
const RUN: u64 = 1024;

/// A message that comes back, with the consumer that had it; `None` for gets.
pub type GivenBack = (Option<ConsumerId>, Entry);

/// What leaving channels hold of a queue, in the order in which it comes back. A quorum queue
/// serves again what its consumers had, one after the other as they came, then what was taken by
/// gets; a classic queue puts it in order itself.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/requeue/what_a_channel_holds_returns_*.amqp.
#[derive(Debug, Default)]
pub struct Held(BTreeMap<(bool, u64), VecDeque<GivenBack>>);

impl Held {
    /// Adds a message of a queue of type `kind`, in the order of delivery tags.
    pub fn add(&mut self, kind: QueueKind, consumer: Option<ConsumerId>, entry: Entry) {
        let place = match kind {
            QueueKind::Quorum => (consumer.is_none(), consumer.map_or(0, |id| id.0)),
            QueueKind::Classic | QueueKind::Stream => (false, entry.position / RUN),
        };
        self.0
            .entry(place)
            .or_default()
            .push_back((consumer, entry));
    }

    /// Takes the next ones out; `None` without any.
    pub fn next_piece(&mut self) -> Option<Vec<GivenBack>> {
        let mut piece = Vec::new();
        while piece.len() < PIECE
            && let Some(mut first) = self.0.first_entry()
        {
            let line = first.get_mut();
            let some = line.len().min(PIECE - piece.len());
            piece.extend(line.drain(..some));
            if line.is_empty() {
                first.remove();
            }
        }
        (!piece.is_empty()).then_some(piece)
    }
}

impl Queue {
    /// Consumers leave. `unread` takes from their mailboxes what was posted to them by this queue
    /// and not read; it is called when nothing more can be. What they hold is to come back with
    /// [`Queue::give_back`], and [`Queue::end_leaving`] must follow.
    pub fn leave(
        &mut self,
        now: Now,
        consumers: &[ConsumerId],
        unread: &mut dyn FnMut(),
        fx: &mut Effects,
    ) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.leave(now, consumers, fx),
            OfType::Stream(queue) => drop(queue.remove_consumers(consumers, fx)),
        }
        unread();
    }

    /// What consumers and channels that leave have unacked, or with [`ReturnCause::Undelivered`]
    /// have not read, comes back.
    pub fn give_back(
        &mut self,
        now: Now,
        piece: Vec<GivenBack>,
        cause: ReturnCause,
        fx: &mut Effects,
    ) {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.give_back(now, piece, cause, fx),
            OfType::Stream(queue) => queue.give_back(piece),
        }
    }

    /// All that consumers held has come back: others are served. `fx.delete` says if the queue goes
    /// with those that left.
    pub fn end_leaving(&mut self, now: Now, fx: &mut Effects) {
        if let OfType::Ordinary(queue) = &mut self.0 {
            queue.end_leaving(now, fx);
        }
    }
}
