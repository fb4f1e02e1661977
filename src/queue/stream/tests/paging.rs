//! Streams whose messages leave memory and come back, and those that come back after a restart.

use std::sync::atomic::Ordering;

use leveret_codec::table::{Table, Value};
use proptest::prelude::*;

use super::{filtered, offset, stream};
use crate::message::Message;
use crate::queue::tests::fixture::{Fixture, message, numbers};
use crate::queue::{Arrival, Limits};
use crate::store::{RecordAt, Recovered};

const NO_LIMIT: u64 = u64::MAX;

fn words(numbers: impl IntoIterator<Item = u64>) -> String {
    let words: Vec<_> = numbers.into_iter().map(|n| n.to_string()).collect();
    words.join(" ")
}

fn reads(q: &Fixture) -> u64 {
    q.shelf.as_ref().map_or(0, |shelf| shelf.reads())
}

fn held(q: &Fixture) -> u64 {
    q.shelf.as_ref().map_or(0, |shelf| shelf.held())
}

fn spilled(q: &Fixture) -> u64 {
    q.shelf.as_ref().map_or(0, |shelf| shelf.spilled())
}

/// A stream with messages 0 to `len`, all of which are on disk.
fn on_disk(len: u64) -> Fixture {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    q.publish(&words(0..len));
    q.queue.page_out();
    q
}

fn settled(q: &Fixture) -> Vec<u64> {
    q.fx.settled.iter().map(|at| at.0).collect()
}

#[test]
fn stream_on_disk_is_read_from_any_place() {
    let mut q = on_disk(2000);
    q.consume_with(1, 3000, offset("first"));
    q.consume_with(2, 3000, offset(700_i64));
    q.consume_with(3, 3000, offset(1999_i64));
    q.publish("2000");
    assert_eq!(q.mail(1), words(0..=2000));
    assert_eq!(q.mail(2), words(700..=2000));
    assert_eq!(q.mail(3), words(1999..=2000));
    let offsets = q.held[&2].iter().map(|entry| entry.position);
    assert!(offsets.eq(700..=2000));
    assert!(
        q.held[&2]
            .iter()
            .all(|entry| entry.at.0 == entry.position + 1)
    );
}

#[test]
fn moment_leads_into_a_block_on_disk_without_reading() {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    for n in 0..1200 {
        q.time(n * 1000);
        q.publish(&n.to_string());
    }
    q.queue.page_out();
    let since = Value::Timestamp(1_000_000 / 1000 + 700);
    q.consume_with(1, 2, offset(since));
    assert_eq!(q.mail(1), "700 701");
    assert!(reads(&q) <= 512, "{} were read", reads(&q));
}

#[test]
fn paged_message_takes_at_most_16_octets() {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    for n in 0..20_000 {
        q.time(n * 7);
        let value = (n % 3 == 0).then(|| Value::from(n.to_string().as_str()));
        q.publish_message(filtered("0123456789", value));
    }
    let bytes = q.queue.ready_bytes();
    q.queue.page_out();
    let each = q.queue.memory_bytes() / 20_000;
    assert!(each <= 16, "{each} octets a message");
    assert_eq!(
        (q.queue.ready_count(), q.queue.ready_bytes()),
        (20_000, bytes)
    );
    assert_eq!(held(&q), 0);
}

#[test]
fn stream_keeps_to_the_budget_while_it_grows_and_while_it_is_read() {
    const BUDGET: u64 = 500_000;
    // Two blocks that were read lately, the newest one, and a step of the account.
    const MOST: u64 = BUDGET + 4 * 512 * 110;
    let mut q = stream(Table::new()).on_shelf(BUDGET);
    for n in 0..20_000_u64 {
        q.publish(&n.to_string());
        assert!(held(&q) <= MOST, "{} at {n}", held(&q));
    }
    q.consume_with(1, 100, offset("first"));
    let mut next = 0;
    while next < 20_000 {
        let mail = q.mail(1);
        let taken = mail.split_whitespace().count() as u64;
        assert_eq!(mail, words(next..next + taken));
        next += taken;
        q.ack(1, &mail);
        assert!(held(&q) <= MOST, "{} at {next}", held(&q));
    }
    assert!(reads(&q) <= 20_000, "{} were read", reads(&q));
}

