//! A queue after a restart: as it was, without reading what is not needed yet.

use leveret_codec::table::Table;

use super::fixture::{Fixture, message, numbers, with_dlx};
use crate::clock::Wall;
use crate::queue::ReturnCause;
use crate::store::Returns;

const NO_LIMIT: u64 = u64::MAX;

fn classic(arguments: Table) -> Fixture {
    Fixture::classic(arguments).on_shelf(NO_LIMIT)
}

fn words(numbers: impl IntoIterator<Item = u64>) -> String {
    let words: Vec<_> = numbers.into_iter().map(|n| n.to_string()).collect();
    words.join(" ")
}

fn reads(q: &Fixture) -> u64 {
    q.shelf.as_ref().map_or(0, |shelf| shelf.reads())
}

#[test]
fn order_is_kept_however_few_messages_are_told_at_once() {
    for run in [1, 2, 3, 7, 16, 17, 100, 511, 512, 513, 5000] {
        let mut q = classic(Table::new());
        q.restore(&words(0..2000), run);
        assert_eq!(q.queue.ready_count(), 2000);
        q.publish(&words(2000..2100));
        assert_eq!(q.get(3000), words(0..2100), "{run} at once");
        assert_eq!((q.queue.ready_count(), q.queue.ready_bytes()), (0, 0));
    }
}

#[test]
fn only_what_leaves_next_is_read() {
    let mut q = classic(Table::new());
    q.restore(&words(0..100_000), 10_000);
    assert!(reads(&q) <= 16, "{} were read", reads(&q));
    let octets: usize = (0..100_000_u64).map(|n| n.to_string().len()).sum();
    assert_eq!(q.queue.ready_bytes(), octets as u64);
    let each = q.queue.memory_bytes() / 100_000;
    assert!(each <= 16, "{each} octets a message");
}

#[test]
fn many_short_tellings_take_little_room() {
    let mut q = classic(Table::new());
    q.restore(&words(0..20_000), 1);
    let each = q.queue.memory_bytes() / 20_000;
    assert!(each <= 16, "{each} octets a message");
}

#[test]
fn priorities_are_those_of_the_messages() {
    let mut q = classic(numbers([("x-max-priority", 5)]));
    let told: Vec<_> = [0, 9, 3, 0, 3, 5]
        .into_iter()
        .enumerate()
        .map(|(n, priority)| {
            let body = format!("{n}.{priority}");
            q.recovered(&message(&body, |traits| traits.priority = priority), |_| ())
        })
        .collect();
    q.queue.restore(q.now, &told);
    q.dispatch();
    assert_eq!(q.get(6), "1.9 5.5 2.3 4.3 0.0 3.0");
}

#[test]
fn quorum_queue_takes_no_priority_for_four() {
    let mut q = Fixture::quorum(Table::new()).on_shelf(NO_LIMIT);
    let told: Vec<_> = [3, 0, 5]
        .into_iter()
        .map(|priority| {
            let body = format!("p{priority}");
            q.recovered(&message(&body, |traits| traits.priority = priority), |_| ())
        })
        .collect();
    q.queue.restore(q.now, &told);
    q.dispatch();
    assert_eq!(q.get(3), "p5 p0 p3");
}

#[test]
fn ttl_goes_on_from_when_the_message_was_stored() {
    let mut q = classic(with_dlx(numbers([("x-message-ttl", 10_000)])));
    q.time(50_000);
    let stored = |age: u64| Wall::from_millis(1_050_000 - age);
    let told = [
        q.recovered(&message("over", |_| ()), |r| r.stored_at = stored(10_001)),
        q.recovered(
            &message("own", |traits| traits.expiration_ms = Some(4_000)),
            |r| r.stored_at = stored(3_000),
        ),
        q.recovered(&message("queues", |_| ()), |r| r.stored_at = stored(2_000)),
    ];
    q.queue.restore(q.now, &told);
    q.dispatch();
    assert_eq!(q.dead(), "over:expired");
    q.at(50_999);
    assert_eq!(q.ready(), "own queues");
    q.at(51_000);
    assert_eq!(q.dead(), "own:expired");
    q.at(57_999);
    assert_eq!(q.ready(), "queues");
    q.at(58_000);
    assert_eq!(q.dead(), "queues:expired");
}

#[test]
fn delivery_counts_go_on() {
    let mut q = Fixture::quorum(with_dlx(numbers([("x-delivery-limit", 3)]))).on_shelf(NO_LIMIT);
    let told = q.recovered(&message("a", |_| ()), |r| {
        let returns = Returns {
            delivery_count: 3,
            acquired_count: 5,
        };
        (r.returns, r.redelivered) = (returns, true);
    });
    q.queue.restore(q.now, &[told]);
    q.dispatch();
    q.get(1);
    assert_eq!(q.held[&0][0].delivery_count, 3);
    assert_eq!(q.held[&0][0].acquired_count, 5);
    assert!(q.held[&0][0].redelivered);
    q.requeue(0, "a", ReturnCause::Closed);
    assert_eq!(q.dead(), "a:delivery_limit");
}

#[test]
fn length_limit_is_enforced_on_what_came_back() {
    let mut q = classic(with_dlx(numbers([("x-max-length", 1000)])));
    q.restore(&words(0..3000), 600);
    assert_eq!(q.queue.ready_count(), 1000);
    assert_eq!(q.fx.dead_letters.len(), 2000);
    assert_eq!(q.get(1), "2000");
}

#[test]
fn requeued_message_returns_to_its_place_among_unread_ones() {
    let mut q = classic(Table::new());
    q.restore(&words(0..3000), 100);
    q.get(1500);
    q.requeue(0, "700 3 1499", ReturnCause::Nack);
    assert_eq!(q.get(4), "3 700 1499 1500");
}

#[test]
fn purge_settles_all_without_reading() {
    let mut q = classic(Table::new());
    q.restore(&words(0..3000), 3000);
    let before = reads(&q);
    assert_eq!(q.queue.purge(q.now, &mut q.fx).expect("it may"), 3000);
    q.clear_away();
    assert_eq!((reads(&q), q.fx.settled.len()), (before, 3000));
}

#[test]
fn damaged_message_is_passed_over_and_settled() {
    let mut q = classic(Table::new());
    for at in [1, 5, 40, 600] {
        if let Some(shelf) = &q.shelf {
            shelf.damage(at);
        }
    }
    q.restore(&words(1..=1000), 250);
    let whole = (1..=1000).filter(|n| ![1, 5, 40, 600].contains(n));
    assert_eq!(q.get(2000), words(whole));
    assert_eq!((q.queue.ready_count(), q.queue.ready_bytes()), (0, 0));
    q.dispatch();
    let mut settled: Vec<u64> = q.fx.settled.iter().map(|at| at.0).collect();
    settled.sort_unstable();
    assert_eq!(settled, [1, 5, 40, 600]);
    assert_eq!(q.queue.stats().lost, 4);
}
