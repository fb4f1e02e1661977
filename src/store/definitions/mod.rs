//! Definitions between two starts: two files in the data directory, octet for octet the same.
//!
//! A change is durable once its record in the log is; these files catch up behind it, many changes
//! in one write, and remember how far they got. What they miss is taken from the log at start.
//! The second file is written when the first one is durable, so that one of them is whole whatever
//! happens; a row that is damaged in one is taken from the other. Owns the number of starts too,
//! from which the incarnation ids of queues are made.
//!
//! Two files of rows, and not a database twice: every row has a checksum of its own, so that damage
//! costs what it hits and can be named; what reads them has no way to panic; and nothing but a
//! start ever looks something up in them.
//!
//! Both grow by what changes, and are written anew once they have twice what is needed.
//!
//! Invariant I10, for definitions.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use crate::store::disk::{Disk, DiskFile, read_file, read_full};
use crate::store::format::octets::index;
use crate::store::{Definition, DefinitionChange, StoreError};

pub(in crate::store) mod legacy;
mod reading;
mod row;
mod side;

#[cfg(feature = "program")]
pub use legacy::is_guarded;
pub(in crate::store) use reading::{Contents, Origin, Texts, read};
pub(in crate::store) use row::State;
use row::{FILE_HEAD, Written, encode_change, encode_put, encode_state, file_head};

/// The names of the files, in the order in which they are written.
pub(in crate::store) const FILES: [&str; 2] = ["definitions-a", "definitions-b"];

/// What becomes of files in which something was that is nowhere else.
const ASIDE: &str = ".damaged";

/// A file is written anew once it has this many octets more than twice what it had when it was.
const SLACK: u64 = 256 * 1024;

/// Octets that are written at once.
const WRITE: usize = 1024 * 1024;

/// See the module.
pub(in crate::store) struct Definitions {
    copies: [Copy; 2],
    state: State,
    /// The files have to be written anew: one is damaged, or is not to be trusted.
    anew: bool,
    /// Files that are kept under another name when they are written anew: something is lost.
    puts_aside: bool,
    /// Octets of a file when it was written anew.
    fresh_len: u64,
}

struct Copy {
    name: &'static str,
    /// `None` before it is written anew.
    file: Option<Arc<dyn DiskFile>>,
    /// Where the next row goes.
    end: u64,
}

/// The name is a file's of definitions, of this program or of an earlier one.
pub(in crate::store) fn is_ours(name: &str) -> bool {
    name == legacy::FILE || FILES.contains(&name)
}

impl Definitions {
    /// Opens what [`read`] has found, which is made if there is nothing and `may_make`: there is
    /// nothing else of a broker's either. Changes nothing yet.
    ///
    /// # Errors
    /// If nothing can be read of either file, or they are missing beside a log: without their
    /// queues all messages would be taken for those of deleted ones, and given up.
    pub(in crate::store) fn open(
        disk: &dyn Disk,
        may_make: bool,
        found: &Contents,
    ) -> Result<Self, StoreError> {
        let is_new = found.source == Origin::Nowhere && may_make;
        if found.is_unreadable() && !is_new {
            return Err(gone(disk, found.source));
        }
        let [a, b] = FILES;
        let [end_a, end_b] = found.ends;
        let copy = |name, end: Option<u64>| Copy {
            name,
            file: end.and_then(|_| disk.open(name).ok()),
            end: end.unwrap_or_default(),
        };
        let mut state = found.state.unwrap_or(State {
            epoch: found.last.epoch,
            write: found.last.write,
            ..State::default()
        });
        state.lost |= found.is_lost;
        let copies = [copy(a, end_a), copy(b, end_b)];
        Ok(Self {
            anew: copies.iter().any(|copy| copy.file.is_none()),
            copies,
            state,
            puts_aside: found.is_lost,
            fresh_len: fresh_len(&found.texts),
        })
    }

    /// What is written next goes to new files: the ones that are there are not to be trusted.
    pub(in crate::store) fn distrust(&mut self) {
        self.anew = true;
    }

    /// The numbers that are kept beside the definitions.
    pub(in crate::store) fn state(&self) -> &State {
        &self.state
    }

