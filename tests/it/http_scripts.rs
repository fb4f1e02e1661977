//! Runs every conversation over HTTP in `tests/scripts/http`: one file is one conversation with the
//! management API, the same for this broker and for RabbitMQ. `tests/scripts/README.md` has the
//! form of the lines.
//!
//! `LEVERET_TARGET=amqp://127.0.0.1:5672` chooses a broker that already runs, whose API is 10,000
//! ports further up; `SCRIPT=http/users` runs only scripts whose name contains that.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and an outside broker works in real time"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use leveret::broker::Broker;
use serde_json::Value as Json;

use crate::http::{Heard, Http};

/// How long an outside broker may take to count.
const PATIENCE: Duration = Duration::from_secs(15);

/// A request, and what is expected of its answer.
struct Step {
    line: usize,
    /// Who asks; `None` is guest.
    login: Option<Login>,
    method: String,
    path: String,
    body: String,
    /// Headers of the request, each with its end of line.
    headers: String,
    expected: Vec<Expected>,
    /// Headers of the answer; an empty value must not be there.
    answered: Vec<(String, String)>,
}

enum Login {
    Nobody,
    User(String, String),
}

struct Expected {
    /// `leveret`, `rabbitmq`, or both.
    only: Option<String>,
    status: u16,
    /// Keys and items that are not named are not looked at.
    is_part: bool,
    body: String,
}

/// The broker that is asked, and the names that are its own.
struct Stage {
    http: Http,
    is_ours: bool,
    node: String,
    /// Stops with the stage.
    _broker: Option<Broker>,
}

#[test]
fn broker_follows_every_script() {
    follow_all("http", |_, text| {
        let stage = stage();
        let followed = parse(text).and_then(|steps| follow(&steps, &stage));
        followed.err().into_iter().collect()
    });
}

