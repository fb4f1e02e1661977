//! What callers, the commit thread and the housekeeper share, each part under its own short lock.
//!
//! Locks are taken in this order: writer, catalog, then one of the others alone; only the watches
//! are read under the lock of the trouble they are told of.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Options;
use super::catalog::Catalog;
use super::staging::Staging;
use crate::store::counts::Counters;
use crate::store::disk::{Disk, DiskFile};
use crate::store::{DefinitionChange, DurableWatch, Position, Trouble};
use crate::sync::{AtomicU64, Condvar, Mutex, RwLock};

/// Files that are kept for segments to come. A log that runs full speed gives up several at once
/// and needs them a moment later; a file that is made anew has its blocks allocated first, by the
/// file system and often by what is below it.
const SPARES_MAX: usize = 4;

/// See the module.
pub(in crate::store) struct Shared {
    pub(in crate::store) disk: Arc<dyn Disk>,
    pub(in crate::store) options: Options,
    pub(in crate::store) epoch: u64,
    pub(in crate::store) staging: Mutex<Staging>,
    /// Signalled when something is staged or the store closes.
    pub(in crate::store) work: Condvar,
    pub(in crate::store) catalog: Mutex<Catalog>,
    pub(in crate::store) chores: Mutex<Chores>,
    /// Signalled when there is something for the housekeeper.
    pub(in crate::store) chores_due: Condvar,
    durable: AtomicU64,
    covered: AtomicU64,
    /// Batches with something in them, since the start.
    batches: AtomicU64,
    /// Octets that are staged and not taken by the writer.
    staged: AtomicU64,
    /// Octets that the writer has taken and that are not durable.
    taken: AtomicU64,
    /// Where the log ends with all that is staged.
    staged_end: AtomicU64,
    watches: RwLock<Vec<Arc<dyn DurableWatch>>>,
    /// Prepared files, at most [`SPARES_MAX`].
    spares: Mutex<Vec<Spare>>,
    changes: Mutex<Vec<DefinitionChange>>,
    trouble: Mutex<[Option<Trouble>; 2]>,
    pub(in crate::store) counts: Counters,
}

/// A prepared file.
struct Spare {
    name: String,
    file: Arc<dyn DiskFile>,
    len: u64,
}

/// The thread that is in trouble.
#[derive(Clone, Copy)]
pub(in crate::store) enum Source {
    Writer = 0,
    Housekeeper = 1,
}

/// What the housekeeper is asked for.
#[derive(Default)]
pub(in crate::store) struct Chores {
    pub(in crate::store) due: bool,
    /// What is alive has been counted: before that, everything looks empty.
    pub(in crate::store) recovered: bool,
    pub(in crate::store) stop: bool,
}

impl Shared {
    pub(in crate::store) fn new(
        disk: Arc<dyn Disk>,
        options: Options,
        epoch: u64,
        staging: Staging,
        catalog: Catalog,
    ) -> Self {
        let durable = AtomicU64::new(catalog.applied);
        Self {
            disk,
            options,
            epoch,
            staging: Mutex::new(staging),
            work: Condvar::new(),
            chores: Mutex::new(Chores {
                recovered: catalog.segments.is_empty(),
                ..Chores::default()
            }),
            catalog: Mutex::new(catalog),
            chores_due: Condvar::new(),
            covered: AtomicU64::new(durable.load(Ordering::Relaxed)),
            durable,
            batches: AtomicU64::new(0),
            staged: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            staged_end: AtomicU64::new(0),
            watches: RwLock::new(Vec::new()),
            spares: Mutex::new(Vec::new()),
            changes: Mutex::new(Vec::new()),
            trouble: Mutex::new([None; 2]),
            counts: Counters::default(),
        }
    }

    pub(in crate::store) fn durable(&self) -> Position {
        Position(self.durable.load(Ordering::Acquire))
    }

    /// Everything up to `end` is durable: every watch is told.
    ///
    /// # Panics
    /// If so much was never staged (I1).
    pub(in crate::store) fn advance(&self, end: u64) {
        let staged = self.staged_end.load(Ordering::Acquire);
        assert!(
            end <= staged,
            "I1: durable up to {end}, staged up to {staged}"
        );
        if self.durable.fetch_max(end, Ordering::AcqRel) >= end {
            return;
        }
        for watch in self.watches.read().iter() {
            watch.on_durable(Position(end));
        }
    }

    pub(in crate::store) fn watch(&self, watch: Arc<dyn DurableWatch>) {
        // What changes from here on it is told like all others.
        let troubles = self.trouble.lock();
        let trouble = worst(&*troubles);
        if trouble.is_some() {
            watch.on_trouble(trouble);
        }
        self.watches.write().push(watch);
    }

