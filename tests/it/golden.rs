//! Data directories that earlier programs wrote: they open, and give what was put in.
//!
//! `tests/golden/store/v1` holds two of format 1, of a broker that was stopped in order and of
//! one that was killed, with definitions in a database; `v2` the same with the two files of
//! definitions. `LEVERET_GOLDEN=write` writes the latter anew, which is right only as long as no
//! program with this format was released.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::BuilderInside as _;
use leveret::internals::config::Durability;
use leveret::internals::policy::PolicyDefinition;
use leveret::internals::store::disk::MemoryDisk;
use leveret::internals::store::{LogStore, Options, StoreError};
use serde_json::json;

use crate::talker::Client;

/// Files by name.
type Files = BTreeMap<String, Vec<u8>>;

/// Zeros in a row that are not kept.
const GAP: usize = 16;

/// The file of `v1/killed`, for instance.
fn path(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/store");
    folder.join(format!("{name}.sparse"))
}

/// Files without most of their zeros: for each its name and length as text, then what is not
/// zero as `offset length` and these octets, then an empty line.
fn pack(files: &Files) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, octets) in files {
        out.extend_from_slice(format!("{name} {}\n", octets.len()).as_bytes());
        let mut at = 0;
        while let Some(from) = octets[at..].iter().position(|octet| *octet != 0) {
            let from = at + from;
            let rest = &octets[from..];
            let gap = rest.windows(GAP).position(|part| part == [0; GAP]);
            at = from + gap.unwrap_or(rest.len());
            out.extend_from_slice(format!("{from} {}\n", at - from).as_bytes());
            out.extend_from_slice(&octets[from..at]);
            out.push(b'\n');
        }
        out.push(b'\n');
    }
    out
}

fn unpack(mut packed: &[u8]) -> Files {
    let mut files = Files::new();
    while let Some((name, len)) = line(&mut packed) {
        let mut octets = vec![0; len];
        while let Some((from, len)) = line(&mut packed) {
            let from: usize = from.parse().unwrap();
            octets[from..from + len].copy_from_slice(&packed[..len]);
            packed = &packed[len + 1..];
        }
        files.insert(name, octets);
    }
    files
}

/// A line of a word and a number; `None` at an empty one and at the end.
fn line(packed: &mut &[u8]) -> Option<(String, usize)> {
    let end = packed.iter().position(|octet| *octet == b'\n')?;
    let text = std::str::from_utf8(&packed[..end]).unwrap().to_owned();
    *packed = &packed[end + 1..];
    let (word, number) = text.split_once(' ')?;
    Some((word.to_owned(), number.parse().unwrap()))
}

/// The files of `v1/killed`, for instance.
pub(crate) fn files(name: &str) -> Files {
    unpack(&fs::read(path(name)).unwrap())
}

fn open(disk: &MemoryDisk) -> Result<LogStore, StoreError> {
    let options = Options {
        segment_len: 8 * 1024,
        ..Options::default()
    };
    LogStore::open(Arc::new(disk.clone()), options, Clock::test())
}

fn broker(disk: &MemoryDisk) -> Broker {
    let builder = Broker::builder()
        .store(Arc::new(open(disk).unwrap()))
        .clock(Clock::test())
        .configure(|settings| settings.durability = Durability::Fsync);
    builder.start().unwrap()
}

