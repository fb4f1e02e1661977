//! What a queue holds, to be read without its lock: for lists of very many queues, whose locks and
//! insides lie all over memory.
//!
//! The thread that changes a queue notes it before it gives the lock back, so a glance is as exact
//! as a look under the lock. One number holds both counts: a reader sees those of one moment.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{OfType, Queue};

/// Bits of messages that wait.
const READY_BITS: u32 = 32;
/// Bits of messages that are unacknowledged.
const UNACKED_BITS: u32 = 30;
/// Set in a stream's: what was read of it is still ready.
const STREAM: u64 = 1 << 62;
/// Set if the counts have no room, or may change without the lock.
const LOOK: u64 = 1 << 63;

/// Messages of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amounts {
    /// All, with the dead letters that must arrive and have not yet. A stream's are all ready,
    /// whatever was read of them.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/http/stats/dead_letters.http.
    pub(crate) messages: u64,
    /// Those that wait, see [`Queue::shown_count`].
    pub(crate) ready: u64,
    /// Those delivered and not settled.
    pub(crate) unacked: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Glance(AtomicU64);

impl Glance {
    /// A glance at `queue`.
    pub(crate) fn of(queue: &Queue) -> Self {
        Self(AtomicU64::new(packed(queue)))
    }

    /// Notes what `queue` holds. The caller has its lock.
    #[inline]
    pub(crate) fn note(&self, queue: &Queue) {
        // No ordering is needed: the lock orders writers, and a client that knows of a change has
        // heard of it from the thread that made it, after that gave the lock back.
        self.0.store(packed(queue), Ordering::Relaxed);
    }

    /// What was noted; `None` if the caller must look under the lock.
    pub(crate) fn amounts(&self) -> Option<Amounts> {
        let noted = self.0.load(Ordering::Relaxed);
        if noted & LOOK != 0 {
            return None;
        }
        let ready = noted & (u64::MAX >> (64 - READY_BITS));
        let unacked = noted >> READY_BITS & (u64::MAX >> (64 - UNACKED_BITS));
        let messages = match noted & STREAM {
            0 => ready + unacked,
            _ => ready,
        };
        Some(Amounts {
            messages,
            ready,
            unacked,
        })
    }
}

/// Dead letters on their way arrive without the queue's lock, so a queue that has any is looked at;
/// and so is one with dead letters that must arrive, for which the number has no bits.
#[inline]
fn packed(queue: &Queue) -> u64 {
    let unacked = queue.unacked_count();
    match &queue.0 {
        OfType::Ordinary(queue) if queue.has_sent() || queue.has_dying() => LOOK,
        OfType::Ordinary(queue) => both(queue.ready_count(), unacked),
        OfType::Stream(queue) => both(queue.log.len(), unacked) | STREAM,
    }
}

#[inline]
fn both(ready: u64, unacked: u64) -> u64 {
    match ready >> READY_BITS | unacked >> UNACKED_BITS {
        0 => ready | unacked << READY_BITS,
        _ => LOOK,
    }
}

impl Queue {
    /// What it holds.
    pub(crate) fn amounts(&self) -> Amounts {
        let (ready, unacked) = (self.shown_count(), self.unacked_count());
        let messages = match &self.0 {
            OfType::Ordinary(_) => ready + unacked + self.dying().messages,
            OfType::Stream(_) => ready,
        };
        Amounts {
            messages,
            ready,
            unacked,
        }
    }
}

#[cfg(test)]
mod tests;
