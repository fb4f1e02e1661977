//! basic.consume, basic.cancel, basic.get, basic.qos, and deliveries to the client.
//!
//! Source: AMQP 0-9-1 class `basic`; RabbitMQ 4.3 as seen.

use std::collections::HashMap;
use std::sync::Arc;

use leveret_codec::methods::{
    BasicCancel, BasicCancelOk, BasicConsume, BasicConsumeOk, BasicGet, BasicGetEmpty, BasicGetOk,
    BasicQos, BasicQosOk, Method,
};
use leveret_codec::table::Table;
use leveret_codec::types::{DeliveryTag, ShortStr, ShortString};

use super::ledger::{Source, Unacked};
use super::{Channel, Context, Reply};
use crate::auth::Operation;
use crate::clock::Mono;
use crate::compat;
use crate::connection::mail::{Delivery, Mail};
use crate::env::unguessable;
use crate::error::{AmqpError, queue_words};
use crate::ids::{ConsumerId, QueueId};
use crate::message::Message;
use crate::queue::{
    ChannelCredit, Entry, NewConsumer, Outcome, QueueKind, ReturnCause, delivered_properties,
};
use crate::vhost::{QueueHandle, REPLY_TO};

/// Consumers of one channel, and the queues it gets from.
#[derive(Default)]
pub(super) struct Consumers {
    sources: Vec<Option<From>>,
    /// Places in `sources` that are empty.
    free: Vec<Source>,
    by_tag: HashMap<ShortString, Source>,
    by_id: HashMap<ConsumerId, Source>,
    gets: HashMap<QueueId, Source>,
    /// prefetch-count for consumers that start from now on; 0 for no limit.
    prefetch: u16,
    credit: Arc<ChannelCredit>,
    reply: Option<ReplyConsumer>,
}

/// Where deliveries come from.
pub(super) struct From {
    pub(super) queue: Arc<QueueHandle>,
    /// `None` for gets.
    pub(super) consumer: Option<ConsumerId>,
    tag: ShortString,
    no_ack: bool,
    /// How many deliveries from here are in the ledger, or held for settlement.
    pub(super) unsettled: u32,
    /// Cancelled: kept only for what is unsettled.
    gone: bool,
    /// Milliseconds until an acknowledgement is overdue.
    timeout_ms: Option<u64>,
}

/// The consumer of direct replies.
struct ReplyConsumer {
    tag: ShortString,
    /// What reply-to is rewritten to.
    name: ShortString,
}

impl Consumers {
    /// How many consumers there are.
    pub(super) fn len(&self) -> usize {
        self.by_tag.len() + usize::from(self.reply.is_some())
    }

    /// What reply-to is rewritten to, with a consumer of direct replies.
    pub(super) fn reply_name(&self) -> Option<&ShortString> {
        self.reply.as_ref().map(|reply| &reply.name)
    }

    /// Consumers have settled `count` deliveries; queues that waited for that go on.
    pub(super) fn give_credit(&self, count: u32, cx: &Context<'_>) {
        self.credit.give_back(u64::from(count)).resume_all(cx.now);
    }

    pub(super) fn get(&self, source: Source) -> Option<&From> {
        self.sources.get(source as usize).and_then(Option::as_ref)
    }

    pub(super) fn get_mut(&mut self, source: Source) -> Option<&mut From> {
        self.sources
            .get_mut(source as usize)
            .and_then(Option::as_mut)
    }

    fn add(&mut self, from: From) -> Source {
        if let Some(source) = self.free.pop()
            && let Some(slot) = self.sources.get_mut(source as usize)
        {
            *slot = Some(from);
            return source;
        }
        self.sources.push(Some(from));
        Source::try_from(self.sources.len() - 1).expect("a channel has fewer than 2^32 sources")
    }

    /// The source of gets from `queue`.
    fn gets_from(&mut self, queue: &Arc<QueueHandle>) -> Source {
        if let Some(source) = self.gets.get(&queue.id()) {
            return *source;
        }
        let source = self.add(From {
            queue: Arc::clone(queue),
            consumer: None,
            tag: ShortString::default(),
            no_ack: false,
            unsettled: 0,
            gone: false,
            timeout_ms: timeout_of(queue, &Table::new()),
        });
        self.gets.insert(queue.id(), source);
        source
    }

