//! The size of the index, and packed facts that are those that were given.

use proptest::prelude::*;

use super::Mass;
use super::chunk::Chunk;
use super::packed::PackedFacts;
use crate::clock::Mono;
use crate::entry::{Entry, Facts};
use crate::queue::tests::fixture::message;
use crate::queue::tests::shelf::Shelf;
use crate::store::RecordAt;

fn entry(facts: Facts) -> Entry {
    let message = message("x", |_| ());
    Entry { message, facts }
}

fn facts() -> impl Strategy<Value = Facts> {
    let near = (1000..2000u64).prop_map(|at| at << 4);
    let at = prop_oneof![Just(0), near, any::<u64>()];
    let expires = prop_oneof![Just(u64::MAX), 0..1000u64, any::<u64>()];
    let count = prop_oneof![Just(0), 0..20u32, any::<u32>()];
    let counts = [count.clone(), count.clone(), count];
    (0..5000u64, at, expires, counts, any::<bool>()).prop_map(
        |(position, at, expires, [properties_len, delivery_count, acquired_count], redelivered)| {
            Facts {
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
    fn packed_facts_are_those_that_were_given(
        facts in prop::collection::vec(facts(), 0..40),
    ) {
        let packed: Vec<Facts> = PackedFacts::pack(facts.iter()).iter().collect();
        prop_assert_eq!(packed, facts);
    }
}

/// Octets of index for each message, in a chunk that is on disk.
fn index_of(facts: impl IntoIterator<Item = Facts>) -> usize {
    let mut entries: Vec<Entry> = facts.into_iter().map(entry).collect();
    let len = entries.len();
    let mut mass = Mass::default();
    entries.iter().for_each(|entry| mass.add(Mass::of(entry)));
    let mut chunk = Chunk::of(&mut entries, mass).expect("not empty");
    let bodies: std::sync::Arc<dyn crate::queue::Bodies> = std::sync::Arc::new(Shelf::new(0));
    assert!(chunk.page_out(&bodies).is_ok());
    chunk.index_bytes().div_ceil(len)
}

fn plain(n: u64) -> Facts {
    Facts {
        position: n,
        ..Facts::default()
    }
}

#[test]
fn transient_message_on_disk_costs_one_octet() {
    assert_eq!(index_of((0..512).map(plain)), 1);
}

#[test]
fn stored_message_on_disk_costs_four_octets() {
    // Between two messages of this queue there are 64 KiB of others.
    let stored = |n| Facts {
        at: RecordAt((1_u64 << 41) + (n << 16)),
        ..plain(n)
    };
    assert_eq!(index_of((0..512).map(stored)), 4);
}

#[test]
fn message_with_everything_costs_at_most_sixteen_octets() {
    // Published over three days and a terabyte of log, each with a TTL, and delivered before.
    let busy = |n: u64| Facts {
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
