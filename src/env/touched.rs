//! Queues that have changed since the last look of a sampler, while one is at work.
//!
//! Without one this costs a relaxed load for each change of a queue; with one each queue is noted
//! once between two looks.

use std::sync::atomic::{AtomicBool, Ordering};

use leveret_codec::types::ShortString;
use parking_lot::Mutex;

use crate::ids::QueueId;

/// See the module.
#[derive(Debug, Default)]
pub struct Touched {
    is_watched: AtomicBool,
    queues: Mutex<Vec<TouchedQueue>>,
}

/// A queue that has changed, or is gone.
#[derive(Clone, Debug)]
pub struct TouchedQueue {
    /// Its incarnation.
    pub id: QueueId,
    /// Its vhost.
    pub vhost: ShortString,
    /// Its name.
    pub name: ShortString,
}

impl Touched {
    /// Whether changes are to be noted.
    #[inline]
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Relaxed)
    }

    /// From now on changes are noted, or no more.
    pub fn watch(&self, on: bool) {
        self.is_watched.store(on, Ordering::Relaxed);
        self.queues.lock().clear();
    }

    /// Notes a queue, which says itself that it is noted already.
    pub fn note(&self, queue: TouchedQueue) {
        self.queues.lock().push(queue);
    }

    /// Those that were noted since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<TouchedQueue> {
        std::mem::take(&mut *self.queues.lock())
    }
}
