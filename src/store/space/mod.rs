//! Housekeeping: checkpoints, recycled segments, packing.
//!
//! Owns when disk space is given back. A segment without anything alive goes as soon as a
//! checkpoint says so; segments of which little is alive are packed together once all files take
//! more than twice what is alive. Runs beside the commit thread and never makes it wait for more
//! than one sync.

use std::io;
use std::sync::Arc;

use crate::store::definitions::{self, Definitions, change_text};
use crate::store::disk::{Disk, DiskFile};
use crate::store::format::footer;
use crate::store::format::row;
use crate::store::log::catalog::{Catalog, Finished};
use crate::store::log::segment::Segment;
use crate::store::log::shared::Shared;
use crate::store::log::writer::Writer;
use crate::store::log::{Durability, shared::Source};
use crate::store::{DefinitionChange, Trouble};
use crate::sync::Mutex;
use reserve::Reserve;

pub(super) mod checkpoint;
pub(super) mod packed;
pub(super) mod packing;
mod reserve;

/// Octets of log after which a checkpoint is due, if the data is small; an eighth of it if not.
const CHECKPOINT_EVERY: u64 = 64 * 1024 * 1024;

/// Segments without anything alive that wait for a checkpoint.
const EMPTY_MAX: usize = 2;

/// A footer of so many rows is written as soon as its segment is finished. A shorter one waits for
/// a checkpoint: its segment may be empty by then.
const FOOTER_LEN: u64 = 4096;

/// Octets that are written at once when a file is filled with zeros.
const FILL: usize = 1024 * 1024;

/// See the module.
pub(in crate::store) struct Housekeeper {
    shared: Arc<Shared>,
    writer: Arc<Mutex<Writer>>,
    /// Not open after an error: it does not work again until it is opened again.
    definitions: Option<Definitions>,
    /// Room that is given back to write a checkpoint where there is no other.
    reserve: Reserve,
    /// Segments that were packed, until a checkpoint says so.
    packed: Vec<Segment>,
    /// What went wrong was said, and nothing has gone well since.
    complained: bool,
    /// The number of the last checkpoint.
    number: u64,
    /// What the last checkpoint reflected.
    applied: u64,
    /// The number of the last write of definitions.
    defined: u64,
    /// Files that were prepared since the start.
    spares: u64,
}

impl Housekeeper {
    pub(in crate::store) fn new(
        shared: Arc<Shared>,
        writer: Arc<Mutex<Writer>>,
        definitions: Definitions,
        number: u64,
    ) -> Self {
        let applied = shared.catalog.lock().applied;
        Self {
            shared,
            writer,
            defined: definitions.state().write,
            definitions: Some(definitions),
            reserve: Reserve::default(),
            packed: Vec::new(),
            complained: false,
            number,
            applied,
            spares: 0,
        }
    }

