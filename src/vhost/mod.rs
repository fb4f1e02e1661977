//! A virtual host: who owns and locks what. The only module that knows.
//!
//! In reading order: [`routing`] finds the queues of a message, [`placing`] puts it there,
//! `messages` does both for a client or a delayed exchange, `absorb` does what a queue leaves to
//! others, dead letters first of all. `queues`, `exchanges`, `removal` and `policies` change what
//! there is, `restore` brings it back. `queue_handle` and `reply_to`, the targets of a message,
//! know none of them.
//!
//! | what | guarded by | held while |
//! |---|---|---|
//! | the list of bindings | `topology` (mutex) | a change of names, bindings or policies |
//! | policies | a `RwLock`; to change them `topology` too | read: a declare; write: a change |
//! | names of queues, exchanges | their table; to change them `topology` too | one name |
//! | exclusive queues of a connection | their table | one connection |
//! | names for direct replies | their table | one name |
//! | limits of the vhost, what went through it | a mutex each | a copy |
//! | an exchange's router | its own `RwLock` | read: one routing step; write: one bind or unbind |
//! | an exchange's history, duplicates, delays | a mutex each | one message |
//! | a queue | its own mutex, in [`QueueHandle`] | one batch of pushes or settlements |
//! | a connection's mailbox | its own mutex | a post |
//!
//! Order: topology, then policies, a router or a queue, then a mailbox; never two queues at once,
//! but for streams that a message goes to, which are taken in the order of their numbers. The locks
//! of tables, the limits and what an exchange remembers come last: nothing is called while one of
//! them is held, so what goes through a table copies it first. No lock is held across an await,
//! because nothing here awaits. What a queue wants done elsewhere comes out as `Effects` and is
//! done by `absorb` with no lock held, in a loop, not by recursion.
//!
//! Publishers read routers under a read lock that a bind holds for a moment; channels also keep the
//! last answer for a key until [`Vhost::generation`] changes.
//!
//! Invariants: I2, I3, I9 (with the queue). Spec: AMQP 0-9-1 sections 1.4 and 2.1.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use dashmap::DashMap;
use leveret_codec::types::{ChannelId, ShortBytes, ShortString};
use parking_lot::{Mutex, RwLock};

use crate::clock::Now;
use crate::env::{Census, Environment};
use crate::erlang;
use crate::error::{AmqpError, exchange_words, queue_words};
use crate::events::{Author, BROKER, Change, ListenerGuard};
use crate::ids::{ConnectionId, QueueId};
use crate::kind::QueueKind;
use crate::mail::Mailbox;
use crate::policy::Policies;
use crate::store::Position;
use crate::tally::{Tally, Turnover};

mod absorb;
mod exchanges;
mod firehose;
mod inventory;
mod leftover;
mod messages;
mod moving;
mod outflow;
mod pausing;
mod placing;
mod policies;
mod queue_handle;
mod queues;
mod read_back;
mod remains;
mod removal;
mod reply_to;
mod restore;
mod routing;
mod shared_queue;
mod storing;
mod telling;

pub use exchanges::{EVENTS, check_not_default};
pub use inventory::{
    BindingInfo, Inventory, NewBinding, NewExchange, NewQueue, bind_all, declare_exchanges,
    declare_queues,
};
#[cfg(any(feature = "management", feature = "internals"))]
pub use moving::Move;
pub use placing::{Placed, Publishes};
#[cfg(feature = "management")]
pub(crate) use policies::{Foreseen, Suits};
pub use queue_handle::QueueHandle;
pub use queues::{DeleteIf, QueueSpec, RESERVED_PREFIX, check_queue_name, generated_name};
pub use reply_to::{REPLY_TO, ReplyTarget, check_no_reply_name, is_reply_queue};
pub use restore::Owners;
pub use routing::{
    Answer, Binding, Delay, Destination, DestinationName, Exchange, ExchangeSpec, Question, Routes,
    only_queue,
};
#[cfg(feature = "management")]
pub(crate) use routing::{Step, Target, Trail, Via, released};

use outflow::Outflow;
use removal::Removal;
use routing::{Directory, Topology};

