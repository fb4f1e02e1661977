//! Dead letters that must arrive.

use leveret_codec::table::Table;

use super::fixture::{Fixture, numbers, with_dlx};
use crate::clock::Mono;
use crate::limits::QUEUE_STEPS;
use crate::queue::{Limits, Outcome, Pushed};

fn at_least_once() -> Table {
    with_dlx(numbers([("x-max-length", 2)]))
        .with("x-overflow", "reject-publish")
        .with("x-dead-letter-strategy", "at-least-once")
}

fn with_one_dead() -> Fixture {
    let mut q = Fixture::quorum(at_least_once());
    q.publish("a");
    q.get(1);
    q.settle(0, "a", Outcome::Nack);
    assert!(q.fx.dead_letters[0].confirm);
    assert_eq!(q.dead(), "a:rejected");
    q
}

#[test]
fn dead_letter_is_kept_until_it_has_arrived() {
    let mut q = with_one_dead();
    assert_eq!((q.queue.dying().messages, q.fx.settled.len()), (1, 0));
    q.queue.dead_letter_done(q.now, 0, true, &mut q.fx);
    assert_eq!((q.queue.dying().messages, q.fx.settled.len()), (0, 1));
}

#[test]
fn failed_dead_letter_is_tried_again_later() {
    let mut q = with_one_dead();
    q.queue.dead_letter_done(q.now, 0, false, &mut q.fx);
    assert_eq!(q.fx.arm, Some(Mono::from_millis(5000)));
    q.at(4999);
    assert_eq!(q.dead(), "");
    q.at(5000);
    assert_eq!(q.dead(), "a:rejected");
    assert_eq!(q.queue.dying().messages, 1);
}

#[test]
fn failed_dead_letter_is_dropped_once_there_is_no_exchange_for_it() {
    let mut q = with_one_dead();
    q.queue.dead_letter_done(q.now, 0, false, &mut q.fx);
    q.queue.reconfigure(q.now, Limits::default(), &mut q.fx);
    q.at(5000);
    assert_eq!((q.queue.dying().messages, q.fx.settled.len()), (0, 1));
}

#[test]
fn dying_messages_count_against_the_limit() {
    let mut q = with_one_dead();
    assert_eq!(
        q.publish("b c d"),
        [Pushed::Accepted, Pushed::Accepted, Pushed::Refused]
    );
}

#[test]
fn without_reject_publish_it_is_at_most_once() {
    let table = with_dlx(Table::new()).with("x-dead-letter-strategy", "at-least-once");
    let mut q = Fixture::quorum(table);
    q.publish("a");
    q.get(1);
    q.settle(0, "a", Outcome::Nack);
    assert!(!q.fx.dead_letters[0].confirm);
    assert_eq!(q.queue.dying().messages, 0);
}

// All were sent again in one call, which held the queue's lock as long.
#[test]
fn many_failed_dead_letters_are_tried_again_in_pieces() {
    let many: u64 = 3 * u64::from(QUEUE_STEPS);
    let mut q = Fixture::quorum(
        with_dlx(Table::new())
            .with("x-overflow", "reject-publish")
            .with("x-dead-letter-strategy", "at-least-once"),
    );
    for position in 0..many {
        q.publish("a");
        q.get(1);
        q.settle(0, "a", Outcome::Nack);
        q.queue.dead_letter_done(q.now, position, false, &mut q.fx);
    }
    q.dead();
    let (mut calls, mut sent) = (0, 0);
    q.fx.arm = Some(Mono::ZERO);
    while q.fx.arm.take() == Some(Mono::ZERO) {
        q.fx.room = Some(QUEUE_STEPS);
        q.at(5000);
        let letters = q.dead();
        sent += letters.split(' ').filter(|one| !one.is_empty()).count() as u64;
        calls += 1;
    }
    assert_eq!(sent, many);
    assert!(calls > 2, "{calls} calls");
}
