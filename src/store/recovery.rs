//! Finding out what a data directory holds, without changing it.
//!
//! Owns the judgement about damage. A batch that is whole says up to where the log was durable
//! when it was written; so damage before that address is rot, everything around it is kept and it
//! is reported, while damage that nothing behind it vouches for is the torn end of the log and
//! cut. Used by the store at start and by `check-data` and `dump` alike.
//!
//! Invariant I10.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::DefinitionChange;
use serde::Serialize;

use super::StoreError;
use super::batch::{
    self, BATCH_HEAD, BatchHead, Layout, NoHead, SEGMENT_HEAD, SegmentHead, VERSION,
};
use super::catalog::Catalog;
use super::checkpoint::{self, Checkpoint, Unread};
use super::disk::{Disk, DiskFile, read_full};
use super::packed;
use super::record::{Entry, GRANULE, Record};
use super::segment::Segment;
use super::tail::{Found, Tail, prove};
use super::window::Window;

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
    pub what: &'static str,
}

/// What was found.
pub(super) struct Scan {
    pub(super) catalog: Catalog,
    /// Where the log ends.
    pub(super) end: u64,
    /// The first address that was never used.
    pub(super) free: u64,
    pub(super) epoch: u64,
    /// The number of the newest checkpoint file, whole or not.
    pub(super) checkpoint: u64,
    /// Changes of definitions behind the checkpoint, with their addresses.
    pub(super) changes: Vec<(u64, DefinitionChange)>,
    /// Files of ours that are not needed.
    pub(super) unneeded: Vec<String>,
    pub(super) damage: Vec<Damage>,
    /// The torn end of the log: file, offset.
    pub(super) torn: Option<(String, u64)>,
    /// Batches that were read.
    pub(super) batches: u64,
    /// Files of the log behind the checkpoint.
    pub(super) tail_files: Vec<Arc<dyn DiskFile>>,
}

/// The name of the segment file whose first address is `first`.
pub(super) fn segment_name(first: u64) -> String {
    format!("{first:016x}.log")
}

/// Reads the directory.
///
/// # Errors
/// [`StoreError`] if a file cannot be read or is of a version that this program does not know.
pub(super) fn scan(disk: &dyn Disk) -> Result<Scan, StoreError> {
    let names = disk.list().map_err(|source| io_error(disk, "", source))?;
    let mut scan = Scan {
        catalog: Catalog::default(),
        end: SEGMENT_HEAD as u64,
        free: SEGMENT_HEAD as u64,
        epoch: 0,
        checkpoint: 0,
        changes: Vec::new(),
        unneeded: Vec::new(),
        damage: Vec::new(),
        torn: None,
        batches: 0,
        tail_files: Vec::new(),
    };
    let base = scan.newest_checkpoint(disk, &names)?;
    let found = scan.find_segments(disk, &names)?;
    let tail = scan.take_listed(base, found)?;
    scan.read_tail(tail)?;
    Ok(scan)
}

fn io_error(disk: &dyn Disk, name: &str, source: io::Error) -> StoreError {
    StoreError::Io {
        what: format!("reading '{}/{name}'", disk.place()),
        source,
    }
}

fn reading(name: &str, source: io::Error) -> StoreError {
    StoreError::Io {
        what: format!("reading '{name}'"),
        source,
    }
}

fn version_error(disk: &dyn Disk, name: &str, version: u32) -> StoreError {
    StoreError::Version {
        file: format!("{}/{name}", disk.place()),
        version,
        known: VERSION,
    }
}

impl Scan {
    /// The newest checkpoint that is whole.
    fn newest_checkpoint(
        &mut self,
        disk: &dyn Disk,
        names: &[String],
    ) -> Result<Option<Checkpoint>, StoreError> {
        let numbered = names
            .iter()
            .filter_map(|name| Some((checkpoint::number(name)?, name)));
        let by_number: BTreeMap<u64, &String> = numbered.collect();
        let mut newest = None;
        for (number, name) in by_number.iter().rev() {
            self.checkpoint = self.checkpoint.max(*number);
            if newest.is_some() {
                self.unneeded.push((*name).clone());
                continue;
            }
            match checkpoint::read(disk, name) {
                Ok(found) => newest = Some(found),
                // Written when the power went; nothing was given up for it yet.
                Err(Unread::Damaged) => self.unneeded.push((*name).clone()),
                Err(Unread::Version(version)) => return Err(version_error(disk, name, version)),
                Err(Unread::Io(source)) => return Err(io_error(disk, name, source)),
            }
        }
        Ok(newest)
    }

