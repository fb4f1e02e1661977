use leveret_codec::types::ShortString;
use proptest::prelude::*;

use super::*;

/// Number of exchange and number of queues for each message; counted one by one, and by spans and
/// runs.
fn check(messages: &[(usize, usize)]) {
    let name = ShortString::default;
    let tallies = || [(); 3].map(|()| Arc::new(ExchangeTally::new(name())));
    let (plain, counted) = (tallies(), tallies());
    let mut spans = Spans::default();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (number, &(exchange, queues)) in messages.iter().enumerate() {
        plain[exchange].placed(1, queues as u64);
        spans.go_on_to(&counted[exchange], number);
        match runs.last_mut() {
            Some(last) if last.1 == queues => last.0 = number + 1,
            _ => runs.push((number + 1, queues)),
        }
    }
    let pushes = messages.iter().map(|(_, queues)| queues).sum();
    spans.count(messages.len(), pushes, runs.into_iter());
    let totals = |tallies: &[Arc<ExchangeTally>; 3]| tallies.each_ref().map(|one| one.totals());
    assert_eq!(totals(&counted), totals(&plain));
}

proptest! {
    #[test]
    fn spans_count_what_messages_one_by_one_would(
        messages in proptest::collection::vec((0..3usize, 0..3usize), 0..20)
    ) {
        check(&messages);
    }
}

#[test]
fn messages_of_no_client_count_at_no_exchange() {
    let spans = Spans::default();
    spans.count(3, 3, std::iter::once((3, 1)));
    spans.each(3, |_, _| panic!("they were published to no exchange"));
}

#[test]
fn next_batch_begins_anew() {
    let tallies = [(); 2].map(|()| Arc::new(ExchangeTally::new(ShortString::default())));
    let mut spans = Spans::default();
    spans.go_on_to(&tallies[0], 0);
    spans.go_on_to(&tallies[1], 1);
    spans.clear();
    spans.go_on_to(&tallies[0], 0);
    spans.go_on_to(&tallies[1], 2);
    spans.count(5, 5, std::iter::once((5, 1)));
    let came = tallies.map(|tally| tally.totals().published_in);
    assert_eq!(came, [2, 3]);
}

#[test]
fn part_of_a_batch_counts_as_its_messages_one_by_one_would() {
    let tallies = ["a", "b"].map(|name| {
        let name = ShortString::new(name).unwrap();
        Arc::new(ExchangeTally::new(name))
    });
    let exchanges = [0, 0, 1, 0, 1, 1];
    let mut spans = Spans::default();
    for (number, exchange) in exchanges.into_iter().enumerate() {
        spans.go_on_to(&tallies[exchange], number);
    }
    for start in 0..exchanges.len() {
        for end in start..=exchanges.len() {
            let mut counted = String::new();
            spans.within(&(start..end), |exchange, messages| {
                counted.push_str(&exchange.name.repeat(messages));
            });
            let names = exchanges[start..end].iter().map(|at| &*tallies[*at].name);
            assert_eq!(counted, names.collect::<String>(), "{start}..{end}");
        }
    }
}
