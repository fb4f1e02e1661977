//! Messages that consumers and gets hold, as they are shown over HTTP: by whom, and since when.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use leveret::administration::{PermissionDefinition, UserDefinition};
use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::limits::HELD_SEEN_MAX;
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::Client;

const UNACKED: &str = "/api/leveret/queues/%2F/q/messages?state=unacked";

fn broker() -> (Broker, Http, Client) {
    let broker = Broker::builder()
        .management(0)
        .clock(Clock::test())
        .start()
        .unwrap();
    let (http, client) = (Http::of(&broker), Client::new(&broker));
    (broker, http, client)
}

/// Publishes by a client that hears no delivery.
fn publish(broker: &Broker, bodies: &str) {
    let mut client = Client::new(broker);
    for body in bodies.split(' ') {
        client.publish("q", body);
    }
    client.sync();
}

/// Begins to consume and hears `count` deliveries.
fn consume(client: &mut Client, tag: &str, count: usize) {
    client.say(&format!("basic.consume queue='q' consumer-tag='{tag}'"));
    assert!(client.hear().starts_with("basic.consume-ok"));
    for _ in 0..count {
        let heard = client.hear();
        assert!(heard.starts_with("basic.deliver"), "{heard}");
    }
}

/// The answer to a query, which nothing is missing from.
fn unacked(http: &Http, query: &str) -> Json {
    let heard = http.get(&format!("{UNACKED}{query}"));
    assert_eq!(heard.status, 200, "{query}: {}", heard.text());
    let heard = heard.json();
    assert_eq!(heard.get("unanswered"), Some(&json!(0)));
    heard
}

/// One key of each message of an answer.
fn each<'a>(heard: &'a Json, key: &str) -> Vec<&'a Json> {
    let messages = heard.get("messages").and_then(Json::as_array).unwrap();
    messages.iter().map(|one| one.get(key).unwrap()).collect()
}

#[test]
fn unsettled_messages_are_shown_with_who_holds_them_and_since_when() {
    for kind in [
        "x-queue-type: 'classic'",
        "x-queue-type: 'quorum'",
        "x-max-priority: 3",
    ] {
        let (broker, http, mut client) = broker();
        client.declare("q", kind);
        publish(&broker, "a b c");
        client.ask("basic.qos prefetch-count=2");
        consume(&mut client, "eater", 2);
        let first = broker.clock().now().wall.as_millis();
        broker.clock().advance(Duration::from_secs(3));
        let mut other = Client::new(&broker);
        assert!(other.ask("basic.get queue='q'").starts_with("basic.get-ok"));
        let heard = unacked(&http, "");
        assert_eq!(each(&heard, "payload"), ["a", "b", "c"], "{kind}");
        assert_eq!(each(&heard, "position"), [0, 1, 2]);
        assert_eq!(each(&heard, "delivery_tag"), [1, 2, 1]);
        let tags = [json!("eater"), json!("eater"), Json::Null];
        assert_eq!(
            each(&heard, "consumer_tag"),
            tags.iter().collect::<Vec<_>>()
        );
        assert_eq!(each(&heard, "delivered_at"), [first, first, first + 3000]);
        assert_eq!((&heard["next"], &heard["seen"]), (&Json::Null, &json!(3)));
        let places = each(&heard, "channel_details");
        let connections = http.get("/api/connections").json();
        let names: Vec<&Json> = connections
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["name"])
            .collect();
        assert_eq!(places[0]["connection_name"], places[1]["connection_name"]);
        for place in [places[0], places[2]] {
            assert!(names.contains(&&place["connection_name"]), "{place}");
            assert_eq!(
                (&place["user"], &place["number"]),
                (&json!("guest"), &json!(1))
            );
        }
        assert_ne!(places[0]["connection_name"], places[2]["connection_name"]);
        // To look takes nothing, and counts nothing.
        client.say("basic.ack delivery-tag=2 multiple");
        client.sync();
        assert_eq!(each(&unacked(&http, ""), "payload"), ["c"], "{kind}");
    }
}

