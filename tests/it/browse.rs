//! Messages that are looked at over HTTP where they wait.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::{Broker, NewMessage, QueueDefinition};
use leveret::internals::limits::{HTTP_BROWSE_MAX, HTTP_BROWSE_SEEN};
use serde_json::{Value as Json, json};

use crate::http::Http;

const MESSAGES: &str = "/api/leveret/queues/%2F/q/messages";

fn broker() -> (Broker, Http) {
    let broker = Broker::builder().management(0).start().unwrap();
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    let http = Http::of(&broker);
    (broker, http)
}

fn publish(http: &Http, properties: &Json, payload: &str, encoding: &str) {
    let body = json!({
        "routing_key": "q", "properties": properties, "payload": payload,
        "payload_encoding": encoding,
    });
    let path = "/api/exchanges/%2F/amq.default/publish";
    let heard = http.ask("POST", path, &body.to_string());
    assert_eq!(heard.json(), json!({"routed": true}));
}

/// The bodies of those that a query shows.
fn shown(http: &Http, query: &str) -> Vec<String> {
    let heard = http.get(&format!("{MESSAGES}?{query}"));
    assert_eq!(heard.status, 200, "{query}: {}", heard.text());
    let all = heard.json();
    let messages = all.get("messages").and_then(Json::as_array).unwrap();
    let body = |message: &Json| message["payload"].as_str().unwrap().to_owned();
    messages.iter().map(body).collect()
}

#[test]
fn messages_are_shown_where_they_wait_and_stay_as_they_are() {
    let (broker, http) = broker();
    let headers = json!({"headers": {"n": 1}, "expiration": "60000", "delivery_mode": 2});
    publish(&http, &headers, "first", "string");
    publish(&http, &json!({}), "/wA=", "base64");
    let heard = http.get(MESSAGES).json();
    let left = heard["messages"][0]["expires_in"].as_u64().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
    assert_eq!(
        heard,
        json!({"messages": [
            {"from": "256.0", "position": 0, "payload_bytes": 5, "redelivered": false,
             "exchange": "", "routing_key": "q", "delivery_count": 0, "stored": false,
             "expires_in": left,
             "properties": headers, "payload": "first", "payload_encoding": "string"},
            {"from": "256.1", "position": 1, "payload_bytes": 2, "redelivered": false,
             "exchange": "", "routing_key": "q", "delivery_count": 0, "stored": false,
             "expires_in": null,
             "properties": [], "payload": "/wA=", "payload_encoding": "base64"},
        ], "next": null, "seen": 2})
    );
    let cut = http.get(&format!("{MESSAGES}?truncate=2&encoding=base64&count=1"));
    assert_eq!(cut.json()["messages"][0]["payload"], "Zmk=");
    let counts = broker.vhost("/").unwrap().counts("q").unwrap();
    assert_eq!((counts.ready, counts.unacked), (2, 0));
    let stats = http.get("/api/queues/%2F/q?columns=message_stats.deliver_get,message_stats.get");
    assert_eq!(stats.json(), json!([]), "nothing was got");
}

#[test]
fn messages_are_found_by_what_is_in_them() {
    let (_broker, http) = broker();
    let red = json!({"headers": {"colour": "Red", "n": 17}, "message_id": "a-1", "priority": 3});
    publish(&http, &red, "An order for Ada", "string");
    let blue = json!({"headers": {"colour": "blue"}, "message_id": "b-2"});
    publish(&http, &blue, "A bill for Bob", "string");
    publish(&http, &json!({}), "Nothing", "string");
    let (ada, bob) = ("An order for Ada", "A bill for Bob");
    for (query, wanted) in [
        ("body=ORDER", &[ada][..]),
        ("body=for+(Ada|Bob)&use_regex=true", &[ada, bob]),
        ("body=for+(ada|bob)&use_regex=true", &[]),
        ("body=(", &[]),
        ("header=colour", &[ada, bob]),
        ("header=colour:red", &[ada]),
        ("header=n:17", &[ada]),
        ("header=size", &[]),
        ("property=message_id:-2", &[bob]),
        ("property=priority:3", &[ada]),
        ("property=priority", &[ada]),
        ("header=colour&property=message_id:b&body=bill", &[bob]),
        ("routing_key=Q", &[ada, bob, "Nothing"]),
        ("exchange=other", &[]),
    ] {
        assert_eq!(shown(&http, query), wanted, "{query}");
    }
}