    /// Does what is due; nothing before the start has counted what is alive.
    pub(in crate::store) fn run(&mut self) {
        if !self.shared.is_recovered() {
            return;
        }
        self.write_footers(FOOTER_LEN);
        if self.checkpoint_is_due()
            && let Err(error) = self.checkpoint()
        {
            self.complain("no checkpoint was written", &error);
        }
        while self.packing_is_due() {
            match self.pack() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.complain("no space was won", &error);
                    break;
                }
            }
        }
        if self.shared.log_is_full() {
            self.give_spares();
        }
        match self.prepare_spare() {
            Ok(true) => {
                self.complained = false;
                self.shared.trouble(Source::Housekeeper, None);
                if !self.shared.log_is_full() {
                    self.reserve.make(&*self.shared.disk, &self.shared.options);
                }
            }
            // The log needs the room first.
            Ok(false) => {}
            Err(error) => {
                self.complain("no file could be prepared for the log", &error);
                let trouble = match error.kind() {
                    io::ErrorKind::StorageFull => Trouble::Full,
                    _ => Trouble::Failing,
                };
                self.shared.trouble(Source::Housekeeper, Some(trouble));
            }
        }
    }

    /// Says what went wrong, once until all is well again: it is tried often.
    fn complain(&mut self, what: &str, error: &io::Error) {
        if std::mem::replace(&mut self.complained, true) {
            crate::log::debug!("{what}: {error}");
        } else {
            crate::log::warn!("{what}: {error}");
        }
    }

    fn checkpoint_is_due(&self) -> bool {
        let catalog = self.shared.catalog.lock();
        let every = CHECKPOINT_EVERY
            .min(16 * self.shared.options.segment_len)
            .max(catalog.live_octets() / 8);
        let empty = self.given_up(&catalog).len();
        let new = catalog.applied - self.applied;
        let pressed = self.shared.in_trouble().is_some() || !self.shared.has_spare();
        new > every || empty >= EMPTY_MAX || (empty > 0 && pressed)
    }

    /// The segments that a checkpoint gives up.
    fn given_up(&self, catalog: &Catalog) -> Vec<u64> {
        let segments = catalog.segments.values();
        let empty = segments.filter(|segment| segment.is_empty() && segment.end <= catalog.applied);
        empty.map(|segment| segment.first).collect()
    }

    /// Writes the footers of finished segments of which at least `least` copies are alive. The
    /// segment of one that cannot be written is read at the next start.
    fn write_footers(&self, least: u64) {
        let finished = self.shared.catalog.lock().take_finished();
        for Finished { first, rows } in finished {
            // A copy: the log goes on while rows are looked at, which are many.
            let known = self.shared.catalog.lock().segments.get(&first).cloned();
            let Some(segment) = known else {
                continue;
            };
            let rows = rows.filter(|row| segment.has_alive(row));
            if rows.len() < least {
                self.shared.catalog.lock().keep_rows(first, rows);
            } else if rows.len() > 0 {
                self.write_footer(&segment, &rows);
            }
        }
    }

    fn write_footer(&self, segment: &Segment, rows: &row::Packer) {
        let disk = &*self.shared.disk;
        let (_, written) = footer::write_packed(disk, &segment.name, segment.sums(), rows);
        match written {
            Ok(()) => {
                let mut catalog = self.shared.catalog.lock();
                if let Some(segment) = catalog.segments.get_mut(&segment.first) {
                    segment.has_footer = true;
                }
            }
            Err(error) => {
                let name = &segment.name;
                // Half of one only takes room.
                drop(disk.remove(&footer::file_name(name)));
                crate::log::warn!("no footer was written for '{name}': {error}");
            }
        }
    }

    /// Writes a checkpoint and gives up what it does not need.
    pub(in crate::store) fn checkpoint(&mut self) -> io::Result<()> {
        self.write_footers(1);
        match self.try_checkpoint() {
            // Perhaps for want of room; but that is what a checkpoint gives.
            Err(_) if self.reserve.give_back(&*self.shared.disk) => self.try_checkpoint(),
            result => result,
        }
    }

    /// The last checkpoint, and the word that the broker stopped in order.
    pub(in crate::store) fn finish(&mut self) -> io::Result<()> {
        self.checkpoint()?;
        match &mut self.definitions {
            Some(definitions) => definitions.stop(self.shared.epoch),
            None => Ok(()),
        }
    }

    fn try_checkpoint(&mut self) -> io::Result<()> {
        let (mut octets, applied, empty, changes, unsynced) = {
            // With the writer held nothing can be applied between the snapshot and its sync.
            let mut writer = self.writer.lock();
            let unsynced = match self.shared.options.durability {
                Durability::Fsync => {
                    writer.sync_now()?;
                    Vec::new()
                }
                // Megabytes, and no confirm waits for them: the commit thread can go on meanwhile.
                Durability::Os => writer.dirty(),
            };
            let mut catalog = self.shared.catalog.lock();
            catalog.forget_dropped();
            let changes = self.shared.take_changes();
            (
                checkpoint::encode(&catalog),
                catalog.applied,
                self.given_up(&catalog),
                changes,
                unsynced,
            )
        };
        let kept = self
            .sync_late(&unsynced, applied)
            .and_then(|()| self.keep(&changes, applied));
        if let Err(error) = kept {
            self.shared.return_changes(changes);
            return Err(error);
        }
        checkpoint::finish(&mut octets, self.defined);
        let disk = &*self.shared.disk;
        let number = self.number + 1;
        if let Err(error) = checkpoint::write(disk, number, &octets) {
            // Half of one only takes room.
            drop(disk.remove(&checkpoint::file_name(number)));
            return Err(error);
        }
        self.number = number;
        self.applied = applied;
        self.give_up(&empty)?;
        for segment in std::mem::take(&mut self.packed) {
            self.recycle(&segment)?;
        }
        self.remove_old_checkpoints()
    }

    /// Syncs everything up to `applied`, which is in `files`, without the writer. Never where the
    /// writer syncs too: the system tells an error once, and the other one would confirm.
    fn sync_late(&self, files: &[Arc<dyn DiskFile>], applied: u64) -> io::Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let synced = files
            .iter()
            .try_for_each(|file| file.sync())
            .and_then(|()| self.shared.disk.sync_names());
        let mut writer = self.writer.lock();
        match synced {
            Ok(()) => writer.note_synced(files, applied),
            Err(_) => writer.distrust(),
        }
        synced
    }

    /// Makes changes of definitions durable in their own files.
    fn keep(&mut self, changes: &[DefinitionChange], applied: u64) -> io::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let disk = &*self.shared.disk;
        let until = (applied, self.shared.epoch);
        let definitions = match self.definitions.take() {
            Some(mut definitions) => {
                definitions.apply(disk, changes, until, None)?;
                definitions
            }
            None => reopen(disk, self.defined, changes, until)?,
        };
        self.defined = definitions.state().write;
        self.definitions = Some(definitions);
        Ok(())
    }

    /// Two are kept, so that one that rots is no loss.
    fn remove_old_checkpoints(&self) -> io::Result<()> {
        let disk = &*self.shared.disk;
        for name in disk.list()? {
            if checkpoint::number(&name).is_some_and(|number| number + 1 < self.number) {
                disk.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Removes segments; a few that fit become prepared files.
    fn give_up(&mut self, empty: &[u64]) -> io::Result<()> {
        for first in empty {
            let Some(segment) = self.shared.catalog.lock().segments.remove(first) else {
                continue;
            };
            self.recycle(&segment)?;
        }
        Ok(())
    }

    fn recycle(&mut self, segment: &Segment) -> io::Result<()> {
        let disk = Arc::clone(&self.shared.disk);
        let len = self.shared.options.segment_len;
        if segment.has_footer {
            remove_footer(&*disk, segment)?;
        }
        if segment.packed.is_none() && segment.file_len == len && self.shared.wants_spare() {
            let name = self.spare_name();
            disk.rename(&segment.name, &name)?;
            self.shared.put_spare(name, Arc::clone(&segment.file), len);
            Ok(())
        } else {
            disk.remove(&segment.name)
        }
    }

    /// Gives up prepared files: what does not fit may need the room in another shape.
    fn give_spares(&mut self) {
        for name in self.shared.take_spares() {
            if let Err(error) = self.shared.disk.remove(&name) {
                self.complain("a prepared file was not removed", &error);
            }
        }
    }

    /// A name of its own for each prepared file: one that was taken must never be made again.
    fn spare_name(&mut self) -> String {
        self.spares += 1;
        format!("spare-{:08x}.tmp", self.spares)
    }

    /// Fills a file with zeros, unless there is one, so that the log need not make the file system
    /// allocate. `false` if the log finds no room meanwhile: what a half-made file has is given
    /// back at once, or it would take what others make room for.
    fn prepare_spare(&mut self) -> io::Result<bool> {
        if self.shared.has_spare() {
            return Ok(true);
        }
        if self.shared.log_is_full() {
            return Ok(false);
        }
        let name = self.spare_name();
        let disk = &*self.shared.disk;
        let len = self.shared.options.segment_len;
        let file = disk.create(&name)?;
        let filled = fill(&*file, len, &|| !self.shared.log_is_full());
        match filled {
            Ok(true) => self.shared.put_spare(name, file, len),
            Ok(false) | Err(_) => disk.remove(&name)?,
        }
        filled
    }
}

/// Opens the definitions again after an error, and makes changes durable in new files.
fn reopen(
    disk: &dyn Disk,
    least: u64,
    changes: &[DefinitionChange],
    until: (u64, u64),
) -> io::Result<Definitions> {
    let mut found = definitions::read(disk, least).map_err(io::Error::other)?;
    let mut definitions = Definitions::open(disk, false, &found).map_err(io::Error::other)?;
    definitions.distrust();
    for change in changes {
        change_text(&mut found.texts, change.clone());
    }
    definitions.apply(disk, changes, until, Some(&found.texts))?;
    Ok(definitions)
}

fn remove_footer(disk: &dyn Disk, segment: &Segment) -> io::Result<()> {
    match disk.remove(&footer::file_name(&segment.name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Fills a file with zeros, so that it has its room for good. `false` once `goes_on` says so.
pub(super) fn fill(file: &dyn DiskFile, len: u64, goes_on: &dyn Fn() -> bool) -> io::Result<bool> {
    let zeros = vec![0; FILL];
    let mut at = 0;
    while at < len {
        let left = usize::try_from(len - at).unwrap_or(usize::MAX).min(FILL);
        file.write_at(at, zeros.get(..left).unwrap_or_default())?;
        at += left as u64;
        if !goes_on() {
            return Ok(false);
        }
    }
    file.sync()?;
    Ok(true)
}
