//! The order in which messages leave.

use leveret_codec::table::Table;

use super::fixture::{Fixture, numbers};
use crate::queue::{Outcome, ReturnCause};

#[test]
fn first_in_is_first_out() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a b c");
    assert_eq!(q.get(5), "a b c");
    assert_eq!((q.queue.ready_count(), q.queue.unacked_count()), (0, 3));
}

#[test]
fn get_says_how_many_are_left() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a b c");
    let got = q.queue.get(q.now, true, &mut q.fx).unwrap().unwrap();
    assert_eq!(got.ready_left, 2);
    assert_eq!(q.queue.unacked_count(), 0);
    assert_eq!(q.fx.settled.len(), 1);
}

#[test]
fn requeued_message_returns_to_its_place() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a b c d");
    q.get(3);
    q.requeue(0, "b", ReturnCause::Nack);
    assert_eq!(q.ready(), "b d");
    q.requeue(0, "c a", ReturnCause::Reject);
    assert_eq!(q.ready(), "a b c d");
}

#[test]
fn interleaved_requeues_restore_the_order() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 3);
    q.consume(2, 3);
    q.publish("a b c d e f g");
    assert_eq!((q.mail(1), q.mail(2)), ("a c e".into(), "b d f".into()));
    q.cancel(1);
    q.cancel(2);
    q.requeue(1, "a c e", ReturnCause::Closed);
    assert_eq!(q.ready(), "a c e g");
    q.requeue(2, "b d f", ReturnCause::Closed);
    assert_eq!(q.ready(), "a b c d e f g");
}

#[test]
fn requeued_message_is_redelivered() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a");
    q.get(1);
    q.requeue(0, "a", ReturnCause::Recover);
    q.get(1);
    assert!(q.held[&0][0].redelivered);
    assert_eq!(q.queue.stats().redelivered, 1);
}

#[test]
fn message_that_never_left_the_broker_comes_back_as_new() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a");
    q.get(1);
    q.requeue(0, "a", ReturnCause::Undelivered);
    q.get(1);
    assert!(!q.held[&0][0].redelivered);
}

#[test]
fn higher_priority_goes_first_and_is_capped() {
    let mut q = Fixture::classic(numbers([("x-max-priority", 5)]));
    q.publish_by_priority("a.0 b.9 c.5 d.1 e.5 f.0");
    assert_eq!(q.get(9), "b.9 c.5 e.5 d.1 a.0 f.0");
}

#[test]
fn requeue_returns_each_message_to_its_priority() {
    let mut q = Fixture::classic(numbers([("x-max-priority", 5)]));
    q.publish_by_priority("a.0 b.3 c.0 d.3 e.0 f.3");
    q.get(4);
    q.requeue(0, "a.0 f.3 b.3", ReturnCause::Nack);
    assert_eq!(q.ready(), "b.3 f.3 a.0 c.0 e.0");
}

#[test]
fn purge_leaves_unacked_messages() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a b c");
    q.get(1);
    q.fx.clear();
    assert_eq!(q.queue.purge(q.now, &mut q.fx).unwrap(), 2);
    q.clear_away();
    assert_eq!(q.fx.settled.len(), 2);
    assert_eq!((q.queue.ready_count(), q.queue.unacked_count()), (0, 1));
    q.requeue(0, "a", ReturnCause::Nack);
    assert_eq!(q.ready(), "a");
}

#[test]
fn settling_after_deletion_has_no_effect() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 1);
    q.publish("a b");
    q.mail(1);
    let removed = q.queue.take_all(&mut q.fx);
    assert_eq!((removed.ready, removed.unacked), (1, 1));
    assert_eq!(removed.consumers.len(), 1);
    q.fx.clear();
    q.requeue(1, "a", ReturnCause::Nack);
    assert_eq!(q.ready(), "");
    assert!(q.fx.is_empty());
}

#[test]
fn counts_and_octets_add_up() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a bb ccc");
    q.get(2);
    assert_eq!((q.queue.ready_bytes(), q.queue.unacked_bytes()), (3, 3));
    q.ack(0, "bb");
    q.requeue(0, "a", ReturnCause::Nack);
    assert_eq!((q.queue.ready_bytes(), q.queue.unacked_bytes()), (4, 0));
    assert_eq!(q.queue.stats().acked, 1);
}

#[test]
fn rejected_message_without_dead_letter_exchange_is_settled() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a");
    q.get(1);
    q.settle(0, "a", Outcome::Reject);
    assert_eq!(q.fx.settled.len(), 1);
    assert_eq!(q.dead(), "");
}
