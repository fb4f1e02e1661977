//! A small data directory, how to spoil it, and what must be true of reading it all the same.
//!
//! Owns the places of all checksums, from `src/store/FORMAT.md` and not from the code: with the
//! checksums put right, what is spoilt gets past them.

use std::collections::BTreeMap;
use std::sync::Arc;

use leveret::clock::Clock;
use leveret::internals::ids::QueueId;
use leveret::internals::message::{Body, MessageBuilder, Traits};
use leveret::internals::store::disk::MemoryDisk;
use leveret::internals::store::{
    Definition, DefinitionChange, DefinitionKind, LogStore, Op, Options, RecordAt, Recovered,
    Returns, Store, inspect,
};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortStr;

/// Octets in front of everything else in a segment.
const SEGMENT_HEAD: usize = 4096;
const BATCH_HEAD: usize = 64;
const RECORD_HEAD: usize = 32;

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Something done to a file: the file by number, where, what, and a number for it.
pub(crate) type Blow = (u8, u16, u8, u64);

/// What a small store leaves that was stopped in order, and what it would have left a moment
/// before: log segments, packed ones, footers, checkpoints, definitions.
pub(crate) fn bases() -> [Files; 2] {
    let disk = MemoryDisk::default();
    let options = Options {
        segment_len: 8 * 1024,
        ..Options::default()
    };
    let open = LogStore::open(Arc::new(disk.clone()), options, Clock::test());
    let store = open.expect("an empty disk can be opened");
    drop(told(&store));
    let mut before = Vec::new();
    for number in 0..120 {
        let at = publish(&store, number);
        let queue = QueueId(1 + number % 3);
        if number % 7 != 0 {
            before.push((queue, at));
        }
        if number % 11 == 0 {
            let (key, json) = (format!("/\0q{number}"), "{}".to_owned());
            let kind = DefinitionKind::Queue;
            store.define(&[DefinitionChange::Put(Definition { kind, key, json })]);
        }
        if before.len() > 30 {
            for (queue, at) in before.drain(..) {
                let records = &[at];
                store.submit(&mut [Op::Settled { queue, records }]);
            }
        }
    }
    let record = publish(&store, 121);
    store.submit(&mut [Op::Returned {
        queue: QueueId(2),
        record,
        returns: Returns {
            delivery_count: 3,
            acquired_count: 4,
        },
    }]);
    store.submit(&mut [Op::Dropped { queue: QueueId(3) }]);
    let position = store.define(&[DefinitionChange::Delete(
        DefinitionKind::Queue,
        "/\0q11".to_owned(),
    )]);
    while store.durable() < position {
        std::thread::yield_now();
    }
    let running = disk.files();
    store.close().expect("a disk in memory takes everything");
    [running, disk.files()]
}

fn publish(store: &LogStore, number: u64) -> RecordAt {
    let body = vec![b'x'; 100 + usize::try_from(number % 5).expect("small") * 300];
    let message = MessageBuilder::default().build(
        ShortStr::literal("amq.topic"),
        ShortStr::literal("a.b"),
        PropertiesRef::EMPTY,
        Body::Copied(&body),
        Traits {
            persistent: true,
            ..Traits::default()
        },
    );
    let mut at = RecordAt::NONE;
    let (one, two) = (QueueId(1 + number % 3), QueueId(1 + (number + 1) % 3));
    let queues = [one, two];
    let queues = if number.is_multiple_of(4) {
        &queues[..]
    } else {
        &queues[..1]
    };
    store.submit(&mut [Op::Message {
        message: &message,
        queues,
        sequences: &[number],
        at: &mut at,
    }]);
    at
}

