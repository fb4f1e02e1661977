//! Methods that come in one write take effect one by one, as if each had come alone.
//!
//! Seen: RabbitMQ 4.3.6, with the same octets in one write.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;

use crate::talker::{Client, all_octets};

fn start() -> (Broker, Client) {
    let broker = Broker::builder().start().unwrap();
    let client = Client::new(&broker);
    (broker, client)
}

fn publish(messages: &[(&str, u8)]) -> Vec<u8> {
    let line = |(body, priority): &(&str, u8)| {
        format!("basic.publish routing-key='q' body='{body}' {{priority={priority}}}")
    };
    let lines: Vec<String> = messages.iter().map(line).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    all_octets(&lines)
}

/// The body of a delivery or of a got message.
fn body(heard: &str) -> String {
    let rest = heard.split("body='").nth(1);
    let body = rest.and_then(|rest| rest.split('\'').next());
    body.unwrap_or_else(|| panic!("no body: {heard}"))
        .to_owned()
}

/// What is dropped, in order, and what stays when `messages` come in one write.
fn drops(arguments: &str, messages: &[(&str, u8)]) -> (String, String) {
    let (_broker, mut client) = start();
    client.declare("dead", "");
    let letters = "x-dead-letter-exchange: '', x-dead-letter-routing-key: 'dead'";
    client.declare("q", &format!("{arguments}, {letters}"));
    client.send(&publish(messages));
    client.sync();
    (client.drain("dead").join(" "), client.drain("q").join(" "))
}

const BY_LENGTH: [(&str, u8); 6] = [("a", 1), ("b", 1), ("c", 5), ("d", 9), ("e", 9), ("f", 5)];
const BY_OCTETS: [(&str, u8); 5] = [
    ("aaaa", 1),
    ("bbb", 9),
    ("cc", 1),
    ("dddddddd", 1),
    ("e", 5),
];

#[test]
fn drop_head_drops_the_highest_priority_of_those_that_were_there() {
    for kind in ["x-max-priority: 9", "x-queue-type: 'quorum'"] {
        let dropped = drops(&format!("{kind}, x-max-length: 2"), &BY_LENGTH);
        assert_eq!(dropped, ("c d e f".into(), "a b".into()), "{kind}");
    }
    let dropped = drops("x-max-priority: 9, x-max-length-bytes: 6", &BY_OCTETS);
    assert_eq!(dropped, ("bbb aaaa cc dddddddd".into(), "e".into()));
}

#[test]
fn consumer_that_waits_gets_messages_as_they_come_whatever_their_priority() {
    for kind in ["x-max-priority: 9", "x-queue-type: 'quorum'"] {
        let (_broker, mut client) = start();
        client.declare("q", kind);
        let ok = client.ask("basic.consume queue='q' consumer-tag='t' no-ack");
        assert_eq!(ok, "basic.consume-ok consumer-tag='t'");
        client.send(&publish(&BY_LENGTH));
        let heard: Vec<String> = BY_LENGTH.iter().map(|_| body(&client.hear())).collect();
        assert_eq!(heard.join(" "), "a b c d e f", "{kind}");
    }
}

#[test]
fn rejects_go_back_in_their_own_order() {
    for kind in ["x-max-priority: 9", "x-queue-type: 'quorum'"] {
        let (_broker, mut client) = start();
        client.declare("q", kind);
        assert_eq!(client.ask("basic.qos prefetch-count=3"), "basic.qos-ok");
        let ok = client.ask("basic.consume queue='q' consumer-tag='t'");
        assert_eq!(ok, "basic.consume-ok consumer-tag='t'");
        client.send(&publish(&[("a", 1), ("b", 1), ("c", 1)]));
        let heard: Vec<String> = (0..3).map(|_| body(&client.hear())).collect();
        assert_eq!(heard.join(" "), "a b c");
        client.send(&all_octets(&[
            "basic.reject delivery-tag=3 requeue",
            "basic.reject delivery-tag=2 requeue",
            "basic.reject delivery-tag=1 requeue",
        ]));
        let heard: Vec<String> = (0..3).map(|_| body(&client.hear())).collect();
        assert_eq!(heard.join(" "), "c b a", "{kind}");
    }
}
