//! Group commit: everything that was staged while the last batch was being made durable is the
//! next batch.
//!
//! Owns the end of the log: its current file, what was written since the last sync, and how far
//! the log is durable. No timer is involved. Settlements are written but not synced by themselves,
//! because losing one is a redelivery, which AMQP allows.
//!
//! When a write or a sync fails, the file is never trusted again: everything since the last sync
//! is kept in memory until then and written to a new file. While that fails too, the durable
//! position stands still, so that no confirm leaves, and the watchers are told.
//!
//! Invariants I1, I10.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use self::relief::Relief;
use super::Durability;
use super::segment::Segment;
use super::shared::Shared;
use super::shared::Source;
use super::staging::{Plan, StagedBatch};
use crate::clock::Clock;
use crate::store::Trouble;
use crate::store::disk::{Disk, DiskFile};
use crate::store::format::batch::segment_name;
use crate::store::format::batch::{self, Layout, SEGMENT_HEAD, SegmentHead};
use crate::store::format::record::Entry;

mod relief;

/// Octets that may be written without a sync; a longer stretch is synced even if nothing asks for
/// it, because all of it is kept in memory until then.
const UNSYNCED_MAX: usize = 4 * 1024 * 1024;

/// The one that writes.
pub(in crate::store) struct Writer {
    shared: Arc<Shared>,
    clock: Clock,
    current: Option<Current>,
    /// Written, but not known to be durable.
    unsynced: Vec<StagedBatch>,
    /// Not written yet.
    pending: VecDeque<StagedBatch>,
    /// Files with something that is not synced.
    dirty: Vec<Arc<dyn DiskFile>>,
    names_dirty: bool,
    /// The checksum of the head of the last batch that was sealed.
    previous: u32,
    /// Everything before this address is on the disk for good.
    synced: u64,
    /// The end of the last batch that held anything.
    last_end: u64,
    in_trouble: bool,
    relief: Relief,
    /// A commit has begun and not come to its end. If it panicked, it is not known what
    /// is written.
    is_broken: bool,
    /// The first address after the start.
    begins: u64,
    taken: Vec<StagedBatch>,
}

struct Current {
    file: Arc<dyn DiskFile>,
    first: u64,
    end: u64,
}

impl Writer {
    pub(in crate::store) fn new(shared: Arc<Shared>, end: u64, begins: u64, clock: Clock) -> Self {
        Self {
            shared,
            clock,
            current: None,
            unsynced: Vec::new(),
            pending: VecDeque::new(),
            dirty: Vec::new(),
            names_dirty: false,
            previous: 0,
            synced: end,
            last_end: end,
            in_trouble: false,
            relief: Relief::default(),
            is_broken: false,
            begins,
            taken: Vec::new(),
        }
    }

