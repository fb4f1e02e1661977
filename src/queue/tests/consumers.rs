//! Which consumers are served.

use std::collections::VecDeque;
use std::sync::Arc;

use leveret_codec::table::{Table, Value};

use super::fixture::{DURABLE, Fixture, consumer, numbers, single_active, with_dlx};
use crate::mail::Mail;
use crate::queue::{DeleteReason, Flags, NewConsumer, ReturnCause};

fn priority(priority: i64) -> Table {
    numbers([("x-priority", priority)])
}

#[test]
fn consumers_take_turns() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 0);
    q.consume(2, 0);
    q.publish("a b c d");
    assert_eq!((q.mail(1), q.mail(2)), ("a c".into(), "b d".into()));
}

#[test]
fn consumer_holds_no_more_than_its_prefetch() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 2);
    q.publish("a b c d");
    assert_eq!(q.mail(1), "a b");
    q.ack(1, "b");
    assert_eq!(q.mail(1), "c");
    q.requeue(1, "a", ReturnCause::Nack);
    assert_eq!(q.mail(1), "a", "it comes back at once, to its old place");
}

#[test]
fn full_consumer_is_skipped() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 1);
    q.consume(2, 0);
    q.publish("a b c d");
    assert_eq!((q.mail(1), q.mail(2)), ("a".into(), "b c d".into()));
}

#[test]
fn consumer_without_acks_ignores_its_prefetch() {
    let mut q = Fixture::classic(Table::new());
    let consumer = NewConsumer {
        no_ack: true,
        ..consumer(1, 1)
    };
    q.add(consumer).unwrap();
    q.publish("a b c");
    assert_eq!(q.mail(1), "a b c");
    assert_eq!(q.queue.unacked_count(), 0);
    assert_eq!(q.fx.settled.len(), 3);
}

#[test]
fn higher_priority_takes_everything_while_it_can() {
    let mut q = Fixture::classic(Table::new());
    q.consume_with(1, 0, priority(-1));
    q.consume_with(2, 2, priority(5));
    q.consume(3, 1);
    q.publish("a b c d e");
    assert_eq!(q.mail(2), "a b");
    assert_eq!(q.mail(3), "c");
    assert_eq!(q.mail(1), "d e");
    q.ack(2, "a");
    q.publish("f");
    assert_eq!(q.mail(2), "f");
}

#[test]
fn channel_credit_is_shared_and_counts_what_is_outstanding() {
    let mut q = Fixture::classic(Table::new());
    let first = consumer(1, 0);
    let credit = Arc::clone(&first.channel_credit);
    let second = NewConsumer {
        channel_credit: Arc::clone(&credit),
        ..consumer(2, 0)
    };
    q.add(first).unwrap();
    q.add(second).unwrap();
    q.publish("a b c");
    assert_eq!((q.mail(1), q.mail(2)), ("a c".into(), "b".into()));
    credit.set_limit(3, q.now);
    q.publish("d e");
    assert_eq!((q.mail(1), q.mail(2)), ("".into(), "".into()));
    q.ack(1, "a");
    q.queue.resume(q.now, &mut q.fx);
    assert_eq!(q.mail(1) + &q.mail(2), "d");
    credit.set_limit(0, q.now);
    q.queue.resume(q.now, &mut q.fx);
    assert_eq!(q.mail(1) + &q.mail(2), "e");
}

#[test]
fn consumer_without_acks_waits_for_channel_credit_but_uses_none() {
    let mut q = Fixture::classic(Table::new());
    let first = consumer(1, 0);
    let credit = Arc::clone(&first.channel_credit);
    let greedy = NewConsumer {
        no_ack: true,
        channel_credit: Arc::clone(&credit),
        ..consumer(2, 0)
    };
    credit.set_limit(1, q.now);
    q.add(greedy).unwrap();
    q.publish("a b");
    assert_eq!(q.mail(2), "a b");
    assert_eq!(credit.used(), 0);
    assert!(credit.try_take());
    q.publish("c");
    assert_eq!(q.mail(2), "");
    credit.give_back(1, q.now);
    q.queue.resume(q.now, &mut q.fx);
    assert_eq!(q.mail(2), "c");
}

#[test]
fn full_mailbox_makes_its_consumer_wait() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 0);
    let big = "x".repeat(600_000);
    for _ in 0..4 {
        q.publish(&big);
    }
    assert_eq!(q.queue.ready_count(), 2);
    assert_eq!(q.mail(1).len(), 4 * 600_000 + 3);
    assert_eq!(q.queue.ready_count(), 0);
}

#[test]
fn full_mailbox_is_noticed_in_the_middle_of_a_backlog() {
    let mut q = Fixture::classic(Table::new());
    let big = "x".repeat(600_000);
    for _ in 0..4 {
        q.publish(&big);
    }
    q.consume(1, 0);
    assert_eq!(q.queue.ready_count(), 2);
}

