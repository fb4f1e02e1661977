//! Neighbouring messages of one segment of a stream: in memory, or on disk.
//!
//! The newest block is open and grows; every other one is sealed, its rows packed. A block on disk
//! keeps only them, at most some 14 octets a message. Stored messages are dropped from memory as
//! they are, the others are spilled to one extent, once: what was read back leaves for nothing.

use std::sync::Arc;

use crate::message::Message;
use crate::queue::bodies::{Bodies, Unread};
use crate::queue::columns::Columns;
use crate::queue::spilled::{Refused, Spilled, read_back};
use crate::store::RecordAt;

/// Messages in a block.
pub(super) const BLOCK_LEN: usize = 512;
/// Octets in a block, unless a single message has more: what is read at once.
const BLOCK_WEIGHT: u64 = 1024 * 1024;
/// Octets that a message's row counts for while the message is in memory.
const ROW_WEIGHT: u64 = 16;
/// Octets that a message takes besides what it says, roughly.
const MESSAGE_OVERHEAD: u64 = 48;

/// What is known of a message without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Where it is stored.
    pub(super) at: RecordAt,
    /// When it was appended, milliseconds since 1970. Times never run backwards.
    pub(super) time: u64,
    /// The mark of its filter value.
    pub(super) mark: u32,
}

/// See the module.
#[derive(Debug)]
pub(in crate::queue) struct Block {
    base: u64,
    /// Octets of the bodies.
    bodies: u64,
    /// Octets its messages hold in memory while they are there; a guess if they never were.
    weight: u64,
    rows: Rows,
    kept: Kept,
    /// Where its messages are that are not stored, once it has left memory.
    spilled: Option<Spilled>,
    /// Messages that could not be read back, in order.
    lost: Vec<(usize, Unread)>,
}

#[derive(Debug)]
enum Rows {
    Open(Vec<Row>),
    Sealed(Columns<3>),
}

#[derive(Debug)]
enum Kept {
    /// `None` for what was lost.
    Resident(Vec<Option<Message>>),
    Paged,
}

/// Messages that could not be read back.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pub(super) messages: u64,
    /// Octets of their bodies.
    pub(super) bodies: u64,
    /// The records of those that will never come back.
    pub(super) damaged: Vec<RecordAt>,
}

/// Octets that `message` holds in memory with its row.
pub(super) fn weight(message: &Message) -> u64 {
    message.memory() as u64 + ROW_WEIGHT
}

impl Block {
    /// An open block that begins at the offset `base`.
    pub(super) fn new(base: u64) -> Self {
        Self {
            base,
            bodies: 0,
            weight: 0,
            rows: Rows::Open(Vec::new()),
            kept: Kept::Resident(Vec::new()),
            spilled: None,
            lost: Vec::new(),
        }
    }

    /// The offset of its first message.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// The offset behind its last message.
    pub(super) fn end(&self) -> u64 {
        self.base + self.len() as u64
    }

    /// Offsets in it.
    pub(super) fn len(&self) -> usize {
        match &self.rows {
            Rows::Open(rows) => rows.len(),
            Rows::Sealed(rows) => rows.len(),
        }
    }

    /// Messages in it, without those that were lost.
    pub(super) fn count(&self) -> u64 {
        (self.len() - self.lost.len()) as u64
    }

    /// Octets its messages hold in memory, if they are there.
    pub(super) fn held(&self) -> u64 {
        if self.is_resident() { self.weight } else { 0 }
    }

