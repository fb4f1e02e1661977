//! Neighbouring messages of one level that are neither about to leave nor just came.
//!
//! A chunk is resident, or paged: then its messages are on disk and only [`Rows`] are in memory.
//! Stored messages are dropped from memory as they are, the others are spilled to one extent.

use std::sync::Arc;

use super::rows::Rows;
use super::weight;
use crate::clock::Mono;
use crate::message::Message;
use crate::queue::Entry;
use crate::queue::bodies::{Bodies, Unread};
use crate::store::{Extent, RecordAt};

/// See the module. Never empty.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The position of the first message.
    first: u64,
    len: usize,
    /// Octets of the bodies.
    bytes: u64,
    /// Octets its messages hold in memory while they are there.
    weight: u64,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Resident(Vec<Entry>),
    Paged(Box<Paged>),
}

#[derive(Debug)]
struct Paged {
    rows: Rows,
    spilled: Option<Spilled>,
}

/// A place in the spill log, given back when nobody needs it any more.
struct Spilled {
    extent: Extent,
    bodies: Arc<dyn Bodies>,
}

/// A chunk that was read back.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) entries: Vec<Entry>,
    /// Octets that came into memory by it.
    pub(super) weight: u64,
    pub(super) lost: Lost,
}

/// Messages that could not be read back.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pub(super) messages: usize,
    /// Octets of their bodies.
    pub(super) bytes: u64,
    /// How many of them could expire.
    pub(super) expiring: usize,
    /// The records of those that will never come back.
    pub(super) damaged: Vec<RecordAt>,
}

impl Lost {
    pub(super) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.expiring += other.expiring;
        self.damaged.extend(other.damaged);
    }
}

impl Chunk {
    /// A resident chunk; `None` without messages.
    pub(super) fn new(entries: Vec<Entry>) -> Option<Self> {
        Some(Self {
            first: entries.first()?.position,
            len: entries.len(),
            bytes: entries.iter().map(body_len).sum(),
            weight: entries.iter().map(weight).sum(),
            kept: Kept::Resident(entries),
        })
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_resident(&self) -> bool {
        matches!(self.kept, Kept::Resident(_))
    }

    /// Octets of index, with the chunk itself; of what is resident only the latter.
    pub(super) fn index_bytes(&self) -> usize {
        let paged = match &self.kept {
            Kept::Resident(_) => 0,
            Kept::Paged(paged) => size_of::<Paged>() + paged.rows.memory(),
        };
        size_of::<Self>() + paged
    }

    /// Gives the memory of a resident chunk's messages back and returns how much that was; `None`
    /// if the disk cannot take them now.
    pub(super) fn page_out(&mut self, bodies: &Arc<dyn Bodies>) -> Option<u64> {
        let Kept::Resident(entries) = &self.kept else {
            return Some(0);
        };
        let is_stored = |entry: &&Entry| entry.at.is_stored();
        let mut stored = entries.iter().filter(is_stored);
        if !stored.all(|entry| bodies.can_read(entry.at)) {
            return None;
        }
        let others = entries.iter().filter(|entry| !entry.at.is_stored());
        let others: Vec<&Message> = others.map(|entry| &entry.message).collect();
        let spilled = if others.is_empty() {
            None
        } else {
            Some(Spilled {
                extent: bodies.spill(&others)?,
                bodies: Arc::clone(bodies),
            })
        };
        let rows = Rows::pack(entries);
        self.kept = Kept::Paged(Box::new(Paged { rows, spilled }));
        Some(self.weight)
    }

    /// Its messages, read back if they must be.
    pub(super) fn load(self, bodies: Option<&dyn Bodies>) -> Loaded {
        let (bytes, len) = (self.bytes, self.len);
        match self.kept {
            Kept::Resident(entries) => Loaded {
                entries,
                weight: 0,
                lost: Lost::default(),
            },
            Kept::Paged(paged) => {
                let (entries, mut lost) = paged.read(bodies);
                lost.messages = len - entries.len();
                lost.bytes = bytes.saturating_sub(entries.iter().map(body_len).sum());
                let weight = entries.iter().map(weight).sum();
                Loaded {
                    entries,
                    weight,
                    lost,
                }
            }
        }
    }

    /// Shows its messages until `each` has seen enough and says `false`. What cannot be read is
    /// passed over.
    pub(super) fn visit(
        &self,
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(&Entry) -> bool,
    ) -> bool {
        match &self.kept {
            Kept::Resident(entries) => entries.iter().all(each),
            Kept::Paged(paged) => paged.read(bodies).0.iter().all(each),
        }
    }

    /// The records of its stored messages.
    pub(super) fn records(&self, each: &mut dyn FnMut(RecordAt)) {
        match &self.kept {
            Kept::Resident(entries) => entries.iter().for_each(|entry| each(entry.at)),
            Kept::Paged(paged) => paged.rows.iter().for_each(|row| each(row.at)),
        }
    }
}

impl Paged {
    fn read(&self, bodies: Option<&dyn Bodies>) -> (Vec<Entry>, Lost) {
        let mut lost = Lost::default();
        let stored: Vec<RecordAt> = self
            .rows
            .iter()
            .map(|row| row.at)
            .filter(|at| at.is_stored())
            .collect();
        let mut read = Vec::with_capacity(stored.len());
        if let Some(bodies) = bodies.filter(|_| !stored.is_empty()) {
            bodies.read(&stored, &mut |message| read.push(message));
        }
        let mut spilled = Vec::new();
        if let Some(Spilled { extent, bodies }) = &self.spilled {
            bodies.read_spilled(*extent, &mut |message| spilled.push(message));
        }
        let (mut read, mut spilled) = (read.into_iter(), spilled.into_iter());
        let mut entries = Vec::with_capacity(stored.len().max(spilled.len()));
        for row in self.rows.iter() {
            let message = if row.at.is_stored() {
                read.next().unwrap_or(Err(Unread::Refused))
            } else {
                spilled.next().flatten().ok_or(Unread::Refused)
            };
            match message {
                Ok(message) => entries.push(Entry {
                    message,
                    position: row.position,
                    at: row.at,
                    expires: row.expires,
                    delivery_count: row.delivery_count,
                    acquired_count: row.acquired_count,
                    redelivered: row.redelivered,
                }),
                Err(why) => {
                    lost.expiring += usize::from(row.expires != Mono::NEVER);
                    if why == Unread::Damaged {
                        lost.damaged.push(row.at);
                    }
                }
            }
        }
        (entries, lost)
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        self.bodies.free(self.extent);
    }
}

impl std::fmt::Debug for Spilled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.extent.fmt(f)
    }
}

fn body_len(entry: &Entry) -> u64 {
    entry.message.body_len() as u64
}
