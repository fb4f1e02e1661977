//! The messages of a queue that wait for a consumer, in the order in which they will leave.
//!
//! Owns their order (invariant I3), their count and their octets, and what of them is in memory.
//! Priorities are levels, first in first out inside each; a message that comes back returns to its
//! place by its position. A quorum queue instead serves what came back first, in the order of
//! return, whatever its priority.
//!
//! Once all queues together hold more than the broker's body budget, the queue that grows moves
//! what it needs last to disk through [`Bodies`]; it comes back, run by run, before its turn.
//! It does not know consumers, time limits (beyond each message's own expiry) or dead-lettering.
//!
//! Docs: priority, quorum-queues. Seen: RabbitMQ 4.3.6, tests/scripts/priority,
//! tests/scripts/requeue and
//! tests/scripts/quorum/returned_messages_go_before_higher_priorities.amqp.

use std::sync::Arc;

use super::account::Account;
use super::bodies::Bodies;
use super::spilled::Moved;
use super::{Entry, Horizon, Sum};
use crate::clock::Mono;
use crate::message::Message;
use crate::store::RecordAt;

mod browse;
mod chunk;
mod level;
mod mass;
mod packed;
mod piece;
mod restore;
mod runs;
mod search;

pub use browse::Bookmark;
use chunk::Lost;
pub(super) use level::Level;
use level::PageOut;
use mass::{ENTRY_WEIGHT, Mass, weight};
pub(super) use piece::Piece;
pub use search::Search;

/// Levels of a quorum queue: priorities 0 ..= 31, higher ones count as 31.
const QUORUM_PRIORITY_MAX: u8 = 31;
/// Priority in a quorum queue of a message that has none.
const QUORUM_PRIORITY_DEFAULT: u8 = 4;

/// How a queue orders its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Classic: by priority, 0 ..= `priority_max`, then by position.
    Classic {
        /// `x-max-priority`; 0 for a plain queue.
        priority_max: u8,
    },
    /// Quorum: what came back first, then by priority, then by position.
    Quorum,
}

/// The ready messages.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) order: Order,
    /// By priority; grown when a priority is first used.
    levels: Vec<Level>,
    /// No level above this one has a message.
    top: usize,
    /// Quorum only: messages that came back.
    returned: Level,
    len: usize,
    bytes: u64,
    /// Those of them that are stored.
    stored: Sum,
    /// How many of them can expire.
    expiring: usize,
    /// What is in memory.
    account: Account,
    /// Records that turned out to be damaged and are to be settled.
    damaged: Vec<RecordAt>,
    /// Messages that could not be read back.
    lost: u64,
    /// Messages so far that were read back from disk.
    read: u64,
    /// Messages so far that were written to disk to leave memory.
    written: u64,
}

impl Ready {
    pub(super) fn new(order: Order) -> Self {
        Self {
            order,
            levels: Vec::new(),
            top: 0,
            returned: Level::default(),
            len: 0,
            bytes: 0,
            stored: Sum::default(),
            expiring: 0,
            account: Account::default(),
            damaged: Vec::new(),
            lost: 0,
            read: 0,
            written: 0,
        }
    }

    /// Whether messages can leave memory, and come back.
    pub(super) fn pages(&self) -> bool {
        self.bodies().is_some()
    }

    /// Where messages are that are not in memory.
    pub(super) fn bodies(&self) -> Option<&Arc<dyn Bodies>> {
        self.account.bodies()
    }

    /// From now on messages can leave memory.
    pub(super) fn page_to(&mut self, bodies: Arc<dyn Bodies>) {
        self.account = Account::open(bodies, self.account.octets());
    }

    /// Messages.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether all messages have the same priority, so that the first one in is the first one out.
    #[inline]
    pub(super) fn is_one_line(&self) -> bool {
        self.order == Order::Classic { priority_max: 0 }
    }

    /// Octets of all of them ([`Entry::size`]).
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many there are, and their octets.
    pub(super) fn sum(&self) -> Sum {
        Sum {
            messages: self.len as u64,
            bytes: self.bytes,
        }
    }

    /// Those that are stored, and their octets.
    pub(super) fn stored(&self) -> Sum {
        self.stored
    }

    /// Those that are on disk alone, and their octets.
    pub(super) fn paged_out(&self) -> Sum {
        let lists = self.levels.iter().chain([&self.returned]);
        lists.fold(Sum::default(), |sum, list| sum.plus(list.paged_out()))
    }

    /// How many there are of each priority, but for those that came back to a quorum queue.
    pub(super) fn by_priority(&self) -> Vec<(u8, u64)> {
        let levels = (0..).zip(&self.levels);
        let used = levels.filter(|(_, level)| !level.is_empty());
        used.map(|(priority, level)| (priority, level.len() as u64))
            .collect()
    }

    /// How many came back to a quorum queue.
    pub(super) fn returned(&self) -> u64 {
        self.returned.len() as u64
    }

