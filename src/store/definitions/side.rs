//! One of the two files, as it is read beside the other one.

use std::fmt::Write as _;
use std::io;

use super::row::{self, FILE_HEAD, Head, ROW_HEAD, Statement, Written};
use crate::store::disk::Disk;
use crate::store::disk::window::Window;
use crate::store::format::octets::index;
use crate::store::{Damage, Definition, DefinitionChange, DefinitionKind, StoreError};

/// Octets of a damaged row that are looked at, to guess what it was about.
const GUESS: u64 = 4096;

/// What a power cut leaves of a write is whole in pieces of this many octets.
const SECTOR: u64 = 512;

/// See the module.
pub(super) struct Side {
    pub(super) name: &'static str,
    window: Window,
    pub(super) size: u64,
    generation: Option<u64>,
    /// Behind the last state that is whole.
    pub(super) end: u64,
    /// The number of the write that it ends.
    pub(super) write: u64,
    /// End and number of the write before.
    before: (u64, u64),
    /// Rows that are not whole here, with nothing whole behind them so far.
    tail: Vec<Damaged>,
    /// Rows that are not whole here, with whole ones behind them.
    damaged: Vec<Damaged>,
    /// Why the system does not give more of it.
    unreadable: Option<io::Error>,
}

/// A row, or what may be several, that is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damaged {
    pub(super) place: u64,
    pub(super) len: u64,
    about: About,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    Definition(DefinitionKind, String),
    Numbers,
    Unknown,
}

impl Damaged {
    /// The row that the other file has.
    pub(super) fn of(row: &Statement, place: u64, len: u64) -> Self {
        let about = match row {
            Statement::Change(
                DefinitionChange::Put(Definition { kind, key, .. })
                | DefinitionChange::Delete(kind, key),
            ) => About::Definition(*kind, key.clone()),
            Statement::State(_) => About::Numbers,
        };
        Self { place, len, about }
    }

    /// What no file has.
    pub(super) fn guessed(guess: Option<(DefinitionKind, String)>, place: u64, len: u64) -> Self {
        let about = guess.map_or(About::Unknown, |(kind, key)| About::Definition(kind, key));
        Self { place, len, about }
    }

    /// For a report; `other` has the row if it is given.
    pub(super) fn text(&self, other: Option<&str>) -> String {
        let of_what = match &self.about {
            About::Definition(kind, key) if other.is_some() => {
                format!("of {} '{}'", kind.word(), plain(key))
            }
            About::Definition(kind, key) => {
                format!("of what seems to be {} '{}'", kind.word(), plain(key))
            }
            About::Numbers => "with numbers of the store".to_owned(),
            About::Unknown => "of something unknown".to_owned(),
        };
        match other {
            Some(other) => format!("the row {of_what} is damaged; '{other}' has it"),
            None => format!("the row {of_what} is damaged and in no other file: it is lost"),
        }
    }
}

/// A key in one line.
fn plain(key: &str) -> String {
    key.chars().fold(String::new(), |mut out, letter| {
        match letter {
            '\0' => out.push('/'),
            _ if letter.is_control() => {
                let _written = write!(out, "{}", letter.escape_default());
            }
            _ => out.push(letter),
        }
        out
    })
}

