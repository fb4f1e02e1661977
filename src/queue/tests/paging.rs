//! Messages that leave memory and come back.

use std::sync::atomic::Ordering;

use leveret_codec::table::Table;

use super::fixture::{Fixture, message, numbers, with_dlx};
use crate::queue::{Arrival, Outcome, ReturnCause};

const NO_LIMIT: u64 = u64::MAX;

fn classic(arguments: Table) -> Fixture {
    Fixture::classic(arguments).on_shelf(NO_LIMIT)
}

fn words(numbers: impl IntoIterator<Item = u64>) -> String {
    let words: Vec<_> = numbers.into_iter().map(|n| n.to_string()).collect();
    words.join(" ")
}

/// Publishes these numbers, every third message transient.
fn publish(q: &mut Fixture, numbers: impl IntoIterator<Item = u64>) {
    for n in numbers {
        if n % 3 == 0 {
            q.publish_transient(&n.to_string());
        } else {
            q.publish(&n.to_string());
        }
    }
}

/// What came back to a quorum queue lies in the order of return. A chunk was looked for where its
/// first position would be among the others: another one was taken for it, and it stayed in memory.
#[test]
fn what_came_back_to_a_quorum_queue_leaves_memory() {
    let mut q = Fixture::quorum(Table::new()).on_shelf(NO_LIMIT);
    q.publish(&words(0..2000));
    q.get(2000);
    for from in [1800, 1200, 600, 0] {
        q.requeue(0, &words(from..(from + 600).min(2000)), ReturnCause::Nack);
    }
    q.queue.page_out();
    let counts = q.queue.counts();
    assert_eq!(counts.ready.messages, 2000);
    assert_eq!(counts.paged_out.messages, 1999);
    let expected = (1800..2000)
        .chain(1200..1800)
        .chain(600..1200)
        .chain(0..600);
    assert_eq!(q.get(2000), words(expected));
}

#[test]
fn backlog_on_disk_keeps_its_order() {
    let mut q = classic(Table::new());
    publish(&mut q, 0..2000);
    assert!(q.queue.page_out() > 0);
    publish(&mut q, 2000..3000);
    assert_eq!(q.queue.ready_count(), 3000);
    assert_eq!(q.get(3000), words(0..3000));
    assert_eq!(q.shelf.as_ref().unwrap().spilled(), 0);
}

#[test]
fn message_comes_back_with_all_that_is_known_of_it() {
    let mut q = Fixture::quorum(Table::new()).on_shelf(NO_LIMIT);
    q.publish("a b c");
    q.get(3);
    q.requeue(0, "a b c", ReturnCause::Closed);
    assert!(q.queue.page_out() > 0);
    q.get(3);
    for (entry, at) in q.held[&0].iter().zip([1, 2, 3]) {
        assert_eq!((entry.delivery_count, entry.acquired_count), (1, 1));
        assert!(entry.redelivered);
        assert_eq!(entry.at.0, at);
    }
}

#[test]
fn transient_message_stays_without_a_record() {
    let mut q = classic(Table::new());
    q.publish_transient("a b c");
    q.queue.page_out();
    q.get(3);
    assert!(q.held[&0].iter().all(|entry| !entry.at.is_stored()));
    q.ack(0, "a b c");
    assert!(q.fx.settled.is_empty());
}

#[test]
fn paging_frees_memory_and_keeps_counts() {
    let mut q = classic(Table::new());
    publish(&mut q, 100..1100);
    let (before, octets) = (q.queue.memory_bytes(), q.queue.ready_bytes());
    let freed = q.queue.page_out();
    let after = q.queue.memory_bytes();
    assert!(after < before / 4, "{after} of {before}, freed {freed}");
    assert_eq!(
        (q.queue.ready_count(), q.queue.ready_bytes()),
        (1000, octets)
    );
    q.get(1000);
    assert_eq!((q.queue.ready_count(), q.queue.ready_bytes()), (0, 0));
    assert_eq!(q.shelf.as_ref().unwrap().held(), 0);
}

