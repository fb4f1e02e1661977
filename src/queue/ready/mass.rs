//! What messages weigh in memory.

use crate::entry::Entry;

/// Octets that a message's entry counts for: what it takes in a chunk, at most. In a head or a tail
/// it takes more, but a queue has few of those.
pub(super) const ENTRY_WEIGHT: usize = 16;

/// What messages add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mass {
    /// Their octets ([`Entry::size`]).
    pub(super) bytes: u64,
    /// Octets that they hold while they are in memory ([`weight`]).
    pub(super) weight: u64,
}

impl Mass {
    #[inline]
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            bytes: entry.size(),
            weight: weight(entry),
        }
    }

    #[inline]
    pub(super) fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.weight += other.weight;
    }
}

/// Octets that a message holds while it is in memory.
#[inline]
pub(super) fn weight(entry: &Entry) -> u64 {
    (entry.message.memory() + ENTRY_WEIGHT) as u64
}
