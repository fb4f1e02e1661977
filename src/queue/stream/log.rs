//! The messages of a stream: appended at the end, taken from the front by retention only.
//!
//! Slots lie in blocks of at most [`BLOCK_LEN`], so that appending never moves what is there and
//! a place is found by bisection. A segment is what retention takes at once; it begins with a
//! block of its own. Times never run backwards here, whatever the wall clock does.
//!
//! It knows no consumer and no wire. Docs: streams (retention). Seen: RabbitMQ 4.3.6.

use std::collections::VecDeque;

use super::filter;
use crate::clock::Wall;
use crate::message::Message;
use crate::queue::Limits;
use crate::store::RecordAt;

/// Messages in a block.
const BLOCK_LEN: usize = 512;
/// Octets of a segment, unless `x-stream-max-segment-size-bytes` says otherwise.
///
/// Docs: streams.
const SEGMENT_OCTETS_DEFAULT: u64 = 500_000_000;
/// Batches in a segment, whatever their size.
///
/// Docs: RabbitMQ's osiris, `max_segment_size_chunks`.
const SEGMENT_BATCHES_MAX: u32 = 256_000;
/// Octets that RabbitMQ's format adds to a message in a batch of its own, roughly.
const MESSAGE_OVERHEAD: u64 = 64;

/// A message and where it is stored.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) message: Message,
    pub(super) at: RecordAt,
}

/// Neighbouring messages of one segment.
#[derive(Debug)]
pub(in crate::queue) struct Block {
    base: u64,
    slots: Vec<Slot>,
    /// The mark of each message's filter value; empty as long as all are unfiltered.
    marks: Vec<u32>,
    /// Where a new time begins: milliseconds since 1970, index of the first slot. Empty only in a
    /// block without messages, which can only be the newest.
    times: Vec<(u64, u16)>,
}

#[derive(Debug, Default)]
struct Segment {
    base: u64,
    octets: u64,
    batches: u32,
    bodies: u64,
    memory: usize,
    last_time: u64,
}

/// A stream's messages.
#[derive(Debug, Default)]
pub(super) struct Log {
    blocks: VecDeque<Block>,
    segments: VecDeque<Segment>,
    next: u64,
    len: u64,
    /// The first offset of the last batch.
    last_batch: u64,
    /// The last batch may get more messages.
    batch_open: bool,
    last_time: u64,
    bodies: u64,
    memory: usize,
}

/// Messages that lie behind each other.
#[derive(Debug)]
pub(super) struct Run<'a> {
    /// The offset of the first one.
    pub(super) first: u64,
    pub(super) slots: &'a [Slot],
    marks: &'a [u32],
}

impl Run<'_> {
    /// The messages with the marks of their filter values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Slot, u32)> {
        let marks = self.marks.iter().copied().chain(std::iter::repeat(0));
        self.slots.iter().zip(marks)
    }
}

impl Log {
    /// The offset of the oldest message; of the next one if there is none.
    pub(super) fn first(&self) -> u64 {
        self.segments.front().map_or(self.next, |first| first.base)
    }

    /// The offset of the next message.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The first offset of the last batch; retention may have taken it.
    pub(super) fn last_batch(&self) -> u64 {
        self.last_batch
    }

    /// The offset of the first message from `wall` on; of the next one if there is none.
    pub(super) fn first_since(&self, wall: Wall) -> u64 {
        let wall = wall.as_millis();
        let later = |block: &Block| block.last_time() >= wall;
        let place = self.blocks.partition_point(|block| !later(block));
        let Some(block) = self.blocks.get(place) else {
            return self.next;
        };
        let time = block.times.partition_point(|(time, _)| *time < wall);
        let index = block.times.get(time).map_or(0, |(_, index)| *index);
        block.base + u64::from(index)
    }

    /// Messages.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Octets of bodies.
    pub(super) fn bodies(&self) -> u64 {
        self.bodies
    }

    /// Octets held, roughly.
    pub(super) fn memory(&self) -> usize {
        let index = |block: &Block| {
            block.slots.capacity() * size_of::<Slot>()
                + block.marks.capacity() * size_of::<u32>()
                + block.times.capacity() * size_of::<(u64, u16)>()
        };
        self.memory + self.blocks.iter().map(index).sum::<usize>()
    }

