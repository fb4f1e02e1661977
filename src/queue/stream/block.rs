//! Neighbouring messages of one segment of a stream: in memory, or on disk.
//!
//! The newest block is open and grows; every other one is sealed, what is known of its messages
//! packed. A block on disk keeps only them, at most some 14 octets a message. Stored messages are
//! dropped from memory as they are, the others are spilled to one extent, once: what was read back
//! leaves for nothing.

use std::sync::Arc;

use crate::message::Message;
use crate::queue::Sum;
use crate::queue::bodies::{Bodies, Unread};
use crate::queue::columns::Columns;
use crate::queue::spilled::{Moved, Refused, Spilled, read_back};
use crate::store::RecordAt;

/// Messages in a block.
pub(super) const BLOCK_LEN: usize = 512;
/// Octets in a block, unless a single message has more: what is read at once.
const BLOCK_WEIGHT: u64 = 1024 * 1024;
/// Octets that what is known of a message counts for while the message is in memory.
const FACTS_WEIGHT: u64 = 16;
/// Octets that a message takes besides what it says, roughly.
const MESSAGE_OVERHEAD: u64 = 48;

/// What is known of a message without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamFacts {
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
    facts: BlockFacts,
    messages: Messages,
    /// Where its messages are that are not stored, once it has left memory.
    spilled: Option<Spilled>,
    /// Messages that could not be read back, in order.
    lost: Vec<(usize, Unread)>,
}

#[derive(Debug)]
enum BlockFacts {
    Open(Vec<StreamFacts>),
    Sealed(Columns<3>),
}

#[derive(Debug)]
enum Messages {
    /// `None` for what was lost.
    InMemory(Vec<Option<Message>>),
    OnDisk,
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

/// Octets that `message` holds in memory with what is known of it.
pub(super) fn weight(message: &Message) -> u64 {
    message.memory() as u64 + FACTS_WEIGHT
}

impl Block {
    /// An open block that begins at the offset `base`.
    pub(super) fn new(base: u64) -> Self {
        Self {
            base,
            bodies: 0,
            weight: 0,
            facts: BlockFacts::Open(Vec::new()),
            messages: Messages::InMemory(Vec::new()),
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
    pub(in crate::queue) fn len(&self) -> usize {
        match &self.facts {
            BlockFacts::Open(facts) => facts.len(),
            BlockFacts::Sealed(facts) => facts.len(),
        }
    }

    /// Messages in it, without those that were lost.
    pub(super) fn count(&self) -> u64 {
        (self.len() - self.lost.len()) as u64
    }

    /// Its messages and the octets of their bodies.
    pub(super) fn sum(&self) -> Sum {
        Sum {
            messages: self.count(),
            bytes: self.bodies,
        }
    }

    /// Octets its messages hold in memory, if they are there.
    pub(super) fn weight_in_memory(&self) -> u64 {
        if self.is_resident() { self.weight } else { 0 }
    }

    /// Octets its messages hold in memory while they are there, as far as is known.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    pub(super) fn is_resident(&self) -> bool {
        matches!(self.messages, Messages::InMemory(_))
    }

    /// Whether it takes no more messages.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= BLOCK_LEN
            || self.weight >= BLOCK_WEIGHT
            || matches!(self.facts, BlockFacts::Sealed(_))
    }

    /// What is known of the message at `index`.
    pub(super) fn facts(&self, index: usize) -> Option<StreamFacts> {
        match &self.facts {
            BlockFacts::Open(facts) => facts.get(index).copied(),
            BlockFacts::Sealed(facts) => facts.get(index).map(StreamFacts::from_fields),
        }
    }

    /// The message at `index`; `None` if it is not in memory.
    pub(super) fn message(&self, index: usize) -> Option<&Message> {
        match &self.messages {
            Messages::InMemory(messages) => messages.get(index)?.as_ref(),
            Messages::OnDisk => None,
        }
    }

    /// The time of its last message; 0 without messages.
    pub(super) fn last_time(&self) -> u64 {
        let last = self.len().checked_sub(1).and_then(|last| self.facts(last));
        last.map_or(0, |facts| facts.time)
    }

    /// The offset of the first message from `time` on, or of the end.
    pub(super) fn first_since(&self, time: u64) -> u64 {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.facts(middle).is_some_and(|facts| facts.time < time) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        self.base + from as u64
    }

    /// Adds a message to an open block in memory.
    pub(super) fn push(&mut self, facts: StreamFacts, message: Message) {
        self.bodies += message.body_len() as u64;
        self.weight += weight(&message);
        if let (BlockFacts::Open(known), Messages::InMemory(messages)) =
            (&mut self.facts, &mut self.messages)
        {
            known.push(facts);
            messages.push(Some(message));
        }
    }

