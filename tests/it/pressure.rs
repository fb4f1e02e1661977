//! A publisher that is faster than its consumers: memory has a bound all the same.

use crate::process::Process;
use crate::talker::Client;

const MIB: u64 = 1024 * 1024;
/// Where publishers would have to wait.
const MARK: u64 = 200 * MIB;
/// Messages of a million octets, half of them persistent.
const MESSAGES: u64 = 300;

/// The queue of the message, and its properties.
fn kind(number: u64) -> (&'static str, u8) {
    if number.is_multiple_of(2) {
        ("stored", 2)
    } else {
        ("fleeting", 1)
    }
}

// Transient backlogs stayed in memory until publishers had to wait.
#[test]
fn backlog_beyond_the_memory_mark_goes_to_disk_and_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let mark = format!("vm_memory_high_watermark.absolute={MARK}");
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[&mark]);
    let mut client = Client::at(broker.address());
    client.ask("queue.declare queue='stored' durable");
    client.ask("queue.declare queue='fleeting' durable");
    client.ask("confirm.select");
    for number in 1..=MESSAGES {
        let (queue, mode) = kind(number);
        let heard = client.ask(&format!(
            "basic.publish routing-key='{queue}' body=zeros:1000000 \
             {{delivery-mode={mode} message-id='{number}'}}"
        ));
        // Not connection.blocked.
        assert_eq!(heard, format!("basic.ack delivery-tag={number}"));
    }
    assert!(broker.peak() < MARK, "{} MiB", broker.peak() / MIB);
    for number in 1..=MESSAGES {
        let (queue, _) = kind(number);
        let heard = client.ask(&format!("basic.get queue='{queue}' no-ack"));
        let id = format!("message-id='{number}'");
        assert!(heard.contains(&id), "{} instead of {id}", heard.len());
    }
    assert!(broker.peak() < MARK, "{} MiB", broker.peak() / MIB);
}
