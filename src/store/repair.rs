//! Saving what can be read of a data directory to another one: `leveret repair`.
//!
//! Owns what goes over and in which order. Messages are copied octet for octet, with their places,
//! their delivery counts and what is left of their time; definitions as they are, and those that
//! the caller adds. The directory that is repaired is only read. The new one is of use when its
//! checkpoint is written, which is the last thing; after an error nothing is left of it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use serde::Serialize;

use crate::ids::QueueId;
use crate::store::definitions::{State, Texts, write_new};
use crate::store::disk::Disk;
use crate::store::format::batch::{Layout, SegmentHead};
use crate::store::inspect::{DataDirectory, check};
use crate::store::log::catalog::Catalog;
use crate::store::log::segment::Segment;
use crate::store::space::checkpoint;
use crate::store::space::packed::{Packed, Packer};
use crate::store::space::packing::copy_alive;
use crate::store::start::alive;
use crate::store::{Damage, Definition, StoreError};

/// What went over, and what did not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// The directory that was read.
    pub from: String,
    /// The one that was written.
    pub to: String,
    /// Definitions in the new one.
    pub definitions: usize,
    /// Messages in it, counted once for each queue.
    pub messages: u64,
    /// What was added so that the rest is of use.
    pub added: Vec<String>,
    /// What is to be known besides.
    pub notes: Vec<String>,
    /// What is wrong with the old one. What it says is lost is not in the new one.
    pub damage: Vec<Damage>,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} -> {}", self.from, self.to)?;
        writeln!(f, "  {} definitions", self.definitions)?;
        writeln!(f, "  {} messages in queues", self.messages)?;
        for added in &self.added {
            writeln!(f, "  ADDED: {added}")?;
        }
        for note in &self.notes {
            writeln!(f, "  NOTE: {note}")?;
        }
        for damage in &self.damage {
            writeln!(f, "  DAMAGED: {damage}")?;
        }
        f.write_str(if self.damage.is_empty() {
            "  everything was whole and is in the new directory"
        } else {
            "  everything else is in the new directory"
        })
    }
}

/// What can be read.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// All definitions.
    pub definitions: &'a [Definition],
    /// The queues that have messages, and how many.
    pub holders: &'a BTreeMap<QueueId, u64>,
}

/// A definition that is added, and why.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The definition.
    pub definition: Definition,
    /// What to tell the operator.
    pub why: String,
}

/// Writes what can be read in `from` to `to`, which must be empty. `add` is told
/// what can be read and returns definitions to add.
///
/// # Errors
/// [`StoreError`] if there is nothing to read, or something cannot be written; then `to` is empty
/// again.
pub fn repair(
    from: &dyn Disk,
    to: &dyn Disk,
    add: &mut dyn FnMut(&Known<'_>) -> Vec<Addition>,
) -> Result<Repaired, StoreError> {
    let found = DataDirectory::read(from)?;
    let is_empty = to
        .list()
        .and_then(|files| Ok(files.is_empty() && to.others()?.is_empty()));
    if !is_empty.map_err(|source| failed(to, "reading", "", source))? {
        let error = io::Error::new(io::ErrorKind::AlreadyExists, "the directory is not empty");
        return Err(failed(to, "writing to", "", error));
    }
    let mut repair = Repair {
        to,
        found,
        catalog: Catalog::default(),
        queues: BTreeMap::new(),
        messages: 0,
    };
    let done = repair.run(from, add);
    if done.is_err() {
        for name in to.list().unwrap_or_default() {
            // What cannot be removed is not taken for data without its checkpoint.
            drop(to.remove(&name));
        }
    }
    done
}

fn failed(disk: &dyn Disk, doing: &str, name: &str, source: io::Error) -> StoreError {
    let place = disk.place();
    let what = match name {
        "" => format!("{doing} '{place}'"),
        _ => format!("{doing} '{name}' in '{place}'"),
    };
    StoreError::Io { what, source }
}

struct Repair<'a> {
    to: &'a dyn Disk,
    found: DataDirectory,
    /// The segments of the new directory.
    catalog: Catalog,
    /// Messages by queue.
    queues: BTreeMap<QueueId, u64>,
    messages: u64,
}

