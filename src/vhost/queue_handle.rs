//! A queue with its lock: other modules reach a [`Queue`] through it alone.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use leveret_codec::types::ShortString;
use parking_lot::Mutex;

use super::leftover::{Leftover, Next};
use super::placing::Publishers;
use super::read_back::read_all;
use super::shared_queue::{LockedQueue, SharedQueue};
use super::storing::Storing;
use crate::clock::Now;
use crate::clock::timers::Timed;
use crate::env::{Environment, TouchedQueue};
use crate::error::{AmqpError, queue_words};
use crate::events::CopyId;
use crate::ids::{ConnectionId, QueueId};
use crate::kind::QueueKind;
use crate::mail::Resume;
use crate::queue::{Amounts, DeadLetter, Declared, Effects, Queue};
use crate::store::Recovered;
use crate::turns::{self, Left, OnBehalf, Work};

/// Does what a queue wants done elsewhere: its vhost.
pub(super) trait Aftermath: Send + Sync {
    /// Does what `effects` of `queue` ask for, with no lock held.
    fn absorb(self: Arc<Self>, now: Now, queue: Arc<QueueHandle>, effects: Effects);

    /// Publishes a dead letter of `queue`, with no lock held.
    fn bury(&self, now: Now, queue: &Arc<QueueHandle>, letter: DeadLetter);
}

/// A declared queue. Shared as `Arc`; stays usable for late settlements after its deletion.
///
/// In this order: what lists ask of every queue is beside the count of its owners.
#[repr(C)]
pub struct QueueHandle {
    queue: SharedQueue,
    id: QueueId,
    declared: Arc<Declared>,
    /// What it has left, as long as it waits for a turn or has one.
    left: Mutex<Option<Box<Leftover>>>,
    /// Held by the thread that works it off: dead letters keep their order.
    working_off: Mutex<()>,
    deleted: AtomicBool,
    /// Channels that publish to it, once one has.
    publishers: OnceLock<Arc<Publishers>>,
    /// It is noted as changed, while a sampler is at work.
    touched: AtomicBool,
    /// How many events listeners were told of.
    events: AtomicU64,
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
                queue: SharedQueue::new(queue),
                id,
                declared,
                left: Mutex::default(),
                working_off: Mutex::default(),
                deleted: AtomicBool::new(false),
                publishers: OnceLock::new(),
                touched: AtomicBool::new(false),
                events: AtomicU64::new(0),
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

    /// What a copy in it is called.
    #[must_use]
    pub fn copy_id(&self, position: u64) -> CopyId {
        CopyId {
            queue: self.id,
            position,
        }
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
        // Made here if no channel has asked for them: one that asks now gets these.
        self.publishers().end();
    }

    /// The channels that publish to it.
    pub(super) fn publishers(&self) -> &Arc<Publishers> {
        self.publishers.get_or_init(|| Publishers::of(self))
    }

    /// How many channels that are open have published to it.
    #[must_use]
    pub fn publisher_count(&self) -> u64 {
        let publishers = self.publishers.get();
        publishers.map_or(0, |publishers| publishers.count())
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
        let mut effects = self.effects();
        let mut queue = self.queue.lock();
        let result = work(&mut queue, &mut effects);
        self.number(&mut effects);
        drop(queue);
        (result, effects)
    }

    /// Says where what listeners are told comes in its order, while the queue's lock is held.
    #[inline]
    pub(super) fn number(&self, effects: &mut Effects) {
        if effects.heard.is_some() {
            self.number_heard(effects);
        }
    }

    #[cold]
    fn number_heard(&self, effects: &mut Effects) {
        let n = effects.fates() as u64;
        effects.number(self.events.fetch_add(n, Ordering::Relaxed) + 1);
        for change in effects
            .heard
            .iter_mut()
            .flat_map(|heard| &mut heard.consumers)
        {
            change.order = self.env.events.next_change();
        }
    }

    /// Locks the queue until the guard is dropped; only then the effects may be given to
    /// [`QueueHandle::absorb`].
    pub(super) fn lock(&self) -> (LockedQueue<'_>, Effects) {
        let effects = self.effects();
        (self.queue.lock(), effects)
    }

    #[inline]
    fn effects(&self) -> Effects {
        let events = &self.env.events;
        let mut effects = Effects::new(events.listening(), events.watching());
        if turns::is_open() {
            effects.bound();
        }
        effects
    }

    /// The end of every change of the queue.
    pub(super) fn absorb(&self, now: Now, effects: Effects) {
        turns::spend(effects.steps() as usize);
        self.env.changes.ring();
        if self.env.touched.is_watched() {
            self.touch();
        }
        if !effects.is_empty()
            && let (Some(vhost), Some(me)) = (self.vhost.upgrade(), self.me.upgrade())
        {
            vhost.absorb(now, me, effects);
        }
    }

