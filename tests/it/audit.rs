//! The audit log: who changed what, from where, and nothing that is secret.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::http::Http;
use crate::process::Process;
use crate::talker::{Client, eventually};

fn http(scratch: &Path) -> Http {
    let ready = fs::read_to_string(scratch.join("ready.json")).unwrap();
    let ready: Json = serde_json::from_str(&ready).unwrap();
    let port = ready.pointer("/management/0/port").unwrap();
    Http {
        address: format!("127.0.0.1:{port}"),
        login: Some(("guest".to_owned(), "guest".to_owned())),
    }
}

/// The lines of the audit log without their times, and without the ports of clients.
fn audited(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| line.split_once("audit: "));
    let lines = lines.map(|(before, line)| {
        assert!(before.trim_end().ends_with("INFO"), "{before}");
        match line.split_once("from=127.0.0.1:") {
            Some((line, rest)) => {
                let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{line}from=127.0.0.1{rest}")
            }
            None => line.to_owned(),
        }
    });
    lines.collect()
}

/// The lines that `act` adds, the last of which has `last` in it.
fn lines_of(broker: &Process, last: &str, act: impl FnOnce()) -> Vec<String> {
    let before = broker.log().len();
    act();
    let since = || broker.log().get(before..).unwrap_or_default().to_owned();
    eventually("the last line is written", || {
        since().lines().any(|line| line.contains(last))
    });
    audited(&since())
}

#[test]
fn changes_over_amqp_are_logged_with_user_and_address() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[]);
    let mut client = Client::at(broker.address());
    let lines = lines_of(&broker, "queue.deleted", || {
        for line in [
            "queue.declare queue='q' durable arguments={x-max-length: I5}",
            "queue.declare queue='q' durable arguments={x-max-length: I5}",
            "exchange.declare exchange='e' type='fanout'",
            "queue.bind queue='q' exchange='e' routing-key='k'",
            "queue.purge queue='q'",
            "exchange.delete exchange='e'",
            "queue.delete queue='q'",
        ] {
            client.ask(line);
        }
    });
    let end = "by=\"guest\" from=127.0.0.1 vhost=\"/\"";
    let expected = [
        "queue.created name=\"q\" type=\"rabbit_classic_queue\" durable=true auto_delete=false \
         exclusive=false",
        "exchange.created name=\"e\" type=\"fanout\" durable=false auto_delete=false \
         internal=false",
        "binding.created source_name=\"e\" destination_kind=\"queue\" destination_name=\"q\" \
         routing_key=\"k\"",
        "queue.purged name=\"q\" messages=0",
        "exchange.deleted name=\"e\"",
        "binding.deleted source_name=\"e\" destination_kind=\"queue\" destination_name=\"q\" \
         routing_key=\"k\"",
        "queue.deleted name=\"q\" type=\"rabbit_classic_queue\"",
    ];
    let expected = expected.map(|line| format!("{line} {end}"));
    assert_eq!(lines, expected);
}

#[test]
fn changes_over_http_are_logged_without_secrets() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[]);
    let http = http(dir.path());
    let ask = |method: &str, path: &str, body: &str| {
        let heard = http.ask(method, path, body);
        assert!(heard.status < 300, "{method} {path}: {heard:?}");
    };
    let hash = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
    let lines = lines_of(&broker, "vhost.deleted", || {
        ask("PUT", "/api/vhosts/v", "{\"description\":\"secret\"}");
        ask("POST", "/api/vhosts/v/deletion/protection", "");
        ask("DELETE", "/api/vhosts/v/deletion/protection", "");
        let user = "{\"password\":\"secret\",\"tags\":\"monitoring,x\"}";
        ask("PUT", "/api/users/u", user);
        let user = format!("{{\"password_hash\":\"{hash}\",\"tags\":\"monitoring,x\"}}");
        ask("PUT", "/api/users/u", &user);
        let rights = "{\"configure\":\"\",\"write\":\"a|b\",\"read\":\".*\"}";
        ask("PUT", "/api/permissions/v/u", rights);
        let value = "{\"value\":{\"uri\":\"amqp://u:secret@h\"}}";
        ask("PUT", "/api/global-parameters/g", value);
        let policy = "{\"pattern\":\"^p\",\"definition\":{\"dead-letter-exchange\":\"secret\"}}";
        ask("PUT", "/api/policies/v/p", policy);
        ask("DELETE", "/api/users/u", "");
        ask("DELETE", "/api/vhosts/v", "");
    });
    let end = "by=\"guest\" from=127.0.0.1";
    let here = "by=\"guest\" from=127.0.0.1 vhost=\"v\"";
    let vhost = "name=\"v\" tags=\"\" default_queue_type=\"classic\"";
    let expected = [
        format!("vhost.created {vhost} protected_from_deletion=false tracing=false {end}"),
        format!(
            "permission.created user=\"guest\" configure=\".*\" write=\".*\" read=\".*\" {here}"
        ),
        format!("vhost.updated {vhost} protected_from_deletion=true tracing=false {end}"),
        format!("vhost.updated {vhost} protected_from_deletion=false tracing=false {end}"),
        format!("user.created name=\"u\" {end}"),
        format!("user.tags.set name=\"u\" tags=\"monitoring,x\" {end}"),
        format!("user.password.changed name=\"u\" {end}"),
        format!("permission.created user=\"u\" configure=\"\" write=\"a|b\" read=\".*\" {here}"),
        format!("parameter.set component=\"global\" name=\"g\" {end}"),
        format!("policy.set name=\"p\" pattern=\"^p\" apply-to=\"all\" {here}"),
        format!("user.deleted name=\"u\" {end}"),
        format!("permission.deleted user=\"guest\" {here}"),
        format!("vhost.deleted name=\"v\" {end}"),
    ];
    assert_eq!(lines, expected);
    let log = broker.log();
    assert!(!log.contains("secret") && !log.contains(hash), "{log}");
}

#[test]
fn no_change_is_logged_where_the_level_is_higher() {
    let dir = TempDir::new().unwrap();
    let settings = ["log.level=warning"];
    let broker = Process::start(&dir.path().join("data"), dir.path(), &settings);
    let mut client = Client::at(broker.address());
    client.ask("queue.declare queue='q'");
    client.leave();
    assert_eq!(audited(&broker.log()), [""; 0]);
}
