//! From an exchange to queues: routing, and placing messages in their queues.
//!
//! [`Vhost::route`] answers where a message goes; [`Vhost::place`] puts a run of messages with the
//! same answer into their queues, one lock at a time, stored first and once for all queues.

use std::collections::HashSet;
use std::sync::Arc;

use leveret_codec::types::ShortStr;

use super::Vhost;
use super::exchange::{Destination, Exchange, delay_of};
use super::queue_handle::QueueHandle;
use super::reply_to::{ReplyTarget, is_reply_name};
use crate::clock::Now;
use crate::events::{Event, Fate};
use crate::exchange::{RouteInput, belongs_to_history};
use crate::ids::QueueId;
use crate::message::Message;
use crate::queue::Pushed;
use crate::store::{Op, Position, RecordAt};

/// Targets among which a repeated one is looked for one by one.
const FEW: usize = 16;

/// Somewhere a message can go.
#[derive(Clone, Debug)]
pub enum Target {
    /// A queue.
    Queue(Arc<QueueHandle>),
    /// A channel that waits for a direct reply.
    Reply(ReplyTarget),
}

/// Where a message goes: each queue once. Shared by all messages with the same answer.
pub type Routes = Arc<[Target]>;

/// A message to be placed.
#[derive(Debug)]
pub struct Publish {
    message: Message,
    routes: Routes,
    /// Deliveries that counted in the queue where it died.
    delivery_count: u32,
    /// Where it is stored, once it is.
    at: RecordAt,
}

impl Publish {
    /// What a client publishes.
    #[must_use]
    pub fn new(message: Message, routes: Routes) -> Self {
        Self {
            message,
            routes,
            delivery_count: 0,
            at: RecordAt::NONE,
        }
    }

    /// A dead letter; `delivery_count` is what counted in the queue where it died.
    pub(super) fn dead_letter(message: Message, routes: Routes, delivery_count: u32) -> Self {
        Self {
            delivery_count,
            ..Self::new(message, routes)
        }
    }

    fn is_to_be_stored(&self) -> bool {
        let persistent = self.message.is_persistent();
        self.routes
            .iter()
            .any(|target| target.queue_that_stores(persistent).is_some())
    }

    fn storing_queues(&self) -> Vec<QueueId> {
        let persistent = self.message.is_persistent();
        self.routes
            .iter()
            .filter_map(|target| target.queue_that_stores(persistent))
            .collect()
    }
}

impl Target {
    fn queue_that_stores(&self, persistent: bool) -> Option<QueueId> {
        match self {
            Self::Queue(queue) => queue.stores(persistent).then(|| queue.id()),
            Self::Reply(_) => None,
        }
    }
}

/// The router's answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Where the message goes.
    pub routes: Routes,
    /// Whether every message with this key goes there until the topology changes.
    pub lasting: bool,
    /// An exchange took the message into its keeping, to route it when its delay is over.
    pub held_back: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// Every queue has it; it is as durable as it must be once the store has reached the
    /// position.
    Accepted(Position),
    /// At least one queue refused it.
    Refused,
}

/// What routing looks at.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Routing key first, then those of CC and BCC.
    pub keys: &'a [&'a str],
    /// The message; its exchange and key are not looked at.
    pub message: &'a Message,
}

impl Vhost {
    /// Where a message that arrives at `exchange` goes, its alternate exchanges included.
    pub fn route(&self, now: Now, exchange: &Arc<Exchange>, question: Question<'_>) -> Answer {
        Walk::new(self, now, question, Hold::Possible).follow(exchange)
    }

    /// Like [`Vhost::route`] for a message whose delay at `exchange` is over.
    pub(super) fn route_released(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        question: Question<'_>,
    ) -> Routes {
        Walk::new(self, now, question, Hold::Over)
            .follow(exchange)
            .routes
    }

    /// Puts messages into their queues, in order; `placed` gets one answer for each. All of one
    /// call are stored as one group.
    pub fn place(&self, now: Now, run: &mut [Publish], placed: &mut Vec<Placed>) {
        let position = self.store_run(run);
        let first = placed.len();
        placed.extend(run.iter().map(|publish| {
            Placed::Accepted(if publish.at.is_stored() {
                position
            } else {
                Position::default()
            })
        }));
        let mut from = 0;
        while let Some(publish) = run.get(from) {
            let rest = run.get(from..).unwrap_or_default();
            let same = rest
                .iter()
                .take_while(|p| Arc::ptr_eq(&p.routes, &publish.routes));
            let to = from + same.count();
            let part = run.get(from..to).unwrap_or_default();
            let answers = placed.get_mut(first + from..first + to).unwrap_or_default();
            for target in publish.routes.iter() {
                match target {
                    Target::Queue(queue) => push_all(now, queue, part, answers),
                    Target::Reply(reply) => reply_all(reply, part),
                }
            }
            from = to;
        }
    }

