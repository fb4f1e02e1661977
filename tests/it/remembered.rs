//! What a message remembers over a restart: that it was delivered, how often it came back, what a
//! dead-letter routing key did to its keys, and how much it counts.
//!
//! Seen: RabbitMQ 4.3.6, with the same steps around a stop of the node and around a `kill -9`.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;
use leveret::internals::config::Durability;
use tempfile::TempDir;

use crate::talker::{Client, eventually};

fn start(dir: &TempDir) -> Broker {
    let builder = Broker::builder().configure(|settings| {
        settings.durability = Durability::Os;
        settings.data_dir = dir.path().to_owned();
    });
    builder.start().unwrap()
}

/// A broker after a restart.
struct Restarted {
    client: Client,
    _broker: Broker,
    _dir: TempDir,
}

/// Does `before` to a broker and starts the next one in its place.
fn restarted(before: impl FnOnce(&mut Client)) -> Restarted {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(&dir);
    let mut client = Client::new(&broker);
    before(&mut client);
    client.sync();
    broker.stop("a test");
    let broker = start(&dir);
    Restarted {
        client: Client::new(&broker),
        _broker: broker,
        _dir: dir,
    }
}

fn publish(client: &mut Client, queue: &str) {
    client.say(&format!(
        "basic.publish routing-key='{queue}' body='m' {{delivery-mode=2}}"
    ));
}

/// Gets the message of `queue` and settles it with each of `ways` in turn.
fn settle(client: &mut Client, queue: &str, ways: &[&str]) {
    for way in ways {
        let heard = client.ask(&format!("basic.get queue='{queue}'"));
        let tag = heard.split("delivery-tag=").nth(1);
        let tag = tag.and_then(|rest| rest.split(' ').next()).unwrap();
        client.say(&format!("basic.{way} delivery-tag={tag}"));
        client.sync();
    }
}

/// Whether it is redelivered, with its acquired and its delivery count, as far as they are told.
fn told(client: &mut Client, queue: &str) -> (bool, Option<i64>, Option<i64>) {
    let heard = client.ask(&format!("basic.get queue='{queue}'"));
    assert!(heard.starts_with("basic.get-ok"), "{heard}");
    let count = |name: &str| {
        let rest = heard.split(&format!("{name}: l")).nth(1)?;
        rest.split([',', '}']).next()?.parse().ok()
    };
    let (acquired, delivered) = (count("x-acquired-count"), count("x-delivery-count"));
    (heard.contains(" redelivered "), acquired, delivered)
}

#[test]
fn dead_letter_remembers_its_deliveries() {
    let ways: [(&[&str], i64); 4] = [
        (&["reject"], 1),
        (&["nack"], 0),
        (&["reject requeue", "reject requeue", "reject"], 3),
        (&["nack requeue", "nack requeue", "nack"], 0),
    ];
    let kinds = [
        ("classic", "classic"),
        ("classic", "quorum"),
        ("quorum", "classic"),
        ("quorum", "quorum"),
    ];
    let names = || {
        kinds
            .iter()
            .flat_map(|kinds| ways.iter().map(move |way| (kinds, way)))
    };
    let mut after = restarted(|client| {
        for (number, ((from, to), (ways, _))) in names().enumerate() {
            let (source, dead) = (format!("from{number}"), format!("to{number}"));
            client.declare(&dead, &format!("x-queue-type: '{to}'"));
            let letters =
                format!("x-dead-letter-exchange: '', x-dead-letter-routing-key: '{dead}'");
            client.declare(&source, &format!("x-queue-type: '{from}', {letters}"));
            publish(client, &source);
            settle(client, &source, ways);
            eventually("the dead letter", || client.ready(&dead) == 1);
        }
    });
    for (number, ((from, to), (ways, count))) in names().enumerate() {
        let counts = (*to == "quorum" && *count > 0).then_some(*count);
        let expected = (*count > 0, counts, counts);
        let told = told(&mut after.client, &format!("to{number}"));
        assert_eq!(told, expected, "{from} {ways:?} {to}");
    }
}

#[test]
fn message_of_a_quorum_queue_remembers_its_returns() {
    let ways: [(&[&str], Option<i64>, Option<i64>); 3] = [
        (&["nack requeue"], Some(1), None),
        (&["nack requeue", "nack requeue"], Some(2), None),
        (
            &["nack requeue", "nack requeue", "reject requeue"],
            Some(3),
            Some(1),
        ),
    ];
    let mut after = restarted(|client| {
        for (number, (ways, ..)) in ways.iter().enumerate() {
            let queue = format!("q{number}");
            client.declare(&queue, "x-queue-type: 'quorum'");
            publish(client, &queue);
            settle(client, &queue, ways);
        }
    });
    for (number, (ways, acquired, delivered)) in ways.into_iter().enumerate() {
        let told = told(&mut after.client, &format!("q{number}"));
        assert_eq!(told, (true, acquired, delivered), "{ways:?}");
    }
}

#[test]
fn replaced_keys_stay_replaced() {
    let mut after = restarted(|client| {
        let letters = "x-dead-letter-exchange: '', x-dead-letter-routing-key: 'to'";
        client.declare("from", letters);
        client.declare("to", "x-dead-letter-exchange: 'amq.fanout'");
        client.declare("end", "");
        client.ask("queue.bind queue='end' exchange='amq.fanout' routing-key=''");
        client.say(
            "basic.publish routing-key='from' body='m' {delivery-mode=2 headers={CC: ['copy']}}",
        );
        settle(client, "from", &["reject"]);
    });
    settle(&mut after.client, "to", &["reject"]);
    let heard = after.client.ask("basic.get queue='end'");
    assert!(heard.contains("routing-keys: ['to']"), "{heard}");
}

#[test]
fn octets_of_a_quorum_queue_count_as_before() {
    let mut after = restarted(|client| {
        client.declare(
            "from",
            "x-queue-type: 'quorum', x-max-length-bytes: 36, x-overflow: 'drop-head'",
        );
        for _ in 0..3 {
            client.say("basic.publish routing-key='from' body='0123456789'");
        }
    });
    assert_eq!(after.client.ready("from"), 3);
    after.client.say("basic.publish routing-key='from' body=''");
    assert_eq!(after.client.ready("from"), 3, "the fourth was one too many");
    after
        .client
        .say("basic.publish routing-key='from' body='012345'");
    assert_eq!(after.client.ready("from"), 4);
    assert_eq!(after.client.drain("from").len(), 4);
}
