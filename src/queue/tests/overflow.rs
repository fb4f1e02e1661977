//! Length limits.

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef};

use super::fixture::{Fixture, body, message, numbers, with_dlx};
use crate::clock::Mono;
use crate::message::MessageBuilder;
use crate::queue::Pushed::{Accepted, Refused};
use crate::queue::{Limits, ReturnCause};

fn overflow(rule: &str, max: i64) -> Table {
    with_dlx(numbers([("x-max-length", max)])).with("x-overflow", rule)
}

#[test]
fn oldest_ready_messages_are_dropped() {
    let mut q = Fixture::classic(overflow("drop-head", 2));
    assert_eq!(q.publish("a b c d"), [Accepted; 4]);
    assert_eq!(
        (q.ready(), q.dead()),
        ("c d".into(), "a:maxlen b:maxlen".into())
    );
}

#[test]
fn unacked_messages_do_not_count() {
    let mut q = Fixture::classic(overflow("drop-head", 2));
    q.publish("a b");
    q.get(2);
    q.publish("c d");
    assert_eq!((q.ready(), q.dead()), ("c d".into(), "".into()));
    q.requeue(0, "a b", ReturnCause::Nack);
    assert_eq!(
        (q.ready(), q.dead()),
        ("c d".into(), "a:maxlen b:maxlen".into())
    );
}

#[test]
fn with_length_0_a_message_is_delivered_at_once_or_dropped() {
    let mut q = Fixture::classic(overflow("drop-head", 0));
    q.consume(1, 1);
    q.publish("a b");
    assert_eq!((q.mail(1), q.dead()), ("a".into(), "b:maxlen".into()));
}

#[test]
fn head_of_the_highest_priority_is_dropped() {
    let mut q = Fixture::classic(numbers([("x-max-length", 3), ("x-max-priority", 10)]));
    q.publish_by_priority("a.1 b.9 c.5 d.9 e.1 f.7");
    assert_eq!(q.ready(), "c.5 a.1 e.1");
    let mut q = Fixture::quorum(numbers([("x-max-length", 3)]));
    q.publish_by_priority("a.1 b.9 c.5 d.9 e.1 f.7");
    assert_eq!(q.ready(), "c.5 a.1 e.1");
}

#[test]
fn octets_are_limited_too() {
    let mut q = Fixture::classic(numbers([("x-max-length-bytes", 10)]));
    q.publish("aaaaaa bbbbb");
    assert_eq!(q.ready(), "bbbbb");
    q.publish("ccccccccccc");
    assert_eq!(q.ready(), "", "even the new one is too large");
}

#[test]
fn full_classic_queue_refuses() {
    let mut q = Fixture::classic(overflow("reject-publish", 2));
    assert_eq!(q.publish("a b c"), [Accepted, Accepted, Refused]);
    assert_eq!((q.ready(), q.dead()), ("a b".into(), "".into()));
    assert_eq!(q.fx.settled.len(), 1, "the record of the refused one");
    q.get(1);
    assert_eq!(q.publish("d"), [Accepted]);
    assert_eq!(q.queue.stats().refused, 1);
}

#[test]
fn refused_message_is_dead_lettered_if_so_asked() {
    let mut q = Fixture::classic(overflow("reject-publish-dlx", 1));
    assert_eq!(q.publish("a b"), [Accepted, Refused]);
    assert_eq!((q.ready(), q.dead()), ("a".into(), "b:maxlen".into()));
}

#[test]
fn message_that_a_consumer_takes_is_not_refused() {
    let mut q = Fixture::classic(overflow("reject-publish", 1));
    q.consume(1, 3);
    let push = |body| q.push_message(message(body, |_| ()));
    let pushed: Vec<_> = ["a", "b", "c", "d", "e"].map(push).into();
    assert_eq!(pushed, [Accepted, Accepted, Accepted, Accepted, Refused]);
}

#[test]
fn requeue_does_not_drop_where_the_rule_is_to_refuse() {
    let mut q = Fixture::classic(overflow("reject-publish", 1));
    q.publish("a");
    q.get(1);
    q.publish("b");
    q.requeue(0, "a", ReturnCause::Nack);
    assert_eq!(q.ready(), "a b");
}

#[test]
fn quorum_queue_refuses_beyond_its_limit_until_it_has_shrunk() {
    let mut q = Fixture::quorum(overflow("reject-publish", 10));
    let pushed = q.publish("1 2 3 4 5 6 7 8 9 10 11 12 13");
    assert_eq!(
        pushed.iter().filter(|pushed| **pushed == Accepted).count(),
        11
    );
    let mut after_get = || {
        q.get(1);
        q.publish("x")[0]
    };
    let answers: Vec<_> = (0..4).map(|_| after_get()).collect();
    assert_eq!(answers, [Refused, Refused, Accepted, Accepted]);
}

#[test]
fn quorum_queue_takes_reject_publish_dlx_for_drop_head() {
    let mut q = Fixture::quorum(overflow("reject-publish-dlx", 1));
    assert_eq!(q.publish("a b"), [Accepted; 2]);
    assert_eq!((q.ready(), q.dead()), ("b".into(), "a:maxlen".into()));
}

#[test]
fn duplicate_is_taken_and_dropped() {
    let table = Table::new().with("x-message-deduplication", true);
    let mut q = Fixture::classic(table);
    let mut publish = |body: &str, key: &str| {
        let headers = Table::new().with("x-deduplication-header", key).to_bytes();
        let properties = Properties {
            headers: Some(TableRef::new(&headers)),
            ..Properties::default()
        };
        let mut octets = Vec::new();
        properties.encode(&mut octets);
        let plain = message(body, |_| ());
        let properties = PropertiesRef::new(&octets);
        let keyed = plain.rewritten(
            &mut MessageBuilder::default(),
            plain.exchange(),
            plain.routing_key(),
            properties,
            plain.traits(),
        );
        q.publish_message(keyed)
    };
    let pushed = [publish("a", "1"), publish("b", "1"), publish("c", "2")];
    assert_eq!(pushed, [Accepted; 3]);
    assert_eq!((q.ready(), q.fx.settled.len()), ("a c".into(), 1));
}

#[test]
fn new_limits_apply_to_what_is_there() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a b c");
    let limits = Limits {
        max_length: Some(1),
        ..Limits::default()
    };
    q.queue.reconfigure(q.now, limits, &mut q.fx);
    assert_eq!(q.ready(), "c");
}

#[test]
fn much_that_is_over_the_limit_goes_in_several_calls() {
    let mut q = Fixture::classic(Table::new());
    for n in 0..10_000 {
        q.publish(&n.to_string());
    }
    let limits = Limits {
        max_length: Some(1),
        ..Limits::default()
    };
    q.fx.clear();
    q.fx.bound();
    q.queue.reconfigure(q.now, limits, &mut q.fx);
    assert_eq!(q.fx.arm, Some(Mono::ZERO));
    assert_eq!(q.queue.ready_count(), 10_000 - 4_096);
    q.fx.clear();
    let got = q.queue.get(q.now, true, &mut q.fx).unwrap().unwrap();
    assert_eq!((body(&got.entry), got.ready_left), ("9999".into(), 0));
}

#[test]
fn what_is_handed_out_does_not_wait_for_what_should_die() {
    let arguments = overflow("drop-head", 1).with("x-max-priority", 2);
    let mut q = Fixture::classic(arguments);
    q.consume(1, 1);
    q.fx.bound();
    for n in 0..300 {
        q.push_message(message(&n.to_string(), |_| ()));
    }
    q.dispatch();
    assert_eq!(q.mail(1), "0");
}
