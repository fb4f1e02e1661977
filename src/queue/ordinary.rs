//! Classic and quorum queues: push, settle and what lies between.
//!
//! Owns the counts of what is unacked and the place of every message: ready (in [`Ready`]),
//! unacked (in a channel's ledger, counted here), dying (a dead letter that must arrive) or gone.
//!
//! Invariants: I2, I3, I5, I9. Docs: queues, quorum-queues. Seen: RabbitMQ 4.3.6,
//! tests/scripts/queue and tests/scripts/quorum.

use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::capacity::Capacity;
use super::common::Common;
use super::dispatch::{Consumers, SingleActiveRule, Taker};
use super::effects::OnTheirWay;
use super::expiry::Lease;
use super::overflow::Gate;
use super::ready::{Order, Ready};
use super::stops::Stops;
use super::{
    Arrival, Declared, DeleteReason, Effects, Entry, Got, Horizon, Limits, NewConsumer, Pushed,
    QueueKind, Removed, Sender,
};
use crate::clock::{Mono, Now, Wall};
use crate::entry::Facts;
use crate::error::AmqpError;
use crate::events::{ChangeKind, DeathReason, Fate};
use crate::exchange::DedupCache;
use crate::message::Message;
use crate::store::RecordAt;

mod dying;
mod restore;
mod settling;
mod views;

use dying::Dying;

/// A classic or quorum queue.
pub(super) struct Ordinary {
    pub(super) common: Common,
    /// `x-message-deduplication`.
    pub(super) duplicates: Option<Box<DedupCache>>,
    pub(super) ready: Ready,
    pub(super) consumers: Consumers,
    pub(super) next_position: u64,
    /// Unacked messages that were taken by basic.get.
    pub(super) gets: u64,
    pub(super) dying: Dying,
    /// Dead letters at most once that are on their way, see [`Sent`](super::effects::Sent); `None`
    /// before the first.
    pub(super) sent: Option<Arc<OnTheirWay>>,
    pub(super) gate: Gate,
    pub(super) lease: Lease,
    pub(super) capacity: Capacity,
    /// When anything last happened to it.
    pub(super) used: Wall,
    /// The earliest deadline that was asked for and has not come.
    pub(super) armed: Mono,
    /// Messages are left that should be dead by now, by age at this moment or for want of room:
    /// none is handed out before they are.
    pub(super) behind: Option<Mono>,
    /// It is paused, or what consumers held that have left is coming back: none is handed out
    /// before that ends.
    pub(super) stops: Stops,
    /// The last consumer is among those that have left.
    pub(super) was_left: bool,
}

impl Ordinary {
    /// See `Queue::new`.
    pub(super) fn new(common: Common, now: Now) -> Self {
        let arguments = &common.declared.arguments;
        let quorum = common.declared.kind == QueueKind::Quorum;
        let order = if quorum {
            Order::Quorum
        } else {
            let priority_max = arguments.priority_max();
            Order::Classic { priority_max }
        };
        let rule = match (arguments.single_active(), quorum) {
            (false, _) => SingleActiveRule::Off,
            (true, false) => SingleActiveRule::Stays,
            (true, true) => SingleActiveRule::Yields,
        };
        Self {
            duplicates: arguments.duplicates().map(Box::new),
            ready: Ready::new(order),
            consumers: Consumers::new(rule),
            common,
            next_position: 0,
            gets: 0,
            dying: Dying::default(),
            sent: None,
            gate: Gate::default(),
            lease: Lease::from(now.mono),
            capacity: Capacity::new(now.mono),
            used: now.wall,
            armed: Mono::NEVER,
            behind: None,
            stops: Stops::default(),
            was_left: false,
        }
    }

    pub(super) fn is_quorum(&self) -> bool {
        self.common.declared.kind == QueueKind::Quorum
    }

