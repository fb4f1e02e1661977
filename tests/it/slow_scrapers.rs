//! Readers of metrics that hardly read, as many as there are places for: they hold little memory,
//! and hold nothing else up.

use std::net::TcpStream;

use leveret::internals::limits::METRICS_AT_ONCE_MAX;

use crate::http::Http;
use crate::metrics::begins;
use crate::process::Process;
use crate::talker::{Client, eventually, octets};

const MIB: u64 = 1024 * 1024;

/// Queues of which a page of metrics has some hundred MiB, for each of the readers.
const QUEUES: usize = 10_000;

/// What a reader may hold in the broker: a pointer for each queue, a chunk or two and what
/// compresses them.
const EACH: u64 = MIB;

#[test]
fn sixteen_slow_scrapers_hold_little_and_hold_up_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let memory = "durability=memory";
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[memory]);
    let mut client = Client::at(broker.address());
    let name = "a-queue-with-a-long-name".repeat(8);
    let declare = |number| {
        octets(&format!(
            "queue.declare queue='{name}-{number}' durable nowait"
        ))
    };
    let declares: Vec<u8> = (0..QUEUES).flat_map(declare).collect();
    client.send(&declares);
    client.sync();
    client.declare("q", "");
    let metrics = Http::at(broker.door("prometheus"));
    let management = Http::at(broker.door("management")).by("guest", "guest");
    // What the first page leaves in buffers and caches is there before.
    assert_eq!(metrics.get("/metrics").status, 200);
    let before = broker.resident();
    let slow: Vec<TcpStream> = (0..METRICS_AT_ONCE_MAX)
        .map(|number| begins(&metrics, ["", "accept-encoding: gzip\r\n"][number % 2]))
        .collect();
    assert_eq!(
        metrics.get("/metrics/per-object").status,
        503,
        "there is no place left"
    );
    for number in 0..100 {
        client.publish("q", "m");
        let got = client.ask("basic.get queue='q' no-ack");
        assert!(got.contains("basic.get-ok"), "{number}: {got}");
        assert_eq!(management.get("/api/queues/%2F/q").status, 200);
    }
    let most = before + EACH * METRICS_AT_ONCE_MAX as u64;
    let held = broker.resident();
    assert!(held < most, "{} of {} MiB", held / MIB, most / MIB);
    drop(slow);
    eventually("there are places again", || {
        metrics.get("/metrics").status == 200
    });
}
