//! basic.ack, basic.nack, basic.reject, basic.recover: what a client says about its deliveries.
//!
//! Acknowledgements of one batch that concern one source are held and given to its queue together.
//! Very many of one method are settled in turns.
//!
//! Spec: AMQP 0-9-1 class `basic`. Seen: RabbitMQ 4.3.6, tests/scripts/ack and
//! tests/scripts/requeue.

use leveret_codec::methods::{BasicAck, BasicNack, BasicRecoverOk, BasicReject};

use super::ledger::{Source, Unacked};
use super::{Channel, Context, Reply};
use crate::desk::{SETTLEMENT_PIECE, Settled, Settlements};
use crate::entry::Entry;
use crate::error::AmqpError;
use crate::queue::{Outcome, ReturnCause};

/// Settlements held before they are given to the queue without waiting for the batch's end.
const HELD_MAX: usize = 1024;

/// Settlements of one source with one outcome, on their way.
#[derive(Default)]
pub(super) struct Settling {
    source: Source,
    outcome: Option<Outcome>,
    entries: Vec<Entry>,
}

/// Which deliveries a settlement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The one with this tag.
    One(u64),
    /// All up to this tag; all there are for 0.
    UpTo(u64),
}

impl Which {
    fn new(tag: u64, multiple: bool) -> Self {
        if multiple {
            Self::UpTo(tag)
        } else {
            Self::One(tag)
        }
    }
}

impl Channel {
    pub(super) fn on_ack(&mut self, ack: BasicAck, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        self.settle(
            Which::new(ack.delivery_tag.0, ack.multiple),
            Outcome::Ack,
            cx,
        )
    }

    pub(super) fn on_nack(
        &mut self,
        nack: BasicNack,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let which = Which::new(nack.delivery_tag.0, nack.multiple);
        let outcome = match nack.requeue {
            true => Outcome::Requeue(ReturnCause::Nack),
            false => Outcome::Nack,
        };
        self.settle(which, outcome, cx)
    }

    pub(super) fn on_reject(
        &mut self,
        reject: BasicReject,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let which = Which::One(reject.delivery_tag.0);
        let outcome = match reject.requeue {
            true => Outcome::Requeue(ReturnCause::Reject),
            false => Outcome::Reject,
        };
        self.settle(which, outcome, cx)
    }

    fn settle(
        &mut self,
        which: Which,
        outcome: Outcome,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        if self.transaction.is_some() {
            return self.settle_later(which, outcome);
        }
        match which {
            Which::One(tag) => {
                let unacked = self.ledger.take(tag)?;
                self.hold_settlement(unacked, outcome, cx);
                self.flush_requeues(cx);
            }
            Which::UpTo(tag) => {
                let mut taken = Vec::new();
                self.ledger.take_up_to(tag, |unacked| taken.push(unacked))?;
                self.settle_together(taken, outcome, cx);
            }
        }
        Ok(())
    }

    /// Settles what one method, or one run of a transaction, is about: queue by queue in the order
    /// of their names, and in each consumer by consumer in the order of their tags, gets first.
    /// `taken` is in the order of the delivery tags.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/requeue/nack_multiple_goes_consumer_by_consumer_*.amqp.
    pub(super) fn settle_together(
        &mut self,
        mut taken: Vec<Unacked>,
        outcome: Outcome,
        cx: &mut Context<'_>,
    ) {
        let Some(first) = taken.first().map(|unacked| unacked.source) else {
            return;
        };
        if taken.len() > SETTLEMENT_PIECE {
            let mut all = Settlements::default();
            self.gather(taken, outcome, &mut all, cx);
            self.begin(all, cx);
            return;
        }
        if taken.iter().all(|unacked| unacked.source == first) {
            let held = self.held_settlements(first, outcome, cx);
            held.extend(taken.into_iter().map(|unacked| unacked.entry));
        } else {
            self.rank(&mut taken);
            for unacked in taken {
                self.hold_settlement(unacked, outcome, cx);
            }
        }
        self.flush_requeues(cx);
    }

    fn rank(&self, taken: &mut [Unacked]) {
        let sources = taken.iter().map(|unacked| unacked.source);
        let ranks = self.consumers.ranks(sources);
        taken.sort_by_key(|unacked| ranks.get(&unacked.source));
    }