    /// See `Queue::push`.
    pub(super) fn push(
        &mut self,
        now: Now,
        message: Message,
        at: RecordAt,
        arrival: Arrival,
        fx: &mut Effects,
    ) -> Pushed {
        let entry = self.entry(now, message, at, arrival.delivery_count);
        let may_refuse = self
            .common
            .limits
            .overflow
            .refuses(self.common.declared.kind)
            && self.answers(arrival.sender);
        if may_refuse && self.refuses(now, &entry, fx) {
            self.refuse(entry, fx);
            return Pushed::Refused;
        }
        if self.is_duplicate(now, &entry.message, arrival.sender) {
            fx.note(&entry, || Fate::Duplicate {
                publisher: None,
                from: None,
            });
            fx.settle(entry.at);
            return Pushed::Accepted;
        }
        if at.is_stored() {
            self.common.stats.disk_writes += 1;
        }
        fx.note(&entry, || Fate::Queued { from: None });
        // While messages are ready no consumer has room, so a new one is offered only without them.
        if self.ready.is_empty()
            && self.stops.is_none()
            && let Some(taker) = self.consumers.next_taker(&self.common.resume)
        {
            self.deliver(taker, entry, fx);
            return Pushed::Accepted;
        }
        self.ready.push(entry);
        // One line loses the same messages when its batch is complete.
        if !self.ready.is_one_line() {
            self.trim(fx);
        }
        Pushed::Accepted
    }

    /// Whether a message that does not fit is refused, by who sends it.
    pub(super) fn answers(&self, sender: Sender) -> bool {
        match sender {
            Sender::Waits => true,
            Sender::Leaves => !self.is_quorum(),
            Sender::Asked => false,
        }
    }

    /// See `Queue::would_refuse`.
    pub(super) fn would_refuse(&mut self, now: Now, message: &Message, fx: &mut Effects) -> bool {
        let kind = self.common.declared.kind;
        let entry = Entry {
            message: message.clone(),
            facts: Facts::of_arrival(kind, message, 0),
        };
        self.common.limits.overflow.refuses(kind) && self.refuses(now, &entry, fx)
    }

    fn is_duplicate(&mut self, now: Now, message: &Message, sender: Sender) -> bool {
        let is_asked = sender == Sender::Asked;
        self.duplicates.as_mut().is_some_and(|seen| {
            if is_asked {
                return false;
            }
            let headers = message.properties().headers().ok().flatten();
            seen.is_duplicate(headers, now.mono.as_millis())
        })
    }

    fn entry(&mut self, now: Now, message: Message, at: RecordAt, delivery_count: u32) -> Entry {
        let position = self.next_position;
        self.next_position += 1;
        let kind = self.common.declared.kind;
        let facts = Facts {
            position,
            at,
            expires: self.expiry(now, message.expiration_ms()),
            ..Facts::of_arrival(kind, &message, delivery_count)
        };
        Entry { message, facts }
    }

    /// When a message expires that came in just now; `ttl_ms` is its own TTL.
    pub(super) fn expiry(&self, now: Now, ttl_ms: Option<u64>) -> Mono {
        let ttl_ms = match (ttl_ms, self.common.limits.message_ttl_ms) {
            (Some(own), Some(queue)) => Some(own.min(queue)),
            (own, queue) => own.or(queue),
        };
        ttl_ms.map_or(Mono::NEVER, |ms| now.mono.plus_ms(ms))
    }

    /// Whether a message does not fit. Messages that consumers can take at once do not count.
    fn refuses(&mut self, now: Now, entry: &Entry, fx: &mut Effects) -> bool {
        if !self.is_over_gate(entry) {
            return false;
        }
        if self.ready.is_empty() || !self.consumers.any_takers() {
            return true;
        }
        self.serve(now, fx);
        self.is_over_gate(entry)
    }

    fn is_over_gate(&mut self, entry: &Entry) -> bool {
        let quorum = self.is_quorum();
        let load = self.load();
        self.gate
            .refuses(quorum, &self.common.limits, load, entry.size())
    }

    fn refuse(&mut self, entry: Entry, fx: &mut Effects) {
        self.common.stats.refused += 1;
        fx.note(&entry, || Fate::Refused {
            publisher: None,
            from: None,
        });
        if self.common.limits.overflow.dead_letters() {
            self.die(entry, DeathReason::MaxLen, fx);
        } else {
            fx.settle(entry.at);
        }
    }

