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
    held: u64,
    told: u64,
    /// Above this the queue has grown; never without a budget.
    high: u64,
    /// Below this it has shrunk.
    low: u64,
    bodies: Option<Arc<dyn Bodies>>,
}

impl Default for Account {
    /// Nothing, and nobody to tell.
    fn default() -> Self {
        Self {
            held: 0,
            told: 0,
            high: u64::MAX,
            low: 0,
            bodies: None,
        }
    }
}

impl Account {
    pub(super) fn open(bodies: Arc<dyn Bodies>, held: u64) -> Self {
        Self {
            held,
            high: STEP,
            bodies: Some(bodies),
            ..Self::default()
        }
    }

    pub(super) fn bodies(&self) -> Option<&Arc<dyn Bodies>> {
        self.bodies.as_ref()
    }

    /// Octets in memory.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    #[inline]
    pub(super) fn add(&mut self, octets: u64) {
        self.held += octets;
    }

    #[inline]
    pub(super) fn remove(&mut self, octets: u64) {
        debug_assert!(self.held >= octets, "more removed than held");
        self.held = self.held.saturating_sub(octets);
    }

    pub(super) fn clear(&mut self) {
        self.held = 0;
        self.settle();
    }

    /// Whether the budget should hear of growth.
    #[inline]
    pub(super) fn has_grown(&self) -> bool {
        self.held > self.high
    }

    /// Whether it should hear of the opposite.
    #[inline]
    pub(super) fn has_shrunk(&self) -> bool {
        self.held < self.low
    }

    /// Tells the budget how things stand.
    #[cold]
    pub(super) fn settle(&mut self) {
        let Some(bodies) = &self.bodies else { return };
        if self.held > self.told {
            bodies.charge(self.held - self.told);
        } else {
            bodies.release(self.told - self.held);
        }
        self.told = self.held;
        self.high = self.held + STEP;
        // An empty queue owes nothing.
        self.low = self.held.saturating_sub(STEP).max(u64::from(self.held > 0));
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.held = 0;
        self.settle();
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("held", &self.held)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
