//! Facts about streams, by scripted calls.

use std::sync::Arc;

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef, Value};
use leveret_codec::types::ShortStr;

use crate::error::AmqpError;
use crate::events::Fate;
use crate::mail::MAIL_BYTES_MAX;
use crate::message::{Body, Message, MessageBuilder, Traits};
use crate::queue::tests::fixture::{Fixture, consumer, message, numbers};
use crate::queue::{Limits, NewConsumer, Outcome, ReturnCause};

mod browse;
mod paging;

/// A message with a filter value, if any.
pub(super) fn filtered(body: &str, value: Option<Value>) -> Message {
    let headers = value.map(|value| Table::new().with("x-stream-filter-value", value).to_bytes());
    let mut octets = Vec::new();
    let headers = headers.as_deref().map(TableRef::new);
    Properties {
        headers,
        ..Properties::default()
    }
    .encode(&mut octets);
    MessageBuilder::default().build(
        ShortStr::EMPTY,
        ShortStr::literal("q"),
        PropertiesRef::new(&octets),
        Body::Copied(body.as_bytes()),
        Traits::default(),
    )
}

fn stream(arguments: Table) -> Fixture {
    Fixture::classic(arguments.with("x-queue-type", "stream"))
}

fn offset(value: impl Into<Value>) -> Table {
    Table::new().with("x-stream-offset", value)
}

/// A stream with these messages.
fn holding(bodies: &str) -> Fixture {
    let mut q = stream(Table::new());
    q.publish(bodies);
    q
}

/// Every message is a segment of its own.
fn single_message_segments(arguments: Table) -> Fixture {
    stream(arguments.with("x-stream-max-segment-size-bytes", 0i64))
}

fn refusal(q: &mut Fixture, consumer: NewConsumer) -> String {
    let refused: Result<(), AmqpError> = q.add(consumer);
    refused.expect_err("it is refused").to_string()
}

#[test]
fn every_consumer_reads_everything() {
    let mut q = holding("a b");
    q.consume_with(1, 10, offset("first"));
    q.consume_with(2, 10, offset("first"));
    q.publish("c");
    assert_eq!((q.mail(1), q.mail(2)), ("a b c".into(), "a b c".into()));
    assert_eq!(q.ready(), "a b c");
}

#[test]
fn acked_messages_stay_and_are_not_settled_in_the_store() {
    let mut q = holding("a b");
    q.consume_with(1, 10, offset("first"));
    q.mail(1);
    q.ack(1, "a b");
    assert_eq!(q.ready(), "a b");
    assert!(q.fx.settled.is_empty());
    assert_eq!((q.queue.unacked_count(), q.queue.unacked_bytes()), (0, 0));
}

#[test]
fn consumer_begins_where_it_says() {
    let mut q = holding("a b c");
    q.consume_with(1, 10, offset("last"));
    q.consume_with(2, 10, offset(1i64));
    q.consume_with(3, 10, offset("next"));
    q.consume(4, 10);
    q.consume_with(5, 10, offset(4i64));
    q.publish("d e");
    let mails = [1, 2, 3, 4, 5].map(|id| q.mail(id));
    assert_eq!(mails, ["c d e", "b c d e", "d e", "d e", "e"]);
}

#[test]
fn consumer_begins_at_a_moment() {
    let mut q = stream(Table::new());
    q.time(0);
    q.publish("a");
    q.time(3_000);
    q.publish("b");
    q.time(4_000);
    // The fixture's day begins at 1000 s.
    q.consume_with(1, 10, offset(Value::Timestamp(1_001)));
    q.consume_with(2, 10, offset("2s"));
    q.consume_with(3, 10, offset("1h"));
    q.consume_with(4, 10, offset(Value::Timestamp(2_000)));
    let mails = [1, 2, 3, 4].map(|id| q.mail(id));
    assert_eq!(mails, ["b", "b", "a b", ""]);
}

#[test]
fn last_batch_is_what_was_pushed_between_dispatches() {
    let mut q = holding("a");
    q.push_message(message("b", |_| ()));
    q.push_message(message("c", |_| ()));
    q.dispatch();
    q.consume_with(1, 10, offset("last"));
    assert_eq!(q.mail(1), "b c");
}

#[test]
fn deliveries_carry_offsets_and_are_never_redelivered() {
    let mut q = holding("a b");
    q.consume_with(1, 1, offset("first"));
    q.mail(1);
    q.requeue(1, "a", ReturnCause::Nack);
    assert_eq!(q.mail(1), "b");
    let b = &q.held[&1][0];
    assert_eq!((b.position, b.redelivered, b.delivery_count), (1, false, 0));
}