    /// `count` deliveries from `source` are settled. Forgets it with its last one, if it is gone.
    pub(super) fn settled(&mut self, source: Source, count: u32) {
        let Some(from) = self.get_mut(source) else {
            return;
        };
        from.unsettled = from.unsettled.saturating_sub(count);
        if from.unsettled > 0 || !(from.gone || from.consumer.is_none()) {
            return;
        }
        if from.consumer.is_none() {
            let id = from.queue.id();
            self.gets.remove(&id);
        }
        if let Some(slot) = self.sources.get_mut(source as usize) {
            *slot = None;
            self.free.push(source);
        }
    }

    /// Takes the consumer out of the tables; what is unsettled keeps its source.
    fn remove(&mut self, source: Source) {
        let Some(from) = self.get_mut(source) else {
            return;
        };
        from.gone = true;
        let (tag, id) = (from.tag.clone(), from.consumer);
        self.by_tag.remove(&tag);
        if let Some(id) = id {
            self.by_id.remove(&id);
        }
        self.settled(source, 0);
    }
}

/// The acknowledgement timeout of a consumer with these arguments.
fn timeout_of(queue: &QueueHandle, arguments: &Table) -> Option<u64> {
    queue.look(|queue| queue.consumer_timeout_ms(arguments))
}

impl Channel {
    pub(super) fn on_qos(&mut self, qos: BasicQos, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        if qos.prefetch_size != 0 {
            return Err(AmqpError::not_implemented(format!(
                "prefetch_size!=0 ({})",
                qos.prefetch_size
            )));
        }
        if qos.global && compat::global_qos(&cx.session.vhost.env().settings) {
            self.consumers
                .credit
                .set_limit(qos.prefetch_count)
                .resume_all(cx.now);
        } else {
            self.consumers.prefetch = qos.prefetch_count;
        }
        cx.outbox.method(self.id, &BasicQosOk {}.into());
        Ok(())
    }

    pub(super) fn on_consume(
        &mut self,
        consume: BasicConsume<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        if *consume.queue == *REPLY_TO {
            return self.consume_replies(consume, cx);
        }
        let name = self.queue_name(consume.queue)?;
        self.check_queue(Operation::Read, &name, cx)?;
        let tag = self.new_tag(consume.consumer_tag)?;
        self.check_consumer_count(cx)?;
        let queue = cx.session.vhost.queue(&name)?;
        queue.check_owner(cx.session.id)?;
        let arguments = consume.arguments.to_table().map_err(|_| bad_arguments())?;
        let timeout_ms = timeout_of(&queue, &arguments);
        let id = cx.session.vhost.env().next_consumer();
        let consumer = NewConsumer {
            id,
            connection: cx.session.id,
            channel: self.id,
            tag: tag.clone(),
            mailbox: Arc::clone(&cx.session.mailbox),
            no_ack: consume.no_ack,
            exclusive: consume.exclusive,
            prefetch: self.consumers.prefetch,
            channel_credit: Arc::clone(&self.consumers.credit),
            arguments,
        };
        let added = queue.with(cx.now, |state, effects| {
            (!queue.is_deleted()).then(|| state.add_consumer(cx.now, consumer, effects))
        });
        added.ok_or_else(|| {
            AmqpError::not_found(format!(
                "no {}",
                queue_words(&name, cx.session.vhost.name())
            ))
        })??;
        let source = self.consumers.add(From {
            timeout_ms,
            queue: Arc::clone(&queue),
            consumer: Some(id),
            tag: tag.clone(),
            no_ack: consume.no_ack,
            unsettled: 0,
            gone: false,
        });
        self.consumers.by_id.insert(id, source);
        self.consumers.by_tag.insert(tag.clone(), source);
        self.consume_ok(&tag, consume.nowait, cx);
        queue.with(cx.now, |state, effects| state.dispatch(cx.now, effects));
        Ok(())
    }

    fn consume_ok(&self, tag: &ShortString, nowait: bool, cx: &mut Context<'_>) {
        if !nowait {
            let ok = BasicConsumeOk {
                consumer_tag: tag.as_short(),
            };
            cx.outbox.method(self.id, &ok.into());
        }
    }

    fn new_tag(&self, wanted: ShortStr<'_>) -> Result<ShortString, AmqpError> {
        if wanted.is_empty() {
            let tag = format!("amq.ctag-{}", unguessable());
            return Ok(ShortString::new(&tag).expect("31 octets fit"));
        }
        let replies = self
            .consumers
            .reply
            .as_ref()
            .is_some_and(|reply| *reply.tag == *wanted);
        if replies || self.consumers.by_tag.contains_key(&*wanted) {
            return Err(AmqpError::not_allowed(format!(
                "attempt to reuse consumer tag '{wanted}'"
            )));
        }
        Ok(wanted.into())
    }