    /// Messages from `offset` on, or behind it if it is missing, as far as they lie together; empty
    /// if there are none.
    pub(super) fn run(&self, offset: u64) -> Run<'_> {
        let place = self.blocks.partition_point(|block| block.end() <= offset);
        let Some(block) = self.blocks.get(place) else {
            return Run {
                first: self.next,
                slots: &[],
                marks: &[],
            };
        };
        let first = offset.max(block.base);
        let index = usize::try_from(first - block.base).unwrap_or(usize::MAX);
        Run {
            first,
            slots: block.slots.get(index..).unwrap_or_default(),
            marks: block.marks.get(index..).unwrap_or_default(),
        }
    }

    /// All messages with their offsets, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Slot)> {
        let blocks = self.blocks.iter();
        blocks.flat_map(|block| (block.base..).zip(&block.slots))
    }

    /// What is to be stored with a message that is the `ahead`-th to be appended from now on: its
    /// offset, and whether it begins a batch.
    pub(super) fn sequence(&self, ahead: u64) -> u64 {
        let begins_batch = ahead == 0 && !self.batch_open;
        (self.next + ahead) << 1 | u64::from(begins_batch)
    }

    /// Goes on where the stored message with this [`Log::sequence`] was. Offsets in front of it
    /// that are not there stay empty: retention took them, or they are damaged.
    pub(super) fn go_to(&mut self, sequence: u64) {
        if sequence & 1 == 1 {
            self.end_batch();
        }
        let offset = sequence >> 1;
        if offset <= self.next {
            return;
        }
        self.next = offset;
        if self.len == 0 {
            self.blocks.clear();
            self.segments.clear();
        }
    }

    /// Begins a segment if the newest is full. Returns whether it did, which is when retention is
    /// due.
    pub(super) fn begin_segment_if_full(&mut self, limits: &Limits) -> bool {
        let octets_max = limits.max_segment_bytes.unwrap_or(SEGMENT_OCTETS_DEFAULT);
        let begins = self.segments.back().is_some_and(|newest| {
            let full = newest.octets >= octets_max || newest.batches >= SEGMENT_BATCHES_MAX;
            full && newest.base < self.next
        });
        if begins {
            self.begin_segment();
        }
        begins
    }

    fn begin_segment(&mut self) {
        self.segments.push_back(Segment {
            base: self.next,
            ..Segment::default()
        });
        self.begin_block();
    }

    fn begin_block(&mut self) {
        self.blocks.push_back(Block {
            base: self.next,
            slots: Vec::new(),
            marks: Vec::new(),
            times: Vec::new(),
        });
    }

    /// Adds a message.
    pub(super) fn append(&mut self, wall: Wall, message: Message, at: RecordAt) {
        if self.segments.is_empty() {
            self.begin_segment();
        }
        if self
            .blocks
            .back()
            .is_some_and(|block| block.slots.len() >= BLOCK_LEN || block.end() != self.next)
        {
            self.begin_block();
        }
        self.last_time = self.last_time.max(wall.as_millis());
        let begins_batch = !std::mem::replace(&mut self.batch_open, true);
        if begins_batch {
            self.last_batch = self.next;
        }
        self.bodies += message.body_len() as u64;
        self.memory += message.memory();
        if let (Some(segment), Some(block)) = (self.segments.back_mut(), self.blocks.back_mut()) {
            segment.batches += u32::from(begins_batch);
            segment.count(&message, self.last_time);
            block.push(Slot { message, at }, self.last_time);
        }
        self.next += 1;
        self.len += 1;
    }

    /// What is appended from now on is another batch.
    pub(super) fn end_batch(&mut self) {
        self.batch_open = false;
    }

    /// Takes the oldest segments as long as all of them exceed `max_length_bytes`, or the oldest's
    /// newest message is older than `max_age_ms`. The newest segment stays.
    pub(super) fn retain(&mut self, now: Wall, limits: &Limits) -> Vec<Block> {
        let oldest = limits
            .max_age_ms
            .map_or(0, |age| now.as_millis().saturating_sub(age));
        let mut octets: u64 = self.segments.iter().map(|segment| segment.octets).sum();
        let mut taken = Vec::new();
        while self.segments.len() > 1 {
            let over = limits.max_length_bytes.is_some_and(|max| octets > max);
            let Some(segment) = self
                .segments
                .pop_front_if(|segment| over || segment.last_time < oldest)
            else {
                break;
            };
            octets -= segment.octets;
            self.bodies -= segment.bodies;
            self.memory -= segment.memory;
            let first = self.first();
            while let Some(block) = self.blocks.pop_front_if(|block| block.base < first) {
                self.len -= block.slots.len() as u64;
                taken.push(block);
            }
        }
        taken
    }

    /// Takes everything; offsets go on.
    pub(super) fn take_all(&mut self) -> Vec<Block> {
        self.segments.clear();
        self.len = 0;
        self.bodies = 0;
        self.memory = 0;
        std::mem::take(&mut self.blocks).into()
    }
}

impl Segment {
    fn count(&mut self, message: &Message, time: u64) {
        let body = message.body_len() as u64;
        let head = message.routing_octets().len() + message.properties().as_bytes().len();
        self.octets += body + head as u64 + MESSAGE_OVERHEAD;
        self.bodies += body;
        self.memory += message.memory();
        self.last_time = time;
    }
}

impl Block {
    /// Its messages.
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    fn end(&self) -> u64 {
        self.base + self.slots.len() as u64
    }

    fn last_time(&self) -> u64 {
        self.times.last().map_or(0, |(time, _)| *time)
    }

    fn push(&mut self, slot: Slot, time: u64) {
        let index = self.slots.len();
        if self.times.is_empty() || self.last_time() < time {
            let index = u16::try_from(index).expect("a block has 512 slots");
            self.times.push((time, index));
        }
        let mark = filter::mark(&slot.message);
        if mark != 0 || !self.marks.is_empty() {
            self.marks.resize(index, 0);
            self.marks.push(mark);
        }
        self.slots.push(slot);
    }
}

#[cfg(test)]
mod tests;
