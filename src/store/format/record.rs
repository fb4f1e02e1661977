//! Records: one message, settlement or change of a definition as octets.
//!
//! Owns the layout of a record (`FORMAT.md`, "Records").
//! It deliberately knows no batch, segment or file. Every record starts at a multiple of
//! [`GRANULE`] and is checked by a CRC32C that covers its address, so that octets at another place
//! or of an earlier use of a file never pass for a record. Reading never panics, whatever the
//! octets.

use bytes::Bytes;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortBytes;

use super::octets::{Reader, index, put_at, short, u32_at, u64_at};
use super::places::{self, Places, PlacesBuilder};
use super::row::Row;
use crate::clock::Wall;
use crate::ids::QueueId;
use crate::message::{Body, Message, MessageBuilder, Traits, filter_value};
use crate::store::{
    Definition, DefinitionChange, DefinitionKind, Op, RecordAt, Recovered, Returns,
};

/// Records start at multiples of this many octets.
pub(in crate::store) const GRANULE: usize = 16;

/// Octets before a record's own content.
pub(in crate::store) const RECORD_HEAD: usize = 32;

/// Octets for each copy of a message.
pub(in crate::store) const COPY: usize = 16;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Message = 1,
    Settled = 2,
    Returned = 3,
    Dropped = 4,
    Put = 5,
    Delete = 6,
}

const PERSISTENT: u8 = 1;
const HAS_BCC: u8 = 2;
const DIED_BEFORE: u8 = 4;
const HAS_PRIORITY: u8 = 8;
const KEYS_REPLACED: u8 = 16;

/// The `priority` bit among the flags of properties.
///
/// Spec: 2.3.5.2, 1.8 (basic's properties in order).
const PRIORITY_FLAG: u16 = 1 << 11;

/// Rounded up to where the next record may start.
pub(in crate::store) const fn padded(len: usize) -> usize {
    len.next_multiple_of(GRANULE)
}

/// Octets that `op` takes in the log, at most.
pub(in crate::store) fn op_len(op: &Op<'_>) -> usize {
    padded(match op {
        Op::Message {
            message, queues, ..
        } => message_len(message, queues.len()),
        Op::Settled { records, .. } | Op::Moved { records, .. } => {
            RECORD_HEAD + places::encoded_max(records)
        }
        Op::Returned { .. } | Op::Dropped { .. } => RECORD_HEAD,
    })
}

fn message_len(message: &Message, copies: usize) -> usize {
    let properties = message.properties().as_bytes().len();
    let routing = message.routing_octets().len();
    RECORD_HEAD + COPY * copies + routing + 4 + properties + message.body_len()
}

/// Octets that a change of a definition takes in the log.
pub(in crate::store) fn change_len(change: &DefinitionChange) -> usize {
    padded(match change {
        DefinitionChange::Put(definition) => {
            RECORD_HEAD + definition.key.len() + definition.json.len()
        }
        DefinitionChange::Delete(_, key) => RECORD_HEAD + key.len(),
    })
}

/// What stands in the head of a record.
struct Head {
    kind: Kind,
    flags: u8,
    priority: u8,
    count: u32,
    first: u64,
    second: u64,
}

impl Head {
    fn new(kind: Kind, count: u32, first: u64, second: u64) -> Self {
        Self {
            kind,
            flags: 0,
            priority: 0,
            count,
            first,
            second,
        }
    }

    fn write(&self, len: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&short(len).to_le_bytes());
        out.extend_from_slice(&[self.kind as u8, self.flags, self.priority, 0]);
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.second.to_le_bytes());
    }
}

fn pad(out: &mut Vec<u8>, start: usize) {
    let len = out.len() - start;
    out.resize(start + padded(len), 0);
}

