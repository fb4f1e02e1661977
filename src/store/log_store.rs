//! The durable store: one log for all queues, on a [`Disk`].
//!
//! Owns the two threads, the commit thread and the housekeeper, and puts the parts together. The
//! contract is [`Store`]'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::{Clock, Mono};
use crate::ids::{QueueId, Sequence};
use crate::message::Message;
use crate::store::definitions::{self, Definitions, Texts, change_text};
use crate::store::disk::Disk;
use crate::store::format::batch::SEGMENT_HEAD;
use crate::store::log::Options;
use crate::store::log::commit::{self, Here};
use crate::store::log::shared::Shared;
use crate::store::log::staging::{Prepared, Staging};
use crate::store::log::turn;
use crate::store::log::writer::Writer;
use crate::store::space::Housekeeper;
use crate::store::start::recount::{recount, tell};
use crate::store::start::recovery::{self, Damage, Scan};
use crate::store::{
    Definition, DefinitionChange, DurableWatch, Op, Position, RecordAt, Recovered, Store,
    StoreError, StoreTotals,
};
use crate::sync::{JoinHandle, Mutex};

mod reading;

/// What a log holds and takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Octets in all its files.
    pub disk_octets: u64,
    /// Octets of the messages that are alive, roughly.
    pub live_octets: u64,
    /// Messages that are alive, counted once for each queue.
    pub copies: u64,
}

/// Segments after which a start that takes long says how far it is.
const PROGRESS_EVERY: usize = 64;

