//! Which blocks of a stream are in memory, and which of them leaves next.
//!
//! Those that were read lately stay, as many as there are readers for, so that readers at different
//! places do not push each other's blocks out. Of the others the oldest leaves first: a reader at
//! the end reads the newest, and one that is behind reads on from a block that stays.

use std::collections::{BTreeSet, VecDeque};

/// Octets of blocks that stay because they were read lately, besides the last one.
///
/// Readers at more places than that, all on disk, may have a block read again in each of their
/// turns; such a turn takes all that its reader has credit for.
const RECENT_WEIGHT: u64 = 8 * 1024 * 1024;
/// Such blocks for each reader: the one it is in, and one that it was in before, which may have
/// been read since another reader's.
const RECENT_EACH: usize = 2;
/// Blocks that are looked at for some that can leave memory.
const TRIED: usize = 64;

/// See the module. Blocks are known by their first offset.
#[derive(Debug, Default)]
pub(super) struct Residence {
    /// Sealed blocks in memory.
    resident: BTreeSet<u64>,
    /// Those that were read last with what they weighed then, the latest at the end.
    recent: VecDeque<(u64, u64)>,
    /// What all of these weigh.
    recent_weight: u64,
    readers: usize,
}

impl Residence {
    /// The sealed block `base` is in memory.
    pub(super) fn add(&mut self, base: u64) {
        self.resident.insert(base);
    }

    /// It is not any more.
    pub(super) fn remove(&mut self, base: u64) {
        self.resident.remove(&base);
    }

    /// Forgets what is before `first`.
    pub(super) fn forget_before(&mut self, first: u64) {
        self.resident = self.resident.split_off(&first);
        self.recent.retain(|(base, _)| *base >= first);
        self.recent_weight = self.recent.iter().map(|(_, weight)| weight).sum();
    }

    /// A consumer reads the block `base`.
    pub(super) fn touch(&mut self, base: u64, weight: u64) {
        if self.recent.back() == Some(&(base, weight)) {
            return;
        }
        if let Some(place) = self.recent.iter().position(|(other, _)| *other == base)
            && let Some((_, before)) = self.recent.remove(place)
        {
            self.recent_weight -= before;
        }
        self.recent.push_back((base, weight));
        self.recent_weight += weight;
        self.let_go(weight);
    }

    /// Lets go of those that were read before all others, as long as the rest besides `last` octets
    /// is more than may stay.
    fn let_go(&mut self, last: u64) {
        let most = RECENT_EACH * self.readers;
        while (self.recent_weight.saturating_sub(last) > RECENT_WEIGHT || self.recent.len() > most)
            && let Some((_, oldest)) = self.recent.pop_front()
        {
            self.recent_weight -= oldest;
        }
    }

    /// So many consumers read the stream.
    pub(super) fn expect_readers(&mut self, readers: usize) {
        self.readers = readers;
        self.let_go(0);
    }

    /// Whether the block `base` was read lately.
    pub(super) fn is_recent(&self, base: u64) -> bool {
        self.recent.iter().any(|(recent, _)| *recent == base)
    }

    /// The blocks that leave memory next, in this order.
    pub(super) fn leaving(&self) -> Vec<u64> {
        let blocks = self.resident.iter().copied();
        let idle = blocks.filter(|base| !self.is_recent(*base));
        idle.take(TRIED).collect()
    }

    /// All sealed blocks in memory.
    pub(super) fn all(&self) -> Vec<u64> {
        self.resident.iter().copied().collect()
    }
}
