//! Messages that died: handed to their dead-letter exchange at most once, or kept until they have
//! arrived.
//!
//! Docs: dlx, quorum-queues (dead-letter-strategy).

use std::collections::BTreeMap;

use leveret_codec::types::ShortString;

use super::Ordinary;
use crate::clock::{Mono, Now};
use crate::events::{DeathReason, Fate};
use crate::queue::{DeadLetter, Effects, Entry, Strategy, Sum};

/// A dead letter that could not be delivered is tried again after this many milliseconds.
const RETRY_MS: u64 = 5_000;

/// Dead letters that must arrive, by position.
#[derive(Debug, Default)]
pub(in crate::queue) struct Dying {
    letters: BTreeMap<u64, (Entry, DeathReason)>,
    bytes: u64,
    /// Positions of those that could not be delivered.
    failed: Vec<u64>,
    /// When these are tried again.
    retry_at: Option<Mono>,
    /// Positions of those that are tried again now, as many in a call as it has room for.
    retrying: std::vec::IntoIter<u64>,
}

impl Dying {
    pub(in crate::queue) fn sum(&self) -> Sum {
        Sum {
            messages: self.letters.len() as u64,
            bytes: self.bytes,
        }
    }

    pub(in crate::queue) fn retry_at(&self) -> Mono {
        match self.retrying.len() {
            0 => self.retry_at.unwrap_or(Mono::NEVER),
            _ => Mono::ZERO,
        }
    }

    pub(in crate::queue) fn take_all(&mut self) -> impl Iterator<Item = Entry> {
        let letters = std::mem::take(self).letters;
        letters.into_values().map(|(entry, _)| entry)
    }

    fn keep(&mut self, entry: Entry, reason: DeathReason) {
        self.bytes += entry.size();
        self.letters.insert(entry.position, (entry, reason));
    }

    fn arrived(&mut self, position: u64) -> Option<Entry> {
        let (entry, _) = self.letters.remove(&position)?;
        self.bytes -= entry.size();
        Some(entry)
    }

    fn failed(&mut self, position: u64, retry_at: Mono) {
        if self.letters.contains_key(&position) {
            self.failed.push(position);
            self.retry_at.get_or_insert(retry_at);
        }
    }

    /// The next that is to be tried again.
    fn next_due(&mut self, now: Mono) -> Option<(Entry, DeathReason)> {
        if self.retry_at() > now {
            return None;
        }
        if self.retrying.len() == 0 {
            self.retry_at = None;
            let mut failed = std::mem::take(&mut self.failed);
            failed.sort_unstable();
            self.retrying = failed.into_iter();
        }
        let letters = &self.letters;
        self.retrying
            .find_map(|position| letters.get(&position).cloned())
    }
}

impl Ordinary {
    /// A message leaves the queue without having been acknowledged: to the dead-letter exchange if
    /// there is one.
    pub(in crate::queue) fn die(&mut self, entry: Entry, reason: DeathReason, fx: &mut Effects) {
        self.common.stats.count_death(reason);
        let by = match reason {
            DeathReason::Rejected | DeathReason::DeliveryLimit => fx.party(),
            DeathReason::Expired | DeathReason::MaxLen => None,
        };
        fx.note(&entry, || Fate::Died {
            by,
            reason,
            exchange: self.dead_letter_name(),
        });
        if self.common.limits.dead_letter_exchange.is_none() {
            fx.dropped.add(reason);
            fx.settle(entry.at);
            return;
        }
        let confirm = self.letters_must_arrive();
        if confirm {
            self.dying.keep(entry.clone(), reason);
        }
        self.send_letter(entry, reason, (confirm, false), fx);
    }

    /// Whether a dead letter is kept until it has arrived.
    pub(in crate::queue) fn letters_must_arrive(&self) -> bool {
        let limits = &self.common.limits;
        self.is_quorum()
            && limits.overflow.refuses(self.common.declared.kind)
            && limits.dead_letter_strategy == Strategy::AtLeastOnce
    }

    /// The dead-letter exchange, unless its name is one that no exchange can have.
    fn dead_letter_name(&self) -> Option<ShortString> {
        let name = self.common.limits.dead_letter_exchange.as_deref()?;
        ShortString::new(std::str::from_utf8(name).ok()?)
    }

    fn send_letter(
        &mut self,
        entry: Entry,
        reason: DeathReason,
        (confirm, again): (bool, bool),
        fx: &mut Effects,
    ) {
        let sent = (!confirm).then(|| self.sent.get_or_insert_default().add(entry.size()));
        fx.dead_letters.push(DeadLetter {
            entry,
            reason,
            exchange: self
                .common
                .limits
                .dead_letter_exchange
                .clone()
                .unwrap_or_default(),
            routing_key: self.common.limits.dead_letter_routing_key.clone(),
            confirm,
            again,
            sent,
        });
    }

    /// See `Queue::dead_letter_done`.
    pub(in crate::queue) fn dead_letter_done(
        &mut self,
        now: Now,
        position: u64,
        delivered: bool,
        fx: &mut Effects,
    ) {
        if delivered {
            if let Some(entry) = self.dying.arrived(position) {
                fx.settle(entry.at);
            }
        } else {
            self.dying.failed(position, now.mono.plus_ms(RETRY_MS));
        }
        self.rearm(fx);
    }

    /// Sends dead letters again whose time has come, as many as a call may. Without a dead-letter
    /// exchange (a policy was cleared) they are dropped.
    pub(in crate::queue) fn retry_letters(&mut self, now: Now, fx: &mut Effects) {
        while fx.has_room()
            && let Some((entry, reason)) = self.dying.next_due(now.mono)
        {
            fx.take_room(self.death_steps());
            if self.common.limits.dead_letter_exchange.is_some() {
                self.send_letter(entry, reason, (true, true), fx);
            } else {
                self.dying.arrived(entry.position);
                fx.settle(entry.at);
            }
        }
    }
}