    /// Writes what is staged and makes it as durable as the mode promises. After a failure it is
    /// kept, and the next call tries again.
    ///
    /// # Panics
    /// If an earlier call did: what it had taken may be lost, so nothing may become durable any
    /// more (I1).
    pub(in crate::store) fn commit(&mut self) {
        assert!(!self.is_broken, "I1: a commit was not finished");
        self.is_broken = true;
        let (begin, before) = (self.clock.now().transport, self.shared.batches());
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.commit_staged())) {
            // Nothing will be confirmed any more, and publishers are to know why they wait.
            self.shared.trouble(Source::Writer, Some(Trouble::Failing));
            resume_unwind(panic);
        }
        self.is_broken = false;
        if self.shared.batches() > before && !self.in_trouble {
            let took = self.clock.now().transport.since(begin);
            self.shared.counts.commits.add(took);
        }
    }

    /// Like [`Writer::commit`], until nothing is staged or the disk refuses.
    pub(in crate::store) fn commit_all(&mut self) {
        self.commit();
        while !self.in_trouble && !self.shared.staging.lock().is_empty() {
            self.commit();
        }
    }

    fn commit_staged(&mut self) {
        let mut taken = std::mem::take(&mut self.taken);
        {
            let mut staging = self.shared.staging.lock();
            staging.take(&mut taken);
            let before = self.pending.iter().chain(&self.unsynced);
            let all = before.chain(&taken).map(|batch| batch.octets.len() as u64);
            self.shared.note_taken(all.sum());
            self.shared.note_staged(&staging);
        }
        for batch in taken.drain(..) {
            self.enqueue(batch);
        }
        self.taken = taken;
        match self.attempt() {
            Ok(()) => self.recovered(),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                self.relieve();
                self.failed(&error);
            }
            Err(error) => {
                crate::log::warn!("the log goes on in a new file: writing to it failed: {error}");
                self.distrust();
                match self.attempt() {
                    Ok(()) => self.recovered(),
                    Err(error) => {
                        self.distrust();
                        self.failed(&error);
                    }
                }
            }
        }
    }

    /// Something could not be written yet.
    pub(in crate::store) fn is_stuck(&self) -> bool {
        self.in_trouble
    }

    /// A commit panicked: there will be no other.
    pub(in crate::store) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The last real batch is not yet followed by one that vouches for it.
    pub(in crate::store) fn wants_cover(&self) -> bool {
        self.synced >= self.last_end
            && self.current.is_some()
            && self.shared.uncovered(self.last_end)
    }

    fn enqueue(&mut self, mut batch: StagedBatch) {
        let place = batch::Place {
            node: self.shared.options.node,
            epoch: self.shared.epoch,
            segment: batch.plan.first,
            address: batch.address,
            synced: self.synced,
            previous: self.previous,
        };
        self.previous = batch::seal(&mut batch.octets, place);
        if batch.octets.len() > batch::BATCH_HEAD {
            self.last_end = batch.end();
            self.shared.note_batch();
        } else {
            self.shared.cover(batch.end());
        }
        self.pending.push_back(batch);
    }

    /// Writes what is pending, and syncs if anything wants it.
    fn attempt(&mut self) -> io::Result<()> {
        let written = self.write_pending();
        if let Err(error) = &written
            && error.kind() != io::ErrorKind::StorageFull
        {
            return written;
        }
        // What there was room for counts.
        let unsynced: usize = self.unsynced.iter().map(|batch| batch.octets.len()).sum();
        let wanted = self.unsynced.iter().any(|batch| batch.wants_sync) || unsynced > UNSYNCED_MAX;
        let end = self.unsynced.last().map_or(self.synced, StagedBatch::end);
        match self.shared.options.durability {
            // Full or not, a failed sync leaves nothing to be trusted.
            Durability::Fsync if wanted => self.sync().map_err(io::Error::other)?,
            Durability::Fsync => {}
            // What the system has taken is as durable as this mode promises; the last megabytes
            // are not kept either.
            Durability::Os => {}
        }
        self.publish(end);
        written
    }

    fn write_pending(&mut self) -> io::Result<()> {
        while let Some(batch) = self.pending.front() {
            let (plan, address, end) = (batch.plan, batch.address, batch.end());
            self.turn_to(plan, address, end)?;
            let (Some(batch), Some(current)) = (self.pending.front(), &self.current) else {
                break;
            };
            let offset = address - current.first + SEGMENT_HEAD as u64;
            if let Err(error) = current.file.write_at(offset, &batch.octets) {
                // What it has taken is room for others.
                drop(current.file.set_len(offset));
                return Err(error);
            }
            let counts = &self.shared.counts;
            counts.writes.add(1);
            counts.written_bytes.add(batch.octets.len() as u64);
            if !self
                .dirty
                .last()
                .is_some_and(|file| Arc::ptr_eq(file, &current.file))
            {
                self.dirty.push(Arc::clone(&current.file));
            }
            self.unsynced.extend(self.pending.pop_front());
        }
        Ok(())
    }

    /// Makes everything written durable.
    ///
    /// # Errors
    /// What the disk says; the files are not trusted any more then.
    pub(in crate::store) fn sync(&mut self) -> io::Result<()> {
        for file in &self.dirty {
            file.sync()?;
            self.shared.counts.syncs.add(1);
        }
        if self.names_dirty {
            self.shared.disk.sync_names()?;
            self.names_dirty = false;
        }
        self.dirty.clear();
        if let Some(last) = self.unsynced.last() {
            self.synced = last.end();
        }
        Ok(())
    }

    /// Like [`Writer::sync`], for a thread that is not the commit thread.
    pub(in crate::store) fn sync_now(&mut self) -> io::Result<()> {
        let result = self.sync();
        if result.is_err() {
            self.distrust();
        } else {
            self.synced = self.synced.max(self.shared.catalog.lock().applied);
        }
        result
    }

    /// The files with something that is not synced.
    pub(in crate::store) fn dirty(&self) -> Vec<Arc<dyn DiskFile>> {
        self.dirty.clone()
    }

    /// Somebody else has synced `files`, and in them everything up to `applied`.
    pub(in crate::store) fn note_synced(&mut self, files: &[Arc<dyn DiskFile>], applied: u64) {
        self.synced = self.synced.max(applied);
        let current = self.current.as_ref().map(|current| &current.file);
        let is = |one: &Arc<dyn DiskFile>, other| Arc::ptr_eq(one, other);
        self.dirty.retain(|file| {
            // More may have been written to this one meanwhile.
            current.is_some_and(|current| is(file, current))
                || !files.iter().any(|synced| is(file, synced))
        });
    }

    /// Applies what is now durable and says so.
    fn publish(&mut self, end: u64) {
        let applied = {
            let mut catalog = self.shared.catalog.lock();
            let from = catalog.applied;
            for batch in self.unsynced.iter().filter(|batch| batch.address >= from) {
                for record in batch::records(&batch.octets, batch.address) {
                    match record.entry() {
                        Some(Entry::Change(change)) => self.shared.changed(change),
                        _ => catalog.apply(&record),
                    }
                }
            }
            catalog.applied = catalog.applied.max(end);
            if std::mem::take(&mut catalog.has_emptied) {
                self.shared.chore();
            }
            catalog.applied
        };
        let keep = self.synced;
        let os = self.shared.options.durability == Durability::Os;
        let is_promised = |batch: &StagedBatch| os || !batch.wants_sync || batch.end() <= keep;
        let mut written = self.unsynced.iter();
        assert!(
            written.all(is_promised),
            "I1: what is not synced is confirmed"
        );
        let done = self
            .unsynced
            .iter()
            .take_while(|batch| os || batch.end() <= keep)
            .count();
        let mut staging = self.shared.staging.lock();
        for batch in self.unsynced.drain(..done) {
            staging.give_back(batch.octets);
        }
        drop(staging);
        // What is kept until the next sync is little.
        let pending = self.pending.iter().map(|batch| batch.octets.len() as u64);
        self.shared.note_taken(pending.sum());
        self.shared.advance(applied);
    }

    /// Nothing written since the last sync can be relied on: all of it is to be written again.
    pub(in crate::store) fn distrust(&mut self) {
        self.current = None;
        self.dirty.clear();
        for batch in self.unsynced.drain(..).rev() {
            self.pending.push_front(batch);
        }
    }

    /// Makes the file that `address` belongs to the current one.
    fn turn_to(&mut self, plan: Plan, address: u64, end: u64) -> io::Result<()> {
        if let Some(current) = &self.current
            && current.first <= address
            && end <= current.end
        {
            return Ok(());
        }
        let follows = if address == plan.first {
            plan.follows
        } else {
            address
        };
        let head = SegmentHead {
            layout: Layout::Log,
            node: self.shared.options.node,
            epoch: self.shared.epoch,
            first: address,
            end: plan.end,
            follows,
            begins: address == self.begins,
        };
        let name = segment_name(address);
        let file = self.new_file(&name, plan.end - address + SEGMENT_HEAD as u64)?;
        file.write_at(0, &head.encode())?;
        let mut segment = Segment::new(name, Arc::clone(&file), address, plan.end);
        segment.file_len = plan.end - address + SEGMENT_HEAD as u64;
        self.dirty.push(Arc::clone(&file));
        self.names_dirty = true;
        self.shared.catalog.lock().insert(segment);
        self.current = Some(Current {
            file,
            first: address,
            end: plan.end,
        });
        self.shared.chore();
        Ok(())
    }

    /// A file for a segment: the prepared one if it fits, or else a new one.
    fn new_file(&self, name: &str, len: u64) -> io::Result<Arc<dyn DiskFile>> {
        let disk: &dyn Disk = &*self.shared.disk;
        if let Some((spare, file)) = self.shared.take_spare(len) {
            disk.rename(&spare, name)?;
            return Ok(file);
        }
        let fresh = format!("{name}.tmp");
        let file = disk.create(&fresh)?;
        disk.rename(&fresh, name)?;
        Ok(file)
    }

    fn failed(&mut self, error: &io::Error) {
        let trouble = match error.kind() {
            io::ErrorKind::StorageFull => Trouble::Full,
            _ => Trouble::Failing,
        };
        if !self.in_trouble {
            crate::log::error!(
                "nothing can be stored in '{}' ({error}): confirms wait until it can",
                self.shared.disk.place()
            );
        }
        self.in_trouble = true;
        self.shared.trouble(Source::Writer, Some(trouble));
        self.shared.chore();
    }

    fn recovered(&mut self) {
        if std::mem::take(&mut self.in_trouble) {
            crate::log::info!("storing works again in '{}'", self.shared.disk.place());
            self.shared.trouble(Source::Writer, None);
            self.relief = Relief::default();
            // It has prepared no file meanwhile.
            self.shared.chore();
        }
    }
}
