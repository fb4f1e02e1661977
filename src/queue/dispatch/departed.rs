//! Consumers that were cancelled while they held messages, which their channels settle later.

use crate::ids::{ConsumerId, IdMap};

/// How many messages each of them still holds.
#[derive(Debug, Default)]
pub(super) struct Departed(IdMap<ConsumerId, u32>);

/// What becomes of the messages that a consumer holds when it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::queue) enum Unsettled {
    /// Its channel keeps them and settles them later.
    StayUnacked,
    /// They come back at once.
    Returned,
}

impl Departed {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The consumer `id` leaves with `unsettled` messages.
    pub(super) fn add(&mut self, id: ConsumerId, unsettled: u32) {
        if unsettled > 0 {
            self.0.insert(id, unsettled);
        }
    }

    /// `n` of its messages are settled; with its last one it is forgotten.
    pub(super) fn settled(&mut self, id: ConsumerId, n: u32) {
        if let Some(left) = self.0.get_mut(&id) {
            *left = left.saturating_sub(n);
            if *left == 0 {
                self.0.remove(&id);
            }
        }
    }
}