#[test]
fn a_queue_is_looked_through_piece_by_piece() {
    let (broker, http) = broker();
    let vhost = broker.vhost("/").unwrap();
    for n in 0..200 {
        let body = n.to_string().into_bytes();
        vhost
            .publish(&NewMessage::to_queue("q").body(body))
            .unwrap();
    }
    let (mut bodies, mut from) = (Vec::new(), "0.0".to_owned());
    loop {
        let query = format!("count=77&from={from}");
        bodies.extend(shown(&http, &query));
        let next = http.get(&format!("{MESSAGES}?{query}")).json()["next"].clone();
        let Some(next) = next.as_str() else { break };
        next.clone_into(&mut from);
    }
    let all: Vec<_> = (0..200).map(|n| n.to_string()).collect();
    assert_eq!(bodies, all);
}

/// What `from` says of the messages of an answer.
fn links(answer: &Json) -> Vec<String> {
    let messages = answer["messages"].as_array().unwrap();
    let link = |message: &Json| message["from"].as_str().unwrap().to_owned();
    messages.iter().map(link).collect()
}

#[test]
fn each_message_has_a_link_that_leads_to_it() {
    let (broker, http) = broker();
    let vhost = broker.vhost("/").unwrap();
    let of_priorities = QueueDefinition::new("p").argument("x-max-priority", 5i64);
    vhost.declare_queue(&of_priorities).unwrap();
    let stream = QueueDefinition::new("s").durable();
    let stream = stream.argument("x-queue-type", "stream");
    vhost.declare_queue(&stream).unwrap();
    for (queue, priority) in ["q", "p", "s"]
        .into_iter()
        .flat_map(|q| [(q, 1), (q, 4), (q, 1)])
    {
        let message = NewMessage::to_queue(queue).priority(priority);
        vhost.publish(&message.body("x".to_owned())).unwrap();
    }
    for queue in ["q", "p", "s"] {
        let path = format!("/api/leveret/queues/%2F/{queue}/messages");
        let all = http.get(&path).json();
        let links = links(&all);
        assert_eq!(links.len(), 3);
        for (link, message) in links.iter().zip(all["messages"].as_array().unwrap()) {
            let one = http.get(&format!("{path}?count=1&from={link}")).json();
            assert_eq!(one["messages"], json!([message]), "{queue} {link}");
        }
    }
    // What is taken in front of a message does not move it.
    let all = http.get(MESSAGES).json();
    let body = json!({"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"});
    http.ask("POST", "/api/queues/%2F/q/get", &body.to_string());
    let second = links(&all).remove(1);
    let found = http
        .get(&format!("{MESSAGES}?count=1&from={second}"))
        .json();
    assert_eq!(found["messages"][0], all["messages"][1]);
}

#[test]
fn a_text_is_cut_between_two_characters() {
    let (_broker, http) = broker();
    publish(&http, &json!({}), "aä€", "string");
    publish(&http, &json!({}), "YeQo", "base64");
    for (octets, wanted) in [(1, "a"), (2, "a"), (3, "aä"), (5, "aä"), (6, "aä€")] {
        assert_eq!(
            shown(&http, &format!("count=1&truncate={octets}")),
            [wanted]
        );
    }
    // Octets that are no text are shown as what they are.
    let all = shown(&http, "truncate=3");
    assert_eq!(all.last().unwrap(), "YeQo");
    let heard = http.get(&format!("{MESSAGES}?count=1&truncate=2&encoding=base64"));
    assert_eq!(heard.json()["messages"][0]["payload"], "YcM=");
}

