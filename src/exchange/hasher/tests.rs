use super::*;

use std::collections::HashSet;

#[test]
fn placement_never_changes() {
    // A changed number here moves messages of every consistent-hash exchange to other queues.
    check("", PLACED_EMPTY);
    check("order-1", PLACED_ORDER);
    fn check(text: &str, expected: u64) {
        assert_eq!(placement_hash(text.as_bytes()), expected, "{text:?}");
    }
}

const PLACED_EMPTY: u64 = 15_814_331_446_360_199_359;
const PLACED_ORDER: u64 = 5_519_025_873_848_290_702;

#[test]
fn near_texts_have_distinct_hashes() {
    let texts = (0..100_000)
        .map(|n| format!("orders.{n}"))
        .collect::<Vec<_>>();
    let hashes = texts
        .iter()
        .map(|text| placement_hash(text.as_bytes()))
        .collect::<HashSet<_>>();
    assert_eq!(hashes.len(), texts.len());
}

#[test]
fn trailing_zero_octets_count() {
    let hashes = (0..32)
        .map(|n| placement_hash(&vec![0; n]))
        .collect::<HashSet<_>>();
    assert_eq!(hashes.len(), 32);
}

#[test]
fn two_tables_hash_differently() {
    let (one, other) = (TableHash::default(), TableHash::default());
    assert_ne!(one.hash_one("orders"), other.hash_one("orders"));
    assert_eq!(one.hash_one("orders"), one.hash_one("orders"));
}
