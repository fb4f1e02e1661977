//! Definitions as programs kept them before there were two files: in a redb database.
//!
//! It is read once, from a copy in memory, and removed when the files are written. The library
//! asserts on what it reads; no panic of it leaves this module.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{
    Database, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
};

use super::free_name;
use super::reading::{Contents, Origin, Texts};
use super::row::{State, Written};
use crate::store::disk::{Disk, DiskFile, MemoryDisk, read_file, read_full};
use crate::store::{Damage, DefinitionKind, StoreError};

/// The file's name.
pub(in crate::store) const FILE: &str = "definitions.redb";

const DEFINITIONS: TableDefinition<'_, (u8, &str), &str> = TableDefinition::new("definitions");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is the library's and caught: the program says nothing of it.
#[cfg(feature = "program")]
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Whether there is one.
pub(super) fn is_there(disk: &dyn Disk) -> bool {
    disk.open(FILE).is_ok()
}

/// What is in the database, as far as it can be read.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn read(disk: &dyn Disk) -> Result<Contents, StoreError> {
    let octets = match read_file(disk, FILE) {
        Ok(octets) => octets,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::default()),
        Err(source) => {
            let what = format!("reading '{FILE}' in '{}'", disk.place());
            return Err(StoreError::Io { what, source });
        }
    };
    let len = octets.len() as u64;
    let mut found = Contents {
        source: Origin::Database,
        ..Contents::default()
    };
    // It repairs itself when it is opened, so a copy is.
    let copy = MemoryDisk::with_files([(FILE.to_owned(), octets)]);
    if let Err(error) = contents(&copy, &mut found) {
        let count = found.texts.len();
        let what = format!("the database is damaged ({error}): {count} definitions can be read");
        found.damage.push(Damage {
            file: FILE.to_owned(),
            offset: 0,
            len,
            what: what.into(),
        });
        found.is_lost = true;
    }
    let epoch = found.state.map_or(0, |state| state.epoch);
    found.last = Written { epoch, write: 0 };
    Ok(found)
}

/// Removes it, if it is there, or keeps it under another name if something in it is lost.
///
/// # Errors
/// What the disk says.
pub(super) fn give_up(disk: &dyn Disk, something_is_lost: bool) -> io::Result<()> {
    let done = if something_is_lost {
        free_name(disk, FILE, |_| false)
            .and_then(|aside| aside.map_or(Ok(()), |aside| disk.rename(FILE, &aside)))
    } else {
        disk.remove(FILE)
    };
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Runs something of the library's.
fn guarded<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(before);
    done.unwrap_or_else(|_| Err(io::Error::other("it breaks its own rules")))
}

/// Reads the copy; what has been read before an error stays in `found`.
fn contents(copy: &MemoryDisk, found: &mut Contents) -> io::Result<()> {
    let file = copy.open(FILE)?;
    if file.size()? == 0 {
        return Err(io::Error::other("the file is empty"));
    }
    let mut database = guarded(|| {
        let opened = Database::builder().create_with_backend(Backend(file));
        opened.map_err(io::Error::other)
    })?;
    let whole = guarded(|| match database.check_integrity() {
        Ok(true) => Ok(()),
        Ok(false) => Err(io::Error::other("a checksum is wrong")),
        Err(error) => Err(io::Error::other(error)),
    });
    let state = guarded(|| state(&database));
    let texts = guarded(|| texts(&database, &mut found.texts));
    // To close it is to write, which may panic too.
    let closed = guarded(|| {
        drop(database);
        Ok(())
    });
    // Numbers of a database that is damaged would say that the log has nothing newer.
    let behind = if whole.is_ok() { None } else { Some(0) };
    found.state = state.as_ref().ok().map(|state| State {
        applied: behind.unwrap_or(state.applied),
        ..*state
    });
    whole.and(state.map(drop)).and(texts).and(closed)
}

fn state(database: &Database) -> io::Result<State> {
    let read = database.begin_read().map_err(io::Error::other)?;
    let number = |name| match read.open_table(NUMBERS) {
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(0),
        Err(error) => Err(io::Error::other(error)),
        Ok(numbers) => {
            let found = numbers.get(name).map_err(io::Error::other)?;
            Ok(found.map_or(0, |number| number.value()))
        }
    };
    Ok(State {
        applied: number("applied")?,
        epoch: number("epoch")?,
        stopped: number("stopped")?,
        suspect: number("suspect")?,
        ..State::default()
    })
}

/// All definitions; those from both ends up to what cannot be read, if there is such.
fn texts(database: &Database, into: &mut Texts) -> io::Result<()> {
    let read = database.begin_read().map_err(io::Error::other)?;
    let table = match read.open_table(DEFINITIONS) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
        opened => opened.map_err(io::Error::other)?,
    };
    let forward = guarded(|| rows(&table, into, Way::Forward));
    if forward.is_err() {
        let _read_too = guarded(|| rows(&table, into, Way::Backward));
    }
    forward
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Backward,
}

type Table = ReadOnlyTable<(u8, &'static str), &'static str>;

fn rows(table: &Table, into: &mut Texts, way: Way) -> io::Result<()> {
    let mut rows = table.iter().map_err(io::Error::other)?;
    while let Some(entry) = match way {
        Way::Forward => rows.next(),
        Way::Backward => rows.next_back(),
    } {
        let (key, json) = entry.map_err(io::Error::other)?;
        let (number, key) = key.value();
        if let Some(kind) = DefinitionKind::from_number(number) {
            into.insert((kind, key.to_owned()), json.value().to_owned());
        }
    }
    Ok(())
}

struct Backend(Arc<dyn DiskFile>);

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FILE)
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = read_full(&*self.0, offset, out)?;
        if read < out.len() {
            Err(io::ErrorKind::UnexpectedEof.into())
        } else {
            Ok(())
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, data)
    }
}
