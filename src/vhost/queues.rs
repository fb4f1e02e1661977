//! Declaring, deleting and purging queues.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;
use parking_lot::Mutex;

use super::queue_handle::{Aftermath, QueueHandle};
use super::removal::Removal;
use super::{Vhost, restore};
use crate::clock::Now;
use crate::compat::Feature;
use crate::env::unguessable;
use crate::error::{AmqpError, queue_words};
use crate::events::Author;
use crate::ids::ConnectionId;
use crate::kind::QueueKind;
use crate::mail::Mail;
use crate::queue::{Arguments, Cancelled, Declared, DeleteReason, Flags};
use crate::store::Position;
use crate::turns::{self, Left, Work};

/// Names that begin so are the broker's own.
pub const RESERVED_PREFIX: &str = "amq.";

/// Names that the broker makes up begin so.
const GENERATED_PREFIX: &str = "amq.gen-";

/// Steps of a turn that it takes to delete a queue, besides those of what is in it.
const REMOVAL_STEPS: usize = 48;

/// How a queue is declared.
#[derive(Clone, Debug)]
pub struct QueueSpec {
    /// Its name; empty for one that the broker makes up.
    pub name: ShortString,
    /// Survives a restart.
    pub durable: bool,
    /// Belongs to the declaring connection.
    pub exclusive: bool,
    /// Deleted when its last consumer goes.
    pub auto_delete: bool,
    /// All arguments, unknown ones too.
    pub arguments: Table,
    /// The connection that declares it, if one does.
    pub connection: Option<ConnectionId>,
    /// The user who declares it.
    pub declared_by: Author,
}

impl QueueSpec {
    fn flags(&self) -> Flags {
        Flags {
            durable: self.durable,
            exclusive: self.exclusive,
            auto_delete: self.auto_delete,
            generated_name: self.name.starts_with(GENERATED_PREFIX),
        }
    }
}

/// What a delete is conditional on.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeleteIf {
    /// Only without consumers.
    pub unused: bool,
    /// Only without ready messages.
    pub empty: bool,
}

/// A name for a queue that has none: `amq.gen-` and 22 characters.
#[must_use]
pub fn generated_name() -> ShortString {
    ShortString::new(&format!("{GENERATED_PREFIX}{}", unguessable())).expect("30 octets fit")
}

/// Whether a client may give this name to a queue.
///
/// # Errors
/// 403 for the server's own names, generated ones too, whether there is such a queue or not.
///
/// Seen: RabbitMQ 4.3.6, queue/reserved_name_is_403.amqp.
pub fn check_queue_name(name: &str) -> Result<(), AmqpError> {
    if name.starts_with(RESERVED_PREFIX) {
        return Err(AmqpError::access_refused(format!(
            "queue name '{name}' contains reserved prefix '{RESERVED_PREFIX}*'"
        )));
    }
    Ok(())
}

impl Vhost {
    /// Declares a queue, or finds the equivalent one. `authorize` is asked only when it is created
    /// with a dead-letter exchange. A server-made name must be in `spec` already; one that a client
    /// gave has passed [`check_queue_name`].
    ///
    /// # Errors
    /// 405 for another connection's exclusive queue, 406 for bad
    /// arguments, a queue that differs, or the queue limit; each closes the channel.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/arguments, tests/scripts/equivalence,
    /// tests/scripts/exclusive and tests/scripts/limits/vhost_queue_limit_is_406.amqp.
    pub fn declare_queue(
        &self,
        now: Now,
        spec: QueueSpec,
        authorize: impl FnOnce(&[u8]) -> Result<(), AmqpError>,
    ) -> Result<(Arc<QueueHandle>, Position), AmqpError> {
        self.env.queue_churn.declared.fetch_add(1, Relaxed);
        if let Some(existing) = self.find_queue(&spec.name) {
            return self.redeclare(now, existing, &spec);
        }
        let declared = self.check_new_queue(now, &spec, authorize)?;
        let topology = self.topology.lock();
        self.check_not_deleted()?;
        if let Some(existing) = self.find_queue(&spec.name) {
            drop(topology);
            return self.redeclare(now, existing, &spec);
        }
        self.check_queue_limits(&spec.name)?;
        let queue = self.make_queue(now, self.env.store.next_queue_id(), declared);
        // Before a publisher can find it: a message in a queue that a start does not know is lost.
        let position = restore::store_queue(&self.env, &queue);
        self.reach(position);
        self.add_queue(&queue);
        self.env.queue_churn.created.fetch_add(1, Relaxed);
        let change = self.queue_created(&spec.declared_by, &queue);
        drop(topology);
        self.env.events.tell_all(change);
        queue.with(now, |queue, effects| queue.touch(now, effects));
        Ok((queue, position))
    }

