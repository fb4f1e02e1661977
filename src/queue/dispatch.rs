//! Which consumer gets the next message: credit, priorities and the single active consumer.
//!
//! Owns a queue's consumers. Those that can take a message stand in rings, one for each priority;
//! the first of the highest ring is served and goes to the end. One that cannot is put aside and
//! not looked at again until there is a reason: its own credit came back, or its mailbox or
//! channel called. Mail is gathered for each connection and posted in one go.
//!
//! It does not know messages beyond handing them on, nor what becomes of them afterwards.
//!
//! Invariants: I3, I5 (in flight + unacked ≤ prefetch), I9, I11. Docs: consumer-priority,
//! consumers (single active consumer). Seen: RabbitMQ 4.3.6, tests/scripts/priority,
//! tests/scripts/qos and tests/scripts/sac.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

use leveret_codec::types::{ChannelId, ShortString};

use super::{Cancelled, ConsumerSnapshot, Entry};
use crate::events::Party;
use crate::ids::{ConnectionId, ConsumerId, IdMap};
use crate::mail::{Delivery, Resume};

mod credit;
mod departed;
mod new_consumer;
pub(super) mod outlets;

use departed::Departed;
pub(super) use departed::Unsettled;
pub use new_consumer::NewConsumer;
use outlets::Outlets;

#[derive(Debug)]
struct Consumer {
    new: NewConsumer,
    /// `x-priority`.
    priority: i64,
    /// Order of registration.
    order: u64,
    /// Deliveries that have not been settled.
    in_flight: u32,
    standing: Standing,
    outlet: usize,
}

/// ```text
///            own credit used up
///   Ring ─────────────────────────▶ Full
///    ▲ ◀──────── settled ──────────  │
///    │                               │ not the active one
///    │ ◀─ mailbox or channel called ─ Parked
///    └───── becomes the active one ── Idle
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In its ring: can take a message as far as the queue knows.
    Ring,
    /// Its own prefetch is used up.
    Full,
    /// Waits for its mailbox or its channel's credit.
    Parked,
    /// Not the active one of a single-active-consumer queue, or about to be relieved; at the end
    /// of a stream.
    Idle,
}

/// The consumer that gets a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) id: ConsumerId,
    channel: ChannelId,
    outlet: usize,
    /// It takes messages without acknowledgements.
    pub(super) no_ack: bool,
}

#[derive(Debug)]
struct Ring {
    priority: i64,
    takers: VecDeque<ConsumerId>,
}

/// The one consumer that is served.
#[derive(Debug, Default)]
struct SingleActive {
    active: Option<ConsumerId>,
    /// All consumers, the one first that is to be active next.
    order: BTreeMap<(Reverse<i64>, u64), ConsumerId>,
    /// A later consumer of higher priority takes over once the active one has settled everything
    /// (quorum queues).
    preemptive: bool,
}

/// Rings that are kept though they are empty: a consumer that comes and goes with each message
/// finds its ring again.
const EMPTY_MAX: usize = 4;

/// A queue's consumers.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    by_id: IdMap<ConsumerId, Consumer>,
    /// Highest priority first; at most [`EMPTY_MAX`] of them are empty for long. Consumers that
    /// have left may still stand in them, and among the parked, until their turn comes.
    rings: Vec<Ring>,
    parked: Vec<ConsumerId>,
    /// How many of those there may be.
    lost: usize,
    outlets: Outlets,
    single: Option<SingleActive>,
    exclusive: Option<ConsumerId>,
    registered: u64,
    departed: Departed,
}

/// Which single-active-consumer rule a queue follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SingleActiveRule {
    /// All consumers are active.
    Off,
    /// The active one stays until it leaves (classic).
    Stays,
    /// One of higher priority takes over (quorum).
    Yields,
}