    /// The one that leaves next.
    pub(super) fn front(&self) -> Option<&Entry> {
        let levels = self.levels.iter().rev();
        let mut lists = [&self.returned].into_iter().chain(levels);
        lists.find_map(Level::front)
    }

    /// Messages so far that were read back from disk.
    pub(super) fn messages_read(&self) -> u64 {
        self.read
    }

    /// Messages so far that were written to disk to leave memory.
    pub(super) fn messages_written(&self) -> u64 {
        self.written
    }

    /// Whether any of them can expire.
    #[inline]
    pub(super) fn any_expiring(&self) -> bool {
        self.expiring > 0
    }

    /// Octets held by the messages in memory and by the lists.
    pub(super) fn memory(&self) -> u64 {
        let lists = self.levels.iter().chain([&self.returned]);
        let index: usize = lists.map(Level::index_bytes).sum();
        self.account.octets() + index as u64
    }

    /// Messages so far that could not be read back.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether damaged records were found since they were last taken.
    #[inline]
    pub(super) fn has_damaged(&self) -> bool {
        !self.damaged.is_empty()
    }

    /// Damaged records found since the last call.
    pub(super) fn take_damaged(&mut self) -> Vec<RecordAt> {
        std::mem::take(&mut self.damaged)
    }

    /// Adds a message behind all others of its priority.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        let mass = self.count(&entry);
        let level = self.level_of(&entry.message);
        let level = self.level(level);
        debug_assert!(
            level.last_of_head() < Some(entry.position),
            "I3: a new message comes before an older one"
        );
        level.push(entry, mass);
        if self.account.has_grown() {
            self.relieve();
        }
    }

    /// Takes the next message.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = match self.pop_returned() {
            Some(entry) => entry,
            None => {
                self.lower_top();
                self.pop_level(self.top)?
            }
        };
        self.uncount(&entry);
        Some(entry)
    }

    /// Takes a message that has expired and may be dropped: the head of a classic queue, of each
    /// priority in a quorum queue. A message behind one that lives on stays.
    ///
    /// Seen: RabbitMQ 4.3.6 (a classic queue keeps an expired message behind one of higher
    /// priority, a quorum queue does not).
    pub(super) fn pop_expired(&mut self, now: Mono, horizon: Horizon) -> Option<Entry> {
        if self.expiring == 0 {
            return None;
        }
        let dead = |list: &Level| {
            list.front()
                .is_some_and(|entry| horizon.has_passed(entry.expires, now))
        };
        self.lower_top();
        let expired = if dead(&self.returned) {
            self.pop_returned()
        } else if self.order == Order::Quorum {
            let level = self.levels.iter().position(dead)?;
            self.pop_level(level)
        } else {
            self.levels.get(self.top).filter(|level| dead(level))?;
            self.pop_level(self.top)
        }?;
        self.uncount(&expired);
        Some(expired)
    }

    /// When the next message that [`Ready::pop_expired`] could take expires.
    pub(super) fn next_expiry(&self) -> Mono {
        if self.expiring == 0 {
            return Mono::NEVER;
        }
        let head = |list: &Level| list.front().map_or(Mono::NEVER, |entry| entry.expires);
        if self.order == Order::Quorum {
            let levels = self.levels.iter().map(head).min();
            return head(&self.returned).min(levels.unwrap_or(Mono::NEVER));
        }
        self.levels
            .iter()
            .rev()
            .find(|level| !level.is_empty())
            .map_or(Mono::NEVER, head)
    }

    /// Takes back messages that had left: to their old places, or in a quorum queue to the front
    /// in this order. Leaves `entries` empty.
    pub(super) fn requeue(&mut self, entries: &mut Vec<Entry>) {
        for entry in entries.iter() {
            self.count(entry);
        }
        match self.order {
            Order::Quorum => entries.drain(..).for_each(|entry| {
                let mass = Mass::of(&entry);
                self.returned.push(entry, mass);
            }),
            Order::Classic { priority_max: 0 } => {
                entries.sort_by_key(|entry| entry.position);
                self.merge(0, entries);
            }
            Order::Classic { .. } => self.requeue_by_level(entries),
        }
        if self.account.has_grown() {
            self.relieve();
        }
    }

    fn requeue_by_level(&mut self, entries: &mut Vec<Entry>) {
        entries.sort_by_key(|entry| (self.level_of(&entry.message), entry.position));
        while let Some(last) = entries.last() {
            let level = self.level_of(&last.message);
            let start = entries.partition_point(|entry| self.level_of(&entry.message) < level);
            let mut group = entries.split_off(start);
            self.merge(level, &mut group);
        }
    }

    fn merge(&mut self, level: u8, entries: &mut Vec<Entry>) {
        let bodies = self.account.bodies().cloned();
        let mut lost = Lost::default();
        let gained = self
            .level(level)
            .merge(entries, bodies.as_deref(), &mut lost);
        self.came_back(gained, lost);
    }

    /// Takes everything.
    pub(super) fn take_all(&mut self) -> Vec<Level> {
        let mut lists = std::mem::take(&mut self.levels);
        lists.push(std::mem::take(&mut self.returned));
        (self.top, self.len, self.bytes, self.expiring) = (0, 0, 0, 0);
        self.stored = Sum::default();
        self.account.clear();
        lists
    }

    /// Moves all but the first message of each level to disk, as far as the disk takes them.
    /// Returns how many octets of memory that freed.
    pub(super) fn page_out(&mut self) -> u64 {
        let Some(bodies) = self.account.bodies().cloned() else {
            return 0;
        };
        let lists = self.levels.iter_mut().chain([&mut self.returned]);
        let mut freed = Moved::default();
        lists.for_each(|list| freed.add(list.page_out(&bodies, PageOut::Everything)));
        self.went(freed)
    }

    /// The queue has grown: tells the budget, and if that is exceeded moves messages to disk, those
    /// of the lowest priority first.
    #[cold]
    fn relieve(&mut self) {
        self.account.settle();
        let Some(bodies) = self.account.bodies().cloned() else {
            return;
        };
        let excess = bodies.excess();
        let mut freed = Moved::default();
        for list in self.levels.iter_mut().chain([&mut self.returned]) {
            if freed.weight >= excess {
                break;
            }
            freed.add(list.page_out(&bodies, PageOut::Octets(excess - freed.weight)));
        }
        self.went(freed);
    }

    /// Messages left memory. Returns how many octets that freed.
    fn went(&mut self, freed: Moved) -> u64 {
        self.written += freed.messages;
        self.account.remove(freed.weight);
        self.account.settle();
        freed.weight
    }

    pub(super) fn level_of(&self, message: &Message) -> u8 {
        match self.order {
            Order::Classic { priority_max: 0 } => 0,
            Order::Classic { priority_max } => message.traits().priority.min(priority_max),
            Order::Quorum => {
                let priority = message.properties().priority().ok().flatten();
                priority
                    .unwrap_or(QUORUM_PRIORITY_DEFAULT)
                    .min(QUORUM_PRIORITY_MAX)
            }
        }
    }

    fn level(&mut self, level: u8) -> &mut Level {
        let level = usize::from(level);
        if level >= self.levels.len() {
            self.levels.resize_with(level + 1, Level::default);
        }
        self.top = self.top.max(level);
        self.levels.get_mut(level).expect("grown just above")
    }

    fn lower_top(&mut self) {
        while self.top > 0 && self.levels.get(self.top).is_none_or(Level::is_empty) {
            self.top -= 1;
        }
    }

    #[inline(always)]
    fn pop_level(&mut self, level: usize) -> Option<Entry> {
        let list = self.levels.get_mut(level)?;
        let entry = list.pop();
        if list.is_drained() {
            self.refill(Some(level));
        }
        entry
    }

    #[inline(always)]
    fn pop_returned(&mut self) -> Option<Entry> {
        if self.returned.is_empty() {
            return None;
        }
        let entry = self.returned.pop();
        if self.returned.is_drained() {
            self.refill(None);
        }
        entry
    }

    /// Makes what is next the head of a level, or of what came back.
    #[cold]
    fn refill(&mut self, level: Option<usize>) {
        let list = match level {
            Some(level) => self.levels.get_mut(level),
            None => Some(&mut self.returned),
        };
        let Some(list) = list else { return };
        let mut lost = Lost::default();
        let bodies = self.account.bodies().map(|bodies| &**bodies);
        let gained = list.refill(bodies, &mut lost);
        self.came_back(gained, lost);
    }

    #[cold]
    fn came_back(&mut self, gained: Moved, mut lost: Lost) {
        self.account.add(gained.weight);
        self.read += gained.messages;
        self.len -= lost.messages;
        self.bytes -= lost.bytes;
        self.stored = self.stored.minus(lost.stored);
        self.expiring -= lost.expiring;
        self.lost += lost.messages as u64;
        self.damaged.append(&mut lost.damaged);
    }

    #[inline]
    fn count(&mut self, entry: &Entry) -> Mass {
        let mass = Mass::of(entry);
        self.len += 1;
        self.bytes += mass.bytes;
        if entry.at.is_stored() {
            self.stored.add(mass.bytes);
        }
        self.expiring += usize::from(entry.can_expire());
        self.account.add(mass.weight);
        mass
    }

    #[inline]
    fn uncount(&mut self, entry: &Entry) {
        let size = entry.size();
        self.len -= 1;
        self.bytes -= size;
        if entry.at.is_stored() {
            self.stored.remove(size);
        }
        self.expiring -= usize::from(entry.can_expire());
        self.account.remove(weight(entry));
        if self.account.has_shrunk() {
            self.account.settle();
        }
    }
}

#[cfg(test)]
mod tests;
