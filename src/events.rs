//! What happens in a broker passes here, once: fates of messages, and changes of everything else.
//! The seam that metrics, tracing and a message journal hang on. While no listener is there it
//! costs two relaxed loads for each change of a queue; listeners change nothing about how messages
//! go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::ids::Sequence;
pub use crate::ids::{ConnectionId, MessageId, QueueId};
pub use crate::message::Message;

pub(crate) mod audit;
mod author;
mod change;
mod fate;
mod headers;
mod subscription;

pub use author::Author;
pub(crate) use change::process;
pub use change::{Change, ChangeKind};
pub use fate::{CopyId, DeathReason, Event, Fate, Party};
pub use subscription::{Missed, Room, Subscription, Taken, Told};

/// Is told what happens, on the thread where it happened, which waits for it: a listener that may
/// be slow is better a [`Subscription`]. It must not change users, virtual hosts or policies: what
/// becomes of messages while those change is told before the change is complete.
pub trait Listener: Send + Sync {
    /// Something happened to a message.
    fn on_event(&self, _event: &Event) {}

    /// Something else changed.
    fn on_change(&self, _change: &Change) {}
}

/// Who deletes what goes by itself: RabbitMQ's word for the broker.
pub const BROKER: &str = "rmq-internal";

/// What a listener wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Fates of messages. Each one costs time on the thread that it happens on.
    Messages,
    /// Changes of everything else.
    Changes,
    /// Both.
    Everything,
}

impl Interest {
    fn in_messages(self) -> bool {
        self != Self::Changes
    }

    fn in_changes(self) -> bool {
        self != Self::Messages
    }
}

#[derive(Clone)]
struct Entry {
    number: u64,
    interest: Interest,
    listener: Arc<dyn Listener>,
}

/// The seam.
#[derive(Default)]
pub struct Events {
    to_messages: AtomicBool,
    to_changes: AtomicBool,
    listeners: ArcSwap<Vec<Entry>>,
    /// Held while listeners come and go.
    coming: Mutex<u64>,
    messages: Sequence,
    changes: Sequence,
}

/// A listener's place. The listener leaves when it is dropped; a call that has begun on another
/// thread may still end after that.
#[must_use = "the listener leaves when this is dropped"]
pub struct ListenerGuard {
    events: Arc<Events>,
    number: u64,
}

impl Events {
    /// Whether fates of messages are listened to: ask before making an [`Event`].
    #[inline]
    #[must_use]
    pub fn listening(&self) -> bool {
        self.to_messages.load(Ordering::Relaxed)
    }

    /// Whether changes of any kind are listened to.
    #[inline]
    #[must_use]
    pub fn watching(&self) -> bool {
        self.to_changes.load(Ordering::Relaxed)
    }

    /// Whether a change of this kind is to be told, to listeners or to the audit log: ask before
    /// making a [`Change`].
    #[must_use]
    pub fn wants(&self, kind: ChangeKind) -> bool {
        self.watching() || audit::wants(kind)
    }

    /// Adds a listener, until what is returned is dropped.
    pub fn listen(
        self: &Arc<Self>,
        interest: Interest,
        listener: Arc<dyn Listener>,
    ) -> ListenerGuard {
        let mut coming = self.coming.lock();
        *coming += 1;
        let number = *coming;
        let mut listeners = Vec::clone(&self.listeners.load());
        listeners.push(Entry {
            number,
            interest,
            listener,
        });
        let before = self.set(listeners);
        drop(coming);
        drop(before);
        ListenerGuard {
            events: Arc::clone(self),
            number,
        }
    }

    /// Adds a listener that is never in the way: what happens is kept for it in `room`, until it
    /// takes it or leaves.
    #[must_use]
    pub fn subscribe(self: &Arc<Self>, interest: Interest, room: Room) -> Subscription {
        Subscription::new(self, interest, room)
    }

    /// Returns the listeners of before, which are to be dropped without a lock.
    #[must_use]
    fn set(&self, listeners: Vec<Entry>) -> Arc<Vec<Entry>> {
        let any = |wants: fn(Interest) -> bool| listeners.iter().any(|one| wants(one.interest));
        let (messages, changes) = (any(Interest::in_messages), any(Interest::in_changes));
        let before = self.listeners.swap(Arc::new(listeners));
        self.to_messages.store(messages, Ordering::Relaxed);
        self.to_changes.store(changes, Ordering::Relaxed);
        before
    }

    /// Tells every listener to messages.
    pub fn emit(&self, event: &Event) {
        for entry in self.listeners.load().iter() {
            if entry.interest.in_messages() {
                entry.listener.on_event(event);
            }
        }
    }

    /// Tells every listener to changes of each of `changes`. No lock may be held.
    pub fn tell_all(&self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            self.tell(&change);
        }
    }

    /// Tells the audit log and every listener to changes. No lock may be held.
    pub fn tell(&self, change: &Change) {
        audit::say(change);
        for entry in self.listeners.load().iter() {
            if entry.interest.in_changes() {
                entry.listener.on_change(change);
            }
        }
    }

    /// Numbers for `n` messages in a row, by the first of them.
    #[must_use]
    pub fn message_ids(&self, n: usize) -> MessageId {
        MessageId(self.messages.take(n as u64))
    }

    /// The number of a change, to be taken under the lock that orders it.
    #[must_use]
    pub fn next_change(&self) -> u64 {
        self.changes.next()
    }
}

impl Drop for ListenerGuard {
    fn drop(&mut self) {
        let coming = self.events.coming.lock();
        let mut listeners = Vec::clone(&self.events.listeners.load());
        listeners.retain(|entry| entry.number != self.number);
        let before = self.events.set(listeners);
        drop(coming);
        // A listener may own guards of others.
        drop(before);
    }
}

impl std::fmt::Debug for ListenerGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "listener {}", self.number)
    }
}

#[cfg(test)]
mod tests;
