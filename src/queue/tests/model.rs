//! Any operations on a queue, classic or quorum, against a slow obvious one: I2 (one place, and
//! counts that add up), I3 (order), I5 (credit), I9 (no ghosts), I10 (what is stored is settled
//! once, when it leaves), I11 (memory that is given back), I12 (the same again).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use leveret_codec::table::Table;
use proptest::prelude::*;

use super::fixture::{Fixture, message, numbers};
use crate::queue::{QueueKind, ReturnCause, Sum};

const TTL_MS: u64 = 50;

#[derive(Clone, Debug)]
enum Step {
    Push,
    PushShortLived,
    Get,
    Consume {
        id: u64,
        prefetch: u16,
    },
    Cancel {
        id: u64,
    },
    Ack {
        id: u64,
        nth: usize,
    },
    Requeue {
        id: u64,
        nth: usize,
    },
    RequeueAll {
        id: u64,
    },
    /// A consumer goes with all it holds.
    Leave {
        id: u64,
    },
    Purge,
    Advance {
        ms: u64,
    },
    /// Publishes many.
    Burst {
        n: u64,
    },
    /// Moves all but the heads out of memory.
    PageOut,
    /// Pauses the queue, or ends the pause.
    Pause {
        on: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1..4u64;
    let holder = 0..4u64;
    prop_oneof![
        6 => Just(Step::Push),
        2 => Just(Step::PushShortLived),
        2 => Just(Step::Get),
        2 => (id.clone(), 0..4u16).prop_map(|(id, prefetch)| Step::Consume { id, prefetch }),
        1 => id.prop_map(|id| Step::Cancel { id }),
        4 => (holder.clone(), 0..6usize).prop_map(|(id, nth)| Step::Ack { id, nth }),
        2 => (holder.clone(), 0..6usize).prop_map(|(id, nth)| Step::Requeue { id, nth }),
        1 => holder.prop_map(|id| Step::RequeueAll { id }),
        1 => (1..4u64).prop_map(|id| Step::Leave { id }),
        1 => Just(Step::Purge),
        1 => (1..40u64).prop_map(|ms| Step::Advance { ms }),
        2 => Just(Step::PageOut),
        1 => any::<bool>().prop_map(|on| Step::Pause { on }),
    ]
}

fn step_of_a_long_queue() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => step(),
        1 => (100..900u64).prop_map(|n| Step::Burst { n }),
    ]
}

/// A message is its number; numbers rise.
#[derive(Default)]
struct Model {
    ready: Vec<u64>,
    /// In a quorum queue how many at the front came back.
    returned: usize,
    is_quorum: bool,
    is_paused: bool,
    transient: BTreeSet<u64>,
    expires: BTreeMap<u64, u64>,
    held: BTreeMap<u64, Vec<u64>>,
    /// Prefetch by consumer, in the order in which they are served.
    ring: VecDeque<(u64, u16)>,
    now_ms: u64,
    pushed: u64,
}

impl Model {
    /// Heads die, of those that came back to a quorum queue and of the others alike.
    fn expire(&mut self, now_too: bool) {
        while self.returned > 0 && self.is_over(self.ready[0], now_too) {
            self.pop();
        }
        while let Some(head) = self.ready.get(self.returned)
            && self.is_over(*head, now_too)
        {
            self.ready.remove(self.returned);
        }
    }

    fn is_over(&self, number: u64, now_too: bool) -> bool {
        let at = self.expires.get(&number).copied().unwrap_or(u64::MAX);
        at < self.now_ms || at == self.now_ms && now_too
    }

    fn pop(&mut self) -> Option<u64> {
        let is_there = !self.ready.is_empty();
        self.returned = self.returned.saturating_sub(1);
        is_there.then(|| self.ready.remove(0))
    }

    fn requeue(&mut self, messages: impl IntoIterator<Item = u64>) {
        if self.is_quorum {
            for number in messages {
                self.ready.insert(self.returned, number);
                self.returned += 1;
            }
        } else {
            self.ready.extend(messages);
            self.ready.sort_unstable();
        }
        self.expire(true);
    }

    fn sum<'a>(&self, numbers: impl Iterator<Item = &'a u64>) -> Sum {
        let len = |number: &u64| number.to_string().len() as u64;
        // A quorum queue counts properties, too: here two octets of flags.
        let more = if self.is_quorum { 2 } else { 0 };
        numbers.fold(Sum::default(), |mut sum, number| {
            sum.add(len(number) + more);
            sum
        })
    }
}

struct Run {
    queue: Fixture,
    model: Model,
    /// All that consumers got, and what was left each time.
    heard: Vec<String>,
}

