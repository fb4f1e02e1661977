//! Any operations against a slow obvious queue: I2 (one place), I3 (order), I5 (credit).

use std::collections::{BTreeMap, VecDeque};

use leveret_codec::table::Table;
use proptest::prelude::*;

use super::fixture::{Fixture, message, numbers};
use crate::queue::ReturnCause;

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
    expires: BTreeMap<u64, u64>,
    held: BTreeMap<u64, Vec<u64>>,
    /// Prefetch by consumer, in the order in which they are served.
    ring: VecDeque<(u64, u16)>,
    now_ms: u64,
    pushed: u64,
}

impl Model {
    fn expire(&mut self, now_too: bool) {
        while let Some(head) = self.ready.first() {
            let at = self.expires.get(head).copied().unwrap_or(u64::MAX);
            if at > self.now_ms || at == self.now_ms && !now_too {
                break;
            }
            self.ready.remove(0);
        }
    }

    fn requeue(&mut self, messages: impl IntoIterator<Item = u64>) {
        self.ready.extend(messages);
        self.ready.sort_unstable();
        self.expire(true);
    }
}

struct Run {
    queue: Fixture,
    model: Model,
}

impl Run {
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
                let expected = (!self.model.ready.is_empty()).then(|| self.model.ready.remove(0));
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
                self.model.ready.clear();
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
    /// consumer, within everybody's credit; and nothing may wait that somebody could take.
    fn adopt(&mut self) {
        let mut taken = Vec::new();
        for (id, prefetch) in self.model.ring.clone() {
            let mail = self.queue.mail(id);
            let mail: Vec<u64> = mail
                .split_whitespace()
                .map(|n| n.parse().unwrap())
                .collect();
            assert!(mail.is_sorted(), "I3: {mail:?}");
            let held = self.model.held.entry(id).or_default();
            held.extend(&mail);
            let limit = if prefetch == 0 {
                usize::MAX
            } else {
                usize::from(prefetch)
            };
            assert!(held.len() <= limit, "I5: {} > {limit}", held.len());
            taken.extend(mail);
        }
        taken.sort_unstable();
        for number in taken {
            self.model.expire(false);
            assert_eq!(self.model.ready.first(), Some(&number), "I3");
            self.model.ready.remove(0);
        }
        self.model.expire(true);
        let ready: Vec<_> = self.model.ready.iter().map(u64::to_string).collect();
        assert_eq!(self.queue.ready(), ready.join(" "), "I2");
        let unacked: usize = self.model.held.values().map(Vec::len).sum();
        assert_eq!(self.queue.queue.unacked_count(), unacked as u64, "I2");
        let idle = self.model.ring.iter().any(|(id, prefetch)| {
            *prefetch == 0 || self.model.held[id].len() < usize::from(*prefetch)
        });
        assert!(
            ready.is_empty() || !idle,
            "a message waits though somebody could take it"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn queue_does_what_the_model_does(
        steps in prop::collection::vec(step(), 1..80),
        priorities in any::<bool>(),
        budget in prop_oneof![Just(0), Just(u64::MAX)],
    ) {
        let arguments = if priorities { numbers([("x-max-priority", 9)]) } else { Table::new() };
        let queue = Fixture::classic(arguments).on_shelf(budget);
        let mut run = Run { queue, model: Model::default() };
        for step in &steps {
            run.apply(step);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn long_queue_does_what_the_model_does(
        steps in prop::collection::vec(step_of_a_long_queue(), 1..60),
        budget in prop_oneof![Just(0), Just(200_000), Just(u64::MAX)],
    ) {
        let queue = Fixture::classic(Table::new()).on_shelf(budget);
        let mut run = Run { queue, model: Model::default() };
        for step in &steps {
            run.apply(step);
        }
    }
}
