//! What queues of every type have.

use std::sync::{Arc, Weak};

use super::{Declared, Entry, Limits, Stats};
use crate::ids::QueueId;
use crate::mail::Resume;

/// See the module.
pub(super) struct Common {
    pub(super) declared: Arc<Declared>,
    pub(super) id: QueueId,
    /// Leads back to the handle that holds the queue.
    pub(super) resume: Weak<dyn Resume>,
    /// What is in force: the arguments, merged with policies.
    pub(super) limits: Limits,
    /// Messages delivered and not settled.
    pub(super) unacked: u64,
    /// Their octets.
    pub(super) unacked_bytes: u64,
    pub(super) stats: Stats,
    /// Deleted: what is settled from now on has no effect.
    pub(super) gone: bool,
}

impl Common {
    pub(super) fn new(declared: Arc<Declared>, id: QueueId, resume: Weak<dyn Resume>) -> Self {
        Self {
            limits: declared.arguments.limits(),
            declared,
            id,
            resume,
            unacked: 0,
            unacked_bytes: 0,
            stats: Stats::default(),
            gone: false,
        }
    }

    /// `entries` are no longer unacked.
    #[inline]
    pub(super) fn uncount(&mut self, entries: &[Entry]) {
        let n = entries.len() as u64;
        let bytes: u64 = entries.iter().map(Entry::size).sum();
        assert!(self.unacked >= n, "I2: more settled than unacked");
        self.unacked = self.unacked.saturating_sub(n);
        self.unacked_bytes = self.unacked_bytes.saturating_sub(bytes);
    }

    /// The queue is deleted. Returns how many of its messages were unacked.
    pub(super) fn end(&mut self) -> u64 {
        self.gone = true;
        self.unacked_bytes = 0;
        std::mem::take(&mut self.unacked)
    }
}
