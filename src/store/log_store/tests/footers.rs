//! A start from footers gives what a start from records gives, whatever becomes of the footers.

use std::time::Duration;

use leveret_codec::properties::Properties;
use leveret_codec::table::{Table, TableRef};

use super::*;
use crate::message::filter_value;
use crate::store::inspect;

const RETURNS: Returns = Returns {
    delivery_count: 2,
    acquired_count: 3,
};

/// Octets of the files that are footers.
fn footers(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let names = files.keys().filter(|name| name.ends_with(".foot"));
    names.cloned().collect()
}

/// A store that was closed with messages in several segments and queues.
fn closed() -> (MemoryDisk, BTreeMap<u64, Vec<u64>>) {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    let mut settled = Vec::new();
    for n in 0..120 {
        let both = [QueueId(1), QueueId(2)];
        let queues = if n % 3 == 0 { &both[..] } else { &both[..1] };
        let (at, _) = store.publish(n, 300, queues);
        if n % 5 == 0 {
            settled.push(at);
        }
        store.commit();
    }
    store.settle(1, &settled);
    store.close().expect("it closes");
    let left = |of: fn(&u64) -> bool| (0..120).filter(of).collect::<Vec<u64>>();
    let expected = BTreeMap::from([
        (1, left(|n| !n.is_multiple_of(5))),
        (2, left(|n| n.is_multiple_of(3))),
    ]);
    (disk, expected)
}

fn check(files: BTreeMap<String, Vec<u8>>, expected: &BTreeMap<u64, Vec<u64>>, what: &str) {
    let disk = MemoryDisk::with_files(files);
    for start in ["first", "second"] {
        let store = open(disk.clone());
        assert_eq!(&store.contents(), expected, "{what}, {start} start");
        assert!(store.damage().is_empty(), "{what}: {:?}", store.damage());
        assert_eq!(
            store.space().copies,
            expected.values().map(Vec::len).sum::<usize>() as u64,
            "{what}"
        );
        store.close().expect("it closes");
    }
}

#[test]
fn start_after_a_clean_stop_reads_no_record() {
    let (disk, expected) = closed();
    assert_eq!(inspect::check(&disk).expect("it is readable").batches, 0);
    let mut files = disk.files();
    for (_, octets) in files.iter_mut().filter(|(name, _)| name.ends_with(".log")) {
        for octet in octets.iter_mut().skip(SEGMENT_HEAD) {
            *octet ^= 0xff;
        }
    }
    let store = open(MemoryDisk::with_files(files));
    let mut told: BTreeMap<u64, usize> = BTreeMap::new();
    store
        .recover_messages(&mut |queue, batch| *told.entry(queue.0).or_default() += batch.len())
        .expect("it recovers");
    assert!(store.damage().is_empty(), "no read has looked");
    let expected: Vec<(u64, usize)> = expected.iter().map(|(q, ids)| (*q, ids.len())).collect();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn missing_torn_and_rotten_footers_are_no_loss() {
    let (disk, expected) = closed();
    let files = disk.files();
    let names = footers(&files);
    assert!(names.len() > 3, "{names:?}");
    check(files.clone(), &expected, "as they were");
    let mut without = files.clone();
    without.retain(|name, _| !names.contains(name));
    check(without, &expected, "all are missing");
    for (n, name) in names.iter().enumerate() {
        let len = files[name].len();
        for cut in [0, 1, len / 2, len - 1] {
            let mut torn = files.clone();
            torn.get_mut(name).expect("it is there").truncate(cut);
            check(torn, &expected, &format!("{name} cut at {cut}"));
        }
        for at in [0, 9, 13, 30, 170, len - 1] {
            let mut rotten = files.clone();
            rotten.get_mut(name).expect("it is there")[at] ^= 1 << (n % 8);
            check(
                rotten,
                &expected,
                &format!("{name} with octet {at} flipped"),
            );
        }
        let other = &names[(n + 1) % names.len()];
        let mut foreign = files.clone();
        foreign.insert(name.clone(), files[other].clone());
        check(foreign, &expected, &format!("{other} in place of {name}"));
    }
}

/// What was settled when the footer was written may be alive after a power cut: a settlement is
/// not synced by itself.
#[test]
fn segment_is_read_if_its_footer_does_not_cover_what_is_alive() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    let places: Vec<RecordAt> = (0..60)
        .map(|n| {
            let at = store.publish(n, 300, &[QueueId(1)]).0;
            store.commit();
            at
        })
        .collect();
    let before = disk.files();
    store.settle(1, &places[..7]);
    store.commit();
    store.checkpoint();
    let mut files = before;
    for name in footers(&disk.files()) {
        files.insert(name.clone(), disk.files()[&name].clone());
    }
    assert!(!footers(&files).is_empty());
    let expected = BTreeMap::from([(1, (0..60).collect())]);
    check(files, &expected, "the settlement is lost");
}

#[test]
fn footer_goes_with_its_segment() {
    let (disk, expected) = closed();
    let mut files = disk.files();
    files.insert("00000000000f0000.foot".to_owned(), vec![1, 2, 3]);
    let disk = MemoryDisk::with_files(files);
    let store = open(disk.clone());
    assert!(!disk.files().contains_key("00000000000f0000.foot"));
    for back in store.recovered() {
        store.settle(back.queue, &[back.recovered.at]);
    }
    assert!(!expected.is_empty());
    store.commit();
    store.checkpoint();
    assert_eq!(footers(&disk.files()), Vec::<String>::new());
}

