//! Channels and consumers that end, with everything they hold: each queue hears of it once.
//!
//! A queue must have its unacked messages back before it serves other consumers, or the successor
//! of a single active consumer would begin behind them. So everything of one queue is gathered
//! first, from all channels that end together, and given to it under one lock, in which the mail
//! that it posted and that was not read is taken out of the mailbox, too.
//!
//! Invariants: I3, I9. Seen: RabbitMQ 4.3.6,
//! tests/scripts/sac/the_successor_begins_with_the_unacked_after_*.amqp.

use std::collections::VecDeque;

use super::Context;
use super::ledger::Unacked;
use super::sources::{Consumers, Supplier};
use crate::desk::Supply;
use crate::entry::Entry;
use crate::ids::{ConsumerId, IdMap, QueueId};
use crate::mail::Mail;
use crate::queue::{Leaving, ReturnCause};

/// Consumers that end, and deliveries that go back.
#[derive(Default)]
pub struct Departures {
    shares: Vec<Share>,
    by_queue: IdMap<QueueId, usize>,
    readers: IdMap<ConsumerId, Reader>,
    /// Deliveries that some queue waits for and that are in no ledger.
    lost: u64,
}

/// What became of departures.
#[must_use]
pub struct Told {
    /// How many messages come back that had taken credit.
    pub(super) credited: u64,
    lost: u64,
}

impl Told {
    /// Called when all else is done, so that a mistake in one channel costs no other.
    ///
    /// # Panics
    /// If a queue counts deliveries that nothing will ever settle (I9).
    pub fn check_complete(&self) {
        assert!(self.lost == 0, "I9: {} deliveries are lost", self.lost);
    }
}

/// What concerns one queue.
struct Share {
    supply: Supply,
    consumers: Vec<ConsumerId>,
    /// With the consumer that had it; `None` for gets.
    unacked: Vec<(Option<ConsumerId>, Entry)>,
    /// Mail that was not read.
    unread: Vec<Entry>,
}

/// What is to know of a consumer when there is mail for it.
struct Reader {
    /// Its queue's place among the shares.
    share: usize,
    /// Deliveries without acknowledgements were gone when the queue sent them.
    no_ack: bool,
}

impl Departures {
    /// A consumer ends.
    pub(super) fn add_consumer(&mut self, from: &Supplier) {
        let Some(id) = from.supply.consumer() else {
            return;
        };
        let place = self.place(&from.supply);
        let reader = Reader {
            share: place,
            no_ack: from.no_ack,
        };
        self.readers.insert(id, reader);
        if let Some(share) = self.shares.get_mut(place) {
            share.consumers.push(id);
        }
    }

    /// Deliveries go back, in the order of their tags.
    pub(super) fn add_unacked(
        &mut self,
        unacked: impl IntoIterator<Item = Unacked>,
        consumers: &Consumers,
    ) {
        for Unacked { source, entry, .. } in unacked {
            let Some(from) = consumers.get(source) else {
                self.lost += 1;
                continue;
            };
            let place = self.place(&from.supply);
            if let Some(share) = self.shares.get_mut(place) {
                share.unacked.push((from.supply.consumer(), entry));
            }
        }
    }

    /// Of `expected` deliveries that have no settlement, `found` are known.
    pub(super) fn note_known(&mut self, expected: u64, found: u64) {
        self.lost += expected.abs_diff(found);
    }

    /// Tells each queue.
    pub fn tell(mut self, cause: ReturnCause, cx: &mut Context<'_>) -> Told {
        let (mut credited, mut octets) = (0, 0);
        let mut mail = std::mem::take(cx.backlog);
        for place in 0..self.shares.len() {
            let Some(share) = self.shares.get_mut(place) else {
                continue;
            };
            let supply = share.supply.clone();
            credited += share.credited();
            let leaving = share.leaving(cause);
            let mut unread = || {
                cx.session.mailbox.take_now(&mut mail);
                octets += self.sort(&mut mail, cx.backlog);
                self.take_unread(place)
            };
            supply.leave(cx.now, leaving, &mut unread);
        }
        cx.backlog.append(&mut mail);
        cx.session.mailbox.relieve(octets, cx.now);
        // A queue sends nothing to a consumer that it was told of.
        let unread = self.shares.iter().map(|share| share.unread.len() as u64);
        let lost = self.lost + unread.sum::<u64>();
        Told { credited, lost }
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
                    let share = self.shares.get_mut(reader.share);
                    if let Some(share) = share.filter(|_| !reader.no_ack) {
                        share.unread.push(delivery.entry);
                    }
                }
                (other, _) => others.push_back(other),
            }
        }
        octets
    }

    fn take_unread(&mut self, place: usize) -> Vec<Entry> {
        let share = self.shares.get_mut(place);
        share.map_or_else(Vec::new, |share| std::mem::take(&mut share.unread))
    }

    fn place(&mut self, supply: &Supply) -> usize {
        *self.by_queue.entry(supply.id()).or_insert_with(|| {
            self.shares.push(Share {
                supply: supply.clone(),
                consumers: Vec::new(),
                unacked: Vec::new(),
                unread: Vec::new(),
            });
            self.shares.len() - 1
        })
    }
}

impl Share {
    /// How many of the unacked messages had taken credit.
    fn credited(&self) -> u64 {
        let consumed = |(consumer, _): &&(Option<ConsumerId>, Entry)| consumer.is_some();
        self.unacked.iter().filter(consumed).count() as u64
    }

    fn leaving(&mut self, cause: ReturnCause) -> Leaving {
        Leaving {
            consumers: std::mem::take(&mut self.consumers),
            unacked: std::mem::take(&mut self.unacked),
            cause,
        }
    }
}