/// A virtual host.
pub struct Vhost {
    name: ShortString,
    me: Weak<Vhost>,
    env: Arc<Environment>,
    directory: Directory,
    topology: Mutex<Topology>,
    /// Exclusive queues of each connection that has any.
    exclusive: DashMap<ConnectionId, BTreeMap<QueueId, Arc<QueueHandle>>>,
    /// It is deleted: connections that are not closed yet declare nothing in it any more. Set and
    /// asked under the topology lock.
    is_deleted: AtomicBool,
    /// The store has all that was made and removed here from this position on.
    stored: AtomicU64,
    metadata: ArcSwap<Metadata>,
    /// Most queues; `None` for no limit.
    queues_max: Mutex<Option<u64>>,
    policies: RwLock<Policies>,
    /// Copies on their way to `amq.rabbitmq.trace`, and events to `amq.rabbitmq.event`.
    outflow: Arc<Outflow>,
    /// Held while the vhost is traced: fates of its messages are noted.
    tap: Mutex<Option<ListenerGuard>>,
    /// What went through it without a connection.
    pub(crate) tally: Tally,
    /// What went through it over connections that are gone.
    pub(crate) past: Mutex<Turnover>,
}

/// What an operator says about a vhost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// For people.
    pub description: String,
    /// For people and tools.
    pub tags: Vec<String>,
    /// What a queue is when its declare does not say; `None` for the broker's default.
    pub default_queue_type: Option<QueueKind>,
    /// Whether the vhost must not be deleted; `None` if that was never said.
    pub protected_from_deletion: Option<bool>,
    /// Whether copies of its messages go to `amq.rabbitmq.trace`.
    pub tracing: bool,
    /// The user who made it; `None` if it was the broker.
    pub made_by: Option<String>,
}

impl Vhost {
    /// A vhost with its predeclared exchanges.
    #[must_use]
    pub fn new(name: ShortString, metadata: Metadata, env: &Arc<Environment>) -> Arc<Self> {
        let by = metadata
            .made_by
            .clone()
            .unwrap_or_else(|| BROKER.to_owned());
        let vhost = Arc::new_cyclic(|me| Self {
            directory: Directory::new(name.clone(), env),
            name,
            me: Weak::clone(me),
            env: Arc::clone(env),
            topology: Mutex::default(),
            exclusive: DashMap::new(),
            is_deleted: AtomicBool::new(false),
            stored: AtomicU64::new(0),
            metadata: ArcSwap::from_pointee(metadata),
            queues_max: Mutex::default(),
            policies: RwLock::default(),
            outflow: Outflow::new(me),
            tap: Mutex::default(),
            tally: Tally::default(),
            past: Mutex::default(),
        });
        vhost.predeclare(&by);
        vhost.tap(vhost.metadata.load().tracing);
        let me: Weak<Self> = Arc::downgrade(&vhost);
        env.join(me);
        vhost
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ShortString {
        &self.name
    }

    /// What it shares with the other vhosts.
    #[must_use]
    pub fn env(&self) -> &Arc<Environment> {
        &self.env
    }

    /// Changes with every declare, delete, bind and unbind: an answer of the router that was
    /// kept is good as long as this number stays.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.directory.generation()
    }

    /// Up to where the store must be durable before an answer is for good that says what is there,
    /// or is not: another connection may have made or removed it a moment ago. 0 if it is already.
    #[must_use]
    pub fn stored(&self) -> Position {
        let stored = Position(self.stored.load(Ordering::Acquire));
        match stored > self.env.store.durable() {
            true => stored,
            false => Position::default(),
        }
    }

    /// The same for an answer about something that the store has only if it is durable.
    #[must_use]
    pub fn stored_if(&self, is_durable: bool) -> Position {
        match is_durable {
            true => self.stored(),
            false => Position::default(),
        }
    }

    /// Something was made or removed that the store has from `position` on. Noted before anything
    /// of it can be seen.
    fn reach(&self, position: Position) {
        self.stored.fetch_max(position.0, Ordering::Release);
    }

