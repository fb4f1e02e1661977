//! Consumers and channels that end together, and what goes wrong meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};

use parking_lot::Mutex;

use super::pauses::{client, persistent};
use super::*;
use crate::events::{Change, ChangeKind, Event, Fate, Interest, Listener};
use crate::queue::Queue;

/// Publishes so many messages to `q`.
fn publish(client: &mut Script, some: usize) {
    let octets = persistent().repeat(some);
    client.octets(&octets);
}

/// Consumes from `q`, with a timeout for acknowledgements if there is one.
fn consume(client: &mut Script, channel: ChannelId, tag: &str, prefetch: u16, timeout: i64) {
    let qos = BasicQos {
        prefetch_count: prefetch,
        ..BasicQos::default()
    };
    client.say(channel, qos);
    let arguments = match timeout {
        0 => Table::new(),
        ms => Table::new().with("x-consumer-timeout", ms),
    };
    let arguments = arguments.to_bytes();
    let consume = BasicConsume {
        queue: short("q"),
        consumer_tag: short(tag),
        arguments: TableRef::new(&arguments),
        ..BasicConsume::default()
    };
    client.say(channel, consume);
    while client.connection.on_mail(client.now, Waker::noop()) {}
    client.raw();
}

/// Ready and unacknowledged messages of the queue `q`.
fn counts(client: &Script) -> (u64, u64) {
    let queue = client.broker.find_vhost("/").unwrap().queue("q").unwrap();
    queue.look(|queue: &Queue| (queue.ready_count(), queue.unacked_count()))
}

/// The consumers that messages were sent to.
#[derive(Default)]
struct Sent(Mutex<Vec<String>>);

impl Listener for Sent {
    fn on_event(&self, event: &Event) {
        if let Fate::Delivered { consumer_tag, .. } = &event.fate {
            self.0.lock().push(consumer_tag.to_string());
        }
    }
}

// Each of them left alone, and the next one was sent what it had: for each all that the channel
// reads from was gone through.
#[test]
fn consumers_that_are_overdue_together_leave_together() {
    let mut client = Script::open(1);
    let quorum = Table::new().with("x-queue-type", "quorum").to_bytes();
    let declare = QueueDeclare {
        queue: short("q"),
        durable: true,
        arguments: TableRef::new(&quorum),
        ..QueueDeclare::default()
    };
    client.say(ONE, declare);
    publish(&mut client, 10);
    for tag in ["a", "b", "c"] {
        consume(&mut client, ONE, tag, 2, 500);
    }
    assert_eq!(counts(&client), (4, 6));
    let sent = Arc::new(Sent::default());
    let events = &client.broker.env.events;
    let guard = events.listen(Interest::Messages, Arc::clone(&sent) as _);
    client.now.mono = client.now.mono.plus_ms(500);
    client.mail(Mail::Deadline);
    drop(guard);
    let cancels = client.heard();
    assert_eq!(cancels.len(), 3, "{cancels:?}");
    assert_eq!(*sent.0.lock(), [""; 0]);
    assert_eq!(counts(&client), (10, 0));
}

/// Panics once: when a consumer has gone, or when a message is back in its queue.
struct Trips {
    at_consumer: bool,
    tripped: Mutex<bool>,
}

impl Trips {
    fn trip(&self, now: bool) {
        let now = now && !std::mem::replace(&mut *self.tripped.lock(), now);
        assert!(!now, "a mistake of a listener");
    }
}

impl Listener for Trips {
    fn on_event(&self, event: &Event) {
        self.trip(!self.at_consumer && matches!(event.fate, Fate::Requeued { .. }));
    }

    fn on_change(&self, change: &Change) {
        self.trip(self.at_consumer && change.kind == ChangeKind::ConsumerDeleted);
    }
}

// The queue stayed closed for ever, and what the channel held was in no queue.
#[test]
fn a_mistake_while_a_channel_leaves_costs_others_neither_queue_nor_messages() {
    for at_consumer in [true, false] {
        let (mut client, _store) = client();
        client.say(ChannelId(2), ChannelOpen::default());
        publish(&mut client, 3);
        consume(&mut client, ONE, "first", 0, 0);
        consume(&mut client, ChannelId(2), "second", 1, 0);
        assert_eq!(counts(&client), (0, 3));
        let trips = Arc::new(Trips {
            at_consumer,
            tripped: Mutex::new(false),
        });
        let events = &client.broker.env.events;
        let guard = events.listen(Interest::Everything, trips);
        let close = || client.say(ONE, ChannelClose::default());
        assert!(catch_unwind(AssertUnwindSafe(close)).is_err());
        while client.broker.env.turns.run_one(client.now) {}
        drop(guard);
        assert_eq!(counts(&client), (2, 1), "at the consumer: {at_consumer}");
    }
}