#[test]
fn consumers_of_one_connection_get_one_box_of_mail_in_queue_order() {
    let mut q = Fixture::classic(Table::new());
    let first = consumer(1, 0);
    let second = NewConsumer {
        connection: first.connection,
        mailbox: Arc::clone(&first.mailbox),
        ..consumer(2, 0)
    };
    q.add(first).unwrap();
    q.add(second).unwrap();
    for body in ["a", "b", "c"] {
        q.push_message(super::fixture::message(body, |_| ()));
    }
    q.dispatch();
    assert_eq!(q.mail(1), "a b c");
    assert_eq!((q.held[&1].len(), q.held[&2].len()), (2, 1));
}

#[test]
fn add_consumer_serves_none_by_itself() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a");
    let new = consumer(1, 0);
    let mailbox = Arc::clone(&new.mailbox);
    q.queue.add_consumer(q.now, new, &mut q.fx).unwrap();
    let mut mail: VecDeque<Mail> = VecDeque::new();
    mailbox.take_now(&mut mail);
    assert!(mail.is_empty());
}

#[test]
fn unacked_messages_stay_after_a_cancel() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 0);
    q.publish("a b");
    q.mail(1);
    assert!(q.cancel(1));
    assert!(!q.cancel(1));
    assert_eq!(q.queue.unacked_count(), 2);
    q.ack(1, "a");
    q.requeue(1, "b", ReturnCause::Closed);
    assert_eq!(q.ready(), "b");
}

#[test]
fn auto_delete_queue_goes_with_its_last_consumer() {
    let flags = Flags {
        auto_delete: true,
        ..DURABLE
    };
    let mut q = Fixture::new(Table::new(), flags);
    q.get(1);
    q.consume(1, 0);
    q.consume(2, 0);
    q.cancel(1);
    assert_eq!(q.fx.delete, None);
    q.cancel(2);
    assert_eq!(q.fx.delete, Some(DeleteReason::AutoDelete));
    assert!(q.queue.is_finished(q.now, DeleteReason::AutoDelete));
    q.consume(3, 0);
    assert!(!q.queue.is_finished(q.now, DeleteReason::AutoDelete));
}

fn exclusive(id: u64) -> NewConsumer {
    NewConsumer {
        exclusive: true,
        ..consumer(id, 0)
    }
}

#[test]
fn exclusive_consumer_shares_with_none() {
    let words = "403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use";
    let mut q = Fixture::classic(Table::new());
    q.add(exclusive(1)).unwrap();
    assert_eq!(q.add(consumer(2, 0)).unwrap_err().to_string(), words);
    q.cancel(1);
    q.consume(2, 0);
    assert_eq!(q.add(exclusive(3)).unwrap_err().to_string(), words);
    let mut q = Fixture::classic(single_active());
    assert_eq!(q.add(exclusive(1)).unwrap_err().to_string(), words);
}

#[test]
fn single_active_consumer_is_followed_by_the_next_registered() {
    let mut q = Fixture::classic(single_active());
    q.consume(1, 1);
    q.consume(2, 0);
    q.consume(3, 0);
    q.publish("a b c");
    assert_eq!((q.mail(1), q.mail(2)), ("a".into(), "".into()));
    let activity: Vec<_> = q.queue.consumers().iter().map(|c| c.activity).collect();
    assert_eq!(activity, ["single_active", "waiting", "waiting"]);
    q.cancel(1);
    assert_eq!((q.mail(2), q.mail(3)), ("b c".into(), "".into()));
}

#[test]
fn successor_begins_with_what_was_unacked() {
    for mut queue in [
        Fixture::classic(single_active()),
        Fixture::quorum(single_active()),
    ] {
        queue.consume(1, 4);
        queue.consume(2, 0);
        queue.publish("a b");
        assert_eq!(queue.mail(1), "a b");
        queue.publish("c d e f");
        queue.leave(&[1], ReturnCause::Closed);
        assert_eq!(queue.mail(2), "a b c d e f");
        let redelivered: Vec<bool> = queue.held[&2].iter().map(|e| e.redelivered).collect();
        assert_eq!(redelivered, [true, true, false, false, false, false]);
        assert_eq!(queue.queue.unacked_count(), 6);
    }
}

#[test]
fn consumers_that_leave_together_leave_their_messages_in_order() {
    let mut queue = Fixture::classic(Table::new());
    queue.consume(1, 2);
    queue.consume(2, 2);
    queue.publish("a b c d e");
    assert_eq!((queue.mail(1), queue.mail(2)), ("a c".into(), "b d".into()));
    queue.consume(3, 0);
    assert_eq!(queue.mail(3), "e");
    queue.leave(&[1, 2], ReturnCause::Closed);
    assert_eq!(queue.mail(3), "a b c d");
    assert_eq!(queue.queue.consumer_count(), 1);
}

