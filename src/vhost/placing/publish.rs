//! A run of messages on its way into queues: stored first and once for all of them, then pushed,
//! one queue's lock at a time.

use std::ops::Range;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::groups::Groups;
use super::handing::{How, Part, Take, push_all, reply_all};
use super::placed::Placed;
use super::reached::{Count, Reached};
use super::source::Source;
use super::spans::Spans;
use super::streams::{self, LockedStream, streams_of};
use crate::clock::Now;
use crate::entry::Facts;
use crate::env::Environment;
use crate::ids::QueueId;
use crate::message::Message;
use crate::queue::Sender;
use crate::store::{Op, Position, RecordAt};
use crate::tally::ExchangeTally;
use crate::turns;
use crate::vhost::queue_handle::QueueHandle;
use crate::vhost::routing::{Routes, Target, only_queue};
use crate::vhost::storing::Storing;

/// A message to be placed.
#[derive(Debug)]
pub(super) struct Publish {
    /// `None` once its last queue has it.
    pub(super) message: Option<Message>,
    /// Deliveries that counted in the queue where it died.
    pub(super) delivery_count: u32,
    /// Where it is stored, once it is.
    pub(super) at: RecordAt,
}

/// Messages to be placed, in order.
#[derive(Debug, Default)]
pub struct Publishes {
    each: Vec<Publish>,
    /// Neighbours with the same targets.
    runs: Vec<Run>,
    /// How often a message is to be put into a queue.
    pushes: usize,
    /// Neighbours that clients published to the same exchange.
    spans: Spans,
    /// What came to which queue.
    reached: Reached,
    /// Stored messages that leave a queue because they are placed here: both are stored as one
    /// group.
    leaving: Option<Box<(QueueId, Vec<RecordAt>)>>,
    /// Scratch space, once several runs are placed together.
    groups: Option<Box<Groups>>,
    /// Whether their sender waits for an answer.
    sender: Sender,
    /// Where they come from, for listeners.
    pub(in crate::vhost) source: Source,
}

/// Messages up to number `to`, from the end of the run before.
#[derive(Debug)]
struct Run {
    routes: Routes,
    to: usize,
}

/// The copies of messages that are to be stored.
#[derive(Default)]
struct Copies {
    queues: Vec<QueueId>,
    /// What each queue gives its copy.
    sequences: Vec<u64>,
    /// Where the copies of each message end.
    ends: Vec<usize>,
}

impl Copies {
    fn push(&mut self, queue: QueueId, sequence: u64) {
        self.queues.push(queue);
        self.sequences.push(sequence);
    }

    /// Those of each message.
    fn iter(&self) -> impl Iterator<Item = (&[QueueId], &[u64])> {
        let mut from = 0;
        self.ends.iter().map(move |&end| {
            let part = from..end;
            from = end;
            let queues = self.queues.get(part.clone()).unwrap_or_default();
            (queues, self.sequences.get(part).unwrap_or_default())
        })
    }
}

impl Publishes {
    /// For messages of a sender who does not wait for an answer.
    pub(in crate::vhost) fn unanswered() -> Self {
        Self {
            sender: Sender::Leaves,
            ..Self::default()
        }
    }

    /// For messages that an operator moves: their queues were asked whether they take them.
    pub(in crate::vhost) fn asked() -> Self {
        Self {
            sender: Sender::Asked,
            ..Self::default()
        }
    }

