//! What a page watches: server-sent events of the management API.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use leveret::broker::{Broker, NewMessage, QueueDefinition};
use leveret::internals::limits::{
    HTTP_WATCHED_BYTES, HTTP_WATCHED_MAX, HTTP_WATCHERS_MAX, HTTP_WATCHERS_OF_USER,
};
use serde_json::{Value as Json, json};

use crate::http::Http;

/// An answer whose events are read as they come.
struct Live(BufReader<TcpStream>);

impl Live {
    fn watch(http: &Http, paths: &[&str]) -> Self {
        Self::watch_with(http, paths, "")
    }

    fn watch_with(http: &Http, paths: &[&str], headers: &str) -> Self {
        let query: Vec<_> = paths.iter().map(|path| format!("watch={path}")).collect();
        let path = format!("/api/leveret/live?{}", query.join("&"));
        let mut stream = http.connect();
        let head = http.head("GET", &path);
        let more = "accept: text/event-stream\r\nconnection: close\r\n";
        write!(stream, "{head}{headers}{more}\r\n").unwrap();
        Self(BufReader::new(stream))
    }

    /// The next event; `None` at the end.
    fn next(&mut self) -> Option<Json> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }
}

fn broker() -> Broker {
    let broker = Broker::builder().management(0).start().unwrap();
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    broker
}

// Percent-encoded, as it stands in a query.
const QUEUE: &str = "/queues/%252F/q?columns=messages";

fn queue(messages: u64) -> Json {
    let path = "/queues/%2F/q?columns=messages";
    json!({"path": path, "status": 200, "value": {"messages": messages}})
}

#[test]
fn what_is_watched_is_told_when_it_changes() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut live = Live::watch(&http, &[QUEUE, "/queues/%252F/missing"]);
    assert_eq!(live.next(), Some(queue(0)));
    let missing = live.next().unwrap();
    assert_eq!(
        (&missing["path"], &missing["status"]),
        (&json!("/queues/%2F/missing"), &json!(404))
    );
    let vhost = broker.vhost("/").unwrap();
    for many in 1..3 {
        vhost.publish(&NewMessage::to_queue("q").body("x")).unwrap();
        assert_eq!(live.next(), Some(queue(many)));
    }
}

#[test]
fn what_is_wanted_seldom_is_told_seldom() {
    let broker = broker();
    let http = Http::of(&broker);
    let often = format!("{QUEUE}&every=3600&watch={QUEUE}%26enable_queue_totals=true&every=1");
    let mut live = Live::watch(&http, &[&often]);
    assert_eq!(live.next(), Some(queue(0)));
    let vhost = broker.vhost("/").unwrap();
    let other = "/queues/%2F/q?columns=messages&enable_queue_totals=true";
    for many in 0..3 {
        let told = live.next().unwrap();
        assert_eq!(
            (&told["path"], &told["value"]["messages"]),
            (&json!(other), &json!(many))
        );
        vhost.publish(&NewMessage::to_queue("q").body("x")).unwrap();
    }
    for wrong in ["0", "3601", "-1", "often", ""] {
        let heard = http.get(&format!("/api/leveret/live?watch=/whoami&every={wrong}"));
        let why = format!("every must be a whole number of seconds from 1 to 3600: {wrong}");
        assert_eq!((heard.status, &heard.json()["reason"]), (400, &json!(why)));
    }
}

#[test]
fn a_watcher_sees_what_its_user_may_see_now() {
    let broker = broker();
    let http = Http::of(&broker);
    let user = r#"{"password": "p", "tags": "management"}"#;
    assert_eq!(http.ask("PUT", "/api/users/ann", user).status, 201);
    let rights = r#"{"configure": "", "write": "", "read": ".*"}"#;
    let path = "/api/permissions/%2F/ann";
    assert_eq!(http.ask("PUT", path, rights).status, 201);
    let mut live = Live::watch(&http.by("ann", "p"), &[QUEUE, "/users"]);
    assert_eq!(live.next(), Some(queue(0)));
    assert_eq!(live.next().unwrap()["status"], 401);
    assert_eq!(http.ask("DELETE", path, "").status, 204);
    let hidden = live.next().unwrap();
    assert_eq!(
        (&hidden["status"], &hidden["value"]["error"]),
        (&json!(404), &json!("not_found"))
    );
    // It does not go on with a login that fails, which would keep out others at its address.
    assert_eq!(http.ask("DELETE", "/api/users/ann", "").status, 204);
    assert_eq!(live.next(), None);
}

