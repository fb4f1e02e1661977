//! What the store counts: commits and how long they took, writes, syncs, packing, recovery.
//!
//! Raised where it happens, by the commit thread or the caller that commits, the housekeeper and
//! readers; read by views.

use std::time::Duration;

use serde::Serialize;

use crate::tally::Count;

/// The ends of the ranges by which times of commits are counted, in microseconds, each in its
/// range.
pub const COMMIT_ENDS_US: [u64; 12] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000,
];

/// How often each takes so long.
#[derive(Debug, Default)]
pub(in crate::store) struct Durations {
    ranges: [Count; COMMIT_ENDS_US.len() + 1],
    nanos: Count,
}

impl Durations {
    pub(in crate::store) fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX);
        let range = COMMIT_ENDS_US.iter().position(|end| micros <= *end);
        if let Some(count) = self.ranges.get(range.unwrap_or(COMMIT_ENDS_US.len())) {
            count.add(1);
        }
        self.nanos
            .add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    fn totals(&self) -> DurationTotals {
        DurationTotals {
            ranges: self.ranges.each_ref().map(Count::get),
            nanos: self.nanos.get(),
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(in crate::store) struct Counters {
    pub(in crate::store) commits: Durations,
    pub(in crate::store) writes: Count,
    pub(in crate::store) written_bytes: Count,
    pub(in crate::store) syncs: Count,
    pub(in crate::store) read: Count,
    pub(in crate::store) packed_segments: Count,
    pub(in crate::store) recovered: Count,
    pub(in crate::store) recovery_us: Count,
}

impl Counters {
    pub(in crate::store) fn totals(&self) -> StoreTotals {
        StoreTotals {
            commits: self.commits.totals(),
            writes: self.writes.get(),
            written_bytes: self.written_bytes.get(),
            syncs: self.syncs.get(),
            read: self.read.get(),
            packed_segments: self.packed_segments.get(),
            recovered: self.recovered.get(),
            recovery_us: self.recovery_us.get(),
            segments: 0,
            allocated_bytes: 0,
        }
    }
}

/// How many things took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DurationTotals {
    /// By range, see [`COMMIT_ENDS_US`]; the last is of those that took longer.
    pub ranges: [u64; COMMIT_ENDS_US.len() + 1],
    /// All together, in nanoseconds.
    pub nanos: u64,
}

/// What the store has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreTotals {
    /// Commits: from what is staged to where the durability mode wants it.
    pub commits: DurationTotals,
    /// Writes to the log.
    pub writes: u64,
    /// Octets of those.
    pub written_bytes: u64,
    /// Syncs of the log's files.
    pub syncs: u64,
    /// Messages read back.
    pub read: u64,
    /// Segments whose living messages were copied to a smaller one.
    pub packed_segments: u64,
    /// Messages that were there at the start.
    pub recovered: u64,
    /// Microseconds from the opening until queues had them.
    pub recovery_us: u64,
    /// Segments of the log.
    pub segments: u64,
    /// Octets that their files take.
    pub allocated_bytes: u64,
}
