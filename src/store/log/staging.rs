//! What was submitted and is not written yet.
//!
//! Settlements go behind everything else in their batch, those of one queue as one record: alone
//! each would take 48 octets. Nothing in a batch depends on their being earlier, because a batch
//! is there whole or not at all.
//!
//! Owns the addresses: a record's place in the log is decided here, under one short lock, so that
//! a caller has it at once and the commit thread only has to write. Owns where batches and
//! segments begin for the same reason. It knows no file.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Options;
use crate::clock::Wall;
use crate::ids::QueueId;
use crate::store::format::batch::{self, BATCH_HEAD, SEGMENT_HEAD};
use crate::store::format::octets;
use crate::store::format::places::PlacesBuilder;
use crate::store::format::record::{self, GRANULE, Record};
use crate::store::{DefinitionChange, Op, Position};

/// A group is put into a batch of its own once the one before it has this share of what may wait
/// for the disk, so that the wait for one write stays bounded for all callers that share it.
const BATCH_SHARE: usize = 8;

/// A commit takes this share of what may wait for the disk, if so much is there: the other half is
/// staged while it is written.
const TAKEN_SHARE: usize = 2;

/// Settlements that are not left lying any longer.
const LAZY_MAX: u64 = 8192;

/// Octets of bodies from which on a group is encoded before the lock is taken.
const LARGE: usize = 64 * 1024;

/// A segment that batches go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Plan {
    /// The address of the first octet behind the file's head.
    pub(in crate::store) first: u64,
    /// The first address that does not belong to it.
    pub(in crate::store) end: u64,
    /// Where the log ended before it.
    pub(in crate::store) follows: u64,
}

/// A batch to be.
pub(in crate::store) struct StagedBatch {
    pub(in crate::store) plan: Plan,
    pub(in crate::store) address: u64,
    /// Room for the head, then records.
    pub(in crate::store) octets: Vec<u8>,
    /// Holds something that must be durable before the position moves past it.
    pub(super) wants_sync: bool,
    /// Gets nothing more.
    is_full: bool,
    /// Where in `octets` settlements are that must not be durable before what is before them.
    moved: Vec<Range<usize>>,
}

/// When settlements may be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// At any time.
    Free,
    /// Not before what was staged before them.
    Kept,
}

impl StagedBatch {
    pub(in crate::store) fn end(&self) -> u64 {
        self.address + self.octets.len() as u64
    }

    /// Its records, and whether each must not be durable before what is before it.
    pub(in crate::store) fn records(&self) -> impl Iterator<Item = (Record<'_>, bool)> {
        batch::records(&self.octets, self.address).map(|record| {
            let at = octets::index(record.address.saturating_sub(self.address));
            let is_kept = self.moved.iter().any(|range| range.contains(&at));
            (record, is_kept)
        })
    }
}

/// See the module.
pub(in crate::store) struct Staging {
    batches: Vec<StagedBatch>,
    /// Octets in all batches but the last.
    full_len: usize,
    /// Settlements that go behind what is in the last batch.
    settled: BTreeMap<(Order, QueueId), PlacesBuilder>,
    /// Octets that they will take.
    settled_len: usize,
    /// How many they are.
    settled_count: u64,
    spare: Vec<Vec<u8>>,
    /// Octets that the spare buffers have room for.
    spare_len: usize,
    /// Octets that may wait for the disk.
    staged_max: usize,
    plan: Plan,
    next: u64,
    /// Octets of a segment file, head included.
    segment_len: u64,
    pub(in crate::store) closing: bool,
    /// The commit thread looks around in a moment, whether it is woken or not.
    pub(in crate::store) ticks: bool,
}

