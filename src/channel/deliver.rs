//! Deliveries to the client, basic.get, and deliveries that were not settled in time.
//!
//! Spec: AMQP 0-9-1 class `basic`. Seen: RabbitMQ 4.3.6, tests/scripts/get and
//! tests/scripts/consume.

use leveret_codec::methods::{BasicGet, BasicGetEmpty, BasicGetOk, Method};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::{DeliveryTag, ShortStr};

use super::ledger::{Source, Unacked};
use super::{Channel, Context, Departures};
use crate::entry::Entry;
use crate::error::AmqpError;
use crate::ids::IdMap;
use crate::kind::QueueKind;
use crate::mail::{Delivery, Mail};
use crate::message::Message;
use crate::queue::{ReturnCause, delivered_properties};
use crate::tally::ReadTotals;

impl Channel {
    /// A reply for the consumer of direct replies.
    pub fn on_reply(&mut self, message: &Message, cx: &mut Context<'_>) {
        let party = self.heard_party(cx.session);
        if let Some(reply) = &self.consumers.reply {
            if let Some(party) = party {
                let vhost = &cx.session.vhost;
                vhost.trace_reply(cx.now, &party, &reply.name, message);
            }
            let tag = self.ledger.next_tag();
            cx.outbox
                .deliver(self.id, &reply.tag, tag, false, message, None);
            cx.session.tally.direct_reply.delivered_no_ack.raise(1);
            self.consumers.past.add_reply();
        }
    }

    /// Reads this channel's deliveries that lie in the mailbox already; leaves the rest, in
    /// order, to the connection.
    pub(super) fn read_mail_early(&mut self, cx: &mut Context<'_>) {
        if self.consumers.by_id.is_empty() {
            return;
        }
        for mail in cx.session.take_mail(cx.backlog) {
            match mail {
                Mail::Deliver(delivery) if delivery.channel == self.id => {
                    self.deliver(delivery, cx);
                }
                other => cx.backlog.push_back(other),
            }
        }
    }

    /// Hands a message to the client: gives the tag, keeps the entry, writes the frames.
    pub(super) fn deliver(&mut self, delivery: Delivery, cx: &mut Context<'_>) {
        let Delivery {
            consumer, entry, ..
        } = delivery;
        // A consumer's mail is read before the consumer is forgotten.
        let Some(source) = self.consumers.by_id.get(&consumer).copied() else {
            return;
        };
        let Some(from) = self.consumers.get_mut(source) else {
            return;
        };
        let kind = from.supply.kind();
        let tag = self.ledger.next_tag();
        let rewritten = delivered_properties(&entry, kind);
        let properties = rewritten.as_deref();
        cx.outbox.deliver(
            self.id,
            &from.tag,
            tag,
            entry.redelivered,
            &entry.message,
            properties,
        );
        let tally = cx.session.tally.of(kind);
        from.reading.sent += 1;
        if entry.redelivered {
            from.reading.again += 1;
            tally.redelivered.raise(1);
        }
        if from.no_ack {
            tally.delivered_no_ack.raise(1);
        } else {
            tally.delivered.raise(1);
            from.unsettled += 1;
            let unacked = Unacked {
                source,
                delivered: cx.now.mono,
                entry,
            };
            self.ledger.keep(unacked, from.timeout_ms);
        }
    }

    pub(super) fn on_get(
        &mut self,
        get: BasicGet<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = self.queue_name(get.queue)?;
        let party = self.heard_party(cx.session);
        let (supply, got) = cx.session.get(cx.now, &name, get.no_ack, party)?;
        let tally = cx.session.tally.of(supply.kind());
        let Some(got) = got else {
            tally.got_empty.raise(1);
            let more = ReadTotals {
                got_empty: 1,
                ..ReadTotals::default()
            };
            self.consumers.past.add(supply.id(), supply.name(), more);
            cx.outbox.method(
                self.id,
                &BasicGetEmpty {
                    reserved: ShortStr::EMPTY,
                }
                .into(),
            );
            return Ok(());
        };
        let tag = self.ledger.next_tag();
        self.send_get_ok(tag, &got.entry, got.ready_left, supply.kind(), cx);
        let again = got.entry.redelivered;
        tally.redelivered.raise(again.into());
        if get.no_ack {
            tally.got_no_ack.raise(1);
            let more = ReadTotals {
                got_no_ack: 1,
                redelivered: again.into(),
                ..ReadTotals::default()
            };
            self.consumers.past.add(supply.id(), supply.name(), more);
        } else {
            tally.got.raise(1);
            let source = self.consumers.gets_from(&supply);
            let Some(from) = self.consumers.get_mut(source) else {
                return Ok(());
            };
            from.reading.sent += 1;
            from.reading.again += u64::from(again);
            from.unsettled += 1;
            let unacked = Unacked {
                source,
                delivered: cx.now.mono,
                entry: got.entry,
            };
            self.ledger.keep(unacked, from.timeout_ms);
        }
        Ok(())
    }

