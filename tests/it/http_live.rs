//! Connections, channels, consumers and health over HTTP: what no script can say.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;
use leveret::internals::alarms::Alarm;
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::Client;

fn broker() -> Broker {
    Broker::builder().management(0).start().unwrap()
}

/// A name as it stands in a path.
fn in_path(name: &Json) -> String {
    let name = name.as_str().unwrap();
    name.replace(' ', "%20").replace('>', "%3E")
}

fn keys(object: &Json) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// Seen: RabbitMQ 4.3.6, `GET /api/connections` for a client without TLS that names itself.
const CONNECTION_KEYS: &str = "auth_mechanism channel_max channels client_properties connected_at \
    frame_max garbage_collection host name node peer_cert_issuer peer_cert_serial_number \
    peer_cert_subject peer_cert_validity peer_host peer_port port protocol recv_cnt recv_oct \
    recv_oct_details reductions reductions_details send_cnt send_oct send_oct_details send_pend \
    ssl ssl_cipher ssl_hash ssl_key_exchange ssl_protocol state timeout type user \
    user_who_performed_action vhost";

/// Seen: RabbitMQ 4.3.6, `GET /api/channels` for a channel that has been used.
const CHANNEL_KEYS: &str = "acks_uncommitted cached_segments confirm connection_details \
    consumer_count garbage_collection message_stats messages_unacknowledged messages_uncommitted \
    messages_unconfirmed name node number pending_raft_commands prefetch_count reductions \
    reductions_details state transactional user user_who_performed_action vhost";

/// Seen: RabbitMQ 4.3.6, `GET /api/consumers`.
const CONSUMER_KEYS: &str = "ack_required active activity_status arguments channel_details \
    consumer_tag consumer_timeout exclusive prefetch_count queue";

