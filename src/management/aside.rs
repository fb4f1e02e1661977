//! Work whose length a client decides, or how much there is in the broker: long lists, long bodies,
//! and changes, which wait for each other.
//!
//! A thread that begins such work first hands its connections to another one, so that a lock, a
//! disk or a long loop holds up no request but its own. Few requests do that at one time, so that
//! they never have all threads of the machine between them; the others wait in line, without one.
//!
//! Invariant I11: what long lists and long bodies hold in memory together has a limit.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::HTTP_ITEMS_HERE;

/// Octets that items of long lists may take that are not sent yet. A list beyond waits until
/// another one is read.
const LISTS_BYTES: usize = 64 * 1024 * 1024;

/// Octets that one permit of [`Aside::lists`] stands for.
const UNIT: usize = 64;

/// See the module.
pub(super) struct Aside {
    /// For long reads: one at a time.
    reads: Semaphore,
    /// Octets of items of lists that are not sent yet, in [`UNIT`]s.
    lists: Arc<Semaphore>,
}

impl Default for Aside {
    fn default() -> Self {
        Self {
            reads: Semaphore::new(1),
            lists: Arc::new(Semaphore::new(units(LISTS_BYTES))),
        }
    }
}

impl Aside {
    /// Reads `many` items: few of them on this thread.
    pub(super) async fn read<R>(&self, many: usize, work: impl FnOnce() -> R) -> R {
        if many <= HTTP_ITEMS_HERE {
            return work();
        }
        let _place = self.reads.acquire().await;
        tokio::task::block_in_place(work)
    }

    /// Waits for room for a list of so many octets. A short one has it always.
    pub(super) async fn room(&self, many: usize, octets_each: usize) -> Room {
        if many <= HTTP_ITEMS_HERE {
            return Room::default();
        }
        let octets = many.saturating_mul(octets_each).min(LISTS_BYTES);
        let units = u32::try_from(units(octets)).unwrap_or(u32::MAX);
        let lists = Arc::clone(&self.lists);
        // It fails only if the semaphore is closed, which it never is.
        Room(lists.acquire_many_owned(units).await.ok())
    }
}

/// Room that a list has taken.
#[derive(Debug, Default)]
pub(super) struct Room(Option<OwnedSemaphorePermit>);

impl Room {
    /// Gives back what the list did not need in the end.
    pub(super) fn shrink(&mut self, octets: usize) {
        if let Some(permit) = &mut self.0 {
            let spare = permit.num_permits().saturating_sub(units(octets));
            drop(permit.split(spare));
        }
    }
}

fn units(octets: usize) -> usize {
    octets.div_ceil(UNIT)
}

#[cfg(test)]
mod tests;