impl Side {
    /// Opens the file; `None` if there is none.
    ///
    /// # Errors
    /// What the disk says, and a file of another version.
    pub(super) fn open(disk: &dyn Disk, name: &'static str) -> Result<Option<Self>, StoreError> {
        let failed = |source| StoreError::Io {
            what: format!("opening '{name}' in '{}'", disk.place()),
            source,
        };
        let file = match disk.open(name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let size = file.size().map_err(failed)?;
        let mut side = Self {
            name,
            window: Window::new(file),
            size,
            generation: None,
            end: (FILE_HEAD as u64).min(size),
            write: 0,
            before: ((FILE_HEAD as u64).min(size), 0),
            tail: Vec::new(),
            damaged: Vec::new(),
            unreadable: None,
        };
        match row::read_head(side.octets(0, FILE_HEAD)) {
            Head::Whole(generation) => side.generation = Some(generation),
            Head::Damaged => {}
            Head::Version(version) => {
                return Err(StoreError::Version {
                    file: format!("{}/{name}", disk.place()),
                    version,
                    known: row::VERSION,
                });
            }
        }
        Ok(Some(side))
    }

    /// The write by which the file was made, if its front is whole.
    pub(super) fn generation(&self) -> Option<u64> {
        self.generation
    }

    /// The `len` octets at `place`, or as many as there are.
    pub(super) fn octets(&mut self, place: u64, len: usize) -> &[u8] {
        if self.unreadable.is_some() {
            return &[];
        }
        match self.window.get(place, len) {
            Ok(octets) => octets,
            Err(error) => {
                self.unreadable = Some(error);
                &[]
            }
        }
    }

    /// When the row at `place` was written, and how long it is; `None` if there is none that is
    /// whole.
    pub(super) fn whole_at(&mut self, place: u64) -> Option<(Written, u64)> {
        let left = self.size.checked_sub(place)?;
        let len = row::claimed_len(self.octets(place, ROW_HEAD)).filter(|len| *len <= left)?;
        let written = row::check(self.octets(place, index(len)), place)?;
        Some((written, len))
    }

    /// What lies at `place` and is no row seems to be about.
    pub(super) fn guess(&mut self, place: u64, len: u64) -> Option<(DefinitionKind, String)> {
        row::guess(self.octets(place, index(len.min(GUESS))))
    }

    /// A row is whole here, and the next one begins at `next`.
    pub(super) fn on_whole(&mut self, row: &Statement, next: u64) {
        self.damaged.append(&mut self.tail);
        if let Statement::State(state) = row {
            self.before = (self.end, self.write);
            (self.end, self.write) = (next, state.write);
        }
    }

    /// A row is whole in the other file only.
    pub(super) fn on_damaged(&mut self, row: Damaged) {
        self.tail.push(row);
    }

    /// Whether there is something behind its last state.
    pub(super) fn has_more(&mut self) -> bool {
        let mut place = self.end;
        while place < self.size {
            let len = (self.size - place).min(SECTOR);
            if self
                .octets(place, index(len))
                .iter()
                .any(|octet| *octet != 0)
            {
                return true;
            }
            place += len;
        }
        false
    }

    /// Finds out whether its last write is what a power cut has left of it; then it ends before.
    pub(super) fn cut_torn(&mut self, other: &mut Self) {
        let (end, write) = self.before;
        let is_last = |row: &Damaged| row.place >= end;
        if self.write == other.write
            && self.damaged.iter().any(is_last)
            && !self.is_unlike(other, end)
        {
            self.damaged.retain(|row| row.place < end);
            (self.end, self.write) = (end, write);
        }
    }

    /// Whether what is damaged behind `from` is something else than what a power cut leaves of what
    /// `other` has there: some sectors of it, where nothing was before.
    pub(super) fn is_unlike(&mut self, other: &mut Self, from: u64) -> bool {
        let rows = self.damaged.iter().chain(&self.tail);
        let rows = rows.filter(|row| row.place >= from);
        let rows: Vec<(u64, u64)> = rows.map(|row| (row.place, row.place + row.len)).collect();
        rows.into_iter().any(|(mut place, end)| {
            let end = end.min(self.size);
            while place < end {
                let next = ((place / SECTOR + 1) * SECTOR).min(end);
                let len = index(next - place);
                let own = self.octets(place, len);
                if own != other.octets(place, len) && own.iter().any(|octet| *octet != 0) {
                    return true;
                }
                place = next;
            }
            false
        })
    }

    /// What is wrong with it by itself; `other` has what is missing. It lacks what was written last
    /// if `is_behind`.
    pub(super) fn damage(mut self, is_behind: bool, other: Option<&str>) -> (Vec<Damage>, u64) {
        let note = |offset, len, what: String| Damage {
            file: self.name.to_owned(),
            offset,
            len,
            what: what.into(),
        };
        let mut damage = Vec::new();
        if let Some(error) = self.unreadable {
            let len = self.size.saturating_sub(self.end);
            let text = format!("the system does not give what is behind this: {error}");
            return (vec![note(self.end, len, text)], self.end);
        }
        if self.generation.is_none() {
            let text = "the front of the file is damaged".to_owned();
            damage.push(note(0, FILE_HEAD as u64, text));
        }
        if is_behind {
            let (there, gone): (Vec<_>, Vec<_>) =
                self.tail.into_iter().partition(|row| row.place < self.size);
            self.damaged.extend(there);
            if let Some(row) = gone.first() {
                let last = gone.last().map_or(0, |row| row.place + row.len);
                let other = other.unwrap_or_default();
                let text = format!("the file ends too early; '{other}' has the rest");
                damage.push(note(row.place, last - row.place, text));
            }
        }
        let rows = self.damaged.iter();
        damage.extend(rows.map(|row| note(row.place, row.len, row.text(other))));
        damage.sort_by_key(|damage| damage.offset);
        (damage, self.end)
    }
}