#[test]
fn auto_delete_queue_dead_letters_nothing_when_its_last_consumer_leaves() {
    let flags = Flags {
        auto_delete: true,
        ..DURABLE
    };
    let limits = with_dlx(numbers([("x-max-length", 1)]));
    let mut queue = Fixture::new(limits, flags);
    queue.consume(1, 2);
    queue.publish("a b c");
    assert_eq!(queue.mail(1), "a b");
    queue.leave(&[1], ReturnCause::Closed);
    assert_eq!(queue.fx.delete, Some(DeleteReason::AutoDelete));
    assert_eq!(queue.dead(), "");
}

#[test]
fn active_consumer_of_a_classic_queue_is_not_relieved() {
    let mut q = Fixture::classic(single_active());
    q.consume(1, 0);
    q.consume_with(2, 0, priority(9));
    q.publish("a");
    assert_eq!((q.mail(1), q.mail(2)), ("a".into(), "".into()));
}

#[test]
fn active_consumer_of_a_quorum_queue_is_relieved_when_it_has_settled() {
    let mut q = Fixture::quorum(single_active());
    q.consume(1, 2);
    q.publish("a b c");
    assert_eq!(q.mail(1), "a b");
    q.consume_with(2, 0, priority(5));
    q.ack(1, "a");
    assert_eq!((q.mail(1), q.mail(2)), ("".into(), "".into()));
    q.ack(1, "b");
    assert_eq!((q.mail(1), q.mail(2)), ("".into(), "c".into()));
    q.cancel(2);
    q.publish("d");
    assert_eq!(q.mail(1), "d");
}

#[test]
fn consumer_about_to_be_relieved_goes_on_when_the_other_leaves() {
    let mut q = Fixture::quorum(single_active());
    q.consume(1, 0);
    q.publish("a");
    q.mail(1);
    q.consume_with(2, 0, priority(5));
    q.publish("b");
    assert_eq!(q.mail(1), "");
    q.cancel(2);
    assert_eq!(q.mail(1), "b");
}

#[test]
fn consumer_arguments_are_checked() {
    let refuse = |kind: fn(Table) -> Fixture, name: &str, value: Value, words: &str| {
        let consumer = NewConsumer {
            arguments: Table::new().with(name, value),
            ..consumer(1, 0)
        };
        let error = kind(Table::new()).add(consumer).unwrap_err();
        let head = format!("invalid arg '{name}' for queue 'q' in vhost '/'");
        assert_eq!(error.explanation, head + words);
    };
    let text = || Value::from("x");
    let longstr = ": \"expected integer, got longstr\"";
    refuse(Fixture::classic, "x-priority", text(), longstr);
    refuse(Fixture::quorum, "x-consumer-timeout", text(), longstr);
    let negative = Value::from(-1i64);
    refuse(
        Fixture::quorum,
        "x-consumer-timeout",
        negative,
        ": {value_negative,-1}",
    );
    let classic = " of queue type rabbit_classic_queue";
    refuse(Fixture::classic, "x-consumer-timeout", text(), classic);
    refuse(Fixture::classic, "x-stream-offset", text(), classic);
    let quorum = " of queue type rabbit_quorum_queue";
    refuse(Fixture::quorum, "x-stream-offset", text(), quorum);
}

// 50,000 cancels in one write once took nineteen seconds: each looked through all the others.
#[test]
fn those_who_left_are_passed_over_and_forgotten() {
    let mut q = Fixture::classic(Table::new());
    for id in 1..=1_000 {
        q.consume(id, 0);
    }
    for id in 1..=400 {
        q.cancel(id);
    }
    q.publish("a");
    assert_eq!(q.mail(401), "a", "the first one that is still there");
    for id in 402..=999 {
        q.cancel(id);
    }
    q.publish("b c d");
    assert_eq!((q.mail(401), q.mail(1_000)), ("c".into(), "b d".into()));
    q.cancel(401);
    q.cancel(1_000);
    q.publish("e");
    assert_eq!(q.ready(), "e");
}

#[test]
fn the_next_of_many_becomes_the_single_active_one() {
    let mut q = Fixture::classic(single_active());
    for id in 1..=1_000 {
        q.consume(id, 0);
    }
    for id in 2..=998 {
        q.cancel(id);
    }
    q.cancel(1);
    q.publish("a");
    assert_eq!(q.mail(999), "a");
}

#[test]
fn priorities_of_those_who_left_are_forgotten() {
    let mut q = Fixture::classic(Table::new());
    for id in 1..=100 {
        q.consume_with(id, 1, priority(id.cast_signed()));
    }
    let hundred: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    q.publish(&hundred.join(" "));
    q.publish("a b");
    assert_eq!((q.mail(100), q.mail(1)), ("0".into(), "99".into()));
    assert_eq!(q.mail(50), "50");
    q.ack(50, "50");
    assert_eq!(q.mail(50), "a");
}