    /// Adds to `all` what one method, or one run of a transaction, settles.
    pub(super) fn gather(
        &mut self,
        mut taken: Vec<Unacked>,
        outcome: Outcome,
        all: &mut Settlements,
        cx: &Context<'_>,
    ) {
        self.rank(&mut taken);
        let by = self.heard_party(cx.session);
        let mut taken = taken.into_iter().peekable();
        while let Some(Unacked { source, entry, .. }) = taken.next() {
            let mut entries = vec![entry];
            while let Some(next) = taken.next_if(|next| next.source == source) {
                entries.push(next.entry);
            }
            let count = self.count_settled(source, &entries, outcome, cx);
            if let Some(from) = self.consumers.get(source) {
                let how = Settled {
                    outcome,
                    by: by.clone(),
                    is_committed: self.transaction.is_some(),
                };
                all.push(&from.supply, entries, how);
                if from.supply.consumer().is_some() {
                    self.consumers.give_credit(count.into(), cx);
                }
            }
            self.consumers.settled(source, count);
        }
    }

    /// Begins with many settlements, after what is held.
    pub(super) fn begin(&mut self, all: Settlements, cx: &mut Context<'_>) {
        self.flush_settlements(cx);
        all.begin(cx.now, &cx.session.vhost.env().turns);
    }

    /// Counts settlements of `source`, and says how many they are.
    fn count_settled(
        &mut self,
        source: Source,
        entries: &[Entry],
        outcome: Outcome,
        cx: &Context<'_>,
    ) -> u32 {
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        if outcome == Outcome::Ack
            && let Some(from) = self.consumers.get_mut(source)
        {
            from.reading.acked += u64::from(count);
            let tally = cx.session.tally.of(from.supply.kind());
            tally.acked.raise(count.into());
        }
        count
    }

    /// Holds one settlement.
    #[inline]
    fn hold_settlement(&mut self, unacked: Unacked, outcome: Outcome, cx: &mut Context<'_>) {
        self.held_settlements(unacked.source, outcome, cx)
            .push(unacked.entry);
    }

    /// Where settlements from `source` are held; those before them go to their queue first if they
    /// are of another kind.
    #[inline]
    fn held_settlements(
        &mut self,
        source: Source,
        outcome: Outcome,
        cx: &mut Context<'_>,
    ) -> &mut Vec<Entry> {
        let settling = &self.settling;
        let same_outcome = match (settling.outcome, outcome) {
            (Some(Outcome::Ack), Outcome::Ack) => true,
            (before, outcome) => before == Some(outcome),
        };
        let same = settling.source == source && same_outcome;
        let full = settling.entries.len() >= HELD_MAX && !outcome.is_requeue();
        if !same || full {
            self.flush_settlements(cx);
            self.settling.source = source;
            self.settling.outcome = Some(outcome);
        }
        &mut self.settling.entries
    }

    /// What goes back takes its place before the next method's: only what one method returns is
    /// put in order.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/requeue/pipelined_rejects_go_back_one_by_one.amqp.
    fn flush_requeues(&mut self, cx: &mut Context<'_>) {
        if self.settling.outcome.is_some_and(Outcome::is_requeue) {
            self.flush_settlements(cx);
        }
    }

    /// Gives held settlements to their queue.
    #[inline]
    pub(super) fn flush_settlements(&mut self, cx: &mut Context<'_>) {
        if let Some(outcome) = self.settling.outcome.take() {
            self.settle_held(outcome, cx);
        }
    }

    #[inline(never)]
    fn settle_held(&mut self, outcome: Outcome, cx: &mut Context<'_>) {
        let source = self.settling.source;
        let mut entries = std::mem::take(&mut self.settling.entries);
        self.settle_now(source, &mut entries, outcome, cx);
        entries.clear();
        self.settling.entries = entries;
    }

    /// Tells a queue about deliveries from it, and the consumer's limits about the room.
    fn settle_now(
        &mut self,
        source: Source,
        entries: &mut Vec<Entry>,
        outcome: Outcome,
        cx: &Context<'_>,
    ) {
        let count = self.count_settled(source, entries, outcome, cx);
        let by = self.heard_party(cx.session);
        if let Some(from) = self.consumers.get(source) {
            let how = Settled {
                outcome,
                by,
                is_committed: self.transaction.is_some(),
            };
            from.supply.settle(cx.now, entries, how);
            if from.supply.consumer().is_some() {
                self.consumers.give_credit(count.into(), cx);
            }
        }
        self.consumers.settled(source, count);
    }

    pub(super) fn on_recover(
        &mut self,
        requeue: bool,
        reply: Reply,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        if !requeue {
            return Err(AmqpError::not_implemented("requeue=false"));
        }
        // The answer comes before the redeliveries, which arrive as mail.
        let unacked = self.ledger.take_all().collect();
        self.settle_together(unacked, Outcome::Requeue(ReturnCause::Recover), cx);
        if reply == Reply::Wanted {
            cx.outbox.method(self.id, &BasicRecoverOk {}.into());
        }
        Ok(())
    }
}