    /// Fails once the vhost is deleted. Asked under the topology lock, so that nothing is stored
    /// behind the deletion.
    fn check_not_deleted(&self) -> Result<(), AmqpError> {
        if self.is_deleted.load(Ordering::Relaxed) {
            let text = format!("vhost '{}' is deleted", self.name);
            return Err(AmqpError::not_found(text));
        }
        Ok(())
    }

    /// What its operator says about it, as of now.
    #[must_use]
    pub fn metadata(&self) -> Arc<Metadata> {
        self.metadata.load_full()
    }

    /// Changes what its operator says about it; what exists already stays. The caller stores it.
    pub fn set_metadata(&self, metadata: Metadata) {
        let tracing = metadata.tracing;
        self.metadata.store(Arc::new(metadata));
        self.tap(tracing);
    }

    /// Most queues; `None` for no limit.
    #[must_use]
    pub fn queues_max(&self) -> Option<u64> {
        *self.queues_max.lock()
    }

    /// Limits the number of queues; queues that are there stay. The caller stores it.
    pub fn set_queues_max(&self, max: Option<u64>) {
        *self.queues_max.lock() = max;
    }

    /// The queue called `name`.
    ///
    /// # Errors
    /// 404 `NOT_FOUND - no queue 'q' in vhost '/'`, closes the channel.
    pub fn queue(&self, name: &str) -> Result<Arc<QueueHandle>, AmqpError> {
        self.find_queue(name)
            .ok_or_else(|| AmqpError::not_found(format!("no {}", queue_words(name, &self.name))))
    }

    /// The queue called `name`, if there is one.
    #[must_use]
    pub fn find_queue(&self, name: &str) -> Option<Arc<QueueHandle>> {
        self.directory.queue(name)
    }

    /// The queue called `name`; `None` if there is none, or if `name` is not UTF-8.
    #[must_use]
    pub fn queue_named(&self, name: &[u8]) -> Option<Arc<QueueHandle>> {
        self.directory.queue_named(name)
    }

    /// The exchange called `name`.
    ///
    /// # Errors
    /// 404 `NOT_FOUND - no exchange 'x' in vhost '/'`, closes the channel.
    pub fn exchange(&self, name: &str) -> Result<Arc<Exchange>, AmqpError> {
        self.find_exchange(name)
            .ok_or_else(|| AmqpError::not_found(format!("no {}", exchange_words(name, &self.name))))
    }

    /// The exchange that a publisher calls `name`, in any octets.
    ///
    /// # Errors
    /// 404 `NOT_FOUND - no exchange 'x' in vhost '/'`, closes the channel.
    pub(crate) fn exchange_of(&self, name: ShortBytes<'_>) -> Result<Arc<Exchange>, AmqpError> {
        self.directory.exchange_named(&name).ok_or_else(|| {
            let words = exchange_words(&erlang::text(&name), &self.name);
            AmqpError::not_found(format!("no {words}"))
        })
    }

    /// The exchange called `name`, if there is one.
    #[must_use]
    pub fn find_exchange(&self, name: &str) -> Option<Arc<Exchange>> {
        self.directory.exchange(name)
    }

    /// All queues, in no order.
    #[must_use]
    pub fn all_queues(&self) -> Vec<Arc<QueueHandle>> {
        let queues = self.directory.queues.iter();
        queues.map(|queue| Arc::clone(&queue)).collect()
    }

    /// All exchanges, in no order.
    #[must_use]
    pub fn all_exchanges(&self) -> Vec<Arc<Exchange>> {
        self.directory.all_exchanges()
    }

    /// All bindings but the implicit ones of the default exchange, in no order.
    #[must_use]
    pub fn all_bindings(&self) -> Vec<Arc<Binding>> {
        self.topology.lock().all()
    }

    /// How many queues there are.
    #[must_use]
    pub fn queue_count(&self) -> usize {
        self.directory.queues.len()
    }

    /// How many exchanges there are, the predeclared ones too.
    #[must_use]
    pub fn exchange_count(&self) -> usize {
        self.directory.exchanges.len()
    }

