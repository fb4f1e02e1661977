//! The consumers of a stream: each reads by itself, as far as its credit reaches.
//!
//! Those that may be able to take a message stand in a ring and are served in turn, a few messages
//! at a time. One that cannot is put aside until there is a reason: a new message, a settlement, or
//! its mailbox or channel called.
//!
//! Invariants: I3, I5 (in flight + unacked ≤ prefetch), I9, I11: a reader holds a place in the
//! log, never a message, so that the slowest of them keeps nothing alive.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

use super::block::{Block, StreamFacts};
use super::filter::Filter;
use super::log::Log;
use crate::entry::Facts;
use crate::events::Fate;
use crate::ids::{ConnectionId, ConsumerId};
use crate::kind::QueueKind;
use crate::mail::{Delivery, Mail, Resume};
use crate::message::Message;
use crate::queue::dispatch::Standing;
use crate::queue::dispatch::outlets::Outlets;
use crate::queue::{Cancelled, ConsumerSnapshot, Effects, Entry, NewConsumer, Sum};
use crate::store::RecordAt;

/// Messages a reader takes before the others get their turn.
const TURN_LEN: u32 = 64;
/// Blocks that are read from disk for all readers together before the stream's lock is let go.
const LOADS_MAX: u32 = 4;

#[derive(Debug)]
struct Reader {
    new: NewConsumer,
    filter: Option<Filter>,
    /// The offset it reads next.
    next: u64,
    /// Deliveries that have not been settled.
    in_flight: u32,
    standing: Standing,
    outlet: usize,
}

/// A stream's consumers.
#[derive(Debug, Default)]
pub(in crate::queue) struct Readers {
    by_id: BTreeMap<ConsumerId, Reader>,
    ring: VecDeque<ConsumerId>,
    /// Those that have read everything.
    caught_up: Vec<ConsumerId>,
    parked: Vec<ConsumerId>,
    outlets: Outlets,
}

/// What was handed out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub(super) all: Sum,
    /// Those of them that are stored.
    pub(super) stored: Sum,
    /// Blocks that were read from disk for it.
    loads: u32,
}

impl Readers {
    pub(in crate::queue) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Adds a consumer that begins at the offset `next`.
    pub(super) fn add(&mut self, new: NewConsumer, filter: Option<Filter>, next: u64) {
        let id = new.id;
        let outlet = self.outlets.join(new.connection, &new.mailbox);
        let reader = Reader {
            new,
            filter,
            next,
            in_flight: 0,
            standing: Standing::Ring,
            outlet,
        };
        self.by_id.insert(id, reader);
        self.ring.push_back(id);
    }

    /// Removes consumers. Returns how many of them were there.
    pub(super) fn detach(&mut self, ids: &[ConsumerId]) -> usize {
        let mut left = 0;
        for id in ids {
            if let Some(reader) = self.by_id.remove(id) {
                self.outlets.leave(reader.outlet);
                left += 1;
            }
        }
        if left > 0 {
            let by_id = &self.by_id;
            self.ring.retain(|id| by_id.contains_key(id));
            self.caught_up.retain(|id| by_id.contains_key(id));
            self.parked.retain(|id| by_id.contains_key(id));
        }
        left
    }

    /// How a consumer was added.
    pub(super) fn find(&self, id: ConsumerId) -> Option<&NewConsumer> {
        self.by_id.get(&id).map(|reader| &reader.new)
    }

    /// The numbers of all of them.
    pub(super) fn ids(&self) -> Vec<ConsumerId> {
        self.by_id.keys().copied().collect()
    }

    /// Removes all of them.
    pub(super) fn take_all(&mut self) -> Vec<Cancelled> {
        let readers = std::mem::take(&mut self.by_id);
        self.ring.clear();
        self.caught_up.clear();
        self.parked.clear();
        self.outlets = Outlets::default();
        let notice = |reader: Reader| Cancelled {
            mailbox: reader.new.mailbox,
            channel: reader.new.channel,
            id: reader.new.id,
        };
        readers.into_values().map(notice).collect()
    }

    /// There are new messages.
    pub(super) fn wake(&mut self) {
        let mut woken = std::mem::take(&mut self.caught_up);
        for id in woken.drain(..) {
            self.enter_ring(id);
        }
        // Its room is used again at once.
        self.caught_up = woken;
    }

    /// A mailbox or a channel has room again: every consumer that waits for one tries again.
    pub(super) fn resume(&mut self) {
        for id in std::mem::take(&mut self.parked) {
            self.enter_ring(id);
        }
    }

    /// `n` of a consumer's messages are settled. Returns whether it was held up by that.
    pub(super) fn settled(&mut self, id: ConsumerId, n: u32) -> bool {
        let Some(reader) = self.by_id.get_mut(&id) else {
            return false;
        };
        reader.in_flight = reader.in_flight.saturating_sub(n);
        let held_up = reader.standing == Standing::Full;
        if held_up {
            self.enter_ring(id);
        }
        held_up
    }