#[test]
fn reader_at_the_end_never_waits_for_the_disk() {
    let mut q = stream(Table::new()).on_shelf(0);
    q.consume(1, 10);
    for n in 0..5000_u64 {
        q.publish(&n.to_string());
        assert_eq!(q.mail(1), n.to_string());
        q.ack(1, &n.to_string());
    }
    assert_eq!(reads(&q), 0);
}

#[test]
fn slow_and_fast_readers_do_not_read_blocks_again_and_again() {
    let mut q = stream(Table::new()).on_shelf(0);
    q.publish(&words(0..4000));
    // Slow ones, each in a block of its own, and one that is at the end.
    q.publish(&words(4000..12_000));
    for id in 1..=20_u64 {
        let from = i64::try_from(id * 520).expect("small");
        q.consume_with(id, 1, offset(from));
    }
    q.consume(99, 10);
    for n in 12_000..13_000 {
        q.publish(&n.to_string());
        for id in (1..=20).chain([99]) {
            let mail = q.mail(id);
            q.ack(id, &mail);
        }
    }
    // Each has read 1000 messages, which lie in three blocks.
    assert!(reads(&q) <= 20 * 3 * 512, "{} were read", reads(&q));
}

#[test]
fn what_a_reader_who_is_gone_has_read_leaves_memory() {
    let mut q = stream(Table::new()).on_shelf(0);
    q.publish(&words(0..4000));
    q.consume_with(1, 4000, offset("first"));
    q.mail(1);
    q.cancel(1);
    q.publish(&words(4000..6000));
    // The newest block, and a step of the account.
    assert!(held(&q) <= 2 * 512 * 110, "{} are held", held(&q));
}

#[test]
fn filter_that_fits_nothing_reads_nothing() {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    for n in 0..3000_u64 {
        let value = if n == 2500 { "red" } else { "blue" };
        q.publish_message(filtered(&n.to_string(), Some(value.into())));
    }
    q.queue.page_out();
    q.consume_with(1, 10, offset("first").with("x-stream-filter", "green"));
    assert_eq!((q.mail(1), reads(&q)), (String::new(), 0));
    q.consume_with(2, 10, offset("first").with("x-stream-filter", "red"));
    assert_eq!(q.mail(2), "2500");
    assert!(reads(&q) <= 512, "{} were read", reads(&q));
}

#[test]
fn reader_who_keeps_the_disk_busy_lets_others_go_first() {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    for n in 0..10_000_u64 {
        let value = if n % 500 == 0 { "red" } else { "blue" };
        q.publish_message(filtered(&n.to_string(), Some(value.into())));
    }
    q.queue.page_out();
    q.consume_with(1, 100, offset("first").with("x-stream-filter", "red"));
    assert!(reads(&q) <= 4 * 512, "{} were read at once", reads(&q));
    assert_eq!(q.mail(1), words((0..10_000).step_by(500)));
    assert!(q.resumed >= 4, "it was called back {} times", q.resumed);
}

#[test]
fn reader_without_credit_reads_nothing() {
    let mut q = on_disk(2000);
    q.consume_with(1, 512, offset("first"));
    q.mail(1);
    let before = reads(&q);
    q.queue.resume(q.now, &mut q.fx);
    q.publish("2000");
    assert_eq!(reads(&q), before);
}

