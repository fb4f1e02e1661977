//! Neighbouring messages of one level that are neither about to leave nor just came.
//!
//! What is known about its messages is packed. A chunk is resident, with the messages
//! beside them, or paged: then the messages are on disk and only these facts are in memory. Stored
//! messages are dropped from memory as they are, the others are spilled to one extent.

use std::sync::Arc;

use super::packed::PackedFacts;
use super::{ENTRY_WEIGHT, Mass, weight};
use crate::entry::{Entry, Facts};
use crate::message::Message;
use crate::queue::Sum;
use crate::queue::bodies::{Bodies, Unread};
use crate::queue::spilled::{Moved, Refused, Spilled, read_back};
use crate::store::RecordAt;

/// See the module. Never empty.
#[derive(Debug)]
pub(in crate::queue) struct Chunk {
    /// The position of the first message.
    first: u64,
    len: usize,
    /// Octets of the messages ([`Entry::size`]).
    bytes: u64,
    /// Octets of those of its messages that are stored.
    stored_bytes: u64,
    /// Octets its messages hold in memory while they are there.
    weight: u64,
    /// Some of its messages are not stored: to page it out, they must be written.
    is_spilling: bool,
    /// The highest of the records that must be readable before it can be paged out.
    last_record: RecordAt,
    facts: Box<PackedFacts>,
    messages: Messages,
}

#[derive(Debug)]
enum Messages {
    InMemory(Vec<Message>),
    /// What is not stored is here.
    OnDisk(Option<Spilled>),
}

/// A chunk that was read back.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) entries: Vec<Entry>,
    /// What came into memory by it.
    pub(super) gained: Moved,
    pub(super) lost: Lost,
}

/// Messages that could not be read back.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pub(super) messages: usize,
    /// Their octets ([`Entry::size`]).
    pub(super) bytes: u64,
    /// Those of them that were stored.
    pub(super) stored: Sum,
    /// How many of them could expire.
    pub(super) expiring: usize,
    /// The records of those that will never come back.
    pub(super) damaged: Vec<RecordAt>,
}

impl Lost {
    pub(super) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.stored = self.stored.plus(other.stored);
        self.expiring += other.expiring;
        self.damaged.extend(other.damaged);
    }
}

impl Chunk {
    /// A resident chunk of `entries`, which add up to `mass` and which it leaves empty; `None`
    /// without messages.
    pub(super) fn of(entries: &mut Vec<Entry>, mass: Mass) -> Option<Self> {
        let first = entries.first()?.position;
        let (mut first_record, mut last_record) = (RecordAt(u64::MAX), RecordAt::NONE);
        for entry in &*entries {
            first_record = first_record.min(entry.at);
            last_record = last_record.max(entry.at);
        }
        Some(Self {
            first,
            len: entries.len(),
            bytes: mass.bytes,
            stored_bytes: match (first_record.is_stored(), last_record.is_stored()) {
                (true, _) => mass.bytes,
                (false, false) => 0,
                (false, true) => stored(entries).bytes,
            },
            weight: mass.weight,
            is_spilling: !first_record.is_stored(),
            last_record,
            facts: Box::new(PackedFacts::pack(entries.iter().map(|entry| &entry.facts))),
            messages: Messages::InMemory(messages(entries)),
        })
    }

    /// A chunk of stored messages that were never in memory, of `bytes` octets;
    /// `None` without messages.
    pub(super) fn stored(facts: &[Facts], bytes: u64) -> Option<Self> {
        Some(Self {
            first: facts.first()?.position,
            len: facts.len(),
            bytes,
            stored_bytes: bytes,
            weight: 0,
            is_spilling: false,
            last_record: RecordAt::NONE,
            facts: Box::new(PackedFacts::pack(facts.iter())),
            messages: Messages::OnDisk(None),
        })
    }

    /// Takes over the messages of the chunk behind it, if both hold stored messages that are not
    /// in memory and nothing else; `false` if it did not.
    pub(super) fn append_stored(&mut self, behind: &Self) -> bool {
        let (Some(mut facts), Some(more)) = (self.stored_facts(), behind.stored_facts()) else {
            return false;
        };
        facts.extend(more);
        match Self::stored(&facts, self.bytes + behind.bytes) {
            Some(both) => *self = both,
            None => return false,
        }
        true
    }