impl Staging {
    /// The log goes on at `first` in a new segment; it ended at `follows` before.
    pub(in crate::store) fn new(first: u64, follows: u64, options: &Options) -> Self {
        // A plan without room: whatever comes first begins a segment.
        let plan = Plan {
            first,
            end: first,
            follows,
        };
        Self {
            batches: Vec::new(),
            full_len: 0,
            settled: BTreeMap::new(),
            settled_len: 0,
            settled_count: 0,
            spare: Vec::new(),
            spare_len: 0,
            staged_max: usize::try_from(options.staged_max).unwrap_or(usize::MAX),
            plan,
            next: follows,
            segment_len: options.segment_len,
            closing: false,
            ticks: false,
        }
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether something is staged that a caller waits for, or enough to be worth a write of its
    /// own. What is left are settlements, which no caller waits for: they can go with the next
    /// batch.
    pub(in crate::store) fn is_due(&self) -> bool {
        match self.batches.as_slice() {
            [] => false,
            [batch] => batch.wants_sync || self.settled_count >= LAZY_MAX,
            _ => true,
        }
    }

    /// Octets that are staged, roughly.
    pub(in crate::store) fn octets(&self) -> usize {
        self.full_len + self.batches.last().map_or(0, |batch| batch.octets.len())
    }

    /// Where the log ends with all that is staged.
    pub(in crate::store) fn end(&self) -> u64 {
        self.next
    }

    /// Takes what is staged, or the first part of it if that is as much as one commit should
    /// write; `into` must be empty.
    pub(in crate::store) fn take(&mut self, into: &mut Vec<StagedBatch>) {
        let most = self.staged_max / TAKEN_SHARE;
        let mut len = 0;
        let fits = |batch: &&StagedBatch| {
            len += batch.octets.len();
            len <= most
        };
        let count = self.batches.iter().take_while(fits).count().max(1);
        if count >= self.batches.len() {
            self.flush_settled();
            std::mem::swap(&mut self.batches, into);
            self.full_len = 0;
        } else {
            into.extend(self.batches.drain(..count));
            let taken: usize = into.iter().map(|batch| batch.octets.len()).sum();
            self.full_len -= taken;
        }
    }

    /// Gives a buffer back. As much room is kept as a busy log needs.
    pub(in crate::store) fn give_back(&mut self, mut buffer: Vec<u8>) {
        if self.spare_len + buffer.capacity() <= self.staged_max / TAKEN_SHARE {
            buffer.clear();
            self.spare_len += buffer.capacity();
            self.spare.push(buffer);
        }
    }

    /// Nothing has come for a while: no room is kept.
    pub(in crate::store) fn shrink(&mut self) {
        (self.spare, self.spare_len) = (Vec::new(), 0);
    }

    /// Stages one group.
    pub(in crate::store) fn submit(&mut self, ops: &mut [Op<'_>], stored_at: Wall) -> Position {
        let need = ops.iter().map(record::op_len).sum();
        // Behind the head of the batch, or settlements alone would seem to be durable already.
        self.next = self.batch_for(need).end();
        for op in ops {
            if let Op::Settled { queue, records } = op {
                self.settle((Order::Free, *queue), records);
            } else if let Op::Moved { queue, records } = op {
                self.settle((Order::Kept, *queue), records);
            } else if let Some(batch) = self.batches.last_mut() {
                batch.wants_sync |= matches!(op, Op::Message { .. });
                record::encode(op, batch.end(), stored_at, &mut batch.octets);
                self.next = batch.end();
            }
        }
        // Less than the end of the batch, if settlements follow: it is durable as a whole.
        Position(self.next)
    }

    fn settle(&mut self, key: (Order, QueueId), records: &[crate::store::RecordAt]) {
        let places = self.settled.entry(key).or_default();
        let before = if places.count() == 0 {
            0
        } else {
            record::settled_len(places)
        };
        places.extend(records);
        self.settled_len += record::settled_len(places) - before;
        self.settled_count += records.len() as u64;
    }

    fn flush_settled(&mut self) {
        let Some(batch) = self.batches.last_mut() else {
            return;
        };
        for ((order, queue), places) in std::mem::take(&mut self.settled) {
            let start = batch.octets.len();
            record::encode_settled(queue, &places, &mut batch.octets);
            if order == Order::Kept {
                batch.moved.push(start..batch.octets.len());
            }
        }
        (self.settled_len, self.settled_count) = (0, 0);
        self.next = batch.end();
    }

    /// Stages what was encoded without the lock, as a batch of its own.
    pub(in crate::store) fn submit_prepared(
        &mut self,
        prepared: Prepared,
        ops: &mut [Op<'_>],
    ) -> Position {
        let need = prepared.octets.len() - BATCH_HEAD;
        self.open(prepared.octets, need);
        let Some(batch) = self.batches.last_mut() else {
            return Position(self.next);
        };
        batch.wants_sync = prepared.wants_sync;
        batch.is_full = true;
        for op in ops {
            if let Op::Message { at, .. } = op {
                at.0 += batch.address;
            }
        }
        self.next = batch.end();
        Position(self.next)
    }

    /// Stages one group of changes of definitions.
    pub(in crate::store) fn define(&mut self, changes: &[DefinitionChange]) -> Position {
        if changes.is_empty() {
            return Position(0);
        }
        let batch = self.batch_for(changes.iter().map(record::change_len).sum());
        batch.wants_sync = true;
        for change in changes {
            record::encode_change(change, &mut batch.octets);
        }
        self.next = batch.end();
        Position(self.next)
    }

    /// Asks for all that is staged, and what was written before it, to become durable.
    pub(in crate::store) fn sync(&mut self) -> Position {
        self.flush_settled();
        let batch = self.batch_for(0);
        batch.wants_sync = true;
        self.next = batch.end();
        Position(self.next)
    }

    /// Stages a batch without records, which says that all before it is durable.
    pub(in crate::store) fn cover(&mut self) {
        self.next = self.batch_for(0).end();
    }

    /// The batch that takes the next `need` octets.
    fn batch_for(&mut self, need: usize) -> &mut StagedBatch {
        let most = self.staged_max / BATCH_SHARE;
        let fits = self.batches.last().is_some_and(|batch| {
            let settled = self.settled_len;
            !batch.is_full
                && batch.end() + (settled + need) as u64 <= self.plan.end
                && (batch.octets.len() <= BATCH_HEAD || batch.octets.len() + settled + need <= most)
        });
        if !fits {
            let mut octets = self.spare.pop().unwrap_or_default();
            self.spare_len -= octets.capacity();
            octets.resize(BATCH_HEAD, 0);
            self.open(octets, need);
        }
        self.batches
            .last_mut()
            .expect("one was begun if there was none")
    }

    /// Begins a batch with `octets`, for which `need` octets behind its head must have room.
    fn open(&mut self, octets: Vec<u8>, need: usize) {
        self.flush_settled();
        let whole = (BATCH_HEAD + need) as u64;
        if self.next + whole > self.plan.end || self.next < self.plan.first {
            let room = (self.segment_len - SEGMENT_HEAD as u64).max(whole);
            let first = self.plan.end;
            let end = (first + room).next_multiple_of(GRANULE as u64);
            self.plan = Plan {
                first,
                end,
                follows: self.next,
            };
            self.next = first;
        }
        self.full_len = self.octets();
        self.batches.push(StagedBatch {
            plan: self.plan,
            address: self.next,
            octets,
            wants_sync: false,
            is_full: false,
            moved: Vec::new(),
        });
    }
}

/// A group in octets, with its places counted from the beginning of its batch.
pub(in crate::store) struct Prepared {
    octets: Vec<u8>,
    wants_sync: bool,
}

impl Prepared {
    /// Whether copying `ops` takes so long that other callers should not wait for the lock
    /// meanwhile.
    pub(in crate::store) fn pays(ops: &[Op<'_>]) -> bool {
        let bodies = ops.iter().map(|op| match op {
            Op::Message { message, .. } => message.body_len(),
            _ => 0,
        });
        bodies.sum::<usize>() >= LARGE
    }

    /// Encodes `ops` without the lock.
    pub(in crate::store) fn new(ops: &mut [Op<'_>], stored_at: Wall) -> Self {
        let need: usize = ops.iter().map(record::op_len).sum();
        let mut octets = Vec::with_capacity(BATCH_HEAD + need);
        octets.resize(BATCH_HEAD, 0);
        let mut wants_sync = false;
        for op in ops {
            wants_sync |= matches!(op, Op::Message { .. });
            record::encode(op, octets.len() as u64, stored_at, &mut octets);
        }
        Self { octets, wants_sync }
    }
}