/// Spoils files.
pub(crate) fn spoil(files: &mut Files, blows: &[Blow]) {
    for (file, place, kind, number) in blows {
        let names: Vec<String> = files.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = names[usize::from(*file) % names.len()].clone();
        let octets = files.get_mut(&name).expect("it is one of them");
        let at = usize::from(*place) % octets.len().max(1);
        // Most of what there is to spoil lies behind the head of a file and at its end.
        let at = match kind / 64 {
            0 => at,
            1 => (SEGMENT_HEAD + at % 1024).min(octets.len()),
            2 => octets.len().saturating_sub(1 + at % 512),
            _ => at % 64,
        };
        let value = number.to_le_bytes();
        match kind % 9 {
            0 => overwrite(octets, at, &value[..1]),
            1 => overwrite(octets, at & !3, &value[..4]),
            2 => overwrite(octets, at & !7, &value),
            3 => overwrite(octets, at & !3, &u32::MAX.to_le_bytes()),
            4 => overwrite(octets, at & !7, &u64::MAX.to_le_bytes()),
            5 => octets.truncate(at),
            6 => octets.extend(std::iter::repeat_n(value[0], usize::from(*place))),
            7 => drop(files.remove(&name)),
            _ => {
                let other = names[usize::from(value[0]) % names.len()].clone();
                let copy = files.get(&name).cloned().unwrap_or_default();
                files.insert(other, copy);
            }
        }
    }
}

fn overwrite(octets: &mut [u8], at: usize, with: &[u8]) {
    if let Some(place) = octets.get_mut(at..at + with.len()) {
        place.copy_from_slice(with);
    }
}

fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    let part = octets.get(at..at + 4)?;
    Some(u32::from_le_bytes(part.try_into().ok()?))
}

fn u64_at(octets: &[u8], at: usize) -> Option<u64> {
    let part = octets.get(at..at + 8)?;
    Some(u64::from_le_bytes(part.try_into().ok()?))
}

/// Puts every checksum right, so that what is spoilt looks as if it had been meant.
pub(crate) fn put_right(files: &mut Files) {
    let names: Vec<String> = files.keys().cloned().collect();
    for (name, octets) in files {
        if name.ends_with(".log") {
            segment(octets);
            batches(octets);
        } else if name.ends_with(".pack") {
            segment(octets);
            packed(octets);
        } else if name.starts_with("definitions-") {
            definitions(octets);
        } else if name.starts_with("checkpoint-") {
            whole_file(octets, 0);
        } else if let Some(stem) = name.strip_suffix(".foot") {
            let of = names.iter().find(|other| {
                other.rsplit_once('.').is_some_and(|(other, ending)| {
                    other == stem && (ending == "log" || ending == "pack")
                })
            });
            let seed = of.map_or(0, |name| crc32c::crc32c(name.as_bytes()));
            whole_file(octets, seed);
        }
    }
}

/// The head of a file of definitions, and every row as long as its length leads to the next.
fn definitions(octets: &mut [u8]) {
    let front = crc32c::crc32c(octets.get(..12).unwrap_or_default());
    let sum = crc32c::crc32c_append(front, octets.get(16..32).unwrap_or_default());
    overwrite(octets, 12, &sum.to_le_bytes());
    let mut at = 32;
    while let Some(len) = u32_at(octets, at + 8) {
        let len = usize::try_from(len)
            .expect("32 bits fit")
            .next_multiple_of(16);
        let Some(row) = octets.get(at + 8..at.saturating_add(len.max(32))) else {
            break;
        };
        let seed = crc32c::crc32c(&(at as u64).to_le_bytes());
        let sum = crc32c::crc32c_append(seed, row);
        overwrite(octets, at + 4, &sum.to_le_bytes());
        at += len.max(32);
    }
}

/// A file with its length at 16 and a checksum of everything from there at 12.
fn whole_file(octets: &mut [u8], seed: u32) {
    let len = octets.len() as u64;
    overwrite(octets, 16, &len.to_le_bytes());
    let sum = crc32c::crc32c_append(seed, octets.get(16..).unwrap_or_default());
    overwrite(octets, 12, &sum.to_le_bytes());
}

fn segment(octets: &mut [u8]) {
    let sum = crc32c::crc32c(octets.get(16..60).unwrap_or_default());
    overwrite(octets, 12, &sum.to_le_bytes());
}