/// What [`expect`] finds, by today's program: killed, and stopped in order.
fn write() -> [Files; 2] {
    let disk = MemoryDisk::default();
    let broker = broker(&disk);
    let policy = json!({
        "vhost": "/", "name": "short", "pattern": "^short$", "definition": { "max-length": 1 },
    });
    let policy: PolicyDefinition = serde_json::from_value(policy).unwrap();
    broker
        .desk()
        .administration()
        .put_policy(&policy)
        .unwrap()
        .unwaited();
    let mut client = Client::new(&broker);
    for line in [
        "queue.declare queue='jobs' durable",
        "queue.declare queue='short' durable",
        "queue.declare queue='votes' durable arguments={x-queue-type: 'quorum'}",
        "queue.declare queue='log' durable arguments={x-queue-type: 'stream'}",
        "queue.declare queue='gone' durable",
        "exchange.declare exchange='orders' type='topic' durable",
        "queue.bind queue='jobs' exchange='orders' routing-key='new.#'",
        "queue.bind queue='log' exchange='orders' routing-key='#'",
        "confirm.select",
    ] {
        client.ask(line);
    }
    for number in 0..60 {
        let line = format!("routing-key='gone' body=zeros:300 {{message-id='{number}'}}");
        persistent(&mut client, &line);
    }
    for number in 0..5 {
        persistent(
            &mut client,
            &format!("exchange='orders' routing-key='new.{number}' body='order {number}'"),
        );
        persistent(
            &mut client,
            &format!("routing-key='votes' body='vote {number}'"),
        );
    }
    persistent(
        &mut client,
        "routing-key='jobs' body='all' {priority=3 content-type='text/plain' \
         headers={n: I7, list: ['x', true]}}",
    );
    client.ask("queue.delete queue='gone'");
    client.ask("basic.get queue='jobs'");
    client.say("basic.ack delivery-tag=1");
    client.ask("basic.get queue='votes'");
    client.say("basic.reject delivery-tag=2 requeue");
    client.sync();
    // Its confirm says that all of this is in the files.
    persistent(&mut client, "routing-key='jobs' body='last'");
    let killed = disk.files();
    client.leave();
    broker.stop("a test");
    [killed, disk.files()]
}

fn persistent(client: &mut Client, line: &str) {
    let (line, properties) = line.split_once('{').unwrap_or((line, "}"));
    let heard = client.ask(&format!(
        "basic.publish {line} {{delivery-mode=2 {properties}"
    ));
    assert!(heard.starts_with("basic.ack"), "{heard}");
}

/// Looks at everything that [`write`] has put in.
fn expect(files: &Files, redelivered: bool) {
    let broker = broker(&MemoryDisk::with_files(files.clone()));
    assert_eq!(broker.health().damage, []);
    assert_eq!(broker.desk().policies().len(), 1);
    let mut client = Client::new(&broker);
    assert_eq!(client.ask("confirm.select"), "confirm.select-ok");
    let streamed = client.ready("log");
    assert_eq!(streamed, 5);
    persistent(
        &mut client,
        "exchange='orders' routing-key='new.5' body='order 5'",
    );
    let heard = client.ask("basic.get queue='votes'");
    assert!(heard.contains(" redelivered "), "{heard}");
    let votes = client.drain("votes");
    assert_eq!(votes, ["vote 1", "vote 2", "vote 3", "vote 4"]);
    let heard = client.ask("basic.get queue='jobs'");
    assert!(heard.contains("body='order 1'"), "{heard}");
    assert_eq!(heard.contains(" redelivered "), redelivered, "{heard}");
    let jobs = client.drain("jobs");
    assert_eq!(
        jobs,
        ["order 2", "order 3", "order 4", "all", "last", "order 5"]
    );
    assert_eq!(client.ready("short"), 0);
    let heard = client.ask("queue.declare queue='gone' passive");
    assert!(heard.contains("no queue 'gone' in vhost '/'"), "{heard}");
}

#[test]
fn data_of_earlier_programs_opens_and_is_all_there() {
    if std::env::var("LEVERET_GOLDEN").is_ok_and(|what| what == "write") {
        let [killed, stopped] = write();
        fs::create_dir_all(path("v2/stopped").parent().unwrap()).unwrap();
        fs::write(path("v2/killed"), pack(&killed)).unwrap();
        fs::write(path("v2/stopped"), pack(&stopped)).unwrap();
    }
    for version in ["v1", "v2"] {
        expect(&files(&format!("{version}/killed")), true);
        expect(&files(&format!("{version}/stopped")), false);
    }
}

#[test]
fn what_is_written_today_is_read_like_what_was_written_then() {
    let [killed, stopped] = write();
    assert!(unpack(&pack(&stopped)) == stopped, "packing loses nothing");
    expect(&killed, true);
    expect(&stopped, false);
}

#[test]
fn data_of_another_format_is_refused_with_both_versions() {
    for ending in [".log", "checkpoint-"] {
        let mut files = files("v1/stopped");
        let versions = files.iter_mut().filter(|(name, _)| name.contains(ending));
        assert!(versions.map(|(_, octets)| octets[8] = 2).count() > 0);
        let error = open(&MemoryDisk::with_files(files))
            .err()
            .unwrap()
            .to_string();
        let told = "has format 2, and this Leveret reads format 1";
        assert!(error.contains(told), "{error}");
    }
}