    /// Messages before this address may have been delivered although nothing says so: those that
    /// were there when a start, which one does not matter, was not followed by a stop in order.
    /// `last` is the epoch of the last start, `end` the end of the log.
    pub(in crate::store) fn suspect(&mut self, last: u64, end: u64) -> u64 {
        if self.state.stopped != last {
            self.state.suspect = end;
        }
        self.state.suspect
    }

    /// Makes `changes` and how far they go durable. `texts` are the definitions with the changes,
    /// if they are at hand.
    ///
    /// # Errors
    /// What the disk says. The files must be opened again then.
    pub(in crate::store) fn apply(
        &mut self,
        disk: &dyn Disk,
        changes: &[DefinitionChange],
        (applied, epoch): (u64, u64),
        texts: Option<&Texts>,
    ) -> io::Result<()> {
        self.state.applied = applied;
        self.state.epoch = epoch;
        self.state.write += 1;
        let is_long = |copy: &Copy| copy.end > 2 * self.fresh_len + SLACK;
        if !self.anew && !self.copies.iter().any(is_long) {
            return self.append(changes);
        }
        match texts {
            Some(texts) => self.write_anew(disk, texts),
            None => {
                let mut texts = read(disk, 0).map_err(io::Error::other)?.texts;
                for change in changes {
                    change_text(&mut texts, change.clone());
                }
                self.write_anew(disk, &texts)
            }
        }
    }

    /// Notes that the start with this epoch is followed by a stop in order.
    ///
    /// # Errors
    /// What the disk says.
    pub(in crate::store) fn stop(&mut self, epoch: u64) -> io::Result<()> {
        self.state.stopped = epoch;
        self.state.write += 1;
        self.append(&[])
    }

    /// Writes behind what is there.
    fn append(&mut self, changes: &[DefinitionChange]) -> io::Result<()> {
        self.level()?;
        let from = self.copies.first().map_or(0, |copy| copy.end);
        let written = self.written();
        let mut octets = Vec::new();
        for change in changes {
            let place = from + octets.len() as u64;
            encode_change(written, change, place, &mut octets);
        }
        encode_state(&self.state, from + octets.len() as u64, &mut octets);
        self.copies
            .iter_mut()
            .try_for_each(|copy| copy.append(&octets))
    }

    /// Gives the second file what a crash has kept from it.
    fn level(&mut self) -> io::Result<()> {
        let [a, b] = &mut self.copies;
        if b.end < a.end {
            let mut octets = vec![0; index(a.end - b.end)];
            let read = read_full(&**a.file()?, b.end, &mut octets)?;
            if read < octets.len() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            b.append(&octets)?;
        }
        Ok(())
    }

    fn written(&self) -> Written {
        Written {
            epoch: self.state.epoch,
            write: self.state.write,
        }
    }

    /// Writes new files with what is needed, each under its own name only when it is whole.
    fn write_anew(&mut self, disk: &dyn Disk, texts: &Texts) -> io::Result<()> {
        self.state.generation = self.state.write;
        let puts_aside = std::mem::take(&mut self.puts_aside);
        if puts_aside {
            FILES
                .into_iter()
                .try_for_each(|name| copy_aside(disk, name))?;
        }
        let (state, written) = (self.state, self.written());
        for copy in &mut self.copies {
            *copy = write_file(disk, copy.name, texts, &state, written)?;
            self.fresh_len = copy.end;
        }
        self.anew = false;
        legacy::give_up(disk, puts_aside)
    }
}

impl Copy {
    fn file(&self) -> io::Result<&Arc<dyn DiskFile>> {
        self.file
            .as_ref()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let file = self.file()?;
        file.write_at(self.end, octets)?;
        // What an earlier write left behind it, which failed, must not pass for something.
        let end = self.end + octets.len() as u64;
        if file.size()? > end {
            file.set_len(end)?;
        }
        file.sync()?;
        self.end = end;
        Ok(())
    }
}

/// Writes a new data directory's definitions, the first write of all.
///
/// # Errors
/// What the disk says.
pub(in crate::store) fn write_new(disk: &dyn Disk, texts: &Texts, state: State) -> io::Result<()> {
    let state = State {
        write: 1,
        generation: 1,
        lost: false,
        ..state
    };
    let written = Written {
        epoch: state.epoch,
        write: state.write,
    };
    FILES
        .into_iter()
        .try_for_each(|name| write_file(disk, name, texts, &state, written).map(drop))
}

