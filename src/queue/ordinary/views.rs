//! Answers about a queue: counts, listings, a look at its messages.

use std::sync::atomic::Ordering::Acquire;

use leveret_codec::table::Table;

use super::Ordinary;
use crate::ids::QueueId;
use crate::queue::{ConsumerSnapshot, Declared, Entry, Limits, PeekMax, Stats};

impl Ordinary {
    /// See `Queue::declared`.
    #[must_use]
    pub fn declared(&self) -> &Declared {
        &self.declared
    }

    /// See `Queue::limits`.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// See `Queue::id`.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// See `Queue::consumer_timeout_ms`. Classic queues have none (RabbitMQ 4.3 and later); in a
    /// quorum queue a consumer's own argument goes before the queue's.
    #[must_use]
    pub fn consumer_timeout_ms(&self, arguments: &Table) -> Option<u64> {
        if !self.is_quorum() {
            return None;
        }
        arguments
            .get("x-consumer-timeout")
            .and_then(leveret_codec::table::Value::as_integer)
            .and_then(|ms| u64::try_from(ms).ok())
            .or(self.limits.consumer_timeout_ms)
    }

    /// See `Queue::ready_count`.
    #[must_use]
    pub fn ready_count(&self) -> u64 {
        self.ready.len() as u64
    }

    /// See `Queue::unacked_count`.
    #[must_use]
    pub fn unacked_count(&self) -> u64 {
        self.unacked
    }

    /// See `Queue::dying_count`.
    #[must_use]
    pub fn dying_count(&self) -> u64 {
        self.dying.len() as u64
    }

    /// See `Queue::shown_count`.
    #[must_use]
    pub fn sent_count(&self) -> u64 {
        self.sent.load(Acquire)
    }

    /// See `Queue::ready_bytes`.
    #[must_use]
    pub fn ready_bytes(&self) -> u64 {
        self.ready.bytes()
    }

    /// See `Queue::unacked_bytes`.
    #[must_use]
    pub fn unacked_bytes(&self) -> u64 {
        self.unacked_bytes
    }

    /// See `Queue::consumer_count`.
    #[must_use]
    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }

    /// See `Queue::announced_consumers`.
    #[must_use]
    pub fn announced_consumers(&self) -> u64 {
        if self.is_quorum() {
            self.consumers.engaged() as u64 + self.gets
        } else {
            self.consumer_count() as u64
        }
    }

    /// See `Queue::consumers`.
    #[must_use]
    pub fn consumers(&self) -> Vec<ConsumerSnapshot> {
        self.consumers.snapshots()
    }

    /// See `Queue::stats`.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            lost: self.ready.lost(),
            ..self.stats
        }
    }

    /// See `Queue::memory_bytes`.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let ready = usize::try_from(self.ready.memory()).unwrap_or(usize::MAX);
        size_of::<Self>().saturating_add(ready)
    }

    /// See `Queue::peek`.
    #[must_use]
    pub fn peek(&self, mut max: PeekMax) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.ready
            .visit(&mut |entry| max.show(&mut entries, || entry.clone()));
        entries
    }
}
