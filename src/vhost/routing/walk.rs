//! One message's way through exchanges, to the targets it ends at.

use std::collections::HashSet;
use std::sync::Arc;

use super::destination::{Destination, WeakEnd};
use super::directory::Directory;
use super::exchange::{Exchange, delay_of};
use super::{Answer, Delay, Question, Target};
use crate::clock::Now;
use crate::erlang;
use crate::events::Fate;
use crate::exchange::{RouteInput, belongs_to_history};
use crate::ids::QueueId;
use crate::store::Position;
use crate::turns;
use crate::vhost::queue_handle::QueueHandle;

/// Targets, and exchanges, among which a repeated one is looked for one by one.
const FEW: usize = 16;

/// When an x-delayed-message exchange delays the message that comes to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Delaying {
    Now,
    /// It has: the first one on the way routes it on.
    Over,
    /// When its transaction is committed.
    AtCommit,
}

/// What hears of the steps of a walk. Its methods are called for each exchange in this order.
pub(super) trait Trace {
    /// Whether nothing may change on the way, and nothing is drawn by chance.
    const IS_TRIAL: bool;

    /// The message comes to an exchange.
    fn visit(&mut self, _exchange: &Arc<Exchange>) {}
    /// The exchange keeps it for so many milliseconds first.
    fn delays(&mut self, _ms: u64) {}
    /// The exchange has seen its like.
    fn drops_duplicate(&mut self) {}
    /// Where the exchange's bindings lead.
    fn leads_to(&mut self, _found: &[WeakEnd]) {}
    /// Nothing was found behind `from`: it goes on to its alternate exchange, if that exists.
    fn goes_on(&mut self, _from: &Exchange, _alternate: &[u8], _exists: bool) {}
}

/// Nothing hears of them: the message goes this way.
impl Trace for () {
    const IS_TRIAL: bool = false;
}

/// One message on its way through exchanges; each is visited once, so circles end.
pub(super) struct Walk<'a, T> {
    directory: &'a Directory,
    now: Now,
    question: Question<'a>,
    delaying: Delaying,
    targets: Vec<Target>,
    /// The queues among `targets`, once they are more than [`FEW`].
    many: HashSet<QueueId>,
    visited: Vec<Arc<Exchange>>,
    /// The places in memory of `visited`, once they are more than [`FEW`].
    visited_many: HashSet<*const Exchange>,
    lasting: bool,
    delayed: Option<Position>,
    delays: Vec<Delay>,
    trace: T,
}

impl<'a, T: Trace> Walk<'a, T> {
    pub(super) fn new(
        directory: &'a Directory,
        now: Now,
        question: Question<'a>,
        delaying: Delaying,
        trace: T,
    ) -> Self {
        Self {
            directory,
            now,
            question,
            delaying,
            targets: Vec::new(),
            many: HashSet::new(),
            visited: Vec::new(),
            visited_many: HashSet::new(),
            lasting: true,
            delayed: None,
            delays: Vec::new(),
            trace,
        }
    }

    /// Follows `first` and, as long as nothing is found, the alternate exchanges.
    pub(super) fn follow(mut self, first: &Arc<Exchange>) -> (Answer, T) {
        let mut next = Some(Arc::clone(first));
        while let Some(exchange) = next.take() {
            if !self.visit(&exchange) {
                break;
            }
            self.spread(&exchange);
            if !self.targets.is_empty() || self.delayed.is_some() {
                break;
            }
            let Some(name) = exchange.alternate() else {
                break;
            };
            let alternate = self.directory.exchange_named(&name);
            self.trace.goes_on(&exchange, &name, alternate.is_some());
            match alternate {
                Some(alternate) => next = Some(alternate),
                None if T::IS_TRIAL => {}
                None => crate::log::warn!(
                    "{}: its alternate exchange '{}' does not exist",
                    exchange.words(),
                    erlang::text(&name)
                ),
            }
        }
        // The store finds one of many copies by its queue's number.
        if self.targets.len() > FEW {
            self.targets.sort_unstable_by_key(Target::queue_id);
        }
        let lasting = self.lasting && self.delayed.is_none();
        let answer = Answer {
            routes: self.targets.into(),
            lasting,
            delayed: self.delayed,
            delays: self.delays.into(),
        };
        (answer, self.trace)
    }

    /// Everything that `first` leads to through bindings of exchanges.
    fn spread(&mut self, first: &Arc<Exchange>) {
        let mut open = Vec::new();
        let mut next = Some(Arc::clone(first));
        let mut found = Vec::new();
        while let Some(exchange) = next {
            self.lasting &= exchange.routes_by_key();
            self.trace.visit(&exchange);
            if !self.delay(&exchange) && !self.was_seen(&exchange) {
                self.step(&exchange, &mut found);
            }
            turns::at_length(found.len(), || self.enter(&mut found, &mut open));
            next = open.pop();
        }
    }

