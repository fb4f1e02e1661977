//! `leveret export` and `leveret import`: the ways to a RabbitMQ and from one.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::Path;
use std::process::Command;

use leveret::broker::{Broker, NewMessage, QueueDefinition};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The exit code and the output of the program in a directory.
fn leveret(dir: &Path, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command.args(words).current_dir(dir).env_clear();
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text)
}

fn uri(broker: &Broker) -> String {
    let uri = broker.management_uri().unwrap();
    uri.replacen("http://", "http://guest:guest@", 1)
}

// Seen: RabbitMQ 4.3.6 imports the file, and its shovel moves the messages and is gone then.
#[test]
fn an_export_has_definitions_and_a_shovel_for_each_queue_with_messages() {
    let (broker, dir) = (
        Broker::builder().management(0).start().unwrap(),
        TempDir::new().unwrap(),
    );
    let vhost = broker.vhost("/").unwrap();
    for name in ["full", "empty"] {
        let queue = QueueDefinition::new(name).durable();
        vhost.declare_queue(&queue).unwrap();
    }
    let message = NewMessage::to_queue("full").persistent().body("x");
    vhost.publish(&message).unwrap();
    let words = ["export", "--to-rabbitmq", "--uri", &uri(&broker), "out"];
    let (code, said) = leveret(dir.path(), &words);
    assert_eq!(code, Some(0), "{said}");
    let read = |name: &str| fs::read_to_string(dir.path().join("out").join(name)).unwrap();
    let definitions: Value = serde_json::from_str(&read("definitions.json")).unwrap();
    assert_eq!(definitions["queues"].as_array().unwrap().len(), 2);
    let script = read("move-messages.sh");
    assert_eq!(script.matches("set_parameter").count(), 1, "{script}");
    assert!(script.contains("shovel 'leveret-full'"), "{script}");
}

#[test]
fn an_import_says_what_is_different_and_leaves_out_what_is_not_there() {
    let (broker, dir) = (
        Broker::builder().management(0).start().unwrap(),
        TempDir::new().unwrap(),
    );
    let definitions = json!({
        "vhosts": [{"name": "/"}],
        "queues": [{"name": "q", "vhost": "/", "durable": true, "auto_delete": false,
                    "arguments": {"x-queue-type": "quorum"}}],
        "parameters": [{"component": "shovel", "vhost": "/", "name": "s", "value": {}}],
    });
    fs::write(dir.path().join("d.json"), definitions.to_string()).unwrap();
    let expected = "left out: parameter 's' in vhost '/': there is no 'shovel' here\n\
                    queue 'q' in vhost '/': it has no replicas, and every message is \
                    redelivered after a kill\n";
    let (code, said) = leveret(dir.path(), &["import", "--check", "d.json"]);
    assert_eq!((code, said.as_str()), (Some(0), expected));
    let vhost = broker.vhost("/").unwrap();
    assert!(vhost.peek("q", 1).is_err(), "it was only to be checked");
    let (code, said) = leveret(dir.path(), &["import", "--uri", &uri(&broker), "d.json"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with(expected), "{said}");
    assert!(vhost.peek("q", 1).is_ok());
    assert_eq!(leveret(dir.path(), &["import", "missing"]).0, Some(74));
}