#[test]
fn a_logout_ends_what_is_watched() {
    let broker = broker();
    let http = Http::of(&broker).unknown();
    let login = r#"{"username":"guest","password":"guest"}"#;
    let session = "/api/leveret/session";
    let heard = http.ask("POST", session, login);
    let cookie = heard.header("set-cookie").split(';').next().unwrap();
    let cookie = format!("cookie: {cookie}\r\n");
    let mut live = Live::watch_with(&http, &[QUEUE], &cookie);
    assert_eq!(live.next(), Some(queue(0)));
    let page = format!("{cookie}origin: http://{}\r\n", http.address);
    assert_eq!(http.ask_with(("DELETE", session), &page, "").status, 204);
    assert_eq!(live.next(), None);
}

#[test]
fn a_stop_ends_what_is_watched() {
    let broker = broker();
    let mut live = Live::watch(&Http::of(&broker), &[QUEUE]);
    assert_eq!(live.next(), Some(queue(0)));
    broker.stop("the test ends");
    assert_eq!(live.next(), None);
}

#[test]
fn watchers_and_what_they_watch_are_bounded() {
    let broker = broker();
    let http = Http::of(&broker);
    let refused = |query: &str| {
        let heard = http.get(&format!("/api/leveret/live?{query}"));
        (
            heard.status,
            heard.json()["reason"].as_str().unwrap().to_owned(),
        )
    };
    let many = "watch=/overview&".repeat(HTTP_WATCHED_MAX + 1);
    let why = format!("at most {HTTP_WATCHED_MAX} paths can be watched");
    assert_eq!(refused(&many), (400, why));
    for path in ["overview", "/leveret/live", "/leveret/log/stream", "/a b"] {
        let wanted = (400, format!("watch is no path: {path}"));
        assert_eq!(
            refused(&format!("watch={}", path.replace(' ', "+"))),
            wanted
        );
    }
    assert_eq!(http.get("/api/leveret/live").status, 200, "it ends at once");

    let vhost = broker.vhost("/").unwrap();
    let body = "x".repeat(HTTP_WATCHED_BYTES);
    vhost
        .publish(&NewMessage::to_queue("q").body(body))
        .unwrap();
    let long = "/leveret/queues/%252F/q/messages?truncate=2000000";
    let mut live = Live::watch(&http, &[long]);
    assert_eq!(live.next().unwrap()["status"], 413);
    drop(live);

    let user = r#"{"password": "p", "tags": "management"}"#;
    let users: Vec<Http> = (0..=HTTP_WATCHERS_MAX / HTTP_WATCHERS_OF_USER)
        .map(|nth| {
            let name = format!("u{nth}");
            let path = format!("/api/users/{name}");
            assert_eq!(http.ask("PUT", &path, user).status, 201);
            http.by(&name, "p")
        })
        .collect();
    let watch = |by: &Http| Live::watch(by, &["/whoami"]);
    let refused = |by: &Http| {
        let heard = by.get("/api/leveret/live?watch=/whoami");
        (heard.status, heard.json()["reason"].clone())
    };
    let mut all: Vec<Live> = Vec::new();
    for by in users.iter().take(users.len() - 1) {
        all.extend((0..HTTP_WATCHERS_OF_USER).map(|_| watch(by)));
        let told = all.iter_mut().rev().take(HTTP_WATCHERS_OF_USER);
        assert_eq!(told.filter_map(Live::next).count(), HTTP_WATCHERS_OF_USER);
        let why = json!("too many requests of this user watch already");
        assert_eq!(refused(by), (503, why));
    }
    assert_eq!(all.len(), HTTP_WATCHERS_MAX);
    let other = users.last().unwrap();
    let why = json!("too many requests watch already");
    assert_eq!(refused(other), (503, why));
    drop(all.pop());
    crate::talker::eventually("a place is free", || watch(other).next().is_some());
}
