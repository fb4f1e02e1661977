//! Queues: what they were declared as, what is in force, what they hold and have done.

use std::sync::Arc;

use leveret_codec::table::Value;
use serde::Serialize;

use super::channels::{ConsumerView, Place};
use super::listing::{Item, Listed, Listing, PageError, SortKey, select};
use super::{PlainTable, Scope};
use crate::desk::Desk;
use crate::kind::QueueKind;
use crate::policy::Applied;
use crate::queue::{Queue, Stats};
use crate::vhost::{QueueHandle, Vhost};

/// A queue.
#[derive(Clone, Debug, Serialize)]
pub struct QueueView {
    /// Its incarnation: another one after it was deleted and declared again.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its vhost.
    pub vhost: String,
    /// `classic`, `quorum` or `stream`.
    pub kind: &'static str,
    /// Survives a restart.
    pub durable: bool,
    /// Deleted with its last consumer.
    pub auto_delete: bool,
    /// Name, address and port of the connection that it belongs to.
    pub owner: Option<Place>,
    /// Its arguments, with `x-queue-type`.
    pub arguments: PlainTable,
    /// The policy in force.
    pub policy: Option<String>,
    /// The operator policy in force.
    pub operator_policy: Option<String>,
    /// Both merged.
    pub effective_policy: serde_json::Map<String, serde_json::Value>,
    /// What it holds.
    pub counts: MessageCounts,
    /// What it has done since it was made.
    pub stats: Stats,
    /// How many consumers it has.
    pub consumer_count: usize,
    /// The consumers, if they were asked for.
    pub consumers: Vec<ConsumerView>,
    /// How often a message may come back; `None` for no limit.
    pub delivery_limit: Option<u32>,
    /// Octets of memory, roughly.
    pub memory_bytes: usize,
}

/// What a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MessageCounts {
    /// Messages that wait for a consumer.
    pub ready: u64,
    /// Messages delivered and not settled.
    pub unacked: u64,
    /// Dead letters whose delivery is not certain yet (at-least-once).
    pub dead_lettering: u64,
    /// Octets of the bodies that wait.
    pub ready_bytes: u64,
    /// Octets of the bodies delivered and not settled.
    pub unacked_bytes: u64,
}

/// How many messages and consumers a queue has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueCounts {
    /// Messages that wait for a consumer.
    pub ready: u64,
    /// Messages delivered and not settled.
    pub unacked: u64,
    /// Consumers.
    pub consumers: usize,
}

impl MessageCounts {
    pub(super) fn of(queue: &Queue) -> Self {
        Self {
            ready: queue.shown_count(),
            unacked: queue.unacked_count(),
            dead_lettering: queue.dying_count(),
            ready_bytes: queue.ready_bytes(),
            unacked_bytes: queue.unacked_bytes(),
        }
    }

    /// Both together.
    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            ready: self.ready + other.ready,
            unacked: self.unacked + other.unacked,
            dead_lettering: self.dead_lettering + other.dead_lettering,
            ready_bytes: self.ready_bytes + other.ready_bytes,
            unacked_bytes: self.unacked_bytes + other.unacked_bytes,
        }
    }

    /// All messages. A stream's are all ready, whatever was read of them.
    #[must_use]
    pub fn total(&self, kind: QueueKind) -> u64 {
        match kind {
            QueueKind::Stream => self.ready,
            QueueKind::Classic | QueueKind::Quorum => self.ready + self.unacked,
        }
    }
}

/// What queues can be sorted by without building their views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueSort {
    /// Name, whatever the vhost.
    Name,
    /// Vhost, then name.
    Vhost,
    /// Type.
    Kind,
    /// All messages.
    Messages,
    /// Messages that wait.
    Ready,
    /// Messages delivered and not settled.
    Unacked,
    /// Octets of all bodies.
    MessageBytes,
    /// Consumers.
    Consumers,
    /// Octets of memory.
    Memory,
    /// Messages ever published to it.
    Published,
    /// Messages ever delivered or got.
    Delivered,
    /// Messages ever acknowledged.
    Acked,
}

