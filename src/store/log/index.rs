//! Where each record of a packed segment lies: addresses and granules, which rise together.
//!
//! Kept as the way from each record to the next, some five octets instead of sixteen, because a
//! broker has the indexes of all its packed segments in memory. Every [`STRIDE`]-th record is also
//! kept whole, and what lies between two of these is walked.

use crate::store::format::octets::{Reader, put_varint};
use crate::store::format::record::GRANULE;

/// Records from one that is kept whole to the next.
const STRIDE: usize = 32;

/// A record that is kept whole, and where the ways from it begin.
#[derive(Clone, Copy, Debug)]
struct Mark {
    address: u64,
    granule: u32,
    ways: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub(in crate::store) struct Index {
    marks: Vec<Mark>,
    ways: Vec<u8>,
    last: Option<(u64, u32)>,
    len: usize,
}

impl Index {
    /// Adds a record. `false`, and nothing is added, if it does not lie behind the last one in both
    /// respects, or not whole granules behind it.
    pub(in crate::store) fn push(&mut self, address: u64, granule: u32) -> bool {
        if let Some((last_address, last_granule)) = self.last {
            let (Some(far), Some(wide)) = (
                address.checked_sub(last_address).filter(|far| *far > 0),
                granule.checked_sub(last_granule).filter(|wide| *wide > 0),
            ) else {
                return false;
            };
            if !far.is_multiple_of(GRANULE as u64) {
                return false;
            }
            put_varint(far / GRANULE as u64, &mut self.ways);
            put_varint(wide.into(), &mut self.ways);
        }
        if self.len.is_multiple_of(STRIDE) {
            self.marks.push(Mark {
                address,
                granule,
                ways: self.ways.len(),
            });
        }
        self.last = Some((address, granule));
        self.len += 1;
        true
    }

    /// Gives back the room that was kept for more.
    pub(in crate::store) fn shrink(&mut self) {
        self.marks.shrink_to_fit();
        self.ways.shrink_to_fit();
    }

    /// Records.
    pub(in crate::store) fn len(&self) -> usize {
        self.len
    }

    /// The granule of the record at `address`.
    pub(in crate::store) fn granule(&self, address: u64) -> Option<u32> {
        let marks = self.marks.partition_point(|mark| mark.address <= address);
        let mut near = self.from(marks.checked_sub(1)?).take(STRIDE);
        near.find(|(found, _)| *found == address)
            .map(|(_, granule)| granule)
    }

    /// The address of the record at `granule`.
    pub(in crate::store) fn address(&self, granule: u32) -> Option<u64> {
        let marks = self.marks.partition_point(|mark| mark.granule <= granule);
        let mut near = self.from(marks.checked_sub(1)?).take(STRIDE);
        near.find(|(_, found)| *found == granule)
            .map(|(address, _)| address)
    }

    /// Address and granule of every record, in this order.
    pub(in crate::store) fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        self.from(0)
    }

    /// All records from a mark on.
    fn from(&self, mark: usize) -> impl Iterator<Item = (u64, u32)> {
        let first = self.marks.get(mark).copied();
        let mut place = first.map(|mark| (mark.address, mark.granule));
        let start = first.map_or(0, |mark| mark.ways);
        let mut ways = Reader(self.ways.get(start..).unwrap_or_default());
        std::iter::from_fn(move || {
            let (address, granule) = place?;
            place = ways.varint().zip(ways.varint()).map(|(far, wide)| {
                let wide = u32::try_from(wide).unwrap_or(u32::MAX);
                (address + far * GRANULE as u64, granule.saturating_add(wide))
            });
            Some((address, granule))
        })
    }
}

#[cfg(test)]
mod tests;
