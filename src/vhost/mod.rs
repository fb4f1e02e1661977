//! A virtual host: who owns and locks what. The only module that knows.
//!
//! | what | guarded by | held while |
//! |---|---|---|
//! | bindings, changes of exchanges and queues | `topology` (mutex) | one of these changes |
//! | policies | a `RwLock`; to change them `topology` too | read: a declare; write: a change |
//! | an exchange's router | its own `RwLock` | read: one routing step; write: one bind or unbind |
//! | a queue | its own mutex, in [`QueueHandle`] | one batch of pushes or settlements |
//! | a connection's mailbox | its own mutex | a post |
//!
//! Order: topology, then a router or a queue, then a mailbox; never two queues at once, but for
//! streams that a message goes to, which are taken in the order of their numbers. No lock is held
//! across an await, because nothing here awaits. What a queue wants done elsewhere comes out
//! as `Effects` and is done by `absorb` with no lock held, in a loop, not by recursion.
//!
//! Publishers read routers under a read lock that nobody holds for longer than a bind; channels
//! also keep the last answer for a key until [`Vhost::generation`] changes.
//!
//! Invariants: I2, I3, I9 (with the queue). Source: AMQP 0-9-1 sections 1.4 and 2.1; RabbitMQ 4.3.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use dashmap::DashMap;

use leveret_codec::types::ShortString;
use parking_lot::{Mutex, RwLock};

use crate::clock::Now;
use crate::env::{Census, Environment};
use crate::error::{AmqpError, exchange_words, queue_words};
use crate::ids::ConnectionId;
use crate::kind::QueueKind;
use crate::policy::Policies;

mod absorb;
mod delayed;
mod exchanges;
mod placing;
mod policies;
mod queue_handle;
mod queues;
mod reply_to;
mod restore;
mod routing;

pub use exchanges::check_not_default;
pub use placing::{Answer, Placed, Publishes, Question, Routes, Target, only_queue};
pub use queue_handle::{QueueHandle, Storing};
pub use queues::{DeleteIf, QueueSpec, RESERVED_PREFIX, generated_name};
pub use reply_to::{REPLY_TO, ReplyTarget, is_reply_queue};
pub use restore::{Owners, RestoreError};
pub use routing::{Destination, DestinationName, Exchange, ExchangeSpec};

use delayed::Removed;
use reply_to::ReplyTargets;
use routing::Topology;

/// A virtual host.
pub struct Vhost {
    name: ShortString,
    me: Weak<Vhost>,
    env: Arc<Environment>,
    queues: DashMap<ShortString, Arc<QueueHandle>>,
    exchanges: DashMap<ShortString, Arc<Exchange>>,
    topology: Mutex<Topology>,
    generation: AtomicU64,
    /// Exclusive queues of each connection that has any.
    exclusive: DashMap<ConnectionId, Vec<Arc<QueueHandle>>>,
    replies: ReplyTargets,
    limits: Mutex<Limits>,
    policies: RwLock<Policies>,
}

/// Limits that an operator may set on a vhost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most queues; `None` for no limit.
    pub queues_max: Option<u64>,
    /// What a queue is when its declare does not say; `None` for the broker's default.
    pub default_queue_type: Option<QueueKind>,
}

impl Vhost {
    /// A vhost with its predeclared exchanges.
    #[must_use]
    pub fn new(name: ShortString, env: &Arc<Environment>) -> Arc<Self> {
        let vhost = Arc::new_cyclic(|me| Self {
            name,
            me: Weak::clone(me),
            env: Arc::clone(env),
            queues: DashMap::new(),
            exchanges: DashMap::new(),
            topology: Mutex::default(),
            generation: AtomicU64::new(1),
            exclusive: DashMap::new(),
            replies: ReplyTargets::default(),
            limits: Mutex::default(),
            policies: RwLock::default(),
        });
        vhost.predeclare();
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
        self.generation.load(Ordering::Acquire)
    }

    fn topology_changed(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The vhost's limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        *self.limits.lock()
    }

    /// Sets the vhost's limits; what exists already stays.
    pub fn set_limits(&self, limits: Limits) {
        *self.limits.lock() = limits;
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
        self.queues.get(name).map(|queue| Arc::clone(&queue))
    }

    /// The exchange called `name`.
    ///
    /// # Errors
    /// 404 `NOT_FOUND - no exchange 'x' in vhost '/'`, closes the channel.
    pub fn exchange(&self, name: &str) -> Result<Arc<Exchange>, AmqpError> {
        self.find_exchange(name)
            .ok_or_else(|| AmqpError::not_found(format!("no {}", exchange_words(name, &self.name))))
    }

    /// The exchange called `name`, if there is one.
    #[must_use]
    pub fn find_exchange(&self, name: &str) -> Option<Arc<Exchange>> {
        self.exchanges
            .get(name)
            .map(|exchange| Arc::clone(&exchange))
    }

    /// All queues, in no order.
    #[must_use]
    pub fn all_queues(&self) -> Vec<Arc<QueueHandle>> {
        self.queues.iter().map(|queue| Arc::clone(&queue)).collect()
    }

    /// How many queues there are.
    #[must_use]
    pub fn queue_count(&self) -> usize {
        self.queues.len()
    }

    /// How many exchanges there are, the predeclared ones too.
    #[must_use]
    pub fn exchange_count(&self) -> usize {
        self.exchanges.len()
    }

    /// A connection has ended: its exclusive queues go (invariant I9).
    pub fn connection_gone(&self, now: Now, connection: ConnectionId) {
        let Some((_, queues)) = self.exclusive.remove(&connection) else {
            return;
        };
        for queue in queues {
            self.remove_queue(now, &queue);
        }
    }

    /// The vhost is deleted, with all that is in it and all that the store keeps of it.
    pub fn delete_all(&self, now: Now) {
        self.forget_policies();
        for queue in self.all_queues() {
            self.remove_queue(now, &queue);
        }
        let names = self.exchanges.iter().map(|exchange| exchange.key().clone());
        let names: Vec<ShortString> = names.collect();
        let mut removed = Removed::default();
        self.remove_exchanges(&mut self.topology.lock(), names, &mut removed);
        removed.finish();
        self.let_go(now);
    }

    /// The broker stops: what belongs to connections goes with them, what is durable stays in the
    /// store, and nothing must keep itself alive in a circle. The vhost is unusable afterwards.
    pub fn let_go(&self, now: Now) {
        let owners: Vec<ConnectionId> = self.exclusive.iter().map(|owner| *owner.key()).collect();
        for owner in owners {
            self.connection_gone(now, owner);
        }
        self.queues.clear();
        let mut topology = self.topology.lock();
        for exchange in self.exchanges.iter() {
            exchange.forget_bindings();
        }
        self.exchanges.clear();
        *topology = Topology::default();
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
/// Seen: RabbitMQ 4.3.6.
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