    fn check_consumer_count(&self, cx: &Context<'_>) -> Result<(), AmqpError> {
        match cx.session.vhost.env().settings.consumer_max_per_channel {
            Some(max) if self.consumers.len() as u64 >= max => Err(AmqpError::not_allowed(
                format!("reached maximum ({max}) of consumers per channel"),
            )),
            _ => Ok(()),
        }
    }

    fn consume_replies(
        &mut self,
        consume: BasicConsume<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let tag = self.new_tag(consume.consumer_tag)?;
        if self.consumers.reply.is_some() {
            return Err(AmqpError::precondition_failed("reply consumer already set"));
        }
        if !consume.no_ack {
            return Err(AmqpError::precondition_failed(
                "reply consumer cannot acknowledge",
            ));
        }
        let name = cx
            .session
            .vhost
            .add_reply_target(&cx.session.mailbox, self.id);
        self.consumers.reply = Some(ReplyConsumer {
            tag: tag.clone(),
            name,
        });
        self.consume_ok(&tag, consume.nowait, cx);
        Ok(())
    }

    /// A reply for the consumer of direct replies.
    pub fn on_reply(&mut self, message: &Message, cx: &mut Context<'_>) {
        if let Some(reply) = &self.consumers.reply {
            let tag = self.ledger.next_tag();
            cx.outbox
                .deliver(self.id, &reply.tag, tag, false, message, None);
        }
    }

    pub(super) fn on_cancel(
        &mut self,
        cancel: BasicCancel<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        self.cancel(&cancel.consumer_tag, Reply::unless(cancel.nowait), cx)
    }

    /// Ends a consumer; an unknown tag is fine. What was on its way is delivered before the
    /// answer, nothing after it.
    pub(super) fn cancel(
        &mut self,
        tag: &str,
        reply: Reply,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        if let Some(name) = self.consumers.reply.take_if(|reply| *reply.tag == *tag) {
            cx.session.vhost.remove_reply_target(&name.name);
        }
        if let Some(source) = self.consumers.by_tag.get(tag).copied() {
            self.stop(source, cx);
            self.read_mail_early(cx);
            self.consumers.remove(source);
        }
        if reply == Reply::Wanted {
            let consumer_tag = ShortStr::new(tag).unwrap_or_default();
            cx.outbox
                .method(self.id, &BasicCancelOk { consumer_tag }.into());
        }
        Ok(())
    }

    /// The queue sends nothing to this consumer any more.
    fn stop(&self, source: Source, cx: &Context<'_>) {
        if let Some(from) = self.consumers.get(source)
            && let Some(id) = from.consumer
        {
            from.queue.with(cx.now, |queue, effects| {
                queue.remove_consumer(cx.now, id, effects)
            });
        }
    }

    /// Reads this channel's deliveries that lie in the mailbox already; leaves the rest, in
    /// order, to the connection.
    fn read_mail_early(&mut self, cx: &mut Context<'_>) {
        for mail in cx.session.take_mail(cx.backlog) {
            match mail {
                Mail::Deliver(delivery) if delivery.channel == self.id => {
                    self.deliver(delivery, cx);
                }
                other => cx.backlog.push_back(other),
            }
        }
    }

    /// The broker cancelled a consumer: its queue is gone.
    pub fn on_cancelled(&mut self, consumer: ConsumerId, cx: &mut Context<'_>) {
        let Some(source) = self.consumers.by_id.get(&consumer).copied() else {
            return;
        };
        self.announce_cancel(source, cx);
        self.consumers.remove(source);
    }