    /// Octets its messages hold in memory while they are there, as far as is known.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    pub(super) fn is_resident(&self) -> bool {
        matches!(self.kept, Kept::Resident(_))
    }

    /// Whether it takes no more messages.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= BLOCK_LEN
            || self.weight >= BLOCK_WEIGHT
            || matches!(self.rows, Rows::Sealed(_))
    }

    /// What is known of the message at `index`.
    pub(super) fn row(&self, index: usize) -> Option<Row> {
        match &self.rows {
            Rows::Open(rows) => rows.get(index).copied(),
            Rows::Sealed(rows) => rows.get(index).map(Row::from_fields),
        }
    }

    /// The message at `index`; `None` if it is not in memory.
    pub(super) fn message(&self, index: usize) -> Option<&Message> {
        match &self.kept {
            Kept::Resident(messages) => messages.get(index)?.as_ref(),
            Kept::Paged => None,
        }
    }

    /// The time of its last message; 0 without messages.
    pub(super) fn last_time(&self) -> u64 {
        let last = self.len().checked_sub(1).and_then(|last| self.row(last));
        last.map_or(0, |row| row.time)
    }

    /// The offset of the first message from `time` on, or of the end.
    pub(super) fn first_since(&self, time: u64) -> u64 {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.row(middle).is_some_and(|row| row.time < time) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        self.base + from as u64
    }

    /// Adds a message to an open block in memory.
    pub(super) fn push(&mut self, row: Row, message: Message) {
        self.bodies += message.body_len() as u64;
        self.weight += weight(&message);
        if let (Rows::Open(rows), Kept::Resident(messages)) = (&mut self.rows, &mut self.kept) {
            rows.push(row);
            messages.push(Some(message));
        }
    }

    /// Adds a stored message that is not in memory to an open block that has no other ones;
    /// `octets` are those of everything it says, `body` of them its body's.
    pub(super) fn push_absent(&mut self, row: Row, octets: u64, body: u64) {
        self.bodies += body;
        self.weight += octets + MESSAGE_OVERHEAD + ROW_WEIGHT;
        self.kept = Kept::Paged;
        if let Rows::Open(rows) = &mut self.rows {
            rows.push(row);
        }
    }

    /// It gets no more messages.
    pub(super) fn seal(&mut self) {
        if let Rows::Open(rows) = &self.rows {
            self.rows = Rows::Sealed(Columns::pack(rows.iter().map(Row::fields)));
            if let Kept::Resident(messages) = &mut self.kept {
                messages.shrink_to_fit();
            }
        }
    }

    /// Whether something must be written for it to leave memory.
    pub(super) fn must_spill(&self) -> bool {
        self.spilled.is_none() && self.records().any(|at| !at.is_stored())
    }

    /// Gives the memory of its messages back. Returns how many octets that are.
    pub(super) fn page_out(&mut self, bodies: &Arc<dyn Bodies>) -> Result<u64, Refused> {
        let Kept::Resident(messages) = &self.kept else {
            return Ok(0);
        };
        if self.spilled.is_none() {
            let is_written = |at: RecordAt| !at.is_stored() || bodies.can_read(at);
            if !self.records().all(is_written) {
                return Err(Refused::NotWritten);
            }
            let both = self.records().zip(messages);
            let others = both.filter(|(at, _)| !at.is_stored());
            let others: Vec<&Message> = others.filter_map(|(_, other)| other.as_ref()).collect();
            let spilled = Spilled::write(&others, bodies)?;
            self.spilled = spilled;
        }
        self.kept = Kept::Paged;
        Ok(self.weight)
    }

    /// Brings its messages back into memory. What is lost by it is reported here, and once.
    pub(super) fn load(&mut self, bodies: Option<&dyn Bodies>) -> Lost {
        let mut lost = Lost::default();
        if self.is_resident() {
            return lost;
        }
        let mut messages: Vec<Option<Message>> = vec![None; self.len()];
        let mut failed = Vec::new();
        self.read(bodies, &mut |index, at, message| {
            match message {
                Ok(message) => {
                    if let Some(place) = messages.get_mut(index) {
                        *place = Some(message);
                    }
                }
                Err(why) => failed.push((index, at, why)),
            }
            true
        });
        let there = || messages.iter().flatten();
        let bodies: u64 = there().map(|message| message.body_len() as u64).sum();
        self.weight = there().map(weight).sum();
        lost.bodies = self.bodies.saturating_sub(bodies);
        self.bodies = bodies;
        for (index, at, why) in failed {
            lost.messages += 1;
            if why == Unread::Damaged {
                lost.damaged.push(at);
            }
            self.lost.push((index, why));
        }
        self.lost.sort_unstable_by_key(|(index, _)| *index);
        self.kept = Kept::Resident(messages);
        lost
    }

    /// Shows its messages with their offsets until `each` says `false`. Those on disk are read and
    /// not kept; what cannot be read is passed over.
    pub(super) fn visit(
        &self,
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(u64, RecordAt, &Message) -> bool,
    ) -> bool {
        let mut goes_on = true;
        match &self.kept {
            Kept::Resident(messages) => {
                for ((offset, at), message) in (self.base..).zip(self.records()).zip(messages) {
                    if let Some(message) = message {
                        goes_on = goes_on && each(offset, at, message);
                    }
                }
            }
            Kept::Paged => self.read(bodies, &mut |index, at, message| {
                if let Ok(message) = message {
                    goes_on = goes_on && each(self.base + index as u64, at, &message);
                }
                goes_on
            }),
        }
        goes_on
    }

    /// Reads its messages with their indexes and records, but not those that were lost before,
    /// until `each` says `false`.
    fn read(
        &self,
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(usize, RecordAt, Result<Message, Unread>) -> bool,
    ) {
        // What was spilled is all read, so that the others find their places.
        let wanted = |(index, at): &(usize, RecordAt)| !at.is_stored() || !self.is_lost(*index);
        let places = self.records().enumerate().filter(wanted);
        let mut rest = places.clone();
        let mut goes_on = true;
        let records = places.map(|(_, at)| at);
        read_back(records, self.spilled.as_ref(), bodies, &mut |message| {
            if let Some((index, at)) = rest.next()
                && goes_on
                && !self.is_lost(index)
            {
                goes_on = each(index, at, message);
            }
        });
    }

    fn is_lost(&self, index: usize) -> bool {
        let place = self.lost.binary_search_by_key(&index, |(index, _)| *index);
        place.is_ok()
    }

    fn records(&self) -> impl Iterator<Item = RecordAt> + Clone {
        let (open, sealed) = match &self.rows {
            Rows::Open(rows) => (Some(rows.iter()), None),
            Rows::Sealed(rows) => (None, Some(rows.iter())),
        };
        let open = open.into_iter().flatten().map(|row| row.at);
        let sealed = sealed.into_iter().flatten();
        open.chain(sealed.map(|fields| Row::from_fields(fields).at))
    }

    /// The records that are to be settled when it goes: not those of damaged messages, which
    /// were.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = RecordAt> {
        let damaged = |index| {
            let place = self.lost.binary_search_by_key(&index, |(index, _)| *index);
            let lost = place.ok().and_then(|place| self.lost.get(place));
            lost.is_some_and(|(_, why)| *why == Unread::Damaged)
        };
        let records = self.records().enumerate();
        records.filter_map(move |(index, at)| (!damaged(index)).then_some(at))
    }

    /// Octets it takes besides [`Block::held`].
    pub(super) fn index_memory(&self) -> u64 {
        let rows = match &self.rows {
            Rows::Open(rows) => rows.capacity() * size_of::<Row>(),
            Rows::Sealed(rows) => rows.memory(),
        };
        let lists = match &self.kept {
            Kept::Resident(messages) => messages.capacity() * size_of::<Message>(),
            Kept::Paged => 0,
        };
        let counted = match &self.kept {
            Kept::Resident(messages) => ROW_WEIGHT * messages.len() as u64,
            Kept::Paged => 0,
        };
        let lost = self.lost.capacity() * size_of::<(usize, Unread)>();
        (size_of::<Self>() + lost) as u64 + ((rows + lists) as u64).saturating_sub(counted)
    }
}

impl Row {
    fn fields(&self) -> [u64; 3] {
        [self.at.0, self.time, u64::from(self.mark)]
    }

    fn from_fields([at, time, mark]: [u64; 3]) -> Self {
        Self {
            at: RecordAt(at),
            time,
            mark: u32::try_from(mark).unwrap_or_default(),
        }
    }
}
