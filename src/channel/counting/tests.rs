use super::*;
use crate::tally::EXCHANGES_MAX;

fn exchange(name: &str) -> Arc<ExchangeTally> {
    Arc::new(ExchangeTally::new(ShortString::new(name).unwrap()))
}

fn published(counts: &ByExchange) -> String {
    let each = counts.shown().into_iter();
    let each = each.map(|one| format!("{}:{}", one.exchange, one.published));
    each.collect::<Vec<_>>().join(" ")
}

#[test]
fn exchanges_in_turn_count_apart_and_by_name() {
    let (b, a, again) = (exchange("b"), exchange("a"), exchange("a"));
    let mut counts = ByExchange::default();
    for (to, messages) in [(&b, 1), (&a, 2), (&b, 3), (&again, 4)] {
        counts.published(to, messages);
    }
    // The one that was declared again counts on.
    assert_eq!(published(&counts), "a:6 b:4");
}

#[test]
fn channel_forgets_the_exchange_it_used_first() {
    let mut counts = ByExchange::default();
    for number in 0..=EXCHANGES_MAX {
        counts.published(&exchange(&format!("{number:02}")), 1);
    }
    let shown = counts.shown();
    assert_eq!(shown.len(), EXCHANGES_MAX);
    assert_eq!(shown.first().map(|one| &*one.exchange), Some("01"));
}

#[test]
fn channel_forgets_the_queue_that_was_made_first_and_keeps_the_sum() {
    let mut past = Past::default();
    let more = ReadTotals {
        got_no_ack: 1,
        ..ReadTotals::default()
    };
    for number in 0..=QUEUES_MAX as u64 {
        past.add(QueueId(number), &ShortString::default(), more);
    }
    assert_eq!(past.queues.len(), QUEUES_MAX);
    assert!(!past.queues.contains_key(&QueueId(0)));
    assert_eq!(past.sum.got_no_ack, QUEUES_MAX as u64 + 1);
}