/// A file in which something is damaged that is nowhere else may still be of use to an operator.
/// It keeps its name until a new one takes its place. What was put aside before stays as it is.
fn copy_aside(disk: &dyn Disk, name: &str) -> io::Result<()> {
    let octets = match read_file(disk, name) {
        Ok(octets) => octets,
        // What the system does not give cannot be kept.
        Err(_) => return Ok(()),
    };
    let is_kept = |aside: &str| read_file(disk, aside).is_ok_and(|before| before == octets);
    let Some(aside) = free_name(disk, name, is_kept)? else {
        return Ok(());
    };
    let copy = disk.create(&aside)?;
    copy.write_at(0, &octets)?;
    copy.sync()
}

/// The first name for a file to be put aside that no file has: `definitions-a.damaged`, then
/// `definitions-a.damaged.2`. `None` if one of those that are there will do.
fn free_name(
    disk: &dyn Disk,
    name: &str,
    will_do: impl Fn(&str) -> bool,
) -> io::Result<Option<String>> {
    let taken: BTreeSet<String> = disk.list()?.into_iter().collect();
    let mut aside = format!("{name}{ASIDE}");
    let mut number = 1;
    while taken.contains(&aside) {
        if will_do(&aside) {
            return Ok(None);
        }
        number += 1;
        aside = format!("{name}{ASIDE}.{number}");
    }
    Ok(Some(aside))
}

fn write_file(
    disk: &dyn Disk,
    name: &'static str,
    texts: &Texts,
    state: &State,
    written: Written,
) -> io::Result<Copy> {
    let unfinished = format!("{name}.tmp");
    let file = disk.create(&unfinished)?;
    let mut octets = file_head(state.generation);
    let mut end = 0;
    let mut flush = |octets: &mut Vec<u8>, least: usize| {
        if octets.len() >= least {
            file.write_at(end, octets)?;
            end += octets.len() as u64;
            octets.clear();
        }
        io::Result::Ok(end)
    };
    for ((kind, key), json) in texts {
        let place = flush(&mut octets, WRITE)? + octets.len() as u64;
        encode_put(written, (*kind, key, json), place, &mut octets);
    }
    let place = flush(&mut octets, WRITE)? + octets.len() as u64;
    encode_state(state, place, &mut octets);
    let end = flush(&mut octets, 0)?;
    file.sync()?;
    disk.rename(&unfinished, name)?;
    disk.sync_names()?;
    let file = Some(disk.open(name)?);
    Ok(Copy { name, file, end })
}

/// Octets that a file with nothing else takes, about.
fn fresh_len(texts: &Texts) -> u64 {
    let rows = texts
        .iter()
        .map(|((_, key), json)| 40 + key.len() + json.len());
    (FILE_HEAD + rows.sum::<usize>()) as u64
}

/// Does to definitions what a change says.
pub(in crate::store) fn change_text(texts: &mut Texts, change: DefinitionChange) {
    match change {
        DefinitionChange::Put(Definition { kind, key, json }) => {
            texts.insert((kind, key), json);
        }
        DefinitionChange::Delete(kind, key) => {
            texts.remove(&(kind, key));
        }
    }
}

fn gone(disk: &dyn Disk, source: Origin) -> StoreError {
    let [a, b] = FILES;
    let (files, how) = match source {
        Origin::Nowhere => (format!("'{a}' and '{b}'"), "they are missing"),
        Origin::Files => (format!("'{a}' and '{b}'"), "nothing in them can be read"),
        Origin::Database => (format!("'{}'", legacy::FILE), "nothing in it can be read"),
    };
    let text = format!(
        "{how}, but the messages of queues are there; put back a copy that fits, have \
         `leveret repair` write what is left to another directory, or give the broker another one"
    );
    StoreError::Io {
        what: format!("opening {files} in '{}'", disk.place()),
        source: io::Error::new(io::ErrorKind::InvalidData, text),
    }
}

#[cfg(test)]
mod tests;
