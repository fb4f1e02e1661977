//! `leveret repair`: what it writes, what it says, and what it refuses.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::config::Durability;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::talker::Client;

fn broker(dir: &Path) -> Broker {
    let builder = Broker::builder()
        .clock(Clock::test())
        .configure(|settings| {
            settings.durability = Durability::Os;
            settings.data_dir = dir.to_owned();
        });
    builder.start().unwrap()
}

/// Code, standard output and standard error of `leveret repair` with these arguments.
fn repair(args: &[&Path]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_leveret"))
        .arg("repair")
        .args(args)
        .env_clear()
        .output()
        .unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Two queues with three messages each, one of which was delivered before, in a directory `data`.
fn filled() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let broker = broker(&data);
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='jobs' durable arguments={x-queue-type: 'quorum'}");
    client.ask("queue.declare queue='mails' durable");
    client.ask("queue.bind queue='mails' exchange='amq.topic' routing-key='a.#'");
    client.ask("confirm.select");
    for queue in ["jobs", "mails"] {
        for number in 0..3 {
            client.ask(&format!(
                "basic.publish routing-key='{queue}' body='{queue} {number}' {{delivery-mode=2}}"
            ));
        }
    }
    client.ask("basic.get queue='jobs'");
    client.say("basic.reject delivery-tag=1 requeue");
    client.sync();
    drop(client);
    broker.stop("a test");
    (dir, data)
}

/// Flips a bit behind `text` in the files whose names `is` says.
fn flip(data: &Path, text: &[u8], is: impl Fn(&str) -> bool) {
    let mut found = 0;
    for entry in fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if !is(path.file_name().unwrap().to_str().unwrap()) {
            continue;
        }
        let mut octets = fs::read(&path).unwrap();
        let at = octets.windows(text.len()).position(|part| part == text);
        if let Some(at) = at {
            octets[at + text.len() - 1] ^= 1;
            fs::write(&path, octets).unwrap();
            found += 1;
        }
    }
    assert!(found > 0, "{text:?} is nowhere");
}

fn is_definitions(name: &str) -> bool {
    name.starts_with("definitions-")
}

#[test]
fn whole_directory_is_copied_with_all_that_is_known_of_its_messages() {
    let (dir, data) = filled();
    let (code, out, err) = repair(&[&data]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("6 messages in queues"), "{out}");
    let new = dir.path().join("data.repaired");
    let broker = broker(&new);
    assert_eq!(broker.health().damage, []);
    let mut client = Client::new(&broker);
    let heard = client.ask("basic.get queue='jobs'");
    assert!(heard.contains(" redelivered "), "{heard}");
    assert!(heard.contains("x-delivery-count: l1"), "{heard}");
    assert_eq!(client.drain("mails"), ["mails 0", "mails 1", "mails 2"]);
    client.ask("confirm.select");
    client.ask("basic.publish exchange='amq.topic' routing-key='a.b' body='x'");
    assert_eq!(client.drain("mails"), ["x"]);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_written() {
    let (dir, data) = filled();
    flip(&data, b"jobs 1", |name| name.ends_with(".log"));
    flip(&data, b"/\0mails{", is_definitions);
    let new = dir.path().join("new");
    let (code, out, err) = repair(&[&data, Path::new("--to"), &new, Path::new("--json")]);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["messages"], 5, "{out}");
    let damage = report["damage"].as_array().unwrap();
    let what: Vec<&str> = damage
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    let lost = "the row of what seems to be queue '//mails' is damaged and in no other file: it \
                is lost";
    assert_eq!(what, [lost, "the checksum of a message is wrong"], "{out}");
    let added = report["added"].as_array().unwrap();
    let [added] = added.as_slice() else {
        panic!("one queue: {out}")
    };
    let name = added.as_str().unwrap().split('\'').nth(1).unwrap();
    let broker = broker(&new);
    assert_eq!(broker.health().damage, []);
    let mut client = Client::new(&broker);
    assert_eq!(client.drain("jobs"), ["jobs 0", "jobs 2"]);
    assert_eq!(client.drain(name), ["mails 0", "mails 1", "mails 2"]);
}

