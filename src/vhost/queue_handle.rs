//! A queue with its lock: the only way to a [`Queue`] for everybody outside of `queue`.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use leveret_codec::types::ShortString;
use parking_lot::{Mutex, MutexGuard};

use super::read_back::read_all;
use crate::clock::Now;
use crate::clock::timers::Timed;
use crate::env::Environment;
use crate::error::{AmqpError, queue_words};
use crate::ids::{ConnectionId, QueueId};
use crate::kind::QueueKind;
use crate::mail::Resume;
use crate::queue::{Declared, Effects, Queue};
use crate::store::Recovered;

/// Which of a queue's messages are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storing {
    /// None.
    Nothing,
    /// Those that say they are persistent.
    Persistent,
    /// All.
    Everything,
}

impl Storing {
    /// Whether a message is stored.
    #[inline]
    #[must_use]
    pub fn wants(self, persistent: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Persistent => persistent,
            Self::Everything => true,
        }
    }
}

/// Does what a queue wants done elsewhere: its vhost.
pub(super) trait Aftermath: Send + Sync {
    /// Does what `effects` of `queue` ask for, with no lock held.
    fn absorb(self: Arc<Self>, now: Now, queue: Arc<QueueHandle>, effects: Effects);
}

/// A declared queue. Shared as `Arc`; stays usable for late settlements after its deletion.
pub struct QueueHandle {
    id: QueueId,
    declared: Arc<Declared>,
    queue: Mutex<Queue>,
    deleted: AtomicBool,
    env: Arc<Environment>,
    vhost: Weak<dyn Aftermath>,
    me: Weak<QueueHandle>,
}

impl QueueHandle {
    pub(super) fn new(
        env: &Arc<Environment>,
        vhost: &Weak<dyn Aftermath>,
        id: QueueId,
        declared: Declared,
        now: Now,
    ) -> Arc<Self> {
        let declared = Arc::new(declared);
        Arc::new_cyclic(|me: &Weak<QueueHandle>| {
            let resume: Weak<dyn Resume> = me.clone();
            let mut queue = Queue::new(Arc::clone(&declared), id, resume, now);
            if let Some(bodies) = env.bodies() {
                queue.page_to(bodies);
            }
            Self {
                id,
                declared,
                queue: Mutex::new(queue),
                deleted: AtomicBool::new(false),
                env: Arc::clone(env),
                vhost: Weak::clone(vhost),
                me: Weak::clone(me),
            }
        })
    }

    /// Its incarnation.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ShortString {
        &self.declared.name
    }

    /// What it was declared with.
    #[must_use]
    pub fn declared(&self) -> &Declared {
        &self.declared
    }

    /// `queue 'q' in vhost '/'`.
    #[must_use]
    pub fn words(&self) -> String {
        queue_words(&self.declared.name, &self.declared.vhost)
    }

    /// Which messages must be stored: all of them in quorum queues and streams, the persistent
    /// ones in durable classic queues.
    #[must_use]
    pub fn storing(&self) -> Storing {
        match self.declared.kind {
            QueueKind::Classic if self.declared.durable => Storing::Persistent,
            QueueKind::Classic => Storing::Nothing,
            QueueKind::Quorum | QueueKind::Stream => Storing::Everything,
        }
    }

    /// Whether a message must be stored.
    #[must_use]
    pub fn stores(&self, persistent: bool) -> bool {
        self.storing().wants(persistent)
    }

    /// Whether the queue is gone; what it still holds is only unsettled deliveries of others.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    pub(super) fn mark_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
    }

    /// Fails with 405 if the queue is exclusive to another connection, or to any for an asker that
    /// has none.
    ///
    /// # Errors
    /// 405 `RESOURCE_LOCKED`, closes the channel.
    ///
    /// Seen: RabbitMQ 3.10.8 and 4.3.6.
    pub fn check_owner(&self, connection: Option<ConnectionId>) -> Result<(), AmqpError> {
        match self.declared.exclusive {
            Some(owner) if Some(owner) != connection => Err(self.locked()),
            _ => Ok(()),
        }
    }

    /// The 405 of a queue that belongs to another connection, or whose exclusive flag differs.
    #[must_use]
    pub fn locked(&self) -> AmqpError {
        AmqpError::resource_locked(format!(
            "cannot obtain exclusive access to locked {}. It could be originally declared on \
             another connection or the exclusive property value does not match that of the \
             original declaration.",
            self.words()
        ))
    }

    /// Runs `work` under the queue's lock, then does what follows from it without the lock:
    /// dead letters, store, timers, deletion.
    pub fn with<R>(&self, now: Now, work: impl FnOnce(&mut Queue, &mut Effects) -> R) -> R {
        let (result, effects) = self.with_deferred(work);
        self.absorb(now, effects);
        result
    }

    /// Like [`QueueHandle::with`], for callers that hold the topology lock: they give the effects
    /// to [`QueueHandle::absorb`] when they no longer do.
    pub(super) fn with_deferred<R>(
        &self,
        work: impl FnOnce(&mut Queue, &mut Effects) -> R,
    ) -> (R, Effects) {
        let listening = self.env.events.listening();
        let mut effects = Effects::new(listening);
        let result = work(&mut self.queue.lock(), &mut effects);
        (result, effects)
    }

    /// Locks the queue until the guard is dropped; only then the effects may be given to
    /// [`QueueHandle::absorb`].
    pub(super) fn hold(&self) -> (MutexGuard<'_, Queue>, Effects) {
        let effects = Effects::new(self.env.events.listening());
        (self.queue.lock(), effects)
    }

    /// The end of every change of the queue.
    pub(super) fn absorb(&self, now: Now, effects: Effects) {
        self.env.changes.ring();
        if !effects.is_empty()
            && let (Some(vhost), Some(me)) = (self.vhost.upgrade(), self.me.upgrade())
        {
            vhost.absorb(now, me, effects);
        }
    }

    /// Takes stored messages back at start.
    pub(super) fn restore(&self, now: Now, recovered: &[Recovered]) {
        let mut queue = self.queue.lock();
        if queue.restores_unread() {
            queue.restore(now, recovered);
        } else {
            read_all(&self.env, self.id, recovered, &mut |recovered, message| {
                queue.restore_message(now, recovered, message);
            });
        }
    }

    /// Reads under the lock.
    pub fn look<R>(&self, work: impl FnOnce(&Queue) -> R) -> R {
        work(&self.queue.lock())
    }
}

impl Resume for QueueHandle {
    fn resume(&self, now: Now) {
        self.with(now, |queue, effects| queue.resume(now, effects));
    }
}

impl Timed for QueueHandle {
    fn on_deadline(&self, now: Now) {
        if !self.is_deleted() {
            self.with(now, |queue, effects| queue.on_deadline(now, effects));
        }
    }
}

impl PartialEq for QueueHandle {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for QueueHandle {}

impl Hash for QueueHandle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl std::fmt::Debug for QueueHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} #{}", self.words(), self.id)
    }
}
