//! Finding out what a data directory holds, without changing it.
//!
//! Owns the judgement about damage. A batch that is whole says up to where the log was durable
//! when it was written; so damage before that address is rot, everything around it is kept and it
//! is reported, while damage that nothing behind it vouches for is the torn end of the log and
//! cut. Used by the store at start and by `check-data` and `dump` alike.
//!
//! Invariant I10.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::Arc;

use crate::store::DefinitionChange;
use serde::Serialize;

use super::files::{check_others, io_error};
use super::tail::{Batch, SegmentFile, Tail, prove};
use crate::store::StoreError;
use crate::store::disk::window::Window;
use crate::store::disk::{Disk, DiskFile};
use crate::store::format::batch::{self, BATCH_HEAD, BatchHead, Layout, SEGMENT_HEAD, SegmentHead};
use crate::store::format::record::{Entry, GRANULE, Record};
use crate::store::log::catalog::Catalog;
use crate::store::log::segment::Segment;
use crate::store::space::checkpoint::{Checkpoint, Listed};
use crate::store::space::packed;

/// What of the files cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// Where in it.
    pub offset: u64,
    /// How many octets.
    pub len: u64,
    /// What is wrong.
    pub what: Cow<'static, str>,
}

/// What was found.
pub(in crate::store) struct Scan {
    pub(in crate::store) catalog: Catalog,
    /// Where the log ends.
    pub(in crate::store) end: u64,
    /// The first address that was never used.
    pub(in crate::store) free: u64,
    pub(in crate::store) epoch: u64,
    /// The number of the newest checkpoint file, whole or not.
    pub(in crate::store) checkpoint: u64,
    /// The number of the last write of definitions that must be there.
    pub(in crate::store) definitions: u64,
    /// Changes of definitions behind the checkpoint, with their addresses.
    pub(in crate::store) changes: Vec<(u64, DefinitionChange)>,
    /// Files of ours that are not needed.
    pub(in crate::store) unneeded: Vec<String>,
    pub(in crate::store) damage: Vec<Damage>,
    /// The torn end of the log: file, offset.
    pub(in crate::store) torn: Option<(String, u64)>,
    /// Batches that were read.
    pub(in crate::store) batches: u64,
    /// Files of the log behind the checkpoint.
    pub(super) tail_files: Vec<Arc<dyn DiskFile>>,
    /// The last batch that was read, unless there was damage since.
    before: Option<Before>,
}

/// What the next batch must answer to.
#[derive(Clone, Copy)]
struct Before {
    head: BatchHead,
    /// The checksum of its head.
    sum: u32,
}

/// Reads the directory.
///
/// # Errors
/// [`StoreError`] if a file cannot be read or is of a version that this program does not know.
pub(in crate::store) fn scan(disk: &dyn Disk) -> Result<Scan, StoreError> {
    check_others(disk)?;
    let names = disk.list().map_err(|source| io_error(disk, "", source))?;
    let mut scan = Scan {
        catalog: Catalog::default(),
        end: SEGMENT_HEAD as u64,
        free: SEGMENT_HEAD as u64,
        epoch: 0,
        checkpoint: 0,
        definitions: 0,
        changes: Vec::new(),
        unneeded: Vec::new(),
        damage: Vec::new(),
        torn: None,
        batches: 0,
        tail_files: Vec::new(),
        before: None,
    };
    let base = scan.newest_checkpoint(disk, &names)?;
    let found = scan.find_segments(disk, &names)?;
    let tail = scan.take_listed(base, found)?;
    scan.read_tail(tail)?;
    scan.find_footers(&names);
    Ok(scan)
}

fn reading(name: &str, source: io::Error) -> StoreError {
    StoreError::Io {
        what: format!("reading '{name}'"),
        source,
    }
}

impl Scan {
    /// The number of the last start, of which the definitions know `known`, or at least one that is
    /// not smaller than that of any queue that may still be somewhere.
    pub(in crate::store) fn last_epoch(&self, known: u64) -> u64 {
        let dropped = self.catalog.dropped.iter().map(|queue| queue.0 >> 32);
        dropped.fold(known.max(self.epoch), u64::max)
    }

