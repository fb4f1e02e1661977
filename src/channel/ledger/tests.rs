use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortStr;

use super::{Ledger, Unacked};
use crate::clock::Mono;
use crate::entry::{Entry, Facts};
use crate::message::{Body, MessageBuilder, Traits};

fn entry(position: u64) -> Entry {
    let message = MessageBuilder::default().build(
        ShortStr::EMPTY,
        ShortStr::EMPTY,
        PropertiesRef::EMPTY,
        Body::Copied(b"x"),
        Traits::default(),
    );
    Entry {
        message,
        facts: Facts {
            position,
            ..Facts::default()
        },
    }
}

fn deliver(ledger: &mut Ledger, source: u32, overdue_ms: u64) -> u64 {
    let tag = ledger.next_tag();
    let unacked = Unacked {
        source,
        delivered: Mono::ZERO,
        entry: entry(tag),
    };
    ledger.keep(unacked, (overdue_ms > 0).then_some(overdue_ms));
    tag
}

/// A ledger with tags 1 ..= 5 of one source.
fn five() -> Ledger {
    let mut ledger = Ledger::default();
    for _ in 0..5 {
        deliver(&mut ledger, 0, 0);
    }
    ledger
}

fn taken_up_to(ledger: &mut Ledger, tag: u64) -> Result<Vec<u64>, String> {
    let mut positions = Vec::new();
    let result = ledger.take_up_to(tag, |unacked| positions.push(unacked.entry.position));
    result
        .map(|()| positions)
        .map_err(|error| error.reply_text())
}

const UNKNOWN_7: &str = "PRECONDITION_FAILED - unknown delivery tag 7";

#[test]
fn tags_count_deliveries_that_need_no_settlement_too() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.next_tag(), 1);
    assert_eq!(deliver(&mut ledger, 0, 0), 2);
    assert!(ledger.take(1).is_err());
    assert_eq!(ledger.take(2).map(|unacked| unacked.entry.position), Ok(2));
}

#[test]
fn a_tag_is_settled_once() {
    let mut ledger = five();
    assert!(ledger.take(3).is_ok());
    let again = ledger.take(3).expect_err("3 is settled").reply_text();
    assert_eq!(again, "PRECONDITION_FAILED - unknown delivery tag 3");
    assert_eq!(ledger.len(), 4);
}

#[test]
fn multiple_takes_everything_up_to_the_tag_and_passes_over_holes() {
    let mut ledger = five();
    assert!(ledger.take(2).is_ok());
    assert_eq!(taken_up_to(&mut ledger, 4), Ok(vec![1, 3, 4]));
    assert_eq!(ledger.len(), 1);
}

#[test]
fn multiple_wants_its_own_tag_to_be_outstanding() {
    let mut ledger = five();
    assert_eq!(taken_up_to(&mut ledger, 7), Err(UNKNOWN_7.to_owned()));
    assert!(ledger.take(4).is_ok());
    assert!(taken_up_to(&mut ledger, 4).is_err());
    assert_eq!(ledger.len(), 4, "nothing was settled by the failures");
}

#[test]
fn multiple_of_zero_takes_all_and_is_fine_with_none() {
    let mut ledger = five();
    assert_eq!(taken_up_to(&mut ledger, 0), Ok(vec![1, 2, 3, 4, 5]));
    assert_eq!(taken_up_to(&mut ledger, 0), Ok(vec![]));
}

#[test]
fn a_rolled_back_settlement_can_be_made_again_in_its_place() {
    let mut ledger = five();
    let third = ledger.take(3).expect("3 is outstanding");
    let first = ledger.take(1).expect("1 is outstanding");
    ledger.restore([(1, first), (3, third)].into_iter());
    assert_eq!(taken_up_to(&mut ledger, 0), Ok(vec![1, 2, 3, 4, 5]));
}

#[test]
fn the_first_overdue_delivery_sets_the_deadline() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.next_timeout(), Mono::NEVER);
    deliver(&mut ledger, 7, 300);
    deliver(&mut ledger, 8, 100);
    deliver(&mut ledger, 9, 0);
    assert_eq!(ledger.next_timeout(), Mono::from_millis(100));
    let timeout_ms = |source| match source {
        7 => Some(300),
        8 => Some(100),
        _ => None,
    };
    let mut overdue = |ms| ledger.overdue(Mono::from_millis(ms), timeout_ms);
    assert_eq!(overdue(99), Vec::<u32>::new());
    assert_eq!(overdue(100), [8]);
    assert_eq!(ledger.next_timeout(), Mono::from_millis(300));
}

#[test]
fn what_a_source_delivered_can_be_taken_out_of_the_middle() {
    let mut ledger = Ledger::default();
    for source in [1, 2, 1, 2] {
        deliver(&mut ledger, source, 0);
    }
    let positions: Vec<u64> = ledger
        .take_from(&[1])
        .into_iter()
        .filter_map(|(_, slot)| Some(slot?.entry.position))
        .collect();
    assert_eq!(positions, [1, 3]);
    assert_eq!(ledger.tags_up_to(0), [2, 4]);
}
