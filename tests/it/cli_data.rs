//! `leveret check-data` and `leveret dump`: what they say of sound, damaged and unreadable
//! directories, and how they end.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::auth::UserDefinition;
use leveret::internals::config::Durability;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::talker::Client;

/// How a run of the program ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(args: &[&str], dir: &Path) -> Ended {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_leveret"))
        .args(args)
        .arg(dir)
        .env_clear()
        .output()
        .unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    Ended {
        code: status.code(),
        out: text(stdout),
        err: text(stderr),
    }
}

fn broker(dir: &Path) -> Broker {
    let builder = Broker::builder()
        .clock(Clock::test())
        .configure(|settings| {
            settings.durability = Durability::Os;
            settings.data_dir = dir.to_owned();
        });
    builder.start().unwrap()
}

/// A directory that a broker has left in order: a quorum queue, a user with a password,
/// and three messages, of which one was delivered before.
fn filled() -> TempDir {
    let dir = TempDir::new().unwrap();
    let broker = broker(dir.path());
    let user: UserDefinition = serde_json::from_value(json!({
        "name": "hare", "password": "a secret", "tags": "management",
    }))
    .unwrap();
    broker
        .desk()
        .administration()
        .put_user(&user)
        .unwrap()
        .unwaited();
    let mut client = Client::new(&broker);
    client.ask(
        "queue.declare queue='jobs' durable arguments={x-max-length: I10, \
         x-queue-type: 'quorum'}",
    );
    client.ask("confirm.select");
    client.ask("basic.publish routing-key='jobs' body='first' {delivery-mode=2}");
    client.ask(
        "basic.publish exchange='amq.fanout' routing-key='nowhere' body='lost' {delivery-mode=2}",
    );
    client.ask("queue.bind queue='jobs' exchange='amq.topic' routing-key='a.#'");
    client.ask(
        "exchange.declare exchange='later' type='x-delayed-message' durable \
         arguments={x-delayed-type: 'direct'}",
    );
    client.ask(
        "basic.publish exchange='amq.topic' routing-key='a.b' body='two\\nlines' \
         {delivery-mode=2 content-type='text/plain' headers={n: I7, deep: {list: ['x', true]}}}",
    );
    client.ask("basic.publish routing-key='jobs' body='\\xff\\x00' {delivery-mode=2}");
    client.ask("basic.get queue='jobs'");
    client.say("basic.reject delivery-tag=1 requeue");
    client.sync();
    drop(client);
    broker.stop("a test");
    dir
}

/// Every file of a directory, octet for octet.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// The log segment that holds `text`, and where in it.
fn segment_with(dir: &Path, text: &[u8]) -> (PathBuf, usize) {
    let found = files(dir).into_iter().find_map(|(path, octets)| {
        let at = octets
            .windows(text.len())
            .position(|window| window == text)?;
        path.extension()
            .is_some_and(|ending| ending == "log")
            .then_some((path, at))
    });
    found.unwrap()
}

#[test]
fn sound_directory_ends_with_0_and_stays_as_it_is() {
    let dir = filled();
    let before = files(dir.path());
    let said = run(&["check-data"], dir.path());
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(0), ""),
        "{}",
        said.out
    );
    assert!(said.out.contains("3 messages in queues"), "{}", said.out);
    assert!(said.out.ends_with("everything is whole\n"), "{}", said.out);
    let said = run(&["check-data", "--json"], dir.path());
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(said.code, Some(0));
    assert_eq!(report["messages"], 3);
    assert_eq!(report["damage"], json!([]));
    assert_eq!(run(&["dump"], dir.path()).code, Some(0));
    assert!(before == files(dir.path()), "nothing is changed");
}

