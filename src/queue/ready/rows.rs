//! What a queue knows about the messages of a chunk, packed.
//!
//! Each field is a column: the least value once, and for every message the difference to it in as
//! few octets as the greatest difference needs. What all messages have in common takes nothing.

use crate::clock::Mono;
use crate::message::Message;
use crate::queue::Entry;
use crate::store::RecordAt;

/// Position, record, expiry, delivery count with the redelivered flag, acquired count.
const COLUMNS: usize = 5;

/// What stays in memory of an [`Entry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) position: u64,
    pub(super) at: RecordAt,
    pub(super) expires: Mono,
    pub(super) delivery_count: u32,
    pub(super) acquired_count: u32,
    pub(super) redelivered: bool,
}

/// Rows, in order.
#[derive(Debug)]
pub(super) struct Rows {
    columns: [Column; COLUMNS],
    len: usize,
    octets: Box<[u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    base: u64,
    /// Octets of a difference, 0 ..= 8.
    width: usize,
}

impl Row {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            position: entry.position,
            at: entry.at,
            expires: entry.expires,
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
        ]
    }

    fn from_fields([position, at, expires, delivered, acquired]: [u64; COLUMNS]) -> Self {
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            position,
            at: RecordAt(at),
            expires: Mono::from_nanos(expires.wrapping_sub(1)),
            delivery_count: count(delivered >> 1),
            acquired_count: count(acquired),
            redelivered: delivered & 1 == 1,
        }
    }
}

impl Rows {
    pub(super) fn pack(rows: impl ExactSizeIterator<Item = Row> + Clone) -> Self {
        let len = rows.len();
        let rows = || rows.clone().map(Row::fields);
        let mut least = [u64::MAX; COLUMNS];
        let mut most = [0; COLUMNS];
        for fields in rows() {
            for (column, value) in fields.into_iter().enumerate() {
                if let (Some(least), Some(most)) = (least.get_mut(column), most.get_mut(column)) {
                    *least = value.min(*least);
                    *most = value.max(*most);
                }
            }
        }
        let mut bounds = least.into_iter().zip(most);
        let columns = std::array::from_fn(|_| {
            let (base, most) = bounds.next().unwrap_or_default();
            let bits = u64::BITS - most.saturating_sub(base).leading_zeros();
            let width = bits.div_ceil(8) as usize;
            Column { base, width }
        });
        let stride: usize = columns.iter().map(|column: &Column| column.width).sum();
        let mut octets = Vec::with_capacity(stride * len);
        for fields in rows() {
            for (value, column) in fields.into_iter().zip(&columns) {
                let difference = (value - column.base).to_le_bytes();
                octets.extend(difference.into_iter().take(column.width));
            }
        }
        Self {
            columns,
            len,
            octets: octets.into_boxed_slice(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Row> {
        let mut rest = &*self.octets;
        (0..self.len).map(move |_| {
            Row::from_fields(self.columns.map(|column| {
                let (packed, behind) = rest.split_at_checked(column.width).unwrap_or_default();
                rest = behind;
                let mut difference = [0; 8];
                for (to, from) in difference.iter_mut().zip(packed) {
                    *to = *from;
                }
                column.base + u64::from_le_bytes(difference)
            }))
        })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Octets on the heap.
    pub(super) fn memory(&self) -> usize {
        self.octets.len()
    }
}
