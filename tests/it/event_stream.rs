//! Changes of the broker as they happen: server-sent events of the management API, and the lines of
//! `rabbitmq-diagnostics consume_event_stream`.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use leveret::broker::{Broker, QueueDefinition};
use leveret::internals::limits::{EVENT_FOLLOWER_BYTES, EVENT_FOLLOWERS_MAX};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::http::Http;
use crate::process::Process;

/// An answer that follows changes.
struct Follower(BufReader<TcpStream>);

impl Follower {
    /// Asks, and waits until the answer has begun.
    fn new(http: &Http, query: &str) -> Self {
        let mut stream = http.connect();
        let head = http.head("GET", &format!("/api/leveret/events{query}"));
        write!(stream, "{head}connection: close\r\n\r\n").unwrap();
        let mut follower = Self(BufReader::new(stream));
        assert_eq!(follower.next(": ").as_deref(), Some("changes"));
        follower
    }

    /// The next line that begins so, without it; `None` at the end.
    fn next(&mut self, start: &str) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(rest) = line.strip_prefix(start) {
                return Some(rest.trim_end().to_owned());
            }
        }
    }

    fn change(&mut self) -> Option<Json> {
        let data = self.next("data: ")?;
        Some(serde_json::from_str(&data).unwrap())
    }
}

fn broker() -> (Broker, Http) {
    let broker = Broker::builder().management(0).start().unwrap();
    let http = Http::of(&broker);
    (broker, http)
}

fn declare(broker: &Broker, name: &str) {
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new(name)).unwrap();
}

#[test]
fn a_change_is_told_with_rabbitmqs_fields() {
    let (broker, http) = broker();
    let mut follower = Follower::new(&http, "");
    let queue = r#"{"durable": true, "arguments": {"x-max-length": 5}}"#;
    assert_eq!(http.ask("PUT", "/api/queues/%2F/q", queue).status, 201);
    let mut created = follower.change().unwrap();
    let object = created.as_object_mut().unwrap();
    assert!(object.remove("timestamp_in_ms").unwrap().is_i64());
    let node = object.remove("leader").unwrap();
    assert_eq!(object.remove("members"), Some(json!([node])));
    let expected = json!({
        "arguments": [
            "{<<\"x-max-length\">>,long,5}",
            "{<<\"x-queue-type\">>,longstr,<<\"classic\">>}",
        ],
        "auto_delete": false, "durable": true, "event": "queue.created", "exclusive": false,
        "name": "q", "owner_pid": "", "type": "rabbit_classic_queue",
        "user_who_performed_action": "guest", "vhost": "/",
    });
    assert_eq!(created, expected);
    drop(broker);
}

#[test]
fn a_pattern_chooses_kinds() {
    let (broker, http) = broker();
    let mut follower = Follower::new(&http, "?pattern=er.cr");
    declare(&broker, "q");
    let user = r#"{"password": "p", "tags": ""}"#;
    assert_eq!(http.ask("PUT", "/api/users/ann", user).status, 201);
    let told = follower.change().unwrap();
    assert_eq!(
        (&told["event"], &told["name"]),
        (&json!("user.created"), &json!("ann"))
    );
    let refused = http.get("/api/leveret/events?pattern=(");
    assert_eq!(refused.status, 400);
    let why = refused.json()["reason"].as_str().unwrap().to_owned();
    assert!(why.starts_with("pattern: "), "{why}");
}

#[test]
fn a_follower_needs_a_user_who_may() {
    let (broker, http) = broker();
    assert_eq!(http.unknown().get("/api/leveret/events").status, 401);
    let user = r#"{"password": "p", "tags": "administrator"}"#;
    assert_eq!(http.ask("PUT", "/api/users/ann", user).status, 201);
    let mut follower = Follower::new(&http.by("ann", "p"), "?pattern=^queue");
    declare(&broker, "first");
    assert_eq!(follower.change().unwrap()["name"], "first");
    assert_eq!(http.ask("DELETE", "/api/users/ann", "").status, 204);
    declare(&broker, "second");
    assert_eq!(follower.change(), None);
}

#[test]
fn a_stop_ends_followers() {
    let (broker, http) = broker();
    let mut follower = Follower::new(&http, "?pattern=^nothing");
    broker.stop("the test ends");
    assert_eq!(follower.change(), None);
}

#[test]
fn followers_have_a_number() {
    let (_broker, http) = broker();
    let follow = |_| Follower::new(&http, "");
    let followers: Vec<_> = (0..EVENT_FOLLOWERS_MAX).map(follow).collect();
    let refused = http.get("/api/leveret/events");
    assert_eq!(refused.status, 503);
    assert!(
        refused.text().contains("too many requests follow"),
        "{refused:?}"
    );
    drop(followers);
}

#[test]
fn a_client_that_does_not_read_hears_how_much_it_missed() {
    let (broker, http) = broker();
    let mut follower = Follower::new(&http, "");
    // More than what is kept and what the system's buffers take of a connection, in few requests:
    // a client that does not read for long is cut off.
    let text = "x".repeat(60_000);
    let arguments: serde_json::Map<_, _> = (0..10)
        .map(|number| (format!("x-note-{number}"), text.clone().into()))
        .collect();
    let queue = json!({"arguments": arguments}).to_string();
    let many = 32 * EVENT_FOLLOWER_BYTES / queue.len();
    for number in 0..many {
        let path = format!("/api/queues/%2F/q{number}");
        assert_eq!(http.ask("PUT", &path, &queue).status, 201);
    }
    let mut told = 0;
    let missed: usize = loop {
        let mut line = String::new();
        assert!(follower.0.read_line(&mut line).unwrap() > 0, "the end");
        if line.starts_with("event: missed") {
            break follower.next("data: ").unwrap().parse().unwrap();
        }
        told += usize::from(line.starts_with("data: "));
    };
    assert!(missed > 0 && told > 0, "{told} told, {missed} missed");
    assert_eq!(told + missed, many);
    declare(&broker, "last");
    assert_eq!(follower.change().unwrap()["name"], "last");
}

fn consume(data: &Path, words: &[&str]) -> Command {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_leveret"));
    tool.env_clear()
        .args(["ctl", "diagnostics", "consume_event_stream"]);
    tool.args(words).arg("--data-dir").arg(data);
    tool
}

#[test]
fn the_tool_prints_a_line_for_each_change() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let broker = Process::start(&data, dir.path(), &["management.tcp.port=0"]);
    let http = Http::at(broker.door("management")).by("guest", "guest");
    let mut tool = consume(&data, &["--pattern", "^queue"]);
    let mut tool = tool.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tool.stdout.take().unwrap()).lines();
    // It listens from some moment on: changes are made until it has told of one.
    let (heard, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let first = lines.next().unwrap().unwrap();
        heard.send(first).unwrap();
        lines.for_each(drop);
    });
    let first = loop {
        http.ask("PUT", "/api/queues/%2F/q", "{}");
        http.ask("DELETE", "/api/queues/%2F/q", "");
        let wait = std::time::Duration::from_millis(20);
        if let Ok(first) = told.recv_timeout(wait) {
            break first;
        }
    };
    let first: Json = serde_json::from_str(&first).unwrap();
    assert_eq!(
        (&first["name"], &first["vhost"]),
        (&json!("q"), &json!("/"))
    );
    assert!(
        first["event"].as_str().unwrap().starts_with("queue."),
        "{first}"
    );
    // It ends with the node.
    broker.stop();
    tool.wait().unwrap();
    reader.join().unwrap();
}
