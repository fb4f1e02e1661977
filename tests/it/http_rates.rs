//! Counts and rates over HTTP: a count is there in the very next request, a rate a second later.
//!
//! The clock is the test's: nothing here waits.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::time::Duration;

use leveret::broker::Broker;
use leveret::clock::Clock;
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::Client;

fn broker() -> Broker {
    let builder = Broker::builder().management(0).prometheus(0);
    builder.clock(Clock::test()).start().unwrap()
}

fn pass(broker: &Broker, seconds: u64) {
    broker.clock().advance(Duration::from_secs(seconds));
}

/// A name as it stands in a path.
fn in_path(name: &Json) -> String {
    let name = name.as_str().unwrap();
    name.replace(' ', "%20").replace('>', "%3E")
}

/// A queue `q` bound to an exchange `x`.
fn furnished(broker: &Broker) -> Client {
    let mut client = Client::new(broker);
    client.ask("exchange.declare exchange='x' type='fanout'");
    client.declare("q", "");
    client.ask("queue.bind queue='q' exchange='x'");
    client.ask("confirm.select");
    client
}

/// Publishes one, and hears that it is confirmed.
fn publish(client: &mut Client) {
    client.say("basic.publish exchange='x' body='1'");
    let heard = client.hear();
    assert!(heard.starts_with("basic.ack"), "{heard}");
}

fn pair(object: &Json, key: &str) -> (u64, f64) {
    let rate = &object[format!("{key}_details")]["rate"];
    (object[key].as_u64().unwrap(), rate.as_f64().unwrap())
}

/// Every object that counts messages, as it stands alone and in each list.
fn counting(http: &Http) -> Vec<(String, Json, &'static str)> {
    let connection = http.get("/api/connections").json()[0]["name"].clone();
    let channel = in_path(&json!(format!("{} (1)", connection.as_str().unwrap())));
    let named = |list: &Json, name: &str| {
        let mut items = list.as_array().unwrap().iter();
        items.find(|one| one["name"] == name).unwrap().clone()
    };
    let mut found = Vec::new();
    for (list, name, counter) in [
        ("/api/queues", "q", "publish"),
        ("/api/queues/detailed", "q", "publish"),
        ("/api/queues/%2F", "q", "publish"),
        ("/api/exchanges", "x", "publish_in"),
        ("/api/exchanges/%2F", "x", "publish_out"),
        ("/api/vhosts", "/", "publish"),
    ] {
        let object = named(&http.get(list).json(), name);
        found.push((list.to_owned(), object["message_stats"].clone(), counter));
    }
    for (path, counter) in [
        ("/api/queues/%2F/q", "publish"),
        ("/api/exchanges/%2F/x", "publish_out"),
        ("/api/vhosts/%2F", "confirm"),
        ("/api/overview", "confirm"),
        (&format!("/api/channels/{channel}"), "confirm"),
    ] {
        let object = http.get(path).json();
        found.push((path.to_owned(), object["message_stats"].clone(), counter));
    }
    let list = http.get("/api/channels").json();
    found.push((
        "/api/channels".into(),
        list[0]["message_stats"].clone(),
        "publish",
    ));
    found
}

#[test]
fn a_count_is_there_at_once_and_its_rate_after_a_second() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut client = furnished(&broker);
    for (path, stats, _) in counting(&http) {
        let nothing = if path == "/api/overview" { 2 } else { 0 };
        let keys = stats.as_object().map_or(0, |stats| stats.len() / 2);
        assert_eq!(keys, nothing, "{path} before the first message: {stats}");
    }
    for count in 1..=3 {
        publish(&mut client);
        for (path, stats, counter) in counting(&http) {
            assert_eq!(pair(&stats, counter), (count, 0.0), "{path} {counter}");
        }
    }
    pass(&broker, 1);
    for (path, stats, counter) in counting(&http) {
        let (count, rate) = pair(&stats, counter);
        assert!(count == 3 && rate == 3.0, "{path} {counter} {rate}");
    }
    for path in ["/api/queues/%2F/q", "/api/vhosts/%2F"] {
        let held = pair(&http.get(path).json(), "messages_ready");
        assert_eq!(held, (3, 3.0), "{path}");
    }
    let overview = http.get("/api/overview").json();
    assert_eq!(pair(&overview["queue_totals"], "messages"), (3, 3.0));
    pass(&broker, 10);
    for (path, stats, counter) in counting(&http) {
        assert_eq!(pair(&stats, counter), (3, 0.0), "{path} {counter}");
    }
}

