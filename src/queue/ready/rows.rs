//! What a queue knows about the messages of a chunk, packed.

use crate::clock::Mono;
use crate::message::Message;
use crate::queue::Entry;
use crate::queue::columns::Columns;
use crate::store::RecordAt;

/// Position, record, expiry, delivery count with the redelivered flag, acquired count, octets of
/// properties.
const COLUMNS: usize = 6;

/// What stays in memory of an [`Entry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) position: u64,
    pub(super) at: RecordAt,
    pub(super) expires: Mono,
    pub(super) properties_len: u32,
    pub(super) delivery_count: u32,
    pub(super) acquired_count: u32,
    pub(super) redelivered: bool,
}

/// Rows, in order.
#[derive(Debug)]
pub(super) struct Rows(Columns<COLUMNS>);

impl Row {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            position: entry.position,
            at: entry.at,
            expires: entry.expires,
            properties_len: entry.properties_len,
            delivery_count: entry.delivery_count,
            acquired_count: entry.acquired_count,
            redelivered: entry.redelivered,
        }
    }

    /// The entry that the row and its message make.
    #[inline]
    pub(super) fn entry(self, message: Message) -> Entry {
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

    /// "Never" becomes the least expiry, so that it costs no wide column where few expire.
    fn fields(self) -> [u64; COLUMNS] {
        [
            self.position,
            self.at.0,
            self.expires.as_nanos().wrapping_add(1),
            u64::from(self.delivery_count) << 1 | u64::from(self.redelivered),
            u64::from(self.acquired_count),
            u64::from(self.properties_len),
        ]
    }

    fn from_fields(fields: [u64; COLUMNS]) -> Self {
        let [position, at, expires, delivered, acquired, properties_len] = fields;
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            position,
            at: RecordAt(at),
            expires: Mono::from_nanos(expires.wrapping_sub(1)),
            properties_len: count(properties_len),
            delivery_count: count(delivered >> 1),
            acquired_count: count(acquired),
            redelivered: delivered & 1 == 1,
        }
    }
}

impl Rows {
    pub(super) fn pack(rows: impl ExactSizeIterator<Item = Row> + Clone) -> Self {
        Self(Columns::pack(rows.map(Row::fields)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Row> + Clone {
        self.0.iter().map(Row::from_fields)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Octets on the heap.
    pub(super) fn memory(&self) -> usize {
        self.0.memory()
    }
}
