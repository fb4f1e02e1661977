//! One set of deadlines for the whole broker: no timer per queue, message or connection.
//!
//! Owns a heap of (deadline, target). A target arms itself when its next deadline moves to an
//! *earlier* moment than the one it is armed for; a firing that comes too early is harmless,
//! because `on_deadline` looks at the time and arms again. So a busy queue with a TTL costs one
//! firing per TTL, not one per message. The driver (a task of the broker, or a test clock that is
//! being advanced) calls [`Timers::run_due`].

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Weak;
use std::task::Waker;

use parking_lot::Mutex;

use crate::clock::{Mono, Now};

/// Something that has deadlines: a queue, a delayed exchange, a connection.
pub trait Timed: Send + Sync {
    /// Does what is due at `now` and arms itself again if something is left.
    fn on_deadline(&self, now: Now);
}

/// The broker's deadlines.
#[derive(Default)]
pub struct Timers {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    heap: BinaryHeap<Armed>,
    /// Breaks ties between equal deadlines, so that they fire in the order of arming.
    armed: u64,
    driver: Option<Waker>,
}

struct Armed {
    at: Mono,
    order: u64,
    target: Weak<dyn Timed>,
}

impl Timers {
    /// Calls `target` at `at` or a little later. `Mono::NEVER` arms nothing.
    pub fn arm(&self, at: Mono, target: Weak<dyn Timed>) {
        if at == Mono::NEVER {
            return;
        }
        let mut inner = self.inner.lock();
        let earliest = inner.heap.peek().is_none_or(|first| at < first.at);
        inner.armed += 1;
        let order = inner.armed;
        inner.heap.push(Armed { at, order, target });
        let wake = if earliest { inner.driver.take() } else { None };
        drop(inner);
        if let Some(driver) = wake {
            driver.wake();
        }
    }

    /// The earliest deadline, if there is any.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.inner.lock().heap.peek().map(|first| first.at)
    }

    /// Like [`Timers::next_deadline`]; `driver` is woken when an earlier deadline arrives.
    #[must_use]
    pub fn next_deadline_or_wake(&self, driver: &Waker) -> Option<Mono> {
        let mut inner = self.inner.lock();
        inner.driver = Some(driver.clone());
        inner.heap.peek().map(|first| first.at)
    }

    /// Calls every target whose deadline is at or before `now.mono`, outside of any lock.
    pub fn run_due(&self, now: Now) {
        while self.run_one_due(now) {}
    }

    /// Calls the target whose deadline is the earliest, if that is at or before `now.mono`.
    pub fn run_one_due(&self, now: Now) -> bool {
        let Some(target) = self.pop_due(now.mono) else {
            return false;
        };
        if let Some(target) = target.upgrade() {
            target.on_deadline(now);
        }
        true
    }

    fn pop_due(&self, now: Mono) -> Option<Weak<dyn Timed>> {
        let mut inner = self.inner.lock();
        if inner.heap.peek()?.at > now {
            return None;
        }
        inner.heap.pop().map(|armed| armed.target)
    }
}

impl PartialEq for Armed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Armed {}

impl PartialOrd for Armed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reversed, because the heap gives its greatest first and we want the earliest.
impl Ord for Armed {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}