#[test]
fn what_a_client_does_is_seen_in_the_next_request() {
    let broker = broker();
    let http = Http::of(&broker);
    assert_eq!(http.get("/api/connections").json(), json!([]));
    let mut client = Client::new(&broker);
    client.declare("q", "");
    client.publish("q", "x");
    client.ask("basic.qos prefetch-count=5");
    client.ask("basic.consume queue='q' consumer-tag='t'");
    client.hear();
    let list = http.get("/api/connections").json();
    let connection = &list[0];
    assert_eq!(keys(connection).join(" "), words(CONNECTION_KEYS));
    assert_eq!(
        (&connection["ssl_hash"], &connection["channels"]),
        (&Json::Null, &json!(1))
    );
    let path = format!("/api/connections/{}", in_path(&connection["name"]));
    let alone = http.get(&path).json();
    assert_eq!(keys(&alone), keys(connection));
    assert_eq!(alone["ssl_hash"], "");
    let channels = http.get("/api/channels").json();
    let mut channel = channels[0].clone();
    channel.as_object_mut().unwrap().remove("idle_since");
    assert_eq!(keys(&channel).join(" "), words(CHANNEL_KEYS));
    let shown = [
        "messages_unacknowledged",
        "prefetch_count",
        "consumer_count",
        "number",
    ];
    assert_eq!(
        shown.map(|key| channel[key].as_u64().unwrap()),
        [1, 5, 1, 1]
    );
    let stats = &channel["message_stats"];
    assert_eq!(
        (&stats["publish"], &stats["deliver"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(http.get(&format!("{path}/channels")).json(), channels);
    let path = format!("/api/channels/{}", in_path(&channel["name"]));
    let consumers = http.get("/api/consumers").json();
    assert_eq!(keys(&consumers[0]).join(" "), words(CONSUMER_KEYS));
    assert_eq!(http.get(&path).json()["consumer_details"], consumers);
    assert_eq!(http.get("/api/consumers/%2F").json(), consumers);
    let details = &consumers[0]["channel_details"];
    assert_eq!(details["name"], channel["name"]);
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_connection_is_closed_with_the_reason_that_is_given() {
    let broker = broker();
    let http = Http::of(&broker);
    for (header, text) in [
        ("x-reason: because\r\n", "CONNECTION_FORCED - because"),
        ("", "CONNECTION_FORCED - Closed via management plugin"),
    ] {
        let mut client = Client::new(&broker);
        let name = http.get("/api/connections").json()[0]["name"].clone();
        let path = format!("/api/connections/{}", in_path(&name));
        let heard = http.ask_with(("DELETE", &path), header, "");
        assert_eq!(heard.status, 204, "{heard:?}");
        let said = client.hear();
        assert!(said.contains(text), "{said}");
        assert!(said.contains("320"), "{said}");
        client.leave();
        crate::talker::eventually("it is gone", || http.ask("DELETE", &path, "").status == 404);
    }
    let mut client = Client::new(&broker);
    assert_eq!(
        http.get("/api/connections/username/guest")
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let all = ("DELETE", "/api/connections/username/guest");
    assert_eq!(http.ask_with(all, "x-reason: all\r\n", "").status, 204);
    assert!(client.hear().contains("CONNECTION_FORCED - all"));
}

#[test]
fn others_do_not_see_or_close_what_is_not_theirs() {
    let broker = broker();
    let http = Http::of(&broker);
    let administration = broker.desk().administration();
    administration.add_user("m", "m").unwrap().unwaited();
    let tags = vec!["management".to_owned()];
    administration.set_tags("m", tags).unwrap().unwaited();
    let mut client = Client::new(&broker);
    client.sync();
    let name = http.get("/api/connections").json()[0]["name"].clone();
    let path = format!("/api/connections/{}", in_path(&name));
    let other = http.by("m", "m");
    assert_eq!(other.get("/api/connections").json(), json!([]));
    assert_eq!(other.get("/api/channels").json(), json!([]));
    let refused = r#"{"error":"not_authorised","reason":"User not authorised to access object"}"#;
    for method in ["GET", "DELETE"] {
        let heard = other.ask(method, &path, "");
        assert_eq!((heard.status, heard.text()), (401, refused), "{method}");
    }
    client.sync();
}

#[test]
fn health_is_what_it_is() {
    let broker = broker();
    let http = Http::of(&broker);
    let port = broker.listeners()[0].addresses[0].port();
    let listening = http.get(&format!("/api/health/checks/port-listener/{port}"));
    assert_eq!(listening.json(), json!({"status": "ok", "port": port}));
    let silent = http.get("/api/health/checks/port-listener/1");
    assert_eq!((silent.status, &silent.json()["missing"]), (503, &json!(1)));
    let protocol = |names: &str| {
        let heard = http.get(&format!("/api/health/checks/protocol-listener/{names}"));
        (heard.status, heard.json()["missing"].clone())
    };
    assert_eq!(protocol("amqp"), (200, Json::Null));
    assert_eq!(protocol("AMQP091,http"), (200, Json::Null));
    assert_eq!(protocol("amqp,mqtt"), (503, json!(["mqtt"])));
    let administration = broker.desk().administration();
    administration.set_alarm(Alarm::Memory, true).unwrap();
    let reasons = [
        ("alarms", "There are alarms in effect in the cluster"),
        ("local-alarms", "There are alarms in effect on the node"),
    ];
    for (check, reason) in reasons {
        let heard = http.get(&format!("/api/health/checks/{check}"));
        assert_eq!(heard.status, 503);
        let body = heard.json();
        assert_eq!(
            (&body["status"], &body["reason"]),
            (&json!("failed"), &json!(reason))
        );
        assert_eq!(body["alarms"][0]["resource"], "memory");
    }
    let serving = http.get("/api/health/checks/ready-to-serve-clients");
    assert_eq!(serving.status, 200, "as RabbitMQ under an alarm");
    administration.set_alarm(Alarm::Memory, false).unwrap();
    assert_eq!(http.get("/api/health/checks/alarms").status, 200);
}

/// Asks for something that is done.
fn done(http: &Http, method: &str, path: &str, body: &str) {
    let json = "content-type: application/json\r\n";
    let heard = http.ask_with((method, path), json, body);
    assert!(heard.status < 300, "{path}: {heard:?}");
}

/// Publishes an empty message to a queue.
fn publish_to(http: &Http, queue: &str) {
    let body = json!({
        "properties": {},
        "routing_key": queue,
        "payload": "",
        "payload_encoding": "string",
    });
    let path = "/api/exchanges/%2F/amq.default/publish";
    done(http, "POST", path, &body.to_string());
}

#[test]
fn a_quorum_queue_counts_entries() {
    let broker = broker();
    let http = Http::of(&broker);
    let quorum = r#"{"durable":true,"arguments":{"x-queue-type":"quorum"}}"#;
    done(&http, "PUT", "/api/queues/%2F/k", quorum);
    let index = || http.get("/api/queues/quorum/%2F/k/status").json()[0]["Last Log Index"].clone();
    assert_eq!(index(), 0);
    publish_to(&http, "k");
    publish_to(&http, "k");
    assert_eq!(index(), 2);
    let get = r#"{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}"#;
    done(&http, "POST", "/api/queues/%2F/k/get", get);
    assert_eq!(index(), 3);
}

#[test]
fn a_reset_keeps_counters() {
    let broker = broker();
    let http = Http::of(&broker);
    done(&http, "PUT", "/api/queues/%2F/q", r#"{"durable":true}"#);
    publish_to(&http, "q");
    done(&http, "DELETE", "/api/reset", "");
    let queue = http.get("/api/queues/%2F/q").json();
    assert_eq!(queue["message_stats"]["publish"], 1);
    assert_eq!(queue["messages"], 1);
}
