//! What a channel has done, by exchange and by queue.
//!
//! Publishes are counted a batch at a time. What a consumer was sent is counted beside it
//! ([`Reading`]) and moves to its queue once it ends. Bounded by [`PerExchange`] and
//! [`QUEUES_MAX`] (I11): a channel that has used more than that begins anew with those that it used
//! first. Its sums stay.
//!
//! Source: RabbitMQ 4.3, `channel_exchange_metrics` and `channel_queue_metrics`.

use std::collections::BTreeMap;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::sources::{Consumers, Supplier};
use crate::ids::{IdMap, QueueId};
use crate::inquiry::{ChannelExchange, ChannelQueue};
use crate::tally::{ExchangeTally, PerExchange, ReadTotals};

/// Queues without a consumer here whose counts a channel keeps.
pub(super) const QUEUES_MAX: usize = 1024;

/// Messages that one exchange got from a channel.
#[derive(Debug, Default)]
struct Published {
    published: u64,
    confirmed: u64,
    returned: u64,
    dropped: u64,
}

/// What a channel has published, by exchange.
#[derive(Debug, Default)]
pub(super) struct ByExchange(PerExchange<Published>);

impl ByExchange {
    /// So many more messages were published to `exchange`.
    #[inline]
    pub(super) fn published(&mut self, exchange: &Arc<ExchangeTally>, messages: u64) {
        self.0.of(exchange).published += messages;
    }

    /// So many of those are confirmed.
    pub(super) fn confirmed(&mut self, exchange: &Arc<ExchangeTally>, messages: u64) {
        self.0.of(exchange).confirmed += messages;
        exchange.confirmed(messages);
    }

    /// One of those had no queue; it was `returned`, or dropped.
    pub(super) fn unroutable(&mut self, exchange: &Arc<ExchangeTally>, returned: bool) {
        let published = self.0.of(exchange);
        match returned {
            true => published.returned += 1,
            false => published.dropped += 1,
        }
        exchange.unroutable(returned);
    }

    /// As a view shows it, by name; one that was deleted and declared again counts on.
    pub(super) fn shown(&self) -> Vec<ChannelExchange> {
        let mut shown: BTreeMap<&ShortString, ChannelExchange> = BTreeMap::new();
        for (name, known) in self.0.each() {
            let sum = shown.entry(name).or_insert_with(|| ChannelExchange {
                exchange: name.to_string(),
                ..ChannelExchange::default()
            });
            sum.published += known.published;
            sum.confirmed += known.confirmed;
            sum.returned_unroutable += known.returned;
            sum.dropped_unroutable += known.dropped;
        }
        shown.into_values().collect()
    }
}

/// Deliveries of one consumer, or answers to gets that wait for their acknowledgement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Sent.
    pub(super) sent: u64,
    /// Of those, delivered before.
    pub(super) again: u64,
    /// Acknowledged.
    pub(super) acked: u64,
}

impl Supplier {
    /// What was read from here.
    fn totals(&self) -> ReadTotals {
        let sent = self.reading.sent;
        let mut totals = ReadTotals {
            redelivered: self.reading.again,
            acked: self.reading.acked,
            ..ReadTotals::default()
        };
        match (self.supply.consumer(), self.no_ack) {
            (Some(_), false) => totals.delivered = sent,
            (Some(_), true) => totals.delivered_no_ack = sent,
            (None, _) => totals.got = sent,
        }
        totals
    }
}

/// What a channel has read from queues without counting those consumers that it has now.
#[derive(Debug, Default)]
pub(super) struct Past {
    sum: ReadTotals,
    queues: IdMap<QueueId, (ShortString, ReadTotals)>,
}

impl Past {
    /// Where something was read ends.
    pub(super) fn add_supplier(&mut self, from: &Supplier) {
        self.add(from.supply.id(), from.supply.name(), from.totals());
    }

    /// So much more was read from a queue.
    pub(super) fn add(&mut self, queue: QueueId, name: &ShortString, more: ReadTotals) {
        self.sum = self.sum.plus(more);
        if more == ReadTotals::default() {
            return;
        }
        if self.queues.len() >= QUEUES_MAX && !self.queues.contains_key(&queue) {
            // Numbers of queues rise: the least is the queue that was made first.
            let first = self.queues.keys().min().copied();
            first.and_then(|first| self.queues.remove(&first));
        }
        let (_, known) = self
            .queues
            .entry(queue)
            .or_insert_with(|| (name.clone(), ReadTotals::default()));
        *known = known.plus(more);
    }

    /// A direct reply was sent.
    pub(super) fn add_reply(&mut self) {
        self.sum.delivered_no_ack += 1;
    }
}

impl Consumers {
    /// What was read in all.
    pub(super) fn read(&self) -> ReadTotals {
        let now = self.suppliers().map(Supplier::totals);
        now.fold(self.past.sum, ReadTotals::plus)
    }

    /// What was read from each queue, by name.
    pub(super) fn read_by_queue(&self) -> Vec<ChannelQueue> {
        let past = self.past.queues.values();
        let past = past.map(|(name, totals)| (name, *totals));
        let now = self
            .suppliers()
            .map(|from| (from.supply.name(), from.totals()));
        let mut shown: BTreeMap<&ShortString, ReadTotals> = BTreeMap::new();
        for (name, totals) in past.chain(now) {
            let known = shown.entry(name).or_default();
            *known = known.plus(totals);
        }
        let each = shown.into_iter();
        each.map(|(name, totals)| ChannelQueue {
            queue: name.to_string(),
            totals,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
