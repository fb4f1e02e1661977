//! What queues of every type have.

use std::sync::{Arc, Weak};

use super::{Declared, Entry, Limits, Queue, Stats, Sum};
use crate::ids::QueueId;
use crate::mail::Resume;
use crate::tally::{ExchangeTally, PerExchange};

/// See the module.
pub(super) struct Common {
    pub(super) declared: Arc<Declared>,
    pub(super) id: QueueId,
    /// Leads back to the handle that holds the queue.
    pub(super) resume: Weak<dyn Resume>,
    /// What is in force: the arguments, merged with policies.
    pub(super) limits: Limits,
    /// Messages delivered and not settled.
    pub(super) unacked: Sum,
    /// Those of them that are stored.
    pub(super) unacked_stored: Sum,
    pub(super) stats: Stats,
    /// What was published to it, by exchange.
    pub(super) by_exchange: PerExchange<u64>,
    /// Deleted: what is settled from now on has no effect.
    pub(super) gone: bool,
}

impl Queue {
    /// So many of the messages that were pushed, or refused, were published: the others are dead
    /// letters, or were kept by an exchange.
    pub fn count_published(&mut self, messages: usize) {
        self.common_mut().stats.published += messages as u64;
    }

    /// The same, published to `exchange`.
    #[inline]
    pub fn count_published_to(&mut self, exchange: &Arc<ExchangeTally>, messages: usize) {
        let common = self.common_mut();
        common.stats.published += messages as u64;
        *common.by_exchange.of(exchange) += messages as u64;
    }
}

impl Common {
    pub(super) fn new(declared: Arc<Declared>, id: QueueId, resume: Weak<dyn Resume>) -> Self {
        Self {
            limits: declared.arguments.limits(),
            declared,
            id,
            resume,
            unacked: Sum::default(),
            unacked_stored: Sum::default(),
            stats: Stats::default(),
            by_exchange: PerExchange::default(),
            gone: false,
        }
    }

    /// `entry` is unacked from now on.
    #[inline]
    pub(super) fn count(&mut self, entry: &Entry) {
        let size = entry.size();
        self.unacked.add(size);
        if entry.at.is_stored() {
            self.unacked_stored.add(size);
        }
    }

    /// `entries` are no longer unacked.
    #[inline]
    pub(super) fn uncount(&mut self, entries: &[Entry]) {
        let n = entries.len() as u64;
        assert!(self.unacked.messages >= n, "I2: more settled than unacked");
        let (mut all, mut stored) = (Sum::default(), Sum::default());
        for entry in entries {
            let size = entry.size();
            all.add(size);
            if entry.at.is_stored() {
                stored.add(size);
            }
        }
        self.unacked = self.unacked.minus(all);
        self.unacked_stored = self.unacked_stored.minus(stored);
    }

    /// The queue is deleted. Returns how many of its messages were unacked.
    pub(super) fn end(&mut self) -> u64 {
        self.gone = true;
        self.unacked_stored = Sum::default();
        std::mem::take(&mut self.unacked).messages
    }
}