/// Appends `op`, which will lie at `address`; its checksum is left to [`seal`].
pub(in crate::store) fn encode(op: &mut Op<'_>, address: u64, stored_at: Wall, out: &mut Vec<u8>) {
    let start = out.len();
    match op {
        Op::Message {
            message,
            queues,
            sequences,
            at,
        } => {
            encode_message(message, queues, sequences, stored_at, out);
            **at = RecordAt::new(address, padded(out.len() - start), queues.len());
        }
        Op::Settled { queue, records } | Op::Moved { queue, records } => {
            let mut places = PlacesBuilder::default();
            places.extend(records);
            encode_settled(*queue, &places, out);
            return;
        }
        Op::Returned {
            queue,
            record,
            returns,
        } => {
            let count = returns.packed();
            Head::new(Kind::Returned, count, queue.0, record.0).write(RECORD_HEAD, out);
        }
        Op::Dropped { queue } => {
            Head::new(Kind::Dropped, 0, queue.0, 0).write(RECORD_HEAD, out);
        }
    }
    pad(out, start);
}

/// Appends a settlement; its checksum is left to [`seal`].
pub(in crate::store) fn encode_settled(queue: QueueId, places: &PlacesBuilder, out: &mut Vec<u8>) {
    let start = out.len();
    let len = RECORD_HEAD + places.octets().len();
    Head::new(Kind::Settled, places.count(), queue.0, 0).write(len, out);
    out.extend_from_slice(places.octets());
    pad(out, start);
}

/// Octets that [`encode_settled`] appends.
pub(in crate::store) fn settled_len(places: &PlacesBuilder) -> usize {
    padded(RECORD_HEAD + places.octets().len())
}

fn encode_message(
    message: &Message,
    queues: &[QueueId],
    sequences: &[u64],
    stored_at: Wall,
    out: &mut Vec<u8>,
) {
    let traits = message.traits();
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    let head = Head {
        kind: Kind::Message,
        flags: flag(traits.persistent, PERSISTENT)
            | flag(traits.has_bcc, HAS_BCC)
            | flag(traits.died_before, DIED_BEFORE)
            | flag(traits.keys_replaced, KEYS_REPLACED)
            | flag(
                message.properties().flags() & PRIORITY_FLAG != 0,
                HAS_PRIORITY,
            ),
        priority: traits.priority,
        count: short(queues.len()),
        first: stored_at.as_millis(),
        second: traits.expiration_ms.map_or(0, |ms| ms.saturating_add(1)),
    };
    head.write(message_len(message, queues.len()), out);
    let sequences = sequences.iter().copied().chain(std::iter::repeat(0));
    for (queue, sequence) in queues.iter().zip(sequences) {
        out.extend_from_slice(&queue.0.to_le_bytes());
        out.extend_from_slice(&sequence.to_le_bytes());
    }
    out.extend_from_slice(message.routing_octets());
    let properties = message.properties().as_bytes();
    out.extend_from_slice(&short(properties.len()).to_le_bytes());
    out.extend_from_slice(properties);
    out.extend_from_slice(message.body());
}

/// Appends a change of a definition; its checksum is left to [`seal`].
pub(in crate::store) fn encode_change(change: &DefinitionChange, out: &mut Vec<u8>) {
    let start = out.len();
    let (kind, of, key, json) = match change {
        DefinitionChange::Put(Definition { kind, key, json }) => (Kind::Put, kind, key, &**json),
        DefinitionChange::Delete(kind, key) => (Kind::Delete, kind, key, ""),
    };
    let len = RECORD_HEAD + key.len() + json.len();
    Head::new(kind, short(key.len()), u64::from(of.number()), 0).write(len, out);
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(json.as_bytes());
    pad(out, start);
}

/// Octets of the record at the front of `octets` with its padding, as its head claims; `None` if
/// that cannot be.
pub(in crate::store) fn claimed_len(octets: &[u8]) -> Option<usize> {
    let len = index(u64::from(u32_at(octets, 4)?));
    (len >= RECORD_HEAD && padded(len) <= octets.len()).then_some(padded(len))
}

fn checksum(octets: &[u8], address: u64) -> u32 {
    let seed = crc32c::crc32c(&address.to_le_bytes());
    crc32c::crc32c_append(seed, octets.get(4..).unwrap_or_default())
}

/// Writes the checksum of the record at the front of `octets`, which lies at `address`; returns
/// the checksum and the octets to the next record.
pub(in crate::store) fn seal(octets: &mut [u8], address: u64) -> Option<(u32, usize)> {
    let step = claimed_len(octets)?;
    let len = index(u64::from(u32_at(octets, 4)?));
    let sum = checksum(octets.get(..len)?, address);
    put_at(octets, 0, &sum.to_le_bytes());
    Some((sum, step))
}