#[test]
fn rotten_directory_ends_with_1_and_names_file_offset_and_length() {
    let dir = filled();
    let (path, at) = segment_with(dir.path(), b"first");
    let mut octets = fs::read(&path).unwrap();
    octets[at] ^= 4;
    fs::write(&path, octets).unwrap();
    let before = files(dir.path());
    let said = run(&["check-data", "--json"], dir.path());
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let [damage] = report["damage"].as_array().unwrap().as_slice() else {
        panic!("one damage: {}", said.out)
    };
    assert_eq!(damage["file"], *path.file_name().unwrap().to_str().unwrap());
    let number = |name: &str| usize::try_from(damage[name].as_u64().unwrap()).unwrap();
    let (from, len) = (number("offset"), number("len"));
    assert!((from..from + len).contains(&at), "{at} is not in {damage}");
    assert_eq!(report["messages"], 2, "the others are whole");
    let said = run(&["check-data"], dir.path());
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("DAMAGED: '"), "{}", said.out);
    let said = run(&["dump"], dir.path());
    assert_eq!(said.code, Some(1));
    assert!(said.err.starts_with("leveret: damaged: '"), "{}", said.err);
    assert!(said.out.contains("two\\nlines"), "the rest is printed");
    assert!(before == files(dir.path()), "nothing is changed");
}

#[test]
fn definitions_of_which_nothing_can_be_read_end_check_and_start_in_words() {
    let dir = filled();
    for name in ["definitions-a", "definitions-b"] {
        let path = dir.path().join(name);
        let len = fs::read(&path).unwrap().len();
        fs::write(&path, vec![0xa5; len]).unwrap();
    }
    let said = run(&["check-data"], dir.path());
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let told = "DAMAGED: 'definitions-a' at 0, ";
    assert!(said.out.contains(told), "{}", said.out);
    let start = Broker::builder().configure(|settings| {
        settings.durability = Durability::Os;
        settings.data_dir = dir.path().to_owned();
    });
    let error = start.start().expect_err("it cannot start").to_string();
    assert!(
        error.contains("'definitions-a' and 'definitions-b'"),
        "{error}"
    );
    assert!(error.contains("leveret repair"), "{error}");
}

// A bit in the database of definitions ended a start, one time of four in a panic.
#[test]
fn definition_that_is_damaged_in_one_file_costs_nothing_and_is_named() {
    let dir = filled();
    let path = dir.path().join("definitions-b");
    let mut octets = fs::read(&path).unwrap();
    let key = b"/\0jobs{";
    let at = octets.windows(key.len()).position(|octets| octets == key);
    octets[at.unwrap() + 3] ^= 1;
    fs::write(&path, octets).unwrap();
    let said = run(&["check-data"], dir.path());
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let told = "the row of queue '//jobs' is damaged; 'definitions-a' has it";
    assert!(said.out.contains(told), "{}", said.out);
    let broker = broker(dir.path());
    let damage = broker.health().damage;
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert_eq!(damage[0].what, told);
    let mut client = Client::new(&broker);
    assert_eq!(client.drain("jobs").len(), 3);
    drop(client);
    broker.stop("a test");
    let said = run(&["check-data"], dir.path());
    assert_eq!(
        said.code,
        Some(0),
        "the start has put it right: {}",
        said.out
    );
}

// What waits in a queue whose definition is lost was given up by the start.
#[test]
fn messages_of_a_queue_whose_definition_is_lost_stay_in_the_log() {
    let dir = filled();
    for name in ["definitions-a", "definitions-b"] {
        let path = dir.path().join(name);
        let mut octets = fs::read(&path).unwrap();
        let key = b"/\0jobs{";
        let at = octets.windows(key.len()).position(|octets| octets == key);
        octets[at.unwrap() + 3] ^= 1;
        fs::write(&path, octets).unwrap();
    }
    let mut dir = dir;
    for start in 0..2 {
        // A process that another test begins has the lock of this one until it runs its program.
        let copy = TempDir::new().unwrap();
        for (path, octets) in files(dir.path()) {
            fs::write(copy.path().join(path.file_name().unwrap()), octets).unwrap();
        }
        dir = copy;
        let broker = broker(dir.path());
        assert_eq!(broker.health().damage.len(), 1 - start);
        broker.stop("a test");
        let said = run(&["dump"], dir.path());
        let messages = said
            .out
            .lines()
            .filter(|line| line.starts_with("message: "));
        assert_eq!(messages.count(), 3, "start {start}: {}", said.out);
        assert!(!said.out.contains("queue 'jobs'"), "{}", said.out);
    }
}