    #[cold]
    fn touch(&self) {
        if !self.touched.swap(true, Ordering::AcqRel) {
            self.env.touched.note(TouchedQueue {
                id: self.id,
                vhost: self.declared.vhost.clone(),
                name: self.declared.name.clone(),
            });
        }
    }

    /// The queue is looked at: what changes from now on is noted again.
    pub(crate) fn untouch(&self) {
        // With a store alone this thread could still read from before a change whose thread found
        // the queue noted.
        self.touched.swap(false, Ordering::AcqRel);
    }

    /// Whether dead letters of this queue wait for a turn, so that others come behind them.
    pub(super) fn has_left(&self) -> bool {
        self.left.lock().is_some()
    }

    /// Leaves dead letters for later turns, behind those that were left before.
    pub(super) fn leave_letters(&self, letters: std::vec::IntoIter<DeadLetter>) {
        let debt = turns::owe();
        self.leave(|left| left.add_letters(letters, debt));
    }

    /// Leaves what is due in the queue now for a later turn.
    pub(super) fn leave_deadline(&self) {
        self.leave(Leftover::make_due);
    }

    /// The same, as the debt of the one this thread works for. Another thread may have begun with
    /// what is due; the debt is paid when the queue has nothing due any more.
    pub(super) fn owe_deadline(&self) {
        let debt = turns::owe();
        self.leave(|left| left.owe_due(debt));
    }

    fn leave(&self, add: impl FnOnce(&mut Leftover)) {
        let mut left = self.left.lock();
        let is_first = left.is_none();
        add(left.get_or_insert_default());
        drop(left);
        if is_first && let Some(me) = self.me.upgrade() {
            self.env.turns.leave(me);
        }
    }

    /// Takes what comes next of what is left; `None` once that is nothing, and the queue waits for
    /// turns no more.
    fn next_left(&self) -> Option<Next> {
        let mut slot = self.left.lock();
        let left = slot.as_mut()?;
        let next = left.next();
        if next.is_none() {
            *slot = None;
        }
        next
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
        self.queue.look(work)
    }

    /// How many messages it holds, mostly read without its lock.
    #[must_use]
    pub(crate) fn amounts(&self) -> Amounts {
        self.queue.amounts()
    }
}

impl Resume for QueueHandle {
    fn resume(&self, now: Now) {
        self.with(now, |queue, effects| queue.resume(now, effects));
    }
}

impl Work for QueueHandle {
    fn turn(&self, now: Now) -> Left {
        match self.working_off.try_lock() {
            Some(_working) => self.work_off(now, usize::MAX),
            // A thread outside of a turn is about it. What comes behind its end needs this turn.
            None => Left::More,
        }
    }
}

impl Timed for QueueHandle {
    /// Messages that expire wait until those that died before have arrived elsewhere: each of them
    /// is in a queue.
    fn on_deadline(&self, now: Now) {
        if !turns::is_open() {
            let _working = self.working_off.lock();
            self.work_off(now, self.how_many_left());
        } else if let Some(left) = &mut *self.left.lock() {
            left.make_due();
            return;
        }
        self.act_on_deadline(now);
    }
}

impl QueueHandle {
    fn act_on_deadline(&self, now: Now) {
        if !self.is_deleted() {
            self.with(now, |queue, effects| queue.on_deadline(now, effects));
        }
    }

    /// Outside of a turn what is left is done at once, unless a thread is about it already. What
    /// comes meanwhile has turns: publishers can add as fast as it is done.
    pub(super) fn finish_left(&self, now: Now) {
        if !turns::is_open()
            && let Some(_working) = self.working_off.try_lock()
        {
            self.work_off(now, self.how_many_left());
        }
    }

    /// How many dead letters are left, and a deadline.
    fn how_many_left(&self) -> usize {
        let left = self.left.lock();
        left.as_ref().map_or(0, |left| left.letters()) + 1
    }

    /// Does what is left, `most` of it and as much as a turn has room for.
    fn work_off(&self, now: Now, most: usize) -> Left {
        let (Some(vhost), Some(me)) = (self.vhost.upgrade(), self.me.upgrade()) else {
            return Left::Nothing;
        };
        for _ in 0..most {
            if turns::is_over() {
                break;
            }
            match self.next_left() {
                None => return Left::Nothing,
                Some(Next::Letter(letter, debt)) => {
                    let _behalf = OnBehalf::of(Some(&debt));
                    vhost.bury(now, &me, letter);
                }
                Some(Next::Deadline) => {
                    self.act_on_deadline(now);
                    if let Some(left) = &mut *self.left.lock() {
                        left.owe_line();
                    }
                }
            }
        }
        Left::More
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
