//! Where bodies go that leave memory: what a queue asks of the disk.
//!
//! Owns the trait only. Queues call it with their lock held, so it must never call back into one;
//! it blocks for as long as one write or one sequential read of about a megabyte takes.

use crate::message::Message;
use crate::store::{Extent, RecordAt};

/// Why a stored message does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is not what was written: it is lost for good.
    Damaged,
    /// The disk refuses now; it may be there after a restart.
    Refused,
}

/// Keeps messages out of memory, and the account of what is in it.
pub trait Bodies: Send + Sync {
    /// A queue holds `octets` more in memory.
    fn charge(&self, octets: u64);

    /// A queue holds `octets` less in memory.
    fn release(&self, octets: u64);

    /// Octets by which all queues together are over the budget.
    fn excess(&self) -> u64;

    /// Whether the message can be read back from where it is stored, from now on.
    fn can_read(&self, at: RecordAt) -> bool;

    /// Reads stored messages, in this order. What is damaged has been reported when this returns.
    fn read(&self, records: &[RecordAt], each: &mut dyn FnMut(Result<Message, Unread>));

    /// Writes messages that are not stored to one place; `None` if that is not possible now.
    fn spill(&self, messages: &[&Message]) -> Option<Extent>;

    /// Reads back what was spilled, in order: `None` for what is damaged. May end early, if the
    /// rest is damaged. What is lost has been reported when this returns.
    fn read_spilled(&self, extent: Extent, each: &mut dyn FnMut(Option<Message>));

    /// What was spilled there is not needed any more.
    fn free(&self, extent: Extent);
}
