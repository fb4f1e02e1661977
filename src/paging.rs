//! The body budget: how much of all backlogs is in memory, and where the rest goes.
//!
//! Owns the sum of what queues hold, and the way to the disk for what is over the budget, together
//! with what the store has not written yet and what the process has resident besides: stored
//! messages are on it already, the others go to a [`Spill`] log. It knows no queue; queues ask it
//! through [`Bodies`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::limits::ELSE_MAX;
use crate::message::Message;
use crate::queue::{Bodies, Unread};
use crate::store::{Extent, RecordAt, Spill, Store, StoreError};

/// See the module.
pub struct Pager {
    budget: u64,
    held: AtomicU64,
    /// What else the process has resident beyond [`ELSE_MAX`], when that was last measured.
    elsewhere: AtomicU64,
    store: Arc<dyn Store>,
    spill: Option<Spill>,
    /// The last attempt to spill failed, and that was said.
    refused: AtomicBool,
    lost: AtomicU64,
}

impl Pager {
    /// `budget`: octets, 0 keeps as little in memory as possible. Without `spill` only stored
    /// messages leave memory.
    #[must_use]
    pub fn new(budget: u64, store: Arc<dyn Store>, spill: Option<Spill>) -> Self {
        Self {
            budget,
            held: AtomicU64::new(0),
            elsewhere: AtomicU64::new(0),
            store,
            spill,
            refused: AtomicBool::new(false),
            lost: AtomicU64::new(0),
        }
    }

    /// Octets that waiting messages hold in memory, in steps of 16 KiB a queue.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// The process, which has nothing but a broker, has so many octets resident. What is no message
    /// makes messages leave, at most half of them.
    pub fn note_resident(&self, octets: u64) {
        let over = octets.saturating_sub(self.counted() + ELSE_MAX);
        let most = self.budget / 2;
        self.elsewhere.store(over.min(most), Ordering::Relaxed);
    }

    /// Octets that waiting messages hold, and those that wait for the disk: these are in memory
    /// twice.
    fn counted(&self) -> u64 {
        self.held() + self.store.staged()
    }

    /// Octets in the spill log.
    #[must_use]
    pub fn spilled(&self) -> u64 {
        self.spill.as_ref().map_or(0, Spill::octets)
    }

    /// Times that something could not be read back.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn report_lost(&self, what: &str, why: &dyn std::fmt::Display) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        crate::log::error!("{what} cannot be read back and is not delivered: {why}");
    }

    /// Says once that spilling fails, and once that it works again.
    fn report_spill(&self, spill: &Spill, error: Option<&std::io::Error>) {
        let refused = self.refused.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !refused => crate::log::warn!(
                "transient messages stay in memory: cannot write to '{}': {error}",
                spill.place()
            ),
            None if refused => crate::log::info!("transient messages can leave memory again"),
            _ => {}
        }
    }
}

impl Bodies for Pager {
    fn charge(&self, octets: u64) {
        self.held.fetch_add(octets, Ordering::Relaxed);
    }

    fn release(&self, octets: u64) {
        self.held.fetch_sub(octets, Ordering::Relaxed);
    }

    fn excess(&self) -> u64 {
        let elsewhere = self.elsewhere.load(Ordering::Relaxed);
        let held = self.counted() + elsewhere;
        held.saturating_sub(self.budget)
    }

    fn can_read(&self, at: RecordAt) -> bool {
        self.store.can_read(at)
    }

    fn read(&self, records: &[RecordAt], each: &mut dyn FnMut(Result<Message, Unread>)) {
        self.store.read_run(records, &mut |at, message| {
            each(message.map_err(|error| {
                self.report_lost(&format!("stored message {}", at.0), &error);
                match error {
                    StoreError::Damaged { .. } => Unread::Damaged,
                    _ => Unread::Refused,
                }
            }));
        });
    }

    fn spill(&self, messages: &[&Message]) -> Option<Extent> {
        let spill = self.spill.as_ref()?;
        let written = spill.write(messages);
        self.report_spill(spill, written.as_ref().err());
        written.ok()
    }

    fn read_spilled(&self, extent: Extent, each: &mut dyn FnMut(Option<Message>)) {
        let Some(spill) = &self.spill else { return };
        let mut damaged = 0_u64;
        let read = spill.read(extent, &mut |message| {
            damaged += u64::from(message.is_none());
            each(message);
        });
        let place = || format!("a part of the spill log in '{}'", spill.place());
        if let Err(error) = read {
            self.report_lost(&place(), &error);
        } else if damaged > 0 {
            let why = format!("{damaged} checksums do not fit");
            self.report_lost(&place(), &why);
        }
    }

    fn free(&self, extent: Extent) {
        if let Some(spill) = &self.spill {
            spill.free(extent);
        }
    }
}

impl std::fmt::Debug for Pager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pager")
            .field("budget", &self.budget)
            .field("held", &self.held())
            .field("spilled", &self.spilled())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
