//! Looking at a data directory without changing it: `leveret check-data` and `leveret dump`.
//!
//! Owns what these two find. They read with the store's own recovery, so what they report is what
//! a start would find; how it is printed is the program's business.

use std::collections::HashMap;
use std::fmt;
use std::io;

use serde::Serialize;

use crate::ids::QueueId;
use crate::message::MessageBuilder;
use crate::store::StoreError;
use crate::store::definitions::{self, Definitions, Origin, State, Texts, change_text};
use crate::store::disk::Disk;
use crate::store::space::checkpoint::{self, Unread};
use crate::store::start::alive;
use crate::store::start::recovery::{self, Damage, Scan};

mod footers;
mod item;
mod readable;

#[cfg(feature = "internals")]
pub use item::Body;
pub use item::{Definition, Item, Owner, Stored};

/// What a data directory holds, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where it is.
    pub place: String,
    /// Segment files.
    pub segments: usize,
    /// Octets in them.
    pub octets: u64,
    /// Batches behind the last checkpoint.
    pub batches: u64,
    /// Messages, counted once for each queue.
    pub messages: u64,
    /// Definitions.
    pub definitions: usize,
    /// What cannot be read.
    pub damage: Vec<Damage>,
    /// The file and offset at which the log ends in a batch that was never confirmed: no fault.
    pub torn: Option<(String, u64)>,
    /// A checkpoint that was begun and not finished when the broker ended: no fault, the one
    /// before it is used.
    pub unfinished: Option<String>,
}

impl Report {
    /// Nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.place)?;
        writeln!(
            f,
            "  {} segments with {} octets",
            self.segments, self.octets
        )?;
        writeln!(f, "  {} batches behind the last checkpoint", self.batches)?;
        writeln!(f, "  {} messages in queues", self.messages)?;
        writeln!(f, "  {} definitions", self.definitions)?;
        if let Some((file, offset)) = &self.torn {
            writeln!(
                f,
                "  '{file}' ends at {offset} in a batch that was never confirmed: no fault"
            )?;
        }
        if let Some(file) = &self.unfinished {
            writeln!(
                f,
                "  '{file}' was not finished, the one before is used: no fault"
            )?;
        }
        for damage in &self.damage {
            writeln!(f, "  DAMAGED: {damage}")?;
        }
        let verdict = if self.is_sound() {
            "  everything is whole"
        } else {
            "  the rest is whole"
        };
        f.write_str(verdict)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            offset,
            len,
            what,
        } = self;
        write!(f, "'{file}' at {offset}, {len} octets: {what}")
    }
}

/// Reads and verifies everything in a data directory; changes nothing.
///
/// # Errors
/// [`StoreError`] if there is no data, a file cannot be read or is of an unknown version. Damage
/// is no error: it is in the report.
pub fn check(disk: &dyn Disk) -> Result<Report, StoreError> {
    let mut found = DataDirectory::read(disk)?;
    let mut messages = 0;
    found.messages(disk, &mut |_| messages += 1)?;
    let segments = found.scan.catalog.segments.values();
    Ok(Report {
        place: disk.place(),
        segments: segments.len(),
        octets: segments.map(|segment| segment.file_len).sum(),
        batches: found.scan.batches,
        messages,
        definitions: found.definitions.len(),
        damage: found.scan.damage,
        torn: found.scan.torn,
        unfinished: found.unfinished,
    })
}

/// Whether there is a broker's data in a directory, in whatever state.
///
/// # Errors
/// [`StoreError::Io`] if the directory cannot be read.
pub fn has_data(disk: &dyn Disk) -> Result<bool, StoreError> {
    Ok(names(disk)?.iter().any(|name| is_ours(name)))
}

/// Goes through what a start reads first, and says what would end it there; changes nothing.
///
/// # Errors
/// [`StoreError`] if a file cannot be opened or read, is missing or of an unknown version.
pub fn rehearse(disk: &dyn Disk) -> Result<(), StoreError> {
    let scan = recovery::scan(disk)?;
    let is_new = scan.checkpoint == 0 && scan.catalog.segments.is_empty();
    let found = definitions::read(disk, scan.definitions)?;
    Definitions::open(disk, is_new, &found).map(drop)
}

