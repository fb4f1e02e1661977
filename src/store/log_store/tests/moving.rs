//! Messages that are stored for one queue and settled in another as one group.

use super::*;

/// Moves `from` of queue 1, with its number, to queue 2, as its vhost does. `len`: octets of it.
fn relocate(store: &LogStore, number: u64, len: usize, from: RecordAt) {
    let message = message(number, len);
    let mut at = RecordAt::NONE;
    store.submit(&mut [
        Op::Message {
            message: &message,
            queues: &[QueueId(2)],
            sequences: &[],
            at: &mut at,
        },
        Op::Moved {
            queue: QueueId(1),
            records: &[from],
        },
    ]);
}

#[test]
fn a_message_that_is_moved_is_in_one_place_after_a_crash_at_any_change() {
    // Short ones share a batch; one that is long has a batch of its own.
    for lens in [[10, 10, 10, 10], [10, 70_000, 10, 70_000]] {
        let disk = FaultDisk::default();
        let store = open(disk.clone());
        let published = (0..4).zip(lens);
        let published: Vec<_> = published
            .map(|(number, len)| (number, len, store.publish(number, len, &[QueueId(1)]).0))
            .collect();
        store.commit();
        let before = disk.changes();
        for (number, len, at) in published {
            relocate(&store, number, len, at);
            // Settlements of others are in the same batch, or in another one.
            if number % 2 == 0 {
                store.commit();
            }
        }
        store.commit();
        let mut places = [0, 0];
        for prefix in before..=disk.changes() {
            for seed in 0..8 {
                let image = disk.crash_image(prefix, seed + prefix as u64 * 8);
                let contents = open(image).contents();
                let of = |queue| contents.get(&queue).cloned().unwrap_or_default();
                let mut all = of(1);
                all.extend(of(2));
                all.sort_unstable();
                assert_eq!(all, [0, 1, 2, 3], "after {prefix} changes: {contents:?}");
                places[0] += of(1).len();
                places[1] += of(2).len();
            }
        }
        assert!(
            places[0] > 0 && places[1] > 0,
            "before and after: {places:?}"
        );
    }
}
