//! The broker at a glance.

use serde::Serialize;

use super::{MessageCounts, Scope};
use crate::desk::Desk;

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ObjectTotals {
    /// Open connections.
    pub connections: usize,
    /// Open channels.
    pub channels: usize,
    /// Exchanges, the predeclared ones too.
    pub exchanges: usize,
    /// Queues.
    pub queues: usize,
    /// Consumers.
    pub consumers: usize,
}

impl Desk {
    /// How many there are of each in `scope`.
    #[must_use]
    pub fn totals(&self, scope: Scope<'_>) -> (ObjectTotals, MessageCounts) {
        let (mut totals, mut counts) = (ObjectTotals::default(), MessageCounts::default());
        for session in self.sessions() {
            if scope.has(session.vhost.name()) {
                let channels = &session.traffic.channels;
                totals.connections += 1;
                totals.channels += channels.load(std::sync::atomic::Ordering::Relaxed);
            }
        }
        for vhost in self.vhosts_of(scope) {
            totals.exchanges += vhost.exchange_count();
            for queue in vhost.all_queues() {
                let (consumers, held) =
                    queue.look(|state| (state.consumer_count(), MessageCounts::of(state)));
                totals.queues += 1;
                totals.consumers += consumers;
                counts = counts.plus(held);
            }
        }
        (totals, counts)
    }
}
