//! Answers about a queue: counts, listings, a look at its messages.

use leveret_codec::table::Table;

use super::Ordinary;
use crate::queue::{Bookmark, Browsed, Entry, PeekMax, Sum};

impl Ordinary {
    /// See `Queue::consumer_timeout_ms`. Classic queues have none (RabbitMQ 4.3 and later); in a
    /// quorum queue a consumer's own argument goes before the queue's.
    pub(in crate::queue) fn consumer_timeout_ms(&self, arguments: &Table) -> Option<u64> {
        if !self.is_quorum() {
            return None;
        }
        arguments
            .get("x-consumer-timeout")
            .and_then(leveret_codec::table::Value::as_integer)
            .and_then(|ms| u64::try_from(ms).ok())
            .or(self.common.limits.consumer_timeout_ms)
    }

    /// See `Queue::ready_count`.
    pub(in crate::queue) fn ready_count(&self) -> u64 {
        self.ready.len() as u64
    }

    /// Dead letters at most once that are on their way.
    pub(in crate::queue) fn sent(&self) -> Sum {
        let sent = self.sent.as_ref();
        sent.map_or_else(Sum::default, |sent| sent.sum())
    }

    /// Whether there are any.
    #[inline]
    pub(in crate::queue) fn has_sent(&self) -> bool {
        self.sent.is_some() && self.sent().messages > 0
    }

    /// Whether any dead letter must arrive and has not yet.
    #[inline]
    pub(in crate::queue) fn has_dying(&self) -> bool {
        self.dying.sum().messages > 0
    }

    /// See `Queue::announced_consumers`.
    pub(in crate::queue) fn announced_consumers(&self) -> u64 {
        if self.is_quorum() {
            self.consumers.engaged() as u64 + self.gets
        } else {
            self.consumers.len() as u64
        }
    }

    /// See `Queue::memory_bytes`.
    pub(in crate::queue) fn memory_bytes(&self) -> u64 {
        size_of::<Self>() as u64 + self.ready.memory()
    }

    /// See `Queue::browse`.
    pub(in crate::queue) fn browse(&self, from: Bookmark, mut max: PeekMax) -> Browsed {
        let mut shown = Browsed::default();
        let mut show = |entry: &Entry, next| max.show(&mut shown, next, || entry.clone());
        let is_all = self.ready.visit(from, &mut show);
        Browsed { is_all, ..shown }
    }
}
