//! Declaring, deleting, binding and purging: permissions here, everything else in the vhost.
//!
//! Source: AMQP 0-9-1 classes `exchange` and `queue`; RabbitMQ 4.3 as seen.

use std::sync::Arc;

use leveret_codec::methods::{
    ExchangeBind, ExchangeBindOk, ExchangeDeclare, ExchangeDeclareOk, ExchangeDelete,
    ExchangeDeleteOk, ExchangeUnbind, ExchangeUnbindOk, Method, QueueBind, QueueBindOk,
    QueueDeclare, QueueDeclareOk, QueueDelete, QueueDeleteOk, QueuePurge, QueuePurgeOk,
    QueueUnbind, QueueUnbindOk,
};
use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::{ShortStr, ShortString};

use super::access::AccessCache;
use super::{Channel, Context, Reply};
use crate::auth::{Operation, Resource};
use crate::error::{AmqpError, queue_words};
use crate::exchange::ExchangeType;
use crate::store::Position;
use crate::vhost::{
    DeleteIf, Destination, DestinationName, ExchangeSpec, QueueHandle, QueueSpec, REPLY_TO,
    check_not_default, generated_name, strip_cr_lf,
};

/// How a name for replies begins; such queues exist only as consumers.
const REPLY_PREFIX: &str = "amq.rabbitmq.reply-to.";

/// One end of a binding operation, with its key and arguments.
struct BindingRequest<'a> {
    source: ShortStr<'a>,
    destination: ShortString,
    key: ShortString,
    arguments: Table,
}

impl Channel {
    fn reply(&self, cx: &mut Context<'_>, position: Position, reply: Reply, method: &Method<'_>) {
        cx.outbox.hold_until(position);
        if reply == Reply::Wanted {
            cx.outbox.method(self.id, method);
        }
    }

    pub(super) fn on_queue_declare(
        &mut self,
        declare: QueueDeclare<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let reply = Reply::unless(declare.nowait);
        let asked = strip_cr_lf(&declare.queue);
        if *asked == *REPLY_TO || asked.starts_with(REPLY_PREFIX) {
            return self.declare_reply_queue(&asked, reply, cx);
        }
        if declare.passive {
            AccessCache::check_any(cx.session, Resource::Queue(&asked))?;
            let queue = cx.session.vhost.queue(&asked)?;
            queue.check_owner(cx.session.id)?;
            queue.with(cx.now, |state, effects| state.touch(cx.now, effects));
            return self.declared(&queue, Position::default(), reply, cx);
        }
        let name = if asked.is_empty() {
            generated_name()
        } else {
            asked
        };
        self.check_queue(Operation::Configure, &name, cx)?;
        let spec = QueueSpec {
            name: name.clone(),
            durable: declare.durable,
            exclusive: declare.exclusive,
            auto_delete: declare.auto_delete,
            arguments: table_of(declare.arguments)?,
            connection: cx.session.id,
        };
        let vhost = Arc::clone(&cx.session.vhost);
        let (queue, position) = vhost.declare_queue(cx.now, spec, |dead_letter_exchange| {
            self.check_queue(Operation::Read, &name, cx)?;
            self.check_exchange(Operation::Write, dead_letter_exchange, cx)
        })?;
        self.declared(&queue, position, reply, cx)
    }

    fn declared(
        &mut self,
        queue: &QueueHandle,
        position: Position,
        reply: Reply,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        self.last_queue = queue.name().clone();
        let (ready, consumers) =
            queue.look(|queue| (queue.ready_count(), queue.announced_consumers()));
        let ok = QueueDeclareOk {
            queue: queue.name().as_short(),
            message_count: count(ready),
            consumer_count: count(consumers),
        };
        self.reply(cx, position, reply, &ok.into());
        Ok(())
    }

    /// A responder asks whether the requester of a direct reply still waits.
    fn declare_reply_queue(
        &mut self,
        name: &ShortString,
        reply: Reply,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let vhost = &cx.session.vhost;
        if **name != *REPLY_TO && vhost.reply_target(name).is_none() {
            return Err(AmqpError::not_found(format!(
                "no {}",
                queue_words(name, vhost.name())
            )));
        }
        let ok = QueueDeclareOk {
            queue: name.as_short(),
            message_count: 0,
            consumer_count: 1,
        };
        self.reply(cx, Position::default(), reply, &ok.into());
        Ok(())
    }

