//! Messages that an operator takes out of the middle of a queue, to drop them or to put them
//! elsewhere.
//!
//! A message that goes elsewhere counts in its queue until it is there, so that it is in a queue at
//! any moment. Whether its new queue takes it is asked before it is taken out
//! ([`Queue::would_refuse`]); that queue has it then, whatever came in between
//! ([`Sender::Asked`](super::Sender::Asked)).
//!
//! Invariants: I2, I3 (all others stay where they are).

use super::ordinary::Ordinary;
use super::ready::Search;
use super::{Bookmark, Effects, Entry, OfType, PeekMax, Queue, effects::Sent};
use crate::clock::Now;
use crate::events::Fate;
use crate::message::Message;

/// A message that was taken out of its queue and is on its way to others.
#[derive(Debug)]
pub struct TakenOut {
    /// The message. If it is stored, its record is settled by the caller.
    pub entry: Entry,
    /// It counts in its queue as long as this is held.
    pub sent: Sent,
}

impl Queue {
    /// Goes on with a search and gives copies of what it finds, as many as `max` allows. Finds
    /// nothing in a stream.
    #[must_use]
    pub fn look_at(&self, search: &mut Search, mut max: PeekMax) -> Vec<Entry> {
        let mut shown = super::Browsed::default();
        match self.ordinary() {
            Some(queue) => queue.ready.look_at(search, &mut |entry| {
                max.show(&mut shown, Bookmark::default(), || entry.clone());
            }),
            None => *search = Search::of(Vec::new()),
        }
        let found = shown.messages.into_iter();
        found.map(|(entry, _)| entry).collect()
    }

    /// Goes on with a search and drops what it finds. Gives the positions. Finds nothing in a
    /// stream.
    pub fn drop_at(&mut self, now: Now, search: &mut Search, fx: &mut Effects) -> Vec<u64> {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.drop_at(now, search, fx),
            OfType::Stream(_) => {
                *search = Search::of(Vec::new());
                Vec::new()
            }
        }
    }

    /// Goes on with a search and takes out what it finds. Finds nothing in a stream.
    pub fn take_out(&mut self, now: Now, search: &mut Search, fx: &mut Effects) -> Vec<TakenOut> {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.take_out(now, search, fx),
            OfType::Stream(_) => {
                *search = Search::of(Vec::new());
                Vec::new()
            }
        }
    }

    /// Whether it can ever be too full for a message.
    #[must_use]
    pub fn can_refuse(&self) -> bool {
        let limits = self.limits();
        limits.overflow.refuses(self.declared().kind) && limits.bounds_length()
    }

    /// Whether it is too full for a message whose sender waits for an answer.
    pub fn would_refuse(&mut self, now: Now, message: &Message, fx: &mut Effects) -> bool {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.would_refuse(now, message, fx),
            OfType::Stream(_) => false,
        }
    }
}

impl Ordinary {
    fn drop_at(&mut self, now: Now, search: &mut Search, fx: &mut Effects) -> Vec<u64> {
        self.used = now.wall;
        let taken = self.ready.take_at(search);
        self.common.stats.dropped += taken.len() as u64;
        for entry in &taken {
            let by = fx.party();
            fx.note(entry, || Fate::Dropped { by });
            fx.settle(entry.at);
        }
        self.rearm(fx);
        taken.iter().map(|entry| entry.position).collect()
    }

    fn take_out(&mut self, now: Now, search: &mut Search, fx: &mut Effects) -> Vec<TakenOut> {
        self.used = now.wall;
        let taken = self.ready.take_at(search);
        self.common.stats.moved += taken.len() as u64;
        let take_out = |entry: Entry| {
            let by = fx.party();
            fx.note(&entry, || Fate::Moved { by });
            let sent = self.sent.get_or_insert_default().add(entry.size());
            TakenOut { entry, sent }
        };
        let taken = taken.into_iter().map(take_out).collect();
        self.rearm(fx);
        taken
    }
}
