//! How many messages died, by type of queue, strategy and reason.
//!
//! A queue counts what dies without a dead-letter exchange ([`Dropped`]) and hands it out with its
//! effects; the vhost counts those when it places them.
//!
//! Seen: RabbitMQ 4.3.6, `rabbitmq_global_messages_dead_lettered_*_total` of `/metrics`.

use serde::Serialize;

use super::DeadLetter;
use crate::events::DeathReason;
use crate::kind::QueueKind;
use crate::tally::Count;

/// Messages that died in one call of a queue and go nowhere, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    rejected: u32,
    expired: u32,
    maxlen: u32,
    delivery_limit: u32,
}

impl Dropped {
    /// One more.
    #[inline]
    pub(super) fn add(&mut self, reason: DeathReason) {
        let count = match reason {
            DeathReason::Rejected => &mut self.rejected,
            DeathReason::Expired => &mut self.expired,
            DeathReason::MaxLen => &mut self.maxlen,
            DeathReason::DeliveryLimit => &mut self.delivery_limit,
        };
        *count = count.saturating_add(1);
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How many messages died since the broker started. Counted by all vhosts.
#[derive(Debug, Default)]
pub struct Deaths {
    classic: Death,
    classic_at_most_once: Death,
    quorum: Death,
    quorum_at_most_once: Death,
    quorum_at_least_once: Death,
}

#[derive(Debug, Default)]
struct Death {
    rejected: Count,
    expired: Count,
    maxlen: Count,
    delivery_limit: Count,
    confirmed: Count,
}

impl Death {
    fn of(&self, reason: DeathReason) -> &Count {
        match reason {
            DeathReason::Rejected => &self.rejected,
            DeathReason::Expired => &self.expired,
            DeathReason::MaxLen => &self.maxlen,
            DeathReason::DeliveryLimit => &self.delivery_limit,
        }
    }

    fn totals(&self, queue_kind: QueueKind, strategy: &'static str) -> DeathTotals {
        DeathTotals {
            queue_kind: queue_kind.as_str(),
            strategy,
            rejected: self.rejected.get(),
            expired: self.expired.get(),
            maxlen: self.maxlen.get(),
            delivery_limit: self.delivery_limit.get(),
            confirmed: self.confirmed.get(),
        }
    }
}

impl Deaths {
    /// Messages died in a queue without a dead-letter exchange.
    pub fn add_dropped(&self, kind: QueueKind, dropped: &Dropped) {
        let death = self.disabled(kind);
        death.rejected.add(dropped.rejected.into());
        death.expired.add(dropped.expired.into());
        death.maxlen.add(dropped.maxlen.into());
        death.delivery_limit.add(dropped.delivery_limit.into());
    }

    /// A message died and goes to its dead-letter exchange, which is there or not. One that is
    /// tried again counts no more.
    pub fn add_letter(&self, kind: QueueKind, letter: &DeadLetter, has_exchange: bool) {
        let death = match (letter.confirm, has_exchange, kind) {
            (true, ..) if letter.again => return,
            (true, ..) => &self.quorum_at_least_once,
            (false, false, kind) => self.disabled(kind),
            (false, true, QueueKind::Quorum) => &self.quorum_at_most_once,
            (false, true, _) => &self.classic_at_most_once,
        };
        death.of(letter.reason).add(1);
    }

    /// A dead letter that had to arrive has arrived.
    pub fn add_confirmed(&self) {
        self.quorum_at_least_once.confirmed.add(1);
    }

    fn disabled(&self, kind: QueueKind) -> &Death {
        match kind {
            QueueKind::Quorum => &self.quorum,
            QueueKind::Classic | QueueKind::Stream => &self.classic,
        }
    }

    /// The numbers of now, a row for each pair of type and strategy that there can be.
    #[must_use]
    pub fn totals(&self) -> [DeathTotals; 5] {
        let (classic, quorum) = (QueueKind::Classic, QueueKind::Quorum);
        [
            self.classic.totals(classic, "disabled"),
            self.classic_at_most_once.totals(classic, "at_most_once"),
            self.quorum.totals(quorum, "disabled"),
            self.quorum_at_most_once.totals(quorum, "at_most_once"),
            self.quorum_at_least_once.totals(quorum, "at_least_once"),
        ]
    }
}

/// How many messages died in queues of one type with one strategy, since the broker started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeathTotals {
    /// `classic` or `quorum`.
    pub queue_kind: &'static str,
    /// `disabled` without a dead-letter exchange that is there, `at_most_once` or `at_least_once`.
    pub strategy: &'static str,
    /// By basic.reject or basic.nack without requeue.
    pub rejected: u64,
    /// By their age.
    pub expired: u64,
    /// For want of room.
    pub maxlen: u64,
    /// By coming back too often.
    pub delivery_limit: u64,
    /// At least once: those that have arrived.
    pub confirmed: u64,
}
