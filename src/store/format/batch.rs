//! Heads of batches and of segment files.
//!
//! Owns their layout (`FORMAT.md`, "Segments" and "Batches"), their checksums and the refusal of
//! versions it does not know. Reading never panics, whatever the octets.

use super::octets::{index, put_at, short, u32_at, u64_at};
use super::record::{self, Record};

/// Octets at the front of a segment file.
pub(in crate::store) const SEGMENT_HEAD: usize = 4096;

/// Octets at the front of a batch.
pub(in crate::store) const BATCH_HEAD: usize = 64;

/// The version of the format that this program writes, and the only one it reads.
pub(in crate::store) const VERSION: u32 = 1;

/// No log gets so far: an address above this is damage, and sums of two never overflow.
pub(in crate::store) const ADDRESS_MAX: u64 = 1 << 60;

const SEGMENT_MAGIC: [u8; 8] = *b"LVRSEG\r\n";
const BATCH_MAGIC: [u8; 4] = *b"LVRB";

/// Why a head is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum NoHead {
    /// Nothing of ours, or damaged.
    Damaged,
    /// Written by a program of another version.
    Version(u32),
}

/// How a segment file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Layout {
    /// Batches, in the order in which they were written.
    Log = 1,
    /// Records that were still needed when their own segments were given up, then an index.
    Packed = 2,
}

/// The front of a segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct SegmentHead {
    pub(in crate::store) layout: Layout,
    pub(in crate::store) node: u32,
    pub(in crate::store) epoch: u64,
    /// The address of the first octet behind this head.
    pub(in crate::store) first: u64,
    /// The first address that this segment does not cover.
    pub(in crate::store) end: u64,
    /// The address at which the log ended before this segment.
    pub(in crate::store) follows: u64,
    /// It is the first one after a start: all of the log before it was accepted then.
    pub(in crate::store) begins: bool,
}

impl SegmentHead {
    pub(in crate::store) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; SEGMENT_HEAD];
        put_at(&mut out, 0, &SEGMENT_MAGIC);
        put_at(&mut out, 8, &VERSION.to_le_bytes());
        put_at(&mut out, 16, &(self.layout as u32).to_le_bytes());
        put_at(&mut out, 20, &self.node.to_le_bytes());
        put_at(&mut out, 24, &self.epoch.to_le_bytes());
        put_at(&mut out, 32, &self.first.to_le_bytes());
        put_at(&mut out, 40, &self.end.to_le_bytes());
        put_at(&mut out, 48, &self.follows.to_le_bytes());
        put_at(&mut out, 56, &u32::from(self.begins).to_le_bytes());
        let sum = crc32c::crc32c(out.get(16..60).unwrap_or_default());
        put_at(&mut out, 12, &sum.to_le_bytes());
        out
    }

    pub(in crate::store) fn decode(octets: &[u8]) -> Result<Self, NoHead> {
        if octets.get(..8) != Some(&SEGMENT_MAGIC) {
            return Err(NoHead::Damaged);
        }
        match u32_at(octets, 8) {
            Some(VERSION) => {}
            Some(version) => return Err(NoHead::Version(version)),
            None => return Err(NoHead::Damaged),
        }
        Self::fields(octets).ok_or(NoHead::Damaged)
    }

    fn fields(octets: &[u8]) -> Option<Self> {
        if u32_at(octets, 12)? != crc32c::crc32c(octets.get(16..60)?) {
            return None;
        }
        let layout = match u32_at(octets, 16)? {
            1 => Layout::Log,
            2 => Layout::Packed,
            _ => return None,
        };
        let (first, end) = (u64_at(octets, 32)?, u64_at(octets, 40)?);
        if first > end || end > ADDRESS_MAX {
            return None;
        }
        Some(Self {
            layout,
            node: u32_at(octets, 20)?,
            epoch: u64_at(octets, 24)?,
            first,
            end,
            follows: u64_at(octets, 48)?,
            begins: u32_at(octets, 56)? != 0,
        })
    }
}

/// The front of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct BatchHead {
    pub(in crate::store) node: u32,
    pub(in crate::store) epoch: u64,
    /// The first address of the segment it was made for.
    pub(in crate::store) segment: u64,
    /// Where it lies.
    pub(in crate::store) address: u64,
    /// Octets with this head.
    pub(in crate::store) len: u32,
    /// Records in it.
    pub(in crate::store) count: u32,
    /// Everything before this address was durable when the batch was written.
    pub(in crate::store) synced: u64,
    /// The checksum of the head of the batch before it.
    pub(in crate::store) previous: u32,
    /// The checksum over the checksums of its records.
    pub(in crate::store) body: u32,
}