#[test]
fn damaged_message_is_passed_over_counted_and_settled_once() {
    let mut q = on_disk(1500);
    let shelf = q.shelf.clone().expect("it has one");
    for at in [1, 5, 40, 600, 1500] {
        shelf.damage(at);
    }
    let whole = || (0..1500).filter(|n| ![0, 4, 39, 599, 1499].contains(n));
    q.consume_with(1, 2000, offset("first"));
    assert_eq!(q.mail(1), words(whole()));
    let offsets = q.held[&1].iter().map(|entry| entry.position);
    assert!(offsets.eq(whole()));
    let octets: usize = whole().map(|n| n.to_string().len()).sum();
    assert_eq!(
        (q.queue.ready_count(), q.queue.ready_bytes()),
        (1495, octets as u64)
    );
    assert_eq!(
        (settled(&q), q.queue.stats().lost),
        (vec![1, 5, 40, 600, 1500], 5)
    );
    q.queue.page_out();
    q.consume_with(2, 2000, offset("first"));
    assert_eq!(q.mail(2), words(whole()));
    assert_eq!((q.fx.settled.len(), q.queue.stats().lost), (5, 5));
    assert_eq!(q.ready(), words(whole()));
    q.fx.clear();
    q.queue.take_all(&mut q.fx);
    q.clear_away();
    assert_eq!(q.fx.settled.len(), 1495);
}

#[test]
fn what_the_disk_refuses_is_passed_over_and_not_settled() {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    for n in 0..600_u64 {
        if n % 2 == 0 {
            q.publish_transient(&n.to_string());
        } else {
            q.publish(&n.to_string());
        }
    }
    q.queue.page_out();
    let shelf = q.shelf.clone().expect("it has one");
    shelf.rotten.store(true, Ordering::Relaxed);
    q.consume_with(1, 1000, offset("first"));
    assert_eq!(q.mail(1), words((0..600).filter(|n| n % 2 == 1)));
    assert_eq!((q.queue.stats().lost, q.fx.settled.len()), (300, 0));
    assert_eq!(q.queue.ready_count(), 300);
}

#[test]
fn what_is_not_stored_is_spilled_once_and_given_back() {
    let mut q = stream(numbers([("x-stream-max-segment-size-bytes", 50_000)]));
    q = q.on_shelf(NO_LIMIT);
    q.publish_transient(&words(0..3000));
    assert!(q.queue.page_out() > 0);
    let once = spilled(&q);
    q.consume_with(1, 5000, offset("first"));
    assert_eq!(q.mail(1), words(0..3000));
    assert!(q.queue.page_out() > 0);
    assert_eq!(spilled(&q), once);
    let limits = Limits {
        max_length_bytes: Some(0),
        ..Limits::default()
    };
    q.queue.reconfigure(q.now, limits, &mut q.fx);
    q.fx.clear();
    assert!(
        spilled(&q) < once / 2,
        "retention frees {} of {once}",
        spilled(&q)
    );
    q.queue.take_all(&mut q.fx);
    q.fx.clear();
    assert_eq!((spilled(&q), held(&q)), (0, 0));
}

#[test]
fn what_is_not_written_yet_stays() {
    let mut q = stream(Table::new()).on_shelf(0);
    let shelf = q.shelf.clone().expect("it has one");
    shelf.written.store(700, Ordering::Relaxed);
    q.publish(&words(0..3000));
    let before = held(&q);
    assert!(before > 2000 * 60);
    shelf.written.store(NO_LIMIT, Ordering::Relaxed);
    q.publish(&words(3000..4000));
    assert!(held(&q) < before / 2, "{} of {before}", held(&q));
    assert_eq!(q.ready(), words(0..4000));
}

#[test]
fn full_disk_is_not_asked_again_for_each_block() {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    q.publish_transient(&words(0..5000));
    q.publish(&words(5000..6000));
    let shelf = q.shelf.clone().expect("it has one");
    shelf.full.store(true, Ordering::Relaxed);
    assert!(q.queue.page_out() > 0, "what is stored needs no room");
    assert_eq!(shelf.refusals.load(Ordering::Relaxed), 1);
    assert_eq!(q.ready(), words(0..6000));
}

#[test]
fn looking_keeps_nothing_in_memory() {
    let q = on_disk(3000);
    let memory = q.queue.memory_bytes();
    assert_eq!(q.queue.peek(1000).len(), 1000);
    assert_eq!((q.queue.memory_bytes(), held(&q)), (memory, 0));
    assert!(reads(&q) <= 1024, "{} were read", reads(&q));
}