impl Repair<'_> {
    fn run(
        &mut self,
        from: &dyn Disk,
        add: &mut dyn FnMut(&Known<'_>) -> Vec<Addition>,
    ) -> Result<Repaired, StoreError> {
        let mut damage = std::mem::take(&mut self.found.scan.damage);
        let segments = std::mem::take(&mut self.found.scan.catalog.segments);
        for mut segment in segments.into_values() {
            let told = self.count(&mut segment);
            damage.extend(told.map_err(|source| failed(from, "reading", &segment.name, source))?);
            if segment.copies() > 0 {
                self.copy(from, &segment)?;
            }
        }
        let mut texts = std::mem::take(&mut self.found.definitions);
        let added = add(&Known {
            definitions: &listed(&texts),
            holders: &self.queues,
        });
        let why = added.iter().map(|added| added.why.clone()).collect();
        for Addition { definition, .. } in added {
            texts.insert((definition.kind, definition.key), definition.json);
        }
        let count = texts.len();
        self.finish(&texts)?;
        let report = check(self.to)?;
        if !report.is_sound() || report.messages != self.messages {
            let error = io::Error::other("what was written does not read back");
            return Err(failed(self.to, "verifying", "", error));
        }
        Ok(Repaired {
            from: from.place(),
            to: self.to.place(),
            definitions: count,
            messages: self.messages,
            added: why,
            notes: Vec::new(),
            damage,
        })
    }

    /// Counts what of a segment can be read, and forgets the rest.
    fn count(&mut self, segment: &mut Segment) -> io::Result<Vec<Damage>> {
        segment.recount();
        let dropped = &self.found.scan.catalog.dropped;
        let (queues, messages) = (&mut self.queues, &mut self.messages);
        alive::each_alive(segment, dropped, &mut |alive| {
            *queues.entry(alive.row.queue).or_default() += 1;
            *messages += 1;
        })
    }

    /// Copies what is alive of a segment to a packed one.
    fn copy(&mut self, from: &dyn Disk, segment: &Segment) -> Result<(), StoreError> {
        let name = format!("{:016x}-{:08x}.pack", segment.first, 0);
        let unfinished = format!("{name}.tmp");
        let head = SegmentHead {
            layout: Layout::Packed,
            node: 0,
            epoch: self.last_epoch(),
            first: segment.first,
            end: segment.end,
            follows: segment.first,
            begins: false,
        };
        let to = self.to;
        let writing = |source| failed(to, "writing", &name, source);
        let mut packer = Packer::new(to, &unfinished, head).map_err(writing)?;
        copy_alive(segment, &mut packer).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => failed(from, "reading", &segment.name, error),
            _ => writing(error),
        })?;
        let Packed {
            segment: mut new,
            messages,
            ..
        } = packer.finish(to, &unfinished, &name).map_err(writing)?;
        for (at, len, queues) in &messages {
            new.inherit(segment, *at, *len, queues);
        }
        self.catalog.insert(new);
        Ok(())
    }

    fn last_epoch(&self) -> u64 {
        let known = self.found.state.map_or(0, |state| state.epoch);
        self.found.scan.last_epoch(known)
    }

    /// Writes definitions and checkpoint.
    fn finish(&mut self, texts: &Texts) -> Result<(), StoreError> {
        let to = self.to;
        let end = self.found.scan.end;
        let epoch = self.last_epoch();
        let old = self.found.state;
        // Where the old one did not stop in order, the new one has not either.
        let stopped = old.filter(|state| state.stopped == state.epoch);
        let state = State {
            applied: end,
            epoch,
            stopped: stopped.map_or(0, |_| epoch),
            suspect: stopped.map_or(end, |state| state.suspect),
            ..State::default()
        };
        write_new(to, texts, state)
            .map_err(|source| failed(to, "writing", "definitions", source))?;
        self.catalog.applied = end;
        let mut octets = checkpoint::encode(&self.catalog);
        checkpoint::finish(&mut octets, 1);
        checkpoint::write(to, 1, &octets)
            .map_err(|source| failed(to, "writing", &checkpoint::file_name(1), source))
    }
}

fn listed(texts: &Texts) -> Vec<Definition> {
    let listed = texts.iter().map(|((kind, key), json)| Definition {
        kind: *kind,
        key: key.clone(),
        json: json.clone(),
    });
    listed.collect()
}

#[cfg(test)]
mod tests;
