//! One message for very many queues is placed whole, while the other tasks of its thread go on in
//! another one.

use leveret_codec::table::Table;

use super::fixture::Fixture;
use crate::turns::{self, TURN_STEPS};

/// A fanout exchange with so many queues.
fn fanout(queues: u32) -> Fixture {
    let broker = Fixture::new();
    broker.exchange("all", |_| {});
    for number in 0..queues {
        let queue = format!("q{number}");
        broker.queue(&queue, Table::new());
        broker.bind_queue("all", &queue, "");
    }
    broker
}

#[test]
fn a_message_to_very_many_queues_is_routed_and_placed_at_length() {
    let broker = fanout(TURN_STEPS + 1);
    let before = turns::lengthy();
    broker.publish("all", "");
    assert_eq!(turns::lengthy() - before, 2);
    assert_eq!(broker.ready("q0"), 1);
    assert_eq!(broker.ready(&format!("q{TURN_STEPS}")), 1);
}

#[test]
fn a_message_to_some_queues_is_not() {
    let broker = fanout(64);
    let before = turns::lengthy();
    broker.publish("all", "");
    assert_eq!(turns::lengthy(), before);
}