    /// Tells every watch when trouble begins, changes or ends, in the order in which it does: the
    /// last call that a watch gets must be right.
    pub(in crate::store) fn trouble(&self, source: Source, trouble: Option<Trouble>) {
        let mut troubles = self.trouble.lock();
        let before = worst(&*troubles);
        if let Some(slot) = troubles.get_mut(source as usize) {
            *slot = trouble;
        }
        let after = worst(&*troubles);
        if before != after {
            for watch in self.watches.read().iter() {
                watch.on_trouble(after);
            }
        }
    }

    pub(in crate::store) fn in_trouble(&self) -> Option<Trouble> {
        worst(&*self.trouble.lock())
    }

    /// Whether the log finds no room for what is to be written.
    pub(in crate::store) fn log_is_full(&self) -> bool {
        let troubles = self.trouble.lock();
        let writer = troubles.get(Source::Writer as usize).copied().flatten();
        writer == Some(Trouble::Full)
    }

    /// Takes all prepared files.
    pub(in crate::store) fn take_spares(&self) -> Vec<String> {
        let spares = std::mem::take(&mut *self.spares.lock());
        spares.into_iter().map(|spare| spare.name).collect()
    }

    /// Whether housekeeping may begin.
    pub(in crate::store) fn is_recovered(&self) -> bool {
        self.chores.lock().recovered
    }

    /// The housekeeper should have a look.
    pub(in crate::store) fn chore(&self) {
        self.chores.lock().due = true;
        self.chores_due.notify_one();
    }

    /// A batch with something in it is on its way.
    pub(super) fn note_batch(&self) {
        // Only the thread that has the writer counts.
        self.batches.store(self.batches() + 1, Ordering::Relaxed);
    }

    pub(in crate::store) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// A batch at the end of the log, up to `end`, vouches for all before it.
    pub(in crate::store) fn cover(&self, end: u64) {
        self.covered.store(end, Ordering::Relaxed);
    }

    pub(in crate::store) fn uncovered(&self, end: u64) -> bool {
        self.covered.load(Ordering::Relaxed) < end
    }

    /// Something was staged or taken.
    pub(in crate::store) fn note_staged(&self, staging: &Staging) {
        self.staged
            .store(staging.octets() as u64, Ordering::Relaxed);
        self.staged_end.store(staging.end(), Ordering::Release);
    }

    /// The writer has this many octets that are not durable. Said before they are missing in the
    /// staging, so that they are never overlooked.
    pub(super) fn note_taken(&self, octets: u64) {
        self.taken.store(octets, Ordering::Relaxed);
    }

    /// Octets that are not durable yet.
    pub(in crate::store) fn staged(&self) -> u64 {
        self.staged.load(Ordering::Relaxed) + self.taken.load(Ordering::Relaxed)
    }

    /// See [`Store::read_on_at`](crate::store::Store::read_on_at).
    pub(in crate::store) fn read_on_at(&self, staged: Position) -> Option<Position> {
        let most = self.options.staged_max;
        if self.staged() <= most {
            return None;
        }
        // Half of it may still wait then, so that the disk has something to do meanwhile.
        let end = self.staged_end.load(Ordering::Acquire);
        let relieved = Position(end.saturating_sub(most / 2));
        Some(relieved.min(staged)).filter(|until| *until > self.durable())
    }

    /// A prepared file and its name, if there is one of the length that is needed.
    pub(in crate::store) fn take_spare(&self, len: u64) -> Option<(String, Arc<dyn DiskFile>)> {
        let spare = self.spares.lock().pop_if(|spare| spare.len == len)?;
        Some((spare.name, spare.file))
    }

    pub(in crate::store) fn has_spare(&self) -> bool {
        !self.spares.lock().is_empty()
    }

    /// Whether one more would be kept.
    pub(in crate::store) fn wants_spare(&self) -> bool {
        !self.log_is_full() && self.spares.lock().len() < SPARES_MAX
    }

    pub(in crate::store) fn put_spare(&self, name: String, file: Arc<dyn DiskFile>, len: u64) {
        self.spares.lock().push(Spare { name, file, len });
    }

    /// A change that is durable in the log and has to reach the definitions' own file.
    pub(in crate::store) fn changed(&self, change: DefinitionChange) {
        self.changes.lock().push(change);
    }

    pub(in crate::store) fn take_changes(&self) -> Vec<DefinitionChange> {
        std::mem::take(&mut *self.changes.lock())
    }

    /// Gives changes back that could not be kept.
    pub(in crate::store) fn return_changes(&self, mut changes: Vec<DefinitionChange>) {
        let mut newer = self.changes.lock();
        changes.append(&mut newer);
        *newer = changes;
    }
}

fn worst(troubles: &[Option<Trouble>]) -> Option<Trouble> {
    troubles.iter().flatten().max().copied()
}