#[test]
fn priorities_hold_on_disk() {
    let mut q = classic(numbers([("x-max-priority", 5)]));
    q.publish_by_priority("a.0 b.3 c.5 d.3 e.0 f.5");
    q.queue.page_out();
    q.publish_by_priority("g.5 h.0");
    assert_eq!(q.get(9), "c.5 f.5 g.5 b.3 d.3 a.0 e.0 h.0");
}

#[test]
fn requeued_message_finds_its_place_on_disk() {
    let mut q = classic(Table::new());
    q.publish("a b c d e f g");
    q.get(5);
    q.requeue(0, "a", ReturnCause::Nack);
    q.requeue(0, "e", ReturnCause::Nack);
    q.queue.page_out();
    q.requeue(0, "c", ReturnCause::Nack);
    q.queue.page_out();
    q.requeue(0, "d b", ReturnCause::Nack);
    assert_eq!(q.ready(), "a b c d e f g");
    assert_eq!(q.get(9), "a b c d e f g");
}

#[test]
fn requeue_of_a_long_run_is_cut_into_chunks() {
    let mut q = classic(Table::new());
    publish(&mut q, 0..3000);
    q.get(2900);
    q.queue.page_out();
    q.requeue(0, &words(0..2900), ReturnCause::Nack);
    q.queue.page_out();
    assert_eq!(q.get(3000), words(0..3000));
}

#[test]
fn message_on_disk_expires_at_the_head() {
    let mut q = classic(with_dlx(numbers([("x-message-ttl", 50)])));
    q.publish("a b");
    q.time(20);
    q.publish("c");
    q.queue.page_out();
    q.at(50);
    assert_eq!(q.dead(), "a:expired b:expired");
    assert_eq!(q.ready(), "c");
    q.at(70);
    assert_eq!(q.dead(), "c:expired");
}

#[test]
fn drop_head_dead_letters_from_disk() {
    let mut q = classic(with_dlx(numbers([("x-max-length", 3)])));
    q.publish("a b c");
    q.queue.page_out();
    q.publish("d e");
    assert_eq!(q.dead(), "a:maxlen b:maxlen");
    assert_eq!(q.ready(), "c d e");
}

#[test]
fn length_in_octets_counts_what_is_on_disk() {
    let mut q = classic(numbers([("x-max-length-bytes", 6)]));
    q.publish("aa bb cc");
    q.queue.page_out();
    q.publish("d");
    assert_eq!(q.ready(), "bb cc d");
}

#[test]
fn returned_messages_of_a_quorum_queue_page_too() {
    let mut q = Fixture::quorum(Table::new()).on_shelf(NO_LIMIT);
    q.publish("a b c d e");
    q.get(4);
    q.requeue(0, "c a b", ReturnCause::Nack);
    q.queue.page_out();
    assert_eq!(q.get(9), "c a b e");
}

#[test]
fn purge_settles_what_is_on_disk_without_reading_it() {
    let mut q = classic(Table::new());
    publish(&mut q, 0..30);
    q.queue.page_out();
    q.fx.clear();
    assert_eq!(q.queue.purge(q.now, &mut q.fx).unwrap(), 30);
    q.clear_away();
    assert_eq!(q.fx.settled.len(), 20);
    q.fx.clear();
    let shelf = q.shelf.as_ref().unwrap();
    assert_eq!((shelf.reads(), shelf.spilled(), shelf.held()), (0, 0, 0));
}

#[test]
fn purge_tells_listeners_of_messages_on_disk() {
    let mut q = classic(Table::new());
    publish(&mut q, 0..30);
    q.queue.page_out();
    q.fx.clear();
    q.fx.heard = crate::queue::Effects::new(true, false).heard;
    q.queue.purge(q.now, &mut q.fx).unwrap();
    assert_eq!(q.fx.fates(), 30);
    q.clear_away();
    assert_eq!(q.fx.events().len(), 30);
}

#[test]
fn peek_shows_what_is_on_disk_and_leaves_it_there() {
    let mut q = classic(Table::new());
    publish(&mut q, 0..30);
    q.queue.page_out();
    let memory = q.queue.memory_bytes();
    assert_eq!(q.ready(), words(0..30));
    assert_eq!(q.queue.peek(3).len(), 3);
    assert_eq!(q.queue.memory_bytes(), memory);
}

