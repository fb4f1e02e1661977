//! Why a queue hands nothing out: an operator has paused it, or what consumers held that have left
//! is coming back. One number says both, so that handing out asks one question.

use super::{Effects, OfType, Queue};
use crate::clock::Now;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stops(u32);

/// Set while an operator has paused the queue. Below it stands how many groups of consumers have
/// left whose messages are still coming back.
const PAUSED: u32 = 1 << 31;

impl Stops {
    /// Whether nothing keeps the queue from handing out.
    #[inline]
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether an operator has paused the queue.
    pub(super) fn is_paused(self) -> bool {
        self.0 & PAUSED != 0
    }

    /// Pauses the queue, or ends the pause. Returns whether that changed anything.
    pub(super) fn pause(&mut self, is_paused: bool) -> bool {
        let before = *self;
        match is_paused {
            true => self.0 |= PAUSED,
            false => self.0 &= !PAUSED,
        }
        *self != before
    }

    /// Consumers have left, and what they held begins to come back.
    pub(super) fn begin_return(&mut self) {
        self.0 += 1;
    }

    /// All that one group of consumers held has come back. Returns whether no other group is left.
    pub(super) fn end_return(&mut self) -> bool {
        self.0 -= 1;
        self.0 & !PAUSED == 0
    }
}

impl Queue {
    /// Pauses the queue, or ends the pause and serves consumers: while it lasts consumers get
    /// nothing but what was posted to them before, and basic.get finds nothing. All else goes on.
    /// Returns whether that changed anything.
    pub fn pause(&mut self, now: Now, is_paused: bool, fx: &mut Effects) -> bool {
        match &mut self.0 {
            OfType::Ordinary(queue) => queue.pause(now, is_paused, fx),
            OfType::Stream(queue) => queue.pause(is_paused, fx),
        }
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        match &self.0 {
            OfType::Ordinary(queue) => queue.stops.is_paused(),
            OfType::Stream(queue) => queue.is_paused(),
        }
    }
}
