//! Room on a full disk from what is removed there.
//!
//! Settlements lie in the log behind what does not fit, and would never be written. But nothing
//! depends on their being late: the catalog learns of them at once, a checkpoint makes that
//! durable in little room, and gives up the segments in which nothing is left. What has moved to
//! another queue waits for its turn, because its copy does (I10).

use std::collections::HashSet;

use super::Writer;
use crate::ids::QueueId;
use crate::store::format::record::Entry;
use crate::store::log::catalog::Catalog;
use crate::store::log::staging::StagedBatch;

/// How far the catalog knows what is removed in batches that do not fit.
#[derive(Default)]
pub(super) struct Relief {
    /// Everything before this address has been looked at.
    seen: u64,
    /// What was applied then: later messages were not known yet.
    applied: u64,
    /// Queues with copies that must stay until those in other queues are durable.
    moved: HashSet<QueueId>,
}

impl Writer {
    /// Tells the catalog what of the messages on the disk is removed by batches that do not fit,
    /// and ends the segments that get nothing more.
    pub(super) fn relieve(&mut self) {
        let mut catalog = self.shared.catalog.lock();
        if self.relief.applied != catalog.applied {
            (self.relief.applied, self.relief.seen) = (catalog.applied, 0);
        }
        let Some(front) = self.pending.front() else {
            return;
        };
        let seen = self.relief.seen;
        for batch in self.pending.iter().filter(|batch| batch.address >= seen) {
            remove_early(&mut catalog, batch, &mut self.relief.moved);
            self.relief.seen = batch.end();
        }
        let written = self.unsynced.last().map_or(0, StagedBatch::end);
        if front.address < catalog.applied || written > catalog.applied {
            return;
        }
        if let Some(current) = &self.current
            && current.first < front.address
            && catalog.is_empty_at(current.first)
        {
            // Its room may be all that there is.
            self.current = None;
            catalog.end_before(front.address);
        }
        catalog.end_before(front.plan.first);
    }
}

fn remove_early(catalog: &mut Catalog, batch: &StagedBatch, moved: &mut HashSet<QueueId>) {
    for (record, is_kept) in batch.records() {
        match record.entry() {
            Some(Entry::Settled { queue, .. }) if is_kept => {
                moved.insert(queue);
            }
            Some(Entry::Settled { .. }) => catalog.apply(&record),
            Some(Entry::Dropped { queue }) if !moved.contains(&queue) => catalog.apply(&record),
            _ => {}
        }
    }
}