    fn announce_cancel(&self, source: Source, cx: &mut Context<'_>) {
        if cx.session.capabilities.consumer_cancel_notify
            && let Some(from) = self.consumers.get(source)
        {
            let cancel = BasicCancel {
                consumer_tag: from.tag.as_short(),
                nowait: true,
            };
            cx.outbox.method(self.id, &cancel.into());
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
        let kind = from.queue.declared().kind;
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
        if !from.no_ack {
            from.unsettled += 1;
            let overdue = from
                .timeout_ms
                .map_or(Mono::NEVER, |ms| cx.now.mono.plus_ms(ms));
            self.ledger.keep(Unacked {
                source,
                overdue,
                entry,
            });
        }
    }

    pub(super) fn on_get(
        &mut self,
        get: BasicGet<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = self.queue_name(get.queue)?;
        self.check_queue(Operation::Read, &name, cx)?;
        let queue = cx.session.vhost.queue(&name)?;
        queue.check_owner(cx.session.id)?;
        let got = queue.with(cx.now, |state, effects| {
            state.get(cx.now, get.no_ack, effects)
        })?;
        let Some(got) = got else {
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
        self.send_get_ok(tag, &got.entry, got.ready_left, queue.declared().kind, cx);
        if !get.no_ack {
            let source = self.consumers.gets_from(&queue);
            let Some(from) = self.consumers.get_mut(source) else {
                return Ok(());
            };
            from.unsettled += 1;
            let overdue = from
                .timeout_ms
                .map_or(Mono::NEVER, |ms| cx.now.mono.plus_ms(ms));
            self.ledger.keep(Unacked {
                source,
                overdue,
                entry: got.entry,
            });
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
            Some(octets) => leveret_codec::properties::PropertiesRef::new(octets),
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
        for source in self.ledger.overdue(cx.now.mono) {
            let Some(from) = self.consumers.get(source) else {
                continue;
            };
            let consumer = from.consumer;
            let can_cancel = consumer.is_some() && cx.session.capabilities.consumer_cancel_notify;
            let timeout_ms = from.timeout_ms.unwrap_or_default();
            if !can_cancel {
                return Err(AmqpError::precondition_failed(format!(
                    "delivery acknowledgement on channel {} timed out. Timeout value used: \
                     {timeout_ms} ms. This timeout value can be configured, see consumers doc \
                     guide to learn more",
                    self.id
                ))
                .in_method(0, 0));
            }
            self.announce_cancel(source, cx);
            let mut entries: Vec<Entry> = self
                .ledger
                .take_from(source)
                .into_iter()
                .map(|unacked| unacked.entry)
                .collect();
            self.settle_now(
                source,
                &mut entries,
                Outcome::Requeue(ReturnCause::Timeout),
                cx,
            );
            self.stop(source, cx);
            self.give_back_mail(cx, |delivery| Some(delivery.consumer) == consumer);
            self.consumers.remove(source);
        }
        Ok(())
    }

    /// The channel goes: no queue knows its consumers any more, and what lies in the mailbox for
    /// them goes back.
    pub(super) fn close_consumers(&mut self, cx: &mut Context<'_>) {
        if let Some(reply) = self.consumers.reply.take() {
            cx.session.vhost.remove_reply_target(&reply.name);
        }
        let sources: Vec<Source> = self.consumers.by_id.values().copied().collect();
        for source in &sources {
            self.stop(*source, cx);
        }
        self.give_back_mail(cx, |_| true);
        for source in sources {
            self.consumers.remove(source);
        }
    }

    /// Deliveries of this channel that lie in the mailbox and are `unwanted` go back.
    fn give_back_mail(&self, cx: &mut Context<'_>, unwanted: impl Fn(&Delivery) -> bool) {
        for mail in cx.session.take_mail(cx.backlog) {
            match mail {
                Mail::Deliver(delivery) if delivery.channel == self.id && unwanted(&delivery) => {
                    self.give_back(delivery, cx);
                }
                other => cx.backlog.push_back(other),
            }
        }
    }

    /// A delivery that never left the broker goes back as if it had never been taken. Without
    /// acknowledgements it was gone when the queue sent it.
    fn give_back(&self, delivery: Delivery, cx: &Context<'_>) {
        cx.session
            .mailbox
            .relieve(delivery.entry.message.memory())
            .resume_all(cx.now);
        let source = self.consumers.by_id.get(&delivery.consumer).copied();
        let from = source.and_then(|source| self.consumers.get(source));
        if let Some(from) = from.filter(|from| !from.no_ack) {
            let mut entries = vec![delivery.entry];
            let outcome = Outcome::Requeue(ReturnCause::Undelivered);
            from.queue.with(cx.now, |queue, effects| {
                queue.settle(cx.now, from.consumer, &mut entries, outcome, effects);
            });
            self.consumers.give_credit(1, cx);
        }
    }
}

fn bad_arguments() -> AmqpError {
    AmqpError::new(leveret_codec::reply::ReplyCode::InternalError, "")
}
