//! Queues whose delivery an operator pauses. A pause lasts until it is ended, or until the broker
//! stops: it is not stored.

use super::Vhost;
use super::queue_handle::QueueHandle;
use crate::clock::Now;
use crate::events::{Author, ChangeKind};

impl Vhost {
    /// Pauses the delivery of `queue` for the user `by`, or ends the pause, and tells listeners and
    /// the log if that changed anything.
    pub fn pause_queue(&self, now: Now, by: &Author, queue: &QueueHandle, is_paused: bool) {
        let kind = match is_paused {
            true => ChangeKind::QueuePaused,
            false => ChangeKind::QueueResumed,
        };
        let change = queue.with(now, |state, effects| {
            let has_changed = state.pause(now, is_paused, effects);
            // While the queue is locked, so that the order of changes is that of the pauses.
            let told = has_changed.then(|| self.queue_change(kind, by, queue.declared()));
            told.flatten()
        });
        self.env.events.tell_all(change);
    }
}
