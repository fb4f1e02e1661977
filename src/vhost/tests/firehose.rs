//! Copies for `amq.rabbitmq.trace` come in their order, whatever else there is to do, and none of a
//! copy.

use std::collections::VecDeque;
use std::sync::Arc;

use leveret_codec::table::{MAX_DEPTH, Table, Value};
use leveret_codec::types::ChannelId;

use super::fixture::{Fixture, message_of, message_with_headers};
use crate::events::Party;
use crate::mail::{Mail, Mailbox};
use crate::message::Message;
use crate::turns::{self, TURN_STEPS, Turn};
use crate::vhost::{Metadata, Publishes};

/// A traced vhost with queues for copies.
fn traced(queues: usize) -> Fixture {
    let broker = Fixture::new();
    trace(&broker, true);
    for n in 0..queues {
        let queue = format!("trace{n}");
        broker.queue(&queue, Table::new());
        broker.bind_queue("amq.rabbitmq.trace", &queue, "#");
    }
    broker.queue("q", Table::new());
    broker
}

fn trace(broker: &Fixture, tracing: bool) {
    broker.vhost.set_metadata(Metadata {
        tracing,
        ..Metadata::default()
    });
}

fn party() -> Arc<Party> {
    Arc::new(Party {
        user: "guest".to_owned(),
        channel: ChannelId(1),
        ..Party::default()
    })
}

/// Publishes as a channel does, which says who it is while it is listened to.
fn publish(broker: &Fixture, messages: Vec<Message>) {
    let mut publishes = Publishes::default();
    if broker.vhost.env().events.listening() {
        publishes.published_by(party());
    }
    for message in messages {
        let routes = broker.routes("", &message);
        publishes.push(message, &routes);
    }
    broker
        .vhost
        .place(broker.now(), &mut publishes, &mut Vec::new());
}

fn copies(broker: &Fixture, queue: &str) -> Vec<Message> {
    let queue = broker.vhost.queue(queue).unwrap();
    let entries = queue.look(|queue| queue.peek(usize::MAX));
    entries.into_iter().map(|entry| entry.message).collect()
}

#[test]
fn copies_that_a_turn_has_no_room_for_come_in_their_order() {
    let broker = traced(64);
    let numbers = || (0..512).map(|n: u32| n.to_string());
    let owes = {
        let _turn = Turn::begin();
        for n in numbers() {
            publish(&broker, vec![message_of("q", &n)]);
        }
        turns::settle_on(&Arc::new(Mailbox::default()))
    };
    assert!(
        owes,
        "the connection is not read before its copies are placed"
    );
    assert!(broker.ready("trace0") < 512);
    while broker.vhost.env().turns.run_one(broker.now()) {}
    let counts = broker.vhost.env().turns.counts();
    assert!(counts.longest <= u64::from(TURN_STEPS) + 256, "{counts:?}");
    for queue in ["trace0", "trace63"] {
        let copies = copies(&broker, queue);
        let bodies = copies.iter().map(|copy| copy.body().to_vec());
        assert!(bodies.eq(numbers().map(String::into_bytes)));
    }
    assert_eq!(broker.ready("q"), 512);
}

#[test]
fn copies_that_wait_when_the_broker_stops_are_placed_at_once() {
    let broker = traced(64);
    let mailbox = Arc::new(Mailbox::default());
    let turn = Turn::begin();
    for n in 0..512 {
        publish(&broker, vec![message_of("q", &n.to_string())]);
    }
    assert!(turns::settle_on(&mailbox));
    drop(turn);
    assert!(broker.ready("trace0") < 512);
    broker.vhost.env().turns.close(broker.now());
    assert_eq!(broker.ready("trace0"), 512);
    let mut mail = VecDeque::new();
    mailbox.take_now(&mut mail);
    assert!(
        matches!(mail.make_contiguous(), [Mail::Paid(_)]),
        "{mail:?}"
    );
    publish(&broker, vec![message_of("q", "late")]);
    assert_eq!(broker.ready("trace0"), 513);
}

