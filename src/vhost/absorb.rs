//! What a queue wants done outside of its lock: dead letters, store, timers, its own deletion.
//!
//! A loop, not recursion: a dead letter may fill another queue over its limit, and so on through
//! any number of queues, on a stack of constant depth. Dead letters for which a turn has no room
//! wait for the next one, in the order of their queue.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use super::Vhost;
use super::placing::Placed;
use super::queue_handle::{Aftermath, QueueHandle};
use super::routing::{Question, Routes, Target};
use crate::clock::timers::Timed;
use crate::clock::{Mono, Now};
use crate::events::{Event, Fate};
use crate::message::{Message, MessageBuilder};
use crate::queue::dead_letter::{self, Circles};
use crate::queue::{DeadLetter, Effects, Heard, Noted};
use crate::store::{Op, RecordAt};
use crate::turns;

/// Steps that it takes to place a dead letter in a queue, and for each of these octets of it.
const LETTER_STEPS: usize = 48;
const OCTETS_A_STEP: usize = 256;
/// Steps for each queue that it is routed to.
const ROUTE_STEPS: usize = 2;

thread_local! {
    /// Work for the loop that runs further up this thread's stack, if one does.
    static OPEN: RefCell<Option<VecDeque<Work>>> = const { RefCell::new(None) };
}

struct Work {
    vhost: Arc<Vhost>,
    queue: Arc<QueueHandle>,
    effects: Effects,
}

/// Closes the loop of this thread, also when it ends by a panic.
struct Loop;

impl Loop {
    /// Hands `work` to the loop that runs already, or starts one with it.
    fn enter(work: Work) -> Option<(Loop, Work)> {
        OPEN.with_borrow_mut(|open| match open {
            Some(open) => {
                open.push_back(work);
                None
            }
            None => {
                *open = Some(VecDeque::new());
                Some((Loop, work))
            }
        })
    }

    fn next(&self) -> Option<Work> {
        OPEN.with_borrow_mut(|open| open.as_mut().and_then(VecDeque::pop_front))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        OPEN.set(None);
    }
}

impl Aftermath for Vhost {
    /// Does what `effects` ask for. What that in turn asks for is done before this returns, by
    /// the outermost call on this thread, or left for later turns if this one is over.
    fn absorb(self: Arc<Self>, now: Now, queue: Arc<QueueHandle>, effects: Effects) {
        let Some((open, first)) = Loop::enter(Work {
            vhost: self,
            queue,
            effects,
        }) else {
            return;
        };
        let mut next = Some(first);
        while let Some(Work {
            vhost,
            queue,
            effects,
        }) = next
        {
            vhost.absorb_one(now, queue, effects);
            next = open.next();
        }
    }

    /// Its own record goes after the copies are stored.
    fn bury(&self, now: Now, queue: &Arc<QueueHandle>, dead: DeadLetter) {
        turns::spend(LETTER_STEPS + dead.entry.message.memory() / OCTETS_A_STEP);
        let placed = self.place_dead_letter(now, queue, &dead);
        if dead.confirm {
            if placed {
                self.env.deaths.add_confirmed();
            }
            let position = dead.entry.position;
            let moved = queue.with(now, |state, effects| {
                let before = effects.settled.len();
                state.dead_letter_done(now, position, placed, effects);
                let is_settled = placed && effects.settled.len() > before;
                is_settled.then(|| effects.settled.pop()).flatten()
            });
            if let Some(at) = moved {
                self.settle_one(queue, at);
            }
        } else if dead.entry.at.is_stored() {
            self.settle_one(queue, dead.entry.at);
        }
    }
}

impl Vhost {
    fn absorb_one(&self, now: Now, queue: Arc<QueueHandle>, mut effects: Effects) {
        if let Some(heard) = effects.heard.take() {
            self.emit_noted(now, &queue, *heard);
        }
        if !effects.dropped.is_empty() {
            let kind = queue.declared().kind;
            self.env.deaths.add_dropped(kind, &effects.dropped);
        }
        self.bury_all(now, &queue, std::mem::take(&mut effects.dead_letters));
        self.store_effects(&queue, &effects);
        if let Some(remains) = effects.remains.take() {
            self.begin_to_clear(now, &queue, *remains);
        }
        if effects.arm == Some(Mono::ZERO) {
            queue.leave_deadline();
        } else if let Some(at) = effects.arm {
            let target: Weak<QueueHandle> = Arc::downgrade(&queue);
            let target: Weak<dyn Timed> = target;
            self.env.timers.arm(at, target);
        }
        if let Some(reason) = effects.delete {
            self.remove_finished_queue(now, &queue, reason);
        }
    }

