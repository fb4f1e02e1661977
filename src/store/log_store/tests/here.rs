//! Commits on the thread of a caller, and what the commit thread does beside them.

use super::*;
use crate::store::{Trouble, Turn};

use std::time::Duration;

/// Polls until `is_so`; far longer than it ever takes.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let clock = Clock::system();
    let begin = clock.now().transport;
    while !is_so() {
        let waited = clock.now().transport.since(begin);
        assert!(waited < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

fn with_threads(disk: &MemoryDisk) -> LogStore {
    LogStore::open(Arc::new(disk.clone()), small(), Clock::system()).expect("it opens")
}

#[test]
fn caller_commits_by_itself_what_it_and_others_have_staged() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    let turn = Turn::begin();
    let (_, others) = store.publish(1, 100, &[QueueId(2)]);
    let (_, own) = store.publish(2, 100, &[QueueId(1)]);
    assert!(store.durable() < others, "no thread has committed yet");
    assert!(store.commit_here(own), "no other thread commits");
    assert!(store.durable() >= own && own > others);
    drop(turn);
    let crashed = open(disk.crash_image(disk.changes(), 1)).contents();
    assert_eq!(crashed, BTreeMap::from([(1, vec![2]), (2, vec![1])]));
}

#[test]
fn caller_whose_sync_fails_is_told_to_wait_and_nothing_is_durable() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    let (_, first) = store.publish(1, 100, &[QueueId(1)]);
    assert!(store.commit_here(first));
    let (_, second) = store.publish(2, 100, &[QueueId(1)]);
    disk.plan(Fault::CallsFrom(0));
    assert!(!store.commit_here(second));
    assert!(store.durable() < second);
    assert!(!store.commit_here(second), "the commit thread tries again");
    disk.heal();
    store.commit();
    assert!(store.durable() >= second, "kept, and written later");
    let crashed = open(disk.crash_image(disk.changes(), 1)).contents();
    assert_eq!(crashed, BTreeMap::from([(1, vec![1, 2])]));
}

#[test]
fn caller_does_not_commit_while_another_does_or_for_too_much() {
    let store = open(MemoryDisk::default());
    let (_, position) = store.publish(1, 100, &[QueueId(1)]);
    let writer = store.writer.lock();
    assert!(!store.commit_here(position), "another is at it");
    drop(writer);
    assert!(store.commit_here(position));
    let mut last = Position::default();
    for id in 0..40 {
        (_, last) = store.publish(id, 500, &[QueueId(1)]);
    }
    assert!(!store.commit_here(last), "20 KB are the commit thread's");
    store.commit();
    assert!(store.commit_here(last), "it is durable already");
}

struct Panics;

impl DurableWatch for Panics {
    fn on_durable(&self, _position: Position) {
        panic!("planted");
    }
}

/// What a commit had in its hands when it panicked may be gone, so a later one must not say that
/// everything up to its own end is durable.
#[test]
fn nothing_becomes_durable_after_a_commit_that_panicked() {
    let store = open(MemoryDisk::default());
    store.watch(Arc::new(Panics));
    let (_, first) = store.publish(1, 100, &[QueueId(1)]);
    let commit = std::panic::AssertUnwindSafe(|| store.commit_here(first));
    assert!(std::panic::catch_unwind(commit).is_err());
    let told = store.shared.in_trouble();
    assert_eq!(told, Some(Trouble::Failing), "publishers hear of it");
    let before = store.durable();
    let (_, second) = store.publish(2, 100, &[QueueId(1)]);
    assert!(!store.commit_here(second));
    assert_eq!(store.durable(), before);
    assert!(store.close().is_err(), "and it is said");
}

#[test]
fn what_is_staged_in_a_turn_is_committed_once_the_turn_is_over() {
    let store = with_threads(&MemoryDisk::default());
    for id in 0..200 {
        let outer = Turn::begin();
        let inner = Turn::begin();
        let (_, position) = store.publish(id, 100, &[QueueId(1)]);
        drop(inner);
        drop(outer);
        wait_until("it is durable", || store.durable() >= position);
    }
    store.close().expect("it closes");
}

#[test]
fn callers_and_the_commit_thread_keep_the_order_of_each_publisher() {
    let disk = MemoryDisk::default();
    let store = with_threads(&disk);
    std::thread::scope(|scope| {
        for queue in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for id in 0..300 {
                    let turn = Turn::begin();
                    let (_, position) = store.publish(id, 100, &[QueueId(queue)]);
                    let is_done = store.commit_here(position);
                    drop(turn);
                    assert!(!is_done || store.durable() >= position);
                    wait_until("it is durable", || store.durable() >= position);
                }
            });
        }
    });
    store.close().expect("it closes");
    drop(store);
    for (queue, ids) in open(disk).contents() {
        assert_eq!(ids, (0..300).collect::<Vec<_>>(), "queue {queue}");
    }
}

#[test]
fn settlements_and_the_end_of_the_log_do_not_wait_for_the_next_caller() {
    let store = with_threads(&MemoryDisk::default());
    let (at, position) = store.publish(1, 100, &[QueueId(1)]);
    wait_until("a caller gets it durable", || store.commit_here(position));
    wait_until("a batch vouches for the last one", || {
        !store.shared.uncovered(position.0)
    });
    let settled = store.settle(1, &[at]);
    wait_until("a settlement alone is written", || {
        store.shared.staging.lock().is_empty() && store.durable() > settled
    });
    store.close().expect("it closes");
}

/// Publishes two hundred messages, and waits for housekeeping to be done with it; then `end`.
fn room_after(end: impl FnOnce(&LogStore, &[RecordAt])) {
    let disk = MemoryDisk::default();
    let store = with_threads(&disk);
    store.recover_messages(&mut |_, _| {}).expect("it is empty");
    let all: Vec<_> = (0..200)
        .map(|id| store.publish(id, 1_000, &[QueueId(1)]))
        .collect();
    let last = all.iter().map(|(_, position)| *position).max();
    wait_until("all is durable", || Some(store.durable()) >= last);
    wait_until("housekeeping is done", || !store.shared.chores.lock().due);
    drop(store.housekeeper.lock());
    let before = store.space().disk_octets;
    assert!(before > 200_000, "{before}");
    let records: Vec<_> = all.iter().map(|(at, _)| *at).collect();
    end(&store, &records);
    wait_until("its room is given back", || {
        store.space().disk_octets < before / 4
    });
}

// It stayed until the log went on to its next segment.
#[test]
fn room_is_given_back_though_nothing_comes_after_the_end_of_the_messages() {
    room_after(|store, _| {
        store.submit(&mut [Op::Dropped { queue: QueueId(1) }]);
    });
    room_after(|store, records| {
        store.settle(1, records);
    });
}