#[test]
fn none_is_made_that_goes_nowhere_and_none_once_tracing_is_off() {
    let broker = traced(0);
    publish(&broker, vec![message_of("q", "m")]);
    broker.queue("trace", Table::new());
    broker.bind_queue("amq.rabbitmq.trace", "trace", "deliver.#");
    publish(&broker, vec![message_of("q", "m")]);
    assert_eq!(broker.ready("trace"), 0);
    broker.bind_queue("amq.rabbitmq.trace", "trace", "#");
    publish(&broker, vec![message_of("q", "m")]);
    assert_eq!(broker.ready("trace"), 1);
    trace(&broker, false);
    assert!(
        !broker.vhost.env().events.listening(),
        "it costs nothing again"
    );
    publish(&broker, vec![message_of("q", "m")]);
    assert_eq!((broker.ready("trace"), broker.ready("q")), (1, 4));
}

#[test]
fn headers_as_deep_as_they_may_be_are_left_out_of_the_copy() {
    let deepest = |depth: usize| {
        let nest = |inner: Table, _| Table::new().with("t", Value::Table(inner));
        (1..depth).fold(Table::new(), nest)
    };
    let broker = traced(1);
    // In a copy two tables are around them: its headers and the properties.
    for depth in [MAX_DEPTH - 2, MAX_DEPTH - 1, MAX_DEPTH] {
        publish(&broker, vec![message_with_headers("q", deepest(depth))]);
    }
    let copies = copies(&broker, "trace0");
    let has_headers = copies.iter().map(|copy| {
        let headers = copy.properties().headers().unwrap().unwrap();
        let headers = headers.to_table().expect("it can be read again");
        let Some(Value::Table(properties)) = headers.get("properties") else {
            panic!("{headers:?}")
        };
        properties.get("headers").is_some()
    });
    assert_eq!(has_headers.collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn a_key_that_would_be_too_long_is_cut() {
    let broker = traced(1);
    let long = "q".repeat(255);
    broker.queue(&long, Table::new());
    publish(&broker, vec![message_of(&long, "m")]);
    let queue = broker.vhost.queue(&long).unwrap();
    let got = queue.with(broker.now(), |queue, effects| {
        effects.act_for(Some(party()));
        queue.get(broker.now(), true, effects)
    });
    assert!(got.unwrap().is_some());
    let copies = copies(&broker, "trace0");
    let keys = copies.iter().map(|copy| copy.routing_key().to_vec());
    let cut = format!("deliver.{}", "q".repeat(255 - 8));
    assert!(keys.eq([b"publish.".to_vec(), cut.into_bytes()]));
}

#[test]
fn copies_are_not_copied_when_they_are_delivered() {
    let broker = traced(1);
    publish(&broker, vec![message_of("q", "m")]);
    for left in [true, false] {
        assert_eq!(is_got(&broker, "trace0"), left);
    }
}

/// Whether a message is got and gone.
fn is_got(broker: &Fixture, queue: &str) -> bool {
    let queue = broker.vhost.queue(queue).unwrap();
    let got = queue.with(broker.now(), |queue, effects| {
        effects.act_for(Some(party()));
        queue.get(broker.now(), true, effects)
    });
    got.unwrap().is_some()
}

// Each delivery of one made the next, without end.
#[test]
fn copies_that_have_died_are_not_copied_either() {
    let broker = traced(0);
    let dies = Table::new()
        .with("x-dead-letter-exchange", "")
        .with("x-dead-letter-routing-key", "dead")
        .with("x-max-length", 0);
    broker.queue("trace", dies);
    broker.queue("dead", Table::new());
    broker.bind_queue("amq.rabbitmq.trace", "trace", "#");
    publish(&broker, vec![message_of("q", "m")]);
    for left in [true, false] {
        assert_eq!(is_got(&broker, "dead"), left);
    }
}