#[test]
fn damaged_message_is_settled_counted_and_passed_over() {
    let mut q = classic(Table::new());
    q.publish("a b c d");
    q.queue.page_out();
    for at in [2, 3] {
        q.shelf.as_ref().unwrap().damage(at);
    }
    q.fx.clear();
    assert_eq!(q.get(4), "a d");
    let settled: Vec<u64> = q.fx.settled.iter().map(|at| at.0).collect();
    assert_eq!(settled, [2, 3]);
    assert_eq!((q.queue.ready_count(), q.queue.ready_bytes()), (0, 0));
    assert_eq!(q.queue.stats().lost, 2);
}

#[test]
fn consumer_gets_what_is_behind_damage() {
    let mut q = classic(numbers([("x-message-ttl", 50)]));
    q.publish("a b c");
    q.publish_transient("d");
    q.queue.page_out();
    let shelf = q.shelf.as_ref().unwrap();
    shelf.damage(2);
    shelf.damage(3);
    shelf.rotten.store(true, Ordering::Relaxed);
    q.publish("e");
    q.consume(1, 0);
    assert_eq!(q.mail(1), "a e");
    assert_eq!(q.queue.stats().lost, 3);
    q.ack(1, "a e");
    q.at(60);
    assert_eq!((q.queue.ready_count(), q.queue.unacked_count()), (0, 0));
}

#[test]
fn queue_of_which_all_is_damaged_is_empty() {
    let mut q = classic(Table::new());
    q.publish("a b c");
    q.get(1);
    q.queue.page_out();
    for at in [2, 3] {
        q.shelf.as_ref().unwrap().damage(at);
    }
    // The head was never out of memory.
    assert_eq!(q.get(3), "b");
    q.requeue(0, "a b", ReturnCause::Nack);
    assert_eq!(q.get(3), "a b");
}

#[test]
fn message_that_is_not_written_yet_stays_in_memory() {
    let mut q = classic(Table::new());
    q.shelf
        .as_ref()
        .unwrap()
        .written
        .store(3, Ordering::Relaxed);
    q.publish("a b c d");
    assert_eq!(q.queue.page_out(), 0);
    q.shelf
        .as_ref()
        .unwrap()
        .written
        .store(4, Ordering::Relaxed);
    assert!(q.queue.page_out() > 0);
    assert_eq!(q.get(4), "a b c d");
}

#[test]
fn full_disk_leaves_messages_in_memory() {
    let mut q = Fixture::classic(Table::new()).on_shelf(0);
    q.shelf
        .as_ref()
        .unwrap()
        .full
        .store(true, Ordering::Relaxed);
    q.publish_transient(&words(0..2000));
    q.shelf
        .as_ref()
        .unwrap()
        .full
        .store(false, Ordering::Relaxed);
    assert_eq!(q.shelf.as_ref().unwrap().spilled(), 0);
    q.publish_transient(&words(2000..3000));
    assert!(q.shelf.as_ref().unwrap().spilled() > 0);
    assert_eq!(q.get(3000), words(0..3000));
}

#[test]
fn full_disk_is_not_asked_for_every_chunk() {
    let mut q = Fixture::classic(Table::new()).on_shelf(u64::MAX);
    q.publish_transient(&words(0..20_000));
    let shelf = q.shelf.as_ref().unwrap();
    shelf.full.store(true, Ordering::Relaxed);
    assert_eq!(q.queue.page_out(), 0);
    let refusals = shelf.refusals.load(Ordering::Relaxed);
    assert!((1..=3).contains(&refusals), "asked {refusals} times");
}

#[test]
fn growing_queue_stays_within_the_budget() {
    let mut q = Fixture::classic(Table::new()).on_shelf(200_000);
    let mut most = 0;
    for n in 0..5000 {
        publish(&mut q, [n]);
        most = most.max(q.shelf.as_ref().unwrap().held());
    }
    assert!(most < 300_000, "{most}");
    assert_eq!(q.get(5000), words(0..5000));
    q.ack(0, &words((0..5000).rev()));
    assert_eq!(q.shelf.as_ref().unwrap().held(), 0);
}

