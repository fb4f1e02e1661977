//! A message in a queue, with its state there: what queues keep, mail carries and ledgers hold.

use crate::clock::Mono;
use crate::message::Message;
use crate::store::RecordAt;

/// A message in a queue, with its state there.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The message.
    pub message: Message,
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

impl Entry {
    /// Octets that count against a limit in octets, and that are shown.
    #[inline]
    #[must_use]
    pub fn size(&self) -> u64 {
        self.message.body_len() as u64 + u64::from(self.properties_len)
    }
}