#[test]
fn octets_and_what_comes_and_goes_have_rates_too() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut client = furnished(&broker);
    let connection = http.get("/api/connections").json()[0].clone();
    let vhost = http.get("/api/vhosts/%2F").json();
    let churn = http.get("/api/overview").json()["churn_rates"].clone();
    assert_eq!(pair(&churn, "queue_declared"), (1, 0.0));
    let (octets, none) = pair(&connection, "recv_oct");
    assert_eq!((pair(&vhost, "recv_oct"), none), ((octets, 0.0), 0.0));
    client.declare("other", "");
    client.ask("queue.delete queue='other'");
    pass(&broker, 1);
    let path = format!("/api/connections/{}", in_path(&connection["name"]));
    for object in [
        http.get(&path).json(),
        http.get("/api/connections").json()[0].clone(),
        http.get("/api/vhosts/%2F").json(),
    ] {
        for key in ["recv_oct", "send_oct"] {
            let (count, rate) = pair(&object, key);
            assert!(count > pair(&connection, key).0 && rate > 0.0, "{key}");
        }
    }
    let churn = http.get("/api/overview").json()["churn_rates"].clone();
    for key in ["queue_declared", "queue_created"] {
        assert_eq!(pair(&churn, key), (2, 1.0), "{key}");
    }
    assert_eq!(pair(&churn, "queue_deleted"), (1, 1.0));
}

#[test]
fn samples_are_those_of_the_windows_that_are_asked_for() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut client = furnished(&broker);
    let windows = "?lengths_age=10&lengths_incr=5&msg_rates_age=10&msg_rates_incr=5";
    let path = format!("/api/queues/%2F/q{windows}");
    http.get(&path);
    for _ in 0..20 {
        publish(&mut client);
        pass(&broker, 1);
    }
    let queue = http.get(&path).json();
    let now = broker.clock().now().wall.as_millis();
    let of = |details: &Json| -> Vec<(u64, u64)> {
        let samples = details["samples"].as_array().unwrap().iter();
        let number = |one: &Json, key| one[key].as_u64().unwrap();
        samples
            .map(|one| (number(one, "timestamp"), number(one, "sample")))
            .collect()
    };
    let published = &queue["message_stats"]["publish_details"];
    let samples = of(published);
    let newest = now - now % 5_000;
    let times: Vec<u64> = samples.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [newest, newest - 5_000, newest - 10_000]);
    let (last, first) = (samples[0].1, samples[2].1);
    assert_eq!(last - first, 10);
    assert_eq!(
        (&published["rate"], &published["avg_rate"]),
        (&json!(1.0), &json!(1.0))
    );
    let sum: u64 = samples.iter().map(|(_, sample)| *sample).sum();
    assert_eq!(published["avg"], json!(sum as f64 / 3.0));
    // What a queue holds goes up to now.
    let held = of(&queue["messages_details"]);
    assert_eq!(held[0], (now.next_multiple_of(5_000), 20));
    let octets = &queue["reductions_details"];
    assert_eq!(
        octets,
        &json!({"rate": 0.0}),
        "no samples of data were asked for"
    );
    for path in [
        "/api/overview",
        "/api/exchanges/%2F/x",
        "/api/vhosts/%2F",
        "/api/nodes",
    ] {
        let asked = format!("{path}?lengths_age=10&lengths_incr=0");
        let refused = json!({"error": "bad_request",
            "reason": "Invalid range parameters: age 10, incr 0"});
        let heard = http.get(&asked);
        assert_eq!((heard.status, heard.json()), (400, refused), "{path}");
    }
}

/// RabbitMQ has looked before. What is shown of the time before the first question is what was
/// found then, and nothing before the broker was there.
#[test]
fn history_begins_with_the_first_question() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut client = furnished(&broker);
    pass(&broker, 60);
    for _ in 0..3 {
        publish(&mut client);
    }
    pass(&broker, 30);
    let path = "/api/exchanges/%2F/x?msg_rates_age=120&msg_rates_incr=10";
    let exchange = http.get(path).json();
    let published = &exchange["message_stats"]["publish_in_details"];
    let samples = published["samples"].as_array().unwrap().iter();
    let samples: Vec<u64> = samples.map(|one| one["sample"].as_u64().unwrap()).collect();
    assert_eq!(samples.len(), 13);
    let (since, before) = samples.split_at(9);
    assert!(since.iter().all(|sample| *sample == 3), "{samples:?}");
    assert!(before.ends_with(&[0, 0, 0]), "{samples:?}");
    assert_eq!(published["rate"], 0.0);
}