    /// A connection has ended: its exclusive queues go (invariant I9).
    pub fn connection_gone(&self, now: Now, connection: ConnectionId) {
        if let Some((_, queues)) = self.exclusive.remove(&connection) {
            self.remove_queues(now, queues.into_values());
        }
    }

    /// The vhost is deleted by a user, with all that is in it and all that the store keeps of it.
    /// The caller tells listeners what is handed out.
    #[must_use]
    pub fn delete_all(&self, now: Now, by: &Author) -> Vec<Change> {
        let mut changes = Vec::new();
        {
            let _topology = self.topology.lock();
            self.is_deleted.store(true, Ordering::Relaxed);
        }
        let (_, gone) = self.take_all_queues(now, by);
        changes.extend(gone);
        let mut removal = Removal::by(by);
        for exchange in self.directory.all_exchanges() {
            let _one_by_one = self.topology.lock();
            self.take_out(&exchange, &mut removal);
        }
        changes.extend(self.finish_untold(removal).1);
        self.let_go(now);
        changes
    }

    /// Takes out every queue, every exchange that was declared and every binding. Connections and
    /// the exchanges that every vhost has stay. Says up to where the store must be durable before
    /// that is for good, and what the caller tells listeners.
    pub fn empty(&self, now: Now, by: &Author) -> (Position, Vec<Change>) {
        let (stored, mut changes) = self.take_all_queues(now, by);
        let mut removal = Removal::by(by);
        for exchange in self.directory.all_exchanges() {
            let _one_by_one = self.topology.lock();
            if exchanges::is_predeclared(&exchange.spec.name) {
                removal.add_bindings_from(&exchange);
            } else {
                self.take_out(&exchange, &mut removal);
            }
        }
        let (until, gone) = self.finish_untold(removal);
        changes.extend(gone);
        (stored.max(until), changes)
    }

    fn take_all_queues(&self, now: Now, by: &Author) -> (Position, Vec<Change>) {
        let mut stored = Position::default();
        let mut changes = Vec::new();
        for queue in self.all_queues() {
            if let Some((_, removal)) = self.take_queue_if(now, by, &queue, |_| true) {
                let (until, gone) = self.finish_untold(removal);
                stored = stored.max(until);
                changes.extend(gone);
            }
        }
        (stored, changes)
    }

    /// The broker stops: what belongs to connections goes with them, what is durable stays in the
    /// store. The vhost is unusable afterwards.
    pub fn let_go(&self, now: Now) {
        self.tap(false);
        let owners: Vec<ConnectionId> = self.exclusive.iter().map(|owner| *owner.key()).collect();
        for owner in owners {
            self.connection_gone(now, owner);
        }
        self.directory.queues.clear();
        let mut topology = self.topology.lock();
        self.directory.exchanges.clear();
        *topology = Topology::default();
    }

    /// Gives the channel a name for replies.
    #[must_use]
    pub fn add_reply_target(&self, mailbox: &Arc<Mailbox>, channel: ChannelId) -> ShortString {
        self.directory.replies.add(mailbox, channel)
    }

    /// The name is no more.
    pub fn remove_reply_target(&self, name: &ShortString) {
        self.directory.replies.remove(name);
    }

    /// The channel behind a name for replies, if `key` is one that this node may have given.
    #[must_use]
    pub fn reply_target(&self, key: &[u8]) -> Option<ReplyTarget> {
        self.directory.replies.find(key)
    }
}

impl Census for Vhost {
    fn queues(&self) -> u64 {
        self.queue_count() as u64
    }

    fn exchanges(&self) -> u64 {
        self.exchange_count() as u64
    }
}

/// Names without the CR and LF that RabbitMQ strips from the names of queues and exchanges in
/// declare, delete, bind and unbind.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/queue/carriage_returns_and_line_feeds_leave_names.amqp.
#[must_use]
pub fn strip_cr_lf(name: &str) -> ShortString {
    let kept: String = name.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    ShortString::new(&kept).unwrap_or_default()
}

impl std::fmt::Debug for Vhost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "vhost '{}'", self.name)
    }
}

#[cfg(test)]
mod tests;
