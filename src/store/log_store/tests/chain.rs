//! Each batch names the one before it, so that a stale batch does not pass for a lost one.

use super::*;

/// The log after `published`, each in a batch of its own, and whether the last is vouched for.
fn log(clock: &Clock, published: &[u64], durability: Durability, covered: bool) -> FaultDisk {
    let disk = FaultDisk::default();
    let options = Options {
        durability,
        ..small()
    };
    let opened = LogStore::open_without_threads(Arc::new(disk.clone()), options, clock.clone());
    let store = opened.expect("it opens");
    for id in published {
        store.publish(*id, 100, &[QueueId(1)]);
        store.commit();
    }
    if covered {
        store.shared.staging.lock().cover();
        store.commit();
    }
    disk
}

/// The files of `disk`, with the second batch replaced by that of `other`.
fn with_stale_batch(disk: &FaultDisk, other: &FaultDisk) -> MemoryDisk {
    let name = segment_name(SEGMENT_HEAD as u64);
    let (mut files, stale) = (disk.now().files(), other.now().files());
    let stale = &stale[&name];
    let octets = files.get_mut(&name).expect("the segment");
    let len = (octets.len() - SEGMENT_HEAD).min(stale.len() - SEGMENT_HEAD);
    let batch = usize::try_from(
        crate::store::format::octets::u32_at(stale, SEGMENT_HEAD + 40).expect("a head"),
    )
    .expect("short");
    assert!(2 * batch < len, "batches of the same length");
    let second = SEGMENT_HEAD + batch..SEGMENT_HEAD + 2 * batch;
    octets[second.clone()].copy_from_slice(&stale[second]);
    MemoryDisk::with_files(files)
}

#[test]
fn stale_batch_that_had_to_be_another_one_is_damage_and_all_is_kept() {
    let clock = Clock::test();
    let disk = log(&clock, &[1, 2, 3, 4], Durability::Fsync, true);
    let other = log(&clock, &[1, 9, 8], Durability::Fsync, false);
    let store = open(with_stale_batch(&disk, &other));
    assert_eq!(store.contents()[&1], [1, 9, 3, 4]);
    let damage = store.damage();
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert!(damage[0].what.contains("before this one"), "{damage:?}");
}

#[test]
fn log_ends_at_a_stale_batch_that_nothing_vouches_for() {
    let clock = Clock::test();
    let disk = log(&clock, &[1, 2, 3, 4], Durability::Os, false);
    let other = log(&clock, &[1, 9, 8], Durability::Os, false);
    let store = open(with_stale_batch(&disk, &other));
    assert_eq!(store.contents()[&1], [1, 9]);
    assert!(store.damage().is_empty());
}

#[test]
fn chain_goes_on_over_segments_starts_and_checkpoints() {
    let disk = MemoryDisk::default();
    let mut expected = Vec::new();
    for start in 0..4 {
        let store = open(disk.clone());
        assert!(store.damage().is_empty(), "{:?}", store.damage());
        drop(store.recovered());
        for n in 0..40 {
            let id = start * 100 + n;
            store.publish(id, 700, &[QueueId(1)]);
            store.commit();
            expected.push(id);
            if n == 20 {
                store.checkpoint();
            }
        }
    }
    let store = open(disk);
    assert!(store.damage().is_empty(), "{:?}", store.damage());
    assert_eq!(store.contents()[&1], expected);
}
