use leveret_codec::table::Table;

use super::*;
use crate::vhost::tests::fixture::Fixture;

fn exchange(name: &str) -> Arc<ExchangeTally> {
    Arc::new(ExchangeTally::new(ShortString::new(name).unwrap()))
}

fn shown(reached: &Reached) -> Vec<(String, String, u64)> {
    let shown = reached.shown();
    let each = shown.map(|(queue, exchange, n)| (queue.to_string(), exchange.to_string(), n));
    each.collect()
}

#[test]
fn a_channel_is_a_publisher_of_a_queue_as_long_as_it_lives() {
    let broker = Fixture::new();
    let queue = broker.queue("q", Table::new());
    let (one, other) = (exchange("one"), exchange("other"));
    let mut channels = [(); 2].map(|()| Reached::default());
    for reached in &mut channels {
        for exchange in [&one, &other, &one] {
            reached.add(&queue, exchange, 2);
        }
    }
    assert_eq!(queue.publishers().count(), 2);
    let [first, second] = channels;
    let expected = [("q", "one", 4), ("q", "other", 2)];
    let expected = expected.map(|(queue, from, n)| (queue.to_owned(), from.to_owned(), n));
    assert_eq!(shown(&first), expected);
    drop(second);
    assert_eq!(queue.publishers().count(), 1);
    queue.mark_deleted();
    assert_eq!(shown(&first), []);
    drop(first);
    assert_eq!(queue.publishers().count(), 0);
}

#[test]
fn a_channel_forgets_the_queues_that_it_knew_first() {
    let broker = Fixture::new();
    let from = exchange("");
    let mut reached = Reached::default();
    let queue = |n: usize| broker.queue(&format!("q{n}"), Table::new());
    let queues: Vec<_> = (0..QUEUES_MAX + 2).map(queue).collect();
    queues.iter().for_each(|queue| reached.add(queue, &from, 1));
    assert_eq!(reached.shown().count(), QUEUES_MAX);
    let counts = queues.iter().map(|queue| queue.publishers().count());
    assert_eq!(counts.clone().take(3).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(counts.sum::<u64>(), QUEUES_MAX as u64);
    reached.add(&queues[0], &from, 1);
    assert_eq!(queues[2].publishers().count(), 0);
}

// 1,024 queues and 64 exchanges made 65,536 entries, which every page of metrics copied.
#[test]
fn pairs_of_a_queue_and_an_exchange_have_a_number() {
    let broker = Fixture::new();
    let exchanges: Vec<_> = (0..64).map(|n| exchange(&n.to_string())).collect();
    let queue = |n: usize| broker.queue(&format!("q{n}"), Table::new());
    let queues: Vec<_> = (0..QUEUES_MAX).map(queue).collect();
    let mut reached = Reached::default();
    for from in &exchanges {
        queues.iter().for_each(|queue| reached.add(queue, from, 1));
    }
    assert_eq!(reached.shown().count(), REACHED_MAX);
    reached.add(&queues[0], &exchanges[0], 1);
    assert!(shown(&reached).contains(&("q0".into(), "0".into(), 2)));
    assert_eq!(queues[9].publishers().count(), 1);
    // A queue that is forgotten makes room.
    reached.add(&queue(QUEUES_MAX), &exchanges[1], 1);
    assert!(shown(&reached).contains(&(format!("q{QUEUES_MAX}"), "1".into(), 1)));
    assert_eq!(reached.shown().count(), REACHED_MAX);
}

// Whether a queue was deleted was looked at before the deletion could find its publishers: it was
// shown for as long as the channel lived.
#[test]
fn a_queue_that_is_deleted_while_a_channel_begins_to_publish_is_not_shown() {
    let broker = Fixture::new();
    let from = exchange("");
    for round in 0..2_000 {
        let queue = broker.queue(&format!("q{round}"), Table::new());
        let start = std::sync::Barrier::new(2);
        let mut reached = Reached::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                queue.mark_deleted();
            });
            start.wait();
            reached.add(&queue, &from, 1);
        });
        assert_eq!(shown(&reached), [], "in round {round}");
    }
}

#[test]
fn exchanges_that_a_batch_was_published_to_count_each_for_itself() {
    let broker = Fixture::new();
    let handle = broker.queue("q", Table::new());
    let (one, other) = (exchange("one"), exchange("other"));
    let mut spans = Spans::default();
    for (number, exchange) in [&one, &other, &other, &one].into_iter().enumerate() {
        spans.go_on_to(exchange, number);
    }
    let mut reached = Reached::default();
    let mut count = Count {
        spans: &spans,
        reached: &mut reached,
    };
    assert!(count.wants_parts());
    handle.with(broker.now(), |queue, _| {
        count.add(&handle, queue, 3, &[0..2, 3..4]);
        let counted: Vec<u64> = queue.by_exchange().into_values().collect();
        assert_eq!(counted, [2, 1]);
        assert_eq!(queue.stats().published, 3);
    });
    let counted = shown(&reached).into_iter().map(|(.., n)| n);
    assert_eq!(counted.collect::<Vec<_>>(), [2, 1]);
}
