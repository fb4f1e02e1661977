//! Counts of messages, with their octets.

use serde::Serialize;

/// How many messages there are, and how many octets they have ([`crate::entry::Entry::size`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Messages.
    pub messages: u64,
    /// Their octets.
    pub bytes: u64,
}

impl Sum {
    /// One more message.
    #[inline]
    pub(super) fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }

    /// One message less.
    #[inline]
    pub(super) fn remove(&mut self, bytes: u64) {
        self.messages -= 1;
        self.bytes -= bytes;
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            bytes: self.bytes + other.bytes,
        }
    }

    /// What is left of this without `other`, which is part of it.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        debug_assert!(self.messages >= other.messages && self.bytes >= other.bytes);
        Self {
            messages: self.messages.saturating_sub(other.messages),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}