    pub(super) fn on_queue_delete(
        &mut self,
        delete: QueueDelete<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let reply = Reply::unless(delete.nowait);
        let name = self.queue_name(strip_cr_lf(&delete.queue).as_short())?;
        self.check_queue(Operation::Configure, &name, cx)?;
        let only_if = DeleteIf {
            unused: delete.if_unused,
            empty: delete.if_empty,
        };
        let mut ready = 0;
        if let Some(queue) = cx.session.vhost.find_queue(&name) {
            queue.check_owner(cx.session.id)?;
            ready = cx.session.vhost.delete_queue(cx.now, &queue, only_if)?;
        }
        let ok = QueueDeleteOk {
            message_count: count(ready),
        };
        self.reply(cx, Position::default(), reply, &ok.into());
        Ok(())
    }

    pub(super) fn on_queue_purge(
        &mut self,
        purge: QueuePurge<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = self.queue_name(purge.queue)?;
        self.check_queue(Operation::Read, &name, cx)?;
        let queue = cx.session.vhost.queue(&name)?;
        queue.check_owner(cx.session.id)?;
        let purged = queue.with(cx.now, |state, effects| state.purge(cx.now, effects))?;
        let ok = QueuePurgeOk {
            message_count: count(purged),
        };
        self.reply(
            cx,
            Position::default(),
            Reply::unless(purge.nowait),
            &ok.into(),
        );
        Ok(())
    }

    pub(super) fn on_queue_bind(
        &mut self,
        bind: QueueBind<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let request =
            self.queue_binding(bind.queue, bind.exchange, bind.routing_key, bind.arguments)?;
        self.authorize_queue_binding(&request, cx)?;
        let vhost = &cx.session.vhost;
        vhost.exchange(&request.source)?;
        let queue = vhost.queue(&request.destination)?;
        queue.check_owner(cx.session.id)?;
        let destination = Destination::Queue(queue);
        let position = vhost.bind(
            cx.now,
            &request.source,
            &destination,
            &request.key,
            &request.arguments,
        )?;
        self.reply(
            cx,
            position,
            Reply::unless(bind.nowait),
            &QueueBindOk {}.into(),
        );
        Ok(())
    }

    pub(super) fn on_queue_unbind(
        &mut self,
        unbind: QueueUnbind<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let request = self.queue_binding(
            unbind.queue,
            unbind.exchange,
            unbind.routing_key,
            unbind.arguments,
        )?;
        self.authorize_queue_binding(&request, cx)?;
        let vhost = &cx.session.vhost;
        if let Some(queue) = vhost.find_queue(&request.destination) {
            queue.check_owner(cx.session.id)?;
        }
        let destination = DestinationName::Queue(request.destination);
        vhost.unbind(
            &request.source,
            &destination,
            &request.key,
            &request.arguments,
        );
        cx.outbox.method(self.id, &QueueUnbindOk {}.into());
        Ok(())
    }