#[test]
fn retention_takes_blocks_on_disk_unread() {
    let mut q = stream(numbers([("x-stream-max-segment-size-bytes", 50_000)]));
    q = q.on_shelf(NO_LIMIT);
    q.publish(&words(0..3000));
    q.queue.page_out();
    let limits = Limits {
        max_length_bytes: Some(0),
        ..Limits::default()
    };
    q.queue.reconfigure(q.now, limits, &mut q.fx);
    let left = q.queue.ready_count();
    q.clear_away();
    assert_eq!((q.fx.settled.len() as u64, reads(&q)), (3000 - left, 0));
    assert_eq!(q.ready(), words(3000 - left..3000));
}

#[test]
fn fates_of_what_retention_takes_are_told_from_disk_too() {
    let mut q = on_disk(600);
    q.fx.heard = crate::queue::Effects::new(true, false).heard;
    q.queue.take_all(&mut q.fx);
    q.clear_away();
    assert_eq!(q.fx.events().len(), 600);
}

#[test]
fn restored_stream_is_not_read() {
    let mut q = stream(Table::new()).on_shelf(NO_LIMIT);
    let told: Vec<Recovered> = (0..100_000_u64)
        .map(|n| q.recovered(&message("0123", |_| ()), |told| told.sequence = n << 1 | 1))
        .collect();
    for run in told.chunks(700) {
        q.queue.restore(q.now, run);
    }
    q.dispatch();
    let each = q.queue.memory_bytes() / 100_000;
    assert!(each <= 16, "{each} octets a message");
    assert_eq!(
        (q.queue.ready_count(), q.queue.ready_bytes()),
        (100_000, 400_000)
    );
    assert_eq!((reads(&q), held(&q)), (0, 0));
    q.publish("next");
    q.consume_with(1, 10, offset(99_999_i64));
    assert_eq!(q.mail(1), "0123 next");
    assert_eq!(q.held[&1][1].position, 100_000);
}

#[test]
fn messages_that_fill_the_mailbox_come_from_memory_and_from_disk() {
    for budget in [None, Some(0)] {
        let mut run = Run::new(budget);
        for (n, len) in [(2, 100_000), (1, 200_000), (2, 330_000), (1, 0)] {
            run.apply(&Step::Publish { n, len });
        }
        run.q.consume_with(1, 6, offset("first"));
        run.q.mail(1);
        let offsets = run.q.held[&1].iter().map(|entry| entry.position);
        assert!(offsets.eq(0..6), "with {budget:?} octets of memory");
    }
}

/// What is published to two streams, one in memory and one mostly on disk, and how it is read.
#[derive(Clone, Debug)]
enum Step {
    /// So many messages as one batch, with bodies of so many octets.
    Publish {
        n: u64,
        len: usize,
    },
    Transient {
        n: u64,
    },
    Consume {
        id: u64,
        from: From,
        filter: Option<u64>,
        prefetch: u16,
    },
    Cancel {
        id: u64,
    },
    /// The oldest so many of a consumer.
    Ack {
        id: u64,
        n: usize,
    },
    Advance {
        ms: u64,
    },
    Retain {
        octets: u64,
    },
    PageOut,
}

#[derive(Clone, Debug)]
enum From {
    First,
    Last,
    At(u64),
    Since(u64),
}

impl From {
    fn arguments(&self) -> Table {
        match self {
            Self::First => offset("first"),
            Self::Last => offset("last"),
            Self::At(at) => offset(i64::try_from(*at).expect("small")),
            Self::Since(seconds) => offset(Value::Timestamp(1000 + seconds)),
        }
    }
}

