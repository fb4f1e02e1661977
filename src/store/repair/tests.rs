//! What a repair writes when the disk does not take it, and of what crashes leave.

use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::message::{Body, MessageBuilder, Traits};
use crate::store::disk::{Fault, FaultDisk, MemoryDisk};
use crate::store::{DefinitionChange, DefinitionKind, LogStore, Op, Options, RecordAt, Store};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortStr;

fn options() -> Options {
    Options {
        segment_len: 64 * 1024,
        ..Options::default()
    }
}

/// Forty messages in two queues, every third settled, and a definition; not stopped.
fn filled() -> FaultDisk {
    let disk = FaultDisk::default();
    let store = LogStore::open(Arc::new(disk.clone()), options(), Clock::test());
    let store = store.expect("it opens");
    let mut last = store.durable();
    for number in 0..40_u64 {
        let body = vec![b'x'; 3_000];
        let message = MessageBuilder::default().build(
            ShortStr::EMPTY,
            ShortStr::new("k").expect("short"),
            PropertiesRef::EMPTY,
            Body::Copied(&body),
            Traits::default(),
        );
        let mut at = RecordAt::NONE;
        let queues = [QueueId(4 + number % 2), QueueId(6)];
        store.submit(&mut [Op::Message {
            message: &message,
            queues: &queues[..1 + usize::from(number % 5 == 0)],
            sequences: &[],
            at: &mut at,
        }]);
        if number % 3 == 0 {
            let (queue, records) = (queues[0], &[at]);
            store.submit(&mut [Op::Settled { queue, records }]);
        }
        let (kind, key, json) = (DefinitionKind::Queue, "/\0q".to_owned(), "{}".to_owned());
        last = store.define(&[DefinitionChange::Put(Definition { kind, key, json })]);
    }
    while store.durable() < last {
        std::thread::yield_now();
    }
    disk
}

fn repaired(from: &dyn Disk, to: &dyn Disk) -> Result<Repaired, StoreError> {
    repair(from, to, &mut |_| Vec::new())
}

fn contents(disk: MemoryDisk) -> Vec<(QueueId, u64, u64)> {
    let store = LogStore::open(Arc::new(disk), options(), Clock::test()).expect("it opens");
    store.recover(&mut |_| ()).expect("it was opened");
    let mut found = Vec::new();
    let told = store.recover_messages(&mut |queue, rows| {
        for row in rows {
            store.read(row.at).expect("it is whole");
            found.push((queue, row.at.address(), u64::from(row.redelivered)));
        }
    });
    told.expect("it can be read");
    found.sort_unstable();
    found
}

#[test]
fn repaired_directory_holds_what_the_old_one_held() {
    let old = filled().now();
    let before = old.files();
    let new = MemoryDisk::default();
    let report = repaired(&old, &new).expect("memory has room");
    assert_eq!((report.damage.len(), report.definitions), (0, 1));
    assert!(old.files() == before, "the old one is only read");
    let found = contents(new);
    assert_eq!(report.messages, found.len() as u64);
    assert_eq!(found, contents(old), "the marks of a kill too");
}

#[test]
fn disk_that_is_full_leaves_nothing_and_is_named() {
    let old = filled().now();
    let whole = MemoryDisk::default();
    repaired(&old, &whole).expect("memory has room");
    for room in (0..whole.used()).step_by(997) {
        let disk = FaultDisk::default();
        disk.plan(Fault::Full(room));
        let error = repaired(&old, &disk).expect_err("it does not fit");
        let text = error.to_string();
        assert!(
            text.starts_with("writing '") && text.contains("' in '"),
            "{text}"
        );
        let StoreError::Io { source, .. } = error else {
            panic!("{text}")
        };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{text}");
        assert!(disk.now().files().is_empty(), "{room} octets of room");
    }
}

#[test]
fn any_call_that_fails_ends_in_words_or_in_a_whole_directory() {
    let old = filled().now();
    let calls = {
        let disk = FaultDisk::default();
        repaired(&old, &disk).expect("the disk has room");
        disk.calls()
    };
    let expected = contents(old.clone());
    for call in 0..calls {
        let disk = FaultDisk::default();
        disk.plan(Fault::Call(call));
        match repaired(&old, &disk) {
            Ok(_) => assert_eq!(contents(disk.now()), expected, "call {call}"),
            Err(_) => {
                let left = disk.now();
                let is_empty = left.files().is_empty();
                let opened = LogStore::open(Arc::new(left), options(), Clock::test());
                assert!(is_empty || opened.is_err(), "call {call}");
            }
        }
    }
}
