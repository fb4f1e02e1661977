//! Which blocks of a stream are in memory, and which of them leaves next.
//!
//! Those that were read lately stay, a few of them, so that readers at different places do not push
//! each other's blocks out. Of the others the oldest leaves first: who reads the end reads the
//! newest, and who is behind reads on from a block that stays.

use std::collections::{BTreeSet, VecDeque};

/// Blocks that stay because they were read lately.
///
/// With more readers than that, all at places of their own that are on disk, each of their turns
/// may read a block again; a turn takes all that its reader has credit for.
const RECENT_MAX: usize = 8;
/// Blocks that are looked at for some that can leave memory.
const TRIED: usize = 64;

/// See the module. Blocks are known by their first offset.
#[derive(Debug, Default)]
pub(super) struct Residence {
    /// Sealed blocks in memory.
    resident: BTreeSet<u64>,
    /// Those that were read last, the latest at the end. They may be gone.
    recent: VecDeque<u64>,
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
        self.recent.retain(|base| *base >= first);
    }

    /// Somebody reads the block `base`.
    pub(super) fn touch(&mut self, base: u64) {
        if self.recent.back() == Some(&base) {
            return;
        }
        self.recent.retain(|other| *other != base);
        self.recent.push_back(base);
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
    }

    /// Whether the block `base` was read lately.
    pub(super) fn is_recent(&self, base: u64) -> bool {
        self.recent.contains(&base)
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
