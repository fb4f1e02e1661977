//! A disk for bodies, with damage on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::message::Message;
use crate::queue::{Bodies, Unread};
use crate::store::disk::MemoryDisk;
use crate::store::{Extent, RecordAt, Spill};

pub(in crate::queue) struct Shelf {
    budget: u64,
    held: AtomicU64,
    stored: Mutex<BTreeMap<RecordAt, Message>>,
    damaged: Mutex<BTreeSet<RecordAt>>,
    spill: Spill,
    /// Records above this one are not written yet.
    pub(in crate::queue) written: AtomicU64,
    /// There is no room for the spill log.
    pub(in crate::queue) full: AtomicBool,
    /// How often it was asked for room that it did not have.
    pub(in crate::queue) refusals: AtomicU64,
    /// Messages read back so far.
    pub(in crate::queue) reads: AtomicU64,
    /// The spill log cannot be read.
    pub(in crate::queue) rotten: AtomicBool,
}

impl Shelf {
    pub(in crate::queue) fn new(budget: u64) -> Self {
        Self {
            budget,
            held: AtomicU64::new(0),
            stored: Mutex::default(),
            damaged: Mutex::default(),
            spill: Spill::open(Arc::new(MemoryDisk::default())).expect("an empty disk"),
            written: AtomicU64::new(u64::MAX),
            full: AtomicBool::new(false),
            refusals: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            rotten: AtomicBool::new(false),
        }
    }

    pub(in crate::queue) fn keep(&self, at: RecordAt, message: &Message) {
        self.stored.lock().insert(at, message.clone());
    }

    pub(in crate::queue) fn damage(&self, at: u64) {
        self.damaged.lock().insert(RecordAt(at));
    }

    pub(in crate::queue) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    pub(in crate::queue) fn spilled(&self) -> u64 {
        self.spill.octets()
    }

    pub(in crate::queue) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Bodies for Shelf {
    fn charge(&self, octets: u64) {
        self.held.fetch_add(octets, Ordering::Relaxed);
    }

    fn release(&self, octets: u64) {
        let before = self.held.fetch_sub(octets, Ordering::Relaxed);
        assert!(before >= octets, "more released than charged");
    }

    fn excess(&self) -> u64 {
        self.held().saturating_sub(self.budget)
    }

    fn can_read(&self, at: RecordAt) -> bool {
        at.0 <= self.written.load(Ordering::Relaxed)
    }

    fn read(&self, records: &[RecordAt], each: &mut dyn FnMut(Result<Message, Unread>)) {
        for at in records {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let damaged = self.damaged.lock().contains(at);
            let message = self.stored.lock().get(at).cloned();
            each(message.filter(|_| !damaged).ok_or(Unread::Damaged));
        }
    }

    fn spill(&self, messages: &[&Message]) -> Option<Extent> {
        if self.full.load(Ordering::Relaxed) {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.spill.write(messages).expect("memory has room"))
    }

    fn read_spilled(&self, extent: Extent, each: &mut dyn FnMut(Option<Message>)) {
        if self.rotten.load(Ordering::Relaxed) {
            return;
        }
        let mut read = |message| {
            self.reads.fetch_add(1, Ordering::Relaxed);
            each(message);
        };
        self.spill.read(extent, &mut read).expect("it is there");
    }

    fn free(&self, extent: Extent) {
        self.spill.free(extent);
    }
}
