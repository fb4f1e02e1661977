//! Streams are taken in the order of their numbers, and in no other.

use std::sync::Arc;

use leveret_codec::table::Table;

use super::{Count, LockedStream, Publishes, push_all};
use crate::vhost::placing::reached::Reached;
use crate::vhost::placing::spans::Spans;
use crate::vhost::queue_handle::QueueHandle;
use crate::vhost::tests::fixture::Fixture;

fn streams(broker: &Fixture) -> [Arc<QueueHandle>; 2] {
    let arguments = Table::new().with("x-queue-type", "stream");
    ["one", "two"].map(|name| broker.queue(name, arguments.clone()))
}

fn push_in_order<'a>(broker: &Fixture, streams: impl IntoIterator<Item = &'a Arc<QueueHandle>>) {
    let locked = streams.into_iter().map(|stream| LockedStream::new(stream));
    let count = Count {
        spans: &Spans::default(),
        reached: &mut Reached::default(),
    };
    push_all(broker.now(), locked.collect(), &Publishes::default(), count);
}

#[test]
fn streams_are_taken_in_the_order_of_their_numbers() {
    let broker = Fixture::new();
    push_in_order(&broker, &streams(&broker));
}

#[test]
#[should_panic(expected = "I12: streams are not taken in the order of their numbers")]
fn streams_that_are_taken_in_another_order_are_noticed() {
    let broker = Fixture::new();
    push_in_order(&broker, streams(&broker).iter().rev());
}
