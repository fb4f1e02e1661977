//! What is different in quorum queues. Seen: RabbitMQ 4.3.6, tests/scripts/quorum.

use leveret_codec::table::Table;

use super::fixture::{Fixture, message, numbers, single_active, with_dlx};
use crate::queue::{Arrival, NewConsumer, Outcome, ReturnCause};
use crate::store::{RecordAt, Returns};

#[test]
fn returned_messages_go_first_in_the_order_of_return() {
    let mut q = Fixture::quorum(Table::new());
    q.publish("0 1 2 3 4 5");
    q.get(4);
    q.requeue(0, "2", ReturnCause::Nack);
    q.requeue(0, "0", ReturnCause::Nack);
    q.requeue(0, "1 3", ReturnCause::Nack);
    assert_eq!(q.ready(), "2 0 1 3 4 5");
}

#[test]
fn returned_messages_go_before_higher_priorities() {
    let mut q = Fixture::quorum(Table::new());
    q.publish_by_priority("a.1 b.1 c.9");
    assert_eq!(q.get(2), "c.9 a.1");
    q.requeue(0, "a.1", ReturnCause::Nack);
    q.publish_by_priority("d.9");
    q.requeue(0, "c.9", ReturnCause::Nack);
    assert_eq!(q.ready(), "a.1 c.9 d.9 b.1");
}

#[test]
fn priorities_end_at_31_and_none_means_4() {
    let mut q = Fixture::quorum(Table::new());
    q.publish_by_priority("a.4 b.5 c.9 d.31 e.32 f.200 g.1");
    q.publish("none");
    assert_eq!(q.get(9), "d.31 e.32 f.200 c.9 b.5 a.4 none g.1");
}

#[test]
fn rejections_and_ends_of_channels_count_other_returns_do_not() {
    let mut q = Fixture::quorum(Table::new());
    q.publish("a");
    let mut return_it = |cause| {
        q.get(1);
        q.requeue(0, "a", cause);
        let entry = &q.queue.peek(1)[0];
        (entry.acquired_count, entry.delivery_count)
    };
    assert_eq!(return_it(ReturnCause::Nack), (1, 0));
    assert_eq!(return_it(ReturnCause::Recover), (2, 0));
    assert_eq!(return_it(ReturnCause::Timeout), (3, 0));
    assert_eq!(return_it(ReturnCause::Reject), (4, 1));
    assert_eq!(return_it(ReturnCause::Closed), (5, 2));
    assert_eq!(return_it(ReturnCause::Undelivered), (5, 2));
    let counts = [(1, 0), (2, 0), (3, 0), (4, 1), (5, 2)];
    let written = counts.map(|(acquired_count, delivery_count)| {
        let returns = Returns {
            delivery_count,
            acquired_count,
        };
        (RecordAt(1), returns)
    });
    assert_eq!(q.fx.returned, written);
}

fn deliveries(arguments: Table) -> usize {
    let mut q = Fixture::quorum(with_dlx(arguments));
    q.publish("a");
    for n in 0..30 {
        if q.get(1).is_empty() {
            assert_eq!(q.dead(), "a:delivery_limit");
            return n;
        }
        q.requeue(0, "a", ReturnCause::Reject);
    }
    30
}

#[test]
fn message_dies_above_the_delivery_limit() {
    assert_eq!(deliveries(numbers([("x-delivery-limit", 2)])), 3);
    assert_eq!(deliveries(numbers([("x-delivery-limit", 0)])), 1);
    assert_eq!(deliveries(Table::new()), 21, "20 is the default");
    assert_eq!(deliveries(numbers([("x-delivery-limit", -1)])), 30);
    let text = Table::new().with("x-delivery-limit", "x");
    assert_eq!(deliveries(text), 21, "what is no number is ignored");
}

#[test]
fn classic_queue_has_no_delivery_limit() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a");
    for _ in 0..30 {
        assert_eq!(q.get(1), "a");
        q.requeue(0, "a", ReturnCause::Reject);
    }
}

#[test]
fn exclusive_flag_is_not_enforced() {
    let mut q = Fixture::quorum(Table::new());
    for id in 1..=2 {
        let consumer = NewConsumer {
            exclusive: true,
            ..super::fixture::consumer(id, 0)
        };
        q.add(consumer).unwrap();
    }
    assert_eq!(q.queue.consumer_count(), 2);
}

#[test]
fn get_is_refused_with_a_single_active_consumer() {
    let mut q = Fixture::quorum(single_active());
    let error = q.queue.get(q.now, false, &mut q.fx).unwrap_err();
    assert_eq!(
        error.explanation,
        "cannot obtain access to locked queue 'q' in vhost '/'. basic.get operations are not \
         supported by <<\"quorum\">> queues with single active consumer"
    );
    assert_eq!(error.code.number(), 405);
}

#[test]
fn dead_letter_brings_its_delivery_count_along() {
    let mut q = Fixture::quorum(with_dlx(Table::new()));
    q.publish("a b");
    q.get(2);
    q.settle(0, "a", Outcome::Reject);
    q.settle(0, "b", Outcome::Nack);
    let counts: Vec<_> =
        q.fx.dead_letters
            .iter()
            .map(|l| l.entry.delivery_count)
            .collect();
    assert_eq!(counts, [1, 0]);
    let at = RecordAt::NONE;
    let arrival = Arrival {
        delivery_count: 1,
        ..Arrival::default()
    };
    q.queue
        .push(q.now, message("c", |_| ()), at, arrival, &mut q.fx);
    let entry = &q.queue.peek(1)[0];
    assert!(entry.redelivered);
    assert_eq!((entry.acquired_count, entry.delivery_count), (1, 1));
}

#[test]
fn consumer_timeout_is_the_consumers_or_the_queues() {
    let own = numbers([("x-consumer-timeout", 7)]);
    let q = Fixture::quorum(numbers([("x-consumer-timeout", 100)]));
    assert_eq!(q.queue.consumer_timeout_ms(&own), Some(7));
    assert_eq!(q.queue.consumer_timeout_ms(&Table::new()), Some(100));
    let q = Fixture::classic(Table::new());
    assert_eq!(q.queue.consumer_timeout_ms(&own), None);
}
