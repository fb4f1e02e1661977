//! Channels and consumers that end, with everything they hold.
//!
//! A queue must have its unacked messages back before it serves other consumers, or the successor
//! of a single active consumer would begin behind them. So all that end together leave their queues
//! first, and the mail that those posted and that was not read is taken out of the mailbox; then
//! what they hold goes back, in turns if that is much, and only then each queue serves others.
//!
//! Invariants: I3, I9. Seen: RabbitMQ 4.3.6,
//! tests/scripts/sac/the_successor_begins_with_the_unacked_after_*.amqp.

use std::any::Any;
use std::collections::{VecDeque, vec_deque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Context;
use super::ledger::{Source, Unacked};
use super::sources::Supplier;
use crate::clock::Now;
use crate::desk::{SETTLEMENT_PIECE, Supply};
use crate::ids::{ConsumerId, IdMap, QueueId};
use crate::mail::Mail;
use crate::queue::{GivenBack, Held, ReturnCause};
use crate::turns::{self, Left, Work};

/// Steps that it takes to find a queue for what it gets back.
const QUEUE_STEPS: usize = 8;

/// Consumers that end, and deliveries that go back.
#[derive(Default)]
pub struct Departures {
    shares: Shares,
    readers: IdMap<ConsumerId, Reader>,
    holders: VecDeque<Holder>,
    /// Deliveries that some queue waits for and that are in no ledger.
    lost: u64,
}

/// What became of departures.
#[must_use]
pub struct Told(Arc<GoingBack>);

impl Told {
    /// Called when all else is done, so that a mistake in one channel costs no other.
    ///
    /// # Panics
    /// If a queue counts deliveries that nothing will ever settle (I9).
    pub fn check_complete(&self) {
        self.0.state.lock().check_complete();
    }
}

/// What goes back, by queue.
#[derive(Default)]
struct Shares {
    each: Vec<Share>,
    by_queue: IdMap<QueueId, usize>,
}

/// What concerns one queue.
struct Share {
    supply: Supply,
    /// Its queue hands out nothing before [`Supply::end_leaving`].
    is_told: bool,
    consumers: Vec<ConsumerId>,
    unacked: Held,
    /// Mail that was not read.
    unread: VecDeque<GivenBack>,
}

/// What is to know of a consumer when there is mail for it.
struct Reader {
    /// Its queue's place among the shares.
    share: usize,
    /// Deliveries without acknowledgements were gone when the queue sent them.
    no_ack: bool,
}

/// Deliveries of one channel that go back, in the order of their tags.
struct Holder {
    unacked: vec_deque::IntoIter<(u64, Option<Unacked>)>,
    sources: IdMap<Source, Supply>,
}

impl Departures {
    /// A consumer ends.
    pub(super) fn add_consumer(&mut self, from: &Supplier) {
        let Some(id) = from.supply.consumer() else {
            return;
        };
        let place = self.shares.place(&from.supply);
        let reader = Reader {
            share: place,
            no_ack: from.no_ack,
        };
        self.readers.insert(id, reader);
        if let Some(share) = self.shares.each.get_mut(place) {
            share.consumers.push(id);
        }
    }

    /// Deliveries from `sources` go back, in the order of their tags.
    pub(super) fn add_unacked(
        &mut self,
        unacked: VecDeque<(u64, Option<Unacked>)>,
        sources: impl Iterator<Item = (Source, Supply)>,
    ) {
        if !unacked.is_empty() {
            self.holders.push_back(Holder {
                unacked: unacked.into_iter(),
                sources: sources.collect(),
            });
        }
    }

    /// Of `expected` deliveries that have no settlement, `found` are known.
    pub(super) fn note_known(&mut self, expected: u64, found: u64) {
        self.lost += expected.abs_diff(found);
    }

    /// Tells each queue. What has no room in this turn goes back in later ones, and is owed.
    ///
    /// # Panics
    /// If a listener does that a queue tells; after all of it, so that no queue waits for ever.
    pub fn tell(mut self, cause: ReturnCause, cx: &mut Context<'_>) -> Told {
        let queues = self.shares.each.len();
        let mistake = turns::at_length(queues * QUEUE_STEPS, || self.leave_queues(cx));
        let state = State {
            shares: self.shares,
            holders: self.holders,
            told: 0,
            cause,
            lost: self.lost,
            is_left: false,
        };
        let going = Arc::new(GoingBack {
            state: Mutex::new(state),
        });
        let turns = &cx.session.desk.env.turns;
        turns::begin(turns, cx.now, Arc::clone(&going));
        if let Some(panic) = mistake {
            resume_unwind(panic);
        }
        Told(going)
    }

    /// Consumers leave their queues, and what those sent them and was not read is taken. Hands out
    /// the first panic.
    fn leave_queues(&mut self, cx: &mut Context<'_>) -> Option<Box<dyn Any + Send>> {
        let (mut octets, mut mistake) = (0, None);
        let mut mail = std::mem::take(cx.backlog);
        for place in 0..self.shares.each.len() {
            let Some(share) = self.shares.each.get_mut(place) else {
                continue;
            };
            let supply = share.supply.clone();
            let consumers = std::mem::take(&mut share.consumers);
            let mut is_told = false;
            let mut unread = || {
                is_told = true;
                cx.session.mailbox.take_now(&mut mail);
                octets += self.sort(&mut mail, cx.backlog);
            };
            let leave = || supply.leave(cx.now, &consumers, &mut unread);
            let left = catch_unwind(AssertUnwindSafe(leave));
            mistake = mistake.or(left.err());
            if let Some(share) = self.shares.each.get_mut(place) {
                share.is_told = is_told;
            }
        }
        cx.backlog.append(&mut mail);
        cx.session.mailbox.relieve(octets, cx.now);
        mistake
    }

    /// Takes mail to the consumers that end out of `mail`, puts the rest into `others`, and returns
    /// how many octets it took.
    fn sort(&mut self, mail: &mut VecDeque<Mail>, others: &mut VecDeque<Mail>) -> usize {
        let mut octets = 0;
        for mail in mail.drain(..) {
            let reader = match &mail {
                Mail::Deliver(delivery) => self.readers.get(&delivery.consumer),
                _ => None,
            };
            match (mail, reader) {
                (Mail::Deliver(delivery), Some(reader)) => {
                    octets += delivery.entry.message.memory();
                    let share = self.shares.each.get_mut(reader.share);
                    if let Some(share) = share.filter(|_| !reader.no_ack) {
                        let unread = (Some(delivery.consumer), delivery.entry);
                        share.unread.push_back(unread);
                    }
                }
                (other, _) => others.push_back(other),
            }
        }
        octets
    }
}

impl Shares {
    /// The place of a queue's share.
    fn place(&mut self, supply: &Supply) -> usize {
        let next = self.each.len();
        let place = *self.by_queue.entry(supply.id()).or_insert(next);
        if place == next {
            self.each.push(Share {
                supply: supply.clone(),
                is_told: false,
                consumers: Vec::new(),
                unacked: Held::default(),
                unread: VecDeque::new(),
            });
        }
        place
    }
}

impl Share {
    /// Gives some of it back; `false` once all of it is.
    fn give_back(&mut self, now: Now, cause: ReturnCause) -> bool {
        if let Some(piece) = self.unacked.next_piece() {
            self.supply.give_back(now, piece, cause);
            return true;
        }
        // A queue sends nothing to a consumer that has left.
        let some = self.unread.len().min(SETTLEMENT_PIECE);
        let piece: Vec<GivenBack> = self.unread.drain(..some).collect();
        if !piece.is_empty() {
            let cause = ReturnCause::Undelivered;
            self.supply.give_back(now, piece, cause);
        }
        some > 0
    }
}

/// What goes back, in turns.
struct GoingBack {
    state: Mutex<State>,
}

struct State {
    shares: Shares,
    /// Ledgers that were not gone through yet.
    holders: VecDeque<Holder>,
    /// How many shares are back.
    told: usize,
    cause: ReturnCause,
    lost: u64,
    /// More than one turn is needed: nothing else looks at what is lost.
    is_left: bool,
}

impl State {
    /// Goes through some of what channels hold; `false` once that is done.
    fn gather(&mut self, now: Now) -> bool {
        let Some(holder) = self.holders.front_mut() else {
            return false;
        };
        let mut some = 0;
        for (_, slot) in holder.unacked.by_ref().take(SETTLEMENT_PIECE) {
            some += 1;
            let Some(Unacked { source, entry, .. }) = slot else {
                continue;
            };
            let Some(supply) = holder.sources.get(&source) else {
                self.lost += 1;
                continue;
            };
            let place = self.shares.place(supply);
            let Some(share) = self.shares.each.get_mut(place) else {
                continue;
            };
            share.unacked.add(supply.kind(), supply.consumer(), entry);
            if !share.is_told {
                turns::spend(QUEUE_STEPS);
                let is_told = &mut share.is_told;
                supply.leave(now, &[], &mut || *is_told = true);
            }
        }
        turns::spend(some);
        if some == 0 {
            self.holders.pop_front();
        }
        true
    }

    /// Gives some of it back; `false` once all of it is.
    fn give_back(&mut self, now: Now) -> bool {
        let Some(share) = self.shares.each.get_mut(self.told) else {
            return false;
        };
        if !share.give_back(now, self.cause) {
            turns::spend(QUEUE_STEPS);
            self.told += 1;
            if share.is_told {
                share.supply.end_leaving(now);
            }
        }
        true
    }

    fn check_complete(&mut self) {
        let lost = std::mem::take(&mut self.lost);
        assert!(lost == 0, "I9: {lost} deliveries are lost");
    }
}

impl Work for GoingBack {
    fn turn(&self, now: Now) -> Left {
        let mut state = self.state.lock();
        while state.gather(now) || state.give_back(now) {
            if turns::is_over() {
                state.is_left = true;
                return Left::More;
            }
        }
        if state.is_left {
            state.check_complete();
        }
        Left::Nothing
    }

    /// Counts of deliveries are stored as messages come back.
    fn at_stop(&self, now: Now) {
        while self.turn(now) == Left::More {}
    }
}
