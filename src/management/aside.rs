//! Work whose length a client decides, or how much there is in the broker: long lists, long bodies,
//! and changes, which wait for each other.
//!
//! A thread that begins such work first hands its connections to another one, so that a lock, a
//! disk or a long loop holds up no request but its own. Few requests do that at one time, so that
//! they never have all threads of the machine between them; the others wait in line, without one.
//!
//! A change is made whether its client waits for the answer or not, and to its end.
//!
//! Invariant I11: what long lists and long answers hold in memory together, and how many changes
//! are begun, has a limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::answer::Refusal;
use crate::limits::{
    HTTP_CHANGES_MAX, HTTP_CHANGES_WAIT_MS, HTTP_GET_BYTES, HTTP_GET_HERE, HTTP_GET_WAIT_MS,
    HTTP_ITEMS_HERE,
};

/// Octets that items of long lists may take that are not sent yet. A list beyond waits until
/// another one is read.
const LISTS_BYTES: usize = 64 * 1024 * 1024;

/// Octets of long answers with messages or definitions that are in memory together, being made or
/// being sent. At least one of the longest has room.
const ANSWERS_BYTES: u64 = 2 * HTTP_GET_BYTES;

/// Octets of a body that take as long to be read as an item of a list.
const OCTETS_AN_ITEM: usize = 64;

/// Octets that one permit of [`Room`] stands for.
const UNIT: usize = 64;

/// See the module.
pub(super) struct Aside {
    /// For long reads: one at a time.
    reads: Semaphore,
    /// For questions to all connections: one at a time.
    asking: Semaphore,
    /// For changes by operators, which wait for each other anyway: one at a time.
    changes: Semaphore,
    /// For documents of definitions, which are imported and exported piece by piece: one at a time.
    documents: Semaphore,
    /// Octets of long answers with messages or definitions, in [`UNIT`]s.
    answers: Arc<Semaphore>,
    /// Requests that change something and are not done.
    begun: Begun,
    /// Octets of items of lists that are not sent yet, in [`UNIT`]s.
    lists: Arc<Semaphore>,
}

impl Default for Aside {
    fn default() -> Self {
        Self {
            reads: Semaphore::new(1),
            asking: Semaphore::new(1),
            changes: Semaphore::new(1),
            documents: Semaphore::new(1),
            answers: Arc::new(Semaphore::new(units(octets(ANSWERS_BYTES)))),
            begun: Begun::default(),
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

    /// Reads what a client has sent: little of it on this thread.
    pub(super) async fn decode<R>(&self, octets: usize, work: impl FnOnce() -> R) -> R {
        self.read(octets / OCTETS_AN_ITEM, work).await
    }

    /// Waits until no other request asks connections.
    pub(super) async fn place_to_ask(&self) -> Option<SemaphorePermit<'_>> {
        self.asking.acquire().await.ok()
    }

    /// Makes a change, once it is its turn.
    pub(super) async fn change<R>(&self, work: impl FnOnce() -> R) -> R {
        let _place = self.changes.acquire().await;
        tokio::task::block_in_place(work)
    }

    /// Exports definitions, and waits for room for their text before the next document is begun, so
    /// that at most one has none. `None` if there is none in time.
    pub(super) async fn long_document<E>(
        &self,
        write: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Option<(Vec<u8>, Room)>, E> {
        let _place = self.documents.acquire().await;
        let text = tokio::task::block_in_place(write)?;
        let room = self.room_for_answer(text.len() as u64).await;
        Ok(room.map(|room| (text, room)))
    }

    /// Imports definitions.
    pub(super) async fn document<R>(&self, work: impl FnOnce() -> R) -> R {
        let _place = self.documents.acquire().await;
        tokio::task::block_in_place(work)
    }

    /// Does what a request asks for to its end, whether the client waits for it or not.
    ///
    /// # Errors
    /// 503 without a place among changes of its kind, 500 if an error inside ended it.
    pub(super) async fn finish<R: Send + 'static>(
        &self,
        kind: Kind,
        work: impl Future<Output = R> + Send + 'static,
    ) -> Result<R, Refusal> {
        let place = Arc::clone(self.begun.places(kind)).acquire_owned();
        let within = Duration::from_millis(HTTP_CHANGES_WAIT_MS);
        let place = tokio::time::timeout(within, place).await;
        let place = place.map_err(|_| Refusal::no_place())?;
        let task = tokio::spawn(async move {
            let done = work.await;
            drop(place);
            done
        });
        task.await.map_err(|_| Refusal::failed())
    }

    /// Waits for room for an answer of `most` octets that is not written piece by piece. A short
    /// one has it always; `None` if there is none in time.
    pub(super) async fn room_for_answer(&self, most: u64) -> Option<Room> {
        if most <= HTTP_GET_HERE {
            return Some(Room::default());
        }
        let room = Room::of(&self.answers, octets(most.min(ANSWERS_BYTES)));
        let within = Duration::from_millis(HTTP_GET_WAIT_MS);
        tokio::time::timeout(within, room).await.ok()
    }

    /// Waits for room for a list of so many octets. A short one has it always.
    pub(super) async fn room(&self, many: usize, octets_each: usize) -> Room {
        if many <= HTTP_ITEMS_HERE {
            return Room::default();
        }
        let octets = many.saturating_mul(octets_each).min(LISTS_BYTES);
        Room::of(&self.lists, octets).await
    }
}

/// What a change is, as far as others must not be shut out by many of its kind that wait: those
/// that publish wait for a full disk, and only those that remove something make room on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message is added.
    Publishes,
    /// Something is deleted, purged, got or closed.
    Removes,
    /// Any other.
    Sets,
}

/// Changes of each kind that are begun and not done.
struct Begun {
    publishes: Arc<Semaphore>,
    removes: Arc<Semaphore>,
    sets: Arc<Semaphore>,
}

impl Default for Begun {
    fn default() -> Self {
        let places = || Arc::new(Semaphore::new(HTTP_CHANGES_MAX));
        Self {
            publishes: places(),
            removes: places(),
            sets: places(),
        }
    }
}

impl Begun {
    fn places(&self, kind: Kind) -> &Arc<Semaphore> {
        match kind {
            Kind::Publishes => &self.publishes,
            Kind::Removes => &self.removes,
            Kind::Sets => &self.sets,
        }
    }
}

/// Room that a list or an answer has taken.
#[derive(Debug, Default)]
pub(super) struct Room(Option<OwnedSemaphorePermit>);

impl Room {
    async fn of(all: &Arc<Semaphore>, octets: usize) -> Self {
        let units = u32::try_from(units(octets)).unwrap_or(u32::MAX);
        // It fails only if the semaphore is closed, which it never is.
        Self(Arc::clone(all).acquire_many_owned(units).await.ok())
    }

    /// Gives back what the list did not need in the end.
    pub(super) fn shrink(&mut self, octets: usize) {
        if let Some(permit) = &mut self.0 {
            let spare = permit.num_permits().saturating_sub(units(octets));
            drop(permit.split(spare));
        }
    }
}

fn octets(many: u64) -> usize {
    usize::try_from(many).unwrap_or(usize::MAX)
}

/// Permits that stand for so many octets.
pub(super) fn units(octets: usize) -> usize {
    octets.div_ceil(UNIT)
}

#[cfg(test)]
mod tests;
