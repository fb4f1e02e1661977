//! Declaring, deleting, binding and purging: decodes what the client asks for, asks the desk, and
//! answers once the store is as far as the answer says.
//!
//! Spec: AMQP 0-9-1 classes `exchange` and `queue`. Seen: RabbitMQ 4.3.6, tests/scripts/exchange
//! and tests/scripts/queue.

use leveret_codec::methods::{
    ExchangeBind, ExchangeBindOk, ExchangeDeclare, ExchangeDeclareOk, ExchangeDelete,
    ExchangeDeleteOk, ExchangeUnbind, ExchangeUnbindOk, Method, QueueBind, QueueBindOk,
    QueueDeclare, QueueDeclareOk, QueueDelete, QueueDeleteOk, QueuePurge, QueuePurgeOk,
    QueueUnbind, QueueUnbindOk,
};
use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::ShortStr;

use super::{Channel, Context, Reply};
use crate::desk::{BindingRequest, ExchangeDeclaration, QueueDeclaration, Stored};
use crate::error::{AmqpError, queue_words};
use crate::store::Position;
use crate::turns;
use crate::vhost::{DeleteIf, DestinationName, is_reply_queue, strip_cr_lf};

impl Channel {
    /// Answers once the store is durable up to `until`, and what was left for later turns is done.
    fn reply(&self, cx: &mut Context<'_>, until: Position, reply: Reply, method: &Method<'_>) {
        cx.outbox.hold_until(until);
        if turns::is_owing() {
            cx.outbox.hold_until_paid();
        }
        if reply == Reply::Wanted {
            cx.outbox.method(self.id, method);
        }
    }

    pub(super) fn on_queue_declare(
        &mut self,
        declare: QueueDeclare<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        self.check_not_own_reply_name(declare.queue, cx)?;
        let found = if declare.passive {
            cx.session.find_queue(cx.now, &declare.queue)?
        } else {
            let declaration = QueueDeclaration {
                name: declare.queue.into(),
                durable: declare.durable,
                exclusive: declare.exclusive,
                auto_delete: declare.auto_delete,
                arguments: table_of(declare.arguments)?,
            };
            cx.session.declare_queue(cx.now, declaration)?
        };
        let Stored {
            value: found,
            until,
        } = found;
        let ok = QueueDeclareOk {
            queue: found.name.as_short(),
            message_count: count(found.ready),
            consumer_count: count(found.consumers),
        };
        self.reply(cx, until, Reply::unless(declare.nowait), &ok.into());
        if !is_reply_queue(&found.name) {
            self.last_queue = found.name;
        }
        Ok(())
    }

    /// A channel that waits for replies does not find itself by its name.
    ///
    /// Seen: RabbitMQ 4.3.6, `reply_to/own_name_on_its_own_channel.amqp`.
    fn check_not_own_reply_name(
        &self,
        name: ShortStr<'_>,
        cx: &Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = strip_cr_lf(&name);
        if self.consumers.waits_as(&name) {
            let words = queue_words(&name, cx.session.vhost.name());
            return Err(AmqpError::not_found(format!("no {words}")));
        }
        Ok(())
    }

    pub(super) fn on_queue_delete(
        &mut self,
        delete: QueueDelete<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = self.queue_name(strip_cr_lf(&delete.queue).as_short())?;
        let only_if = DeleteIf {
            unused: delete.if_unused,
            empty: delete.if_empty,
        };
        let deleted = cx.session.delete_queue(cx.now, &name, only_if)?;
        let ok = QueueDeleteOk {
            message_count: count(deleted.value),
        };
        self.reply(cx, deleted.until, Reply::unless(delete.nowait), &ok.into());
        Ok(())
    }

    pub(super) fn on_queue_purge(
        &mut self,
        purge: QueuePurge<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let name = self.queue_name(purge.queue)?;
        let purged = cx.session.purge_queue(cx.now, &name)?;
        let ok = QueuePurgeOk {
            message_count: count(purged.value),
        };
        self.reply(cx, purged.until, Reply::unless(purge.nowait), &ok.into());
        Ok(())
    }

    pub(super) fn on_queue_bind(
        &mut self,
        bind: QueueBind<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let request =
            self.queue_binding(bind.queue, bind.exchange, bind.routing_key, bind.arguments)?;
        let bound = cx.session.bind(cx.now, request)?;
        let reply = Reply::unless(bind.nowait);
        self.reply(cx, bound.until, reply, &QueueBindOk {}.into());
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
        let done = cx.session.unbind(request)?;
        let reply = Reply::Wanted;
        self.reply(cx, done.until, reply, &QueueUnbindOk {}.into());
        Ok(())
    }

    /// With neither queue nor key the last declared queue is bound by its own name.
    fn queue_binding(
        &self,
        queue: ShortStr<'_>,
        exchange: ShortStr<'_>,
        key: ShortStr<'_>,
        arguments: TableRef<'_>,
    ) -> Result<BindingRequest, AmqpError> {
        let name = self.queue_name(strip_cr_lf(&queue).as_short())?;
        let key = if queue.is_empty() && key.is_empty() {
            name.clone()
        } else {
            key.into()
        };
        Ok(BindingRequest {
            source: exchange.into(),
            destination: DestinationName::Queue(name),
            key,
            arguments: table_of(arguments)?,
        })
    }

    pub(super) fn on_exchange_declare(
        &mut self,
        declare: ExchangeDeclare<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let declared = if declare.passive {
            cx.session.find_exchange(&declare.exchange)?
        } else {
            cx.session.declare_exchange(ExchangeDeclaration {
                name: declare.exchange.into(),
                type_name: declare.type_.into(),
                durable: declare.durable,
                auto_delete: declare.auto_delete,
                internal: declare.internal,
                arguments: table_of(declare.arguments)?,
            })?
        };
        let reply = Reply::unless(declare.nowait);
        self.reply(cx, declared.until, reply, &ExchangeDeclareOk {}.into());
        Ok(())
    }

    pub(super) fn on_exchange_delete(
        &mut self,
        delete: ExchangeDelete<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let deleted = cx
            .session
            .delete_exchange(&delete.exchange, delete.if_unused)?;
        let reply = Reply::unless(delete.nowait);
        self.reply(cx, deleted.until, reply, &ExchangeDeleteOk {}.into());
        Ok(())
    }

    pub(super) fn on_exchange_bind(
        &mut self,
        bind: ExchangeBind<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let request = exchange_binding(
            bind.destination,
            bind.source,
            bind.routing_key,
            bind.arguments,
        )?;
        let done = cx.session.bind(cx.now, request)?;
        let reply = Reply::unless(bind.nowait);
        self.reply(cx, done.until, reply, &ExchangeBindOk {}.into());
        Ok(())
    }

    pub(super) fn on_exchange_unbind(
        &mut self,
        unbind: ExchangeUnbind<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let request = exchange_binding(
            unbind.destination,
            unbind.source,
            unbind.routing_key,
            unbind.arguments,
        )?;
        let done = cx.session.unbind(request)?;
        let reply = Reply::unless(unbind.nowait);
        self.reply(cx, done.until, reply, &ExchangeUnbindOk {}.into());
        Ok(())
    }
}

fn exchange_binding(
    destination: ShortStr<'_>,
    source: ShortStr<'_>,
    key: ShortStr<'_>,
    arguments: TableRef<'_>,
) -> Result<BindingRequest, AmqpError> {
    Ok(BindingRequest {
        source: source.into(),
        destination: DestinationName::Exchange(destination.into()),
        key: key.into(),
        arguments: table_of(arguments)?,
    })
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
