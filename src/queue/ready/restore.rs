//! Stored messages that come back at start: into their levels, without being read.

use super::chunk::Lost;
use super::{Order, QUORUM_PRIORITY_DEFAULT, QUORUM_PRIORITY_MAX, Ready};
use crate::entry::Facts;
use crate::store::Recovered;

/// Messages on their way into one level.
#[derive(Default)]
struct Batch {
    facts: Vec<Facts>,
    /// Octets of the messages.
    bytes: u64,
}

impl Ready {
    /// Adds stored messages behind all others of their priorities. Only those that leave next are
    /// read, if there are none before them.
    pub(in crate::queue) fn restore<'a>(
        &mut self,
        messages: impl Iterator<Item = (Facts, &'a Recovered)>,
    ) {
        let mut batches: Vec<Batch> = Vec::new();
        for (facts, recovered) in messages {
            self.len += 1;
            let size = u64::from(recovered.body_len) + u64::from(facts.properties_len);
            self.bytes += size;
            self.stored.add(size);
            self.expiring += usize::from(facts.can_expire());
            let level = self.level_of_priority(recovered.priority);
            let index = usize::from(level);
            if index >= batches.len() {
                batches.resize_with(index + 1, Batch::default);
            }
            if let Some(batch) = batches.get_mut(index) {
                batch.facts.push(facts);
                batch.bytes += size;
                if batch.facts.len() >= self.level(level).restore_max() {
                    self.restore_level(level, batch);
                }
            }
        }
        for (level, batch) in (0..).zip(&mut batches) {
            if !batch.facts.is_empty() {
                self.restore_level(level, batch);
            }
        }
    }

    fn restore_level(&mut self, level: u8, batch: &mut Batch) {
        let bodies = self.account.bodies().cloned();
        let mut lost = Lost::default();
        let list = self.level(level);
        list.restore(&batch.facts, batch.bytes);
        batch.facts.clear();
        batch.bytes = 0;
        if list.is_drained() {
            let gained = list.refill(bodies.as_deref(), &mut lost);
            self.came_back(gained, lost);
        }
    }

    fn level_of_priority(&self, priority: Option<u8>) -> u8 {
        match self.order {
            Order::Classic { priority_max } => priority.unwrap_or(0).min(priority_max),
            Order::Quorum => priority
                .unwrap_or(QUORUM_PRIORITY_DEFAULT)
                .min(QUORUM_PRIORITY_MAX),
        }
    }
}