#[test]
fn every_settlement_gives_credit_and_nothing_else() {
    let mut q = holding("a b c d e f");
    q.consume_with(1, 1, offset("first"));
    let outcomes = [
        Outcome::Ack,
        Outcome::Nack,
        Outcome::Reject,
        Outcome::Requeue(ReturnCause::Reject),
        Outcome::Requeue(ReturnCause::Recover),
    ];
    for (body, outcome) in ["a", "b", "c", "d", "e"].into_iter().zip(outcomes) {
        assert_eq!(q.mail(1), body);
        q.settle(1, body, outcome);
    }
    assert_eq!(q.mail(1), "f");
    assert_eq!(q.queue.ready_count(), 6);
    assert!(q.fx.dead_letters.is_empty() && q.fx.returned.is_empty());
    assert_eq!(q.queue.stats().acked, 1);
}

#[test]
fn settled_entries_stay_only_if_they_were_acked() {
    let left = |outcome| {
        let mut q = holding("a");
        q.consume_with(1, 1, offset("first"));
        q.mail(1);
        let mut entries = q.held.remove(&1).expect("it holds one");
        let id = Some(consumer(1, 1).id);
        q.queue.settle(q.now, id, &mut entries, outcome, &mut q.fx);
        entries.len()
    };
    assert_eq!(left(Outcome::Ack), 1);
    assert_eq!(left(Outcome::Nack), 0);
}

#[test]
fn consumer_holds_no_more_than_its_prefetch() {
    let mut q = holding("a b c d e");
    q.consume_with(1, 2, offset("first"));
    q.consume_with(2, 4, offset("first"));
    assert_eq!((q.mail(1), q.mail(2)), ("a b".into(), "a b c d".into()));
    assert_eq!((q.queue.unacked_count(), q.queue.unacked_bytes()), (6, 6));
    q.ack(1, "b");
    assert_eq!((q.mail(1), q.mail(2)), ("c".into(), String::new()));
}

#[test]
fn full_mailbox_holds_up_one_consumer_until_it_is_resumed() {
    let mut q = stream(Table::new());
    let large = "x".repeat(MAIL_BYTES_MAX / 2);
    for _ in 0..4 {
        q.publish(&large);
    }
    q.consume_with(1, 10, offset("first"));
    let taken = q.queue.unacked_count();
    assert!(taken < 4, "its mailbox is full after {taken}");
    q.mail(1);
    q.queue.resume(q.now, &mut q.fx);
    assert!(q.queue.unacked_count() > taken);
}

#[test]
fn shared_credit_of_the_channel_is_refused() {
    let mut q = holding("a");
    let limited = consumer(1, 10);
    let credit = Arc::clone(&limited.channel_credit);
    credit.set_limit(5, q.now);
    let text = "540 NOT_IMPLEMENTED - queue 'q' in vhost '/' does not support global qos";
    assert_eq!(refusal(&mut q, limited), text);
}

#[test]
fn shared_credit_that_is_set_later_holds_up_a_consumer() {
    let mut q = holding("a b c");
    let limited = NewConsumer {
        arguments: offset("first"),
        ..consumer(1, 10)
    };
    let credit = Arc::clone(&limited.channel_credit);
    q.add(limited).unwrap();
    q.mail(1);
    credit.set_limit(3, q.now);
    q.publish("d");
    assert_eq!(q.mail(1), "");
    q.ack(1, "a");
    q.queue.resume(q.now, &mut q.fx);
    assert_eq!(q.mail(1), "d");
}

