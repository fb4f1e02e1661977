//! Stored messages that come back at start: into their levels, without being read.

use super::chunk::Lost;
use super::rows::Row;
use super::{Order, QUORUM_PRIORITY_DEFAULT, QUORUM_PRIORITY_MAX, Ready};
use crate::clock::Mono;
use crate::queue::Entry;
use crate::store::RecordAt;

/// A message that waits, as far as it is known without its record: an [`Entry`] without message.
#[derive(Clone, Copy, Debug)]
pub(in crate::queue) struct Absent {
    pub(in crate::queue) position: u64,
    pub(in crate::queue) at: RecordAt,
    pub(in crate::queue) expires: Mono,
    pub(in crate::queue) properties_len: u32,
    pub(in crate::queue) delivery_count: u32,
    pub(in crate::queue) acquired_count: u32,
    pub(in crate::queue) redelivered: bool,
    /// Its `priority` property.
    pub(in crate::queue) priority: Option<u8>,
    /// Octets of its body.
    pub(in crate::queue) body_len: u32,
}

impl Absent {
    /// The same with its message.
    pub(in crate::queue) fn into_entry(self, message: crate::message::Message) -> Entry {
        Entry {
            message,
            position: self.position,
            at: self.at,
            expires: self.expires,
            properties_len: self.properties_len,
            delivery_count: self.delivery_count,
            acquired_count: self.acquired_count,
            redelivered: self.redelivered,
        }
    }

    fn row(self) -> Row {
        Row {
            position: self.position,
            at: self.at,
            expires: self.expires,
            properties_len: self.properties_len,
            delivery_count: self.delivery_count,
            acquired_count: self.acquired_count,
            redelivered: self.redelivered,
        }
    }
}

/// Messages on their way into one level.
#[derive(Default)]
struct Batch {
    rows: Vec<Row>,
    /// Octets of the messages.
    bytes: u64,
}

impl Ready {
    /// Adds stored messages behind all others of their priorities. Only those that leave next are
    /// read, if there are none before them.
    pub(in crate::queue) fn restore(&mut self, messages: impl Iterator<Item = Absent>) {
        let mut batches: Vec<Batch> = Vec::new();
        for message in messages {
            self.len += 1;
            let size = u64::from(message.body_len) + u64::from(message.properties_len);
            self.bytes += size;
            self.expiring += usize::from(message.expires != Mono::NEVER);
            let level = self.level_of_priority(message.priority);
            let index = usize::from(level);
            if index >= batches.len() {
                batches.resize_with(index + 1, Batch::default);
            }
            if let Some(batch) = batches.get_mut(index) {
                batch.rows.push(message.row());
                batch.bytes += size;
                if batch.rows.len() >= self.level(level).restore_max() {
                    self.restore_level(level, batch);
                }
            }
        }
        for (level, batch) in (0..).zip(&mut batches) {
            if !batch.rows.is_empty() {
                self.restore_level(level, batch);
            }
        }
    }

    fn restore_level(&mut self, level: u8, batch: &mut Batch) {
        let bodies = self.account.bodies().cloned();
        let mut lost = Lost::default();
        let list = self.level(level);
        list.restore(&batch.rows, batch.bytes);
        batch.rows.clear();
        batch.bytes = 0;
        if list.is_drained() {
            let gained = list.refill(bodies.as_deref(), &mut lost);
            self.came_back(gained, lost);
        }
    }

    fn level_of_priority(&self, priority: Option<u8>) -> u8 {
        match self.order {
            Order::Classic { priority_max } => priority.unwrap_or(0).min(priority_max),
            Order::Quorum => priority
                .unwrap_or(QUORUM_PRIORITY_DEFAULT)
                .min(QUORUM_PRIORITY_MAX),
        }
    }
}
