//! Streams that are larger than the body budget, over the wire, before and after a restart.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::Path;

use leveret::broker::Broker;
use leveret::internals::config::Durability;
use tempfile::TempDir;

use crate::talker::Client;

/// Messages in the stream, six blocks of them.
const MESSAGES: u64 = 3000;

fn start(dir: &Path) -> Broker {
    let builder = Broker::builder().configure(|settings| {
        settings.durability = Durability::Os;
        settings.data_dir = dir.to_owned();
        // As little in memory as can be.
        settings.body_budget = 0;
    });
    builder.start().unwrap()
}

fn body(number: u64) -> String {
    format!("message {number} of the stream")
}

/// Declares the stream and publishes to it; every hundredth message has a filter value.
fn fill(broker: &Broker) {
    let mut client = Client::new(broker);
    client.declare("events", "x-queue-type: 'stream'");
    client.ask("confirm.select");
    for number in 0..MESSAGES {
        let value = if number % 100 == 7 { "red" } else { "blue" };
        client.say(&format!(
            "basic.publish routing-key='events' body='{}' \
             {{headers={{x-stream-filter-value: '{value}'}}}}",
            body(number)
        ));
    }
    let end = format!("delivery-tag={MESSAGES}");
    while !client.hear().contains(&end) {}
}

/// Bodies that a consumer hears with these arguments, up to the one of message `last`; it has
/// credit for a few messages only.
fn read(broker: &Broker, arguments: &str, last: u64) -> Vec<String> {
    let mut client = Client::new(broker);
    client.ask("basic.qos prefetch-count=60");
    client.ask(&format!(
        "basic.consume queue='events' consumer-tag='c' arguments={{{arguments}}}"
    ));
    let mut heard = Vec::new();
    loop {
        let delivery = client.hear();
        let body = delivery.split("body='").nth(1);
        let body = body.and_then(|rest| rest.split('\'').next());
        heard.push(body.unwrap_or_else(|| panic!("{delivery}")).to_owned());
        if heard.len() % 50 == 0 {
            client.say(&format!("basic.ack delivery-tag={} multiple", heard.len()));
        }
        if heard.last() == Some(&self::body(last)) {
            return heard;
        }
    }
}

fn bodies(numbers: impl Iterator<Item = u64>) -> Vec<String> {
    numbers.map(body).collect()
}

fn expect_all(broker: &Broker) {
    let last = MESSAGES - 1;
    let all = read(broker, "x-stream-offset: 'first'", last);
    assert_eq!(all, bodies(0..MESSAGES));
    let rest = read(broker, "x-stream-offset: l1234", last);
    assert_eq!(rest, bodies(1234..MESSAGES));
    let red = "x-stream-offset: 'first', x-stream-filter: 'red'";
    let red = read(broker, red, MESSAGES - 93);
    assert_eq!(red, bodies((7..MESSAGES).step_by(100)));
    assert_eq!(Client::new(broker).ready("events"), MESSAGES);
    assert!(broker.health().is_good(), "{:?}", broker.health());
}

#[test]
fn stream_over_the_budget_is_all_there_before_and_after_restarts() {
    let dir = TempDir::new().unwrap();
    let broker = start(dir.path());
    fill(&broker);
    expect_all(&broker);
    broker.stop("a test");
    let broker = start(dir.path());
    expect_all(&broker);
    // Without a word, so that the end of the log is read.
    drop(broker);
    expect_all(&start(dir.path()));
}

#[test]
fn message_that_rots_on_disk_is_passed_over_and_reported() {
    let dir = TempDir::new().unwrap();
    let broker = start(dir.path());
    fill(&broker);
    broker.stop("a test");
    let rotten = body(1500);
    let mut found = 0;
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let mut octets = fs::read(&path).unwrap();
        let text = rotten.as_bytes();
        if let Some(at) = octets.windows(text.len()).position(|part| part == text) {
            *octets.get_mut(at).unwrap() ^= 1;
            fs::write(path, octets).unwrap();
            found += 1;
        }
    }
    assert_eq!(found, 1);
    let whole = || bodies((0..MESSAGES).filter(|number| *number != 1500));
    let broker = start(dir.path());
    assert_eq!(
        Client::new(&broker).ready("events"),
        MESSAGES,
        "no message has been asked for"
    );
    let first = "x-stream-offset: 'first'";
    assert_eq!(read(&broker, first, MESSAGES - 1), whole());
    assert_eq!(broker.health().unread, 1);
    assert_eq!(broker.health().damage.len(), 1);
    assert_eq!(Client::new(&broker).ready("events"), MESSAGES - 1);
    assert_eq!(read(&broker, first, MESSAGES - 1), whole());
    assert_eq!(broker.health().unread, 1, "it is not tried again");
    broker.stop("a test");
    let broker = start(dir.path());
    assert_eq!(read(&broker, first, MESSAGES - 1), whole());
    assert!(broker.health().is_good(), "{:?}", broker.health());
}