#[test]
fn what_a_consumer_may_not_be() {
    let mut q = holding("a");
    let queue = "queue 'q' in vhost '/'";
    let with = |arguments: Table| NewConsumer {
        arguments,
        ..consumer(1, 0)
    };
    let priority = numbers([("x-priority", 1)]);
    let foreign = format!(
        "406 PRECONDITION_FAILED - invalid arg 'x-priority' for {queue} of queue type \
         rabbit_stream_queue"
    );
    assert_eq!(refusal(&mut q, with(priority)), foreign);
    let text = refusal(&mut q, with(offset("foo")));
    assert!(text.contains("invalid_stream_offset_arg"), "{text}");
    let no_prefetch =
        format!("406 PRECONDITION_FAILED - consumer prefetch count is not set for stream {queue}");
    assert_eq!(
        refusal(&mut q, with(offset(Value::Bool(true)))),
        no_prefetch
    );
    let no_ack = NewConsumer {
        no_ack: true,
        arguments: offset(Value::Bool(true)),
        ..consumer(1, 1)
    };
    let text =
        format!("540 NOT_IMPLEMENTED - automatic acknowledgement not supported by stream {queue}");
    assert_eq!(refusal(&mut q, no_ack), text);
    let senseless = NewConsumer {
        arguments: offset(Value::Bool(true)),
        ..consumer(1, 1)
    };
    assert_eq!(refusal(&mut q, senseless), "541 INTERNAL_ERROR");
    assert_eq!(q.queue.consumer_count(), 0);
}

#[test]
fn exclusive_flag_means_nothing() {
    let mut q = holding("a");
    for id in [1, 2] {
        let exclusive = NewConsumer {
            exclusive: true,
            arguments: offset("first"),
            ..consumer(id, 1)
        };
        q.add(exclusive).unwrap();
    }
    assert_eq!((q.mail(1), q.mail(2)), ("a".into(), "a".into()));
    assert_eq!(q.queue.consumers().len(), 2);
    assert_eq!(q.queue.announced_consumers(), 0);
}

#[test]
fn get_and_purge_are_not_for_streams() {
    let mut q = holding("a");
    let text = |method: &str| {
        format!(
            "540 NOT_IMPLEMENTED - {method} not supported by stream queues queue 'q' in vhost '/'"
        )
    };
    let got = q.queue.get(q.now, false, &mut q.fx).unwrap_err();
    assert_eq!(got.to_string(), text("basic.get"));
    let purged = q.queue.purge(q.now, &mut q.fx).unwrap_err();
    assert_eq!(purged.to_string(), text("queue.purge"));
}

#[test]
fn filter_chooses_exactly() {
    let mut q = stream(Table::new());
    for (body, value) in [
        ("a", None),
        ("b", Some("red")),
        ("c", Some("blue")),
        ("d", None),
    ] {
        q.publish_message(filtered(body, value.map(Value::from)));
    }
    q.consume_with(1, 10, offset("first").with("x-stream-filter", "red"));
    q.consume_with(2, 1, offset("first").with("x-stream-filter", "blue"));
    assert_eq!((q.mail(1), q.mail(2)), ("b".into(), "c".into()));
    assert_eq!(q.queue.unacked_count(), 2);
    q.publish_message(filtered("e", Some("red".into())));
    assert_eq!((q.mail(1), q.mail(2)), ("e".into(), String::new()));
}

#[test]
fn long_backlog_reaches_consumers_in_turns_and_in_order() {
    let mut q = stream(Table::new());
    let bodies: Vec<String> = (0..1500).map(|n| n.to_string()).collect();
    q.publish(&bodies.join(" "));
    q.consume_with(1, 2000, offset("first"));
    q.consume_with(2, 2000, offset(700i64));
    assert_eq!(q.mail(1), bodies.join(" "));
    assert_eq!(q.mail(2), bodies[700..].join(" "));
}

#[test]
fn retention_takes_what_was_not_read_and_settles_it() {
    let mut q = single_message_segments(numbers([("x-max-length-bytes", 140)]));
    q.publish("a");
    q.consume_with(1, 1, offset("first"));
    assert_eq!(q.mail(1), "a");
    q.publish("b c d e");
    assert_eq!(q.ready(), "d e");
    q.clear_away();
    assert_eq!(q.fx.settled.len(), 3);
    q.ack(1, "a");
    assert_eq!(q.mail(1), "d", "what is gone is skipped");
    assert_eq!(q.held[&1][0].position, 3);
}

#[test]
fn retention_by_age_is_looked_at_when_a_segment_begins() {
    let mut q = single_message_segments(Table::new().with("x-max-age", "10s"));
    q.time(0);
    q.publish("a b");
    q.at(60_000);
    assert_eq!(q.ready(), "a b");
    q.publish("c");
    assert_eq!(q.ready(), "c");
}

#[test]
fn other_limits_apply_at_once() {
    let mut q = single_message_segments(Table::new());
    q.publish("a b c");
    let limits = Limits {
        max_length_bytes: Some(0),
        ..Limits::default()
    };
    q.queue.reconfigure(q.now, limits, &mut q.fx);
    assert_eq!(q.ready(), "c");
}

