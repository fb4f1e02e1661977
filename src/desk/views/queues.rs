//! Queues: what they were declared as, what is in force, what they hold and have done.

use std::sync::Arc;

use leveret_codec::table::Value;
use serde::Serialize;

use super::channels::{ConsumerView, Place};
use super::listing::{Item, Listed, Listing, PageError, SortKey, select};
use super::{IDLE_AFTER_MS, PlainTable, Scope};
use crate::clock::Now;
use crate::desk::Desk;
use crate::kind::QueueKind;
use crate::policy::Applied;
use crate::queue::{Counts, Queue, Stats};
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
    /// Belongs to one connection, and goes with it.
    pub exclusive: bool,
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
    /// When anything last happened to it, in milliseconds since 1970, if that is a second ago or
    /// more. Classic queues alone say so.
    pub idle_since_ms: Option<u64>,
    /// The `timestamp` property of the message that leaves next, in seconds since 1970. Classic
    /// queues alone say so.
    pub head_timestamp: Option<u64>,
    /// What only quorum queues show.
    pub quorum: Option<QuorumView>,
    /// What only streams show.
    pub stream: Option<StreamView>,
    /// How many consumers it has.
    pub consumer_count: usize,
    /// The share of the time in which its consumers could have taken more messages, lately: 0 to 1;
    /// 0 without consumers. RabbitMQ calls it `consumer_utilisation`, too. `None` for a stream.
    pub consumer_capacity: Option<f64>,
    /// The tag of the consumer that has the queue for itself.
    pub exclusive_consumer_tag: Option<String>,
    /// The tag of the consumer that is the active one, where only one is.
    pub single_active_consumer_tag: Option<String>,
    /// Whether an operator has paused its delivery.
    pub paused: bool,
    /// The consumers, if they were asked for.
    pub consumers: Vec<ConsumerView>,
    /// How often a message may come back; `None` for no limit.
    pub delivery_limit: Option<u32>,
    /// Octets of memory, roughly.
    pub memory_bytes: usize,
}

/// What only a quorum queue shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QuorumView {
    /// Priorities of ready messages, and how many have each; those that came back are not in.
    pub by_priority: Vec<(u8, u64)>,
    /// Ready messages that came back. They leave first, whatever their priority.
    pub returned: u64,
    /// Channels that are open and have published to it.
    pub publishers: u64,
}

/// What only a stream shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamView {
    /// Segments, of which retention takes the oldest.
    pub segments: usize,
    /// When its oldest message was published, in milliseconds since 1970; 0 without messages.
    pub first_timestamp_ms: u64,
}