    fn send_get_ok(
        &self,
        tag: u64,
        entry: &Entry,
        ready_left: u64,
        kind: QueueKind,
        cx: &mut Context<'_>,
    ) {
        let message = &entry.message;
        let method: Method<'_> = BasicGetOk {
            delivery_tag: DeliveryTag(tag),
            redelivered: entry.redelivered,
            exchange: message.exchange(),
            routing_key: message.routing_key(),
            message_count: u32::try_from(ready_left).unwrap_or(u32::MAX),
        }
        .into();
        let rewritten = delivered_properties(entry, kind);
        let properties = match &rewritten {
            Some(octets) => PropertiesRef::new(octets),
            None => message.properties(),
        };
        cx.outbox.content(self.id, &method, properties, message);
    }

    /// Overdue acknowledgements: their messages go back, their consumers are cancelled.
    ///
    /// # Errors
    /// 406 for a client that does not understand cancellations, and for overdue gets.
    ///
    /// Docs: RabbitMQ 4.3, consumers, delivery acknowledgement timeout.
    pub fn on_deadline(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        let consumers = &self.consumers;
        let timeout_ms = |source| consumers.get(source).and_then(|from| from.timeout_ms);
        let mut overdue = self.ledger.overdue(cx.now.mono, timeout_ms);
        let known = |source: &Source| self.consumers.get(*source).is_some();
        overdue.retain(known);
        let cannot = overdue
            .iter()
            .position(|source| !self.can_cancel(*source, cx));
        let error = cannot.map(|place| {
            let refused = overdue.drain(place..).next();
            self.overdue_error(refused)
        });
        self.cancel_overdue(&overdue, cx);
        error.map_or(Ok(()), Err)
    }

    fn can_cancel(&self, source: Source, cx: &Context<'_>) -> bool {
        let from = self.consumers.get(source);
        from.is_some_and(|from| from.supply.consumer().is_some())
            && cx.session.capabilities.consumer_cancel_notify
    }

    fn overdue_error(&self, source: Option<Source>) -> AmqpError {
        let from = source.and_then(|source| self.consumers.get(source));
        let timeout_ms = from.and_then(|from| from.timeout_ms).unwrap_or_default();
        AmqpError::precondition_failed(format!(
            "delivery acknowledgement on channel {} timed out. Timeout value used: \
             {timeout_ms} ms. This timeout value can be configured, see consumers doc \
             guide to learn more",
            self.id
        ))
        .in_method(0, 0)
    }

    /// Cancels the consumers `overdue`, which rise, all of them together: it takes one look through
    /// the ledger.
    fn cancel_overdue(&mut self, overdue: &[Source], cx: &mut Context<'_>) {
        if overdue.is_empty() {
            return;
        }
        let mut departures = Departures::default();
        for source in overdue {
            self.announce_cancel(*source, cx);
            if let Some(from) = self.consumers.get(*source) {
                departures.add_consumer(from);
            }
        }
        let unacked = self.ledger.take_from(overdue);
        let mut settled: IdMap<Source, u32> = IdMap::default();
        for (_, slot) in &unacked {
            if let Some(unacked) = slot {
                *settled.entry(unacked.source).or_default() += 1;
            }
        }
        let count = unacked.len() as u64;
        let supply = |source: &Source| Some((*source, self.consumers.get(*source)?.supply.clone()));
        departures.add_unacked(unacked, overdue.iter().filter_map(supply));
        for source in overdue {
            self.consumers.remove(*source);
            let settled = settled.get(source).copied().unwrap_or_default();
            self.consumers.settled(*source, settled);
        }
        let told = departures.tell(ReturnCause::Timeout, cx);
        self.consumers.give_credit(count, cx);
        told.check_complete();
    }
}