impl BatchHead {
    /// Writes it over the front of `octets`; returns its own checksum.
    pub(in crate::store) fn write(&self, octets: &mut [u8]) -> u32 {
        put_at(octets, 4, &BATCH_MAGIC);
        put_at(octets, 8, &VERSION.to_le_bytes());
        put_at(octets, 12, &self.node.to_le_bytes());
        put_at(octets, 16, &self.epoch.to_le_bytes());
        put_at(octets, 24, &self.segment.to_le_bytes());
        put_at(octets, 32, &self.address.to_le_bytes());
        put_at(octets, 40, &self.len.to_le_bytes());
        put_at(octets, 44, &self.count.to_le_bytes());
        put_at(octets, 48, &self.synced.to_le_bytes());
        put_at(octets, 56, &self.previous.to_le_bytes());
        put_at(octets, 60, &self.body.to_le_bytes());
        let sum = head_sum(octets);
        put_at(octets, 0, &sum.to_le_bytes());
        sum
    }

    /// Reads the head that should lie at `address`.
    pub(in crate::store) fn decode(octets: &[u8], address: u64) -> Result<(Self, u32), NoHead> {
        if octets.get(4..8) != Some(&BATCH_MAGIC) || octets.len() < BATCH_HEAD {
            return Err(NoHead::Damaged);
        }
        let sum = u32_at(octets, 0).filter(|sum| *sum == head_sum(octets));
        let sum = sum.ok_or(NoHead::Damaged)?;
        match u32_at(octets, 8) {
            Some(VERSION) => {}
            Some(version) => return Err(NoHead::Version(version)),
            None => return Err(NoHead::Damaged),
        }
        let head = Self::fields(octets).filter(|head| head.address == address);
        let head = head.filter(|head| index(u64::from(head.len)) >= BATCH_HEAD);
        Ok((head.ok_or(NoHead::Damaged)?, sum))
    }

    fn fields(octets: &[u8]) -> Option<Self> {
        Some(Self {
            node: u32_at(octets, 12)?,
            epoch: u64_at(octets, 16)?,
            segment: u64_at(octets, 24)?,
            address: u64_at(octets, 32)?,
            len: u32_at(octets, 40)?,
            count: u32_at(octets, 44)?,
            synced: u64_at(octets, 48)?,
            previous: u32_at(octets, 56)?,
            body: u32_at(octets, 60)?,
        })
    }

    /// The first address behind it.
    pub(in crate::store) fn end(&self) -> u64 {
        self.address.saturating_add(u64::from(self.len))
    }
}

fn head_sum(octets: &[u8]) -> u32 {
    crc32c::crc32c(octets.get(4..BATCH_HEAD).unwrap_or_default())
}

/// Where a batch lies and what it answers to, for [`seal`].
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Place {
    pub(in crate::store) node: u32,
    pub(in crate::store) epoch: u64,
    pub(in crate::store) segment: u64,
    pub(in crate::store) address: u64,
    pub(in crate::store) synced: u64,
    pub(in crate::store) previous: u32,
}

/// The name of the segment file whose first address is `first`.
pub(in crate::store) fn segment_name(first: u64) -> String {
    format!("{first:016x}.log")
}

/// Writes the head and all checksums of a batch whose records are in place; returns the checksum
/// of its head.
pub(in crate::store) fn seal(octets: &mut [u8], place: Place) -> u32 {
    let mut body = 0;
    let mut count = 0;
    let mut at = BATCH_HEAD;
    while let Some(rest) = octets.get_mut(at..)
        && let Some((sum, step)) = record::seal(rest, place.address + at as u64)
    {
        body = crc32c::crc32c_append(body, &sum.to_le_bytes());
        count += 1;
        at += step;
    }
    let head = BatchHead {
        node: place.node,
        epoch: place.epoch,
        segment: place.segment,
        address: place.address,
        len: short(octets.len()),
        count,
        synced: place.synced,
        previous: place.previous,
        body,
    };
    head.write(octets)
}

/// The records of a batch, given with its head; stops at the first that is damaged.
pub(in crate::store) fn records(octets: &[u8], address: u64) -> impl Iterator<Item = Record<'_>> {
    let mut at = BATCH_HEAD;
    std::iter::from_fn(move || {
        let record = Record::parse(octets.get(at..)?, address + at as u64)?;
        at += record.step();
        Some(record)
    })
}

/// Whether all records that `head` promises are in `octets` and undamaged.
pub(in crate::store) fn is_whole(octets: &[u8], head: &BatchHead) -> bool {
    let mut body = 0;
    let mut count = 0;
    let mut len = BATCH_HEAD;
    for record in records(octets, head.address) {
        body = crc32c::crc32c_append(body, &record.sum().to_le_bytes());
        count += 1;
        len += record.step();
    }
    count == head.count && body == head.body && len == index(u64::from(head.len))
}
