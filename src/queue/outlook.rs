//! What would become of a message in a queue if it came now. Nothing changes.

use std::sync::Arc;

use super::ordinary::Ordinary;
use super::overflow::Load;
use super::ready::{Order, Ready};
use super::{DeadLetter, Entry, Horizon, Limits, OfType, Queue, Sender};
use crate::clock::Now;
use crate::entry::Facts;
use crate::events::DeathReason;
use crate::message::Message;

/// See the module.
#[derive(Debug)]
pub struct Outlook {
    /// What becomes of it.
    pub fate: OutlookFate,
    /// Milliseconds until it expires, if it waits and may expire.
    pub expires_in_ms: Option<u64>,
    /// Messages in front make room for it.
    pub drops_head: bool,
    /// What it becomes when it dies as is foreseen: at once, or when it expires.
    pub letter: Option<DeadLetter>,
    /// What bounds the queue.
    pub limits: Limits,
    /// Its messages that wait.
    pub ready: u64,
    /// Its consumers.
    pub consumers: u64,
    /// Whether an operator has paused it.
    pub is_paused: bool,
}

/// What becomes of a message in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutlookFate {
    /// A consumer takes it at once.
    Delivered,
    /// It waits.
    Ready,
    /// The queue is full and refuses it.
    Refused,
    /// The queue is full, and it is the one that is dropped.
    Dropped,
    /// It has no time to live.
    Expired,
    /// The queue has seen its like.
    Duplicate,
}

impl Queue {
    /// What would become of a message that came now.
    #[must_use]
    pub fn outlook(&self, now: Now, message: &Message, sender: Sender) -> Outlook {
        match &self.0 {
            OfType::Ordinary(queue) => queue.outlook(now, message, sender),
            OfType::Stream(_) => Outlook {
                fate: OutlookFate::Ready,
                expires_in_ms: None,
                drops_head: false,
                letter: None,
                limits: self.limits().clone(),
                ready: self.ready_count(),
                consumers: self.consumer_count() as u64,
                is_paused: self.is_paused(),
            },
        }
    }
}

impl Ordinary {
    /// See `Queue::outlook`: the questions of `push` and of what follows it, in the same order.
    fn outlook(&self, now: Now, message: &Message, sender: Sender) -> Outlook {
        let kind = self.common.declared.kind;
        let facts = Facts {
            position: self.next_position,
            expires: self.expiry(now, message.expiration_ms()),
            ..Facts::of_arrival(kind, message, 0)
        };
        let entry = Entry {
            message: message.clone(),
            facts,
        };
        let (fate, drops_head) = self.fate(now, &entry, sender);
        let reason = match fate {
            OutlookFate::Expired => Some(DeathReason::Expired),
            OutlookFate::Ready if facts.can_expire() => Some(DeathReason::Expired),
            OutlookFate::Dropped => Some(DeathReason::MaxLen),
            OutlookFate::Refused if self.common.limits.overflow.dead_letters() => {
                Some(DeathReason::MaxLen)
            }
            _ => None,
        };
        let waits = fate == OutlookFate::Ready && facts.can_expire();
        let left = facts.expires.since(now.mono).as_millis();
        Outlook {
            fate,
            expires_in_ms: waits.then(|| u64::try_from(left).unwrap_or(u64::MAX)),
            drops_head,
            letter: reason.and_then(|reason| self.letter(entry, reason)),
            limits: self.common.limits.clone(),
            ready: self.ready_count(),
            consumers: self.consumers.len() as u64,
            is_paused: self.stops.is_paused(),
        }
    }

    /// What becomes of it, and whether others make room for it.
    fn fate(&self, now: Now, entry: &Entry, sender: Sender) -> (OutlookFate, bool) {
        let limits = &self.common.limits;
        let kind = self.common.declared.kind;
        let refuses = limits.overflow.refuses(kind);
        if refuses && self.answers(sender) && self.would_not_fit(entry) {
            return (OutlookFate::Refused, false);
        }
        let headers = entry.message.properties().headers().ok().flatten();
        let now_ms = now.mono.as_millis();
        let is_duplicate = self.duplicates.as_ref();
        if is_duplicate.is_some_and(|seen| seen.has_seen(headers, now_ms)) {
            return (OutlookFate::Duplicate, false);
        }
        if self.ready.is_empty() && self.stops.is_none() && self.consumers.could_take() {
            return (OutlookFate::Delivered, false);
        }
        let is_due = Horizon::At.has_passed(entry.expires, now.mono);
        if is_due && self.ready.would_expire_first(&entry.message) {
            return (OutlookFate::Expired, false);
        }
        if refuses || !limits.bounds_length() {
            return (OutlookFate::Ready, false);
        }
        let load = self.load();
        let with_it = load.and(entry.size());
        match with_it.exceeds(limits) {
            false => (OutlookFate::Ready, false),
            // Even alone it does not fit, or it would be the next one to leave.
            true if Load::NONE.and(entry.size()).exceeds(limits)
                || self.ready.would_be_front(&entry.message) =>
            {
                (OutlookFate::Dropped, false)
            }
            true => (OutlookFate::Ready, true),
        }
    }

    /// Whether the queue is too full for it. What consumers can take at once makes room first.
    fn would_not_fit(&self, entry: &Entry) -> bool {
        let limits = &self.common.limits;
        let mut gate = self.gate.clone();
        gate.refuses(self.is_quorum(), limits, self.load(), entry.size())
            && (self.ready.is_empty() || !self.consumers.could_take())
    }

    /// What becomes of it when it dies; `None` without a dead-letter exchange.
    fn letter(&self, entry: Entry, reason: DeathReason) -> Option<DeadLetter> {
        let limits = &self.common.limits;
        Some(DeadLetter {
            entry,
            reason,
            exchange: Arc::clone(limits.dead_letter_exchange.as_ref()?),
            routing_key: limits.dead_letter_routing_key.clone(),
            confirm: self.letters_must_arrive(),
            again: false,
            sent: None,
        })
    }
}

impl Ready {
    /// Whether a new message would be the one that leaves next.
    fn would_be_front(&self, message: &Message) -> bool {
        let level = self.level_of(message);
        let highest = self.by_priority().last().map(|(priority, _)| *priority);
        self.returned() == 0 && highest.is_none_or(|highest| highest < level)
    }

    /// Whether a new message would be dropped at once if it has expired: in a quorum queue no
    /// message of its priority may be in front of it, in a classic queue none at all.
    fn would_expire_first(&self, message: &Message) -> bool {
        match self.order {
            Order::Quorum => {
                let level = self.level_of(message);
                let mut used = self.by_priority().into_iter();
                !used.any(|(priority, _)| priority == level)
            }
            Order::Classic { .. } => self.would_be_front(message),
        }
    }
}
