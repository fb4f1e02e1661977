//! Looking through a stream piece by piece.

use leveret_codec::table::Table;

use super::stream;
use crate::queue::Bookmark;
use crate::queue::tests::fixture::{Fixture, body};

fn bodies(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|n| n.to_string()).collect()
}

#[test]
fn stream_is_looked_through_from_an_offset_on() {
    let mut q = stream(Table::new()).on_shelf(u64::MAX);
    q.publish(&bodies(0..2000).join(" "));
    q.queue.page_out();
    let reads = |q: &Fixture| q.shelf.as_ref().map_or(0, |shelf| shelf.reads());
    let before = reads(&q);
    let last = q.queue.browse(Bookmark::offset(1990), 100);
    let shown: Vec<_> = last.messages.iter().map(|(entry, _)| body(entry)).collect();
    assert_eq!(shown, bodies(1990..2000));
    assert!(last.is_all);
    assert!(reads(&q) - before < 600, "blocks that lie before were read");
    let (mut shown, mut from) = (Vec::new(), Bookmark::default());
    loop {
        let browsed = q.queue.browse(from, 64);
        for (entry, next) in &browsed.messages {
            shown.push(body(entry));
            from = *next;
        }
        if browsed.is_all {
            break;
        }
    }
    assert_eq!(shown, bodies(0..2000));
}
