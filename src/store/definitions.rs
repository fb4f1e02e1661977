//! Definitions between two starts: a redb database in one file of the data directory.
//!
//! A change is durable once its record in the log is; this file catches up behind it, many changes
//! in one transaction, and remembers how far it got. What it misses is taken from the log at
//! start. Owns the number of starts too, from which the incarnation ids of queues are made.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};

use super::disk::{Disk, DiskFile, read_full};
use super::{Definition, DefinitionChange, DefinitionKind, StoreError};

/// The file's name.
pub(super) const FILE: &str = "definitions.redb";

/// Its name while it is made.
const UNFINISHED: &str = "definitions.new";

const DEFINITIONS: TableDefinition<'_, (u8, &str), &str> = TableDefinition::new("definitions");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const APPLIED: &str = "applied";
const EPOCH: &str = "epoch";
const STOPPED: &str = "stopped";
const SUSPECT: &str = "suspect";

/// Octets of the file that are kept in memory.
const CACHE: usize = 4 * 1024 * 1024;

/// See the module.
pub(super) struct Definitions(Database);

impl Definitions {
    /// Opens the database, which is made if there is none and `may_make`: there is nothing else of
    /// a broker's either.
    ///
    /// # Errors
    /// If it cannot be read. One that is missing or empty beside a log is refused: without their
    /// queues all messages would be taken for those of deleted ones, and given up.
    pub(super) fn open(disk: &dyn Disk, may_make: bool) -> Result<Self, StoreError> {
        let found = match disk.open(FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_make => {
                make(disk).and_then(|()| disk.open(FILE))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(gone("is missing")),
            found => found.and_then(|file| match file.size()? {
                0 => Err(gone("is empty")),
                _ => Ok(file),
            }),
        };
        found
            .and_then(database)
            .map(Self)
            .map_err(|error| failed(disk, error))
    }

    /// The same database once every page of it has been verified.
    ///
    /// # Errors
    /// If it is damaged.
    pub(super) fn verified(mut self) -> io::Result<Self> {
        guarded(|| match self.0.check_integrity() {
            Ok(true) => Ok(()),
            Ok(false) => Err(damaged()),
            Err(error) => Err(io::Error::other(error)),
        })?;
        Ok(self)
    }

    /// How far in the log it got, and the epoch of the last start; zeros when new.
    pub(super) fn state(&self) -> io::Result<(u64, u64)> {
        guarded(|| Ok((self.number(APPLIED)?, self.number(EPOCH)?)))
    }

    /// Messages before this address may have been delivered although nothing says so: those that
    /// were there when a start, which one does not matter, was not followed by a stop in order.
    /// `last` is the epoch of the last start, `end` the end of the log.
    pub(super) fn suspect(&self, last: u64, end: u64) -> io::Result<u64> {
        guarded(|| {
            if self.number(STOPPED)? == last {
                return self.number(SUSPECT);
            }
            self.set(SUSPECT, end)?;
            Ok(end)
        })
    }

    fn number(&self, name: &str) -> io::Result<u64> {
        let read = self.0.begin_read().map_err(io::Error::other)?;
        match read.open_table(NUMBERS) {
            Ok(numbers) => {
                let found = numbers.get(name).map_err(io::Error::other)?;
                Ok(found.map_or(0, |number| number.value()))
            }
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(0),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Notes that the start with this epoch is followed by a stop in order.
    pub(super) fn stop(&self, epoch: u64) -> io::Result<()> {
        guarded(|| self.set(STOPPED, epoch))
    }

    fn set(&self, name: &str, number: u64) -> io::Result<()> {
        let write = self.0.begin_write().map_err(io::Error::other)?;
        {
            let mut numbers = write.open_table(NUMBERS).map_err(io::Error::other)?;
            numbers.insert(name, number).map_err(io::Error::other)?;
        }
        write.commit().map_err(io::Error::other)
    }

    /// All definitions, by kind and key.
    pub(super) fn load(&self, each: &mut dyn FnMut(Definition)) -> io::Result<()> {
        guarded(|| self.read_all(each))
    }

    fn read_all(&self, each: &mut dyn FnMut(Definition)) -> io::Result<()> {
        let read = self.0.begin_read().map_err(io::Error::other)?;
        let table = match read.open_table(DEFINITIONS) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(io::Error::other(error)),
        };
        for entry in table.iter().map_err(io::Error::other)? {
            let (key, json) = entry.map_err(io::Error::other)?;
            let (number, key) = key.value();
            if let Some(kind) = DefinitionKind::from_number(number) {
                each(Definition {
                    kind,
                    key: key.to_owned(),
                    json: json.value().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Makes `changes` and how far they go durable, in one transaction.
    pub(super) fn apply(
        &self,
        changes: &[DefinitionChange],
        applied: u64,
        epoch: u64,
    ) -> io::Result<()> {
        guarded(|| self.write(changes, applied, epoch))
    }

    fn write(&self, changes: &[DefinitionChange], applied: u64, epoch: u64) -> io::Result<()> {
        let write = self.0.begin_write().map_err(io::Error::other)?;
        {
            let mut table = write.open_table(DEFINITIONS).map_err(io::Error::other)?;
            for change in changes {
                match change {
                    DefinitionChange::Put(Definition { kind, key, json }) => {
                        table
                            .insert((kind.number(), &**key), &**json)
                            .map_err(io::Error::other)?;
                    }
                    DefinitionChange::Delete(kind, key) => {
                        table
                            .remove((kind.number(), &**key))
                            .map_err(io::Error::other)?;
                    }
                }
            }
            let mut numbers = write.open_table(NUMBERS).map_err(io::Error::other)?;
            numbers.insert(APPLIED, applied).map_err(io::Error::other)?;
            numbers.insert(EPOCH, epoch).map_err(io::Error::other)?;
        }
        write.commit().map_err(io::Error::other)
    }
}

/// Runs something of redb's, which asserts on what it reads: a file that has rotted must end in
/// words all the same.
fn guarded<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(damaged()))
}

fn gone(how: &str) -> io::Error {
    let text = format!(
        "it {how}, but the messages of its queues are there; put back a copy of it that fits, or \
         give the broker another directory"
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the database is damaged")
}

/// Makes an empty database. It gets its name when it is whole: one that the power cut short would
/// not be a database.
fn make(disk: &dyn Disk) -> io::Result<()> {
    drop(database(disk.create(UNFINISHED)?)?);
    disk.open(UNFINISHED)?.sync()?;
    disk.rename(UNFINISHED, FILE)?;
    disk.sync_names()
}

fn database(file: Arc<dyn DiskFile>) -> io::Result<Database> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    guarded(|| {
        let opened = builder.create_with_backend(Backend(file));
        opened.map_err(io::Error::other)
    })
}

fn failed(disk: &dyn Disk, source: io::Error) -> StoreError {
    StoreError::Io {
        what: format!("opening '{FILE}' in '{}'", disk.place()),
        source,
    }
}

impl DefinitionKind {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 10] = [
        Self::Vhost,
        Self::User,
        Self::Permission,
        Self::TopicPermission,
        Self::Parameter,
        Self::Policy,
        Self::Exchange,
        Self::Queue,
        Self::Binding,
        Self::GlobalParameter,
    ];

    /// The number that stands for it in files.
    pub(super) fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The kind that `number` stands for.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
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