fn record(octets: &mut [u8], at: usize, end: usize, address: u64) -> Option<(u32, usize)> {
    let len = usize::try_from(u32_at(octets, at + 4)?).ok()?;
    let step = len.checked_next_multiple_of(16)?;
    if len < RECORD_HEAD || at.checked_add(step)? > end {
        return None;
    }
    let seed = crc32c::crc32c(&address.to_le_bytes());
    let sum = crc32c::crc32c_append(seed, octets.get(at + 4..at + len)?);
    overwrite(octets, at, &sum.to_le_bytes());
    Some((sum, step))
}

fn batches(octets: &mut [u8]) {
    let first = u64_at(octets, 32).unwrap_or_default();
    let mut at = SEGMENT_HEAD;
    while octets.get(at + 4..at + 8) == Some(b"LVRB") {
        let claimed = u32_at(octets, at + 40).unwrap_or_default();
        let len = usize::try_from(claimed).expect("32 bits fit");
        let end = at.saturating_add(len.max(BATCH_HEAD)).min(octets.len());
        let address = |at: usize| first.wrapping_add((at - SEGMENT_HEAD) as u64);
        let (mut sum, mut next) = (0, at + BATCH_HEAD);
        while let Some((record, step)) = record(octets, next, end, address(next)) {
            sum = crc32c::crc32c_append(sum, &record.to_le_bytes());
            next += step;
        }
        overwrite(octets, at + 60, &sum.to_le_bytes());
        let head = crc32c::crc32c(octets.get(at + 4..at + BATCH_HEAD).unwrap_or_default());
        overwrite(octets, at, &head.to_le_bytes());
        at = end.next_multiple_of(16);
    }
}

fn packed(octets: &mut [u8]) {
    let Some(foot) = octets.len().checked_sub(16) else {
        return;
    };
    let len = u64_at(octets, foot + 8).and_then(|len| usize::try_from(len).ok());
    let Some(from) = len.and_then(|len| foot.checked_sub(len)) else {
        return;
    };
    let entries: Vec<(u64, u32)> = (from..foot)
        .step_by(16)
        .filter_map(|at| Some((u64_at(octets, at)?, u32_at(octets, at + 8)?)))
        .collect();
    for (address, granule) in entries {
        let place = usize::try_from(granule).expect("32 bits fit");
        let place = place.saturating_mul(16).saturating_add(SEGMENT_HEAD);
        if place < from {
            record(octets, place, from, address);
        }
    }
    let sum = crc32c::crc32c(octets.get(from..foot).unwrap_or_default());
    overwrite(octets, foot + 4, &sum.to_le_bytes());
}

/// Reads everything in every way there is. Whatever is in the files, that ends in an answer.
pub(crate) fn read_all(files: Files) {
    let disk = MemoryDisk::with_files(files);
    let before = disk.files();
    let mut seen = 0_u64;
    drop(inspect::check(&disk));
    drop(inspect::dump(&disk, &mut |_| seen += 1));
    assert!(disk.files() == before, "looking changes nothing");
    let options = Options {
        segment_len: 8 * 1024,
        ..Options::default()
    };
    let Ok(store) = LogStore::open(Arc::new(disk.clone()), options.clone(), Clock::test()) else {
        return;
    };
    let found = told(&store);
    // What is told may turn out to be damaged when it is read, but nothing worse.
    let records: Vec<RecordAt> = found.iter().map(|recovered| recovered.at).collect();
    let mut readable = 0;
    store.read_run(&records, &mut |_, message| {
        readable += usize::from(message.is_ok())
    });
    assert!(readable <= records.len());
    let at = publish(&store, 1);
    store.close().expect("a disk in memory takes everything");
    drop(store);
    // A store that opens is one that can be used: what it takes is there the next time.
    let again = LogStore::open(Arc::new(disk), options, Clock::test());
    let again = again.expect("it could be opened before");
    assert!(told(&again).iter().any(|recovered| recovered.at == at));
}

fn told(store: &LogStore) -> Vec<Recovered> {
    let mut found = Vec::new();
    drop(store.recover(&mut |_| {}));
    drop(store.recover_messages(&mut |_, batch| found.extend_from_slice(batch)));
    found
}
