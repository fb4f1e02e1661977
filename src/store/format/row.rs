//! What a queue must know of a message without reading it, packed.
//!
//! Owns the encoding of rows (`FORMAT.md`, "Footers"): those of a queue behind each other, each as
//! its difference to the one before, so that a row of a long backlog takes some five octets. It
//! knows no file. Reading never panics, whatever the octets.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::octets::{Reader, apart, difference, put_varint};
use super::record::GRANULE;
use crate::clock::Wall;
use crate::ids::QueueId;
use crate::store::{RecordAt, Recovered};

/// A copy of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Row {
    pub(in crate::store) queue: QueueId,
    /// Its place among the copies of the message.
    pub(in crate::store) copy: u32,
    /// What its queue is told at start, but for how often it came back; it can be read as if it
    /// stood here.
    pub(in crate::store) told: Recovered,
}

impl Deref for Row {
    type Target = Recovered;

    fn deref(&self) -> &Recovered {
        &self.told
    }
}

/// The low four bits of the record place.
const PLACE: u8 = 0x0f;
/// The message has several copies; which of them this is follows.
const SHARED: u8 = 1;
const HAS_PRIORITY: u8 = 0x10;
const HAS_TTL: u8 = 0x20;
const HAS_SEQUENCE: u8 = 0x40;
const HAS_MARK: u8 = 0x80;

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Version {
    /// Nothing of the head and the mark of a message with a sequence.
    One,
    Two,
}

/// What the row before said.
#[derive(Clone, Copy, Default)]
struct Last {
    address: u64,
    stored_at: u64,
    sequence: u64,
}

fn encode_row(row: &Row, last: &mut Last, out: &mut Vec<u8>) {
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    let place = row.at.0.to_le_bytes()[0] & PLACE;
    out.push(
        place
            | flag(row.priority.is_some(), HAS_PRIORITY)
            | flag(row.ttl_ms.is_some(), HAS_TTL)
            | flag(row.sequence != 0, HAS_SEQUENCE)
            | flag(row.mark != 0, HAS_MARK),
    );
    let granules = row.at.address().wrapping_sub(last.address) / GRANULE as u64;
    put_varint(granules, out);
    put_varint(u64::from(row.body_len), out);
    let stored_at = row.stored_at.as_millis();
    put_varint(difference(last.stored_at, stored_at), out);
    if place & SHARED != 0 {
        put_varint(u64::from(row.copy), out);
    }
    out.extend(row.priority);
    if let Some(ttl) = row.ttl_ms {
        put_varint(ttl, out);
    }
    if row.sequence != 0 {
        put_varint(difference(last.sequence, row.sequence), out);
        put_varint(u64::from(row.head_len), out);
    }
    if row.mark != 0 {
        out.extend_from_slice(&row.mark.to_le_bytes());
    }
    *last = Last {
        address: row.at.address(),
        stored_at,
        sequence: row.sequence,
    };
}

/// Puts rows together queue by queue that come message by message, in the order of addresses.
#[derive(Default)]
pub(in crate::store) struct Packer(BTreeMap<QueueId, Run>);

/// The rows of a queue.
#[derive(Default)]
struct Run {
    count: u64,
    last: Last,
    octets: Vec<u8>,
}

impl Packer {
    /// Adds a row, which must not be before another one of its queue.
    pub(in crate::store) fn push(&mut self, row: &Row) {
        let run = self.0.entry(row.queue).or_default();
        run.count += 1;
        encode_row(row, &mut run.last, &mut run.octets);
    }

    /// How many rows there are.
    pub(in crate::store) fn len(&self) -> u64 {
        self.0.values().map(|run| run.count).sum()
    }

    /// The rows that `chosen` picks.
    pub(in crate::store) fn filter(&self, mut chosen: impl FnMut(&Row) -> bool) -> Self {
        let mut some = Self::default();
        for (queue, run) in &self.0 {
            let mut rows = Rows::of(*queue, run).flatten();
            rows.by_ref()
                .filter(|row| chosen(row))
                .for_each(|row| some.push(&row));
        }
        some.0
            .values_mut()
            .for_each(|run| run.octets.shrink_to_fit());
        some
    }