    fn stored_facts(&self) -> Option<Vec<Facts>> {
        match &self.messages {
            Messages::OnDisk(None) => Some(self.facts.iter().collect()),
            Messages::OnDisk(Some(_)) | Messages::InMemory(_) => None,
        }
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Its messages and their octets.
    pub(super) fn sum(&self) -> Sum {
        Sum {
            messages: self.len as u64,
            bytes: self.bytes,
        }
    }

    /// Whether all of its messages that are stored can be read back.
    pub(super) fn is_written(&self, bodies: &dyn Bodies) -> bool {
        !self.last_record.is_stored() || bodies.can_read(self.last_record)
    }

    /// Whether something must be written to page it out.
    pub(super) fn is_spilling(&self) -> bool {
        self.is_spilling
    }

    /// Octets of index, with the chunk itself, that [`weight`] does not count.
    pub(super) fn index_bytes(&self) -> usize {
        let facts = size_of::<PackedFacts>() + self.facts.memory();
        let counted = match &self.messages {
            Messages::InMemory(messages) => (ENTRY_WEIGHT - size_of::<Message>()) * messages.len(),
            Messages::OnDisk(_) => 0,
        };
        size_of::<Self>() + facts.saturating_sub(counted)
    }

    /// Gives the memory of a resident chunk's messages back.
    pub(super) fn page_out(&mut self, bodies: &Arc<dyn Bodies>) -> Result<Moved, Refused> {
        let Messages::InMemory(messages) = &self.messages else {
            return Ok(Moved::default());
        };
        let mut stored = self.facts.iter().filter(|facts| facts.at.is_stored());
        if !stored.all(|facts| bodies.can_read(facts.at)) {
            return Err(Refused::NotWritten);
        }
        let both = self.facts.iter().zip(messages);
        let others = both.filter(|(facts, _)| !facts.at.is_stored());
        let others: Vec<&Message> = others.map(|(_, message)| message).collect();
        let written = others.len() as u64;
        let spilled = Spilled::write(&others, bodies)?;
        self.messages = Messages::OnDisk(spilled);
        Ok(Moved {
            weight: self.weight,
            messages: written,
        })
    }

    /// Its messages, read back if they must be.
    pub(super) fn load(self, bodies: Option<&dyn Bodies>) -> Loaded {
        match self.messages {
            Messages::InMemory(messages) => {
                let both = self.facts.iter().zip(messages);
                Loaded {
                    entries: both
                        .map(|(facts, message)| Entry { message, facts })
                        .collect(),
                    gained: Moved::default(),
                    lost: Lost::default(),
                }
            }
            Messages::OnDisk(spilled) => {
                let (entries, mut lost) = read(&self.facts, spilled.as_ref(), bodies);
                lost.messages = self.len - entries.len();
                lost.bytes = self
                    .bytes
                    .saturating_sub(entries.iter().map(Entry::size).sum());
                lost.stored.bytes = self.stored_bytes.saturating_sub(stored(&entries).bytes);
                let gained = Moved {
                    weight: entries.iter().map(weight).sum(),
                    messages: entries.len() as u64,
                };
                Loaded {
                    entries,
                    gained,
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
        match &self.messages {
            Messages::InMemory(messages) => {
                let mut both = self.facts.iter().zip(messages);
                both.all(|(facts, message)| {
                    let message = message.clone();
                    each(&Entry { message, facts })
                })
            }
            Messages::OnDisk(spilled) => read(&self.facts, spilled.as_ref(), bodies)
                .0
                .iter()
                .all(each),
        }
    }

    /// Whether any of its messages is at one of `positions`, which rise.
    pub(super) fn has_any(&self, positions: &[u64]) -> bool {
        let mut all = self.facts.iter();
        all.any(|facts| positions.binary_search(&facts.position).is_ok())
    }

    /// The records of its stored messages.
    pub(super) fn records(&self, each: &mut dyn FnMut(RecordAt)) {
        self.facts.iter().for_each(|facts| each(facts.at));
    }
}

/// Those that are stored, and their octets.
fn stored(entries: &[Entry]) -> Sum {
    let mut sum = Sum::default();
    let stored = entries.iter().filter(|entry| entry.at.is_stored());
    stored.for_each(|entry| sum.add(entry.size()));
    sum
}

/// Takes the messages out of `entries`, into no more room than they need.
fn messages(entries: &mut Vec<Entry>) -> Vec<Message> {
    let mut messages = Vec::with_capacity(entries.len());
    messages.extend(entries.drain(..).map(|entry| entry.message));
    messages
}

/// Reads the messages of a paged chunk.
fn read(
    facts: &PackedFacts,
    spilled: Option<&Spilled>,
    bodies: Option<&dyn Bodies>,
) -> (Vec<Entry>, Lost) {
    let mut lost = Lost::default();
    let mut rest = facts.iter();
    let mut entries = Vec::with_capacity(facts.len());
    let records = facts.iter().map(|facts| facts.at);
    read_back(records, spilled, bodies, &mut |message| {
        let Some(facts) = rest.next() else { return };
        match message {
            Ok(message) => entries.push(Entry { message, facts }),
            Err(why) => {
                lost.expiring += usize::from(facts.can_expire());
                lost.stored.messages += u64::from(facts.at.is_stored());
                if why == Unread::Damaged {
                    lost.damaged.push(facts.at);
                }
            }
        }
    });
    (entries, lost)
}
