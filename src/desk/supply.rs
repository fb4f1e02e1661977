//! Reading from queues: get, subscribe, settle, cancel.
//!
//! Spec: AMQP 0-9-1 class `basic`. Seen: RabbitMQ 4.3.6, tests/scripts/consume.

use std::collections::VecDeque;
use std::sync::Arc;

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;
use parking_lot::Mutex;

use super::Actor;
use crate::auth::Operation;
use crate::clock::Now;
use crate::entry::Entry;
use crate::error::{AmqpError, queue_words};
use crate::events::Party;
use crate::ids::{ConsumerId, QueueId};
use crate::kind::QueueKind;
use crate::queue::{GivenBack, Got, NewConsumer, Outcome, ReturnCause};
use crate::turns::{self, Left, Turns, Work};
use crate::vhost::QueueHandle;

/// Settlements that a queue takes at once; more of them wait for the next piece.
pub const SETTLEMENT_PIECE: usize = 1024;

/// Steps of a turn that a settlement takes, besides those of a dead letter.
const SETTLEMENT_STEPS: usize = 2;

/// A queue that an actor reads from, by one consumer or by gets. What was read is settled here.
///
/// It outlives the queue: settlements after its deletion have no effect.
#[derive(Clone)]
pub struct Supply {
    queue: Arc<QueueHandle>,
    consumer: Option<ConsumerId>,
}

/// Settlements that take effect one after the other, in turns if they are many.
#[derive(Default)]
pub struct Settlements(Mutex<VecDeque<Settlement>>);

/// What was read from a queue and is settled with one outcome.
struct Settlement {
    supply: Supply,
    entries: std::vec::IntoIter<Entry>,
    how: Settled,
}

/// How messages are settled.
#[derive(Clone, Debug)]
pub struct Settled {
    /// What becomes of them.
    pub outcome: Outcome,
    /// Who settles them, while messages are listened to.
    pub by: Option<Arc<Party>>,
    /// Whether a transaction does.
    pub is_committed: bool,
}

impl Settlements {
    /// Adds what was read from `supply`.
    pub fn push(&mut self, supply: &Supply, entries: Vec<Entry>, how: Settled) {
        self.0.get_mut().push_back(Settlement {
            supply: supply.clone(),
            entries: entries.into_iter(),
            how,
        });
    }

    /// Begins with them. What has no room in this turn is left, and owed.
    pub fn begin(self, now: Now, turns: &Turns) {
        turns::begin(turns, now, Arc::new(self));
    }

    /// Takes out some that are settled in one way.
    fn next(&self) -> Option<(Supply, Vec<Entry>, Settled)> {
        let mut line = self.0.lock();
        loop {
            let first = line.front_mut()?;
            let entries: Vec<Entry> = first.entries.by_ref().take(SETTLEMENT_PIECE).collect();
            if !entries.is_empty() {
                return Some((first.supply.clone(), entries, first.how.clone()));
            }
            line.pop_front();
        }
    }
}

impl Work for Settlements {
    fn turn(&self, now: Now) -> Left {
        while !turns::is_over() {
            let Some((supply, mut entries, how)) = self.next() else {
                return Left::Nothing;
            };
            turns::spend(entries.len() * SETTLEMENT_STEPS);
            supply.settle(now, &mut entries, how);
        }
        Left::More
    }

    /// What is not settled would be delivered again by the next start.
    fn at_stop(&self, now: Now) {
        while self.turn(now) == Left::More {}
    }
}

impl Actor {
    /// Takes the message that is next, if there is one. `taker` is what listeners are told.
    ///
    /// # Errors
    /// 403 without permission, 404 if the queue is missing, 405 if it belongs to another
    /// connection or a consumer has it for itself, 540 for a stream and for a name for replies.
    pub fn get(
        &self,
        now: Now,
        name: &str,
        no_ack: bool,
        taker: Option<Arc<Party>>,
    ) -> Result<(Supply, Option<Got>), AmqpError> {
        let (supply, ()) =
            self.supply(name, || match self.vhost.reply_target(name.as_bytes()) {
                Some(_) => Err(AmqpError::not_implemented(format!(
                    "basic.get not supported by volatile {}",
                    queue_words(name, self.vhost.name())
                ))),
                None => Ok(()),
            })?;
        let got = supply.queue.with(now, |state, effects| {
            effects.act_for(taker);
            turns::at_length(state.arrears(now), || state.get(now, no_ack, effects))
        })?;
        // A channel counts for its connection.
        if self.connection.is_none() {
            self.count_get(&supply, no_ack, got.as_ref());
        }
        Ok((supply, got))
    }