impl QueueSort {
    fn key(self, queue: &QueueHandle) -> SortKey {
        match self {
            Self::Name => SortKey::Text(queue.name().to_string()),
            Self::Vhost => SortKey::Text(queue.declared().vhost.to_string()),
            Self::Kind => SortKey::Text(queue.declared().kind.as_str().to_owned()),
            number => queue.look(|state| number.count(state)).into(),
        }
    }

    fn count(self, queue: &Queue) -> u64 {
        let counts = MessageCounts::of(queue);
        let stats = queue.stats();
        match self {
            Self::Name | Self::Vhost | Self::Kind => 0,
            Self::Messages => counts.total(queue.declared().kind),
            Self::Ready => counts.ready,
            Self::Unacked => counts.unacked,
            Self::MessageBytes => counts.ready_bytes + counts.unacked_bytes,
            Self::Consumers => queue.consumer_count() as u64,
            Self::Memory => queue.memory_bytes() as u64,
            Self::Published => stats.published,
            Self::Delivered => {
                stats.delivered + stats.delivered_no_ack + stats.got + stats.got_no_ack
            }
            Self::Acked => stats.acked,
        }
    }
}

impl Item for (Arc<Vhost>, Arc<QueueHandle>) {
    fn place(&self) -> (&str, &str) {
        (self.0.name(), self.1.name())
    }
}

impl Desk {
    /// The queues of `scope`, without their consumers.
    ///
    /// # Errors
    /// [`PageError::OutOfRange`].
    pub fn queues(
        &self,
        scope: Scope<'_>,
        listing: &Listing<QueueSort>,
    ) -> Result<Listed<QueueView>, PageError> {
        let vhosts = self.vhosts_of(scope);
        let queues_of = |vhost: &Arc<Vhost>| {
            let with_vhost = |queue| (Arc::clone(vhost), queue);
            vhost
                .all_queues()
                .into_iter()
                .map(with_vhost)
                .collect::<Vec<_>>()
        };
        let all = vhosts.iter().flat_map(queues_of).collect();
        let listed = select(all, listing, |(_, queue), sort| sort.key(queue))?;
        Ok(listed.map(|(vhost, queue)| self.queue_view(&vhost, &queue, Vec::new())))
    }

    /// One queue with its consumers.
    #[must_use]
    pub fn queue(&self, vhost: &str, name: &str) -> Option<QueueView> {
        let vhost = self.find_vhost(vhost)?;
        let queue = vhost.find_queue(name)?;
        let consumers = self.consumers_of(&queue);
        Some(self.queue_view(&vhost, &queue, consumers))
    }

    /// What one queue holds.
    #[must_use]
    pub fn queue_counts(&self, vhost: &str, name: &str) -> Option<QueueCounts> {
        let queue = self.find_vhost(vhost)?.find_queue(name)?;
        Some(queue.look(|state| QueueCounts {
            ready: state.shown_count(),
            unacked: state.unacked_count(),
            consumers: state.consumer_count(),
        }))
    }

    fn queue_view(
        &self,
        vhost: &Vhost,
        queue: &QueueHandle,
        consumers: Vec<ConsumerView>,
    ) -> QueueView {
        let declared = queue.declared();
        let Applied {
            policy,
            operator_policy,
            definition,
        } = vhost.queue_policy(declared);
        let mut arguments = declared.arguments.table().clone();
        if arguments.get("x-queue-type").is_none() {
            let kind = declared.kind.as_str().as_bytes().to_vec();
            arguments.insert("x-queue-type", Value::LongStr(kind));
        }
        let owner = declared.exclusive.and_then(|owner| self.place_of(owner));
        queue.look(|state| QueueView {
            id: queue.id().0,
            name: declared.name.to_string(),
            vhost: declared.vhost.to_string(),
            kind: declared.kind.as_str(),
            durable: declared.durable,
            auto_delete: declared.auto_delete,
            owner,
            arguments: PlainTable(arguments),
            policy,
            operator_policy,
            effective_policy: definition,
            counts: MessageCounts::of(state),
            stats: state.stats(),
            consumer_count: state.consumer_count(),
            consumers,
            delivery_limit: state.limits().delivery_limit,
            memory_bytes: state.memory_bytes(),
        })
    }
}
