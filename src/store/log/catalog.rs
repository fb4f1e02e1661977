//! All segments, and what is alive in them.
//!
//! Owns the answer to "which file holds this address" and applies records to it. The commit
//! thread applies what it has made durable, recovery what it finds. It knows no staging.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::Arc;

use super::segment::Segment;
use crate::ids::QueueId;
use crate::store::RecordAt;
use crate::store::disk::window::Window;
use crate::store::disk::{DiskFile, read_full};
use crate::store::format::batch::SEGMENT_HEAD;
use crate::store::format::octets::{index, u32_at};
use crate::store::format::record::{self, Entry, Record, Stored, claimed_len};
use crate::store::format::row::Packer;

/// See the module.
#[derive(Default)]
pub(in crate::store) struct Catalog {
    /// By first address.
    pub(in crate::store) segments: BTreeMap<u64, Segment>,
    /// Everything before this address is reflected here.
    pub(in crate::store) applied: u64,
    /// Nothing is alive any more in a segment in which something was.
    pub(in crate::store) has_emptied: bool,
    /// Queues that were deleted and may still have messages in the log.
    pub(in crate::store) dropped: HashSet<QueueId>,
    /// Rows for footers that are not written yet, by first address of their segment. `None` as
    /// long as the log is only read. Packed, because a full disk or a slow one makes many wait.
    pub(in crate::store) fresh: Option<BTreeMap<u64, Packer>>,
}

/// A segment that nothing is added to any more, without its footer.
pub(in crate::store) struct Finished {
    pub(in crate::store) first: u64,
    /// Its rows, dead ones too.
    pub(in crate::store) rows: Packer,
}

impl Catalog {
    /// The segment that `address` belongs to.
    pub(in crate::store) fn segment(&self, address: u64) -> Option<&Segment> {
        let (_, segment) = self.segments.range(..=address).next_back()?;
        (address < segment.end).then_some(segment)
    }

    fn segment_mut(&mut self, address: u64) -> Option<&mut Segment> {
        let (_, segment) = self.segments.range_mut(..=address).next_back()?;
        (address < segment.end).then_some(segment)
    }

    /// Adds a segment; one that covered its addresses before ends where it begins.
    pub(in crate::store) fn insert(&mut self, segment: Segment) {
        if let Some((_, before)) = self.segments.range_mut(..segment.first).next_back() {
            before.end = before.end.min(segment.first);
        }
        self.segments.insert(segment.first, segment);
    }

    /// Applies a record; changes of definitions are not for here.
    pub(in crate::store) fn apply(&mut self, record: &Record<'_>) {
        match record.entry() {
            Some(Entry::Message(message)) => {
                let at = message.at();
                let dropped = &self.dropped;
                if !at.is_shared() && message.queues().all(|queue| dropped.contains(&queue)) {
                    return;
                }
                self.add(at, record.step(), &message);
            }
            Some(Entry::Settled { queue, records }) => {
                for at in records.iter() {
                    self.settle(queue, at);
                }
            }
            Some(Entry::Returned {
                queue,
                record,
                returns,
            }) => {
                self.learn(record);
                if let Some(segment) = self.segment_mut(record.address()) {
                    segment.give_back(queue, record, returns);
                }
            }
            Some(Entry::Dropped { queue }) => {
                self.dropped.insert(queue);
                for segment in self.segments.values_mut() {
                    segment.drop_queue(queue);
                    self.has_emptied |= segment.is_empty();
                }
            }
            Some(Entry::Change(_)) | None => {}
        }
    }

    fn add(&mut self, at: RecordAt, len: usize, message: &Stored<'_>) {
        let Some(segment) = self.segment_mut(at.address()) else {
            return;
        };
        segment.add(at, len, message.queues());
        let first = segment.first;
        if let Some(fresh) = &mut self.fresh {
            let rows = fresh.entry(first).or_default();
            message.rows().for_each(|row| rows.push(&row));
        }
    }

    /// Takes the rows of segments that are finished.
    pub(in crate::store) fn take_finished(&mut self) -> Vec<Finished> {
        let (segments, applied) = (&self.segments, self.applied);
        let is_finished = |first: &u64| {
            segments
                .get(first)
                .is_none_or(|segment| segment.end <= applied)
        };
        let Some(fresh) = &mut self.fresh else {
            return Vec::new();
        };
        let finished = fresh.extract_if(.., |first, _| is_finished(first));
        finished
            .map(|(first, rows)| Finished { first, rows })
            .collect()
    }

    /// Keeps the rows of a segment for its footer.
    pub(in crate::store) fn keep_rows(&mut self, first: u64, rows: Packer) {
        if let Some(fresh) = &mut self.fresh {
            fresh.insert(first, rows);
        }
    }