    #[cold]
    pub(super) fn emit_noted(&self, now: Now, queue: &QueueHandle, heard: Heard) {
        for change in heard.consumers {
            self.tell_consumer(now, queue, change);
        }
        if self.is_traced() {
            self.trace_deliveries(now, queue, &heard.events);
        }
        for (order, noted) in (heard.first_event..).zip(heard.events) {
            let Noted {
                message,
                position,
                id,
                fate,
                ..
            } = noted;
            self.env.events.emit(&Event {
                now,
                vhost: self.name.clone(),
                queue: queue.name().clone(),
                id,
                copy: Some(queue.copy_id(position)),
                order,
                message,
                fate,
            });
        }
    }

    /// Publishes dead letters, as many as this turn has room for; the others wait for the next one.
    fn bury_all(&self, now: Now, queue: &Arc<QueueHandle>, letters: Vec<DeadLetter>) {
        let mut letters = letters.into_iter();
        if letters.len() == 0 {
            return;
        }
        if !queue.has_left() {
            while !turns::is_over() {
                let Some(letter) = letters.next() else { return };
                self.bury(now, queue, letter);
            }
        }
        if letters.len() > 0 {
            queue.leave_letters(letters);
            queue.finish_left(now);
        }
    }

    pub(super) fn store_effects(&self, queue: &QueueHandle, effects: &Effects) {
        let (id, records) = (queue.id(), &*effects.settled);
        let settled = (!records.is_empty()).then_some(match effects.is_committed {
            false => Op::Settled { queue: id, records },
            true => Op::Moved { queue: id, records },
        });
        let returned = effects
            .returned
            .iter()
            .map(|&(record, returns)| Op::Returned {
                queue: id,
                record,
                returns,
            });
        let mut ops: Vec<Op<'_>> = returned.chain(settled).collect();
        if !ops.is_empty() {
            self.env.store.submit(&mut ops);
        }
    }

    /// Whether at least one queue took it and none refused.
    fn place_dead_letter(&self, now: Now, queue: &QueueHandle, dead: &DeadLetter) -> bool {
        let exchange = self.directory.exchange_named(&dead.exchange);
        let kind = queue.declared().kind;
        self.env.deaths.add_letter(kind, dead, exchange.is_some());
        let Some(exchange) = exchange else {
            return false;
        };
        let mut builder = MessageBuilder::default();
        let letter =
            dead_letter::rewrite(dead, &exchange.spec.name, queue.name(), now, &mut builder);
        let keys: Vec<&[u8]> = letter.keys.iter().map(|key| &**key).collect();
        let question = Question {
            keys: &keys,
            message: &letter.message,
            publisher: None,
            from: Some(queue.copy_id(dead.entry.position)),
        };
        let answer = self.route(now, &exchange, question);
        if answer.routes.is_empty() {
            if answer.delayed.is_some() {
                return true;
            }
            let fate = Fate::Unroutable {
                publisher: None,
                from: question.from,
                returned: false,
            };
            self.emit(now, &letter.message, fate);
            return false;
        }
        turns::spend(answer.routes.len() * ROUTE_STEPS);
        let routes = self.without_cycles(now, &letter.message, answer.routes);
        if routes.is_empty() {
            return false;
        }
        self.place_dead(now, queue, dead, letter.message, &routes) != Placed::Refused
    }

    /// Takes out the queues in which the message has died before, with no rejection since.
    fn without_cycles(&self, now: Now, message: &Message, routes: Routes) -> Routes {
        let known = Circles::of(message);
        let circles = |target: &Target| match target {
            Target::Queue(queue) => known.lead_to(queue.name()),
            Target::Reply(_) => false,
        };
        if !routes.iter().any(circles) {
            return routes;
        }
        self.emit(now, message, Fate::CycleDropped);
        routes
            .iter()
            .filter(|target| !circles(target))
            .cloned()
            .collect()
    }

    fn settle_one(&self, queue: &QueueHandle, at: RecordAt) {
        self.env.store.submit(&mut [Op::Moved {
            queue: queue.id(),
            records: &[at],
        }]);
    }
}