#[test]
fn other_version_is_refused_with_2_and_both_numbers() {
    let dir = filled();
    let (path, _) = segment_with(dir.path(), b"first");
    let mut octets = fs::read(&path).unwrap();
    octets[8] = 9;
    fs::write(&path, octets).unwrap();
    for command in ["check-data", "dump"] {
        let said = run(&[command], dir.path());
        assert_eq!(said.code, Some(2), "{}", said.out);
        let told = "has format 9, and this Leveret reads format 1";
        assert!(said.err.contains(told), "{}", said.err);
    }
}

// A directory in the place of a segment was passed over with a warning: of what had been behind
// the last checkpoint a start knew nothing then.
#[test]
fn directory_in_the_place_of_a_segment_is_refused_and_nothing_is_lost() {
    let dir = filled();
    let (path, _) = segment_with(dir.path(), b"first");
    let aside = dir.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    fs::create_dir(&path).unwrap();
    fs::create_dir(dir.path().join("lost+found")).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    for command in ["check-data", "dump"] {
        let said = run(&[command], dir.path());
        assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
        assert!(said.err.contains(name), "{}", said.err);
        assert!(said.err.contains("that is no file"), "{}", said.err);
    }
    let start = Broker::builder().configure(|settings| {
        settings.durability = Durability::Os;
        settings.data_dir = dir.path().to_owned();
    });
    let error = start.start().expect_err("it must not start").to_string();
    assert!(error.contains(name) && error.contains("no file"), "{error}");
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    let said = run(&["check-data", "--json"], dir.path());
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["messages"], 3);
}

#[test]
fn segment_that_was_moved_and_linked_is_read() {
    let dir = filled();
    let elsewhere = TempDir::new().unwrap();
    let (path, _) = segment_with(dir.path(), b"first");
    let moved = elsewhere.path().join("moved");
    fs::copy(&path, &moved).unwrap();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&moved, &path).unwrap();
    let said = run(&["check-data", "--json"], dir.path());
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["messages"], 3);
    let broker = broker(dir.path());
    let mut client = Client::new(&broker);
    assert_eq!(client.drain("jobs").len(), 3);
}

#[test]
fn missing_empty_and_locked_directories_are_refused_with_2() {
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("none");
    let running = TempDir::new().unwrap();
    let _broker = broker(running.path());
    for command in ["check-data", "dump"] {
        let said = run(&[command], &missing);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert!(said.err.contains("/none'"), "{}", said.err);
        assert!(!missing.exists(), "it is not made");
        let said = run(&[command], dir.path());
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert!(said.err.contains("no broker's data"), "{}", said.err);
        let said = run(&[command], running.path());
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert!(
            said.err.contains("a broker is using the data directory"),
            "{}",
            said.err
        );
    }
}

