//! From an exchange to queues: routing, and placing messages in their queues.
//!
//! [`Vhost::route`] answers where a message goes; [`Vhost::place`] puts a run of messages with the
//! same answer into their queues, one lock at a time, stored first and once for all queues.

use std::ops::Range;
use std::sync::Arc;

use leveret_codec::types::ShortStr;

use super::groups::Groups;
use super::streams::{self, Held, streams_of};
use crate::clock::Now;
use crate::events::{Event, Fate};
use crate::ids::QueueId;
use crate::message::Message;
use crate::queue::Pushed;
use crate::store::{Op, Position, RecordAt};
use crate::vhost::Vhost;
use crate::vhost::queue_handle::{QueueHandle, Storing};
use crate::vhost::reply_to::ReplyTarget;
use crate::vhost::routing::{Destination, Exchange, Hold, Walk};

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
struct Publish {
    /// `None` once its last queue has it.
    message: Option<Message>,
    /// Deliveries that counted in the queue where it died.
    delivery_count: u32,
    /// Where it is stored, once it is.
    at: RecordAt,
}

/// Messages to be placed, in order.
#[derive(Debug, Default)]
pub struct Publishes {
    each: Vec<Publish>,
    /// Neighbours with the same targets.
    runs: Vec<Run>,
    /// Scratch space for those who place several runs.
    groups: Option<Box<Groups>>,
}

/// Messages up to number `to`, from the end of the run before.
#[derive(Debug)]
struct Run {
    routes: Routes,
    to: usize,
}

impl Publishes {
    /// What a client publishes.
    #[inline]
    pub fn push(&mut self, message: Message, routes: &Routes) {
        self.push_dead(message, routes, 0);
    }

    /// A dead letter; `delivery_count` is what counted in the queue where it died.
    #[inline]
    pub(in crate::vhost) fn push_dead(
        &mut self,
        message: Message,
        routes: &Routes,
        delivery_count: u32,
    ) {
        self.each.push(Publish {
            message: Some(message),
            delivery_count,
            at: RecordAt::NONE,
        });
        let to = self.each.len();
        match self.runs.last_mut() {
            Some(run) if is_same(&run.routes, routes) => run.to = to,
            _ => self.runs.push(Run {
                routes: Arc::clone(routes),
                to,
            }),
        }
    }

    /// Where they go: what neighbours have in common once.
    pub(in crate::vhost) fn routes(&self) -> impl Iterator<Item = &Routes> {
        self.runs.iter().map(|run| &run.routes)
    }

    /// Messages in order, with where they go and where they are stored.
    pub(in crate::vhost) fn iter(&self) -> impl Iterator<Item = (&Routes, &Message, RecordAt)> {
        let mut from = 0;
        let runs = self.runs.iter().map(move |run| {
            let part = from..run.to;
            from = run.to;
            (run, part)
        });
        runs.flat_map(|(run, part)| {
            let part = self.each.get(part).unwrap_or_default().iter();
            part.filter_map(|publish| Some((&run.routes, publish.message.as_ref()?, publish.at)))
        })
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.each.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// For each message the queues that store it.
    fn storing_queues(&self) -> Vec<Vec<QueueId>> {
        let mut from = 0;
        let mut all = Vec::with_capacity(self.each.len());
        for run in &self.runs {
            for publish in self.each.get(from..run.to).unwrap_or_default() {
                let persistent = publish.is_persistent();
                let stores = |target: &Target| target.queue_that_stores(persistent);
                all.push(run.routes.iter().filter_map(stores).collect());
            }
            from = run.to;
        }
        all
    }

    /// Whether any of the messages is to be stored.
    fn any_to_store(&self) -> bool {
        let mut from = 0;
        self.runs.iter().any(|run| {
            let each = self.each.get(from..run.to).unwrap_or_default();
            from = run.to;
            run.routes.iter().any(|target| match target.storing() {
                Storing::Nothing => false,
                Storing::Persistent => each.iter().any(Publish::is_persistent),
                Storing::Everything => true,
            })
        })
    }

    /// Gives every target its messages, all of them at once; `streams` have theirs. In `answers`
    /// each message is told if somebody refuses it.
    fn hand_out(&mut self, now: Now, streams: &[Arc<QueueHandle>], answers: &mut [Placed]) {
        let Self { each, runs, groups } = self;
        let mut hand = |target: &Target, parts: &mut dyn Iterator<Item = Part>| match target {
            Target::Queue(queue) if streams.contains(queue) => {}
            Target::Queue(queue) => push_all(now, queue, parts, each, answers),
            Target::Reply(reply) => reply_all(reply, parts, each),
        };
        if let [run] = &**runs {
            let mut left = run.routes.len();
            for target in run.routes.iter() {
                left -= 1;
                let take = if left == 0 { Take::Whole } else { Take::Copy };
                hand(target, &mut std::iter::once((0..run.to, take)));
            }
            return;
        }
        let groups = groups.get_or_insert_default();
        groups.set(runs.iter().map(|run| (&run.routes, run.to)));
        for (run, target, mut parts) in groups.iter() {
            let target = runs.get(run).and_then(|run| run.routes.get(target));
            if let Some(target) = target {
                hand(target, &mut parts);
            }
        }
        groups.clear();
    }

    fn clear(&mut self) {
        self.each.clear();
        self.runs.clear();
    }
}

impl Publish {
    fn is_persistent(&self) -> bool {
        self.message.as_ref().is_some_and(Message::is_persistent)
    }
}

/// Whether two answers of the router are the same as far as can be seen at a glance.
#[inline]
fn is_same(one: &Routes, other: &Routes) -> bool {
    Arc::ptr_eq(one, other) || only_queue(one).is_some_and(|one| only_queue(other) == Some(one))
}

/// The queue that an answer of the router is, if it is one and nothing else.
#[inline]
#[must_use]
pub fn only_queue(routes: &Routes) -> Option<QueueId> {
    match &**routes {
        [Target::Queue(queue)] => Some(queue.id()),
        _ => None,
    }
}

impl Target {
    fn storing(&self) -> Storing {
        match self {
            Self::Queue(queue) => queue.storing(),
            Self::Reply(_) => Storing::Nothing,
        }
    }

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
    pub(in crate::vhost) fn route_released(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        question: Question<'_>,
    ) -> Routes {
        Walk::new(self, now, question, Hold::Over)
            .follow(exchange)
            .routes
    }