#[test]
fn messages_come_back_though_nothing_is_left_of_the_definitions() {
    let (dir, data) = filled();
    for name in ["definitions-a", "definitions-b"] {
        fs::write(data.join(name), b"nothing of use").unwrap();
    }
    let new = dir.path().join("new");
    let (code, out, err) = repair(&[&data, Path::new("--to"), &new]);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    assert!(
        out.contains("ADDED: vhost '/', whose definition is lost"),
        "{out}"
    );
    assert!(out.contains("no user is left"), "{out}");
    let queues: Vec<&str> = out
        .lines()
        .filter_map(|line| line.strip_prefix("  ADDED: queue '")?.split('\'').next())
        .collect();
    assert_eq!(queues.len(), 2, "{out}");
    // A user, as the report says.
    let users = dir.path().join("users.json");
    let guest = json!({ "name": "guest", "password": "guest", "tags": "administrator" });
    let may = json!({
        "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*",
    });
    let definitions = json!({ "users": [guest], "permissions": [may] });
    fs::write(&users, definitions.to_string()).unwrap();
    let builder = Broker::builder().configure(|settings| {
        settings.durability = Durability::Os;
        settings.data_dir.clone_from(&new);
        settings.load_definitions = Some(users);
    });
    let broker = builder.start().unwrap();
    let mut client = Client::new(&broker);
    let mut found: Vec<_> = queues.iter().map(|name| client.drain(name)).collect();
    found.sort();
    assert_eq!(found.concat().len(), 6);
    assert_eq!(found[0], ["jobs 0", "jobs 1", "jobs 2"]);
}

#[test]
fn wrong_directories_are_refused_with_2_and_nothing_is_made() {
    let (dir, data) = filled();
    let missing = dir.path().join("none");
    let full = dir.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("notes.txt"), "x").unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let new = dir.path().join("new");
    let to = Path::new("--to");
    let shown = |path: &Path| path.display().to_string();
    for (args, told) in [
        (
            vec![&*missing],
            format!("the data directory '{}': ", shown(&missing)),
        ),
        (
            vec![&*file],
            format!("the data directory '{}': not a directory", shown(&file)),
        ),
        (
            vec![&*empty],
            format!(
                "reading '{}': there is no broker's data in it",
                shown(&empty)
            ),
        ),
        (
            vec![&*data, to, &data],
            "--to names the directory that is repaired".to_owned(),
        ),
        (
            vec![&*data, to, &full],
            format!("writing to '{}': the directory is not empty", shown(&full)),
        ),
        (
            vec![&*data, to, &file],
            format!("'{}': not a directory", shown(&file)),
        ),
        (
            vec![&*data, to, Path::new("/proc/none/in")],
            "'/proc/none/in': ".to_owned(),
        ),
    ] {
        let (code, out, err) = repair(&args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert!(err.contains(&told), "{args:?}: {err}");
    }
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["data", "empty", "file", "full"],
        "nothing else is there"
    );
    assert!(!new.exists());
}

#[test]
fn directory_in_use_is_refused_on_either_side() {
    let (dir, data) = filled();
    let running = dir.path().join("running");
    let broker = broker(&running);
    let new = dir.path().join("new");
    let to = Path::new("--to");
    let (code, _, err) = repair(&[&running, to, &new]);
    assert_eq!(code, Some(2));
    let told = format!(
        "a broker is using the data directory '{}'",
        running.display()
    );
    assert!(err.contains(&told), "{err}");
    assert!(!new.exists());
    let (code, _, err) = repair(&[&data, to, &running]);
    assert_eq!(code, Some(2));
    assert!(err.contains(&told), "{err}");
    broker.stop("a test");
}
