//! Ready messages that are looked for by their positions, to be looked at or taken.

use super::Ready;
use super::chunk::Lost;
use crate::entry::Entry;

/// Messages of what came back to a quorum queue that are gone through in one call.
const SEARCHED: usize = 4096;

/// Messages that are looked for by their positions.
///
/// What came back to a quorum queue lies in another order than that of its positions, so it is gone
/// through, some thousand messages in each call. That begins at its back: what others take from its
/// front and add at its back between two calls brings no message from the part that is still to be
/// searched into the part that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Rising.
    positions: Vec<u64>,
    /// How many messages at the front of what came back are still to be gone through; `None`
    /// before the first call.
    left: Option<usize>,
}

impl Search {
    /// A search for the messages at these positions.
    #[must_use]
    pub fn of(mut positions: Vec<u64>) -> Self {
        positions.sort_unstable();
        positions.dedup();
        Self {
            positions,
            left: None,
        }
    }

    /// Whether nothing is left to be searched.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.left == Some(0) || self.positions.is_empty()
    }
}

impl Ready {
    /// Goes on with a search, and shows what it finds.
    pub(in crate::queue) fn look_at(&self, search: &mut Search, each: &mut dyn FnMut(&Entry)) {
        let bodies = self.account.bodies().map(|bodies| &**bodies);
        let positions = &search.positions;
        if search.left.is_none() {
            for level in self.levels.iter().rev() {
                level.visit_parts(&level.parts_of(positions), positions, bodies, each);
            }
        }
        let unseen = search.left.unwrap_or(usize::MAX).min(self.returned.len());
        let (parts, left) = self.returned.parts_before(unseen, SEARCHED);
        self.returned.visit_parts(&parts, positions, bodies, each);
        search.left = Some(left);
    }

    /// Goes on with a search, and takes what it finds.
    pub(in crate::queue) fn take_at(&mut self, search: &mut Search) -> Vec<Entry> {
        let bodies = self.account.bodies().cloned();
        let bodies = bodies.as_deref();
        let positions = &search.positions;
        let (mut lost, mut all) = (Lost::default(), Vec::new());
        if search.left.is_none() {
            for level in self.levels.iter_mut().rev() {
                let parts = level.parts_of(positions);
                all.push(level.take_parts(&parts, positions, bodies, &mut lost));
            }
        }
        let unseen = search.left.unwrap_or(usize::MAX).min(self.returned.len());
        let (parts, left) = self.returned.parts_before(unseen, SEARCHED);
        let returned = &mut self.returned;
        all.push(returned.take_parts(&parts, positions, bodies, &mut lost));
        search.left = Some(left);
        let mut taken = Vec::new();
        for one in all {
            self.came_back(one.gained, std::mem::take(&mut lost));
            taken.extend(one.entries);
        }
        taken.iter().for_each(|entry| self.uncount(entry));
        if self.account.has_grown() {
            self.relieve();
        }
        taken
    }
}