    fn count_get(&self, supply: &Supply, no_ack: bool, got: Option<&Got>) {
        self.count(|tally| {
            let read = tally.of(supply.kind());
            match got {
                None => read.got_empty.add(1),
                Some(_) if no_ack => read.got_no_ack.add(1),
                Some(_) => read.got.add(1),
            }
            let again = got.is_some_and(|got| got.entry.redelivered);
            read.redelivered.add(again.into());
        });
    }

    /// The queue `name`, to be read from. What the door has to check by itself comes between the
    /// permission and the queue, as in RabbitMQ; its answer is handed back.
    ///
    /// # Errors
    /// 403 without permission, what `check` says, 404 if the queue is missing, 405 if it belongs
    /// to another connection.
    pub fn supply<T>(
        &self,
        name: &str,
        check: impl FnOnce() -> Result<T, AmqpError>,
    ) -> Result<(Supply, T), AmqpError> {
        self.check_queue(Operation::Read, name)?;
        let checked = check()?;
        let queue = self.vhost.queue(name)?;
        queue.check_owner(self.connection)?;
        let supply = Supply {
            queue,
            consumer: None,
        };
        Ok((supply, checked))
    }
}

impl Supply {
    /// Adds a consumer. It is served from the next [`Supply::serve`] on, so that the door can tell
    /// its client first.
    ///
    /// # Errors
    /// 403 if another consumer has the queue for itself or this one wants to, 404 if the queue has
    /// just been deleted, 406 for bad arguments.
    pub fn subscribe(&mut self, now: Now, consumer: NewConsumer) -> Result<(), AmqpError> {
        let id = consumer.id;
        let queue = &self.queue;
        let added = queue.with(now, |state, effects| {
            (!queue.is_deleted()).then(|| state.add_consumer(now, consumer, effects))
        });
        let declared = queue.declared();
        added.ok_or_else(|| {
            let words = queue_words(&declared.name, &declared.vhost);
            AmqpError::not_found(format!("no {words}"))
        })??;
        self.consumer = Some(id);
        Ok(())
    }

    /// Hands out what there is.
    pub fn serve(&self, now: Now) {
        self.queue
            .with(now, |state, effects| state.dispatch(now, effects));
    }

    /// Ends the consumer: nothing more is sent to it. What it has stays unsettled.
    pub fn cancel(&self, now: Now) {
        if let Some(id) = self.consumer {
            self.queue.with(now, |state, effects| {
                state.remove_consumer(now, id, effects);
            });
        }
    }

    /// Settles what was read; `entries` is empty afterwards.
    pub fn settle(&self, now: Now, entries: &mut Vec<Entry>, how: Settled) {
        self.queue.with(now, |state, effects| {
            effects.act_for(how.by);
            effects.is_committed = how.is_committed;
            state.settle(now, self.consumer, entries, how.outcome, effects);
        });
    }

    /// Ends consumers of the queue, which hands out nothing before all that they hold has come back
    /// and [`Supply::end_leaving`] is called. `unread` takes, under the queue's lock, what the
    /// queue has sent them and they have not read.
    pub fn leave(&self, now: Now, consumers: &[ConsumerId], unread: &mut dyn FnMut()) {
        self.queue.with(now, |state, effects| {
            state.leave(now, consumers, unread, effects);
        });
    }

    /// Some of what they hold comes back.
    pub fn give_back(&self, now: Now, piece: Vec<GivenBack>, cause: ReturnCause) {
        turns::spend(piece.len() * SETTLEMENT_STEPS);
        self.queue.with(now, |state, effects| {
            state.give_back(now, piece, cause, effects);
        });
    }

    /// All of it has.
    pub fn end_leaving(&self, now: Now) {
        self.queue
            .with(now, |state, effects| state.end_leaving(now, effects));
    }

    /// Milliseconds until an acknowledgement of a consumer with `arguments` is overdue; `None` if
    /// never.
    #[must_use]
    pub fn timeout_ms(&self, arguments: &Table) -> Option<u64> {
        self.queue
            .look(|state| state.consumer_timeout_ms(arguments))
    }

    /// The incarnation of the queue.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.queue.id()
    }

    /// The name of the queue.
    #[must_use]
    pub fn name(&self) -> &ShortString {
        self.queue.name()
    }

    /// The type of the queue.
    #[must_use]
    pub fn kind(&self) -> QueueKind {
        self.queue.declared().kind
    }

    /// The consumer; `None` for gets.
    #[must_use]
    pub fn consumer(&self) -> Option<ConsumerId> {
        self.consumer
    }
}
