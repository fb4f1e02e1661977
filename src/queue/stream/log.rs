//! The messages of a stream: appended at the end, taken from the front by retention only.
//!
//! They lie in blocks, so that appending never moves what is there, a place is found by bisection,
//! and all but the newest block can be on disk ([`Block`]). A segment is what retention takes at
//! once; it begins with a block of its own. Times never run backwards here, whatever the wall clock
//! does.
//!
//! Once all queues together hold more than the broker's body budget, the stream that grows, by
//! messages that come or by blocks that are read back, moves blocks to disk through [`Bodies`].
//!
//! It knows no consumer and no wire. Docs: streams (retention). Seen: RabbitMQ 4.3.6,
//! tests/scripts/stream/retention_by_size_drops_segments.amqp.

use std::collections::VecDeque;
use std::sync::Arc;

use super::block::{self, Block, Lost, StreamFacts};
use super::residence::Residence;
use crate::clock::Wall;
use crate::message::{Message, filter_value};
use crate::queue::account::Account;
use crate::queue::bodies::Bodies;
use crate::queue::spilled::Refused;
use crate::queue::{Limits, Sum};
use crate::store::{RecordAt, Recovered};

mod browse;

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
/// Octets in the newest block that make it worth a block of its own when memory is short.
const OPEN_WEIGHT_MIN: u64 = 64 * 1024;

#[derive(Debug, Default)]
struct StreamSegment {
    base: u64,
    octets: u64,
    batches: u32,
    bodies: u64,
    last_time: u64,
}

/// A stream's messages.
#[derive(Debug, Default)]
pub(in crate::queue) struct Log {
    blocks: VecDeque<Block>,
    segments: VecDeque<StreamSegment>,
    next: u64,
    len: u64,
    /// The first offset of the last batch.
    last_batch: u64,
    /// The last batch may get more messages.
    batch_open: bool,
    last_time: u64,
    bodies: u64,
    /// What is in memory.
    account: Account,
    residence: Residence,
    /// Records that turned out to be damaged and are to be settled.
    damaged: Vec<RecordAt>,
    /// Messages that could not be read back.
    lost: u64,
    /// Messages so far that were read back from disk.
    read: u64,
    /// Messages so far that were written to disk to leave memory.
    written: u64,
}

/// Octets that a message adds to the log.
#[derive(Clone, Copy)]
struct Octets {
    /// Exchange, routing key and properties.
    head: u64,
    body: u64,
}

impl Log {
    /// Whether messages can leave memory, and come back.
    pub(in crate::queue) fn pages(&self) -> bool {
        self.account.bodies().is_some()
    }

