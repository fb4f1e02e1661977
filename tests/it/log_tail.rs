//! The last lines of the log over HTTP, lines as they come, and how much is logged.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use leveret::internals::limits::{FOLLOWERS_MAX, LOG_TAIL_BYTES_MAX};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::http::Http;
use crate::process::Process;
use crate::talker::Client;

fn broker(dir: &TempDir) -> (Process, Http) {
    let data = dir.path().join("data");
    let broker = Process::start(&data, dir.path(), &["management.tcp.port=0"]);
    let http = Http::at(broker.door("management")).by("guest", "guest");
    (broker, http)
}

fn texts(log: &Json) -> Vec<&str> {
    let lines = log["lines"].as_array().unwrap();
    lines
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect()
}

/// A request that follows the log, and the lines of its answer.
fn follow(http: &Http, query: &str, headers: &str) -> BufReader<TcpStream> {
    let mut stream = http.connect();
    let head = http.head("GET", &format!("/api/leveret/log/stream{query}"));
    write!(stream, "{head}{headers}\r\n").unwrap();
    BufReader::new(stream)
}

/// The next line that begins so, without it.
fn next(lines: &mut BufReader<TcpStream>, start: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(
            lines.read_line(&mut line).unwrap() > 0,
            "the end before {start}"
        );
        if let Some(rest) = line.strip_prefix(start) {
            return rest.trim_end().to_owned();
        }
    }
}