    /// Stores what must be stored of `run`, each message once for all its queues.
    fn store_run(&self, run: &mut [Publish]) -> Position {
        if !run.iter().any(Publish::is_to_be_stored) {
            return Position::default();
        }
        let queues: Vec<Vec<QueueId>> = run.iter().map(Publish::storing_queues).collect();
        let mut ops: Vec<Op<'_>> = run
            .iter_mut()
            .zip(&queues)
            .filter(|(_, queues)| !queues.is_empty())
            .map(|(publish, queues)| Op::Message {
                message: &publish.message,
                queues,
                at: &mut publish.at,
            })
            .collect();
        self.env.store.submit(&mut ops)
    }

    /// Places one message and says nothing: dead letters, delayed and replayed messages.
    pub(super) fn place_one(&self, now: Now, message: Message, routes: Routes) -> Placed {
        let mut placed = Vec::with_capacity(1);
        self.place(now, &mut [Publish::new(message, routes)], &mut placed);
        placed
            .pop()
            .unwrap_or(Placed::Accepted(Position::default()))
    }

    /// Sends an exchange's history to a new binding.
    pub(super) fn replay(&self, now: Now, messages: &[Message], destination: &Destination) {
        for message in messages {
            let routes: Routes = match destination {
                Destination::Queue(queue) => Arc::new([Target::Queue(Arc::clone(queue))]),
                Destination::Exchange(exchange) => {
                    let key = message.routing_key();
                    let question = Question {
                        keys: &[&key],
                        message,
                    };
                    self.route_released(now, exchange, question)
                }
            };
            self.place_one(now, message.clone(), routes);
        }
    }

    /// Tells listeners where a message went; `returned` if nowhere, and its publisher was told.
    pub fn emit_routed(&self, now: Now, message: &Message, routes: &Routes, returned: bool) {
        let fate = match routes.len() {
            0 => Fate::Unroutable { returned },
            queues => Fate::Published { queues },
        };
        self.emit(now, message, fate);
    }

    /// Tells listeners the fate of a message before any queue.
    pub fn emit(&self, now: Now, message: &Message, fate: Fate) {
        let events = &self.env.events;
        if events.listening() {
            events.emit(&Event {
                now,
                vhost: self.name.clone(),
                queue: ShortStr::EMPTY.into(),
                message: message.clone(),
                fate,
            });
        }
    }
}

/// Pushes consecutive messages with the same targets into one of them.
fn push_all(now: Now, handle: &QueueHandle, part: &[Publish], answers: &mut [Placed]) {
    handle.with(now, |queue, effects| {
        for (publish, answer) in part.iter().zip(answers) {
            let stored = handle.stores(publish.message.is_persistent());
            let at = if stored { publish.at } else { RecordAt::NONE };
            let (message, count) = (publish.message.clone(), publish.delivery_count);
            match queue.push_dead(now, message, at, count, effects) {
                Pushed::Accepted => {}
                Pushed::Refused => *answer = Placed::Refused,
            }
        }
        queue.dispatch(now, effects);
    });
}

fn reply_all(target: &ReplyTarget, part: &[Publish]) {
    for publish in part {
        target.deliver(publish.message.clone());
    }
}

/// Whether an x-delayed-message exchange may still hold the message back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Possible,
    Over,
}

/// One message on its way through exchanges; each is visited once, so circles end.
struct Walk<'a> {
    vhost: &'a Vhost,
    now: Now,
    question: Question<'a>,
    hold: Hold,
    targets: Vec<Target>,
    /// The queues among `targets`, once they are more than [`FEW`].
    many: HashSet<QueueId>,
    visited: Vec<Arc<Exchange>>,
    lasting: bool,
    held_back: bool,
}

impl<'a> Walk<'a> {
    fn new(vhost: &'a Vhost, now: Now, question: Question<'a>, hold: Hold) -> Self {
        Self {
            vhost,
            now,
            question,
            hold,
            targets: Vec::new(),
            many: HashSet::new(),
            visited: Vec::new(),
            lasting: true,
            held_back: false,
        }
    }