#[test]
fn a_stream_shows_what_its_readers_have_not_settled() {
    let (broker, http, mut client) = broker();
    client.ask("queue.declare queue='q' durable arguments={x-queue-type: 'stream'}");
    publish(&broker, "a b c");
    client.ask("basic.qos prefetch-count=2");
    client.say("basic.consume queue='q' consumer-tag='r' arguments={x-stream-offset: 'first'}");
    for said in ["basic.consume-ok", "basic.deliver", "basic.deliver"] {
        assert!(client.hear().starts_with(said));
    }
    let heard = unacked(&http, "");
    assert_eq!(each(&heard, "position"), [0, 1]);
    assert_eq!(each(&heard, "consumer_tag"), ["r", "r"]);
}

#[test]
fn a_consumer_that_was_cancelled_still_holds_what_it_had() {
    let (broker, http, mut client) = broker();
    client.declare("q", "");
    publish(&broker, "a");
    consume(&mut client, "c", 1);
    assert!(
        client
            .ask("basic.cancel consumer-tag='c'")
            .starts_with("basic.cancel-ok")
    );
    assert_eq!(each(&unacked(&http, ""), "consumer_tag"), ["c"]);
    client.say("basic.ack delivery-tag=1");
    client.sync();
    assert_eq!(each(&unacked(&http, ""), "payload"), [""; 0]);
}

#[test]
fn what_is_held_is_looked_through_piece_by_piece_and_filtered() {
    let (broker, http, mut client) = broker();
    client.declare("q", "");
    let bodies: Vec<String> = (0..150).map(|n: u32| n.to_string()).collect();
    publish(&broker, &bodies.join(" "));
    let mut clients: Vec<Client> = (0..20).map(|_| Client::new(&broker)).collect();
    for one in &mut clients {
        one.ask("basic.qos prefetch-count=7");
        consume(one, "c", 7);
    }
    for _ in 0..10 {
        assert!(
            client
                .ask("basic.get queue='q'")
                .starts_with("basic.get-ok")
        );
    }
    // Some of one ledger are settled out of order.
    clients[3].say("basic.ack delivery-tag=4");
    clients[3].sync();
    let mut found = Vec::new();
    let mut from = json!("0.0.0");
    while let Some(next) = from.as_str() {
        let heard = unacked(&http, &format!("&count=13&from={next}"));
        let shown = each(&heard, "payload");
        assert!(shown.len() <= 13);
        found.extend(shown.iter().map(|body| body.as_str().unwrap().to_owned()));
        // The bookmark of each leads to it.
        if let Some(own) = each(&heard, "from").last() {
            let again = unacked(&http, &format!("&count=1&from={}", own.as_str().unwrap()));
            assert_eq!(each(&again, "payload").first(), shown.last());
        }
        from = heard["next"].clone();
    }
    assert_eq!(found.len(), 149);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 149, "none is shown twice");
    let wanted = unacked(&http, "&body=%5E1%5B0-4%5D%24&use_regex=true");
    assert_eq!(each(&wanted, "payload").len(), 5);
    assert_eq!(wanted["seen"], 149);
}

#[test]
fn a_long_ledger_is_looked_through_in_several_answers() {
    let (broker, http, mut client) = broker();
    client.declare("q", "");
    client.declare("other", "");
    let many = HELD_SEEN_MAX + 10;
    for _ in 0..many {
        client.say("basic.publish routing-key='other' body=''");
    }
    publish(&broker, "last");
    client.say("basic.consume queue='other' consumer-tag='o'");
    assert!(client.hear().starts_with("basic.consume-ok"));
    for _ in 0..many {
        assert!(client.hear().starts_with("basic.deliver"));
    }
    consume(&mut client, "c", 1);
    let heard = unacked(&http, "");
    assert_eq!(each(&heard, "payload"), ["last"]);
    assert_eq!(each(&heard, "delivery_tag"), [many + 1]);
    let held = consumers(&http, "/api/consumers/%2F?held=true");
    let unknown = held.iter().find(|one| one["consumer_tag"] == "c").unwrap();
    assert_eq!(unknown["oldest_unacknowledged_since"], Json::Null);
    assert_eq!(unknown["messages_unacknowledged"], 1);
}

