//! A message in a queue, with its state there: what queues keep, mail carries and ledgers hold.

use std::ops::{Deref, DerefMut};

use crate::clock::Mono;
use crate::message::Message;
use crate::store::RecordAt;

/// A message in a queue, with its state there.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The message.
    pub message: Message,
    /// What else is known of it, which can be read as if it stood here.
    pub facts: Facts,
}

/// What a queue knows of a message without the message itself: all that stays in memory while it
/// is on disk, and all that comes back after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its order in the queue; the offset in a stream.
    pub position: u64,
    /// Where it is stored.
    pub at: RecordAt,
    /// When it expires.
    pub expires: Mono,
    /// Octets of properties that count like the body: those it was published with in a quorum
    /// queue, 0 in others.
    pub properties_len: u32,
    /// How often it came back in a way that counts towards the delivery limit: basic.reject, or
    /// its channel or connection ended. A message that was dead-lettered brings its count along.
    pub delivery_count: u32,
    /// How often it was handed to a consumer before.
    pub acquired_count: u32,
    /// Whether it was delivered before.
    pub redelivered: bool,
}

impl Default for Facts {
    /// Nothing is known: not stored, and it never expires.
    fn default() -> Self {
        Self {
            position: 0,
            at: RecordAt::NONE,
            expires: Mono::NEVER,
            properties_len: 0,
            delivery_count: 0,
            acquired_count: 0,
            redelivered: false,
        }
    }
}

impl Facts {
    /// Whether it can expire.
    #[inline]
    #[must_use]
    pub fn can_expire(&self) -> bool {
        self.expires != Mono::NEVER
    }
}

impl Entry {
    /// Octets that count against a limit in octets, and that are shown.
    #[inline]
    #[must_use]
    pub fn size(&self) -> u64 {
        self.message.body_len() as u64 + u64::from(self.facts.properties_len)
    }
}

impl Deref for Entry {
    type Target = Facts;

    #[inline]
    fn deref(&self) -> &Facts {
        &self.facts
    }
}

impl DerefMut for Entry {
    #[inline]
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.facts
    }
}
