//! Queues: declare, look for, delete, purge.
//!
//! Spec: AMQP 0-9-1 class `queue`. Seen: RabbitMQ 4.3.6, tests/scripts/queue.

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;

use super::{Actor, Stored};
use crate::auth::{Operation, Resource};
use crate::clock::Now;
use crate::error::{AmqpError, queue_words};
use crate::events::audit;
use crate::log::Shown;
use crate::turns;
use crate::vhost::{
    DeleteIf, QueueHandle, QueueSpec, REPLY_TO, ReplyTarget, check_queue_name, generated_name,
    is_reply_queue, strip_cr_lf,
};

/// How a queue is to be declared.
#[derive(Clone, Debug, Default)]
pub struct QueueDeclaration {
    /// Its name; empty for one that the broker makes up.
    pub name: ShortString,
    /// Survives a restart.
    pub durable: bool,
    /// Belongs to the actor's connection and goes with it.
    pub exclusive: bool,
    /// Deleted when its last consumer goes.
    pub auto_delete: bool,
    /// All arguments, unknown ones too.
    pub arguments: Table,
}

/// A queue as a declare finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFound {
    /// Its name.
    pub name: ShortString,
    /// Messages that wait in it.
    pub ready: u64,
    /// Its consumers, as RabbitMQ counts them in declare-ok.
    pub consumers: u64,
}

impl QueueFound {
    fn of(queue: &QueueHandle) -> Self {
        let (ready, consumers) =
            queue.look(|queue| (queue.shown_count(), queue.announced_consumers()));
        Self {
            name: queue.name().clone(),
            ready,
            consumers,
        }
    }
}

impl Actor {
    /// Declares a queue, or finds the equivalent one.
    ///
    /// # Errors
    /// 403 without permission or for a reserved name, 405 for another connection's exclusive
    /// queue, 406 for bad arguments, a queue that differs, an exclusive queue of an actor without
    /// a connection, or the queue limit; each closes the channel.
    pub fn declare_queue(
        &self,
        now: Now,
        declaration: QueueDeclaration,
    ) -> Result<Stored<QueueFound>, AmqpError> {
        let asked = strip_cr_lf(&declaration.name);
        if is_reply_queue(&asked) {
            return self.find_reply_queue(&asked);
        }
        let name = if asked.is_empty() {
            generated_name()
        } else {
            check_queue_name(&asked)?;
            asked
        };
        self.check_queue(Operation::Configure, &name)?;
        if declaration.exclusive && self.connection.is_none() {
            return Err(AmqpError::precondition_failed(format!(
                "exclusive {} would have no connection to belong to",
                queue_words(&name, self.vhost.name())
            )));
        }
        let spec = QueueSpec {
            name: name.clone(),
            durable: declaration.durable,
            exclusive: declaration.exclusive,
            auto_delete: declaration.auto_delete,
            arguments: declaration.arguments,
            connection: self.connection,
            declared_by: self.author.clone(),
        };
        let authorize = |dead_letter_exchange: &[u8]| {
            self.check_queue(Operation::Read, &name)?;
            self.check_exchange(Operation::Write, dead_letter_exchange)
        };
        let (queue, until) = self.vhost.declare_queue(now, spec, authorize)?;
        let value = QueueFound::of(&queue);
        Ok(Stored { value, until })
    }

    /// Looks for a queue: a passive declare. It counts as use of the queue, which puts off its
    /// expiry.
    ///
    /// # Errors
    /// 403 without any permission, 404 if it is missing, 405 if it belongs to another connection.
    pub fn find_queue(&self, now: Now, name: &str) -> Result<Stored<QueueFound>, AmqpError> {
        let name = strip_cr_lf(name);
        if is_reply_queue(&name) {
            return self.find_reply_queue(&name);
        }
        self.check_any(Resource::Queue(&name))?;
        let queue = self.vhost.queue(&name)?;
        queue.check_owner(self.connection)?;
        queue.with(now, |state, effects| state.touch(now, effects));
        let value = QueueFound::of(&queue);
        let until = self.vhost.stored_if(queue.declared().durable);
        Ok(Stored { value, until })
    }

    /// A responder asks whether the requester of a direct reply still waits.
    fn find_reply_queue(&self, name: &ShortString) -> Result<Stored<QueueFound>, AmqpError> {
        let waits = |target: ReplyTarget| target.is_waiting();
        if **name != *REPLY_TO && !self.vhost.reply_target(name.as_bytes()).is_some_and(waits) {
            return Err(AmqpError::not_found(format!(
                "no {}",
                queue_words(name, self.vhost.name())
            )));
        }
        Ok(Stored::at_once(QueueFound {
            name: name.clone(),
            ready: 0,
            consumers: 1,
        }))
    }

    /// Deletes a queue; answers with how many messages were ready. A missing queue is fine.
    ///
    /// # Errors
    /// 403 without permission, 405 if it belongs to another connection, 406 `… in use` or `… not
    /// empty`, 540 for a condition that its type does not know.
    pub fn delete_queue(
        &self,
        now: Now,
        name: &str,
        only_if: DeleteIf,
    ) -> Result<Stored<u64>, AmqpError> {
        let name = strip_cr_lf(name);
        self.check_queue(Operation::Configure, &name)?;
        let Some(queue) = self.vhost.find_queue(&name) else {
            let until = self.vhost.stored();
            return Ok(Stored { value: 0, until });
        };
        queue.check_owner(self.connection)?;
        let (value, until) = self
            .vhost
            .delete_queue(now, &self.author, &queue, only_if)?;
        Ok(Stored { value, until })
    }

    /// Pauses the delivery of a queue, or ends the pause. While it lasts, consumers get nothing but
    /// what was on its way to them, and basic.get finds nothing; all else goes on. A restart of the
    /// broker ends it.
    ///
    /// # Errors
    /// 403 without permission to configure the queue, 404 if it is missing, 405 if it belongs to
    /// another connection.
    pub fn pause_queue(&self, now: Now, name: &str, is_paused: bool) -> Result<(), AmqpError> {
        self.check_queue(Operation::Configure, name)?;
        let queue = self.vhost.queue(name)?;
        queue.check_owner(self.connection)?;
        self.vhost.pause_queue(now, &self.author, &queue, is_paused);
        Ok(())
    }

    /// Removes what is ready in a queue; answers with how many messages that were.
    ///
    /// # Errors
    /// 403 without permission, 404 if it is missing, 405 if it belongs to another connection, 540
    /// for a stream.
    pub fn purge_queue(&self, now: Now, name: &str) -> Result<Stored<u64>, AmqpError> {
        self.check_queue(Operation::Read, name)?;
        if self.vhost.reply_target(name.as_bytes()).is_some() {
            return Ok(Stored::at_once(0));
        }
        let queue = self.vhost.queue(name)?;
        queue.check_owner(self.connection)?;
        let value = queue.with(now, |state, effects| {
            turns::at_length(state.arrears(now), || state.purge(now, effects))
        })?;
        let words = Shown(name);
        let what = format_args!("queue.purged name={words:?} messages={value}");
        audit::say_act(&self.author, self.vhost.name(), what);
        // An empty queue may have been emptied by a purge that is not on disk yet.
        let until = if queue.stores(true) {
            self.desk.env.store.sync()
        } else {
            Default::default()
        };
        Ok(Stored { value, until })
    }
}
