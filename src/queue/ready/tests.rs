//! The size of the index, and rows that keep what they were given.

use proptest::prelude::*;

use super::Mass;
use super::chunk::Chunk;
use super::rows::{Row, Rows};
use crate::clock::Mono;
use crate::queue::Entry;
use crate::queue::tests::fixture::message;
use crate::queue::tests::shelf::Shelf;
use crate::store::RecordAt;

fn entry(row: Row) -> Entry {
    Entry {
        message: message("x", |_| ()),
        position: row.position,
        at: row.at,
        expires: row.expires,
        properties_len: row.properties_len,
        delivery_count: row.delivery_count,
        acquired_count: row.acquired_count,
        redelivered: row.redelivered,
    }
}

fn row() -> impl Strategy<Value = Row> {
    let near = (1000..2000u64).prop_map(|at| at << 4);
    let at = prop_oneof![Just(0), near, any::<u64>()];
    let expires = prop_oneof![Just(u64::MAX), 0..1000u64, any::<u64>()];
    let count = prop_oneof![Just(0), 0..20u32, any::<u32>()];
    let counts = [count.clone(), count.clone(), count];
    (0..5000u64, at, expires, counts, any::<bool>()).prop_map(
        |(position, at, expires, [properties_len, delivery_count, acquired_count], redelivered)| {
            Row {
                position,
                at: RecordAt(at),
                expires: Mono::from_nanos(expires),
                properties_len,
                delivery_count,
                acquired_count,
                redelivered,
            }
        },
    )
}

proptest! {
    #[test]
    fn rows_give_back_what_was_packed(rows in prop::collection::vec(row(), 0..40)) {
        let entries: Vec<Entry> = rows.iter().copied().map(entry).collect();
        let packed: Vec<Row> = Rows::pack(entries.iter().map(Row::of)).iter().collect();
        prop_assert_eq!(packed, rows);
    }
}

/// Octets of index for each of `rows`, in a chunk that is on disk.
fn index_of(rows: impl IntoIterator<Item = Row>) -> usize {
    let mut entries: Vec<Entry> = rows.into_iter().map(entry).collect();
    let len = entries.len();
    let mut mass = Mass::default();
    entries.iter().for_each(|entry| mass.add(Mass::of(entry)));
    let mut chunk = Chunk::of(&mut entries, mass).expect("not empty");
    let bodies: std::sync::Arc<dyn crate::queue::Bodies> = std::sync::Arc::new(Shelf::new(0));
    assert!(chunk.page_out(&bodies).is_ok());
    chunk.index_bytes().div_ceil(len)
}

fn plain(n: u64) -> Row {
    Row {
        position: n,
        at: RecordAt::NONE,
        expires: Mono::NEVER,
        properties_len: 0,
        delivery_count: 0,
        acquired_count: 0,
        redelivered: false,
    }
}

#[test]
fn transient_message_on_disk_costs_two_octets() {
    assert_eq!(index_of((0..512).map(plain)), 2);
}

#[test]
fn stored_message_on_disk_costs_five_octets() {
    // Between two messages of this queue there are 64 KiB of others.
    let stored = |n| Row {
        at: RecordAt((1_u64 << 41) + (n << 16)),
        ..plain(n)
    };
    assert_eq!(index_of((0..512).map(stored)), 5);
}

#[test]
fn message_with_everything_costs_at_most_sixteen_octets() {
    // Published over three days and a terabyte of log, each with a TTL, and delivered before.
    let busy = |n: u64| Row {
        position: n * 3,
        at: RecordAt(n << 31),
        expires: Mono::from_nanos(n * 500_000_000_000),
        properties_len: u32::try_from(n % 250).expect("small"),
        delivery_count: u32::try_from(n % 20).expect("small"),
        acquired_count: u32::try_from(n % 200).expect("small"),
        redelivered: n % 2 == 1,
    };
    let octets = index_of((0..512).map(busy));
    assert!(octets <= 16, "{octets}");
}

#[test]
fn entry_in_memory_stays_small() {
    assert!(size_of::<Entry>() <= 48);
}
