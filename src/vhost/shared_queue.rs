//! A queue behind its lock, with what it holds beside it.
//!
//! The only way to a queue that may be changed is [`LockedQueue`], which notes what it holds before
//! it gives the lock back.

use std::ops::{Deref, DerefMut};

use parking_lot::{Mutex, MutexGuard};

use crate::queue::{Amounts, Glance, Queue};

/// See the module.
///
/// In this order: what lists ask of every queue lies first.
#[repr(C)]
pub(super) struct SharedQueue {
    glance: Glance,
    queue: Mutex<Queue>,
}

impl SharedQueue {
    pub(super) fn new(queue: Queue) -> Self {
        Self {
            glance: Glance::of(&queue),
            queue: Mutex::new(queue),
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> LockedQueue<'_> {
        LockedQueue {
            queue: self.queue.lock(),
            glance: &self.glance,
        }
    }

    /// Reads under the lock.
    pub(super) fn look<R>(&self, work: impl FnOnce(&Queue) -> R) -> R {
        let queue = self.queue.lock();
        debug_assert!(
            self.glance
                .amounts()
                .is_none_or(|amounts| amounts == queue.amounts())
        );
        work(&queue)
    }

    /// How many messages it holds; takes no lock, but for a queue that was last seen with dead
    /// letters on their way.
    pub(super) fn amounts(&self) -> Amounts {
        let noted = self.glance.amounts();
        noted.unwrap_or_else(|| self.look(Queue::amounts))
    }
}

/// A queue that may be changed.
pub(super) struct LockedQueue<'a> {
    queue: MutexGuard<'a, Queue>,
    glance: &'a Glance,
}

impl Deref for LockedQueue<'_> {
    type Target = Queue;

    #[inline]
    fn deref(&self) -> &Queue {
        &self.queue
    }
}

impl DerefMut for LockedQueue<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Queue {
        &mut self.queue
    }
}

impl Drop for LockedQueue<'_> {
    #[inline]
    fn drop(&mut self) {
        self.glance.note(&self.queue);
    }
}