/// Gives everything that is in a data directory: definitions by kind, without the hashes of
/// passwords, then messages as they lie in the log, which is the order of each queue; changes
/// nothing. Returns what could not be read.
///
/// # Errors
/// [`StoreError`] if there is no data, a file cannot be read or is of an unknown version.
pub fn dump(disk: &dyn Disk, each: &mut dyn FnMut(Item)) -> Result<Vec<Damage>, StoreError> {
    let mut found = DataDirectory::read(disk)?;
    let mut owners: HashMap<QueueId, Owner> = HashMap::new();
    for ((kind, key), json) in std::mem::take(&mut found.definitions) {
        let (definition, owner) = Definition::read(kind, &key, &json);
        owners.extend(owner);
        each(Item::Definition(definition));
    }
    let mut builder = MessageBuilder::default();
    found.messages(disk, &mut |alive| {
        if let Some(message) = alive.stored.build(&mut builder) {
            let owner = owners.get(&alive.row.queue).cloned();
            each(Item::Message(Box::new(Stored::read(
                &alive, owner, &message,
            ))));
        }
    })?;
    Ok(found.scan.damage)
}

pub(in crate::store) struct DataDirectory {
    pub(in crate::store) scan: Scan,
    pub(in crate::store) definitions: Texts,
    /// The numbers beside the definitions; `None` if they cannot be read.
    pub(in crate::store) state: Option<State>,
    unfinished: Option<String>,
}

impl DataDirectory {
    pub(in crate::store) fn read(disk: &dyn Disk) -> Result<Self, StoreError> {
        let failed = |what: String| move |source| StoreError::Io { what, source };
        let names = names(disk)?;
        if !names.iter().any(|name| is_ours(name)) {
            let none = io::Error::new(io::ErrorKind::NotFound, "there is no broker's data in it");
            return Err(failed(format!("reading '{}'", disk.place()))(none));
        }
        let mut scan = recovery::scan(disk)?;
        let unfinished = check_checkpoints(disk, &names, &mut scan.damage);
        let mut found = definitions::read(disk, scan.definitions)?;
        if found.source == Origin::Nowhere {
            let [a, b] = definitions::FILES;
            found.damage.push(Damage {
                file: a.to_owned(),
                offset: 0,
                len: 0,
                what: format!("the file is missing, and so is '{b}'").into(),
            });
        }
        scan.damage.append(&mut found.damage);
        let applied = found.state.map_or(0, |state| state.applied);
        let mut definitions = found.texts;
        let changes = scan.changes.drain(..);
        for (_, change) in changes.filter(|(address, _)| *address >= applied) {
            change_text(&mut definitions, change);
        }
        Ok(Self {
            scan,
            definitions,
            state: found.state,
            unfinished,
        })
    }

    fn messages(
        &mut self,
        disk: &dyn Disk,
        each: &mut dyn FnMut(alive::Alive<'_>),
    ) -> Result<(), StoreError> {
        let Scan {
            catalog, damage, ..
        } = &mut self.scan;
        for segment in catalog.segments.values_mut() {
            segment.recount();
            let mut rows = Vec::new();
            let mut each = |alive: alive::Alive<'_>| {
                rows.push(alive.row);
                each(alive);
            };
            let found = alive::each_alive(segment, &catalog.dropped, &mut each);
            damage.extend(found.map_err(|source| StoreError::Io {
                what: format!("reading '{}' in '{}'", segment.name, disk.place()),
                source,
            })?);
            damage.extend(footers::check(disk, segment, rows));
        }
        Ok(())
    }
}

fn names(disk: &dyn Disk) -> Result<Vec<String>, StoreError> {
    disk.list().map_err(|source| StoreError::Io {
        what: format!("reading '{}'", disk.place()),
        source,
    })
}

fn is_ours(name: &str) -> bool {
    definitions::is_ours(name)
        || checkpoint::number(name).is_some()
        || [".log", ".pack"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

/// Notes checkpoints that are damaged; returns the newest if it need not have been finished.
///
/// A checkpoint is begun when the one before it is finished, and once it is finished the one
/// before that is removed.
fn check_checkpoints(
    disk: &dyn Disk,
    names: &[String],
    damage: &mut Vec<Damage>,
) -> Option<String> {
    let numbers = || names.iter().filter_map(|name| checkpoint::number(name));
    let newest = numbers().max()?;
    let oldest = numbers().min()?;
    let mut unfinished = None;
    for number in numbers() {
        let name = checkpoint::file_name(number);
        if !matches!(checkpoint::read(disk, &name), Err(Unread::Damaged)) {
            continue;
        }
        if number == newest && (oldest + 2 <= newest || newest <= 2) {
            unfinished = Some(name);
        } else {
            let len = disk.open(&name).and_then(|file| file.size());
            damage.push(Damage {
                file: name,
                offset: 0,
                len: len.unwrap_or_default(),
                what: "the checkpoint is damaged".into(),
            });
        }
    }
    unfinished
}

#[cfg(test)]
mod tests;
