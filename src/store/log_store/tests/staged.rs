//! What is staged together: settlements in one record, large messages on their own.

use super::*;

/// Octets by which the log grew while `work` was done and committed.
fn growth(store: &LogStore, work: impl FnOnce()) -> u64 {
    store.commit();
    let before = store.durable().0;
    work();
    store.commit();
    store.durable().0 - before
}

fn large() -> Options {
    Options {
        segment_len: 1024 * 1024,
        ..Options::default()
    }
}

#[test]
fn settlement_takes_few_octets_among_others_and_between_publishes() {
    let disk = MemoryDisk::default();
    let store = try_open(disk.clone(), large()).expect("it opens");
    let mut places = Vec::new();
    for n in 0..1_000 {
        places.push(store.publish(n, 100, &[QueueId(1 + n % 2)]).0);
    }
    let alone = growth(&store, || {
        for (n, at) in (0..).zip(&places[..500]) {
            store.settle(1 + n % 2, &[*at]);
        }
    });
    assert!(alone < 500 * 3 + 200, "{alone} octets for 500 settlements");
    let publish = |n: u64| {
        store.publish(n, 100, &[QueueId(3)]);
    };
    let without = growth(&store, || (0..500).for_each(publish));
    let with = growth(&store, || {
        for (n, at) in (500..).zip(&places[500..]) {
            publish(n);
            store.settle(1 + n % 2, &[*at]);
        }
    });
    let cost = with - without;
    assert!(cost < 500 * 3 + 200, "{cost} octets for 500 settlements");
    assert_eq!(store.space().copies, 1_000);
    store.close().expect("it closes");
    let left: Vec<u64> = (0..500).chain(500..1_000).collect();
    assert_eq!(
        try_open(disk, large()).expect("it opens").contents(),
        BTreeMap::from([(3, left)])
    );
}

#[test]
fn settlements_of_many_queues_fill_segments_without_leaving_them() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    let mut expected: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for n in 0..400 {
        let queue = 1 + n % 37;
        let (at, _) = store.publish(n, 60, &[QueueId(queue)]);
        if n % 9 == 0 {
            expected.entry(queue).or_default().push(n);
        } else {
            store.settle(queue, &[at]);
        }
        if n % 50 == 0 {
            store.commit();
        }
    }
    store.commit();
    drop(store);
    let store = open(disk);
    assert_eq!(store.contents(), expected);
    assert!(store.damage().is_empty(), "{:?}", store.damage());
}

#[test]
fn large_messages_keep_their_place_among_small_ones() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    let mut expected = Vec::new();
    for n in 0..60 {
        let len = match n % 5 {
            0 => 64 * 1024,
            1 => 200_000,
            _ => 50,
        };
        let (at, position) = store.publish(n, len, &[QueueId(1)]);
        if n % 3 == 0 {
            store.settle(1, &[at]);
        } else {
            expected.push(n);
        }
        if n % 7 == 0 {
            store.commit();
            assert!(store.durable() >= position);
            assert!(n % 3 == 0 || store.read(at).is_ok());
        }
    }
    store.commit();
    drop(store);
    let store = open(disk);
    let found = store.recovered();
    let ids: Vec<u64> = found.iter().map(|back| id(&back.message)).collect();
    assert_eq!(ids, expected);
    for back in &found {
        assert_eq!(back.message.body_len(), back.recovered.body_len as usize);
    }
}

#[test]
fn crash_with_large_messages_loses_nothing_confirmed() {
    let mut run = Run::new(FaultDisk::default(), 3);
    for n in 0..24 {
        run.publish_len(if n % 3 == 0 { 70_000 } else { 300 });
        run.settle();
        if n % 2 == 0 {
            run.commit();
        }
    }
    run.commit();
    run.check_all_crashes(0, 1);
}

/// A power cut while the first start made the definitions once left a file that was none.
#[test]
fn crash_in_the_first_start_leaves_a_directory_that_opens() {
    let disk = FaultDisk::default();
    drop(open(disk.clone()));
    for prefix in 0..=disk.changes() {
        for seed in 0..20 {
            let store = open(disk.crash_image(prefix, seed));
            assert!(store.contents().is_empty(), "{prefix} changes, seed {seed}");
        }
    }
}
