//! basic.consume, basic.cancel and basic.qos: consumers come and go.
//!
//! Spec: AMQP 0-9-1 class `basic`. Seen: RabbitMQ 4.3.6, tests/scripts/consume and
//! tests/scripts/cancel.

use std::sync::Arc;

use leveret_codec::methods::{
    BasicCancel, BasicCancelOk, BasicConsume, BasicConsumeOk, BasicQos, BasicQosOk,
};
use leveret_codec::types::{ShortStr, ShortString};

use super::counting::Reading;
use super::ledger::Source;
use super::sources::{ReplyConsumer, Supplier};
use super::{Channel, Context, Departures, Reply};
use crate::compat::Feature;
use crate::env::unguessable;
use crate::error::{AmqpError, queue_words};
use crate::ids::ConsumerId;
use crate::queue::NewConsumer;
use crate::vhost::REPLY_TO;

impl Channel {
    pub(super) fn on_qos(&mut self, qos: BasicQos, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        if qos.prefetch_size != 0 {
            return Err(AmqpError::not_implemented(format!(
                "prefetch_size!=0 ({})",
                qos.prefetch_size
            )));
        }
        let env = cx.session.vhost.env();
        let uses = |feature| env.deprecations.uses(cx.now, &env.settings, feature);
        if qos.global && uses(Feature::GlobalQos) {
            self.consumers.credit.set_limit(qos.prefetch_count, cx.now);
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
        let (mut supply, tag) = cx.session.supply(&name, || {
            let tag = self.new_tag(consume.consumer_tag)?;
            self.check_consumer_count(cx)?;
            self.check_no_reply_name(&name, cx)?;
            Ok(tag)
        })?;
        let arguments = consume.arguments.to_table().map_err(|_| bad_arguments())?;
        let timeout_ms = supply.timeout_ms(&arguments);
        let id = cx.session.vhost.env().next_consumer();
        let consumer = NewConsumer {
            id,
            connection: cx.session.id,
            channel: self.id,
            party: self.party(cx.session),
            tag: tag.clone(),
            mailbox: Arc::clone(&cx.session.mailbox),
            no_ack: consume.no_ack,
            exclusive: consume.exclusive,
            prefetch: self.consumers.prefetch,
            channel_credit: Arc::clone(&self.consumers.credit),
            arguments,
        };
        supply.subscribe(cx.now, consumer)?;
        let source = self.consumers.add(Supplier {
            timeout_ms,
            supply: supply.clone(),
            tag: tag.clone(),
            no_ack: consume.no_ack,
            unsettled: 0,
            gone: false,
            reading: Reading::default(),
        });
        self.consumers.by_id.insert(id, source);
        self.consumers.by_tag.insert(tag.clone(), source);
        self.consume_ok(&tag, consume.nowait, cx);
        supply.serve(cx.now);
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

    /// Replies come to a consumer of [`REPLY_TO`], not to one of the name that it got.
    fn check_no_reply_name(&self, name: &str, cx: &Context<'_>) -> Result<(), AmqpError> {
        let vhost = &cx.session.vhost;
        if vhost.reply_target(name.as_bytes()).is_none() {
            return Ok(());
        }
        let what = if self.consumers.waits_as(name) {
            "multiple consumers are unsupported for"
        } else {
            "only creator channel may consume from"
        };
        Err(AmqpError::precondition_failed(format!(
            "{what} {}",
            queue_words(name, vhost.name())
        )))
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
    pub(super) fn stop(&self, source: Source, cx: &Context<'_>) {
        if let Some(from) = self.consumers.get(source) {
            from.supply.cancel(cx.now);
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

    pub(super) fn announce_cancel(&self, source: Source, cx: &mut Context<'_>) {
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

    /// The channel goes, and its consumers with it.
    pub(super) fn end_consumers(&mut self, departures: &mut Departures, cx: &Context<'_>) {
        if let Some(reply) = self.consumers.reply.take() {
            cx.session.vhost.remove_reply_target(&reply.name);
        }
        for source in self.consumers.by_id.values() {
            if let Some(from) = self.consumers.get(*source) {
                departures.add_consumer(from);
            }
        }
    }
}

fn bad_arguments() -> AmqpError {
    AmqpError::new(leveret_codec::reply::ReplyCode::InternalError, "")
}