impl Run {
    fn new(queue: Fixture) -> Self {
        let model = Model {
            is_quorum: queue.queue.declared().kind == QueueKind::Quorum,
            ..Model::default()
        };
        Self {
            queue,
            model,
            heard: Vec::new(),
        }
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Push | Step::PushShortLived => {
                self.publish(matches!(step, Step::PushShortLived).then_some(TTL_MS));
            }
            Step::Burst { n } => (0..n).for_each(|_| self.publish(None)),
            Step::PageOut => {
                self.queue.queue.page_out();
            }
            Step::Get => {
                self.model.expire(true);
                let expected = match self.model.is_paused {
                    true => None,
                    false => self.model.pop(),
                };
                let got = self.queue.get(1);
                assert_eq!(got, expected.map(|n| n.to_string()).unwrap_or_default());
                self.model.held.entry(0).or_default().extend(expected);
            }
            Step::Consume { id, prefetch } => {
                if self.model.ring.iter().all(|(other, _)| *other != id)
                    && self.model.held.get(&id).is_none_or(Vec::is_empty)
                {
                    self.model.ring.push_back((id, prefetch));
                    self.queue.consume(id, prefetch);
                }
            }
            Step::Cancel { id } => {
                let there = self.model.ring.iter().any(|(other, _)| *other == id);
                assert_eq!(self.queue.cancel(id), there);
                self.model.ring.retain(|(other, _)| *other != id);
            }
            Step::Ack { id, nth } => self.one(id, nth, None),
            Step::Requeue { id, nth } => self.one(id, nth, Some(ReturnCause::Nack)),
            Step::RequeueAll { id } => {
                let held = std::mem::take(self.model.held.entry(id).or_default());
                let bodies: Vec<_> = held.iter().map(u64::to_string).collect();
                self.model.requeue(held);
                self.queue
                    .requeue(id, &bodies.join(" "), ReturnCause::Closed);
            }
            Step::Leave { id } => {
                self.model.ring.retain(|(other, _)| *other != id);
                let held = self.model.held.remove(&id).unwrap_or_default();
                self.model.requeue(held);
                self.queue.leave(&[id], ReturnCause::Closed);
            }
            Step::Purge => {
                let purged = self.queue.queue.purge(self.queue.now, &mut self.queue.fx);
                assert_eq!(purged.unwrap(), self.model.ready.len() as u64);
                self.queue.clear_away();
                self.model.ready.clear();
                self.model.returned = 0;
            }
            Step::Pause { on } => {
                let now = self.queue.now;
                let queue = &mut self.queue;
                let has_changed = queue.queue.pause(now, on, &mut queue.fx);
                assert_eq!(has_changed, self.model.is_paused != on);
                assert_eq!(queue.queue.is_paused(), on);
                self.model.is_paused = on;
            }
            Step::Advance { ms } => {
                self.model.now_ms += ms;
                self.queue.at(self.model.now_ms);
            }
        }
        self.adopt();
    }

    fn publish(&mut self, ttl: Option<u64>) {
        let number = self.model.pushed;
        self.model.pushed += 1;
        if let Some(ttl) = ttl {
            self.model.expires.insert(number, self.model.now_ms + ttl);
        }
        self.model.ready.push(number);
        let body = number.to_string();
        if number.is_multiple_of(3) && ttl.is_none() {
            self.model.transient.insert(number);
            self.queue.publish_transient(&body);
        } else {
            let shape = |traits: &mut crate::message::Traits| traits.expiration_ms = ttl;
            self.queue.publish_message(message(&body, shape));
        }
    }

    fn one(&mut self, id: u64, nth: usize, requeue: Option<ReturnCause>) {
        let held = self.model.held.entry(id).or_default();
        if nth >= held.len() {
            return;
        }
        let number = held.remove(nth);
        match requeue {
            None => self.queue.ack(id, &number.to_string()),
            Some(cause) => {
                self.model.requeue([number]);
                self.queue.requeue(id, &number.to_string(), cause);
            }
        }
    }

    /// Reads all mail: together it must be the head of the model's queue, in order for each
    /// consumer, within the credit of each; and no message may wait that a consumer could take.
    fn adopt(&mut self) {
        let mut mails = Vec::new();
        for (id, prefetch) in self.model.ring.clone() {
            let mail = self.queue.mail(id);
            let mail: Vec<u64> = mail
                .split_whitespace()
                .map(|n| n.parse().unwrap())
                .collect();
            assert!(mail.is_empty() || !self.model.is_paused, "it is paused");
            let held = self.model.held.entry(id).or_default();
            held.extend(&mail);
            let limit = if prefetch == 0 {
                usize::MAX
            } else {
                usize::from(prefetch)
            };
            assert!(held.len() <= limit, "I5: {} > {limit}", held.len());
            self.heard.push(format!("{id}: {mail:?}"));
            mails.push(mail);
        }
        let mut places = BTreeMap::new();
        for place in 0..mails.iter().map(Vec::len).sum() {
            self.model.expire(false);
            let head = self
                .model
                .pop()
                .expect("I2: more were delivered than there are");
            places.insert(head, place);
        }
        for mail in mails {
            let place = |number| places.get(number).expect("I3: it was not at the head");
            assert!(mail.iter().map(place).is_sorted(), "I3: {mail:?}");
        }
        self.model.expire(true);
        let ready: Vec<_> = self.model.ready.iter().map(u64::to_string).collect();
        assert_eq!(self.queue.ready(), ready.join(" "), "I2");
        self.heard.push(ready.join(" "));
        let idle = self.model.ring.iter().any(|(id, prefetch)| {
            *prefetch == 0 || self.model.held[id].len() < usize::from(*prefetch)
        });
        assert!(
            ready.is_empty() || !idle || self.model.is_paused,
            "a message waits though a consumer could take it"
        );
        self.check_counts();
    }

    /// I2: everything adds up. I10: what is stored and left is settled, once.
    fn check_counts(&self) {
        let model = &self.model;
        let held = || model.held.values().flatten();
        let counts = self.queue.queue.counts();
        assert_eq!(counts.ready, model.sum(model.ready.iter()), "I2");
        assert_eq!(counts.unacked, model.sum(held()), "I2");
        let all = model.ready.iter().chain(held());
        let stored = all.filter(|number| !model.transient.contains(number));
        assert_eq!(counts.stored, model.sum(stored), "I2");
        assert!(
            counts.paged_out.messages < counts.ready.messages.max(1),
            "I2"
        );
        let came = model.pushed - model.transient.len() as u64;
        let settled = &self.queue.fx.settled;
        assert_eq!(settled.len() as u64, came - counts.stored.messages, "I10");
    }

    /// All consumers leave, and then nothing is left of any of them or of the messages.
    fn end(&mut self) {
        self.apply(&Step::Pause { on: false });
        self.apply(&Step::RequeueAll { id: 0 });
        for id in 1..4 {
            self.apply(&Step::RequeueAll { id });
            self.apply(&Step::Leave { id });
        }
        self.apply(&Step::Purge);
        let queue = &self.queue.queue;
        assert_eq!(
            (queue.consumer_count(), queue.unacked_count()),
            (0, 0),
            "I9"
        );
        assert!(!self.queue.has_ghosts(), "I9: the queue keeps a mailbox");
        let mut settled: Vec<_> = self.queue.fx.settled.iter().collect();
        settled.sort_unstable();
        settled.dedup();
        let came = self.model.pushed - self.model.transient.len() as u64;
        assert_eq!(settled.len() as u64, came, "I10");
        assert!(queue.memory_bytes() < 128 * 1024, "I11");
        let shelf = self.queue.shelf.as_ref();
        assert!(shelf.is_none_or(|shelf| shelf.held() == 0), "I11");
    }
}