impl Consumers {
    pub(super) fn new(rule: SingleActiveRule) -> Self {
        let single = (rule != SingleActiveRule::Off).then(|| SingleActive {
            active: None,
            order: BTreeMap::new(),
            preemptive: rule == SingleActiveRule::Yields,
        });
        Self {
            single,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether one of them has the queue for itself.
    pub(super) fn has_exclusive(&self) -> bool {
        self.exclusive.is_some()
    }

    /// Whether a consumer may be able to take a message.
    #[inline]
    pub(super) fn any_takers(&self) -> bool {
        self.rings.iter().any(|ring| !ring.takers.is_empty())
    }

    /// Whether a consumer could take a message now, of whose room nothing is taken.
    #[cfg(feature = "management")]
    pub(super) fn could_take(&self) -> bool {
        let takers = self.rings.iter().flat_map(|ring| &ring.takers);
        let mut takers = takers.filter_map(|id| self.by_id.get(id));
        takers.any(|consumer| consumer.new.has_room(consumer.in_flight))
    }

    /// Adds a consumer; it is served from the next dispatch on.
    pub(super) fn add(&mut self, new: NewConsumer, priority: i64) {
        let id = new.id;
        let outlet = self.outlets.join(new.connection, &new.mailbox);
        if new.exclusive {
            self.exclusive = Some(id);
        }
        self.registered += 1;
        let consumer = Consumer {
            new,
            priority,
            order: self.registered,
            in_flight: 0,
            standing: Standing::Idle,
            outlet,
        };
        let rank = consumer.rank();
        self.by_id.insert(id, consumer);
        if let Some(single) = &mut self.single {
            single.order.insert(rank, id);
            self.elect();
        } else {
            self.enter_ring(id);
        }
    }

    /// Removes consumers and returns how many of them were there. Call [`Consumers::succeed`]
    /// before the next one is served.
    pub(super) fn detach(&mut self, ids: &[ConsumerId], unsettled: Unsettled) -> usize {
        let mut left = 0;
        for id in ids {
            let Some(consumer) = self.by_id.remove(id) else {
                continue;
            };
            left += 1;
            let stands = matches!(consumer.standing, Standing::Ring | Standing::Parked);
            self.lost += usize::from(stands);
            if unsettled == Unsettled::StayUnacked {
                self.departed.add(*id, consumer.in_flight);
            }
            self.outlets.leave(consumer.outlet);
            self.exclusive = self.exclusive.filter(|exclusive| exclusive != id);
            if let Some(single) = &mut self.single {
                single.active = single.active.filter(|active| active != id);
                single.order.remove(&consumer.rank());
            }
        }
        if self.lost > self.by_id.len() {
            self.forget_lost();
        }
        left
    }

    /// Consumers that have left are looked for once there are more of them than others, so that
    /// each costs the same however many there are.
    fn forget_lost(&mut self) {
        let by_id = &self.by_id;
        for ring in &mut self.rings {
            ring.takers.retain(|taker| by_id.contains_key(taker));
        }
        self.rings.retain(|ring| !ring.takers.is_empty());
        self.parked.retain(|parked| by_id.contains_key(parked));
        self.lost = 0;
    }

    /// Consumers that can get messages or have some unacked: not those that wait to become the
    /// single active one, but those that were cancelled and have not settled everything.
    pub(super) fn engaged(&self) -> usize {
        let attached = match &self.single {
            Some(single) => usize::from(single.active.is_some()),
            None => self.by_id.len(),
        };
        attached + self.departed.len()
    }

    /// Consumers have left: another one becomes the single active one, if it was among them.
    pub(super) fn succeed(&mut self) {
        if self.single.is_some() {
            self.elect();
        }
    }

    /// Removes all of them.
    pub(super) fn take_all(&mut self) -> Vec<Cancelled> {
        let consumers = std::mem::take(&mut self.by_id).into_values();
        let mut consumers: Vec<Consumer> = consumers.collect();
        consumers.sort_by_key(|consumer| consumer.order);
        self.rings.clear();
        self.parked.clear();
        self.outlets = Outlets::default();
        self.exclusive = None;
        self.departed = Departed::default();
        if let Some(single) = &mut self.single {
            single.active = None;
            single.order.clear();
        }
        self.lost = 0;
        let notice = |consumer: Consumer| Cancelled {
            mailbox: consumer.new.mailbox,
            channel: consumer.new.channel,
            id: consumer.new.id,
        };
        consumers.into_iter().map(notice).collect()
    }

    /// Chooses the consumer for the next message, takes the credit for it and sends the consumer to
    /// the end of its ring. The message must be given to [`Consumers::deliver`].
    #[inline]
    pub(super) fn next_taker(&mut self, queue: &Weak<dyn Resume>) -> Option<Taker> {
        for ring in &mut self.rings {
            while let Some(&id) = ring.takers.front() {
                let Some(consumer) = self.by_id.get_mut(&id) else {
                    ring.takers.pop_front();
                    continue;
                };
                consumer.standing = consumer.new.reserve(consumer.in_flight, queue);
                match consumer.standing {
                    Standing::Ring => {
                        if ring.takers.len() > 1 {
                            ring.takers.rotate_left(1);
                        }
                        consumer.in_flight += u32::from(!consumer.new.no_ack);
                        let (held, max) = (consumer.in_flight, u32::from(consumer.new.prefetch));
                        debug_assert!(max == 0 || held <= max, "I5: {held} of {max}");
                        return Some(Taker {
                            id,
                            channel: consumer.new.channel,
                            outlet: consumer.outlet,
                            no_ack: consumer.new.no_ack,
                        });
                    }
                    Standing::Parked => self.parked.push(id),
                    Standing::Full | Standing::Idle => {}
                }
                ring.takers.pop_front();
            }
        }
        if self.rings.len() > EMPTY_MAX {
            self.rings.retain(|ring| !ring.takers.is_empty());
        }
        None
    }

    /// Gathers a delivery to the one chosen by [`Consumers::next_taker`].
    #[inline]
    pub(super) fn deliver(&mut self, taker: Taker, entry: Entry) {
        let delivery = Delivery {
            channel: taker.channel,
            consumer: taker.id,
            entry,
        };
        self.outlets.put(taker.outlet, delivery);
    }

    /// The channel and the tag of a consumer, for listeners.
    pub(super) fn who(&self, id: ConsumerId) -> (Option<Arc<Party>>, ShortString) {
        let consumer = self.by_id.get(&id).map(|consumer| &consumer.new);
        let party = consumer.map(|new| Arc::clone(&new.party));
        (
            party,
            consumer.map(|new| new.tag.clone()).unwrap_or_default(),
        )
    }

    /// How a consumer was added.
    pub(super) fn find(&self, id: ConsumerId) -> Option<&NewConsumer> {
        self.by_id.get(&id).map(|consumer| &consumer.new)
    }

    /// The numbers of all of them.
    pub(super) fn ids(&self) -> Vec<ConsumerId> {
        self.by_id.keys().copied().collect()
    }

    /// The tag of the one that has the queue for itself.
    pub(super) fn exclusive_tag(&self) -> Option<&ShortString> {
        Some(&self.find(self.exclusive?)?.tag)
    }

    /// The tag of the single active one; `or_only` takes one that is alone for it.
    pub(super) fn single_active_tag(&self, or_only: bool) -> Option<&ShortString> {
        match &self.single {
            Some(single) => Some(&self.find(single.active?)?.tag),
            None => {
                let mut all = self.by_id.values().filter(|_| or_only);
                let first = all.next()?;
                all.next().is_none().then_some(&first.new.tag)
            }
        }
    }

    /// Posts what was gathered.
    #[inline]
    pub(super) fn post(&mut self) {
        self.outlets.post();
    }

    /// `n` of a consumer's messages are settled. Returns whether a consumer that was held up by
    /// that can be served now.
    #[inline]
    pub(super) fn settled(&mut self, id: ConsumerId, n: u32) -> bool {
        let Some(consumer) = self.by_id.get_mut(&id) else {
            self.departed.settled(id, n);
            return false;
        };
        consumer.in_flight = consumer.in_flight.saturating_sub(n);
        match consumer.standing {
            Standing::Full => {
                self.enter_ring(id);
                true
            }
            Standing::Idle if consumer.in_flight == 0 => self.elect(),
            Standing::Idle | Standing::Ring | Standing::Parked => false,
        }
    }

    /// A mailbox or a channel has room again: every consumer that waits for one tries again.
    pub(super) fn resume(&mut self) {
        for id in std::mem::take(&mut self.parked) {
            self.enter_ring(id);
        }
    }

    /// All of them, in order of registration.
    pub(super) fn snapshots(&self) -> Vec<ConsumerSnapshot> {
        let mut consumers: Vec<&Consumer> = self.by_id.values().collect();
        consumers.sort_by_key(|consumer| consumer.order);
        let active = |consumer: &Consumer| {
            self.single
                .as_ref()
                .map(|single| single.active == Some(consumer.new.id))
        };
        consumers
            .into_iter()
            .map(|consumer| {
                let Consumer {
                    new,
                    priority,
                    in_flight,
                    ..
                } = consumer;
                new.snapshot(*priority, *in_flight, active(consumer))
            })
            .collect()
    }

    /// How many messages each of them that holds any does, with its connection, in no order.
    pub(super) fn held(&self) -> Vec<(ConnectionId, u32)> {
        let holding = self
            .by_id
            .values()
            .filter(|consumer| consumer.in_flight > 0);
        let held = holding.map(|consumer| (consumer.new.connection, consumer.in_flight));
        held.collect()
    }

    fn enter_ring(&mut self, id: ConsumerId) {
        let Some(consumer) = self.by_id.get_mut(&id) else {
            return;
        };
        consumer.standing = Standing::Ring;
        let priority = consumer.priority;
        let place = self.rings.partition_point(|ring| ring.priority > priority);
        match self.rings.get_mut(place) {
            Some(ring) if ring.priority == priority => ring.takers.push_back(id),
            _ => {
                let takers = VecDeque::from([id]);
                self.rings.insert(place, Ring { priority, takers });
            }
        }
    }

    fn leave_ring(&mut self, id: ConsumerId) {
        for ring in &mut self.rings {
            ring.takers.retain(|taker| *taker != id);
        }
        self.parked.retain(|parked| *parked != id);
        if let Some(consumer) = self.by_id.get_mut(&id) {
            consumer.standing = Standing::Idle;
        }
    }

    /// Chooses the single active consumer: the highest priority, then the first registered. An
    /// active one of a classic queue stays; one of a quorum queue is relieved by a higher
    /// priority, after it has settled what it has. Returns whether another one is active now.
    fn elect(&mut self) -> bool {
        let Some(single) = &self.single else {
            return false;
        };
        let Some((&(Reverse(priority), _), &best)) = single.order.first_key_value() else {
            return false;
        };
        let active = single.active.and_then(|id| self.by_id.get(&id));
        if let Some(active) = active {
            let (id, idle) = (active.new.id, active.standing == Standing::Idle);
            if !single.preemptive || active.priority >= priority {
                if idle {
                    self.enter_ring(id);
                }
                return idle;
            }
            let busy = active.in_flight > 0;
            self.leave_ring(id);
            if busy {
                return false;
            }
        }
        if let Some(single) = &mut self.single {
            single.active = Some(best);
        }
        self.enter_ring(best);
        true
    }
}

impl Consumer {
    /// Its place among those that could be the single active one: the highest priority first, then
    /// the first registered.
    fn rank(&self) -> (Reverse<i64>, u64) {
        (Reverse(self.priority), self.order)
    }
}