    /// See `Queue::dispatch`.
    pub(super) fn dispatch(&mut self, now: Now, fx: &mut Effects) {
        self.used = now.wall;
        if self.behind.is_some() && !self.keeps_up(now, fx) {
            // What was handed out while messages came in does not wait for that.
            self.consumers.post();
            return self.rearm(fx);
        }
        self.serve(now, fx);
        if !self.ready.is_empty() {
            self.leave_waiting(now, fx);
        }
        self.rearm(fx);
    }

    /// Messages wait: drops what has expired and what is over the length limit, and notes whether a
    /// consumer could take one.
    fn leave_waiting(&mut self, now: Now, fx: &mut Effects) {
        self.capacity.set(now.mono, self.consumers.any_takers());
        // Where there is no room for more deaths these do nothing.
        self.expire(now, Horizon::At, fx);
        self.trim(fx);
        self.expire(now, Horizon::At, fx);
    }

    /// Lets die what should be dead, as much as this call may. `false` if there is more of it.
    #[cold]
    fn keeps_up(&mut self, now: Now, fx: &mut Effects) -> bool {
        self.behind = None;
        self.expire(now, Horizon::At, fx);
        self.trim(fx);
        self.behind.is_none()
    }

    /// Hands messages out as long as there is a message and a consumer that can take it.
    fn serve(&mut self, now: Now, fx: &mut Effects) {
        while self.stops.is_none() && !self.ready.is_empty() && self.consumers.any_takers() {
            if self.ready.any_expiring() {
                self.expire(now, Horizon::After, fx);
                if self.ready.is_empty() || self.behind.is_some() {
                    break;
                }
            }
            let Some(taker) = self.consumers.next_taker(&self.common.resume) else {
                break;
            };
            let entry = self.ready.pop().expect("there is a message");
            self.deliver(taker, entry, fx);
        }
        self.consumers.post();
    }

    #[inline]
    fn deliver(&mut self, taker: Taker, entry: Entry, fx: &mut Effects) {
        self.common.stats.redelivered += u64::from(entry.redelivered);
        if fx.is_listening() {
            self.note_delivery(taker, &entry, fx);
        }
        if taker.no_ack {
            self.common.stats.delivered_no_ack += 1;
            fx.settle(entry.at);
        } else {
            self.common.stats.delivered += 1;
            self.common.count(&entry);
        }
        self.consumers.deliver(taker, entry);
    }

    #[cold]
    fn note_delivery(&self, taker: Taker, entry: &Entry, fx: &mut Effects) {
        let (to, consumer_tag) = self.consumers.who(taker.id);
        let kind = self.common.declared.kind;
        let by = to.clone();
        fx.note_delivery(entry, kind, || Fate::Delivered {
            to,
            consumer_tag,
            redelivered: entry.redelivered,
        });
        if taker.no_ack {
            fx.note(entry, || Fate::Acknowledged { by });
        }
    }

    /// See `Queue::get`.
    pub(super) fn get(
        &mut self,
        now: Now,
        no_ack: bool,
        fx: &mut Effects,
    ) -> Result<Option<Got>, AmqpError> {
        if self.is_quorum() && self.common.declared.arguments.single_active() {
            return Err(AmqpError::resource_locked(format!(
                "cannot obtain access to locked {}. basic.get operations are not supported by \
                 <<\"quorum\">> queues with single active consumer",
                self.common.declared.words()
            )));
        }
        self.used = now.wall;
        self.lease.renew(now.mono);
        self.catch_up(now.mono, fx);
        let entry = match self.stops.is_paused() {
            true => None,
            false => self.ready.pop(),
        };
        self.expire(now, Horizon::At, fx);
        self.rearm(fx);
        let Some(entry) = entry else {
            self.common.stats.got_empty += 1;
            return Ok(None);
        };
        self.common.stats.redelivered += u64::from(entry.redelivered);
        if fx.is_listening() {
            self.note_got(&entry, no_ack, fx);
        }
        if no_ack {
            self.common.stats.got_no_ack += 1;
            fx.settle(entry.at);
        } else {
            self.common.stats.got += 1;
            self.gets += 1;
            self.common.count(&entry);
        }
        let ready_left = self.ready_count();
        Ok(Some(Got { entry, ready_left }))
    }

