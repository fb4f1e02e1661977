//! The broker at a glance.

use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use super::{MessageCounts, Scope};
use crate::desk::Desk;
use crate::queue::DeathTotals;
use crate::tally::Turnover;

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

/// How often things came and went since the broker started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Churn {
    /// Connections opened.
    pub connections_opened: u64,
    /// Connections closed.
    pub connections_closed: u64,
    /// Channels opened.
    pub channels_opened: u64,
    /// Channels closed.
    pub channels_closed: u64,
    /// Queue declares, those of queues that were there too.
    pub queues_declared: u64,
    /// Queues made.
    pub queues_created: u64,
    /// Queues deleted.
    pub queues_deleted: u64,
}

/// What is counted of the broker, or of some of its vhosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// How many there are of each.
    pub objects: ObjectTotals,
    /// What all queues hold.
    pub counts: MessageCounts,
    /// What went through.
    pub turnover: Turnover,
    /// How often things came and went, whatever their vhost.
    pub churn: Churn,
}

impl Desk {
    /// What is counted in `scope`.
    #[must_use]
    pub fn overview(&self, scope: Scope<'_>) -> Overview {
        let (objects, counts) = self.totals(scope);
        Overview {
            objects,
            counts,
            turnover: self.turnover(scope),
            churn: self.churn(),
        }
    }

    /// How often things came and went since the broker started.
    #[must_use]
    pub fn churn(&self) -> Churn {
        let (connections_opened, connections_closed) = self.counts.connection_churn();
        let (channels_opened, channels_closed) = self.counts.channel_churn();
        let queues = &self.env.queue_churn;
        Churn {
            connections_opened,
            connections_closed,
            channels_opened,
            channels_closed,
            queues_declared: queues.declared.load(Relaxed),
            queues_created: queues.created.load(Relaxed),
            queues_deleted: queues.deleted.load(Relaxed),
        }
    }

    /// How many messages died since the broker started, by type of queue and strategy.
    #[must_use]
    pub fn deaths(&self) -> [DeathTotals; 5] {
        self.env.deaths.totals()
    }

    /// How many there are of each in `scope`.
    #[must_use]
    pub fn totals(&self, scope: Scope<'_>) -> (ObjectTotals, MessageCounts) {
        let (mut totals, mut counts) = (ObjectTotals::default(), MessageCounts::default());
        for session in self.sessions() {
            if scope.has(session.vhost.name()) {
                totals.connections += 1;
                totals.channels += session.traffic.channels();
            }
        }
        for vhost in self.vhosts_of(scope) {
            totals.exchanges += vhost.exchange_count();
            for queue in vhost.all_queues() {
                let (consumers, held) =
                    queue.look(|state| (state.consumer_count(), MessageCounts::shown(state)));
                totals.queues += 1;
                totals.consumers += consumers;
                counts = counts.plus(held);
            }
        }
        (totals, counts)
    }
}
