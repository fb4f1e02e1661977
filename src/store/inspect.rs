//! Looking at a data directory without changing it: `leveret check-data` and `leveret dump`.
//!
//! Owns what these two say. They read with the store's own recovery, so what they report is what a
//! start would find.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use serde::Serialize;

use super::alive;
use super::definitions::{self, Definitions};
use super::disk::{Disk, read_full};
use super::memory_disk::MemoryDisk;
use super::recovery::{self, Damage, Scan};
use super::{DefinitionChange, DefinitionKind, StoreError};
use crate::message::MessageBuilder;

/// Octets of a body that a dump shows.
const PREVIEW: usize = 64;

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
        for damage in &self.damage {
            let Damage {
                file,
                offset,
                len,
                what,
            } = damage;
            writeln!(f, "  DAMAGED: '{file}' at {offset}, {len} octets: {what}")?;
        }
        let verdict = if self.damage.is_empty() {
            "  everything is whole"
        } else {
            "  the rest is whole"
        };
        f.write_str(verdict)
    }
}

/// Something in a data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    /// A definition.
    Definition {
        /// What it is.
        kind: String,
        /// Names it among its kind; parts are separated by `/`.
        key: String,
        /// Its JSON.
        json: String,
    },
    /// A message in one queue.
    Message {
        /// The incarnation id of the queue.
        queue: u64,
        /// Where it is in the log.
        at: u64,
        /// When it was stored, in milliseconds since 1970.
        stored_at_ms: u64,
        /// The exchange it was published to.
        exchange: String,
        /// The routing key it was published with.
        routing_key: String,
        /// Its priority.
        priority: u8,
        /// Its TTL in milliseconds.
        expiration_ms: Option<u64>,
        /// How often it was delivered and came back; `None` if it never did.
        delivery_count: Option<u32>,
        /// Octets of its body.
        body_len: usize,
        /// The front of its body, with escapes for what is not printable.
        body: String,
    },
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Definition { kind, key, json } => write!(f, "{kind} {key} {json}"),
            Self::Message {
                queue,
                at,
                exchange,
                routing_key,
                body_len,
                body,
                ..
            } => write!(
                f,
                "message queue={queue} at={at} exchange='{exchange}' routing_key='{routing_key}' \
                 body_len={body_len} body=\"{body}\""
            ),
        }
    }
}

/// Reads and verifies everything in a data directory; changes nothing.
///
/// # Errors
/// [`StoreError`] if a file cannot be read or is of an unknown version. Damage is no error: it is
/// in the report.
pub fn check(disk: &dyn Disk) -> Result<Report, StoreError> {
    let mut found = Found::read(disk)?;
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
    })
}

/// Gives everything that is in a data directory: definitions by kind, then messages in the order
/// of their queues; changes nothing.
///
/// # Errors
/// [`StoreError`] if a file cannot be read or is of an unknown version.
pub fn dump(disk: &dyn Disk, each: &mut dyn FnMut(Item)) -> Result<(), StoreError> {
    let mut found = Found::read(disk)?;
    for ((kind, key), json) in std::mem::take(&mut found.definitions) {
        let kind = format!("{kind:?}").to_lowercase();
        each(Item::Definition {
            kind,
            key: key.replace('\0', "/"),
            json,
        });
    }
    let mut builder = MessageBuilder::default();
    found.messages(disk, &mut |alive| {
        let Some(message) = alive.stored.build(&mut builder) else {
            return;
        };
        let front = message.body().get(..PREVIEW).unwrap_or(message.body());
        each(Item::Message {
            queue: alive.queue.0,
            at: alive.at.address(),
            stored_at_ms: alive.stored.stored_at().as_millis(),
            exchange: message.exchange().to_string(),
            routing_key: message.routing_key().to_string(),
            priority: message.traits().priority,
            expiration_ms: message.traits().expiration_ms,
            delivery_count: alive.returned,
            body_len: message.body_len(),
            body: front.escape_ascii().to_string(),
        });
    })
}

struct Found {
    scan: Scan,
    definitions: BTreeMap<(DefinitionKind, String), String>,
}

impl Found {
    fn read(disk: &dyn Disk) -> Result<Self, StoreError> {
        let mut scan = recovery::scan(disk)?;
        let mut definitions = BTreeMap::new();
        let failed = |source| StoreError::Io {
            what: format!("reading '{}' in '{}'", definitions::FILE, disk.place()),
            source,
        };
        // The database repairs itself when it is opened, so a copy is.
        let copy = MemoryDisk::with_files(copied(disk).map_err(failed)?);
        let database = Definitions::open(&copy)?;
        let (applied, _) = database.state().map_err(failed)?;
        let load = database.load(&mut |definition| {
            definitions.insert((definition.kind, definition.key), definition.json);
        });
        load.map_err(failed)?;
        for (_, change) in scan
            .changes
            .drain(..)
            .filter(|(address, _)| *address >= applied)
        {
            match change {
                DefinitionChange::Put(new) => {
                    drop(definitions.insert((new.kind, new.key), new.json))
                }
                DefinitionChange::Delete(kind, key) => drop(definitions.remove(&(kind, key))),
            }
        }
        Ok(Self { scan, definitions })
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
            let found = alive::each_alive(segment, &catalog.dropped, each);
            damage.extend(found.map_err(|source| StoreError::Io {
                what: format!("reading '{}' in '{}'", segment.name, disk.place()),
                source,
            })?);
        }
        Ok(())
    }
}

fn copied(disk: &dyn Disk) -> io::Result<Option<(String, Vec<u8>)>> {
    let file = match disk.open(definitions::FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let len = usize::try_from(file.size()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut octets = vec![0; len];
    read_full(&*file, 0, &mut octets)?;
    Ok(Some((definitions::FILE.to_owned(), octets)))
}

#[cfg(test)]
mod tests;
