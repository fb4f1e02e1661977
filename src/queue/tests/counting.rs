//! What a queue counts: messages and octets by where they are, and what became of them.

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::Table;
use leveret_codec::types::ShortStr;

use super::fixture::{Fixture, message, numbers, with_dlx};
use crate::message::{Body, MessageBuilder, Traits};
use crate::queue::{Counts, Outcome, ReturnCause, Sum};

fn sum(messages: u64, bytes: u64) -> Sum {
    Sum { messages, bytes }
}

/// Ready, unacked, stored, on disk.
fn check(q: &Fixture, expected: [(u64, u64); 4]) {
    let Counts {
        ready,
        unacked,
        stored,
        paged_out,
        dying,
    } = q.queue.counts();
    let expected = expected.map(|(messages, bytes)| sum(messages, bytes));
    assert_eq!([ready, unacked, stored, paged_out], expected);
    assert_eq!(dying, Sum::default());
}

#[test]
fn messages_and_octets_are_counted_where_they_are() {
    let mut q = Fixture::classic(Table::new()).on_shelf(u64::MAX);
    q.publish("a bb ccc");
    q.publish_transient("dddd eeeee");
    check(&q, [(5, 15), (0, 0), (3, 6), (0, 0)]);
    q.get(2);
    check(&q, [(3, 12), (2, 3), (3, 6), (0, 0)]);
    q.queue.page_out();
    check(&q, [(3, 12), (2, 3), (3, 6), (2, 9)]);
    q.requeue(0, "bb", ReturnCause::Nack);
    check(&q, [(4, 14), (1, 1), (3, 6), (2, 9)]);
    q.ack(0, "a");
    check(&q, [(4, 14), (0, 0), (2, 5), (2, 9)]);
    q.get(3);
    // What is next was read back.
    check(&q, [(1, 5), (3, 9), (2, 5), (0, 0)]);
    q.queue.purge(q.now, &mut q.fx).expect("not a stream");
    check(&q, [(0, 0), (3, 9), (2, 5), (0, 0)]);
    q.settle(0, "bb ccc dddd", Outcome::Nack);
    check(&q, [(0, 0), (0, 0), (0, 0), (0, 0)]);
    let stats = q.queue.stats();
    assert_eq!((stats.disk_reads, stats.disk_writes), (2, 3 + 2));
    assert_eq!((stats.died, stats.rejected), (3, 3));
}

#[test]
fn messages_that_come_back_at_start_are_stored() {
    let mut q = Fixture::classic(Table::new()).on_shelf(u64::MAX);
    q.restore("a bb ccc", 3);
    check(&q, [(3, 6), (0, 0), (3, 6), (0, 0)]);
    q.restore("dddd", 1);
    check(&q, [(4, 10), (0, 0), (4, 10), (1, 4)]);
    q.get(4);
    check(&q, [(0, 0), (4, 10), (4, 10), (0, 0)]);
}

#[test]
fn what_cannot_be_read_back_is_stored_no_more() {
    let mut q = Fixture::classic(Table::new()).on_shelf(u64::MAX);
    q.publish("a bb ccc dddd");
    q.publish_transient("eeeee ffffff");
    q.queue.page_out();
    let shelf = q.shelf.clone().expect("on a shelf");
    shelf.damage(3);
    q.get(2);
    check(&q, [(3, 15), (2, 3), (3, 7), (0, 0)]);
    assert_eq!(q.queue.stats().lost, 1);
}

#[test]
fn deaths_are_counted_by_reason() {
    let mut q = Fixture::classic(numbers([("x-max-length", 2)]));
    q.publish("a b c");
    q.publish_message(message("d", |traits| traits.expiration_ms = Some(10)));
    q.get(1);
    q.settle(0, "c", Outcome::Reject);
    q.at(20);
    let stats = q.queue.stats();
    assert_eq!(
        [stats.over_length, stats.rejected, stats.expired],
        [2, 1, 1]
    );
    assert_eq!((stats.died, stats.over_delivery_limit), (4, 0));

    let mut q = Fixture::quorum(numbers([("x-delivery-limit", 0)]));
    q.publish("a");
    q.get(1);
    q.requeue(0, "a", ReturnCause::Reject);
    let stats = q.queue.stats();
    assert_eq!((stats.died, stats.over_delivery_limit), (1, 1));
}

