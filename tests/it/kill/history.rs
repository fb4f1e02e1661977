//! What clients saw, and what is wrong with it.
//!
//! Owns the rules: a confirmed message is delivered at least once; nothing is delivered that was
//! not published there; to one consumer, messages of one channel come in the order in which they
//! were published; what is delivered again says so.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// A message: the `number`-th of a producer's channel in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) producer: u64,
    pub(super) round: u64,
    pub(super) number: u64,
}

impl Id {
    /// The id and filling: most bodies are small, some larger than a page, few larger than a frame
    /// of the network.
    pub(super) fn body(self) -> Vec<u8> {
        let mut body = Vec::new();
        for part in [self.producer, self.round, self.number] {
            body.extend_from_slice(&part.to_le_bytes());
        }
        let len = match self.number % 50 {
            0 => 40_000,
            1..=5 => 5_000,
            _ => 100,
        };
        body.resize(body.len() + len, 0xa5);
        body
    }

    pub(super) fn read(body: &[u8]) -> Self {
        let mut parts = body
            .as_chunks::<8>()
            .0
            .iter()
            .copied()
            .map(u64::from_le_bytes);
        let mut part = || parts.next().expect("a body begins with three numbers");
        let id = Self {
            producer: part(),
            round: part(),
            number: part(),
        };
        assert_eq!(id.body(), body, "a body changed on its way");
        id
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Confirmed and never delivered.
    Lost(Id),
    /// Delivered from a queue to which it was not published.
    Invented(u64, Id),
    /// Delivered after a later one of its channel, to the same consumer.
    OutOfOrder(Id, Id),
    /// Delivered again without saying so.
    Unflagged(Id),
}

/// See the module.
#[derive(Default)]
pub(super) struct History {
    published: BTreeMap<Id, u64>,
    confirmed: BTreeSet<Id>,
    /// Of each channel: how many were published, and up to which all are confirmed.
    channels: BTreeMap<(u64, u64), (u64, u64)>,
    delivered: BTreeSet<Id>,
    deliveries: u64,
    sessions: u64,
    /// By consumer and channel, the last number that was delivered.
    last: BTreeMap<(u64, u64, u64), Id>,
    faults: Vec<Fault>,
}

impl History {
    pub(super) fn publish(&mut self, queue: u64, id: Id) {
        self.published.insert(id, queue);
        self.channels.entry((id.producer, id.round)).or_default().0 = id.number;
    }

    pub(super) fn confirm(&mut self, producer: u64, round: u64, number: u64, multiple: bool) {
        let (_, confirmed) = self.channels.entry((producer, round)).or_default();
        let from = if multiple { *confirmed + 1 } else { number };
        *confirmed = (*confirmed).max(number);
        for number in from..=number {
            self.confirmed.insert(Id {
                producer,
                round,
                number,
            });
        }
    }

    pub(super) fn unconfirmed(&self, producer: u64, round: u64) -> u64 {
        let counts = self.channels.get(&(producer, round));
        counts.map_or(0, |(published, confirmed)| published - confirmed)
    }

    pub(super) fn begin_session(&mut self) -> u64 {
        self.sessions += 1;
        self.sessions
    }

    pub(super) fn deliver(&mut self, session: u64, queue: u64, id: Id, redelivered: bool) {
        self.deliveries += 1;
        if self.published.get(&id) != Some(&queue) {
            self.faults.push(Fault::Invented(queue, id));
        }
        if !self.delivered.insert(id) && !redelivered {
            self.faults.push(Fault::Unflagged(id));
        }
        let channel = (session, id.producer, id.round);
        if let Some(before) = self.last.insert(channel, id)
            && before.number >= id.number
        {
            self.faults.push(Fault::OutOfOrder(before, id));
        }
    }

    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed.len() as u64
    }

    pub(super) fn delivered(&self) -> u64 {
        self.deliveries
    }

    /// What is wrong, once everything that was left has been delivered.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let lost = self.confirmed.difference(&self.delivered);
        let lost = lost.map(|id| Fault::Lost(*id));
        self.faults.iter().cloned().chain(lost).collect()
    }
}

/// A history that many tasks write and wait for.
#[derive(Default)]
pub(super) struct Shared {
    history: Mutex<History>,
    changed: Notify,
}

impl Shared {
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut History) -> T) -> T {
        let result = change(&mut self.history.lock());
        self.changed.notify_waiters();
        result
    }

    /// Waits until `done`.
    pub(super) async fn until(&self, done: impl Fn(&History) -> bool) {
        loop {
            let changed = self.changed.notified();
            if done(&self.history.lock()) {
                return;
            }
            changed.await;
        }
    }
}

mod tests {
    use super::*;

    const QUEUE: u64 = 0;

    fn id(number: u64) -> Id {
        Id {
            producer: 1,
            round: 1,
            number,
        }
    }

    /// Three messages, all confirmed.
    fn published() -> History {
        let mut history = History::default();
        for number in 1..=3 {
            history.publish(QUEUE, id(number));
        }
        history.confirm(1, 1, 3, true);
        history
    }

    fn delivered(numbers: &[(u64, bool)]) -> Vec<Fault> {
        let mut history = published();
        let session = history.begin_session();
        for (number, redelivered) in numbers {
            history.deliver(session, QUEUE, id(*number), *redelivered);
        }
        history.faults()
    }

    #[test]
    fn a_good_history_has_no_fault() {
        assert_eq!(delivered(&[(1, false), (2, true), (3, false)]), []);
    }

    #[test]
    fn a_loss_is_found() {
        let faults = delivered(&[(1, false), (3, false)]);
        assert_eq!(faults, [Fault::Lost(id(2))]);
    }

    #[test]
    fn a_wrong_order_is_found() {
        let faults = delivered(&[(1, false), (3, false), (2, false)]);
        assert_eq!(faults, [Fault::OutOfOrder(id(3), id(2))]);
    }

    #[test]
    fn a_silent_redelivery_is_found() {
        let mut history = published();
        for session in 1..=2 {
            for number in 1..=3 {
                history.deliver(session, QUEUE, id(number), session == 2 && number != 2);
            }
        }
        assert_eq!(history.faults(), [Fault::Unflagged(id(2))]);
    }

    #[test]
    fn an_invention_is_found() {
        let mut history = published();
        for number in 1..=4 {
            history.deliver(1, QUEUE, id(number), false);
        }
        assert_eq!(history.faults(), [Fault::Invented(QUEUE, id(4))]);
    }
}
