//! Connections that wait for the store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::Desk;
use crate::alarms::Alarm;
use crate::mail::{Mail, Mailbox};
use crate::store::{DurableWatch, Position, Store, Trouble};
use crate::sync::Mutex;

/// See the module.
pub(super) struct Waiters {
    store: Arc<dyn Store>,
    /// Who, and how far the store must be for them.
    list: Mutex<Vec<(Position, Weak<Mailbox>)>>,
    /// There are other threads for the connections of one that is held up by the disk.
    has_helpers: AtomicBool,
}

impl Waiters {
    pub(super) fn new(store: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            list: Mutex::default(),
            has_helpers: AtomicBool::default(),
        })
    }

    /// The position up to which the store is durable.
    pub(super) fn durable(&self) -> Position {
        self.store.durable()
    }

    /// Tells `mailbox` once the store is durable up to `position`; at once if it is already.
    pub(super) fn add(&self, mailbox: &Arc<Mailbox>, position: Position) {
        // In the list before the store is asked: it may get there in between, and tells the list.
        let waits = (position, Arc::downgrade(mailbox));
        self.list.lock().push(waits);
        self.tell(self.store.durable());
    }

    /// Tells the connections whose position is reached, and no others: most of what moves the
    /// position are settlements, which no connection waits for.
    pub(super) fn tell(&self, durable: Position) {
        let reached: Vec<_> = {
            let mut list = self.list.lock();
            // Those that are gone are dropped too, or they would heap up while nothing is stored.
            let is_done = |(position, mailbox): &mut (Position, Weak<Mailbox>)| {
                *position <= durable || mailbox.strong_count() == 0
            };
            list.extract_if(.., is_done).collect()
        };
        for mailbox in reached.iter().filter_map(|(_, mailbox)| mailbox.upgrade()) {
            mailbox.post(Mail::Durable(durable));
        }
    }

    /// Connections are served by so many threads.
    pub(super) fn serve_with(&self, threads: usize) {
        self.has_helpers.store(threads > 1, Ordering::Relaxed);
    }

    /// Commits on this thread, if the caller is the only one to wait.
    pub(super) fn commit_here(&self, position: Position) -> bool {
        self.has_helpers.load(Ordering::Relaxed)
            && self.is_empty()
            && self.store.commit_here(position)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.lock().is_empty()
    }

    /// Forgets every connection.
    pub(super) fn clear(&self) {
        self.list.lock().clear();
    }
}

/// Passes the store's progress on to the connections that wait for it.
pub(super) struct Watch(pub(super) Weak<Desk>);

impl DurableWatch for Watch {
    fn on_durable(&self, position: Position) {
        let Some(desk) = self.0.upgrade() else { return };
        desk.waiting.tell(position);
        desk.env.changes.ring();
    }

    fn on_trouble(&self, trouble: Option<Trouble>) {
        let Some(desk) = self.0.upgrade() else {
            return;
        };
        desk.set_alarm(Alarm::Store, trouble.is_some());
    }
}