    /// Adds the queues that an exchange leads to, and keeps its exchanges in `open`.
    fn enter(&mut self, found: &mut Vec<WeakEnd>, open: &mut Vec<Arc<Exchange>>) {
        for destination in found.drain(..) {
            match destination.upgrade() {
                Some(Destination::Queue(queue)) => self.add(queue),
                Some(Destination::Exchange(next)) if self.visit(&next) => open.push(next),
                Some(Destination::Exchange(_)) | None => {}
            }
        }
    }

    /// One routing step.
    fn step(&mut self, exchange: &Exchange, found: &mut Vec<WeakEnd>) {
        if exchange.spec.name.is_empty() {
            self.default_exchange();
            return;
        }
        let message = self.question.message;
        let properties = message.properties();
        let headers = properties.headers().ok().flatten();
        let input = RouteInput {
            keys: self.question.keys,
            headers,
            properties,
            random: match T::IS_TRIAL {
                true => 0,
                false => self.directory.env.dice(),
            },
        };
        exchange.router.read().route(&input, found);
        self.trace.leads_to(found);
        if !T::IS_TRIAL
            && let Some(history) = &exchange.history
            && belongs_to_history(headers)
        {
            history.lock().record(message.clone());
        }
    }

    /// Every queue is bound to the default exchange by its own name.
    fn default_exchange(&mut self) {
        for key in self.question.keys {
            if let Some(queue) = self.directory.queue_named(key) {
                self.add(queue);
            } else if let Some(target) = self.directory.replies.find(key) {
                self.targets.push(Target::Reply(target));
                self.lasting = false;
            }
        }
    }

    /// Adds a queue once. One that is being deleted gets nothing more.
    fn add(&mut self, queue: Arc<QueueHandle>) {
        if !queue.is_deleted() && self.is_new(&queue) {
            self.targets.push(Target::Queue(queue));
        }
    }

    /// A few are compared one by one; with many a set keeps the cost of each constant.
    fn is_new(&mut self, queue: &QueueHandle) -> bool {
        if self.targets.len() < FEW {
            let mut known = self.targets.iter().filter_map(Target::queue_id);
            return !known.any(|id| id == queue.id());
        }
        if self.many.is_empty() {
            self.many = self.targets.iter().filter_map(Target::queue_id).collect();
        }
        self.many.insert(queue.id())
    }

    /// Whether the message has not been at `exchange` before. Many are looked up the same way.
    fn visit(&mut self, exchange: &Arc<Exchange>) -> bool {
        if self.visited.len() >= FEW {
            if self.visited_many.is_empty() {
                self.visited_many = self.visited.iter().map(Arc::as_ptr).collect();
            }
            if !self.visited_many.insert(Arc::as_ptr(exchange)) {
                return false;
            }
        } else if self.visited.iter().any(|one| Arc::ptr_eq(one, exchange)) {
            return false;
        }
        self.visited.push(Arc::clone(exchange));
        true
    }

    /// Leaves the message with a delayed exchange, unless its delay there is over.
    fn delay(&mut self, exchange: &Arc<Exchange>) -> bool {
        let Some(delayed) = &exchange.delayed else {
            return false;
        };
        if self.delaying == Delaying::Over {
            self.delaying = Delaying::Now;
            return false;
        }
        let message = self.question.message;
        let headers = message.properties().headers().ok().flatten();
        let delay = headers.and_then(|headers| headers.find("x-delay").ok().flatten());
        let Some(ms) = delay_of(delay) else {
            return false;
        };
        let position = if T::IS_TRIAL {
            self.trace.delays(ms);
            Position::default()
        } else if self.delaying == Delaying::AtCommit {
            let exchange = Arc::clone(exchange);
            self.delays.push(Delay { exchange, ms });
            Position::default()
        } else {
            delayed.keep(self.now, ms, exchange, &self.question)
        };
        self.delayed = self.delayed.max(Some(position));
        true
    }

    fn was_seen(&mut self, exchange: &Exchange) -> bool {
        let Some(seen) = &exchange.seen else {
            return false;
        };
        let message = self.question.message;
        let headers = message.properties().headers().ok().flatten();
        let now_ms = self.now.mono.as_millis();
        if T::IS_TRIAL {
            let is_duplicate = seen.lock().has_seen(headers, now_ms);
            if is_duplicate {
                self.trace.drops_duplicate();
            }
            return is_duplicate;
        }
        let is_duplicate = seen.lock().is_duplicate(headers, now_ms);
        if is_duplicate {
            let fate = Fate::Duplicate {
                publisher: self.question.publisher.cloned(),
                from: self.question.from,
            };
            self.directory.emit(self.now, message, fate);
        }
        is_duplicate
    }
}