/// Follows every script in a folder of `tests/scripts`, or those whose name has `SCRIPT` in it.
/// `follow` gets a script's name and text, and gives its problems.
pub(crate) fn follow_all(folder: &str, follow: impl Fn(&str, &str) -> Vec<String>) {
    let filter = std::env::var("SCRIPT").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut files = Vec::new();
    find(&root.join(folder), &mut files);
    files.sort();
    let mut problems = Vec::new();
    let mut run = 0;
    for file in files {
        let name = file.strip_prefix(&root).unwrap().with_extension("");
        let name = name.to_string_lossy();
        if name.contains(&filter) {
            run += 1;
            let found = follow(&name, &fs::read_to_string(&file).unwrap());
            problems.extend(found.into_iter().map(|problem| format!("{name}{problem}")));
        }
    }
    assert!(run > 0 || !filter.is_empty(), "no script found");
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// A script that cannot fail would be worth nothing.
#[test]
fn an_answer_is_looked_at_as_a_script_says() {
    let heard = serde_json::json!({"a": 1, "b": [{"c": "x", "d": null}]});
    let agrees = |expected: &str, is_part| {
        matches(&heard, &serde_json::from_str(expected).unwrap(), is_part)
    };
    assert!(agrees(r#"{"a": 1, "b": [{"c": "x", "d": null}]}"#, false));
    assert!(agrees(r#"{"a": "*", "b": "*"}"#, false));
    assert!(agrees(r#"{"a": "<number>", "b": "*"}"#, false));
    assert!(agrees(r#"{"b": [{"d": null}]}"#, true));
    for wrong in [
        r#"{"a": 1}"#,
        r#"{"a": 2, "b": "*"}"#,
        r#"{"a": 1, "b": []}"#,
        r#"{"a": "<text>", "b": "*"}"#,
    ] {
        assert!(!agrees(wrong, false), "{wrong}");
    }
    for wrong in [r#"{"a": 2}"#, r#"{"z": "*"}"#, r#"{"b": [{"c": "y"}]}"#] {
        assert!(!agrees(wrong, true), "{wrong}");
    }
    for unreadable in ["GET", "< 200", "GET /api/x\n< two", "GET /api/x"] {
        assert!(parse(unreadable).is_err(), "{unreadable}");
    }
}

/// Adds the files in `folder` and below it.
fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => find(&path, files),
            false => files.push(path),
        }
    }
}

fn stage() -> Stage {
    let guest = |address: String| Http {
        address,
        login: Some(("guest".to_owned(), "guest".to_owned())),
    };
    let (http, broker) = match std::env::var("LEVERET_TARGET") {
        Ok(url) => {
            let address = url.trim_start_matches("amqp://");
            let (host, port) = address.rsplit_once(':').unwrap();
            let port: u16 = port.trim_end_matches('/').parse().unwrap();
            (guest(format!("{host}:{}", port + 10_000)), None)
        }
        Err(_) => {
            let broker = Broker::builder().management(0).start().unwrap();
            (Http::of(&broker), Some(broker))
        }
    };
    let overview = http.get("/api/overview").json();
    let node = overview.get("node").and_then(Json::as_str).unwrap();
    Stage {
        node: node.to_owned(),
        is_ours: broker.is_some(),
        http,
        _broker: broker,
    }
}

fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for (line, text) in &whole_lines(text) {
        let (line, text) = (*line, text.as_str());
        let wrong = || format!(":{line}: {text:?} is no line of a script");
        let (only, rest) = match text.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((only, rest)) if ["leveret", "rabbitmq"].contains(&only) => (Some(only), rest),
            Some(_) => return Err(wrong()),
            None => (None, text),
        };
        let header = |text: &str| {
            let (name, value) = text.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        if let Some(said) = rest.strip_prefix("+ ") {
            let (name, value) = header(said).ok_or_else(wrong)?;
            let step = steps.last_mut().ok_or_else(wrong)?;
            step.headers += &format!("{name}: {value}\r\n");
        } else if let Some(said) = rest.strip_prefix("= ") {
            let step = steps.last_mut().ok_or_else(wrong)?;
            step.answered.push(header(said).ok_or_else(wrong)?);
        } else if let Some(answer) = rest.strip_prefix('<') {
            let (is_part, answer) = match answer.strip_prefix('~') {
                Some(answer) => (true, answer),
                None => (false, answer),
            };
            let (status, body) = split(answer);
            let step = steps.last_mut().ok_or_else(wrong)?;
            step.expected.push(Expected {
                only: only.map(str::to_owned),
                status: status.parse().map_err(|_| wrong())?,
                is_part,
                body: body.to_owned(),
            });
        } else {
            steps.push(request(line, rest).ok_or_else(wrong)?);
        }
    }
    match steps.iter().find(|step| step.expected.is_empty()) {
        Some(step) => Err(format!(":{}: nothing is expected", step.line)),
        None => Ok(steps),
    }
}

/// The lines with their numbers; a line that begins with a blank goes on with the one above.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in (1..).zip(text.lines()) {
        match lines.last_mut() {
            _ if line.trim().is_empty() || line.starts_with('#') => {}
            Some((_, whole)) if line.starts_with(' ') => {
                *whole += " ";
                *whole += line.trim();
            }
            _ => lines.push((at, line.to_owned())),
        }
    }
    lines
}

/// `user:password> GET /api/x {}`.
fn request(line: usize, text: &str) -> Option<Step> {
    let (login, text) = match text.split_once("> ") {
        Some(("-", text)) => (Some(Login::Nobody), text),
        Some((who, text)) if !who.contains(['/', ' ']) => {
            let (user, password) = who.split_once(':')?;
            (
                Some(Login::User(user.to_owned(), password.to_owned())),
                text,
            )
        }
        _ => (None, text),
    };
    let (method, rest) = split(text);
    let (path, body) = split(rest);
    (path.starts_with('/')).then(|| Step {
        line,
        login,
        method: method.to_owned(),
        path: path.to_owned(),
        body: body.to_owned(),
        headers: String::new(),
        expected: Vec::new(),
        answered: Vec::new(),
    })
}

/// The first word, and what is behind it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim())
}

/// Says all of it; the vhost `$V` is there meanwhile, the user `$U` is gone afterwards.
fn follow(steps: &[Step], stage: &Stage) -> Result<(), String> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let own = format!("script-{}-{number}", std::process::id());
    let path = |kind: &str| format!("/api/{kind}/{own}");
    let header = "content-type: application/json\r\n";
    let vhost = path("vhosts");
    let made = stage.http.ask_with(("PUT", &vhost), header, "{}");
    assert_eq!(made.status, 201, "{made:?}");
    let result = steps.iter().try_for_each(|step| say(step, stage, &own));
    for left in [path("users"), path("global-parameters"), vhost] {
        stage.http.ask("DELETE", &left, "");
    }
    result
}

fn say(step: &Step, stage: &Stage, own: &str) -> Result<(), String> {
    let fill = |text: &str| {
        let text = text.replace("$V", own).replace("$U", own);
        let text = text.replace("$HOST", &stage.http.address);
        text.replace("$NODE", &stage.node)
    };
    let http = match &step.login {
        None => stage.http.clone(),
        Some(Login::Nobody) => stage.http.unknown(),
        Some(Login::User(name, password)) => stage.http.by(&fill(name), password),
    };
    let mut headers = step.headers.clone();
    if !step.body.is_empty() && !headers.contains("content-type:") {
        headers += "content-type: application/json\r\n";
    }
    let (path, body) = (fill(&step.path), fill(&step.body));
    let ask = || http.ask_with((&step.method, &path), &headers, &body);
    let mut heard = ask();
    let whose = if stage.is_ours { "leveret" } else { "rabbitmq" };
    let mut expected = step.expected.iter();
    let expected = expected.find(|one| one.only.as_deref().is_none_or(|only| only == whose));
    let Some(expected) = expected else {
        return Ok(());
    };
    let is_said = |heard: &Heard| {
        let mut answered = step.answered.iter();
        heard.status == expected.status
            && agrees(heard, &fill(&expected.body), expected.is_part)
            && answered.all(|(name, value)| heard.header(name) == fill(value))
    };
    // An outside broker counts in its own time.
    let until = Instant::now() + PATIENCE;
    while !stage.is_ours && step.method == "GET" && !is_said(&heard) && Instant::now() < until {
        std::thread::park_timeout(Duration::from_millis(300));
        heard = ask();
    }
    match is_said(&heard) {
        true => Ok(()),
        false => Err(format!(
            ":{}: {} {} {}\n    expected {} {} {:?}\n    heard    {} {} {:?}",
            step.line,
            step.method,
            path,
            body,
            expected.status,
            fill(&expected.body),
            step.answered,
            heard.status,
            String::from_utf8_lossy(&heard.body),
            heard.headers,
        )),
    }
}

fn agrees(heard: &Heard, expected: &str, is_part: bool) -> bool {
    match serde_json::from_str(expected) {
        Ok(expected) => {
            let heard = serde_json::from_slice(&heard.body);
            heard.is_ok_and(|heard| matches(&heard, &expected, is_part))
        }
        Err(_) => expected == "*" || heard.body == expected.as_bytes(),
    }
}

/// Whether JSON is as expected, where `"*"` is anything, and `"<number>"` any number.
pub(crate) fn matches(heard: &Json, expected: &Json, is_part: bool) -> bool {
    match (heard, expected) {
        (_, Json::String(any)) if any == "*" => true,
        (_, Json::String(kind)) if kind == "<number>" => heard.is_number(),
        (_, Json::String(kind)) if kind == "<text>" => heard.is_string(),
        (_, Json::String(kind)) if kind == "<object>" => heard.is_object(),
        (Json::Number(heard), Json::Number(expected)) => heard.as_f64() == expected.as_f64(),
        (Json::Object(heard), Json::Object(expected)) => {
            (is_part || heard.len() == expected.len())
                && expected.iter().all(|(key, expected)| {
                    let value = heard.get(key);
                    value.is_some_and(|value| matches(value, expected, is_part))
                })
        }
        (Json::Array(heard), Json::Array(expected)) if is_part => {
            let is_there = |one: &Json| heard.iter().any(|item| matches(item, one, true));
            expected.iter().all(is_there)
        }
        (Json::Array(heard), Json::Array(expected)) => {
            let mut pairs = heard.iter().zip(expected);
            heard.len() == expected.len() && pairs.all(|(one, other)| matches(one, other, false))
        }
        _ => heard == expected,
    }
}