    /// The messages leave `queue`, in which they are stored as `records`.
    pub(in crate::vhost) fn leave(&mut self, queue: QueueId, records: Vec<RecordAt>) {
        if !records.is_empty() {
            self.leaving = Some(Box::new((queue, records)));
        }
    }

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
        self.pushes += routes.len();
        let to = self.each.len();
        match self.runs.last_mut() {
            Some(run) if is_same(&run.routes, routes) => run.to = to,
            _ => self.runs.push(Run {
                routes: Arc::clone(routes),
                to,
            }),
        }
    }

    /// What is pushed from now on was published to `exchange` by a client, and counts there.
    #[inline]
    pub fn published_to(&mut self, exchange: &Arc<ExchangeTally>) {
        self.spans.go_on_to(exchange, self.each.len());
    }

    /// Calls `each` with the exchanges that the messages were published to, in order, and how many
    /// messages in a row each of them got.
    #[inline]
    pub fn by_exchange(&self, each: impl FnMut(&Arc<ExchangeTally>, usize)) {
        self.spans.each(self.each.len(), each);
    }

    /// The queues that messages came to, the exchanges that these were published to, and how many
    /// they were.
    pub fn by_queue(&self) -> impl Iterator<Item = (&ShortString, ShortString, u64)> {
        self.reached.shown()
    }

    /// Another run of the same channel, which counts what comes to queues until the two are
    /// [joined](Self::join) again.
    #[must_use]
    pub fn part(&mut self) -> Self {
        Self {
            reached: std::mem::take(&mut self.reached),
            ..Self::default()
        }
    }

    /// The other run is placed.
    pub fn join(&mut self, part: Self) {
        self.reached = part.reached;
    }

    /// Counts the messages for the exchanges that they were published to; `pushes`: how often one
    /// of them is put into a queue.
    fn count(&self, pushes: usize) {
        let runs = self.runs.iter().map(|run| (run.to, run.routes.len()));
        self.spans.count(self.each.len(), pushes, runs);
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

    /// Some of the messages, with where they are stored.
    pub(super) fn some(&self, part: &Range<usize>) -> impl Iterator<Item = (&Message, RecordAt)> {
        let each = self.each.get(part.clone()).unwrap_or_default().iter();
        each.filter_map(|publish| Some((publish.message.as_ref()?, publish.at)))
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

    /// How often a message is to be put into a queue.
    #[inline]
    #[must_use]
    pub fn pushes(&self) -> usize {
        self.pushes
    }

    /// The copies of each message; `locked` are the streams among their queues.
    fn copies(&self, locked: &mut [LockedStream<'_>]) -> Copies {
        let mut from = 0;
        let mut copies = Copies::default();
        for run in &self.runs {
            let each = self.each.get(from..run.to).unwrap_or_default();
            for (number, publish) in (from..).zip(each) {
                if let Some(message) = &publish.message {
                    let persistent = message.is_persistent();
                    let stores = |target| Target::queue_that_stores(target, persistent);
                    for queue in run.routes.iter().filter_map(stores) {
                        let sequence = streams::next_sequence(locked, queue.id(), number);
                        let note = || {
                            let kind = queue.declared().kind;
                            Facts::of_arrival(kind, message, publish.delivery_count).to_sequence()
                        };
                        copies.push(queue.id(), sequence.unwrap_or_else(note));
                    }
                }
                copies.ends.push(copies.queues.len());
            }
            from = run.to;
        }
        copies
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

    /// Puts the messages into their queues, in order, and leaves nothing behind; `placed` gets one
    /// answer for each. All of one call are stored as one group. Returns how many copies were
    /// handed to queues.
    pub(in crate::vhost) fn place(
        &mut self,
        env: &Environment,
        now: Now,
        placed: &mut Vec<Placed>,
    ) -> usize {
        let pushes = self.pushes;
        turns::spend(pushes);
        turns::at_length(pushes, || self.place_all(env, now, placed));
        pushes
    }

    #[inline(always)]
    fn place_all(&mut self, env: &Environment, now: Now, placed: &mut Vec<Placed>) {
        let first = placed.len();
        let streams = self.store(env, now, placed);
        let answers = placed.get_mut(first..).unwrap_or_default();
        self.hand_out(now, &streams, answers);
        self.clear();
    }

    /// Counts the messages, stores what must be stored and appends to streams what goes there;
    /// `placed` gets an answer for each that no queue has refused yet. Returns the streams.
    #[inline(always)]
    fn store(
        &mut self,
        env: &Environment,
        now: Now,
        placed: &mut Vec<Placed>,
    ) -> Vec<Arc<QueueHandle>> {
        self.count(self.pushes);
        // Streams store everything.
        let (position, streams) = match self.any_to_store() || self.leaving.is_some() {
            true => self.store_some(env, now),
            false => (Position::default(), Vec::new()),
        };
        placed.extend(self.each.iter().map(|publish| {
            Placed::Accepted(if publish.at.is_stored() {
                position
            } else {
                Position::default()
            })
        }));
        streams
    }

    #[inline(never)]
    fn store_some(&mut self, env: &Environment, now: Now) -> (Position, Vec<Arc<QueueHandle>>) {
        let streams = streams_of(self);
        let mut locked: Vec<LockedStream<'_>> = Vec::new();
        for stream in &streams {
            locked.push(LockedStream::new(stream));
        }
        let position = self.store_all(env, &mut locked);
        if locked.is_empty() {
            drop(locked);
        } else {
            let mut reached = std::mem::take(&mut self.reached);
            let count = Count {
                spans: &self.spans,
                reached: &mut reached,
            };
            streams::push_all(now, locked, self, count);
            self.reached = reached;
        }
        (position, streams)
    }

    /// Stores what must be stored, each message once for all its queues; `locked` are those of them
    /// that are streams.
    fn store_all(&mut self, env: &Environment, locked: &mut [LockedStream<'_>]) -> Position {
        let copies = self.copies(locked);
        let mut ops: Vec<Op<'_>> = self
            .each
            .iter_mut()
            .zip(copies.iter())
            .filter(|(_, (queues, _))| !queues.is_empty())
            .filter_map(|(publish, (queues, sequences))| {
                Some(Op::Message {
                    message: publish.message.as_ref()?,
                    queues,
                    sequences,
                    at: &mut publish.at,
                })
            })
            .collect();
        if let Some(leaving) = &self.leaving {
            let (queue, records) = &**leaving;
            let queue = *queue;
            ops.push(Op::Moved { queue, records });
        }
        env.store.submit(&mut ops)
    }

    /// Gives every target its messages, all of them at once; `streams` have theirs. In `answers`
    /// stands for each message whether a queue has refused it.
    fn hand_out(&mut self, now: Now, streams: &[Arc<QueueHandle>], answers: &mut [Placed]) {
        let Self {
            each,
            runs,
            groups,
            sender,
            source,
            spans,
            reached,
            ..
        } = self;
        let mut how = How {
            sender: *sender,
            source,
            count: Count { spans, reached },
        };
        let mut hand = |target: &Target, parts: &mut dyn Iterator<Item = Part>| match target {
            Target::Queue(queue) if streams::is_among(streams, queue) => {}
            Target::Queue(queue) => push_all(now, queue, parts, each, &mut how, answers),
            Target::Reply(reply) => reply_all(reply, parts, each),
        };
        if let [run] = &**runs {
            let last = run.routes.len().saturating_sub(1);
            for (at, target) in run.routes.iter().enumerate() {
                let take = if at == last { Take::Whole } else { Take::Copy };
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
        self.leaving = None;
        self.pushes = 0;
        self.spans.clear();
        self.source.clear();
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