// Only the last chunks were looked at, which are those that the disk does not have yet.
#[test]
fn what_is_written_leaves_memory_however_far_the_disk_lags_behind() {
    const BUDGET: u64 = 200_000;
    const STEP: u64 = 20_000;
    const LAG: u64 = 40_000;
    let held = |q: &Fixture| q.shelf.as_ref().unwrap().held();
    let written = |q: &Fixture, at: u64| {
        let shelf = q.shelf.as_ref().unwrap();
        shelf.written.store(at, Ordering::Relaxed);
    };
    let mut q = Fixture::classic(Table::new()).on_shelf(BUDGET);
    written(&q, 0);
    let mut each = 0;
    for n in 0..5 * STEP {
        if n == STEP {
            each = held(&q) / n;
        }
        if n % STEP == 0 {
            written(&q, n.saturating_sub(LAG));
        }
        q.publish("x");
        let most = BUDGET.max((LAG + STEP) * each) + BUDGET / 2;
        assert!(each == 0 || held(&q) < most, "{n}: {} of {most}", held(&q));
    }
    written(&q, u64::MAX);
    for _ in 0..2_000 {
        q.publish("x");
    }
    assert!(held(&q) < BUDGET * 3 / 2, "{}", held(&q));
}

#[test]
fn large_bodies_leave_memory_though_they_are_few() {
    let mut q = Fixture::classic(Table::new()).on_shelf(100_000);
    let body = "x".repeat(40_000);
    for _ in 0..20 {
        q.push_message(message(&body, |_| ()));
        q.queue.push(
            q.now,
            message(&body, |_| ()),
            crate::store::RecordAt::NONE,
            Arrival::default(),
            &mut q.fx,
        );
    }
    let held = q.shelf.as_ref().unwrap().held();
    assert!(held < 250_000, "{held}");
    let got = q.get(40);
    assert_eq!(got.split(' ').filter(|got| *got == body).count(), 40);
}

#[test]
fn small_queue_never_asks_the_budget() {
    let mut q = Fixture::classic(Table::new()).on_shelf(0);
    publish(&mut q, 0..50);
    let shelf = q.shelf.as_ref().unwrap();
    assert_eq!((shelf.held(), shelf.reads()), (0, 0));
    assert_eq!(q.get(50), words(0..50));
    assert_eq!(q.shelf.as_ref().unwrap().reads(), 0);
}

#[test]
fn lowest_priority_leaves_memory_first() {
    let mut q = Fixture::classic(numbers([("x-max-priority", 2)])).on_shelf(40_000);
    let publish = |q: &mut Fixture, priority, n| {
        for _ in 0..n {
            let body = format!("{priority}");
            q.push_message(message(&body, |traits| traits.priority = priority));
        }
    };
    publish(&mut q, 0, 600);
    publish(&mut q, 2, 600);
    let reads = |q: &Fixture| q.shelf.as_ref().unwrap().reads();
    q.get(100);
    let before = reads(&q);
    assert_eq!(before, 0);
    q.get(1100);
    assert!(reads(&q) > 0);
    assert_eq!(q.held[&0].len(), 1200);
}

#[test]
fn deleted_queue_gives_memory_and_disk_back() {
    let mut q = classic(Table::new());
    publish(&mut q, 0..3000);
    q.queue.page_out();
    let removed = q.queue.take_all(&mut q.fx);
    assert_eq!(removed.ready, 3000);
    q.fx.clear();
    let shelf = q.shelf.as_ref().unwrap();
    assert_eq!((shelf.spilled(), shelf.held()), (0, 0));
}

#[test]
fn dropped_queue_gives_memory_and_disk_back() {
    let mut q = classic(Table::new());
    publish(&mut q, 0..3000);
    q.queue.page_out();
    publish(&mut q, 3000..4000);
    let shelf = q.shelf.take().unwrap();
    assert!(shelf.held() > 0 && shelf.spilled() > 0);
    drop(q);
    assert_eq!((shelf.spilled(), shelf.held()), (0, 0));
}

#[test]
fn rejected_message_from_disk_is_dead_lettered() {
    let mut q = classic(with_dlx(Table::new()));
    q.publish("a b");
    q.queue.page_out();
    q.get(2);
    q.settle(0, "b", Outcome::Reject);
    assert_eq!(q.dead(), "b:rejected");
}
