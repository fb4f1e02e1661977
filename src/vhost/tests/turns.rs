//! What a client makes long is done in turns. Turns are counted, not timed.

use std::sync::Arc;

use leveret_codec::table::Table;

use super::fixture::{Fixture, message_of};
use crate::mail::Mailbox;
use crate::queue::Queue;
use crate::turns::{self, TURN_STEPS, Turn};

/// Messages of one case.
const MANY: u64 = 5_000;

/// Steps that the last piece of work in a turn may take beyond it.
const BEYOND: u64 = 1_024;

/// Does `work` as a connection does what its client asks for. Returns whether it owes something.
fn as_a_client(work: impl FnOnce()) -> bool {
    let _turn = Turn::begin();
    work();
    turns::settle_on(&Arc::new(Mailbox::default()))
}

/// Does one turn of what was left; `false` if there is nothing.
fn one_turn(broker: &Fixture) -> bool {
    broker.vhost.env().turns.run_one(broker.now())
}

/// Does what was left, and counts the turns that it took.
fn finish(broker: &Fixture) -> u64 {
    while one_turn(broker) {}
    let counts = broker.vhost.env().turns.counts();
    let longest = u64::from(TURN_STEPS) + BEYOND;
    assert!(counts.longest <= longest, "{counts:?}");
    counts.turns
}

fn fill(broker: &Fixture, queue: &str) {
    for _ in 0..MANY {
        broker.publish("", queue);
    }
}

fn dead_lettering_to(queue: &str) -> Table {
    Table::new()
        .with("x-dead-letter-exchange", "")
        .with("x-dead-letter-routing-key", queue)
}

#[test]
fn a_ring_of_dead_letters_takes_turns() {
    let broker = Fixture::new();
    let ring = 20;
    for place in 0..ring {
        let next = format!("q{}", (place + 1) % ring);
        let arguments = dead_lettering_to(&next).with("x-message-ttl", 0);
        broker.queue(&format!("q{place}"), arguments);
    }
    let owes = as_a_client(|| {
        for _ in 0..500 {
            broker.publish("", "q0");
        }
    });
    assert!(owes);
    assert!(finish(&broker) >= 500 * ring * 48 / u64::from(TURN_STEPS));
    for place in 0..ring {
        assert_eq!(broker.ready(&format!("q{place}")), 0);
    }
}

#[test]
fn dead_letters_of_a_queue_keep_their_order_over_turns() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead").with("x-max-length", 1));
    let publish = |range: std::ops::Range<u64>| {
        for n in range {
            broker.publish_as("", message_of("q", &n.to_string()));
        }
    };
    assert!(as_a_client(|| publish(0..MANY / 2)));
    assert!(one_turn(&broker), "half way");
    publish(MANY / 2..MANY);
    finish(&broker);
    let dead = broker.vhost.queue("dead").unwrap();
    let bodies = dead.look(|queue| queue.peek(usize::MAX));
    let bodies = bodies.iter().map(|entry| entry.message.body().to_vec());
    assert!(bodies.eq((0..MANY - 1).map(|n| n.to_string().into_bytes())));
}

#[test]
fn mass_expiry_takes_turns_and_every_message_is_in_a_queue() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead").with("x-message-ttl", 0));
    let queue = broker.vhost.queue("q").unwrap();
    assert!(as_a_client(|| {
        let pushed: Vec<_> = (0..MANY).map(|n| message_of("q", &n.to_string())).collect();
        broker.publish_all(pushed);
    }));
    let mut turns = 0;
    while one_turn(&broker) {
        turns += 1;
        let counts = (broker.ready("dead"), queue.look(Queue::shown_count));
        assert_eq!(counts.0 + counts.1, MANY, "{counts:?}");
    }
    assert_eq!((broker.ready("q"), broker.ready("dead")), (0, MANY));
    // Each time round is a turn of letters and one of the deadline.
    assert!(turns >= MANY * 48 / u64::from(2 * TURN_STEPS), "{turns}");
}

#[test]
fn without_a_turn_all_is_done_before_a_call_returns() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead").with("x-max-length", 1));
    fill(&broker, "q");
    assert_eq!((broker.ready("q"), broker.ready("dead")), (1, MANY - 1));
    assert_eq!(finish(&broker), 0);
}

#[test]
fn messages_for_many_queues_use_up_a_turn() {
    let broker = Fixture::new();
    broker.exchange("x", |_| {});
    for n in 0..100 {
        let queue = format!("q{n}");
        broker.queue(&queue, Table::new());
        broker.bind_queue("x", &queue, "");
    }
    let _turn = Turn::begin();
    let mut published = 0;
    while !turns::is_over() {
        assert_eq!(broker.publish("x", ""), 100);
        published += 1;
    }
    assert_eq!(published, u64::from(TURN_STEPS / 100 + 1));
}