    /// With neither queue nor key the last declared queue is bound by its own name.
    fn queue_binding<'a>(
        &self,
        queue: ShortStr<'_>,
        exchange: ShortStr<'a>,
        key: ShortStr<'_>,
        arguments: TableRef<'_>,
    ) -> Result<BindingRequest<'a>, AmqpError> {
        let destination = self.queue_name(strip_cr_lf(&queue).as_short())?;
        let key = if queue.is_empty() && key.is_empty() {
            destination.clone()
        } else {
            key.into()
        };
        Ok(BindingRequest {
            source: exchange,
            destination,
            key,
            arguments: table_of(arguments)?,
        })
    }

    fn authorize_queue_binding(
        &mut self,
        request: &BindingRequest<'_>,
        cx: &Context<'_>,
    ) -> Result<(), AmqpError> {
        check_not_default(request.source)?;
        self.check_queue(Operation::Write, &request.destination, cx)?;
        self.authorize_source(request, cx)
    }

    fn authorize_source(
        &mut self,
        request: &BindingRequest<'_>,
        cx: &Context<'_>,
    ) -> Result<(), AmqpError> {
        self.check_exchange(Operation::Read, &request.source, cx)?;
        if let Some(exchange) = cx.session.vhost.find_exchange(&request.source)
            && exchange.kind == ExchangeType::Topic
        {
            cx.session
                .check_topic(Operation::Read, &exchange.spec.name, &request.key)?;
        }
        Ok(())
    }

    pub(super) fn on_exchange_declare(
        &mut self,
        declare: ExchangeDeclare<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = strip_cr_lf(&declare.exchange);
        check_not_default(name.as_short())?;
        let vhost = Arc::clone(&cx.session.vhost);
        let mut position = Position::default();
        if declare.passive {
            AccessCache::check_any(cx.session, Resource::Exchange(&name))?;
            vhost.exchange(&name)?;
        } else {
            self.check_exchange(Operation::Configure, &name, cx)?;
            let spec = ExchangeSpec {
                name: name.clone(),
                vhost: vhost.name().clone(),
                type_name: declare.type_.into(),
                durable: declare.durable,
                auto_delete: declare.auto_delete,
                internal: declare.internal,
                arguments: table_of(declare.arguments)?,
            };
            position = vhost.declare_exchange(spec, |alternate| {
                self.check_exchange(Operation::Read, &name, cx)?;
                self.check_exchange(Operation::Write, alternate, cx)
            })?;
        }
        let reply = Reply::unless(declare.nowait);
        self.reply(cx, position, reply, &ExchangeDeclareOk {}.into());
        Ok(())
    }

    pub(super) fn on_exchange_delete(
        &mut self,
        delete: ExchangeDelete<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = strip_cr_lf(&delete.exchange);
        check_not_default(name.as_short())?;
        self.check_exchange(Operation::Configure, &name, cx)?;
        cx.session.vhost.delete_exchange(&name, delete.if_unused)?;
        let reply = Reply::unless(delete.nowait);
        self.reply(cx, Position::default(), reply, &ExchangeDeleteOk {}.into());
        Ok(())
    }

    pub(super) fn on_exchange_bind(
        &mut self,
        bind: ExchangeBind<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let request = BindingRequest {
            source: bind.source,
            destination: strip_cr_lf(&bind.destination),
            key: bind.routing_key.into(),
            arguments: table_of(bind.arguments)?,
        };
        self.authorize_exchange_binding(&request, cx)?;
        let vhost = &cx.session.vhost;
        vhost.exchange(&request.source)?;
        let destination = Destination::Exchange(vhost.exchange(&request.destination)?);
        let position = vhost.bind(
            cx.now,
            &request.source,
            &destination,
            &request.key,
            &request.arguments,
        )?;
        self.reply(
            cx,
            position,
            Reply::unless(bind.nowait),
            &ExchangeBindOk {}.into(),
        );
        Ok(())
    }

    pub(super) fn on_exchange_unbind(
        &mut self,
        unbind: ExchangeUnbind<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let request = BindingRequest {
            source: unbind.source,
            destination: strip_cr_lf(&unbind.destination),
            key: unbind.routing_key.into(),
            arguments: table_of(unbind.arguments)?,
        };
        self.authorize_exchange_binding(&request, cx)?;
        let destination = DestinationName::Exchange(request.destination);
        cx.session.vhost.unbind(
            &request.source,
            &destination,
            &request.key,
            &request.arguments,
        );
        let reply = Reply::unless(unbind.nowait);
        self.reply(cx, Position::default(), reply, &ExchangeUnbindOk {}.into());
        Ok(())
    }

    fn authorize_exchange_binding(
        &mut self,
        request: &BindingRequest<'_>,
        cx: &Context<'_>,
    ) -> Result<(), AmqpError> {
        check_not_default(request.source)?;
        check_not_default(request.destination.as_short())?;
        self.check_exchange(Operation::Write, &request.destination, cx)?;
        self.authorize_source(request, cx)
    }
}

/// An argument table that cannot be decoded ends the connection.
fn table_of(table: TableRef<'_>) -> Result<Table, AmqpError> {
    table
        .to_table()
        .map_err(|_| AmqpError::new(ReplyCode::InternalError, ""))
}

fn count(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