    /// The log ends here: the last segment gets no more.
    pub(in crate::store) fn end_log(&mut self) {
        if let Some(mut last) = self.segments.last_entry() {
            let segment = last.get_mut();
            if segment.packed.is_none() && segment.end > self.applied {
                segment.end = self.applied.max(segment.first);
            }
        }
    }

    /// The log goes on at `address` in another file: what lies before it gets no more.
    pub(super) fn end_before(&mut self, address: u64) {
        let applied = self.applied;
        if let Some((_, segment)) = self.segments.range_mut(..address).next_back()
            && segment.packed.is_none()
            && segment.end > applied
        {
            segment.end = applied.max(segment.first);
        }
    }

    /// Nothing is alive in the segment at `first`.
    pub(super) fn is_empty_at(&self, first: u64) -> bool {
        self.segments.get(&first).is_some_and(Segment::is_empty)
    }

    fn settle(&mut self, queue: QueueId, at: RecordAt) {
        self.learn(at);
        if let Some(segment) = self.segment_mut(at.address()) {
            segment.settle(queue, at);
            self.has_emptied |= segment.is_empty();
        }
    }

    /// After a start the queues of an older message with several copies may not be known yet:
    /// they are read from its record.
    fn learn(&mut self, at: RecordAt) {
        let Some(segment) = self
            .segment_mut(at.address())
            .filter(|segment| !segment.knows(at))
        else {
            return;
        };
        let Some(bit) = segment
            .bit(at.address())
            .filter(|bit| segment.live.contains(*bit))
        else {
            return;
        };
        let mut octets = Vec::new();
        let found = Spot::new(segment, bit)
            .read(&mut octets)
            .ok()
            .flatten()
            .and_then(|()| Record::parse(&octets, at.address()))
            .and_then(|record| record.message().map(|message| message.queues().collect()));
        if let Some(queues) = found {
            segment.learn(at, queues);
        }
    }

    /// Octets of all segment files.
    pub(in crate::store) fn disk_octets(&self) -> u64 {
        self.segments
            .values()
            .map(|segment| segment.file_len.max(SEGMENT_HEAD as u64))
            .sum()
    }

    /// Roughly the octets of all messages that are alive.
    pub(in crate::store) fn live_octets(&self) -> u64 {
        self.segments.values().map(Segment::live_octets).sum()
    }

    /// Copies of messages that are alive.
    pub(in crate::store) fn copies(&self) -> u64 {
        self.segments.values().map(Segment::copies).sum()
    }

    /// Forgets deleted queues that no segment needs to remember.
    pub(in crate::store) fn forget_dropped(&mut self) {
        let segments = self.segments.values();
        let needed: HashSet<QueueId> = segments
            .flat_map(|segment| segment.dropped.iter().copied())
            .collect();
        self.dropped.retain(|queue| needed.contains(queue));
    }
}

/// Where a record lies in a file.
pub(in crate::store) struct Spot {
    pub(in crate::store) file: Arc<dyn DiskFile>,
    offset: u64,
    /// Octets of the file that records can be in.
    room: u64,
}

/// Octets that are read at once when the length of a record is not known.
const FIRST_READ: usize = 4096;

impl Spot {
    pub(in crate::store) fn new(segment: &Segment, bit: u32) -> Self {
        let file = Arc::clone(&segment.file);
        Self {
            file,
            offset: Segment::offset(bit),
            room: segment.room(),
        }
    }

    /// Reads the record; `None` if there can be none.
    pub(in crate::store) fn read(&self, into: &mut Vec<u8>) -> io::Result<Option<()>> {
        let room = index(self.room.saturating_sub(self.offset));
        into.resize(FIRST_READ.min(room), 0);
        let read = read_full(&*self.file, self.offset, into)?;
        into.truncate(read);
        let len = record::padded(u32_at(into, 4).unwrap_or_default() as usize);
        if len > room {
            return Ok(None);
        }
        if len > read {
            into.resize(len, 0);
            let rest = into.get_mut(read..).unwrap_or_default();
            let more = read_full(&*self.file, self.offset + read as u64, rest)?;
            into.truncate(read + more);
        }
        Ok(claimed_len(into).map(|len| into.truncate(len)))
    }

    /// Reads the record out of a window over its file.
    pub(in crate::store) fn read_in<'w>(&self, window: &'w mut Window) -> io::Result<&'w [u8]> {
        let len = u32_at(window.get(self.offset, 8)?, 4).unwrap_or_default() as usize;
        let room = index(self.room.saturating_sub(self.offset));
        window.get(self.offset, record::padded(len).min(room))
    }
}