#[test]
fn dead_letters_on_their_way_count_with_their_octets_and_are_not_purged() {
    let mut q = Fixture::classic(with_dlx(numbers([("x-max-length", 1)])));
    q.publish("aaa bb c");
    check(&q, [(3, 6), (0, 0), (1, 1), (0, 0)]);
    // They have left: a purge takes and counts the other one alone, as RabbitMQ does.
    let purged = q.queue.purge(q.now, &mut q.fx);
    assert_eq!(purged.expect("not a stream"), 1);
    check(&q, [(2, 5), (0, 0), (0, 0), (0, 0)]);
    assert_eq!(q.queue.ready_count(), 0);
    assert_eq!(q.dead(), "aaa:maxlen bb:maxlen");
    check(&q, [(0, 0), (0, 0), (0, 0), (0, 0)]);
}

#[test]
fn dead_letters_that_must_arrive_are_counted_apart() {
    let arguments = with_dlx(numbers([("x-message-ttl", 10)]))
        .with("x-dead-letter-strategy", "at-least-once")
        .with("x-overflow", "reject-publish");
    let mut q = Fixture::quorum(arguments);
    q.publish("aaa bb");
    let size = q.queue.counts().ready.bytes;
    q.at(20);
    let counts = q.queue.counts();
    assert_eq!(counts.dying, sum(2, size));
    assert_eq!((counts.ready, counts.stored), (sum(0, 0), sum(0, 0)));
}

#[test]
fn capacity_falls_while_consumers_are_full() {
    let mut q = Fixture::classic(Table::new());
    let share = |q: &Fixture| q.queue.consumer_capacity(q.now).expect("not a stream");
    assert_eq!(share(&q).to_bits(), 0f64.to_bits(), "no consumers");
    q.consume(1, 1);
    // One that has all it can take is not missed before there is more.
    q.publish("a b");
    q.mail(1);
    let full = share(&q);
    q.time(1000);
    assert!(share(&q) < full / 1.9, "{full}, then {}", share(&q));
    let low = share(&q);
    q.ack(1, "a");
    q.mail(1);
    q.ack(1, "b");
    q.time(2000);
    assert!(share(&q) > low + 0.2, "{low}, then {}", share(&q));
}

#[test]
fn head_is_the_message_that_leaves_next() {
    let mut q = Fixture::classic(Table::new());
    assert_eq!(q.queue.head_timestamp(), None);
    for timestamp in [Some(7), Some(5), None] {
        let properties = Properties {
            timestamp,
            ..Properties::default()
        };
        let mut octets = Vec::new();
        properties.encode(&mut octets);
        q.publish_message(MessageBuilder::default().build(
            ShortStr::EMPTY,
            ShortStr::EMPTY,
            PropertiesRef::new(&octets),
            Body::Copied(b"x"),
            Traits::default(),
        ));
    }
    let mut heads = Vec::new();
    for _ in 0..3 {
        heads.push(q.queue.head_timestamp());
        q.get(1);
    }
    assert_eq!(heads, [Some(7), Some(5), None]);
}

#[test]
fn quorum_queue_counts_by_priority_and_what_came_back_apart() {
    let mut q = Fixture::quorum(Table::new());
    q.publish_by_priority("a.1 b.1 c.9");
    q.publish("d");
    assert_eq!(q.queue.by_priority(), [(1, 2), (4, 1), (9, 1)]);
    q.get(1);
    q.requeue(0, "c.9", ReturnCause::Nack);
    assert_eq!(q.queue.by_priority(), [(1, 2), (4, 1)]);
    assert_eq!(q.queue.returned_count(), 1);
}