/// See the module.
pub struct LogStore {
    shared: Arc<Shared>,
    writer: Arc<Mutex<Writer>>,
    here: Here,
    housekeeper: Arc<Mutex<Housekeeper>>,
    queues: Sequence,
    clock: Clock,
    /// When it was opened, in transport time.
    opened: Mono,
    definitions: Mutex<Texts>,
    /// Definitions were lost, now or before.
    has_lost: bool,
    /// Messages before this address may have been delivered although nothing says so.
    suspect: u64,
    damage: Mutex<Vec<Damage>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl LogStore {
    /// Opens the log on `disk` and starts its threads.
    ///
    /// # Errors
    /// [`StoreError`] if a file cannot be read or written, or is of an unknown version.
    pub fn open(disk: Arc<dyn Disk>, options: Options, clock: Clock) -> Result<Self, StoreError> {
        let store = Self::open_without_threads(disk, options, clock)?;
        let commit = {
            let (shared, writer) = (Arc::clone(&store.shared), Arc::clone(&store.writer));
            move || commit::run(&shared, &writer)
        };
        let keep = {
            let (shared, housekeeper) = (Arc::clone(&store.shared), Arc::clone(&store.housekeeper));
            move || housekeeping_loop(&shared, &housekeeper)
        };
        let mut threads = store.threads.lock();
        threads.push(spawn("leveret-commit", commit)?);
        threads.push(spawn("leveret-store", keep)?);
        drop(threads);
        store.shared.chore();
        Ok(store)
    }

    /// Opens the log; nothing is written until its threads run.
    fn open_without_threads(
        disk: Arc<dyn Disk>,
        options: Options,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let opened = clock.now().transport;
        let mut scan = recovery::scan(&*disk)?;
        let is_new = scan.checkpoint == 0 && scan.catalog.segments.is_empty();
        let mut found = definitions::read(&*disk, scan.definitions)?;
        let mut database = Definitions::open(&*disk, is_new, &found)?;
        scan.damage.append(&mut found.damage);
        report(&scan, &*disk);
        let fail = |what: &str, source| StoreError::Io {
            what: format!("{what} in '{}'", disk.place()),
            source,
        };
        let applied = database.state().applied;
        let last = scan.last_epoch(database.state().epoch);
        let suspect = database.suspect(last, scan.end);
        let epoch = last.saturating_add(1);
        let mut definitions = found.texts;
        let behind: Vec<DefinitionChange> = std::mem::take(&mut scan.changes)
            .into_iter()
            .filter_map(|(address, change)| (address >= applied).then_some(change))
            .collect();
        for change in &behind {
            change_text(&mut definitions, change.clone());
        }
        // First of all, because what is written next may need their room.
        for name in &scan.unneeded {
            disk.remove(name)
                .map_err(|source| fail("removing a file", source))?;
        }
        let until = (scan.end.max(applied), epoch);
        database
            .apply(&*disk, &behind, until, Some(&definitions))
            .map_err(|source| fail("writing definitions", source))?;
        let first = scan
            .free
            .max(scan.end)
            .next_multiple_of(SEGMENT_HEAD as u64);
        let mut catalog = scan.catalog;
        catalog.end_log();
        catalog.fresh = Some(BTreeMap::new());
        let staging = Staging::new(first, scan.end, &options);
        let shared = Arc::new(Shared::new(disk, options, epoch, staging, catalog));
        let writer = Arc::new(Mutex::new(Writer::new(
            Arc::clone(&shared),
            scan.end,
            first,
            clock.clone(),
        )));
        let has_lost = database.state().lost;
        let housekeeper = Housekeeper::new(
            Arc::clone(&shared),
            Arc::clone(&writer),
            database,
            scan.checkpoint,
        );
        let here = Here::new(Arc::clone(&shared), Arc::clone(&writer), clock.clone());
        Ok(Self {
            shared,
            writer,
            here,
            housekeeper: Arc::new(Mutex::new(housekeeper)),
            queues: Sequence::after(epoch << 32),
            clock,
            opened,
            definitions: Mutex::new(definitions),
            has_lost,
            suspect,
            damage: Mutex::new(scan.damage),
            threads: Mutex::new(Vec::new()),
        })
    }

    /// What the log holds and takes.
    #[must_use]
    pub fn space(&self) -> Space {
        let catalog = self.shared.catalog.lock();
        Space {
            disk_octets: catalog.disk_octets(),
            live_octets: catalog.live_octets(),
            copies: catalog.copies(),
        }
    }

    /// Tells of every message that is alive in the segment at `first`, counts them, and returns
    /// how many there are.
    fn recover_segment(
        &self,
        first: u64,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> std::io::Result<u64> {
        let (mut segment, dropped) = {
            let catalog = self.shared.catalog.lock();
            let Some(segment) = catalog.segments.get(&first).cloned() else {
                return Ok(0);
            };
            (segment, catalog.dropped.clone())
        };
        let found = recount(&*self.shared.disk, &mut segment, &dropped)?;
        for damage in &found.damage {
            crate::log::error!(
                "a message in '{}' at {} is damaged and lost: {}",
                damage.file,
                damage.offset,
                damage.what
            );
        }
        self.damage.lock().extend(found.damage);
        // What is told may be settled.
        let told = segment.clone();
        self.shared.catalog.lock().segments.insert(first, segment);
        let rows = found.rows.as_ref();
        Ok(rows.map_or(0, |rows| tell(&told, rows, self.suspect, each)))
    }

    /// Stages something, and has the commit thread woken if that matters to it.
    fn stage(&self, work: impl FnOnce(&mut Staging) -> Position) -> Position {
        let mut staging = self.shared.staging.lock();
        let (was_empty, was_due) = (staging.is_empty(), staging.is_due());
        let position = work(&mut staging);
        self.shared.note_staged(&staging);
        // The commit thread that looks around anyway finds what no caller waits for.
        let matters = (was_empty && !staging.ticks) || was_due != staging.is_due();
        drop(staging);
        if matters {
            turn::wake(&self.shared);
        }
        position
    }

    /// Stops the threads; `false` if one has panicked.
    fn stop(&self) -> bool {
        self.shared.staging.lock().closing = true;
        self.shared.work.notify_all();
        self.shared.chores.lock().stop = true;
        self.shared.chores_due.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        let panicked = threads.into_iter().filter_map(|thread| thread.join().err());
        panicked.count() == 0
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    crate::sync::spawn(name, run).map_err(|source| StoreError::Io {
        what: format!("starting '{name}'"),
        source,
    })
}

fn report(scan: &Scan, disk: &dyn Disk) {
    for damage in &scan.damage {
        crate::log::error!(
            "'{}/{}' is damaged at {} ({} octets): {}; everything else is kept",
            disk.place(),
            damage.file,
            damage.offset,
            damage.len,
            damage.what
        );
    }
    if let Some((file, offset)) = &scan.torn {
        crate::log::info!(
            "'{}/{file}' ends in a batch that was never confirmed, cut at {offset}",
            disk.place()
        );
    }
}

fn housekeeping_loop(shared: &Shared, housekeeper: &Mutex<Housekeeper>) {
    loop {
        {
            let mut chores = shared.chores.lock();
            while !chores.due && !chores.stop {
                if shared.in_trouble().is_some() {
                    shared.chores_due.wait_for(&mut chores, commit::RETRY_AFTER);
                    break;
                }
                shared.chores_due.wait(&mut chores);
            }
            if chores.stop {
                return;
            }
            chores.due = false;
        }
        housekeeper.lock().run();
    }
}

impl Store for LogStore {
    fn recover(&self, definitions: &mut dyn FnMut(Definition)) -> Result<(), StoreError> {
        for ((kind, key), json) in std::mem::take(&mut *self.definitions.lock()) {
            definitions(Definition { kind, key, json });
        }
        Ok(())
    }

    fn recover_messages(
        &self,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError> {
        let firsts: Vec<u64> = {
            let catalog = self.shared.catalog.lock();
            let segments = catalog.segments.values();
            let open = segments.filter(|segment| !segment.is_counted);
            open.map(|segment| segment.first).collect()
        };
        let total = firsts.len();
        let mut messages = 0;
        for (done, first) in (1..).zip(firsts) {
            messages += self
                .recover_segment(first, each)
                .map_err(|source| StoreError::Io {
                    what: format!("reading messages in '{}'", self.shared.disk.place()),
                    source,
                })?;
            if done % PROGRESS_EVERY == 0 {
                crate::log::info!("{messages} messages of {done} of {total} segments are back");
            }
        }
        let counts = &self.shared.counts;
        counts.recovered.add(messages);
        let took = self.clock.now().transport.since(self.opened).as_micros();
        counts
            .recovery_us
            .add(u64::try_from(took).unwrap_or(u64::MAX));
        self.shared.chores.lock().recovered = true;
        self.shared.chore();
        Ok(())
    }

    fn next_queue_id(&self) -> QueueId {
        QueueId(self.queues.next())
    }

    fn submit(&self, ops: &mut [Op<'_>]) -> Position {
        let stored_at = self.clock.now().wall;
        let prepared = Prepared::pays(ops).then(|| Prepared::new(ops, stored_at));
        self.stage(|staging| match prepared {
            Some(prepared) => staging.submit_prepared(prepared, ops),
            None => staging.submit(ops, stored_at),
        })
    }

    fn define(&self, changes: &[DefinitionChange]) -> Position {
        self.stage(|staging| staging.define(changes))
    }

    fn sync(&self) -> Position {
        self.stage(Staging::sync)
    }

    fn durable(&self) -> Position {
        self.shared.durable()
    }

    fn staged(&self) -> u64 {
        self.shared.staged()
    }

    fn read_on_at(&self, staged: Position) -> Option<Position> {
        self.shared.read_on_at(staged)
    }

    fn commit_here(&self, position: Position) -> bool {
        self.here.commit(position)
    }

    fn watch(&self, watch: Arc<dyn DurableWatch>) {
        self.shared.watch(watch);
    }

    fn totals(&self) -> StoreTotals {
        let catalog = self.shared.catalog.lock();
        let files = catalog.segments.values().map(|segment| segment.file_len);
        StoreTotals {
            segments: catalog.segments.len() as u64,
            allocated_bytes: files.sum(),
            ..self.shared.counts.totals()
        }
    }

    fn damage(&self) -> Vec<Damage> {
        self.damage.lock().clone()
    }

    fn has_lost_definitions(&self) -> bool {
        self.has_lost
    }

    fn can_read(&self, at: RecordAt) -> bool {
        at.is_stored() && at.address() < self.durable().0
    }

    fn read(&self, at: RecordAt) -> Result<Message, StoreError> {
        self.read_back(at)
    }

    fn read_run(
        &self,
        records: &[RecordAt],
        each: &mut dyn FnMut(RecordAt, Result<Message, StoreError>),
    ) {
        self.read_back_run(records, each);
    }

    fn close(&self) -> Result<(), StoreError> {
        let panicked = !self.stop();
        let mut writer = self.writer.lock();
        let broken = writer.is_broken();
        if !broken {
            writer.commit_all();
        }
        while self.shared.log_is_full() {
            // What is removed makes room for the rest, as long as any is won.
            let before = self.shared.durable();
            drop(writer);
            self.housekeeper.lock().run();
            writer = self.writer.lock();
            writer.commit_all();
            if self.shared.durable() == before {
                break;
            }
        }
        let stuck = writer.is_stuck();
        drop(writer);
        let failed = |source| StoreError::Io {
            what: format!("closing the store in '{}'", self.shared.disk.place()),
            source,
        };
        if stuck {
            return Err(failed(std::io::Error::other("the last writes failed")));
        }
        if panicked || broken {
            return Err(failed(std::io::Error::other("one of its threads panicked")));
        }
        self.shared.catalog.lock().end_log();
        self.housekeeper.lock().finish().map_err(failed)
    }
}

impl Drop for LogStore {
    fn drop(&mut self) {
        if !self.stop() {
            crate::log::error!("a thread of the store has panicked");
        }
    }
}

#[cfg(test)]
mod tests;