#[test]
fn crash_around_footers_of_log_and_packed_segments_loses_nothing() {
    for seed in 0..2 {
        let mut run = Run::new(FaultDisk::default(), seed);
        for _ in 0..150 {
            run.publish();
            run.commit();
        }
        let from = run.disk.changes();
        run.store.checkpoint();
        assert!(!footers(&run.disk.now().files()).is_empty());
        for (n, copy) in run.copies.iter_mut().enumerate() {
            if n % 7 != 0 {
                copy.settled = Some(run.disk.changes());
                run.store.settle(copy.queue, &[copy.at]);
            }
        }
        run.commit();
        run.store.keep_house();
        let packed = |name: &String| name.contains('-');
        assert!(footers(&run.disk.now().files()).iter().any(packed));
        run.check_all_crashes(from, 1);
    }
}

/// What a queue is told of a message, with any way of finding it out.
#[test]
fn every_field_of_a_row_survives() {
    let disk = MemoryDisk::default();
    let clock = Clock::test();
    let opened = |disk: &MemoryDisk| {
        LogStore::open_without_threads(Arc::new(disk.clone()), small(), clock.clone())
            .expect("it opens")
    };
    let store = opened(&disk);
    let mut expected = Vec::new();
    for (n, priority) in (0..400).zip([None, Some(0), Some(9)].into_iter().cycle()) {
        clock.advance(Duration::from_millis(n));
        let message = shaped(n, priority, (n % 4 == 0).then_some(n * 1000));
        let mut at = RecordAt::NONE;
        let queues = [QueueId(5), QueueId(6)];
        store.submit(&mut [Op::Message {
            message: &message,
            queues: &queues[..1 + usize::from(n % 7 == 0)],
            sequences: &[n * 3],
            at: &mut at,
        }]);
        let came_back = n % 6 == 0;
        let (head_len, mark) = known_of_a_stream(n * 3, &message);
        if came_back {
            store.submit(&mut [Op::Returned {
                queue: queues[0],
                record: at,
                returns: Returns {
                    delivery_count: 2,
                    acquired_count: 3,
                },
            }]);
        }
        store.commit();
        expected.push(Recovered {
            at,
            body_len: u32::try_from(message.body_len()).expect("short"),
            head_len,
            mark,
            priority,
            ttl_ms: message.traits().expiration_ms,
            stored_at: clock.now().wall,
            sequence: n * 3,
            returns: if came_back {
                RETURNS
            } else {
                Returns::default()
            },
            redelivered: came_back,
        });
    }
    let tail = MemoryDisk::with_files(disk.files());
    // Nobody knows what was delivered before a stop that was not in order.
    let mut suspects = expected.clone();
    suspects.iter_mut().for_each(|row| row.redelivered = true);
    assert_eq!(told(&opened(&tail)), suspects, "from the log");
    assert_eq!(told(&opened(&tail)), suspects, "from footers made at start");
    store.close().expect("it closes");
    let store = opened(&disk);
    assert_eq!(told(&store), expected, "from footers");
    store.close().expect("it closes");

    let gone: Vec<RecordAt> = expected
        .extract_if(.., |row| row.body_len % 6 != 0)
        .map(|row| row.at)
        .collect();
    let store = opened(&disk);
    told(&store);
    store.settle(5, &gone);
    store.commit();
    store.keep_house();
    store.close().expect("it closes");
    assert!(disk.files().keys().any(|name| name.ends_with(".pack")));
    assert_eq!(told(&opened(&disk)), expected, "from packed segments");
}

/// What queue 5 is told.
fn told(store: &LogStore) -> Vec<Recovered> {
    let mut told = Vec::new();
    let mut each = |queue: QueueId, batch: &[Recovered]| {
        if queue == QueueId(5) {
            told.extend_from_slice(batch);
        }
    };
    store.recover_messages(&mut each).expect("it recovers");
    told
}

/// Octets of exchange, routing key and properties, and the mark of the filter value.
fn known_of_a_stream(sequence: u64, message: &Message) -> (u32, u32) {
    if sequence == 0 {
        return (0, 0);
    }
    let len = message.routing_octets().len() + message.properties().as_bytes().len();
    let mark = filter_value::mark(message.properties());
    (u32::try_from(len).expect("short"), mark)
}

fn shaped(n: u64, priority: Option<u8>, expiration_ms: Option<u64>) -> Message {
    let value = Table::new().with("x-stream-filter-value", format!("v{}", n % 5).as_str());
    let headers = value.to_bytes();
    let properties = Properties {
        priority,
        headers: n.is_multiple_of(2).then(|| TableRef::new(&headers)),
        ..Default::default()
    };
    let mut octets = Vec::new();
    properties.encode(&mut octets);
    let traits = Traits {
        persistent: true,
        priority: priority.unwrap_or(0),
        expiration_ms,
        ..Traits::default()
    };
    let body = vec![7; 200 + usize::try_from(n).expect("small")];
    MessageBuilder::default().build(
        ShortStr::EMPTY,
        ShortStr::literal("key"),
        PropertiesRef::new(&octets),
        Body::Copied(&body),
        traits,
    )
}
