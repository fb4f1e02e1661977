//! What becomes of deliveries in a queue, and of consumers that leave it.
//!
//! Invariants: I2, I3, I9. Seen: RabbitMQ 4.3.6, tests/scripts/requeue and tests/scripts/sac.

use super::Ordinary;
use crate::clock::Now;
use crate::events::{ChangeKind, DeathReason, Fate};
use crate::ids::ConsumerId;
use crate::queue::dispatch::Unsettled;
use crate::queue::{DeleteReason, Effects, Entry, GivenBack, Horizon, Outcome, ReturnCause};
use crate::store::Returns;

impl Ordinary {
    /// See `Queue::remove_consumer`.
    pub(in crate::queue) fn remove_consumer(
        &mut self,
        now: Now,
        consumer: ConsumerId,
        fx: &mut Effects,
    ) -> bool {
        self.note_leaving(&[consumer], fx);
        if self.consumers.detach(&[consumer], Unsettled::StayUnacked) == 0 {
            return false;
        }
        self.consumers.succeed();
        if self.consumers.is_empty() {
            self.on_last_consumer(now, fx);
            self.rearm(fx);
        } else {
            self.dispatch(now, fx);
        }
        true
    }

    /// Tells listeners which consumers go.
    pub(in crate::queue) fn note_leaving(&self, ids: &[ConsumerId], fx: &mut Effects) {
        let there = ids.iter().filter_map(|id| self.consumers.find(*id));
        there.for_each(|consumer| fx.note_consumer(ChangeKind::ConsumerDeleted, consumer));
    }

    fn on_last_consumer(&mut self, now: Now, fx: &mut Effects) {
        self.lease.renew(now.mono);
        if self.common.declared.auto_delete {
            fx.delete = Some(DeleteReason::AutoDelete);
        }
    }

    /// See `Queue::leave`.
    pub(in crate::queue) fn leave(&mut self, now: Now, consumers: &[ConsumerId], fx: &mut Effects) {
        self.note_leaving(consumers, fx);
        let left = self.consumers.detach(consumers, Unsettled::Returned);
        self.stops.begin_return();
        if left > 0 && self.consumers.is_empty() {
            self.lease.renew(now.mono);
            self.was_left = true;
        }
    }

    /// See `Queue::give_back`.
    pub(in crate::queue) fn give_back(
        &mut self,
        now: Now,
        piece: Vec<GivenBack>,
        cause: ReturnCause,
        fx: &mut Effects,
    ) {
        for (consumer, _) in &piece {
            match consumer {
                // It was cancelled before, or leaves now.
                Some(id) => drop(self.consumers.settled(*id, 1)),
                None => self.gets = self.gets.saturating_sub(1),
            }
        }
        let mut entries: Vec<Entry> = piece.into_iter().map(|(_, entry)| entry).collect();
        if self.common.gone {
            note_purged(&entries, fx);
            return;
        }
        self.common.uncount(&entries);
        self.take_back(now, &mut entries, cause, fx);
    }

    /// See `Queue::end_leaving`.
    pub(in crate::queue) fn end_leaving(&mut self, now: Now, fx: &mut Effects) {
        let all_are_back = self.stops.end_return();
        if self.common.gone || !all_are_back {
            return;
        }
        self.consumers.succeed();
        if std::mem::take(&mut self.was_left) && self.consumers.is_empty() {
            self.on_last_consumer(now, fx);
        }
        if fx.delete.is_some() {
            self.rearm(fx);
        } else {
            self.dispatch(now, fx);
        }
    }

    /// See `Queue::settle`.
    pub(in crate::queue) fn settle(
        &mut self,
        now: Now,
        consumer: Option<ConsumerId>,
        entries: &mut Vec<Entry>,
        outcome: Outcome,
        fx: &mut Effects,
    ) {
        if self.common.gone {
            note_purged(entries, fx);
            return;
        }
        self.used = now.wall;
        let n = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.common.uncount(entries);
        let unblocked = match consumer {
            Some(id) => self.consumers.settled(id, n),
            None => {
                self.gets = self.gets.saturating_sub(n.into());
                false
            }
        };
        if unblocked {
            self.capacity.set(now.mono, true);
        }
        match outcome {
            Outcome::Ack => {
                self.common.stats.acked += u64::from(n);
                if fx.is_listening() {
                    fx.note_acknowledged(entries);
                }
                entries.iter().for_each(|entry| fx.settle(entry.at));
            }
            Outcome::Reject | Outcome::Nack => {
                for mut entry in entries.drain(..) {
                    entry.delivery_count += u32::from(outcome == Outcome::Reject);
                    self.die(entry, DeathReason::Rejected, fx);
                }
            }
            Outcome::Requeue(cause) => self.take_back(now, entries, cause, fx),
        }
        if outcome.is_requeue() || unblocked && !self.ready.is_empty() {
            self.dispatch(now, fx);
        } else {
            self.rearm(fx);
        }
    }

    fn take_back(
        &mut self,
        now: Now,
        entries: &mut Vec<Entry>,
        cause: ReturnCause,
        fx: &mut Effects,
    ) {
        let quorum = self.is_quorum();
        let delivered = cause != ReturnCause::Undelivered;
        for entry in entries.iter_mut().filter(|_| delivered) {
            let is_news = quorum || !entry.redelivered;
            entry.redelivered = true;
            entry.acquired_count += 1;
            entry.delivery_count += u32::from(cause.counts());
            if is_news && entry.at.is_stored() {
                let returns = Returns {
                    delivery_count: entry.delivery_count,
                    acquired_count: entry.acquired_count,
                };
                fx.returned.push((entry.at, returns));
            }
            let by = fx.party();
            fx.note(entry, || Fate::Requeued { by });
        }
        self.common.stats.requeued += entries.len() as u64;
        if let Some(limit) = self.common.limits.delivery_limit.filter(|_| quorum) {
            for entry in entries.extract_if(.., |entry| entry.delivery_count > limit) {
                self.die(entry, DeathReason::DeliveryLimit, fx);
            }
        }
        self.ready.requeue(entries);
        self.expire(now, Horizon::At, fx);
    }
}

/// Deliveries whose queue is gone.
fn note_purged(entries: &[Entry], fx: &mut Effects) {
    for entry in entries {
        fx.note(entry, || Fate::Purged);
    }
}