/// What a queue holds. Octets are those of bodies, and in a quorum queue those of the properties
/// too that messages were published with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MessageCounts {
    /// Messages that wait for a consumer.
    pub ready: u64,
    /// Messages delivered and not settled.
    pub unacked: u64,
    /// Dead letters whose delivery is not certain yet (at-least-once).
    pub dead_lettering: u64,
    /// Messages, wherever they are, that survive a restart: all in quorum queues and streams, the
    /// persistent ones in durable classic queues.
    pub persistent: u64,
    /// Ready messages that are on disk alone. All others are in memory, also if they are stored.
    pub paged_out: u64,
    /// Octets of those that wait.
    pub ready_bytes: u64,
    /// Octets of those delivered and not settled.
    pub unacked_bytes: u64,
    /// Octets of the dead letters whose delivery is not certain yet.
    pub dead_lettering_bytes: u64,
    /// Octets of those that survive a restart.
    pub persistent_bytes: u64,
    /// Octets of those that are on disk alone.
    pub paged_out_bytes: u64,
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
    pub(in crate::desk) fn of(queue: &Queue) -> Self {
        let Counts {
            ready,
            unacked,
            stored,
            paged_out,
            dying,
        } = queue.counts();
        Self {
            ready: ready.messages,
            unacked: unacked.messages,
            dead_lettering: dying.messages,
            persistent: stored.plus(dying).messages,
            paged_out: paged_out.messages,
            ready_bytes: ready.bytes,
            unacked_bytes: unacked.bytes,
            dead_lettering_bytes: dying.bytes,
            persistent_bytes: stored.plus(dying).bytes,
            paged_out_bytes: paged_out.bytes,
        }
    }

    /// What RabbitMQ shows of it: all messages of a stream are ready.
    pub(in crate::desk) fn shown(queue: &Queue) -> Self {
        let counts = Self::of(queue);
        let unacked = match queue.declared().kind {
            QueueKind::Stream => 0,
            QueueKind::Classic | QueueKind::Quorum => counts.unacked,
        };
        Self { unacked, ..counts }
    }

    /// All messages, those that wait, and those delivered and not settled. Dead letters that must
    /// arrive are among the first alone.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/http/stats/dead_letters.http.
    pub(crate) fn lengths(&self) -> [u64; 3] {
        let all = self.ready + self.unacked + self.dead_lettering;
        [all, self.ready, self.unacked]
    }

    /// Octets of all messages.
    pub(crate) fn bytes(&self) -> u64 {
        self.ready_bytes + self.unacked_bytes + self.dead_lettering_bytes
    }

    /// Both together.
    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            ready: self.ready + other.ready,
            unacked: self.unacked + other.unacked,
            dead_lettering: self.dead_lettering + other.dead_lettering,
            persistent: self.persistent + other.persistent,
            paged_out: self.paged_out + other.paged_out,
            ready_bytes: self.ready_bytes + other.ready_bytes,
            unacked_bytes: self.unacked_bytes + other.unacked_bytes,
            dead_lettering_bytes: self.dead_lettering_bytes + other.dead_lettering_bytes,
            persistent_bytes: self.persistent_bytes + other.persistent_bytes,
            paged_out_bytes: self.paged_out_bytes + other.paged_out_bytes,
        }
    }

    /// Ready messages in memory: RabbitMQ's `messages_ready_ram`. Those that are unacked all are,
    /// so `messages_ram` is both together.
    #[must_use]
    pub fn ready_in_memory(&self) -> u64 {
        self.ready.saturating_sub(self.paged_out)
    }

    /// Octets of all messages in memory: RabbitMQ's `message_bytes_ram`.
    #[must_use]
    pub fn in_memory_bytes(&self) -> u64 {
        let in_memory = self.ready_bytes.saturating_sub(self.paged_out_bytes);
        in_memory + self.unacked_bytes
    }

    /// All messages. A stream's are all ready, whatever was read of them.
    #[must_use]
    pub fn total(&self, kind: QueueKind) -> u64 {
        match kind {
            QueueKind::Stream => self.ready,
            QueueKind::Classic | QueueKind::Quorum => {
                self.ready + self.unacked + self.dead_lettering
            }
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
    pub(super) fn key(self, queue: &QueueHandle) -> SortKey {
        let count = match self {
            Self::Name => return SortKey::Text(queue.name().to_string()),
            Self::Vhost => return SortKey::Text(queue.declared().vhost.to_string()),
            Self::Kind => return SortKey::Text(queue.declared().kind.as_str().to_owned()),
            Self::Messages => queue.amounts().messages,
            Self::Ready => queue.amounts().ready,
            Self::Unacked => queue.amounts().unacked,
            Self::MessageBytes => queue
                .look(|state| state.ready_bytes() + state.unacked_bytes() + state.dying().bytes),
            Self::Consumers => queue.look(Queue::consumer_count) as u64,
            Self::Memory => queue.look(Queue::memory_bytes) as u64,
            Self::Published => queue.look(Queue::stats).published,
            Self::Delivered => {
                let stats = queue.look(Queue::stats);
                stats.delivered + stats.delivered_no_ack + stats.got + stats.got_no_ack
            }
            Self::Acked => queue.look(Queue::stats).acked,
        };
        count.into()
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

    /// How many messages wait in one queue, and the octets of their bodies.
    pub(crate) fn how_much_waits(&self, vhost: &str, name: &str) -> Option<(u64, u64)> {
        let queue = self.find_vhost(vhost)?.find_queue(name)?;
        Some(queue.look(|state| (state.shown_count(), state.ready_bytes())))
    }

    /// How many messages of one queue are held, and the octets of their bodies.
    #[cfg(feature = "management")]
    pub(crate) fn how_much_is_held(&self, vhost: &str, name: &str) -> Option<(u64, u64)> {
        let queue = self.find_vhost(vhost)?.find_queue(name)?;
        Some(queue.look(|state| (state.unacked_count(), state.unacked_bytes())))
    }

    pub(super) fn queue_view(
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
        let now = self.env.now();
        queue.look(|state| QueueView {
            id: queue.id().0,
            name: declared.name.to_string(),
            vhost: declared.vhost.to_string(),
            kind: declared.kind.as_str(),
            durable: declared.durable,
            auto_delete: declared.auto_delete,
            exclusive: declared.exclusive.is_some(),
            owner,
            arguments: PlainTable(arguments),
            policy,
            operator_policy,
            effective_policy: definition,
            counts: MessageCounts::of(state),
            stats: state.stats(),
            idle_since_ms: idle_since_ms(state, now),
            head_timestamp: classic(state).and_then(Queue::head_timestamp),
            quorum: (declared.kind == QueueKind::Quorum).then(|| QuorumView {
                by_priority: state.by_priority(),
                returned: state.returned_count(),
                publishers: queue.publisher_count(),
            }),
            stream: state.segments().map(|(segments, first)| StreamView {
                segments,
                first_timestamp_ms: first,
            }),
            consumer_count: state.consumer_count(),
            consumer_capacity: state.consumer_capacity(now),
            exclusive_consumer_tag: state.exclusive_tag().map(|tag| tag.to_string()),
            single_active_consumer_tag: state.single_active_tag().map(|tag| tag.to_string()),
            paused: state.is_paused(),
            consumers,
            delivery_limit: state.limits().delivery_limit,
            memory_bytes: state.memory_bytes(),
        })
    }
}

fn classic(queue: &Queue) -> Option<&Queue> {
    (queue.declared().kind == QueueKind::Classic).then_some(queue)
}

fn idle_since_ms(queue: &Queue, now: Now) -> Option<u64> {
    let used = classic(queue)?.used()?;
    (now.wall.since_ms(used) >= IDLE_AFTER_MS).then_some(used.as_millis())
}