    /// From now on messages can leave memory.
    pub(in crate::queue) fn page_to(&mut self, bodies: Arc<dyn Bodies>) {
        self.account = Account::open(bodies, self.account.octets());
    }

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
        let block = self.blocks.get(place);
        block.map_or(self.next, |block| block.first_since(wall))
    }

    /// Messages.
    pub(in crate::queue) fn len(&self) -> u64 {
        self.len
    }

    /// Octets of bodies.
    pub(in crate::queue) fn bodies(&self) -> u64 {
        self.bodies
    }

    /// Octets held by the messages in memory and by the blocks.
    pub(super) fn memory(&self) -> u64 {
        let index: u64 = self.blocks.iter().map(Block::index_memory).sum();
        self.account.octets() + index
    }

    /// Messages so far that could not be read back.
    pub(in crate::queue) fn lost(&self) -> u64 {
        self.lost
    }

    /// How many messages there are, and the octets of their bodies.
    pub(in crate::queue) fn sum(&self) -> Sum {
        Sum {
            messages: self.len,
            bytes: self.bodies,
        }
    }

    /// Messages so far that were read back from disk.
    pub(in crate::queue) fn messages_read(&self) -> u64 {
        self.read
    }

    /// Messages so far that were written to disk to leave memory.
    pub(in crate::queue) fn messages_written(&self) -> u64 {
        self.written
    }

    /// Messages that are on disk alone.
    pub(in crate::queue) fn paged_out(&self) -> Sum {
        let paged_out = self.blocks.iter().filter(|block| !block.is_resident());
        paged_out.fold(Sum::default(), |sum, block| sum.plus(block.sum()))
    }

    /// Segments.
    pub(in crate::queue) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// When the oldest message was appended, milliseconds since 1970; 0 without messages.
    pub(in crate::queue) fn first_time(&self) -> u64 {
        let first = self.blocks.front().and_then(|block| block.facts(0));
        first.map_or(0, |facts| facts.time)
    }

    /// Damaged records found since the last call.
    pub(super) fn take_damaged(&mut self) -> Vec<RecordAt> {
        std::mem::take(&mut self.damaged)
    }

    /// The block with the message at `offset`, or with the next one if that is missing; `None` if
    /// there are none from there on.
    pub(super) fn block_at(&self, offset: u64) -> Option<&Block> {
        let place = self.blocks.partition_point(|block| block.end() <= offset);
        self.blocks.get(place)
    }

    /// The block that begins at `base`, with its messages in memory as long as they are read.
    pub(super) fn read(&mut self, base: u64) -> Option<&Block> {
        let place = self.blocks.partition_point(|block| block.base() < base);
        let block = self.blocks.get(place)?;
        self.residence.touch(base, block.weight());
        if !block.is_resident() {
            self.load(place);
        }
        self.blocks.get(place)
    }

    /// So many consumers read it.
    pub(super) fn expect_readers(&mut self, readers: usize) {
        self.residence.expect_readers(readers);
    }

    fn load(&mut self, place: usize) {
        let bodies = self.account.bodies().cloned();
        let Some(block) = self.blocks.get_mut(place) else {
            return;
        };
        // What is read back is sealed, so that it can leave again.
        block.seal();
        let lost = block.load(bodies.as_deref());
        self.account.add(block.weight_in_memory());
        self.read += block.count();
        let base = block.base();
        self.residence.add(base);
        self.note(base, lost);
        self.relieve();
    }

    /// Messages of the block at `base` are lost.
    fn note(&mut self, base: u64, mut lost: Lost) {
        self.len -= lost.messages;
        self.bodies -= lost.bodies;
        self.lost += lost.messages;
        self.damaged.append(&mut lost.damaged);
        let behind = self
            .segments
            .partition_point(|segment| segment.base <= base);
        if let Some(segment) = self.segments.get_mut(behind.wrapping_sub(1)) {
            segment.bodies -= lost.bodies;
        }
    }

    /// Where messages are that are not in memory.
    pub(super) fn disk(&self) -> Option<&dyn Bodies> {
        self.shelf().map(|bodies| &**bodies)
    }

    /// Where messages are that are not in memory.
    pub(super) fn shelf(&self) -> Option<&Arc<dyn Bodies>> {
        self.account.bodies()
    }

    /// What is to be stored with a message that is the `ahead`-th to be appended from now on: its
    /// offset, and whether it begins a batch.
    pub(in crate::queue) fn sequence(&self, ahead: u64) -> u64 {
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
        self.segments.push_back(StreamSegment {
            base: self.next,
            ..StreamSegment::default()
        });
        self.begin_block();
    }

    fn begin_block(&mut self) {
        self.seal_newest();
        self.blocks.push_back(Block::new(self.next));
    }

    fn seal_newest(&mut self) {
        let Some(newest) = self.blocks.back_mut().filter(|newest| newest.len() > 0) else {
            return;
        };
        newest.seal();
        if newest.is_resident() {
            self.residence.add(newest.base());
        }
    }

    /// Adds a message.
    pub(super) fn append(&mut self, wall: Wall, message: Message, at: RecordAt) {
        let octets = Octets {
            head: (message.routing_octets().len() + message.properties().as_bytes().len()) as u64,
            body: message.body_len() as u64,
        };
        let facts = self.make_room(wall, at, filter_value::mark(message.properties()), octets);
        if self
            .blocks
            .back()
            .is_some_and(|newest| !newest.is_resident())
        {
            self.begin_block();
        }
        self.account.add(block::weight(&message));
        if let Some(block) = self.blocks.back_mut() {
            block.push(facts, message);
        }
        self.next += 1;
    }

    /// Adds a stored message without reading it.
    pub(super) fn append_absent(&mut self, recovered: &Recovered) {
        let octets = Octets {
            head: u64::from(recovered.head_len),
            body: u64::from(recovered.body_len),
        };
        let facts = self.make_room(recovered.stored_at, recovered.at, recovered.mark, octets);
        let is_held = |newest: &Block| newest.is_resident() && newest.len() > 0;
        if self.blocks.back().is_some_and(is_held) {
            self.begin_block();
        }
        if let Some(block) = self.blocks.back_mut() {
            block.push_absent(facts, octets.head + octets.body, octets.body);
        }
        self.next += 1;
    }

    /// Counts a message and makes room for it in the newest block.
    fn make_room(&mut self, wall: Wall, at: RecordAt, mark: u32, octets: Octets) -> StreamFacts {
        if self.segments.is_empty() {
            self.begin_segment();
        }
        let is_done = |newest: &Block| newest.is_full() || newest.end() != self.next;
        if self.blocks.back().is_some_and(is_done) {
            self.begin_block();
        }
        self.last_time = self.last_time.max(wall.as_millis());
        let begins_batch = !std::mem::replace(&mut self.batch_open, true);
        if begins_batch {
            self.last_batch = self.next;
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.batches += u32::from(begins_batch);
            segment.octets += octets.head + octets.body + MESSAGE_OVERHEAD;
            segment.bodies += octets.body;
            segment.last_time = self.last_time;
        }
        self.bodies += octets.body;
        self.len += 1;
        StreamFacts {
            at,
            time: self.last_time,
            mark,
        }
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
            let first = self.first();
            while let Some(block) = self.blocks.pop_front_if(|block| block.base() < first) {
                self.len -= block.count();
                self.account.remove(block.weight_in_memory());
                taken.push(block);
            }
        }
        if !taken.is_empty() {
            self.residence.forget_before(self.first());
            if self.account.has_shrunk() {
                self.account.settle();
            }
        }
        taken
    }

    /// Takes everything; offsets go on.
    pub(super) fn take_all(&mut self) -> Vec<Block> {
        self.segments.clear();
        self.len = 0;
        self.bodies = 0;
        self.account.clear();
        self.residence = Residence::default();
        std::mem::take(&mut self.blocks).into()
    }

    /// If the stream has grown, tells the budget, and if that is exceeded moves blocks to disk.
    pub(super) fn relieve(&mut self) {
        if !self.account.has_grown() {
            return;
        }
        self.account.settle();
        let Some(bodies) = self.account.bodies().cloned() else {
            return;
        };
        let excess = bodies.excess();
        if excess == 0 {
            return;
        }
        let mut freed = self.page_blocks(&bodies, &self.residence.leaving(), excess);
        let is_ripe = |newest: &&Block| {
            newest.weight_in_memory() >= OPEN_WEIGHT_MIN && !self.residence.is_recent(newest.base())
        };
        if freed < excess
            && let Some(newest) = self.blocks.back().filter(is_ripe).map(Block::base)
        {
            self.seal_newest();
            freed += self.page_blocks(&bodies, &[newest], excess - freed);
        }
        self.account.remove(freed);
        self.account.settle();
    }

    /// Moves all messages to disk, as far as it takes them. Returns how many octets of memory that
    /// freed.
    pub(in crate::queue) fn page_out(&mut self) -> u64 {
        let Some(bodies) = self.account.bodies().cloned() else {
            return 0;
        };
        self.seal_newest();
        let freed = self.page_blocks(&bodies, &self.residence.all(), u64::MAX);
        self.account.remove(freed);
        self.account.settle();
        freed
    }

    /// Moves some of these blocks to disk, until `wanted` octets are freed.
    fn page_blocks(&mut self, bodies: &Arc<dyn Bodies>, blocks: &[u64], wanted: u64) -> u64 {
        let mut freed = 0;
        let mut is_full = false;
        for base in blocks {
            if freed >= wanted {
                break;
            }
            let place = self.blocks.partition_point(|block| block.base() < *base);
            let Some(block) = self.blocks.get_mut(place) else {
                continue;
            };
            if is_full && block.must_spill() {
                continue;
            }
            match block.page_out(bodies) {
                Ok(moved) => {
                    freed += moved.weight;
                    self.written += moved.messages;
                    self.residence.remove(*base);
                }
                // What is behind it is not written either.
                Err(Refused::NotWritten) => break,
                // Nor would there be for another: none is gone through in vain.
                Err(Refused::NoRoom) => is_full = true,
            }
        }
        freed
    }
}

#[cfg(test)]
mod tests;
