//! TTL of messages, lease of the queue.

use leveret_codec::table::Table;

use super::fixture::{Fixture, message, numbers, with_dlx};
use crate::clock::Mono;
use crate::message::Message;
use crate::queue::{DeleteReason, ReturnCause};

fn short_lived(body: &str, ms: u64) -> Message {
    message(body, |traits| traits.expiration_ms = Some(ms))
}

#[test]
fn expired_message_is_dead_lettered_at_its_deadline() {
    let mut q = Fixture::classic(with_dlx(numbers([("x-message-ttl", 100)])));
    q.publish("a");
    assert_eq!(q.fx.arm, Some(Mono::from_millis(100)));
    q.at(99);
    assert_eq!(q.ready(), "a");
    q.at(100);
    assert_eq!((q.ready(), q.dead()), ("".into(), "a:expired".into()));
}

#[test]
fn smaller_ttl_wins() {
    let mut q = Fixture::classic(numbers([("x-message-ttl", 100)]));
    q.publish_message(short_lived("a", 50));
    q.publish_message(short_lived("b", 500));
    q.at(50);
    assert_eq!(q.ready(), "b");
    q.at(100);
    assert_eq!(q.ready(), "");
}

#[test]
fn only_the_head_expires() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a");
    q.publish_message(short_lived("b", 10));
    q.at(20);
    assert_eq!(q.queue.ready_count(), 2);
    assert_eq!(q.get(2), "a");
}

#[test]
fn classic_queue_keeps_an_expired_message_behind_a_higher_priority() {
    let publish = |q: &mut Fixture| {
        let low = |traits: &mut crate::message::Traits| {
            traits.priority = 1;
            traits.expiration_ms = Some(10);
        };
        q.publish_message(message("low", low));
        q.publish_message(message("high", |traits| traits.priority = 9));
        q.at(20);
        q.queue.ready_count()
    };
    let mut classic = Fixture::classic(numbers([("x-max-priority", 9)]));
    assert_eq!(publish(&mut classic), 2);
    assert_eq!(classic.get(2), "high");
    assert_eq!(publish(&mut Fixture::quorum(Table::new())), 1);
}

#[test]
fn ttl_of_0_is_delivered_at_once_or_never() {
    let mut q = Fixture::classic(with_dlx(numbers([("x-message-ttl", 0)])));
    q.publish("a");
    assert_eq!((q.get(1), q.dead()), ("".into(), "a:expired".into()));
    q.consume(1, 1);
    q.publish("b c");
    assert_eq!((q.mail(1), q.dead()), ("b".into(), "c:expired".into()));
    q.requeue(1, "b", ReturnCause::Nack);
    assert_eq!((q.mail(1), q.dead()), ("".into(), "b:expired".into()));
}

#[test]
fn expired_message_is_never_delivered_before_its_deadline_fired() {
    let mut q = Fixture::classic(numbers([("x-message-ttl", 100)]));
    q.publish("a");
    q.time(101);
    q.consume(1, 0);
    assert_eq!(q.mail(1), "");
    q.publish("b");
    q.time(300);
    assert_eq!(q.mail(1), "b", "what is delivered does not expire");
}

#[test]
fn requeued_message_keeps_its_expiry() {
    let mut q = Fixture::classic(numbers([("x-message-ttl", 100)]));
    q.publish("a");
    q.time(90);
    q.get(1);
    q.requeue(0, "a", ReturnCause::Nack);
    q.at(100);
    assert_eq!(q.ready(), "");
}

#[test]
fn later_deadline_is_armed_when_the_earlier_one_fires() {
    let mut q = Fixture::classic(Table::new());
    q.publish_message(short_lived("a", 10));
    q.publish_message(short_lived("b", 30));
    q.fx.clear();
    q.at(10);
    assert_eq!(q.fx.arm, Some(Mono::from_millis(30)));
}

#[test]
fn unused_queue_expires() {
    let mut q = Fixture::classic(numbers([("x-expires", 100)]));
    assert_eq!(q.fx.arm, Some(Mono::from_millis(100)));
    q.at(100);
    assert_eq!(q.fx.delete, Some(DeleteReason::Expired));
}

#[test]
fn consumer_get_and_declare_renew_the_lease() {
    let mut q = Fixture::classic(numbers([("x-expires", 100)]));
    q.time(60);
    q.get(1);
    q.at(100);
    assert_eq!(q.fx.delete, None);
    q.time(150);
    q.queue.touch(q.now, &mut q.fx);
    q.at(249);
    assert_eq!(q.fx.delete, None);
    q.consume(1, 0);
    q.at(1000);
    assert_eq!(q.fx.delete, None);
    q.fx.clear();
    q.cancel(1);
    assert_eq!(q.fx.arm, Some(Mono::from_millis(1100)));
    q.at(1100);
    assert_eq!(q.fx.delete, Some(DeleteReason::Expired));
}

#[test]
fn declare_does_not_renew_the_lease_of_a_quorum_queue() {
    let mut q = Fixture::quorum(numbers([("x-expires", 100)]));
    q.time(60);
    q.queue.touch(q.now, &mut q.fx);
    q.at(100);
    assert_eq!(q.fx.delete, Some(DeleteReason::Expired));
}

/// `count` messages that expire at 100 ms, published without a look at the time.
fn many(arguments: Table, count: usize) -> Fixture {
    let mut q = Fixture::classic(arguments);
    for n in 0..count {
        q.publish_message(short_lived(&n.to_string(), 100));
    }
    q.fx.clear();
    q.fx.bound();
    q
}

/// Calls of the queue until its deadline is not at once.
fn calls(q: &mut Fixture, ms: u64) -> usize {
    let mut calls = 0;
    loop {
        q.fx.clear();
        q.fx.bound();
        q.at(ms);
        calls += 1;
        if q.fx.arm != Some(Mono::ZERO) {
            return calls;
        }
    }
}

#[test]
fn many_messages_expire_in_several_calls() {
    let mut q = many(Table::new(), 10_000);
    assert_eq!(calls(&mut q, 100), 3);
    assert_eq!(q.ready(), "");
}

#[test]
fn few_dead_letters_are_in_no_queue_at_a_time() {
    let mut q = many(with_dlx(Table::new()), 1_000);
    q.at(100);
    assert_eq!((q.queue.ready_count(), q.fx.dead_letters.len()), (744, 256));
    assert_eq!(calls(&mut q, 100), 3);
}

#[test]
fn none_that_should_be_dead_is_handed_out_or_counted() {
    for act in [
        |q: &mut Fixture| assert!(q.queue.get(q.now, true, &mut q.fx).unwrap().is_none()),
        |q: &mut Fixture| assert_eq!(q.queue.purge(q.now, &mut q.fx).unwrap(), 0),
        |q: &mut Fixture| assert_eq!(q.queue.take_all(&mut q.fx).ready, 0),
    ] {
        let mut q = many(Table::new(), 10_000);
        q.at(100);
        assert!(q.queue.ready_count() > 0);
        act(&mut q);
        assert_eq!(q.ready(), "");
    }
    let mut q = many(Table::new(), 10_000);
    q.publish("last");
    q.fx.clear();
    q.at(100);
    q.consume(1, 0);
    assert_eq!(q.mail(1), "");
    calls(&mut q, 100);
    assert_eq!(q.mail(1), "last");
}
