//! A full disk: what is removed makes room, whatever waits to be written.

use super::*;
use crate::store::Trouble;

/// What is left on the disk, and octets that do not fit into it.
const LEFT: u64 = 6_000;
const TOO_MUCH: usize = 20_000;

/// A store on a disk that has just become too full for the message `TOO_MUCH`, which is number
/// 100; what was stored before, and the position that waits.
fn brim(disk: &FaultDisk) -> (LogStore, Vec<RecordAt>, Position) {
    let store = open(disk.clone());
    drop(store.recovered());
    let publish = |id| {
        let at = store.publish(id, 900, &[QueueId(1)]).0;
        store.commit();
        at
    };
    let places = (1..60).map(publish).collect();
    store.keep_house();
    disk.plan(Fault::Full(disk.now().used() + LEFT));
    let (_, waits) = store.publish(100, TOO_MUCH, &[QueueId(2)]);
    store.commit();
    store.keep_house();
    assert_eq!(store.shared.in_trouble(), Some(Trouble::Full));
    assert!(store.durable() < waits);
    (store, places, waits)
}

/// What the two threads do by themselves while there is trouble.
fn turn_over(store: &LogStore) {
    for _ in 0..8 {
        store.commit();
        store.keep_house();
    }
}

#[test]
fn settlements_behind_a_message_that_does_not_fit_make_room_for_it() {
    let disk = FaultDisk::default();
    let (store, places, waits) = brim(&disk);
    store.settle(1, &places);
    let settled = store.sync();
    turn_over(&store);
    assert_eq!(store.shared.in_trouble(), None);
    assert!(store.durable() >= settled.max(waits));
    drop(store);
    let expected = BTreeMap::from([(2, vec![100])]);
    assert_eq!(open(disk.now()).contents(), expected);
    for prefix in 0..=disk.changes() {
        let again = open(disk.crash_image(prefix, prefix as u64));
        let left = again.contents();
        assert_eq!(again.damage(), [], "after {prefix} changes");
        let settled_or_not = left.get(&1).is_none_or(|ids| ids.is_sorted());
        assert!(settled_or_not, "after {prefix} changes: {left:?}");
    }
    for seed in 0..20 {
        let left = open(disk.crash_image(disk.changes(), seed)).contents();
        assert_eq!(left, expected, "seed {seed}");
    }
}

#[test]
fn deleted_queue_behind_a_message_that_does_not_fit_makes_room_for_it() {
    let disk = FaultDisk::default();
    let (store, _, _) = brim(&disk);
    store.submit(&mut [Op::Dropped { queue: QueueId(1) }]);
    let dropped = store.sync();
    turn_over(&store);
    assert_eq!(store.shared.in_trouble(), None);
    assert!(store.durable() >= dropped);
}

/// More waits than the disk can hold at all, and all of it has been removed.
#[test]
fn more_than_the_disk_holds_is_written_piece_by_piece_once_it_is_removed() {
    let disk = FaultDisk::default();
    let (store, mut places, _) = brim(&disk);
    for id in 101..130 {
        places.push(store.publish(id, TOO_MUCH, &[QueueId(1)]).0);
        store.commit();
    }
    store.settle(1, &places);
    let settled = store.sync();
    for _ in 0..20 {
        turn_over(&store);
    }
    assert_eq!(store.shared.in_trouble(), None);
    assert!(store.durable() >= settled);
    drop(store);
    let left = open(disk.now()).contents();
    assert_eq!(left, BTreeMap::from([(2, vec![100])]));
}

#[test]
fn store_that_is_closed_on_a_full_disk_makes_room_for_what_is_left() {
    let disk = FaultDisk::default();
    let (store, places, _) = brim(&disk);
    store.settle(1, &places);
    store.close().expect("the settlements make room");
    let left = open(disk.now()).contents();
    assert_eq!(left, BTreeMap::from([(2, vec![100])]));
}

/// A dead letter leaves its queue only with its copy: the power may go at any time.
#[test]
fn message_that_moved_is_in_one_queue_or_the_other() {
    let disk = FaultDisk::default();
    let (store, places, _) = brim(&disk);
    let (_, _) = store.publish(1, 900, &[QueueId(3)]);
    store.submit(&mut [Op::Moved {
        queue: QueueId(1),
        records: &places[..1],
    }]);
    store.settle(1, &places[2..]);
    turn_over(&store);
    for prefix in 0..=disk.changes() {
        let left = open(disk.crash_image(prefix, prefix as u64)).contents();
        let has = |queue| left.get(&queue).is_some_and(|ids| ids.contains(&1));
        let began = left.get(&1).is_some_and(|ids| ids.contains(&2));
        assert!(
            !began || has(1) || has(3),
            "after {prefix} changes: {left:?}"
        );
    }
}