    /// Adds a stored message that is not in memory to an open block that has no other ones;
    /// `octets` are those of everything it says, `body` of them its body's.
    pub(super) fn push_absent(&mut self, facts: StreamFacts, octets: u64, body: u64) {
        self.bodies += body;
        self.weight += octets + MESSAGE_OVERHEAD + FACTS_WEIGHT;
        self.messages = Messages::OnDisk;
        if let BlockFacts::Open(known) = &mut self.facts {
            known.push(facts);
        }
    }

    /// It gets no more messages.
    pub(super) fn seal(&mut self) {
        if let BlockFacts::Open(facts) = &self.facts {
            self.facts = BlockFacts::Sealed(Columns::pack(facts.iter().map(StreamFacts::fields)));
            if let Messages::InMemory(messages) = &mut self.messages {
                messages.shrink_to_fit();
            }
        }
    }

    /// Whether something must be written for it to leave memory.
    pub(super) fn must_spill(&self) -> bool {
        self.spilled.is_none() && self.records().any(|at| !at.is_stored())
    }

    /// Gives the memory of its messages back.
    pub(super) fn page_out(&mut self, bodies: &Arc<dyn Bodies>) -> Result<Moved, Refused> {
        let Messages::InMemory(messages) = &self.messages else {
            return Ok(Moved::default());
        };
        let mut written = 0;
        if self.spilled.is_none() {
            let is_written = |at: RecordAt| !at.is_stored() || bodies.can_read(at);
            if !self.records().all(is_written) {
                return Err(Refused::NotWritten);
            }
            let both = self.records().zip(messages);
            let others = both.filter(|(at, _)| !at.is_stored());
            let others: Vec<&Message> = others.filter_map(|(_, other)| other.as_ref()).collect();
            written = others.len() as u64;
            let spilled = Spilled::write(&others, bodies)?;
            self.spilled = spilled;
        }
        self.messages = Messages::OnDisk;
        Ok(Moved {
            weight: self.weight,
            messages: written,
        })
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
        self.messages = Messages::InMemory(messages);
        lost
    }

    /// Shows its messages with their offsets until `each` says `false`. Those on disk are read and
    /// not kept; what cannot be read is passed over.
    pub(in crate::queue) fn visit(
        &self,
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(u64, RecordAt, &Message) -> bool,
    ) -> bool {
        let mut goes_on = true;
        match &self.messages {
            Messages::InMemory(messages) => {
                for ((offset, at), message) in (self.base..).zip(self.records()).zip(messages) {
                    if let Some(message) = message {
                        goes_on = goes_on && each(offset, at, message);
                    }
                }
            }
            Messages::OnDisk => self.read(bodies, &mut |index, at, message| {
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
        let (open, sealed) = match &self.facts {
            BlockFacts::Open(facts) => (Some(facts.iter()), None),
            BlockFacts::Sealed(facts) => (None, Some(facts.iter())),
        };
        let open = open.into_iter().flatten().map(|facts| facts.at);
        let sealed = sealed.into_iter().flatten();
        open.chain(sealed.map(|fields| StreamFacts::from_fields(fields).at))
    }

    /// The records that are to be settled when it goes: not those of damaged messages, which
    /// were.
    pub(in crate::queue) fn unsettled(&self) -> impl Iterator<Item = RecordAt> {
        let damaged = |index| {
            let place = self.lost.binary_search_by_key(&index, |(index, _)| *index);
            let lost = place.ok().and_then(|place| self.lost.get(place));
            lost.is_some_and(|(_, why)| *why == Unread::Damaged)
        };
        let records = self.records().enumerate();
        records.filter_map(move |(index, at)| (!damaged(index)).then_some(at))
    }

    /// Octets it takes besides [`Block::weight_in_memory`].
    pub(super) fn index_memory(&self) -> u64 {
        let facts = match &self.facts {
            BlockFacts::Open(facts) => facts.capacity() * size_of::<StreamFacts>(),
            BlockFacts::Sealed(facts) => facts.memory(),
        };
        let lists = match &self.messages {
            Messages::InMemory(messages) => messages.capacity() * size_of::<Message>(),
            Messages::OnDisk => 0,
        };
        let counted = match &self.messages {
            Messages::InMemory(messages) => FACTS_WEIGHT * messages.len() as u64,
            Messages::OnDisk => 0,
        };
        let lost = self.lost.capacity() * size_of::<(usize, Unread)>();
        (size_of::<Self>() + lost) as u64 + ((facts + lists) as u64).saturating_sub(counted)
    }
}

impl StreamFacts {
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
