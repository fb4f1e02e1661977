//! What a queue holds in memory, and what of it the broker's budget has been told.
//!
//! The budget is shared by all queues, so it is told in steps of [`STEP`] octets: a queue that
//! stays small never touches it.

use std::sync::Arc;

use super::bodies::Bodies;

/// Octets that a queue may hold more or less than it has told.
const STEP: u64 = 16 * 1024;

/// See the module.
pub(super) struct Account {
    /// Octets in memory.
    octets: u64,
    told: u64,
    /// Above this the queue has grown; never without a budget.
    high: u64,
    /// Below this it has shrunk.
    low: u64,
    bodies: Option<Arc<dyn Bodies>>,
}

impl Default for Account {
    /// Nothing, and no budget to tell.
    fn default() -> Self {
        Self {
            octets: 0,
            told: 0,
            high: u64::MAX,
            low: 0,
            bodies: None,
        }
    }
}

impl Account {
    pub(super) fn open(bodies: Arc<dyn Bodies>, octets: u64) -> Self {
        Self {
            octets,
            high: STEP,
            bodies: Some(bodies),
            ..Self::default()
        }
    }

    pub(super) fn bodies(&self) -> Option<&Arc<dyn Bodies>> {
        self.bodies.as_ref()
    }

    /// Octets in memory.
    pub(super) fn octets(&self) -> u64 {
        self.octets
    }

    #[inline]
    pub(super) fn add(&mut self, more: u64) {
        self.octets += more;
    }

    #[inline]
    pub(super) fn remove(&mut self, less: u64) {
        debug_assert!(self.octets >= less, "more removed than there are");
        self.octets = self.octets.saturating_sub(less);
    }

    pub(super) fn clear(&mut self) {
        self.octets = 0;
        self.settle();
    }

    /// Whether the budget should hear of growth.
    #[inline]
    pub(super) fn has_grown(&self) -> bool {
        self.octets > self.high
    }

    /// Whether it should hear of the opposite.
    #[inline]
    pub(super) fn has_shrunk(&self) -> bool {
        self.octets < self.low
    }

    /// Tells the budget how things stand.
    #[cold]
    pub(super) fn settle(&mut self) {
        let Some(bodies) = &self.bodies else { return };
        if self.octets > self.told {
            bodies.charge(self.octets - self.told);
        } else {
            bodies.release(self.told - self.octets);
        }
        self.told = self.octets;
        self.high = self.octets + STEP;
        // An empty queue owes nothing.
        self.low = self
            .octets
            .saturating_sub(STEP)
            .max(u64::from(self.octets > 0));
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.octets = 0;
        self.settle();
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("octets", &self.octets)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