/// Every line of `dump --json` of what [`filled`] makes.
fn dumped() -> Vec<Value> {
    let dir = filled();
    let said = run(&["dump", "--json"], dir.path());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let lines = said.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn dump_shows_definitions_without_secrets() {
    let lines = dumped();
    let definitions = |kind: &str| -> Vec<&Value> {
        let found = lines.iter().filter(|line| line["kind"] == kind);
        found.map(|line| &line["definition"]).collect()
    };
    let [queue] = definitions("queue")[..] else {
        panic!("one queue")
    };
    assert_eq!(queue["name"], "jobs");
    assert_eq!(queue["arguments"]["x-max-length"], 10);
    assert_eq!(
        (&queue["durable"], &queue["id"]),
        (&json!(true), &Value::Null)
    );
    let [exchange] = definitions("exchange")[..] else {
        panic!("one exchange that is not predeclared")
    };
    assert_eq!(exchange["name"], "later");
    let shown = (&exchange["durable"], &exchange["delayed_id"]);
    assert_eq!(shown, (&json!(true), &Value::Null));
    let users = definitions("user");
    assert_eq!(users.len(), 2);
    for user in users {
        assert_eq!(user["password_hash"], "(not shown)");
    }
    assert_eq!(definitions("binding")[0]["routing_key"], "a.#");
}

#[test]
fn dump_shows_messages_with_their_properties() {
    let lines = dumped();
    let messages = lines.iter().filter(|line| line["type"] == "message");
    let messages: Vec<&Value> = messages.collect();
    for message in &messages {
        assert_eq!(
            (&message["vhost"], &message["queue"]),
            (&json!("/"), &json!("jobs"))
        );
        assert!(message["stored_at"].as_str().unwrap().ends_with('Z'));
        assert_eq!(
            message["queue_id"],
            Value::Null,
            "it means nothing to a user"
        );
    }
    let bodies: Vec<_> = messages
        .iter()
        .map(|message| (&message["body"], &message["body_base64"]))
        .collect();
    let none = &Value::Null;
    let expected = [json!("first"), json!("two\nlines"), json!("/wA=")];
    assert_eq!(
        bodies,
        [
            (&expected[0], none),
            (&expected[1], none),
            (none, &expected[2])
        ]
    );
    let came_back = |message: &Value| {
        (
            message["redelivered"].clone(),
            message["delivery_count"].clone(),
        )
    };
    assert_eq!(came_back(messages[0]), (json!(true), json!(1)));
    assert_eq!(came_back(messages[2]), (json!(false), json!(0)));
    assert_eq!(messages[1]["exchange"], "amq.topic");
    assert_eq!(messages[1]["routing_key"], "a.b");
    assert_eq!(
        messages[1]["properties"],
        json!({
            "content_type": "text/plain", "delivery_mode": 2,
            "headers": { "n": 7, "deep": { "list": ["x", true] } },
        })
    );
}

#[test]
fn dump_for_people_is_a_line_each() {
    let dir = filled();
    let said = run(&["dump"], dir.path());
    let message = said.out.lines().find(|line| line.contains("two")).unwrap();
    assert!(
        message.starts_with("message: queue 'jobs' in vhost '/', stored "),
        "{message}"
    );
    assert!(message.ends_with(", 9 octets \"two\\nlines\""), "{message}");
    assert!(said.out.contains("2 octets base64:/wA="), "{}", said.out);
    for secret in ["a secret", "guest\"}"] {
        assert!(!said.out.contains(secret), "{}", said.out);
    }
}

// A routing key or the name of an exchange may hold line feeds and what a terminal obeys.
#[test]
fn dump_of_a_clients_text_stays_in_its_line() {
    let dir = TempDir::new().unwrap();
    let broker = broker(dir.path());
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='jobs' durable");
    client.ask("queue.bind queue='jobs' exchange='amq.topic' routing-key='#'");
    client.ask("confirm.select");
    client.ask(
        "basic.publish exchange='amq.topic' routing-key='k\\nvhost forged\\x1b[2J' body='x' \
         {delivery-mode=2 message-id='m\\nvhost forged'}",
    );
    drop(client);
    broker.stop("a test");
    for format in [&["dump"][..], &["dump", "--json"]] {
        let said = run(format, dir.path());
        assert!(said.out.contains("vhost forged"), "{}", said.out);
        let forged = said
            .out
            .lines()
            .filter(|line| line.starts_with("vhost forged"));
        assert_eq!(forged.count(), 0, "{}", said.out);
        assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    }
}