#[test]
fn an_answer_stops_where_headers_have_used_up_its_room() {
    let (_broker, http) = broker();
    let wide = json!({"headers": {"wide": "x".repeat(60_000)}});
    for n in 0..40 {
        publish(&http, &wide, &n.to_string(), "string");
    }
    let (mut bodies, mut from, mut answers) = (Vec::new(), "0.0".to_owned(), 0);
    loop {
        let heard = http.get(&format!("{MESSAGES}?from={from}"));
        assert!(
            heard.text().len() < 1024 * 1024 + 100,
            "{}",
            heard.text().len()
        );
        answers += 1;
        let answer = heard.json();
        let messages = answer["messages"].as_array().unwrap();
        assert_eq!(answer["seen"], messages.len());
        bodies.extend(messages.iter().map(|one| one["payload"].clone()));
        let Some(next) = answer["next"].as_str() else {
            break;
        };
        next.clone_into(&mut from);
    }
    let all: Vec<_> = (0..40).map(|n| json!(n.to_string())).collect();
    assert_eq!((bodies, answers), (all, 3));
}

#[test]
fn what_is_searched_has_an_end() {
    let (broker, http) = broker();
    let vhost = broker.vhost("/").unwrap();
    let mut body = vec![b' '; 1024 * 1024];
    body.extend_from_slice(b"behind");
    body.splice(..2, *b"in");
    let message = NewMessage::to_queue("q").body(body);
    vhost.publish(&message).unwrap();
    assert_eq!(shown(&http, "body=IN&truncate=2"), ["in"]);
    assert_eq!(shown(&http, "body=behind").len(), 0);
    // A pattern that would take long is refused; a text of any length that is taken is not.
    let heard = http.get(&format!("{MESSAGES}?use_regex=true&body=%5Cw%7B100%7D"));
    assert!(
        heard.text().contains("exceeds size limit"),
        "{}",
        heard.text()
    );
    let long = "%C3%84".repeat(500);
    assert_eq!(shown(&http, &format!("body={long}")).len(), 0);
}

#[test]
fn one_request_looks_at_so_many_messages_at_most() {
    let (broker, http) = broker();
    let vhost = broker.vhost("/").unwrap();
    let (seen_max, octets_max) = HTTP_BROWSE_SEEN;
    let message = NewMessage::to_queue("q").body("no".to_owned());
    for _ in 0..=seen_max {
        vhost.publish(&message).unwrap();
    }
    vhost
        .publish(&NewMessage::to_queue("q").body("yes".to_owned()))
        .unwrap();
    let first = http.get(&format!("{MESSAGES}?body=yes")).json();
    assert_eq!(
        (&first["messages"], &first["seen"]),
        (&json!([]), &json!(seen_max))
    );
    let next = first["next"].as_str().unwrap();
    assert_eq!(shown(&http, &format!("body=yes&from={next}")), ["yes"]);
    vhost.purge_queue("q").unwrap();
    let octets = usize::try_from(octets_max / 4).unwrap();
    for _ in 0..6 {
        vhost
            .publish(&NewMessage::to_queue("q").body(vec![0; octets]))
            .unwrap();
    }
    assert_eq!(http.get(&format!("{MESSAGES}?body=yes")).json()["seen"], 4);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let (_broker, http) = broker();
    let many = HTTP_BROWSE_MAX + 1;
    for (query, why) in [
        (
            "from=x",
            "from is no bookmark: use what next said in an answer before".to_owned(),
        ),
        (
            "count=0",
            format!("count must be from 1 to {HTTP_BROWSE_MAX}"),
        ),
        (
            &format!("count={many}"),
            format!("count must be from 1 to {HTTP_BROWSE_MAX}"),
        ),
        ("count=x", "count is no whole number: x".to_owned()),
        (
            "encoding=x",
            "Unsupported encoding. Please use auto or base64.".to_owned(),
        ),
    ] {
        let heard = http.get(&format!("{MESSAGES}?{query}"));
        let wanted = json!({"error": "bad_request", "reason": why});
        assert_eq!((heard.status, heard.json()), (400, wanted), "{query}");
    }
    let heard = http.get(&format!("{MESSAGES}?body=(&use_regex=true"));
    assert!(
        heard.text().contains("body is no regular expression: "),
        "{}",
        heard.text()
    );
    let heard = http.get(&format!("{MESSAGES}?property=colour"));
    assert!(
        heard.text().contains("property is none of app_id, "),
        "{}",
        heard.text()
    );
    let missing = http.get("/api/leveret/queues/%2F/missing/messages");
    assert_eq!(
        (missing.status, missing.json()["reason"].as_str()),
        (404, Some("queue_not_found"))
    );
}
