//! The buffer of a protocol that reads frames: follows the traffic, and keeps what is not whole.
//!
//! It is nothing while the connection is idle, [`READ_BUFFER_MIN`] octets for one that says
//! something, and grows while reads fill it, up to [`READ_BUDGET`] or one frame (I11).

use super::Target;
use crate::limits::{READ_BUDGET, READ_BUFFER_MIN};

/// See the module.
#[derive(Debug, Default)]
pub struct Input {
    octets: Vec<u8>,
}

impl Input {
    /// Room for a read. `wanted` octets must be there, with those that are, before anything can be
    /// done; more than `worth` are better read elsewhere.
    #[inline]
    pub fn room(&mut self, wanted: usize, worth: usize) -> Target<'_> {
        let len = self.octets.len();
        if self.octets.capacity() == 0 {
            self.octets.reserve_exact(READ_BUFFER_MIN);
        }
        self.octets.reserve_exact(wanted.saturating_sub(len).max(1));
        let free = self.octets.capacity() - len;
        let most = free.min(worth.saturating_sub(len).max(1));
        Target::new(&mut self.octets, most)
    }

    /// Something was read into the room: more is made if it filled the buffer.
    pub fn filled(&mut self) {
        let (len, capacity) = (self.octets.len(), self.octets.capacity());
        if len == capacity && capacity < READ_BUDGET {
            self.octets.reserve_exact(len * 2);
        }
    }

    /// Takes all octets out, to be given back with [`Input::keep`].
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.octets)
    }

    /// Takes back what [`Input::take`] gave, without its first `done` octets.
    pub fn keep(&mut self, mut octets: Vec<u8>, done: usize) {
        octets.drain(..done.min(octets.len()));
        self.octets = octets;
    }

    /// The octets, to put some behind them that were read elsewhere.
    pub fn octets_mut(&mut self) -> &mut Vec<u8> {
        &mut self.octets
    }

    /// How many octets are there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether none are there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Octets of memory that an idle connection could give back. The beginning of a frame stays,
    /// however long its end takes.
    #[must_use]
    pub fn spare(&self) -> usize {
        if self.is_empty() {
            self.octets.capacity()
        } else {
            0
        }
    }

    /// Gives them back.
    pub fn shrink(&mut self) {
        if self.is_empty() {
            self.octets = Vec::new();
        }
    }
}