fn run(queue: Fixture, steps: &[Step]) -> Vec<String> {
    let mut run = Run::new(queue);
    for step in steps {
        run.apply(step);
    }
    run.end();
    run.heard
}

/// What a queue in the machine is.
fn queue_of(kind: usize, budget: u64) -> Fixture {
    let queue = match kind {
        0 => Fixture::classic(Table::new()),
        1 => Fixture::classic(numbers([("x-max-priority", 9)])),
        _ => Fixture::quorum(numbers([("x-delivery-limit", -1)])),
    };
    queue.on_shelf(budget)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn queue_does_what_the_model_does(
        steps in prop::collection::vec(step(), 1..80),
        kind in 0..3usize,
        budget in prop_oneof![Just(0), Just(u64::MAX)],
    ) {
        run(queue_of(kind, budget), &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn queue_does_the_same_again(
        steps in prop::collection::vec(step(), 1..80),
        kind in 0..3usize,
    ) {
        let first = run(queue_of(kind, 0), &steps);
        prop_assert_eq!(run(queue_of(kind, 0), &steps), first, "I12");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn long_queue_does_what_the_model_does(
        steps in prop::collection::vec(step_of_a_long_queue(), 1..60),
        kind in prop_oneof![Just(0usize), Just(2)],
        budget in prop_oneof![Just(0), Just(200_000), Just(u64::MAX)],
    ) {
        run(queue_of(kind, budget), &steps);
    }
}