#[test]
fn an_answer_has_a_limit_of_samples() {
    let broker = broker();
    let http = Http::of(&broker);
    let _client = furnished(&broker);
    let ask = |age| http.get(&format!("/api/overview?lengths_age={age}&lengths_incr=1"));
    let overview = ask("500").json();
    let samples = &overview["queue_totals"]["messages_details"]["samples"];
    assert_eq!(samples.as_array().unwrap().len(), 501);
    for age in ["501", "1000000", "99999999999999999999999"] {
        assert_eq!(ask(age).status, 400, "{age}");
    }
}

/// A user who is no monitor sees sums over the virtual hosts that are open to that user.
#[test]
fn an_overview_has_what_its_user_may_see() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut client = furnished(&broker);
    for (path, body) in [
        ("/api/vhosts/own", "{}"),
        ("/api/users/u", r#"{"password": "p", "tags": "management"}"#),
        (
            "/api/permissions/own/u",
            r#"{"configure": ".*", "write": ".*", "read": ".*"}"#,
        ),
    ] {
        assert_eq!(http.ask("PUT", path, body).status, 201, "{path}");
    }
    let own = http.by("u", "p");
    assert_eq!(own.get("/api/overview").json()["queue_totals"], json!({}));
    assert_eq!(http.ask("PUT", "/api/queues/own/q", "{}").status, 201);
    let seen = |http: &Http| {
        let overview = http.get("/api/overview").json();
        pair(&overview["queue_totals"], "messages")
    };
    assert_eq!((seen(&own), seen(&http)), ((0, 0.0), (0, 0.0)));
    publish(&mut client);
    let message = r#"{"routing_key": "q", "payload": "x", "payload_encoding": "string",
        "properties": {}}"#;
    for _ in 0..2 {
        let path = "/api/exchanges/own/amq.default/publish";
        assert_eq!(http.ask("POST", path, message).status, 200);
    }
    pass(&broker, 1);
    assert_eq!((seen(&own), seen(&http)), ((2, 2.0), (3, 3.0)));
    let overview = own.get("/api/overview").json();
    assert_eq!(pair(&overview["message_stats"], "publish"), (2, 2.0));
    assert_eq!(pair(&overview["churn_rates"], "queue_created"), (2, 1.0));
    assert_eq!(overview["listeners"], Json::Null);
}

/// Seen: RabbitMQ 4.3.6, `GET /api/connections?disable_stats=true`.
const CONNECTION_KEYS: &str = "auth_mechanism channel_max client_properties connected_at frame_max \
    host name node peer_cert_issuer peer_cert_serial_number peer_cert_subject peer_cert_validity \
    peer_host peer_port port protocol ssl ssl_cipher ssl_hash ssl_key_exchange ssl_protocol \
    timeout type user user_who_performed_action vhost";

/// Seen: RabbitMQ 4.3.6, `GET /api/channels?disable_stats=true`.
const CHANNEL_KEYS: &str =
    "connection_details name node number user user_who_performed_action vhost";

#[test]
fn a_channel_is_idle_a_second_after_its_last_use() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut client = furnished(&broker);
    let idle_since = || {
        http.get("/api/channels").json()[0]
            .get("idle_since")
            .cloned()
    };
    publish(&mut client);
    assert_eq!(idle_since(), None);
    pass(&broker, 1);
    assert!(idle_since().is_some_and(|since| since.is_string()));
    publish(&mut client);
    assert_eq!(idle_since(), None);
}

#[test]
fn no_figures_are_shown_if_they_are_off() {
    let broker = broker();
    let http = Http::of(&broker);
    let _client = furnished(&broker);
    let keys = |object: &Json| {
        let keys = object.as_object().unwrap().keys();
        keys.map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (list, expected) in [
        ("/api/connections", CONNECTION_KEYS),
        ("/api/channels", CHANNEL_KEYS),
    ] {
        let listed = http.get(&format!("{list}?disable_stats=true")).json();
        assert_eq!(keys(&listed[0]), words(expected));
        let path = format!("{list}/{}?disable_stats=true", in_path(&listed[0]["name"]));
        assert_eq!(keys(&http.get(&path).json()), words(expected));
    }
    // RabbitMQ does not ask there.
    let connection = in_path(&http.get("/api/connections").json()[0]["name"]);
    for path in [
        "/api/vhosts/%2F/connections".to_owned(),
        format!("/api/connections/{connection}/channels"),
    ] {
        let listed = http.get(&format!("{path}?disable_stats=true")).json();
        assert!(listed[0].get("reductions").is_some(), "{path}");
    }
}