/// A record whose checksum is right.
#[derive(Clone, Copy)]
pub(in crate::store) struct Record<'a> {
    pub(in crate::store) address: u64,
    octets: &'a [u8],
    kind: Kind,
}

/// What a record says, ready to be acted on.
pub(in crate::store) enum Entry<'a> {
    Message(Stored<'a>),
    Settled {
        queue: QueueId,
        records: Places<'a>,
    },
    Returned {
        queue: QueueId,
        record: RecordAt,
        returns: Returns,
    },
    Dropped {
        queue: QueueId,
    },
    Change(DefinitionChange),
}

impl<'a> Record<'a> {
    /// Reads the record at the front of `octets`; `None` unless it was written for `address`.
    pub(in crate::store) fn parse(octets: &'a [u8], address: u64) -> Option<Self> {
        let step = claimed_len(octets)?;
        let len = index(u64::from(u32_at(octets, 4)?));
        let record = octets.get(..len)?;
        if u32_at(record, 0)? != checksum(record, address) {
            return None;
        }
        let kind = match record.get(8)? {
            1 => Kind::Message,
            2 => Kind::Settled,
            3 => Kind::Returned,
            4 => Kind::Dropped,
            5 => Kind::Put,
            6 => Kind::Delete,
            _ => return None,
        };
        Some(Self {
            address,
            octets: octets.get(..step)?,
            kind,
        })
    }

    /// Octets with padding: the next record starts after them.
    pub(in crate::store) fn step(&self) -> usize {
        self.octets.len()
    }

    /// All octets, padding included.
    pub(in crate::store) fn octets(&self) -> &'a [u8] {
        self.octets
    }

    pub(in crate::store) fn sum(&self) -> u32 {
        u32_at(self.octets, 0).unwrap_or_default()
    }

    fn content(&self) -> Option<&'a [u8]> {
        let len = index(u64::from(u32_at(self.octets, 4)?));
        self.octets.get(RECORD_HEAD..len)
    }

    /// What it says; `None` if it says nothing that makes sense.
    pub(in crate::store) fn entry(&self) -> Option<Entry<'a>> {
        let count = u32_at(self.octets, 12)?;
        let first = u64_at(self.octets, 16)?;
        let second = u64_at(self.octets, 24)?;
        let queue = QueueId(first);
        Some(match self.kind {
            Kind::Message => Entry::Message(self.message()?),
            Kind::Settled => Entry::Settled {
                queue,
                records: Places(self.content()?),
            },
            Kind::Returned => Entry::Returned {
                queue,
                record: RecordAt(second),
                returns: Returns::unpacked(count),
            },
            Kind::Dropped => Entry::Dropped { queue },
            Kind::Put | Kind::Delete => Entry::Change(self.change(count, first)?),
        })
    }

    /// The message in it; `None` if it is a record of another kind.
    pub(in crate::store) fn message(&self) -> Option<Stored<'a>> {
        if self.kind != Kind::Message {
            return None;
        }
        let copies = index(u64::from(u32_at(self.octets, 12)?));
        let content = self.content()?;
        let (copies, content) = content.split_at_checked(copies.checked_mul(COPY)?)?;
        Some(Stored {
            record: *self,
            copies,
            content,
        })
    }

    fn change(&self, key_len: u32, kind: u64) -> Option<DefinitionChange> {
        let content = self.content()?;
        let (key, json) = content.split_at_checked(index(u64::from(key_len)))?;
        let kind = DefinitionKind::from_number(u8::try_from(kind).ok()?)?;
        let key = std::str::from_utf8(key).ok()?.to_owned();
        Some(match self.kind {
            Kind::Put => {
                let json = std::str::from_utf8(json).ok()?.to_owned();
                DefinitionChange::Put(Definition { kind, key, json })
            }
            _ => DefinitionChange::Delete(kind, key),
        })
    }
}

/// A message as it is stored.
#[derive(Clone, Copy)]
pub(in crate::store) struct Stored<'a> {
    record: Record<'a>,
    copies: &'a [u8],
    content: &'a [u8],
}