    /// Follows `first` and, as long as nothing is found, the alternate exchanges.
    fn follow(mut self, first: &Arc<Exchange>) -> Answer {
        let mut next = Some(Arc::clone(first));
        while let Some(exchange) = next.take() {
            self.spread(&exchange);
            if !self.targets.is_empty() || self.held_back {
                break;
            }
            let Some(name) = exchange.alternate() else {
                break;
            };
            match self.vhost.find_exchange(&name) {
                Some(alternate) if !self.was_visited(&alternate) => next = Some(alternate),
                Some(_) => {}
                None => tracing::warn!(
                    "{}: its alternate exchange '{name}' does not exist",
                    exchange.words()
                ),
            }
        }
        let lasting = self.lasting && !self.held_back;
        Answer {
            routes: self.targets.into(),
            lasting,
            held_back: self.held_back,
        }
    }

    /// Everything that `first` leads to through bindings of exchanges.
    fn spread(&mut self, first: &Arc<Exchange>) {
        let mut open = vec![Arc::clone(first)];
        self.visited.push(Arc::clone(first));
        let mut found = Vec::new();
        while let Some(exchange) = open.pop() {
            self.lasting &= exchange.routes_by_key();
            if self.hold_back(&exchange) || self.was_seen(&exchange) {
                continue;
            }
            self.step(&exchange, &mut found);
            for destination in found.drain(..) {
                match destination {
                    Destination::Queue(queue) => self.add(queue),
                    Destination::Exchange(next) if !self.was_visited(&next) => {
                        self.visited.push(Arc::clone(&next));
                        open.push(next);
                    }
                    Destination::Exchange(_) => {}
                }
            }
        }
    }

    /// One routing step.
    fn step(&mut self, exchange: &Exchange, found: &mut Vec<Destination>) {
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
            random: self.vhost.env.dice(),
        };
        exchange.router.read().route(&input, found);
        if let Some(history) = &exchange.history
            && belongs_to_history(headers)
        {
            history.lock().record(message.clone());
        }
    }

    /// Every queue is bound to the default exchange by its own name.
    fn default_exchange(&mut self) {
        for key in self.question.keys {
            if let Some(queue) = self.vhost.find_queue(key) {
                self.add(queue);
            } else if is_reply_name(key)
                && let Some(target) = self.vhost.reply_target(key)
            {
                self.targets.push(Target::Reply(target));
                self.lasting = false;
            }
        }
    }

    /// Adds a queue once.
    fn add(&mut self, queue: Arc<QueueHandle>) {
        if self.is_new(&queue) {
            self.targets.push(Target::Queue(queue));
        }
    }

    /// A few are compared one by one; with many a set keeps the cost of each constant.
    fn is_new(&mut self, queue: &QueueHandle) -> bool {
        let known = |target: &Target| match target {
            Target::Queue(known) => Some(known.id()),
            Target::Reply(_) => None,
        };
        if self.targets.len() < FEW {
            return !self
                .targets
                .iter()
                .filter_map(known)
                .any(|id| id == queue.id());
        }
        if self.many.is_empty() {
            self.many = self.targets.iter().filter_map(known).collect();
        }
        self.many.insert(queue.id())
    }

    fn was_visited(&self, exchange: &Arc<Exchange>) -> bool {
        self.visited
            .iter()
            .any(|visited| Arc::ptr_eq(visited, exchange))
    }

    /// Leaves the message with a delayed exchange, unless its delay there is over.
    fn hold_back(&mut self, exchange: &Arc<Exchange>) -> bool {
        let Some(delayed) = &exchange.delayed else {
            return false;
        };
        if std::mem::replace(&mut self.hold, Hold::Possible) == Hold::Over {
            return false;
        }
        let message = self.question.message;
        let headers = message.properties().headers().ok().flatten();
        let delay = headers.and_then(|headers| headers.find("x-delay").ok().flatten());
        let Some(ms) = delay_of(delay) else {
            return false;
        };
        self.vhost.emit(self.now, message, Fate::Delayed { ms });
        delayed.hold(self.now, ms, exchange, message);
        self.held_back = true;
        true
    }

    fn was_seen(&self, exchange: &Exchange) -> bool {
        let Some(seen) = &exchange.seen else {
            return false;
        };
        let message = self.question.message;
        let headers = message.properties().headers().ok().flatten();
        let is_duplicate = seen.lock().is_duplicate(headers, self.now.mono.as_millis());
        if is_duplicate {
            self.vhost.emit(self.now, message, Fate::Duplicate);
        }
        is_duplicate
    }
}