    /// Puts messages into their queues, in order, and leaves `publishes` empty; `placed` gets one
    /// answer for each. All of one call are stored as one group.
    pub fn place(&self, now: Now, publishes: &mut Publishes, placed: &mut Vec<Placed>) {
        let streams = streams_of(publishes);
        let mut held: Vec<Held<'_>> = streams.iter().map(|stream| Held::new(stream)).collect();
        let position = self.store_all(publishes, &mut held);
        if !held.is_empty() {
            streams::push_all(now, held, publishes);
        }
        let first = placed.len();
        placed.extend(publishes.each.iter().map(|publish| {
            Placed::Accepted(if publish.at.is_stored() {
                position
            } else {
                Position::default()
            })
        }));
        let answers = placed.get_mut(first..).unwrap_or_default();
        publishes.hand_out(now, &streams, answers);
        publishes.clear();
    }

    /// Stores what must be stored, each message once for all its queues; `held` are those of them
    /// that are streams.
    fn store_all(&self, publishes: &mut Publishes, held: &mut [Held<'_>]) -> Position {
        if !publishes.any_to_store() {
            return Position::default();
        }
        let queues = publishes.storing_queues();
        let sequences = streams::sequences(held, &queues);
        let sequences = sequences.iter().map(Vec::as_slice);
        let mut ops: Vec<Op<'_>> = publishes
            .each
            .iter_mut()
            .zip(&queues)
            .zip(sequences.chain(std::iter::repeat(&[][..])))
            .filter(|((_, queues), _)| !queues.is_empty())
            .filter_map(|((publish, queues), sequences)| {
                Some(Op::Message {
                    message: publish.message.as_ref()?,
                    queues,
                    sequences,
                    at: &mut publish.at,
                })
            })
            .collect();
        self.env.store.submit(&mut ops)
    }

    /// Places one message and says nothing: dead letters, delayed and replayed messages.
    pub(in crate::vhost) fn place_one(
        &self,
        now: Now,
        message: Message,
        routes: &Routes,
    ) -> Placed {
        self.place_dead(now, message, routes, 0)
    }

    /// Places one message that died after `delivery_count` deliveries that counted.
    pub(in crate::vhost) fn place_dead(
        &self,
        now: Now,
        message: Message,
        routes: &Routes,
        delivery_count: u32,
    ) -> Placed {
        let mut publishes = Publishes::default();
        publishes.push_dead(message, routes, delivery_count);
        let mut placed = Vec::with_capacity(1);
        self.place(now, &mut publishes, &mut placed);
        placed
            .pop()
            .unwrap_or(Placed::Accepted(Position::default()))
    }

    /// Sends an exchange's history to a new binding.
    pub(in crate::vhost) fn replay(
        &self,
        now: Now,
        messages: &[Message],
        destination: &Destination,
    ) {
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
            self.place_one(now, message.clone(), &routes);
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

/// Consecutive messages on their way to one target, and whether it is the last one they go to.
pub(in crate::vhost) type Part = (Range<usize>, Take);

/// Whether a target is the last one of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vhost) enum Take {
    /// Others need them too.
    Copy,
    Whole,
}

impl Take {
    #[inline]
    fn from(self, publish: &mut Publish) -> Option<Message> {
        match self {
            Self::Copy => publish.message.clone(),
            Self::Whole => publish.message.take(),
        }
    }
}

/// Pushes `parts` of a batch into one of their targets.
fn push_all(
    now: Now,
    handle: &QueueHandle,
    parts: &mut dyn Iterator<Item = Part>,
    each: &mut [Publish],
    answers: &mut [Placed],
) {
    let storing = handle.storing();
    handle.with(now, |queue, effects| {
        for (part, take) in parts {
            let each = each.get_mut(part.clone()).unwrap_or_default();
            let answers = answers.get_mut(part).unwrap_or_default();
            for (publish, answer) in each.iter_mut().zip(answers) {
                let Some(message) = take.from(publish) else {
                    continue;
                };
                let at = if publish.at.is_stored() && storing.wants(message.is_persistent()) {
                    publish.at
                } else {
                    RecordAt::NONE
                };
                match queue.push_dead(now, message, at, publish.delivery_count, effects) {
                    Pushed::Accepted => {}
                    Pushed::Refused => *answer = Placed::Refused,
                }
            }
        }
        queue.dispatch(now, effects);
    });
}

fn reply_all(target: &ReplyTarget, parts: &mut dyn Iterator<Item = Part>, each: &mut [Publish]) {
    for (part, take) in parts {
        for publish in each.get_mut(part).unwrap_or_default() {
            if let Some(message) = take.from(publish) {
                target.deliver(message);
            }
        }
    }
}
