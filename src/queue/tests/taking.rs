//! Messages that are taken out of the middle of a queue.

use leveret_codec::table::Table;
use proptest::prelude::*;

use super::fixture::{Fixture, body, message, numbers};
use crate::queue::{Entry, PeekMax, Queue, ReturnCause, Search};

const ALL: PeekMax = PeekMax {
    messages: usize::MAX,
    bytes: u64::MAX,
};

/// The bodies of what is found at `positions`, and in how many calls.
fn look(queue: &Queue, positions: Vec<u64>) -> (Vec<String>, usize) {
    let (mut search, mut calls, mut found) = (Search::of(positions), 0, Vec::new());
    while !search.is_over() {
        found.extend(queue.look_at(&mut search, ALL));
        calls += 1;
    }
    found.sort_by_key(|entry| entry.position);
    (found.iter().map(body).collect(), calls)
}

impl Fixture {
    /// Takes out what is at `positions`; gives their bodies in the order of positions.
    fn take_out(&mut self, positions: Vec<u64>) -> Vec<String> {
        let mut search = Search::of(positions);
        let mut taken = Vec::new();
        while !search.is_over() {
            taken.extend(self.queue.take_out(self.now, &mut search, &mut self.fx));
        }
        taken.sort_by_key(|one| one.entry.position);
        taken.iter().map(|one| body(&one.entry)).collect()
    }

    fn drop_at(&mut self, positions: Vec<u64>) -> Vec<u64> {
        let mut search = Search::of(positions);
        let mut dropped = Vec::new();
        while !search.is_over() {
            dropped.extend(self.queue.drop_at(self.now, &mut search, &mut self.fx));
        }
        dropped.sort_unstable();
        dropped
    }
}

fn words(numbers: std::ops::Range<u32>) -> String {
    let words: Vec<_> = numbers.map(|n| n.to_string()).collect();
    words.join(" ")
}

#[test]
fn what_is_taken_out_counts_until_it_is_elsewhere() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a b c");
    let mut search = Search::of(vec![1, 7]);
    let taken = q.queue.take_out(q.now, &mut search, &mut q.fx);
    assert!(search.is_over());
    assert_eq!(
        taken.iter().map(|one| body(&one.entry)).collect::<String>(),
        "b"
    );
    assert_eq!((q.queue.shown_count(), q.queue.ready_count()), (3, 2));
    assert_eq!(q.queue.counts().ready.bytes, 3);
    drop(taken);
    assert_eq!((q.queue.shown_count(), q.queue.ready_count()), (2, 2));
    assert_eq!(q.fx.settled, [], "the caller settles what it has moved");
    assert_eq!((q.queue.stats().moved, q.queue.stats().dropped), (1, 0));
}

#[test]
fn what_is_dropped_is_settled_and_dies_not() {
    let mut q = Fixture::classic(super::fixture::with_dlx(Table::new()));
    q.publish("a b c d");
    assert_eq!(q.drop_at(vec![3, 0, 0, 9]), [0, 3]);
    assert_eq!((q.ready(), q.dead()), ("b c".into(), String::new()));
    assert_eq!(q.fx.settled.len(), 2);
    assert_eq!((q.queue.stats().dropped, q.queue.stats().died), (2, 0));
}

#[test]
fn a_consumer_gets_what_is_left_in_order() {
    let mut q = Fixture::classic(numbers([("x-max-priority", 5)]));
    q.publish_by_priority("a.1 b.5 c.1 d.5 e.1");
    q.drop_at(vec![1, 2]);
    q.consume(1, 0);
    assert_eq!(q.mail(1), "d.5 a.1 e.1");
}

#[test]
fn many_that_came_back_to_a_quorum_queue_are_searched_in_several_calls() {
    let mut q = Fixture::quorum(numbers([("x-delivery-limit", -1)]));
    q.publish(&words(0..10_000));
    let got = q.get(10_000);
    let mut back: Vec<&str> = got.split(' ').collect();
    back.reverse();
    q.requeue(0, &back.join(" "), ReturnCause::Nack);
    let (found, calls) = look(&q.queue, vec![5, 5000, 9999]);
    assert_eq!(found, ["5", "5000", "9999"]);
    assert!(calls > 1, "{calls}");
    let mut search = Search::of(vec![5, 5000]);
    let first = q.queue.look_at(&mut search, ALL);
    assert!(!search.is_over() && first.len() < 2);
    // What others take meanwhile makes no difference.
    assert_eq!(q.get(1), "9999");
    let mut rest: Vec<Entry> = first;
    while !search.is_over() {
        rest.extend(q.queue.look_at(&mut search, ALL));
    }
    assert_eq!(rest.len(), 2);
    assert_eq!(q.take_out(vec![5, 5000]), ["5", "5000"]);
    assert_eq!(q.queue.ready_count(), 9_997);
}