    /// Takes over the segments that the checkpoint lists; returns those that come after it.
    fn take_listed(
        &mut self,
        base: Option<Checkpoint>,
        found: Vec<SegmentFile>,
    ) -> Result<Vec<SegmentFile>, StoreError> {
        let Some(base) = base else {
            return self.without_checkpoint(found);
        };
        self.catalog.applied = base.applied;
        self.definitions = base.definitions;
        self.catalog.dropped = base.dropped.into_iter().collect();
        self.end = base.applied;
        self.free = self.free.max(base.applied);
        let mut listed: BTreeMap<String, Listed> = base
            .segments
            .into_iter()
            .map(|segment| (segment.name.clone(), segment))
            .collect();
        let stand_ins = stand_ins(&found, &mut listed);
        let last = last_begun(&found, base.applied);
        let mut tail = Vec::new();
        for found in found {
            if stand_ins.contains(&found.name) {
                self.take_packed(&found)?;
            } else if let Some(listed) = listed.remove(&found.name) {
                self.free = self.free.max(listed.end);
                let mut segment = segment(&found, listed.end);
                if found.head.layout == Layout::Packed && !self.read_index(&mut segment)? {
                    continue;
                }
                segment.live = listed.live;
                segment.returned = listed.returned;
                if listed.end > base.applied && found.head.layout == Layout::Log {
                    tail.push(SegmentFile {
                        head: SegmentHead {
                            end: listed.end,
                            ..found.head
                        },
                        ..found
                    });
                }
                self.catalog.insert(segment);
            } else if found.head.layout == Layout::Log
                && found.head.end > base.applied
                && (found.head.first >= base.applied || last == Some(found.head.first))
            {
                self.catalog.insert(segment(&found, found.head.end));
                tail.push(found);
            } else {
                self.unneeded.push(found.name);
            }
        }
        for (name, listed) in listed {
            if listed.live.next(0).is_some() {
                let len = listed.end - listed.first;
                self.damage.push(Damage {
                    file: name,
                    offset: 0,
                    len,
                    what: "the file is missing".into(),
                });
            }
        }
        Ok(tail)
    }

    /// Both checkpoints are gone, or there was none yet: everything that is there counts.
    fn without_checkpoint(
        &mut self,
        found: Vec<SegmentFile>,
    ) -> Result<Vec<SegmentFile>, StoreError> {
        let mut tail = Vec::new();
        for found in found {
            if found.head.layout == Layout::Packed {
                self.take_packed(&found)?;
                continue;
            }
            if self
                .catalog
                .segment(found.head.first)
                .is_some_and(|other| other.packed.is_some())
            {
                continue;
            }
            self.catalog.insert(segment(&found, found.head.end));
            tail.push(found);
        }
        Ok(tail)
    }

    /// Takes over a packed segment without a checkpoint that says what is alive in it.
    fn take_packed(&mut self, found: &SegmentFile) -> Result<(), StoreError> {
        let mut segment = segment(found, found.head.end);
        if self.read_index(&mut segment)? {
            packed::all_alive(&mut segment).map_err(|source| reading(&segment.name, source))?;
            self.catalog.insert(segment);
        }
        Ok(())
    }

    fn read_index(&mut self, segment: &mut Segment) -> Result<bool, StoreError> {
        let index = packed::read_index(&*segment.file, segment.file_len);
        if let Some(index) = index.map_err(|source| reading(&segment.name, source))? {
            segment.packed = Some(Arc::new(index));
            return Ok(true);
        }
        let (file, len) = (segment.name.clone(), segment.file_len);
        self.damage.push(Damage {
            file,
            offset: 0,
            len,
            what: "the index is damaged".into(),
        });
        Ok(false)
    }

    /// Reads the log behind the checkpoint and applies what is whole.
    fn read_tail(&mut self, tail: Vec<SegmentFile>) -> Result<(), StoreError> {
        let mut segments = tail.into_iter().peekable();
        let mut heads = Vec::new();
        while let Some(found) = segments.next() {
            let next = segments.peek().map(|next| next.head);
            let end = next.map_or(found.head.end, |next| found.head.end.min(next.first));
            heads.push(Tail {
                end,
                next: next.map(|next| next.follows),
                found,
            });
        }
        self.tail_files = heads
            .iter()
            .map(|tail| Arc::clone(&tail.found.file))
            .collect();
        let proven = prove(&heads, self.catalog.applied)?;
        let mut ended = false;
        for tail in &heads {
            ended = ended || self.ends_before(tail, proven);
            if ended {
                // Begun after the end that was cut: nothing in it was ever promised.
                self.unneeded.push(tail.found.name.clone());
                self.catalog.segments.remove(&tail.found.head.first);
            } else {
                ended = !self.read_segment(tail, proven)?;
            }
        }
        self.catalog.applied = self.catalog.applied.max(self.end);
        Ok(())
    }

    /// Whether something is missing between what was read and `tail` that nothing vouches for: a
    /// batch that was being written again, to a file of its own, when the power went.
    fn ends_before(&self, tail: &Tail, proven: u64) -> bool {
        let SegmentHead { first, follows, .. } = tail.found.head;
        let is_known = follows != u64::MAX;
        is_known && first > self.end && follows != self.end && self.end >= proven
    }

    /// Reads one segment; `false` if the log ends in it.
    fn read_segment(&mut self, tail: &Tail, proven: u64) -> Result<bool, StoreError> {
        let mut window = Window::new(Arc::clone(&tail.found.file));
        let first = tail.found.head.first;
        let mut address = first.max(self.catalog.applied);
        while address < tail.end {
            if tail.next == Some(address) {
                break;
            }
            match tail.batch(&mut window, address)? {
                Some(batch) if batch.whole => {
                    if !self.is_answer(tail, &batch, proven) {
                        self.cut(tail, address)?;
                        return Ok(false);
                    }
                    self.apply(batch.octets, address);
                    let Batch { head, sum, .. } = batch;
                    self.before = Some(Before { head, sum });
                    self.epoch = self.epoch.max(batch.head.epoch);
                    self.batches += 1;
                    address = batch.head.end();
                    self.end = address;
                }
                _ if address >= proven => {
                    self.cut(tail, address)?;
                    return Ok(false);
                }
                _ => address = self.quarantine(tail, &mut window, address, proven)?,
            }
        }
        Ok(true)
    }