    #[cold]
    fn note_got(&self, entry: &Entry, no_ack: bool, fx: &mut Effects) {
        let to = fx.party();
        fx.note_delivery(entry, self.common.declared.kind, || Fate::Delivered {
            to,
            consumer_tag: ShortString::default(),
            redelivered: entry.redelivered,
        });
        if no_ack {
            fx.note_acknowledged(std::slice::from_ref(entry));
        }
    }

    /// See `Queue::add_consumer`.
    pub(super) fn add_consumer(
        &mut self,
        now: Now,
        mut consumer: NewConsumer,
        fx: &mut Effects,
    ) -> Result<(), AmqpError> {
        let Declared { kind, .. } = *self.common.declared;
        let words = self.common.declared.words();
        let priority = super::arguments::check_consumer(&consumer.arguments, kind, &words)?;
        if self.is_quorum() {
            consumer.exclusive = false;
        } else {
            let taken = self.consumers.has_exclusive()
                || consumer.exclusive
                    && (!self.consumers.is_empty()
                        || self.common.declared.arguments.single_active());
            if taken {
                return Err(AmqpError::access_refused(format!(
                    "{words} in exclusive use"
                )));
            }
        }
        self.used = now.wall;
        self.lease.renew(now.mono);
        fx.note_consumer(ChangeKind::ConsumerCreated, &consumer);
        self.consumers.add(consumer, priority);
        self.capacity.set(now.mono, true);
        self.rearm(fx);
        Ok(())
    }

    /// See `Queue::purge`. Dead letters that wait for a route go, too.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/quorum/purge_takes_dead_letters_that_wait.amqp.
    pub(super) fn purge(&mut self, now: Now, fx: &mut Effects) -> u64 {
        if self.behind.is_some() {
            self.catch_up(now.mono, fx);
        }
        self.used = now.wall;
        let purged = self.ready_count() + self.dying.sum().messages;
        self.discard_ready(fx);
        self.discard_dying(fx);
        self.rearm(fx);
        purged
    }

    fn discard_ready(&mut self, fx: &mut Effects) {
        let lists = self.ready.take_all();
        fx.remains_mut().add_lists(lists, self.ready.bodies());
    }

    fn discard_dying(&mut self, fx: &mut Effects) {
        fx.remains_mut().add_letters(self.dying.take_all());
    }

    /// See `Queue::take_all`.
    pub(super) fn take_all(&mut self, fx: &mut Effects) -> Removed {
        if let Some(at) = self.behind {
            self.catch_up(at, fx);
        }
        self.note_leaving(&self.consumers.ids(), fx);
        let ready = self.ready_count();
        self.discard_ready(fx);
        self.discard_dying(fx);
        Removed {
            ready,
            unacked: self.common.end(),
            consumers: self.consumers.take_all(),
        }
    }

    /// See `Queue::resume`.
    pub(super) fn resume(&mut self, now: Now, fx: &mut Effects) {
        self.consumers.resume();
        self.capacity.set(now.mono, true);
        self.dispatch(now, fx);
    }

    /// See `Queue::pause`.
    pub(super) fn pause(&mut self, now: Now, is_paused: bool, fx: &mut Effects) -> bool {
        let has_changed = self.stops.pause(is_paused);
        if has_changed && !is_paused {
            self.capacity.set(now.mono, true);
            self.dispatch(now, fx);
        }
        has_changed
    }

    /// See `Queue::reconfigure`. The lease of a classic queue starts anew.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/policy/expiry_counts_from_the_policy.amqp.
    pub(super) fn reconfigure(&mut self, now: Now, limits: Limits, fx: &mut Effects) {
        self.common.limits = limits;
        if !self.is_quorum() {
            self.lease.renew(now.mono);
        }
        self.dispatch(now, fx);
    }

    /// See `Queue::touch`.
    pub(super) fn touch(&mut self, now: Now, fx: &mut Effects) {
        self.used = now.wall;
        if !self.is_quorum() {
            self.lease.renew(now.mono);
        }
        self.rearm(fx);
    }

    /// See `Queue::is_finished`.
    pub(super) fn is_finished(&self, now: Now, reason: DeleteReason) -> bool {
        match reason {
            DeleteReason::AutoDelete => self.consumers.is_empty(),
            DeleteReason::Expired => self.lease_end() <= now.mono,
        }
    }
}