#[test]
fn cancelled_consumer_gets_nothing_more_and_may_settle() {
    let mut q = holding("a b");
    q.consume_with(1, 1, offset("first"));
    q.mail(1);
    assert!(q.cancel(1) && !q.cancel(1));
    q.ack(1, "a");
    q.publish("c");
    assert_eq!(q.mail(1), "");
    assert_eq!(q.queue.unacked_count(), 0);
    assert_eq!(q.fx.delete, None);
}

#[test]
fn deleted_stream_tells_its_consumers_and_counts_nothing() {
    let mut q = holding("a b");
    q.consume_with(1, 1, offset("first"));
    q.mail(1);
    let removed = q.queue.take_all(&mut q.fx);
    assert_eq!((removed.ready, removed.unacked), (0, 1));
    assert_eq!(removed.consumers.len(), 1);
    assert!(!q.fx.is_empty(), "dropped outside of the lock");
    q.clear_away();
    assert_eq!(q.fx.settled.len(), 2);
    q.ack(1, "a");
    assert_eq!(q.queue.ready_count(), 0);
}

/// Restores messages, each a letter and its offset, which begins a batch.
fn restored(messages: &str, arguments: Table) -> Fixture {
    let mut q = stream(arguments);
    for message_ in messages.split_whitespace() {
        let number: u64 = message_[1..].parse().expect("a letter and a number");
        let message = message(message_, |_| ());
        let recovered = q.recovered(&message, |told| told.sequence = number << 1 | 1);
        q.queue.restore_message(q.now, &recovered, message);
    }
    q.dispatch();
    q
}

#[test]
fn restored_messages_keep_their_offsets() {
    let mut q = restored("a7 b8", Table::new());
    q.publish("c9");
    q.consume_with(1, 10, offset("first"));
    assert_eq!(q.mail(1), "a7 b8 c9");
    let offsets: Vec<u64> = q.held[&1].iter().map(|entry| entry.position).collect();
    assert_eq!(offsets, [7, 8, 9]);
    assert!(!q.held[&1][0].redelivered);
    q.consume_with(2, 10, offset(8_i64));
    assert_eq!(q.mail(2), "b8 c9");
    assert_eq!(q.queue.ready_count(), 3);
}

#[test]
fn reader_passes_over_what_a_restart_did_not_find() {
    let mut q = restored("a0 b1 c4 d5", Table::new());
    assert_eq!(q.queue.ready_count(), 4);
    for (id, from) in [(1, 0_i64), (2, 2), (3, 3), (4, 4)] {
        q.consume_with(id, 2, offset(from));
    }
    assert_eq!(q.mail(1), "a0 b1");
    assert_eq!(
        (q.mail(2), q.mail(3), q.mail(4)),
        ("c4 d5".into(), "c4 d5".into(), "c4 d5".into())
    );
    q.ack(1, "a0 b1");
    assert_eq!(q.mail(1), "c4 d5");
    assert_eq!(q.held[&1][0].position, 4);
}

#[test]
fn retention_goes_on_from_the_times_of_before() {
    let arguments = Table::new().with("x-max-age", "10s");
    let mut q = single_message_segments(arguments);
    for (number, age_ms) in [(0_u64, 20_000), (1, 15_000), (2, 5_000)] {
        q.time(30_000 - age_ms);
        let message = message(&format!("m{number}"), |_| ());
        let recovered = q.recovered(&message, |told| told.sequence = number << 1 | 1);
        q.queue.restore_message(q.now, &recovered, message);
    }
    q.time(30_000);
    q.publish("m3");
    assert_eq!(q.ready(), "m2 m3");
}

#[test]
fn expiration_means_nothing() {
    let mut q = stream(Table::new());
    q.publish_message(message("a", |traits| traits.expiration_ms = Some(0)));
    q.at(10_000);
    assert_eq!(q.ready(), "a");
}

#[test]
fn fates_are_told_while_a_listener_is_there() {
    let mut q = stream(Table::new());
    q.fx.heard = crate::queue::Effects::new(true, false).heard;
    q.consume(1, 1);
    q.publish("a");
    q.mail(1);
    q.ack(1, "a");
    let fates: Vec<&Fate> = q.fx.events().iter().map(|noted| &noted.fate).collect();
    assert!(
        matches!(
            fates[..],
            [
                Fate::Queued { .. },
                Fate::Delivered { .. },
                Fate::Acknowledged { .. }
            ]
        ),
        "{fates:?}"
    );
}