    /// Hands messages out as long as a consumer can take one.
    pub(super) fn serve(
        &mut self,
        log: &mut Log,
        queue: &Weak<dyn Resume>,
        fx: &mut Effects,
    ) -> Served {
        let mut served = Served::default();
        while let Some(id) = self.ring.pop_front() {
            let Some(reader) = self.by_id.get_mut(&id) else {
                continue;
            };
            reader.standing = reader.turn(log, queue, &mut self.outlets, &mut served, fx);
            match reader.standing {
                Standing::Ring => self.ring.push_back(id),
                Standing::Idle => self.caught_up.push(id),
                Standing::Parked => self.parked.push(id),
                Standing::Full => {}
            }
        }
        self.outlets.post();
        served
    }

    /// All of them in order of their numbers, which is that of registration.
    pub(in crate::queue) fn snapshots(&self) -> Vec<ConsumerSnapshot> {
        self.by_id
            .values()
            .map(|reader| reader.new.snapshot(0, reader.in_flight, None))
            .collect()
    }

    /// How many messages each of them that holds any does, with its connection.
    pub(in crate::queue) fn held(&self) -> Vec<(ConnectionId, u32)> {
        let holding = self.by_id.values().filter(|reader| reader.in_flight > 0);
        let held = holding.map(|reader| (reader.new.connection, reader.in_flight));
        held.collect()
    }

    fn enter_ring(&mut self, id: ConsumerId) {
        if let Some(reader) = self.by_id.get_mut(&id) {
            reader.standing = Standing::Ring;
            self.ring.push_back(id);
        }
    }
}

impl Served {
    fn add(&mut self, at: RecordAt, message: &Message) {
        let size = message.body_len() as u64;
        self.all.add(size);
        if at.is_stored() {
            self.stored.add(size);
        }
    }
}

impl Reader {
    /// Takes some messages; the standing says why it stopped.
    fn turn(
        &mut self,
        log: &mut Log,
        queue: &Weak<dyn Resume>,
        outlets: &mut Outlets,
        served: &mut Served,
        fx: &mut Effects,
    ) -> Standing {
        // What retention took before it was read is skipped.
        self.next = self.next.max(log.first());
        let Some(block) = log.block_at(self.next) else {
            return Standing::Idle;
        };
        self.pass_unwanted(block);
        if self.next == block.end() {
            return Standing::Ring;
        }
        let mut left = TURN_LEN;
        if !block.is_resident() {
            if let Some(why) = self.may_load(queue, served) {
                return why;
            }
            left = u32::MAX;
        }
        let base = block.base();
        let Some(block) = log.read(base) else {
            return Standing::Ring;
        };
        let from = usize::try_from(self.next - base).unwrap_or(usize::MAX);
        for index in from..block.len() {
            if let (Some(facts), Some(message)) = (block.facts(index), block.message(index))
                && self.wants(facts, message)
            {
                if left == 0 {
                    break;
                }
                left -= 1;
                match self.new.reserve(self.in_flight, queue) {
                    Standing::Ring => {}
                    why => return why,
                }
                self.in_flight += 1;
                served.add(facts.at, message);
                let entry = entry_of(message, facts.at, self.next);
                if fx.is_listening() {
                    self.note_delivery(&entry, fx);
                }
                outlets.put(self.outlet, self.delivery(entry));
            }
            self.next += 1;
        }
        Standing::Ring
    }

    #[cold]
    fn note_delivery(&self, entry: &Entry, fx: &mut Effects) {
        fx.note_delivery(entry, QueueKind::Stream, || Fate::Delivered {
            to: Some(Arc::clone(&self.new.party)),
            consumer_tag: self.new.tag.clone(),
            redelivered: false,
        });
    }

    fn wants(&self, facts: StreamFacts, message: &Message) -> bool {
        let filter = self.filter.as_ref();
        filter.is_none_or(|filter| filter.wants(facts.mark, message))
    }

    /// Moves on to the first message of `block` from its place on that it may want, or to the end,
    /// by what is known without the messages.
    fn pass_unwanted(&mut self, block: &Block) {
        self.next = self.next.max(block.base());
        let Some(filter) = &self.filter else { return };
        let from = usize::try_from(self.next - block.base()).unwrap_or(usize::MAX);
        let facts = (from..block.len()).map_while(|index| block.facts(index));
        let passed = facts.take_while(|facts| !filter.may_want(facts.mark));
        self.next += passed.count() as u64;
    }

    /// Why a block is not read from disk for this reader now. One that has made the stream wait for
    /// the disk for long comes again, so that others get its lock in between.
    fn may_load(&self, queue: &Weak<dyn Resume>, served: &mut Served) -> Option<Standing> {
        if let Some(why) = self.new.held_up(self.in_flight, queue) {
            return Some(why);
        }
        if served.loads == LOADS_MAX {
            self.new.mailbox.post(Mail::Resume(Weak::clone(queue)));
            return Some(Standing::Parked);
        }
        served.loads += 1;
        None
    }

    fn delivery(&self, entry: Entry) -> Delivery {
        Delivery {
            channel: self.new.channel,
            consumer: self.new.id,
            entry,
        }
    }
}

/// A message of a stream is never settled, so its deliveries count nothing.
pub(super) fn entry_of(message: &Message, at: RecordAt, offset: u64) -> Entry {
    Entry {
        message: message.clone(),
        facts: Facts {
            position: offset,
            at,
            ..Facts::default()
        },
    }
}
