//! Packed segments: what was still needed of segments that were given up.
//!
//! Owns the layout of the file behind its head (`FORMAT.md`, "Packed segments"): records octet for
//! octet as they were, at other places of the file but under their old addresses, then an index.

use std::io;
use std::sync::Arc;

use crate::ids::QueueId;
use crate::store::disk::window::Window;
use crate::store::disk::{Disk, DiskFile, read_full};
use crate::store::format::batch::{Layout, SEGMENT_HEAD, SegmentHead};
use crate::store::format::octets::{Reader, short, u32_at, u64_at};
use crate::store::format::record::{GRANULE, Record};
use crate::store::format::row;
use crate::store::log::catalog::Spot;
use crate::store::log::index::Index;
use crate::store::log::segment::Segment;

const MAGIC: [u8; 4] = *b"LVRI";
const FOOT: usize = 16;
const ENTRY: usize = 16;

/// Where the index says each record is: address and granule; `None` if it is damaged.
pub(in crate::store) fn read_index(file: &dyn DiskFile, len: u64) -> io::Result<Option<Index>> {
    let mut foot = [0; FOOT];
    let Some(at) = len.checked_sub(FOOT as u64) else {
        return Ok(None);
    };
    read_full(file, at, &mut foot)?;
    let Some(index_len) = index_len(&foot, at) else {
        return Ok(None);
    };
    let mut octets = vec![0; index_len];
    read_full(file, at - index_len as u64, &mut octets)?;
    Ok(entries(&foot, &octets))
}

fn index_len(foot: &[u8], at: u64) -> Option<usize> {
    let len = u64_at(foot, 8)?;
    let fits = len <= at.checked_sub(SEGMENT_HEAD as u64)? && foot.get(..4)? == MAGIC;
    fits.then(|| usize::try_from(len).ok()).flatten()
}

fn entries(foot: &[u8], octets: &[u8]) -> Option<Index> {
    if u32_at(foot, 4)? != crc32c::crc32c(octets) {
        return None;
    }
    let mut from = Reader(octets);
    let mut index = Index::default();
    while !from.0.is_empty() {
        let (address, granule) = (from.u64()?, from.u32()?);
        from.u32()?;
        if !index.push(address, granule) {
            return None;
        }
    }
    index.shrink();
    Some(index)
}

/// Makes every copy of every record alive.
pub(in crate::store) fn all_alive(segment: &mut Segment) -> io::Result<()> {
    let Some(index) = segment.packed.clone() else {
        return Ok(());
    };
    let mut window = Window::new(Arc::clone(&segment.file));
    for (address, granule) in index.iter() {
        let octets = Spot::new(segment, granule).read_in(&mut window)?;
        let message = Record::parse(octets, address)
            .and_then(|record| record.message().map(|message| (record.step(), message)));
        if let Some((len, message)) = message {
            segment.add(message.at(), len, message.queues());
        }
    }
    Ok(())
}

/// A packed segment in the making.
pub(in crate::store) struct Packer {
    file: Arc<dyn DiskFile>,
    head: SegmentHead,
    index: Index,
    /// Octets that are not written yet.
    buffer: Vec<u8>,
    written: u64,
    /// The queues of each record, for the counts of the new segment.
    messages: Vec<(crate::store::RecordAt, usize, Box<[QueueId]>)>,
    /// For its footer.
    rows: row::Packer,
}

const BUFFER: usize = 1024 * 1024;

impl Packer {
    /// Begins the file `name`.
    pub(in crate::store) fn new(
        disk: &dyn Disk,
        name: &str,
        head: SegmentHead,
    ) -> io::Result<Self> {
        debug_assert!(head.layout == Layout::Packed, "that is what is made here");
        let file = disk.create(name)?;
        let buffer = head.encode();
        Ok(Self {
            file,
            head,
            index: Index::default(),
            buffer,
            written: 0,
            messages: Vec::new(),
            rows: row::Packer::default(),
        })
    }

    /// Adds a record; addresses must rise.
    pub(in crate::store) fn add(&mut self, record: &Record<'_>) -> io::Result<()> {
        let Some(message) = record.message() else {
            return Ok(());
        };
        let at = self.written + self.buffer.len() as u64 - SEGMENT_HEAD as u64;
        let granule = short(usize::try_from(at).unwrap_or(usize::MAX) / GRANULE);
        if !self.index.push(record.address, granule) {
            return Err(io::Error::other("records to pack are out of order"));
        }
        self.messages
            .push((message.at(), record.step(), message.queues().collect()));
        message.rows().for_each(|row| self.rows.push(&row));
        self.buffer.extend_from_slice(record.octets());
        if self.buffer.len() >= BUFFER {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_at(self.written, &self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Octets so far.
    pub(in crate::store) fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes the index and makes the file durable under the name `name`.
    pub(in crate::store) fn finish(
        mut self,
        disk: &dyn Disk,
        from: &str,
        name: &str,
    ) -> io::Result<Packed> {
        let mut index = Vec::with_capacity(self.index.len() * ENTRY);
        for (address, granule) in self.index.iter() {
            index.extend_from_slice(&address.to_le_bytes());
            index.extend_from_slice(&granule.to_le_bytes());
            index.extend_from_slice(&[0; 4]);
        }
        let sum = crc32c::crc32c(&index);
        self.buffer.extend_from_slice(&index);
        self.buffer.extend_from_slice(&MAGIC);
        self.buffer.extend_from_slice(&sum.to_le_bytes());
        self.buffer
            .extend_from_slice(&(index.len() as u64).to_le_bytes());
        self.flush()?;
        self.file.sync()?;
        disk.rename(from, name)?;
        disk.sync_names()?;
        let mut segment = Segment::new(name.to_owned(), self.file, self.head.first, self.head.end);
        segment.file_len = self.written;
        self.index.shrink();
        segment.packed = Some(Arc::new(self.index));
        Ok(Packed {
            segment,
            messages: self.messages,
            rows: self.rows,
        })
    }
}

/// A packed segment on disk, not in the catalog yet.
pub(in crate::store) struct Packed {
    pub(in crate::store) segment: Segment,
    pub(in crate::store) messages: Vec<(crate::store::RecordAt, usize, Box<[QueueId]>)>,
    pub(in crate::store) rows: row::Packer,
}