    fn redeclare(
        &self,
        now: Now,
        queue: Arc<QueueHandle>,
        spec: &QueueSpec,
    ) -> Result<(Arc<QueueHandle>, Position), AmqpError> {
        queue.check_owner(spec.connection)?;
        let have = queue.declared();
        if have.exclusive.is_some() != spec.exclusive {
            return Err(queue.locked());
        }
        let durable = spec.durable && !spec.exclusive;
        for (name, received, current) in [
            ("durable", durable, have.durable),
            ("auto_delete", spec.auto_delete, have.auto_delete),
        ] {
            if received != current {
                return Err(AmqpError::precondition_failed(format!(
                    "inequivalent arg '{name}' for {}: received '{received}' but current is \
                     '{current}'",
                    queue.words()
                )));
            }
        }
        have.arguments.check_equivalent(
            &spec.arguments,
            self.default_queue_kind(),
            spec.flags(),
            &queue.words(),
        )?;
        queue.with(now, |queue, effects| queue.touch(now, effects));
        let stored = self.stored_if(queue.declared().durable);
        Ok((queue, stored))
    }

    pub(super) fn check_new_queue(
        &self,
        now: Now,
        spec: &QueueSpec,
        authorize: impl FnOnce(&[u8]) -> Result<(), AmqpError>,
    ) -> Result<Declared, AmqpError> {
        let words = queue_words(&spec.name, &self.name);
        if let Some(exchange) = Arguments::dead_letter_exchange(&spec.arguments, &words)? {
            authorize(exchange)?;
        }
        let flags = spec.flags();
        let deprecated = |feature| {
            let env = &self.env;
            env.deprecations.check(now, &env.settings, feature)
        };
        if !flags.durable && !flags.exclusive {
            deprecated(Feature::TransientNonexclQueues)?;
        }
        let default = self.default_queue_kind();
        let arguments = Arguments::parse(&spec.arguments, default, flags, &words)?;
        if spec.arguments.get("x-queue-master-locator").is_some() {
            deprecated(Feature::QueueMasterLocator)?;
        }
        Ok(Declared {
            name: spec.name.clone(),
            vhost: self.name.clone(),
            kind: arguments.kind(),
            durable: spec.durable && !spec.exclusive,
            auto_delete: spec.auto_delete,
            exclusive: spec.connection.filter(|_| spec.exclusive),
            arguments,
            declared_by: (*spec.declared_by.user).into(),
        })
    }

    /// What a queue is when its declare does not say.
    #[must_use]
    pub fn default_queue_kind(&self) -> QueueKind {
        let by_operator = self.metadata.load().default_queue_type;
        by_operator.unwrap_or_else(|| self.env.settings.default_queue_type.into())
    }

    fn check_queue_limits(&self, name: &str) -> Result<(), AmqpError> {
        let count = self.queue_count() as u64;
        let refuse = |place: String| {
            Err(AmqpError::precondition_failed(format!(
                "cannot declare queue '{name}': {place}"
            )))
        };
        if let Some(max) = self.queues_max()
            && count >= max
        {
            return refuse(format!(
                "queue limit in vhost '{}' ({max}) is reached",
                self.name
            ));
        }
        match self.env.settings.cluster_queue_limit {
            Some(max) if self.env.count(|vhost| vhost.queues()) >= max => {
                refuse(format!("queue limit in cluster ({max}) is reached"))
            }
            _ => Ok(()),
        }
    }

    /// A queue that is not in its place yet.
    pub(super) fn make_queue(
        &self,
        now: Now,
        id: crate::ids::QueueId,
        declared: Declared,
    ) -> Arc<QueueHandle> {
        let me: Weak<Self> = Weak::clone(&self.me);
        let me: Weak<dyn Aftermath> = me;
        let queue = QueueHandle::new(&self.env, &me, id, declared, now);
        self.apply_limits(now, &queue);
        queue
    }

    /// Puts a queue in its place, under the topology lock.
    pub(super) fn add_queue(&self, queue: &Arc<QueueHandle>) {
        if let Some(owner) = queue.declared().exclusive {
            self.exclusive
                .entry(owner)
                .or_default()
                .insert(queue.id(), Arc::clone(queue));
        }
        let name = queue.name().clone();
        self.directory.queues.insert(name, Arc::clone(queue));
        self.directory.has_changed();
    }

    /// Deletes a queue for the user `by`; returns how many messages were ready, and up to where the
    /// store must be durable before the deletion is.
    ///
    /// # Errors
    /// 406 `queue 'q' in vhost '/' in use` or `… not empty`, closes the channel.
    pub fn delete_queue(
        &self,
        now: Now,
        by: &Author,
        queue: &Arc<QueueHandle>,
        only_if: DeleteIf,
    ) -> Result<(u64, Position), AmqpError> {
        let only_if = conditions(queue, only_if)?;
        let mut refused = None;
        let removed = self.remove_queue_if(now, by, queue, |state| {
            if only_if.unused && state.consumer_count() > 0 {
                refused = Some("in use");
            } else if only_if.empty && state.ready_count() > 0 {
                refused = Some("not empty");
            }
            refused.is_none()
        });
        match refused {
            Some(why) => Err(AmqpError::precondition_failed(format!(
                "{} {why}",
                queue.words()
            ))),
            None => Ok(removed),
        }
    }