#[test]
fn a_full_queue_says_so_and_takes_what_it_was_asked_for() {
    let limits = || numbers([("x-max-length", 2)]).with("x-overflow", "reject-publish");
    for mut q in [Fixture::classic(limits()), Fixture::quorum(limits())] {
        assert!(q.queue.can_refuse());
        let more = message("more", |_| ());
        let asks = |q: &mut Fixture| q.queue.would_refuse(q.now, &more, &mut q.fx);
        assert!(!asks(&mut q));
        q.publish("a b c");
        assert!(asks(&mut q));
        let before = q.queue.ready_count();
        let arrival = crate::queue::Arrival {
            sender: crate::queue::Sender::Asked,
            ..crate::queue::Arrival::default()
        };
        let at = crate::store::RecordAt::NONE;
        let pushed = q.queue.push(q.now, more.clone(), at, arrival, &mut q.fx);
        assert_eq!(pushed, crate::queue::Pushed::Accepted);
        assert_eq!(q.queue.ready_count(), before + 1);
    }
    let q = Fixture::classic(numbers([("x-max-length", 2)]));
    assert!(!q.queue.can_refuse(), "it drops its head");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_is_picked_leaves_and_all_others_stay_as_they_were(
        kind in 0..3_usize,
        runs in prop::collection::vec((0_u8..5, 1_u32..900), 1..7),
        taken in 0_usize..1500,
        pages in any::<bool>(),
        budget in prop_oneof![Just(0), Just(100_000), Just(u64::MAX)],
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..70),
        drops in any::<bool>(),
    ) {
        let mut q = match kind {
            0 => Fixture::classic(Table::new()),
            1 => Fixture::classic(numbers([("x-max-priority", 3)])),
            _ => Fixture::quorum(numbers([("x-delivery-limit", -1)])),
        }
        .on_shelf(budget);
        let mut next = 0;
        for (priority, len) in runs {
            for n in next..next + len {
                match n % 3 {
                    0 => q.publish_transient(&n.to_string()),
                    _ => q.publish_by_priority(&format!("{n}.{priority}")),
                }
            }
            next += len;
        }
        let got = q.get(taken);
        q.requeue(0, &got, ReturnCause::Nack);
        if pages {
            q.queue.page_out();
        }
        let all = q.queue.peek(usize::MAX);
        let mut picked: Vec<u64> = picks.iter().map(|pick| pick.get(&all).position).collect();
        picked.sort_unstable();
        picked.dedup();
        let is_picked = |entry: &&Entry| picked.binary_search(&entry.position).is_ok();
        let mut wanted: Vec<&Entry> = all.iter().filter(is_picked).collect();
        wanted.sort_by_key(|entry| entry.position);
        let wanted: Vec<String> = wanted.into_iter().map(body).collect();
        let rest: Vec<&Entry> = all.iter().filter(|entry| !is_picked(entry)).collect();
        let mut asked = picked.clone();
        asked.extend([u64::MAX, u64::from(next) + 10]);

        prop_assert_eq!(look(&q.queue, asked.clone()).0, &wanted[..]);
        prop_assert_eq!(q.queue.ready_count(), all.len() as u64, "looking takes nothing");
        if drops {
            prop_assert_eq!(q.drop_at(asked), picked);
        } else {
            prop_assert_eq!(q.take_out(asked), &wanted[..]);
        }
        let left = q.queue.peek(usize::MAX);
        let bodies = |entries: &[&Entry]| entries.iter().map(|one| body(one)).collect::<Vec<_>>();
        prop_assert_eq!(bodies(&left.iter().collect::<Vec<_>>()), bodies(&rest), "I3");
        let facts = |entries: &[&Entry]| entries.iter().map(|one| one.facts).collect::<Vec<_>>();
        prop_assert_eq!(facts(&left.iter().collect::<Vec<_>>()), facts(&rest));
        let counts = q.queue.counts();
        let bytes: u64 = rest.iter().map(|entry| entry.size()).sum();
        let ready = (counts.ready.messages, counts.ready.bytes);
        prop_assert_eq!(ready, (rest.len() as u64, bytes), "I2");
        let stored = rest.iter().filter(|entry| entry.at.is_stored()).count();
        prop_assert_eq!(counts.stored.messages, stored as u64, "I2");
        // All that is left leaves in the same order, and then nothing is held any more.
        let words = bodies(&rest).join(" ");
        prop_assert_eq!(q.get(usize::MAX), words.clone());
        q.ack(0, &words);
        prop_assert_eq!(q.queue.counts().paged_out.messages, 0);
        prop_assert!(q.shelf.as_ref().is_none_or(|shelf| shelf.held() == 0), "I11");
    }
}