    /// Whether the log goes on with `batch`: not if it was written behind another batch than the
    /// one that is there. If that had to be there, it is damage; if not, the log ends.
    fn is_answer(&mut self, tail: &Tail, batch: &Batch<'_>, proven: u64) -> bool {
        let Some(before) = self.before else {
            return true;
        };
        let expected = if batch.head.epoch == before.head.epoch {
            before.sum
        } else {
            0
        };
        if batch.head.previous == expected {
            return true;
        }
        if before.head.address >= proven {
            return false;
        }
        self.damage.push(Damage {
            file: tail.found.name.clone(),
            offset: tail.offset(batch.head.address),
            len: BATCH_HEAD as u64,
            what: Cow::Borrowed(
                "the batch before this one is not the one that was there when it was written",
            ),
        });
        true
    }

    fn apply(&mut self, octets: &[u8], address: u64) {
        for record in batch::records(octets, address) {
            self.apply_record(&record);
        }
    }

    fn apply_record(&mut self, record: &Record<'_>) {
        match record.entry() {
            Some(Entry::Change(change)) => self.changes.push((record.address, change)),
            _ => self.catalog.apply(record),
        }
    }

    /// The log ends here. That is worth a word only if something had been begun.
    fn cut(&mut self, tail: &Tail, address: u64) -> Result<(), StoreError> {
        let offset = tail.offset(address);
        let mut octets = [0; BATCH_HEAD];
        tail.read(
            &mut Window::new(Arc::clone(&tail.found.file)),
            address,
            BATCH_HEAD,
        )?
        .iter()
        .zip(&mut octets)
        .for_each(|(from, to)| *to = *from);
        if BatchHead::decode(&octets, address).is_ok() {
            self.torn = Some((tail.found.name.clone(), offset));
        }
        Ok(())
    }

    /// Passes over rot, keeps every record in it that is whole, and returns where the next batch
    /// is, or the end of what must be there.
    fn quarantine(
        &mut self,
        tail: &Tail,
        window: &mut Window,
        address: u64,
        proven: u64,
    ) -> Result<u64, StoreError> {
        let stop = tail.end.min(tail.next.unwrap_or(u64::MAX));
        let mut bad = address;
        let mut at = address;
        while at < stop {
            if let Some(batch) = tail.batch(window, at)?
                && batch.whole
            {
                break;
            }
            if at >= proven {
                break;
            }
            let step = match tail.record(window, at)? {
                Some(record) => {
                    let step = record.step();
                    self.apply_record(&record);
                    self.note(tail, bad, at);
                    bad = at + step as u64;
                    step
                }
                None => GRANULE,
            };
            at += step as u64;
        }
        let at = at.min(stop);
        self.note(tail, bad, at);
        self.before = None;
        self.end = at;
        Ok(at)
    }

    fn note(&mut self, tail: &Tail, from: u64, to: u64) {
        // The head of a batch is lost with any of its records: that alone is no loss.
        if to > from {
            self.damage.push(Damage {
                file: tail.found.name.clone(),
                offset: tail.offset(from),
                len: to - from,
                what: "the checksum is wrong".into(),
            });
        }
    }
}

/// Packed segments that the checkpoint does not list although one of those that it lists and that
/// they were made from is gone: a later checkpoint listed them, and is not there or has rotted.
/// The ones that they stand in for are taken out of `listed`.
fn stand_ins(found: &[SegmentFile], listed: &mut BTreeMap<String, Listed>) -> HashSet<String> {
    let there: HashSet<&String> = found.iter().map(|found| &found.name).collect();
    let mut stand_ins = HashSet::new();
    for found in found {
        if found.head.layout != Layout::Packed || listed.contains_key(&found.name) {
            continue;
        }
        let range = found.head.first..found.head.end;
        let inside = listed.values().filter(|one| range.contains(&one.first));
        let inside: Vec<String> = inside.map(|one| one.name.clone()).collect();
        if inside.iter().any(|name| !there.contains(name)) {
            listed.retain(|name, _| !inside.contains(name));
            stand_ins.insert(found.name.clone());
        }
    }
    stand_ins
}

/// The first address of the last file of the log that begins before `applied`, which need not be
/// in the checkpoint: after a failure what was written last is written again, to a new file, and a
/// checkpoint may speak of some of it already.
fn last_begun(found: &[SegmentFile], applied: u64) -> Option<u64> {
    let log = found.iter().filter(|one| one.head.layout == Layout::Log);
    let firsts = log.map(|found| found.head.first);
    firsts.filter(|first| *first < applied).max()
}

fn segment(found: &SegmentFile, end: u64) -> Segment {
    let mut segment = Segment::new(
        found.name.clone(),
        Arc::clone(&found.file),
        found.head.first,
        end,
    );
    segment.file_len = found.len;
    segment.is_counted = false;
    segment
}