fn from() -> impl Strategy<Value = From> {
    prop_oneof![
        Just(From::First),
        Just(From::Last),
        (0..3000_u64).prop_map(From::At),
        (0..60_u64).prop_map(From::Since),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1..5_u64;
    let consume = (id.clone(), from(), prop::option::of(0..4_u64), 1..800_u16);
    prop_oneof![
        4 => (1..900_u64, 0..40_usize).prop_map(|(n, len)| Step::Publish { n, len }),
        1 => (1..3_u64, 50_000..400_000_usize).prop_map(|(n, len)| Step::Publish { n, len }),
        1 => (1..600_u64).prop_map(|n| Step::Transient { n }),
        4 => consume.prop_map(|(id, from, filter, prefetch)| Step::Consume {
            id, from, filter, prefetch,
        }),
        1 => id.clone().prop_map(|id| Step::Cancel { id }),
        6 => (id, 1..800_usize).prop_map(|(id, n)| Step::Ack { id, n }),
        2 => (1..9000_u64).prop_map(|ms| Step::Advance { ms }),
        1 => (0..200_000_u64).prop_map(|octets| Step::Retain { octets }),
        2 => Just(Step::PageOut),
    ]
}

/// A stream under test, with what each consumer holds.
struct Run {
    q: Fixture,
    published: u64,
    ms: u64,
}

impl Run {
    fn new(budget: Option<u64>) -> Self {
        let q = stream(numbers([("x-stream-max-segment-size-bytes", 60_000)]));
        Self {
            q: match budget {
                Some(budget) => q.on_shelf(budget),
                None => q,
            },
            published: 0,
            ms: 0,
        }
    }

    fn next(&mut self, len: usize) -> Message {
        let n = self.published;
        self.published += 1;
        let value = format!("v{}", n % 4);
        let value = (value != "v0").then(|| Value::from(value.as_str()));
        filtered(&format!("{n}{}", "x".repeat(len)), value)
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Publish { n, len } => {
                for _ in 0..*n {
                    let message = self.next(*len);
                    self.q.push_message(message);
                }
                self.q.dispatch();
            }
            Step::Transient { n } => {
                for _ in 0..*n {
                    let message = self.next(3);
                    let (now, none) = (self.q.now, RecordAt::NONE);
                    let arrival = Arrival::default();
                    self.q
                        .queue
                        .push(now, message, none, arrival, &mut self.q.fx);
                }
                self.q.dispatch();
            }
            Step::Consume {
                id,
                from,
                filter,
                prefetch,
            } => {
                self.q.cancel(*id);
                let mut arguments = from.arguments();
                if let Some(value) = filter {
                    arguments = arguments
                        .with("x-stream-filter", format!("v{value}").as_str())
                        .with("x-stream-match-unfiltered", Value::Bool(*value == 0));
                }
                self.q.held.remove(id);
                self.q.consume_with(*id, *prefetch, arguments);
            }
            Step::Cancel { id } => {
                self.q.cancel(*id);
            }
            Step::Ack { id, n } => {
                let held = self.q.held.entry(*id).or_default();
                let mut entries: Vec<_> = held.drain(..held.len().min(*n)).collect();
                let id = Some(crate::ids::ConsumerId(*id));
                let outcome = crate::queue::Outcome::Ack;
                let (now, fx) = (self.q.now, &mut self.q.fx);
                self.q.queue.settle(now, id, &mut entries, outcome, fx);
            }
            Step::Advance { ms } => {
                self.ms += ms;
                self.q.at(self.ms);
            }
            Step::Retain { octets } => {
                let limits = Limits {
                    max_length_bytes: Some(*octets),
                    max_segment_bytes: Some(60_000),
                    ..Limits::default()
                };
                self.q.queue.reconfigure(self.q.now, limits, &mut self.q.fx);
            }
            Step::PageOut => {
                self.q.queue.page_out();
            }
        }
    }

    /// Everything that can be seen, with the mail of these consumers.
    fn seen(&mut self, ids: &[u64]) -> (Vec<String>, Vec<u64>, Vec<u64>, [u64; 4]) {
        let mail = ids.iter().map(|id| self.q.mail(*id)).collect();
        let held = self.q.held.values().flatten().map(|entry| entry.position);
        let queue = &self.q.queue;
        let counts = [
            queue.ready_count(),
            queue.ready_bytes(),
            queue.unacked_count(),
            queue.stats().delivered,
        ];
        let held = held.collect();
        self.q.clear_away();
        (mail, held, settled(&self.q), counts)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The stream in memory is the oracle.
    #[test]
    fn stream_on_disk_delivers_what_one_in_memory_delivers(
        steps in prop::collection::vec(step(), 1..50),
        budget in prop_oneof![Just(0), Just(50_000), Just(2_000_000)],
    ) {
        let (mut paged, mut whole) = (Run::new(Some(budget)), Run::new(None));
        let mut ids = Vec::new();
        for step in &steps {
            paged.apply(step);
            whole.apply(step);
            if let Step::Consume { id, .. } = step
                && !ids.contains(id)
            {
                ids.push(*id);
            }
            prop_assert_eq!(paged.seen(&ids), whole.seen(&ids), "after {:?}", step);
        }
        prop_assert_eq!(paged.q.ready(), whole.q.ready());
        paged.q.queue.take_all(&mut paged.q.fx);
        whole.q.queue.take_all(&mut whole.q.fx);
        paged.q.clear_away();
        whole.q.clear_away();
        prop_assert_eq!(settled(&paged.q), settled(&whole.q));
        paged.q.fx.clear();
        prop_assert_eq!((held(&paged.q), spilled(&paged.q)), (0, 0));
    }

    /// With damage: what is not damaged comes as it would without.
    #[test]
    fn restored_stream_delivers_what_the_one_before_delivered(
        batches in prop::collection::vec((1..300_u64, 0..5000_u64), 1..12),
        octets in prop_oneof![Just(NO_LIMIT), 0..100_000_u64],
        run in 1..1000_usize,
        damaged in prop::collection::btree_set(1..2000_u64, 0..6),
        starts in prop::collection::vec((from(), prop::option::of(0..4_u64)), 1..5),
        budget in prop_oneof![Just(0), Just(NO_LIMIT)],
    ) {
        let mut before = Run::new(None);
        let mut after = Run::new(Some(budget));
        let mut told = Vec::new();
        for (n, ms) in &batches {
            before.apply(&Step::Advance { ms: *ms });
            after.apply(&Step::Advance { ms: *ms });
            for _ in 0..*n {
                let sequence = before.q.queue.sequence(0);
                let message = before.next(5);
                told.push(after.q.recovered(&message, |told| told.sequence = sequence));
                before.q.push_message(message);
            }
            before.q.dispatch();
        }
        before.apply(&Step::Retain { octets });
        before.q.clear_away();
        let gone = settled(&before.q);
        told.retain(|told| !gone.contains(&told.at.0));
        let limits = before.q.queue.limits().clone();
        after.q.queue.reconfigure(after.q.now, limits, &mut after.q.fx);
        for told in told.chunks(run) {
            after.q.queue.restore(after.q.now, told);
        }
        after.q.dispatch();
        prop_assert_eq!(after.q.queue.ready_bytes(), before.q.queue.ready_bytes());
        prop_assert_eq!(after.q.queue.sequence(1), before.q.queue.sequence(1));
        let shelf = after.q.shelf.clone().expect("it has one");
        for at in &damaged {
            shelf.damage(*at);
        }
        for (id, (from, filter)) in (1..).zip(starts) {
            let step = Step::Consume { id, from, filter, prefetch: 60_000 };
            before.apply(&step);
            after.apply(&step);
            before.q.mail(id);
            after.q.mail(id);
            let heard = |run: &Run| -> Vec<u64> {
                let held = run.q.held.get(&id).into_iter().flatten();
                held.map(|entry| entry.position).collect()
            };
            let mut expected = heard(&before);
            expected.retain(|position| !damaged.contains(&(position + 1)));
            prop_assert_eq!(heard(&after), expected, "{:?}", step);
        }
        // Later retention takes the same.
        for run in [&mut before, &mut after] {
            run.apply(&Step::Retain { octets: 100_000 });
        }
        let left = |run: &Run| -> Vec<u64> {
            let left = run.q.queue.peek(usize::MAX).into_iter();
            let left = left.map(|entry| entry.position);
            left.filter(|position| !damaged.contains(&(position + 1))).collect()
        };
        prop_assert_eq!(left(&after), left(&before));
    }
}
