//! What callers, the commit thread and the housekeeper share, each part under its own short lock.
//!
//! Locks are taken in this order: writer, catalog, then one of the others alone; only the watches
//! are read under the lock of the trouble they are told of.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::catalog::Catalog;
use super::disk::{Disk, DiskFile};
use super::staging::Staging;
use super::{DefinitionChange, DurableWatch, Options, Position, Trouble};
use crate::sync::{AtomicU64, Condvar, Mutex, RwLock};

/// Files that are kept for segments to come. A log that runs full speed gives up several at once
/// and needs them a moment later; a file that is made anew has its blocks allocated first, by the
/// file system and often by what is below it.
const SPARES_MAX: usize = 4;

/// See the module.
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) options: Options,
    pub(super) epoch: u64,
    pub(super) staging: Mutex<Staging>,
    /// Signalled when something is staged or the store closes.
    pub(super) work: Condvar,
    pub(super) catalog: Mutex<Catalog>,
    pub(super) chores: Mutex<Chores>,
    /// Signalled when there is something for the housekeeper.
    pub(super) chores_due: Condvar,
    durable: AtomicU64,
    covered: AtomicU64,
    /// Batches with something in them, since the start.
    batches: AtomicU64,
    watches: RwLock<Vec<Arc<dyn DurableWatch>>>,
    /// Prepared files, at most [`SPARES_MAX`].
    spares: Mutex<Vec<Spare>>,
    changes: Mutex<Vec<DefinitionChange>>,
    trouble: Mutex<[Option<Trouble>; 2]>,
}

/// A prepared file.
struct Spare {
    name: String,
    file: Arc<dyn DiskFile>,
    len: u64,
}

/// Who can be in trouble.
#[derive(Clone, Copy)]
pub(super) enum Source {
    Writer = 0,
    Housekeeper = 1,
}

/// What the housekeeper is asked for.
#[derive(Default)]
pub(super) struct Chores {
    pub(super) due: bool,
    /// What is alive has been counted: before that, everything looks empty.
    pub(super) recovered: bool,
    pub(super) stop: bool,
}

impl Shared {
    pub(super) fn new(
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
            watches: RwLock::new(Vec::new()),
            spares: Mutex::new(Vec::new()),
            changes: Mutex::new(Vec::new()),
            trouble: Mutex::new([None; 2]),
        }
    }

    pub(super) fn durable(&self) -> Position {
        Position(self.durable.load(Ordering::Acquire))
    }

    /// Everything up to `end` is durable: everybody is told.
    pub(super) fn advance(&self, end: u64) {
        if self.durable.fetch_max(end, Ordering::AcqRel) >= end {
            return;
        }
        for watch in self.watches.read().iter() {
            watch.on_durable(Position(end));
        }
    }

    pub(super) fn watch(&self, watch: Arc<dyn DurableWatch>) {
        // What changes from here on it is told like everybody.
        let troubles = self.trouble.lock();
        let trouble = worst(&*troubles);
        if trouble.is_some() {
            watch.on_trouble(trouble);
        }
        self.watches.write().push(watch);
    }

    /// Tells everybody when trouble begins, changes or ends, in the order in which it does: who
    /// hears of the end last must be right.
    pub(super) fn trouble(&self, source: Source, trouble: Option<Trouble>) {
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

    pub(super) fn in_trouble(&self) -> Option<Trouble> {
        worst(&*self.trouble.lock())
    }

    /// Whether housekeeping may begin.
    pub(super) fn is_recovered(&self) -> bool {
        self.chores.lock().recovered
    }

    /// The housekeeper should have a look.
    pub(super) fn chore(&self) {
        self.chores.lock().due = true;
        self.chores_due.notify_one();
    }

    /// A batch with something in it is on its way.
    pub(super) fn note_batch(&self) {
        // Only whoever has the writer counts.
        self.batches.store(self.batches() + 1, Ordering::Relaxed);
    }

    pub(super) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// A batch at the end of the log, up to `end`, vouches for all before it.
    pub(super) fn cover(&self, end: u64) {
        self.covered.store(end, Ordering::Relaxed);
    }

    pub(super) fn uncovered(&self, end: u64) -> bool {
        self.covered.load(Ordering::Relaxed) < end
    }

    /// A prepared file and its name, if there is one of the length that is needed.
    pub(super) fn take_spare(&self, len: u64) -> Option<(String, Arc<dyn DiskFile>)> {
        let spare = self.spares.lock().pop_if(|spare| spare.len == len)?;
        Some((spare.name, spare.file))
    }

    pub(super) fn has_spare(&self) -> bool {
        !self.spares.lock().is_empty()
    }

    /// Whether one more would be kept.
    pub(super) fn wants_spare(&self) -> bool {
        self.spares.lock().len() < SPARES_MAX
    }

    pub(super) fn put_spare(&self, name: String, file: Arc<dyn DiskFile>, len: u64) {
        self.spares.lock().push(Spare { name, file, len });
    }

    /// A change that is durable in the log and has to reach the definitions' own file.
    pub(super) fn changed(&self, change: DefinitionChange) {
        self.changes.lock().push(change);
    }

    pub(super) fn take_changes(&self) -> Vec<DefinitionChange> {
        std::mem::take(&mut *self.changes.lock())
    }

    /// Gives changes back that could not be kept.
    pub(super) fn return_changes(&self, mut changes: Vec<DefinitionChange>) {
        let mut newer = self.changes.lock();
        changes.append(&mut newer);
        *newer = changes;
    }
}

fn worst(troubles: &[Option<Trouble>]) -> Option<Trouble> {
    troubles.iter().flatten().max().copied()
}