    /// Appends the rows, queue by queue.
    pub(in crate::store) fn finish(&self, out: &mut Vec<u8>) {
        let mut before = 0;
        for (queue, run) in &self.0 {
            put_varint(difference(before, queue.0), out);
            before = queue.0;
            put_varint(run.count, out);
            out.extend_from_slice(&run.octets);
        }
    }
}

/// Reads what [`Packer::finish`] wrote, row by row. The last one is `None` if it makes no sense.
pub(in crate::store) struct Rows<'a> {
    from: Reader<'a>,
    version: Version,
    queue: u64,
    last: Last,
    /// Rows of the queue that are still to come.
    left: u64,
}

impl<'a> Rows<'a> {
    pub(in crate::store) fn new(octets: &'a [u8], version: Version) -> Self {
        Self {
            from: Reader(octets),
            version,
            queue: 0,
            last: Last::default(),
            left: 0,
        }
    }

    /// Those of one queue.
    fn of(queue: QueueId, run: &'a Run) -> Self {
        Self {
            queue: queue.0,
            left: run.count,
            ..Self::new(&run.octets, Version::Two)
        }
    }

    /// Hands out all of them, as long as `each` wants more: much quicker than one after the other.
    /// `false` if they end in what makes no sense, or `each` has had enough.
    pub(in crate::store) fn all(mut self, mut each: impl FnMut(&Row) -> bool) -> bool {
        while !self.is_at_end() {
            let Some(row) = self.row() else {
                return false;
            };
            if !each(&row) {
                return false;
            }
        }
        true
    }

    #[inline]
    fn is_at_end(&self) -> bool {
        self.from.0.is_empty() && self.left == 0
    }

    #[inline]
    fn row(&mut self) -> Option<Row> {
        while self.left == 0 {
            self.queue = apart(self.queue, self.from.varint()?);
            self.last = Last::default();
            self.left = self.from.varint()?;
        }
        self.left -= 1;
        decode_row(
            QueueId(self.queue),
            &mut self.from,
            &mut self.last,
            self.version,
        )
    }
}

impl Iterator for Rows<'_> {
    type Item = Option<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_at_end() {
            return None;
        }
        let row = self.row();
        if row.is_none() {
            (self.from.0, self.left) = (&[], 0);
        }
        Some(row)
    }
}

#[inline]
fn decode_row(
    queue: QueueId,
    from: &mut Reader<'_>,
    last: &mut Last,
    version: Version,
) -> Option<Row> {
    let flags = from.u8()?;
    let granules = from.varint()?;
    last.address = granules
        .checked_mul(GRANULE as u64)?
        .checked_add(last.address)?;
    let body_len = u32::try_from(from.varint()?).ok()?;
    last.stored_at = apart(last.stored_at, from.varint()?);
    let copy = if flags & SHARED != 0 {
        u32::try_from(from.varint()?).ok()?
    } else {
        0
    };
    let priority = if flags & HAS_PRIORITY != 0 {
        Some(from.u8()?)
    } else {
        None
    };
    let ttl_ms = if flags & HAS_TTL != 0 {
        Some(from.varint()?)
    } else {
        None
    };
    last.sequence = if flags & HAS_SEQUENCE != 0 {
        apart(last.sequence, from.varint()?)
    } else {
        0
    };
    let head_len = if flags & HAS_SEQUENCE != 0 && version == Version::Two {
        u32::try_from(from.varint()?).ok()?
    } else {
        0
    };
    let mark = if flags & HAS_MARK != 0 {
        from.u32()?
    } else {
        0
    };
    let told = Recovered {
        at: RecordAt(last.address | u64::from(flags & PLACE)),
        body_len,
        head_len,
        mark,
        priority,
        ttl_ms,
        stored_at: Wall::from_millis(last.stored_at),
        sequence: last.sequence,
        ..Recovered::default()
    };
    Some(Row { queue, copy, told })
}

#[cfg(test)]
mod tests;
