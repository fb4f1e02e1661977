//! The limit that all consumers of one channel share: basic.qos with global=true.
//!
//! Several queues take from it, each under its own lock, and one channel gives back; so it is
//! counted in atomics, and a queue that found it used up joins a line to be called back.
//! Everything in flight is counted, limit or not, so that a limit that is set later covers what is
//! outstanding already. Consumers without acknowledgements are held up while it is used up, but
//! use nothing of it.
//!
//! Invariant: I5. Spec: basic.qos. Docs: consumer-prefetch.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::clock::Now;
use crate::mail::{Line, Resume, call_back};

/// A channel's shared prefetch limit.
#[derive(Debug, Default)]
pub struct ChannelCredit {
    /// Messages; 0 for no limit.
    limit: AtomicU64,
    /// Messages in flight to or unacked by consumers of the channel.
    used: AtomicU64,
    /// A queue is in `waiting`. Read without the lock after giving back; a waiter sets it before
    /// it looks at `used` for the last time, so one of the two always sees the other.
    awaited: AtomicBool,
    waiting: Mutex<Line>,
}

impl ChannelCredit {
    /// No limit, nothing in flight.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limit in messages, 0 for none, and calls back the queues that may go on now. No
    /// lock may be held.
    pub fn set_limit(&self, limit: u16, now: Now) {
        self.limit.store(u64::from(limit), Ordering::SeqCst);
        self.released(now);
    }

    /// The limit in messages, 0 for none.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit.load(Ordering::SeqCst)
    }

    /// Messages that are counted: in flight or unacked.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::SeqCst)
    }

    /// Whether nothing can be taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let limit = self.limit();
        limit != 0 && self.used() >= limit
    }

    /// Takes credit for one message. After `false` call [`ChannelCredit::wait`].
    #[inline]
    pub fn try_take(&self) -> bool {
        if self.limit() == 0 {
            // A limit that is set in this moment finds one more in flight.
            self.used.fetch_add(1, Ordering::SeqCst);
            return true;
        }
        let taken = self
            .used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                let limit = self.limit();
                (limit == 0 || used < limit).then_some(used + 1)
            });
        taken.is_ok()
    }

    /// The channel: `n` messages that came through its consumers are settled. Calls back the
    /// queues that may go on now. No lock may be held.
    pub fn give_back(&self, n: u64, now: Now) {
        let before = self
            .used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                Some(used.saturating_sub(n))
            });
        assert!(
            before.is_ok_and(|before| before >= n),
            "I5: more credit came back than was taken"
        );
        self.released(now);
    }

    /// Asks for `queue` to be resumed once there is credit. Returns `false` when there is some
    /// already: the queue goes on serving.
    pub fn wait(&self, queue: &Weak<dyn Resume>) -> bool {
        let mut waiting = self.waiting.lock();
        self.awaited.store(true, Ordering::SeqCst);
        if !self.is_full() {
            return false;
        }
        waiting.join(queue);
        true
    }

    /// The queues that wait go on one after the other, while there is credit.
    fn released(&self, now: Now) {
        while self.awaited.load(Ordering::SeqCst) && !self.is_full() {
            let mut waiting = self.waiting.lock();
            let next = waiting.pop();
            self.awaited.store(!waiting.is_empty(), Ordering::SeqCst);
            drop(waiting);
            let Some(queue) = next else { return };
            call_back(&queue, now);
        }
    }
}

#[cfg(test)]
mod tests;