    /// Deletes queues without conditions, in later turns those that this one has no room for.
    pub(super) fn remove_queues(&self, now: Now, queues: impl Iterator<Item = Arc<QueueHandle>>) {
        if let Some(vhost) = self.me.upgrade() {
            let queues = Mutex::new(queues.collect());
            turns::begin(&self.env.turns, now, Arc::new(Removing { vhost, queues }));
        }
    }

    /// A queue asked for its own deletion; whether that still holds is asked again here.
    pub(super) fn remove_finished_queue(
        &self,
        now: Now,
        queue: &Arc<QueueHandle>,
        reason: DeleteReason,
    ) {
        let by = Author::broker();
        self.remove_queue_if(now, &by, queue, |state| state.is_finished(now, reason));
    }

    fn remove_queue_if(
        &self,
        now: Now,
        by: &Author,
        queue: &Arc<QueueHandle>,
        condition: impl FnOnce(&crate::queue::Queue) -> bool,
    ) -> (u64, Position) {
        match self.take_queue_if(now, by, queue, condition) {
            Some((ready, removal)) => (ready, self.finish(removal)),
            None => Default::default(),
        }
    }

    /// Takes a queue out if `condition` holds. The caller finishes the removal.
    pub(super) fn take_queue_if(
        &self,
        now: Now,
        by: &Author,
        queue: &Arc<QueueHandle>,
        condition: impl FnOnce(&crate::queue::Queue) -> bool,
    ) -> Option<(u64, Removal)> {
        turns::spend(REMOVAL_STEPS);
        let topology = self.topology.lock();
        let (taken, mut effects) = queue.with_deferred(|state, effects| {
            if queue.is_deleted() || !condition(state) {
                return None;
            }
            queue.mark_deleted();
            let arrears = state.arrears(now);
            Some(turns::at_length(arrears, || state.take_all(effects)))
        });
        let taken = taken?;
        self.env.queue_churn.deleted.fetch_add(1, Relaxed);
        self.directory
            .queues
            .remove_if(queue.name(), |_, found| found == queue);
        if let Some(owner) = queue.declared().exclusive
            && let Some(mut owned) = self.exclusive.get_mut(&owner)
        {
            owned.remove(&queue.id());
        }
        self.directory.has_changed();
        drop(topology);
        let remains = effects.remains.take();
        queue.absorb(now, effects);
        let notices = Arc::new(Notices(Mutex::new(taken.consumers.into())));
        turns::begin(&self.env.turns, now, notices);
        Some((taken.ready, Removal::of_queue(queue, remains, by)))
    }
}

/// Queues that are to be deleted.
struct Removing {
    vhost: Arc<Vhost>,
    queues: Mutex<VecDeque<Arc<QueueHandle>>>,
}

impl Work for Removing {
    fn turn(&self, now: Now) -> Left {
        while !turns::is_over() {
            let next = self.queues.lock().pop_front();
            let Some(queue) = next else {
                return Left::Nothing;
            };
            self.vhost
                .remove_queue_if(now, &Author::broker(), &queue, |_| true);
        }
        Left::More
    }
}

/// Consumers that are to hear that their queue is gone.
struct Notices(Mutex<VecDeque<Cancelled>>);

impl Work for Notices {
    fn turn(&self, _now: Now) -> Left {
        while !turns::is_over() {
            let next = self.0.lock().pop_front();
            let Some(Cancelled {
                mailbox,
                channel,
                id: consumer,
            }) = next
            else {
                return Left::Nothing;
            };
            mailbox.post(Mail::Cancelled { channel, consumer });
            turns::spend(1);
        }
        Left::More
    }
}

/// Quorum queues cannot tell reliably whether they are used or empty, so they refuse the question;
/// streams do not listen to it.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/quorum/if_unused_and_if_empty_are_540.amqp and
/// tests/scripts/stream/delete_ignores_conditions_and_counts_nothing.amqp.
fn conditions(queue: &QueueHandle, only_if: DeleteIf) -> Result<DeleteIf, AmqpError> {
    let flag = match (queue.declared().kind, only_if) {
        (QueueKind::Classic, _) => return Ok(only_if),
        (QueueKind::Stream, _) => return Ok(DeleteIf::default()),
        (QueueKind::Quorum, DeleteIf { unused: true, .. }) => "if-unused",
        (QueueKind::Quorum, DeleteIf { empty: true, .. }) => "if-empty",
        (QueueKind::Quorum, _) => return Ok(only_if),
    };
    Err(AmqpError::not_implemented(format!(
        "cannot delete {}. queue.delete operations with {flag} flag set are not supported by \
         quorum queues",
        queue.words(),
    )))
}