fn consumers(http: &Http, path: &str) -> Vec<Json> {
    let heard = http.get(path);
    assert_eq!(heard.status, 200, "{}", heard.text());
    let heard = heard.json();
    let list = heard.get("consumer_details").unwrap_or(&heard);
    list.as_array().unwrap().clone()
}

#[test]
fn consumers_show_what_they_hold_since_when_and_their_credit_if_asked() {
    let (broker, http, mut client) = broker();
    client.declare("q", "");
    client.ask("basic.qos prefetch-count=5");
    consume(&mut client, "held", 0);
    client.ask("basic.qos prefetch-count=0");
    let mut idle = Client::new(&broker);
    consume(&mut idle, "idle", 0);
    publish(&broker, "a");
    let first = broker.clock().now().wall.as_millis();
    let heard = client.hear();
    assert!(heard.contains("body='a'"), "{heard}");
    broker.clock().advance(Duration::from_secs(5));
    publish(&broker, "b c");
    let keys = [
        "messages_unacknowledged",
        "oldest_unacknowledged_since",
        "credit",
    ];
    for path in ["/api/consumers", "/api/consumers/%2F", "/api/queues/%2F/q"] {
        for one in consumers(&http, path) {
            assert!(
                keys.iter().all(|key| one.get(key).is_none()),
                "{path}: {one}"
            );
        }
        let mut held = consumers(&http, &format!("{path}?held=true"));
        held.sort_by_key(|one| one["consumer_tag"].to_string());
        let shown: Vec<Json> = held
            .iter()
            .map(|one| {
                json!([
                    one["consumer_tag"],
                    one[keys[0]],
                    one[keys[1]],
                    one[keys[2]]
                ])
            })
            .collect();
        let counts: Vec<u64> = held
            .iter()
            .map(|one| one[keys[0]].as_u64().unwrap())
            .collect();
        assert_eq!(counts.iter().sum::<u64>(), 3, "{path}: {shown:?}");
        assert_eq!(held[0][keys[1]], first, "{path}: {shown:?}");
        assert_eq!(held[0][keys[2]], 5 - counts[0], "{path}: {shown:?}");
        assert_eq!(held[1][keys[2]], Json::Null, "{path}: {shown:?}");
    }
}

#[test]
fn a_shared_limit_of_the_channel_bounds_the_credit() {
    let broker = Broker::builder().management(0).start().unwrap();
    let (http, mut client) = (Http::of(&broker), Client::new(&broker));
    client.declare("q", "");
    client.ask("basic.qos prefetch-count=3 global");
    client.ask("basic.qos prefetch-count=9");
    consume(&mut client, "c", 0);
    publish(&broker, "a");
    let held = consumers(&http, "/api/consumers?held=true");
    assert_eq!((held[0]["credit"].as_u64(), held.len()), (Some(2), 1));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let (broker, http, mut client) = broker();
    client.declare("q", "");
    for (query, status) in [
        ("&from=1.1", 400),
        ("&from=1.1.x", 400),
        ("&from=1.1.1.1", 400),
        ("&count=0", 400),
        ("&body=(&use_regex=true", 400),
    ] {
        let heard = http.get(&format!("{UNACKED}{query}"));
        assert_eq!(heard.status, status, "{query}: {}", heard.text());
    }
    let other = UNACKED.replace("unacked", "lost");
    assert_eq!(http.get(&other).status, 400);
    let missing = UNACKED.replace("/q/", "/none/");
    assert_eq!(http.get(&missing).status, 404);
    let administration = broker.desk().administration();
    let user = UserDefinition::new("m", "m").tags(["management"]);
    administration.put_user(&user).unwrap().unwaited();
    let rights = PermissionDefinition::new("m", "/").read("^other$");
    administration.put_permission(&rights).unwrap().unwaited();
    assert_eq!(http.by("m", "m").get(UNACKED).status, 401);
}