    /// All segment files by first address.
    fn find_segments(
        &mut self,
        disk: &dyn Disk,
        names: &[String],
    ) -> Result<Vec<Found>, StoreError> {
        let mut found = Vec::new();
        for name in names {
            let stem = name
                .strip_suffix(".log")
                .or_else(|| name.strip_suffix(".pack"));
            let Some(first) = stem.and_then(|stem| stem.split('-').next()) else {
                if name.ends_with(".tmp") {
                    self.unneeded.push(name.clone());
                }
                continue;
            };
            let Ok(first) = u64::from_str_radix(first, 16) else {
                continue;
            };
            let file = disk
                .open(name)
                .map_err(|source| io_error(disk, name, source))?;
            let len = file.size().map_err(|source| io_error(disk, name, source))?;
            let mut octets = vec![0; SEGMENT_HEAD];
            read_full(&*file, 0, &mut octets).map_err(|source| io_error(disk, name, source))?;
            let head = match SegmentHead::decode(&octets) {
                Ok(head) if head.first == first => head,
                Err(NoHead::Version(version)) => return Err(version_error(disk, name, version)),
                // A file that was begun when the power went, or a damaged one: what is in it
                // decides. Its length tells where it ends.
                Ok(_) | Err(NoHead::Damaged) => SegmentHead {
                    layout: if name.ends_with(".log") {
                        Layout::Log
                    } else {
                        Layout::Packed
                    },
                    node: 0,
                    epoch: 0,
                    first,
                    end: first.saturating_add(len.saturating_sub(SEGMENT_HEAD as u64)),
                    follows: u64::MAX,
                    begins: false,
                },
            };
            self.epoch = self.epoch.max(head.epoch);
            self.free = self.free.max(head.end);
            found.push(Found {
                name: name.clone(),
                file,
                len,
                head,
            });
        }
        found.sort_by_key(|found| (found.head.first, found.head.layout as u32));
        Ok(found)
    }

    /// Takes over the segments that the checkpoint lists; returns those that come after it.
    fn take_listed(
        &mut self,
        base: Option<Checkpoint>,
        found: Vec<Found>,
    ) -> Result<Vec<Found>, StoreError> {
        let Some(base) = base else {
            return self.without_checkpoint(found);
        };
        self.catalog.applied = base.applied;
        self.catalog.dropped = base.dropped.into_iter().collect();
        self.end = base.applied;
        self.free = self.free.max(base.applied);
        let mut listed: BTreeMap<String, checkpoint::Listed> = base
            .segments
            .into_iter()
            .map(|segment| (segment.name.clone(), segment))
            .collect();
        let mut tail = Vec::new();
        for found in found {
            if let Some(listed) = listed.remove(&found.name) {
                self.free = self.free.max(listed.end);
                let mut segment = segment(&found, listed.end);
                if found.head.layout == Layout::Packed && !self.read_index(&mut segment)? {
                    continue;
                }
                segment.live = listed.live;
                segment.returned = listed.returned;
                if listed.end > base.applied && found.head.layout == Layout::Log {
                    tail.push(Found {
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
                && found.head.first >= base.applied
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
                    what: "the file is missing",
                });
            }
        }
        Ok(tail)
    }

    /// Both checkpoints are gone, or there was none yet: everything that is there counts.
    fn without_checkpoint(&mut self, found: Vec<Found>) -> Result<Vec<Found>, StoreError> {
        let mut tail = Vec::new();
        for found in found {
            let mut segment = segment(&found, found.head.end);
            if found.head.layout == Layout::Packed {
                if self.read_index(&mut segment)? {
                    packed::all_alive(&mut segment)
                        .map_err(|source| reading(&segment.name, source))?;
                    self.catalog.insert(segment);
                }
                continue;
            }
            if self
                .catalog
                .segment(found.head.first)
                .is_some_and(|other| other.packed.is_some())
            {
                continue;
            }
            self.catalog.insert(segment);
            tail.push(found);
        }
        Ok(tail)
    }

    fn read_index(&mut self, segment: &mut Segment) -> Result<bool, StoreError> {
        let index = packed::read_index(&*segment.file, segment.file_len);
        if let Some(index) = index.map_err(|source| reading(&segment.name, source))? {
            segment.packed = Some(index.0);
            return Ok(true);
        }
        let (file, len) = (segment.name.clone(), segment.file_len);
        self.damage.push(Damage {
            file,
            offset: 0,
            len,
            what: "the index is damaged",
        });
        Ok(false)
    }

    /// Reads the log behind the checkpoint and applies what is whole.
    fn read_tail(&mut self, tail: Vec<Found>) -> Result<(), StoreError> {
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
        let proven = prove(&heads)?;
        let mut ended = false;
        for tail in &heads {
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
                    self.apply(batch.octets, address);
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
                what: "the checksum is wrong",
            });
        }
    }
}

fn segment(found: &Found, end: u64) -> Segment {
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