fn ctl(dir: &TempDir, words: &[&str]) -> String {
    let output = tool(&dir.path().join("data"), words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn tool(data: &Path, words: &[&str]) -> Command {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_leveret"));
    tool.env_clear()
        .arg("ctl")
        .args(words)
        .arg("--data-dir")
        .arg(data);
    tool
}

#[test]
fn last_lines_are_answered_and_those_of_a_severity() {
    let dir = TempDir::new().unwrap();
    let (_broker, http) = broker(&dir);
    http.by("guest", "wrong").get("/api/overview");
    let all = http.get("/api/leveret/log?lines=1000").json();
    let text = texts(&all).join("\n");
    assert!(text.contains("Server startup complete"), "{text}");
    let severe = http.get("/api/leveret/log?level=warning").json();
    assert!(
        texts(&severe).iter().all(|text| text.contains("WARN")),
        "{severe}"
    );
    assert_eq!(severe["lines"][0]["level"], "warning");
    let last = all["last"].as_u64().unwrap();
    http.get("/api/leveret/log?lines=1");
    let path = format!("/api/leveret/log?behind={}", last - 1);
    assert_eq!(http.get(&path).json()["lines"][0]["number"], last);
    assert_eq!(http.get("/api/leveret/log?level=loud").status, 400);
    assert_eq!(http.get("/api/leveret/log?lines=-1").status, 400);
    assert_eq!(http.unknown().get("/api/leveret/log").status, 401);
}

#[test]
fn lines_stay_within_their_bound_and_a_reader_hears_what_it_missed() {
    let dir = TempDir::new().unwrap();
    let (broker, http) = broker(&dir);
    let mut client = Client::at(broker.address());
    // Each is a line of the audit log.
    let name = "n".repeat(240);
    for number in 0..LOG_TAIL_BYTES_MAX / 256 {
        let declared = client.ask(&format!("queue.declare queue='{name}{number}'"));
        assert!(declared.starts_with("queue.declare-ok"), "{declared}");
    }
    let log = http.get("/api/leveret/log?behind=0&lines=100000").json();
    assert!(log["missed"].as_u64().unwrap() > 0);
    let octets: usize = texts(&log).iter().map(|text| text.len()).sum();
    assert!(
        (LOG_TAIL_BYTES_MAX / 2..=LOG_TAIL_BYTES_MAX).contains(&octets),
        "{octets}"
    );
    let mut lines = follow(&http, "?behind=0", "");
    assert_eq!(next(&mut lines, "event: "), "missed");
    let missed: u64 = next(&mut lines, "data: ").parse().unwrap();
    assert!(missed >= log["missed"].as_u64().unwrap());
}

#[test]
fn a_line_comes_to_a_follower_who_goes_on_where_it_was() {
    let dir = TempDir::new().unwrap();
    let (broker, http) = broker(&dir);
    let mut lines = follow(&http, "?level=warning", "");
    assert_eq!(next(&mut lines, "content-type: "), "text/event-stream");
    next(&mut lines, ": the log");
    http.get("/api/overview");
    http.by("guest", "wrong").get("/api/overview");
    let number: u64 = next(&mut lines, "id: ").parse().unwrap();
    let line: Json = serde_json::from_str(&next(&mut lines, "data: ")).unwrap();
    assert_eq!(
        (&line["level"], &line["number"]),
        (&"warning".into(), &number.into())
    );
    let mut again = follow(&http, "", &format!("last-event-id: {}\r\n", number - 1));
    assert_eq!(next(&mut again, "id: "), number.to_string());
    // A follower holds no stop up.
    broker.stop();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

/// The rest of an answer, which must end.
fn rest(mut lines: BufReader<TcpStream>) -> String {
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    rest
}

#[test]
fn a_follower_hears_nothing_once_its_rights_are_gone() {
    let dir = TempDir::new().unwrap();
    let (_broker, http) = broker(&dir);
    let put = |name: &str, password: &str, tags: &str| {
        let body = format!(r#"{{"password":"{password}","tags":"{tags}"}}"#);
        let heard = http.ask("PUT", &format!("/api/users/{name}"), &body);
        assert!(heard.status < 300, "{heard:?}");
    };
    for (name, change) in [
        ("gone", None),
        ("other-password", Some(("other", "administrator"))),
        ("less", Some(("p", "monitoring"))),
    ] {
        put(name, "p", "administrator");
        let mut lines = follow(&http.by(name, "p"), "", "connection: close\r\n");
        next(&mut lines, ": the log");
        match change {
            Some((password, tags)) => put(name, password, tags),
            None => {
                http.ask("DELETE", &format!("/api/users/{name}"), "");
            }
        }
        // The change is a line of the log itself.
        let rest = rest(lines);
        assert!(!rest.contains("data: "), "{name}: {rest}");
    }
}

#[test]
fn a_logout_ends_what_follows() {
    let dir = TempDir::new().unwrap();
    let (_broker, http) = broker(&dir);
    let session = "/api/leveret/session";
    let http = http.unknown();
    let login = r#"{"username":"guest","password":"guest"}"#;
    let heard = http.ask("POST", session, login);
    let cookie = heard.header("set-cookie").split(';').next().unwrap();
    let cookie = format!("cookie: {cookie}\r\n");
    let mut lines = follow(&http, "", &format!("{cookie}connection: close\r\n"));
    next(&mut lines, ": the log");
    let page = format!("{cookie}origin: http://{}\r\n", http.address);
    assert_eq!(http.ask_with(("DELETE", session), &page, "").status, 204);
    // Something to be told.
    http.by("guest", "wrong").get("/api/overview");
    let rest = rest(lines);
    assert!(!rest.contains("data: "), "{rest}");
}

#[test]
fn followers_have_a_number() {
    let dir = TempDir::new().unwrap();
    let (_broker, http) = broker(&dir);
    let mut followers: Vec<_> = (0..FOLLOWERS_MAX).map(|_| follow(&http, "", "")).collect();
    for follower in &mut followers {
        next(follower, ": the log");
    }
    let refused = http.get("/api/leveret/log/stream");
    assert_eq!(refused.status, 503);
    assert!(
        refused.text().contains("too many requests follow"),
        "{refused:?}"
    );
}

#[test]
fn tools_read_the_log_whether_the_application_runs_or_not() {
    let dir = TempDir::new().unwrap();
    let (broker, http) = broker(&dir);
    ctl(&dir, &["set_log_level", "warning"]);
    Client::at(broker.address()).ask("queue.declare queue='silent'");
    ctl(&dir, &["set_log_level", "info"]);
    Client::at(broker.address()).ask("queue.declare queue='heard'");
    let printed = ctl(&dir, &["diagnostics", "log_tail", "-q"]);
    assert!(
        printed.contains("heard") && !printed.contains("silent"),
        "{printed}"
    );
    drop(http);
    ctl(&dir, &["stop_app"]);
    let printed = ctl(&dir, &["diagnostics", "log_tail", "-q", "-N", "1"]);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    let words = ["diagnostics", "log_tail_stream", "-q"];
    let mut stream = tool(&dir.path().join("data"), &words);
    let mut stream = stream.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(stream.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("the log takes level error") {
        ctl(&dir, &["set_log_level", "info"]);
        ctl(&dir, &["set_log_level", "error"]);
        line.clear();
        lines.read_line(&mut line).unwrap();
    }
    // It ends with the node.
    broker.stop();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    stream.wait().unwrap();
}
