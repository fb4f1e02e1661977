use leveret_codec::table::Table;

use super::*;
use crate::queue::Outcome;
use crate::queue::tests::fixture::{Fixture, consumer, with_dlx};

/// All, ready and unacknowledged messages at a glance, which are those of a look.
fn at_a_glance(q: &Fixture) -> Option<[u64; 3]> {
    let amounts = Glance::of(&q.queue).amounts()?;
    assert_eq!(amounts, q.queue.amounts());
    Some([amounts.messages, amounts.ready, amounts.unacked])
}

#[test]
fn a_glance_shows_what_a_look_shows() {
    let mut q = Fixture::classic(Table::new());
    assert_eq!(at_a_glance(&q), Some([0, 0, 0]));
    q.publish("a b c");
    q.get(2);
    assert_eq!(at_a_glance(&q), Some([3, 1, 2]));
    q.ack(0, "a");
    assert_eq!(at_a_glance(&q), Some([2, 1, 1]));
}

#[test]
fn what_was_read_of_a_stream_is_still_ready() {
    let mut q = Fixture::classic(Table::new().with("x-queue-type", "stream"));
    q.publish("a b c");
    q.add(consumer(1, 2)).expect("it has a prefetch");
    q.publish("d");
    q.mail(1);
    assert_eq!(at_a_glance(&q), Some([4, 4, 1]));
}

#[test]
fn a_queue_whose_dead_letters_are_on_their_way_must_be_looked_at() {
    let mut q = Fixture::classic(with_dlx(Table::new()));
    q.publish("a b");
    q.get(1);
    q.settle(0, "a", Outcome::Nack);
    assert_eq!(at_a_glance(&q), None);
    assert_eq!(q.queue.amounts().ready, 2);
    q.fx.dead_letters.clear();
    assert_eq!(at_a_glance(&q), Some([1, 1, 0]));
}

#[test]
fn dead_letters_that_must_arrive_are_messages_of_the_queue() {
    let arguments = with_dlx(Table::new())
        .with("x-dead-letter-strategy", "at-least-once")
        .with("x-overflow", "reject-publish");
    let mut q = Fixture::quorum(arguments);
    q.publish("a b");
    q.get(1);
    q.settle(0, "a", Outcome::Nack);
    q.fx.dead_letters.clear();
    assert_eq!(at_a_glance(&q), None);
    let amounts = q.queue.amounts();
    assert_eq!(
        [amounts.messages, amounts.ready, amounts.unacked],
        [2, 1, 0]
    );
    q.queue.dead_letter_done(q.now, 0, true, &mut q.fx);
    assert_eq!(at_a_glance(&q), Some([1, 1, 0]));
}

#[test]
fn counts_without_room_must_be_looked_at() {
    let (ready, unacked) = ((1 << READY_BITS) - 1, (1 << UNACKED_BITS) - 1);
    let most = Glance(AtomicU64::new(both(ready, unacked)));
    let amounts = most.amounts().expect("both have room");
    assert_eq!(
        [amounts.messages, amounts.ready, amounts.unacked],
        [ready + unacked, ready, unacked]
    );
    for (ready, unacked) in [(ready + 1, 0), (0, unacked + 1), (u64::MAX, u64::MAX)] {
        assert_eq!(Glance(AtomicU64::new(both(ready, unacked))).amounts(), None);
        assert_eq!(
            Glance(AtomicU64::new(both(ready, unacked) | STREAM)).amounts(),
            None
        );
    }
}
