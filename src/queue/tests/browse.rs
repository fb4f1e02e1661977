//! Looking through the messages of a queue piece by piece.

use leveret_codec::table::Table;
use proptest::prelude::*;

use super::fixture::{Fixture, body, numbers};
use crate::queue::{Bookmark, PeekMax, ReturnCause};

const NO_LIMIT: u64 = u64::MAX;

/// The bodies of all messages, looked at in pieces of `piece`; `between` is done between two.
fn browse(q: &mut Fixture, piece: usize, mut between: impl FnMut(&mut Fixture)) -> Vec<String> {
    let (mut seen, mut from) = (Vec::new(), Bookmark::default());
    loop {
        let browsed = q.queue.browse(from, piece);
        assert!(browsed.messages.len() <= piece);
        seen.extend(browsed.messages.iter().map(|(entry, _)| body(entry)));
        if browsed.is_all {
            return seen;
        }
        let (_, next) = browsed.messages.last().unwrap();
        assert_eq!(next.to_string().parse(), Ok(*next));
        from = *next;
        between(q);
    }
}

fn words(numbers: std::ops::Range<u32>) -> String {
    let words: Vec<_> = numbers.map(|n| n.to_string()).collect();
    words.join(" ")
}

fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn what_is_taken_and_added_between_two_pieces_changes_nothing_else() {
    let mut q = Fixture::classic(Table::new()).on_shelf(NO_LIMIT);
    q.publish(&words(0..3000));
    q.queue.page_out();
    let mut rounds = 0;
    let seen = browse(&mut q, 100, |q| {
        rounds += 1;
        if rounds <= 10 {
            q.get(50);
            q.publish(&words(3000 + rounds..3001 + rounds));
        }
    });
    // Those that were taken had been seen.
    let all: Vec<String> = (0..3000).chain(3001..3011).map(|n| n.to_string()).collect();
    assert_eq!(seen, all);
}

#[test]
fn what_comes_back_behind_the_bookmark_is_shown_and_in_front_of_it_is_not() {
    let mut q = Fixture::classic(Table::new());
    q.publish("a b c d");
    assert_eq!(q.get(3), "a b c");
    q.publish("e");
    let mut rounds = 0;
    let seen = browse(&mut q, 1, |q| {
        rounds += 1;
        if rounds == 1 {
            q.requeue(0, "a b c", ReturnCause::Nack);
        }
    });
    assert_eq!(seen, ["d", "e"]);
    assert_eq!(q.ready(), "a b c d e");
}

#[test]
fn pieces_end_with_their_octets() {
    let mut q = Fixture::classic(Table::new());
    q.publish("aaaa bbbb cccc dddd");
    let max = PeekMax {
        messages: 10,
        bytes: 5,
    };
    let browsed = q.queue.browse(Bookmark::default(), max);
    assert_eq!(browsed.messages.len(), 2);
    let rest = q.queue.browse(browsed.messages[1].1, max);
    let bodies: Vec<_> = rest.messages.iter().map(|(entry, _)| body(entry)).collect();
    assert_eq!(bodies, ["cccc", "dddd"]);
}

#[test]
fn other_texts_are_no_bookmarks() {
    for text in [
        "",
        "1",
        ".",
        "1.",
        "x.1",
        "257.0",
        "1.x",
        "1.18446744073709551616",
        "-1.0",
    ] {
        assert!(text.parse::<Bookmark>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn pieces_together_are_what_a_look_at_all_shows(
        is_quorum in any::<bool>(),
        runs in prop::collection::vec((0_u8..5, 1_u32..400), 1..8),
        taken in 0_usize..600,
        pages in any::<bool>(),
        piece in 1_usize..700,
    ) {
        let mut q = match is_quorum {
            true => Fixture::quorum(Table::new()),
            false => Fixture::classic(numbers([("x-max-priority", 3)])),
        }
        .on_shelf(NO_LIMIT);
        let mut next = 0;
        for (priority, len) in runs {
            let bodies = split(&words(next..next + len));
            next += len;
            let bodies: Vec<_> = bodies.iter().map(|body| format!("{body}.{priority}")).collect();
            q.publish_by_priority(&bodies.join(" "));
        }
        let got = q.get(taken);
        q.requeue(0, &got, ReturnCause::Nack);
        if pages {
            q.queue.page_out();
        }
        let all = split(&q.ready());
        prop_assert_eq!(browse(&mut q, piece, |_| ()), all);
    }
}