impl<'a> Stored<'a> {
    /// Where it lies.
    pub(in crate::store) fn at(&self) -> RecordAt {
        RecordAt::new(
            self.record.address,
            self.record.step(),
            self.copies.len() / COPY,
        )
    }

    /// The queues it was stored for.
    pub(in crate::store) fn queues(&self) -> impl Iterator<Item = QueueId> + use<'a> {
        let copies = self.copies.as_chunks::<COPY>().0;
        copies
            .iter()
            .map(|copy| QueueId(u64_at(copy, 0).unwrap_or_default()))
    }

    /// When it was stored.
    pub(in crate::store) fn stored_at(&self) -> Wall {
        Wall::from_millis(u64_at(self.record.octets, 16).unwrap_or_default())
    }

    fn flags(&self) -> u8 {
        self.record.octets.get(9).copied().unwrap_or_default()
    }

    fn priority(&self) -> u8 {
        self.record.octets.get(10).copied().unwrap_or_default()
    }

    fn ttl_ms(&self) -> Option<u64> {
        u64_at(self.record.octets, 24)?.checked_sub(1)
    }

    /// Its properties, and octets of all in front of the body but their length, and of the body;
    /// `None` if the octets make no message.
    fn parts(&self) -> Option<(PropertiesRef<'a>, u32, u32)> {
        let mut rest = Reader(self.content);
        let mut head = 0;
        for _ in ["exchange", "routing key"] {
            let len = rest.u8()?;
            rest.octets(usize::from(len))?;
            head += 1 + u32::from(len);
        }
        let properties_len = rest.u32()?;
        let properties = rest.octets(index(u64::from(properties_len)))?;
        let head = head.saturating_add(properties_len);
        Some((PropertiesRef::new(properties), head, short(rest.0.len())))
    }

    /// What its queues must know of it, one row for each copy; none if the octets make no message.
    pub(in crate::store) fn rows(&self) -> impl Iterator<Item = Row> + use<'a> {
        let (at, stored_at, ttl_ms) = (self.at(), self.stored_at(), self.ttl_ms());
        let priority = (self.flags() & HAS_PRIORITY != 0).then_some(self.priority());
        let copies = (0..).zip(self.copies.as_chunks::<COPY>().0);
        let parts = self.parts().into_iter();
        parts.flat_map(move |(properties, head, body_len)| {
            copies.clone().map(move |(copy, octets)| {
                let sequence = u64_at(octets, 8).unwrap_or_default();
                // Only streams ask for the rest, and only they give sequences.
                let (head_len, mark) = if sequence == 0 {
                    (0, 0)
                } else {
                    (head, filter_value::mark(properties))
                };
                let told = Recovered {
                    at,
                    body_len,
                    head_len,
                    mark,
                    priority,
                    ttl_ms,
                    stored_at,
                    sequence,
                    ..Recovered::default()
                };
                let queue = QueueId(u64_at(octets, 0).unwrap_or_default());
                Row { queue, copy, told }
            })
        })
    }

    /// The message; `None` if the octets make none.
    pub(in crate::store) fn build(&self, builder: &mut MessageBuilder) -> Option<Message> {
        let flags = self.flags();
        let traits = Traits {
            persistent: flags & PERSISTENT != 0,
            priority: self.priority(),
            expiration_ms: self.ttl_ms(),
            has_bcc: flags & HAS_BCC != 0,
            died_before: flags & DIED_BEFORE != 0,
            keys_replaced: flags & KEYS_REPLACED != 0,
        };
        let mut rest = Reader(self.content);
        let exchange = name(&mut rest)?;
        let routing_key = name(&mut rest)?;
        let properties_len = rest.u32()?;
        let properties = PropertiesRef::new(rest.octets(index(u64::from(properties_len)))?);
        let large;
        let body = if rest.0.len() >= crate::message::LARGE_BODY {
            large = Bytes::copy_from_slice(rest.0);
            Body::by_size(&large)
        } else {
            Body::Copied(rest.0)
        };
        Some(builder.build(exchange, routing_key, properties, body, traits))
    }
}

fn name<'a>(rest: &mut Reader<'a>) -> Option<ShortBytes<'a>> {
    let len = *rest.octets(1)?.first()?;
    ShortBytes::new(rest.octets(usize::from(len))?)
}
