//! The messages of a queue that wait for a consumer, in the order in which they will leave.
//!
//! Owns their order (invariant I3), their count and their octets. Priorities are levels, first in
//! first out inside each; a message that comes back returns to its place by its position. A quorum
//! queue instead serves what came back first, in the order of return, whatever its priority.
//! It does not know consumers, time limits (beyond each message's own expiry) or dead-lettering.
//!
//! Docs: priority, quorum-queues. Seen: RabbitMQ 4.3.6.

use std::collections::VecDeque;

use super::{Entry, Horizon};
use crate::clock::Mono;
use crate::message::Message;

/// Levels of a quorum queue: priorities 0 ..= 31, higher ones count as 31.
const QUORUM_PRIORITY_MAX: u8 = 31;
/// Priority in a quorum queue of a message that has none.
const QUORUM_PRIORITY_DEFAULT: u8 = 4;
/// Room for this many messages is kept by an empty level; more is given back.
const KEPT_CAPACITY: usize = 1024;

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
    order: Order,
    /// By priority; grown when a priority is first used.
    levels: Vec<VecDeque<Entry>>,
    /// No level above this one has a message.
    top: usize,
    /// Quorum only: messages that came back.
    returned: VecDeque<Entry>,
    len: usize,
    bytes: u64,
    /// How many of them can expire.
    expiring: usize,
}

impl Ready {
    pub(super) fn new(order: Order) -> Self {
        Self {
            order,
            levels: Vec::new(),
            top: 0,
            returned: VecDeque::new(),
            len: 0,
            bytes: 0,
            expiring: 0,
        }
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

    /// Octets of their bodies.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether any of them can expire.
    #[inline]
    pub(super) fn any_expiring(&self) -> bool {
        self.expiring > 0
    }

    /// Octets held by the lists themselves, without the messages.
    pub(super) fn index_bytes(&self) -> usize {
        let slots: usize = self.levels.iter().map(VecDeque::capacity).sum();
        (slots + self.returned.capacity()) * size_of::<Entry>()
    }

    /// Adds a message behind all others of its priority.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        self.count(&entry);
        let level = self.level_of(&entry.message);
        self.level(level).push_back(entry);
    }

    /// Takes the next message.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = match self.returned.pop_front() {
            Some(entry) => entry,
            None => self.pop_level()?,
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
        let dead = |list: &VecDeque<Entry>| {
            list.front()
                .is_some_and(|entry| horizon.has_passed(entry.expires, now))
        };
        self.lower_top();
        let expired = if dead(&self.returned) {
            self.returned.pop_front()
        } else if self.order == Order::Quorum {
            self.levels
                .iter_mut()
                .find(|level| dead(level))
                .and_then(VecDeque::pop_front)
        } else {
            self.levels
                .get_mut(self.top)
                .filter(|level| dead(level))
                .and_then(VecDeque::pop_front)
        }?;
        self.uncount(&expired);
        Some(expired)
    }

    /// When the next message that [`Ready::pop_expired`] could take expires.
    pub(super) fn next_expiry(&self) -> Mono {
        if self.expiring == 0 {
            return Mono::NEVER;
        }
        let head = |list: &VecDeque<Entry>| list.front().map_or(Mono::NEVER, |entry| entry.expires);
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
            Order::Quorum => self.returned.extend(entries.drain(..)),
            Order::Classic { priority_max: 0 } => {
                entries.sort_by_key(|entry| entry.position);
                merge(self.level(0), entries);
            }
            Order::Classic { .. } => self.requeue_by_level(entries),
        }
    }

    fn requeue_by_level(&mut self, entries: &mut Vec<Entry>) {
        entries.sort_by_key(|entry| (self.level_of(&entry.message), entry.position));
        while let Some(last) = entries.last() {
            let level = self.level_of(&last.message);
            let start = entries.partition_point(|entry| self.level_of(&entry.message) < level);
            let mut group = entries.split_off(start);
            merge(self.level(level), &mut group);
        }
    }

    /// Takes everything.
    pub(super) fn take_all(&mut self) -> Vec<VecDeque<Entry>> {
        let mut lists = std::mem::take(&mut self.levels);
        lists.push(std::mem::take(&mut self.returned));
        *self = Self::new(self.order);
        lists
    }

    /// Every message, in the order in which they would leave.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let levels = self.levels.iter().rev().flatten();
        self.returned.iter().chain(levels)
    }

    fn level_of(&self, message: &Message) -> u8 {
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

    fn level(&mut self, level: u8) -> &mut VecDeque<Entry> {
        let level = usize::from(level);
        if level >= self.levels.len() {
            self.levels.resize_with(level + 1, VecDeque::new);
        }
        self.top = self.top.max(level);
        self.levels.get_mut(level).expect("grown just above")
    }

    fn lower_top(&mut self) {
        while self.top > 0 && self.levels.get(self.top).is_none_or(VecDeque::is_empty) {
            self.top -= 1;
        }
    }

    fn pop_level(&mut self) -> Option<Entry> {
        self.lower_top();
        let level = self.levels.get_mut(self.top)?;
        let entry = level.pop_front();
        if level.is_empty() && level.capacity() > KEPT_CAPACITY {
            *level = VecDeque::new();
        }
        entry
    }

    fn count(&mut self, entry: &Entry) {
        self.len += 1;
        self.bytes += entry.message.body_len() as u64;
        self.expiring += usize::from(entry.expires != Mono::NEVER);
    }

    fn uncount(&mut self, entry: &Entry) {
        self.len -= 1;
        self.bytes -= entry.message.body_len() as u64;
        self.expiring -= usize::from(entry.expires != Mono::NEVER);
    }
}

/// Puts `entries`, ascending, back among `list` by position. Costs as much as there are messages
/// in front of the last of them: nothing in the usual case that they were the head.
fn merge(list: &mut VecDeque<Entry>, entries: &mut Vec<Entry>) {
    let Some(last) = entries.last().map(|entry| entry.position) else {
        return;
    };
    let ahead = list.partition_point(|entry| entry.position < last);
    let mut ahead: Vec<Entry> = list.drain(..ahead).collect();
    while let Some(entry) = entries.pop() {
        while let Some(kept) = ahead.pop_if(|kept| kept.position > entry.position) {
            list.push_front(kept);
        }
        list.push_front(entry);
    }
    for kept in ahead.into_iter().rev() {
        list.push_front(kept);
    }
}
