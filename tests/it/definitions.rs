//! Documents of definitions: RabbitMQ's own goes in and comes out again, at a start too.
//!
//! `tests/golden/definitions` holds what a RabbitMQ 4.3.6 exported that we had filled with
//! something of everything, with its sections sorted.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::fs;
use std::path::{Path, PathBuf};

use leveret::broker::{Broker, BrokerBuilder};
use leveret::clock::{Clock, Mono};
use leveret::internals::DeskInside as _;
use leveret::internals::config::Durability;
use leveret::internals::desk::{DocumentOf, ImportError};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::talker::Client;

fn golden(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/definitions");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// What two documents have to agree on: sections have no order. RabbitMQ's log goes to an exchange
/// that ours does not have.
fn comparable(mut document: Json) -> Json {
    for (_, section) in document.as_object_mut().unwrap() {
        if let Json::Array(items) = section {
            items.retain(|item| item["name"] != "amq.rabbitmq.log");
            items.sort_by_key(|item| serde_json::to_string(item).unwrap());
        }
    }
    document
}

fn same(one: Json, other: Json) {
    let (one, other) = (comparable(one), comparable(other));
    for (section, items) in one.as_object().unwrap() {
        assert_eq!(*items, other[section], "{section}");
    }
    assert_eq!(one, other);
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

/// A broker with the vhosts and users of `document` and no others.
fn loaded(dir: &Path, document: &str) -> Broker {
    let file = dir.join("definitions.json");
    fs::write(&file, document).unwrap();
    builder(dir)
        .configure(|settings| settings.load_definitions = Some(file))
        .start()
        .unwrap()
}

fn builder(dir: &Path) -> BrokerBuilder {
    Broker::builder()
        .clock(Clock::test())
        .configure(|settings| {
            settings.durability = Durability::Os;
            settings.data_dir = dir.join("data");
        })
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_document_of_rabbitmq_comes_out_as_it_went_in() {
    let dir = directory();
    let document = golden("broker-4.3.6.json");
    let broker = loaded(dir.path(), &document);
    same(parsed(&document), broker.desk().export(&DocumentOf::Broker));
    let mut written = Vec::new();
    let desk = broker.desk();
    desk.write_definitions(&DocumentOf::Broker, &mut written)
        .unwrap();
    let written: Json = serde_json::from_slice(&written).unwrap();
    assert_eq!(written, desk.export(&DocumentOf::Broker));
    // Importing it once more changes nothing.
    desk.administration()
        .import(document.as_bytes())
        .unwrap()
        .unwaited();
    same(parsed(&document), desk.export(&DocumentOf::Broker));
}

#[test]
fn everything_durable_in_a_document_survives_a_restart() {
    let dir = directory();
    let document = golden("broker-4.3.6.json");
    loaded(dir.path(), &document).stop("a test");
    let broker = builder(dir.path()).start().unwrap();
    let mut expected = parsed(&document);
    let is_gone = |item: &Json| item["durable"] == false || item["source"] == "passing";
    for section in ["exchanges", "queues", "bindings"] {
        let items = expected[section].as_array_mut().unwrap();
        items.retain(|item| !is_gone(item));
    }
    same(expected, broker.desk().export(&DocumentOf::Broker));
}

#[test]
fn a_document_of_one_vhost_comes_out_as_it_went_in() {
    let broker = Broker::builder().start().unwrap();
    let desk = broker.desk();
    let administration = desk.administration();
    let vhost = json!({ "vhosts": [{ "name": "orders", "metadata": {
        "description": "Incoming orders", "tags": ["production", "eu"],
        "default_queue_type": "quorum", "protected_from_deletion": true,
    } }] });
    administration
        .import(vhost.to_string().as_bytes())
        .unwrap()
        .unwaited();
    let document = golden("vhost-4.3.6.json");
    administration
        .import_into("orders", document.as_bytes())
        .unwrap()
        .unwaited();
    let scope = desk.one_vhost("orders").unwrap();
    same(parsed(&document), desk.export(&scope));
}

#[test]
fn what_is_imported_works() {
    let dir = directory();
    let broker = loaded(dir.path(), &golden("broker-4.3.6.json"));
    let limits = broker.desk().vhost_limits("limited");
    assert_eq!((limits.queues(), limits.connections()), (Some(50), None));
    let auth = broker.desk().auth();
    let here = "127.0.0.1".parse().unwrap();
    assert!(
        auth.check_password("alice", b"secret", here, Mono::ZERO)
            .is_ok()
    );
    assert!(auth.check_password("bob", b"pw", here, Mono::ZERO).is_ok());
    let access = auth.topic_access("bob", "orders", "amq.topic").unwrap();
    assert!(access.allows(
        leveret::internals::auth::Operation::Write,
        b"bob-orders-{client_id}"
    ));
    let vhost = broker.desk().find_vhost("orders").unwrap();
    let short = vhost.find_queue("tmp.1").unwrap();
    assert_eq!(short.look(|queue| queue.limits().max_length), Some(10));
    let bound = vhost.find_queue("by default").unwrap();
    assert_eq!(bound.look(|queue| queue.limits().max_length), Some(1000));
}

/// What is said of a document, and where in it.
fn refused(broker: &Broker, document: &Json) -> ImportError {
    let administration = broker.desk().administration();
    administration
        .import(document.to_string().as_bytes())
        .unwrap_err()
}

#[test]
fn a_section_is_imported_whole_or_not_at_all() {
    let broker = Broker::builder().start().unwrap();
    let document = json!({
        "users": [{ "name": "carol", "tags": "" }],
        "exchanges": [
            { "vhost": "/", "name": "good", "type": "direct" },
            { "vhost": "/", "name": "bad", "type": "nope" },
        ],
        "queues": [{ "vhost": "/", "name": "later" }],
    });
    let error = refused(&broker, &document);
    assert_eq!(
        error.to_string(),
        "precondition_failed: unknown exchange type 'nope'"
    );
    assert_eq!(
        error.explain(),
        "exchanges[1], 'bad' in vhost '/': precondition_failed: unknown exchange type 'nope'"
    );
    let desk = broker.desk();
    assert!(desk.user("carol").is_some(), "an earlier section");
    let vhost = desk.find_vhost("/").unwrap();
    assert!(vhost.find_exchange("good").is_none(), "the same section");
    assert!(vhost.find_queue("later").is_none(), "a later section");
}

#[test]
fn queues_that_are_there_stay_as_they_are() {
    let broker = Broker::builder().start().unwrap();
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='q' durable arguments={x-max-length: I5}");
    client.say("basic.publish routing-key='q' body='kept'");
    client.sync();
    let document = json!({ "queues": [
        { "vhost": "/", "name": "q", "arguments": { "x-max-length": 1, "x-nonsense": null } },
        { "vhost": "/", "name": "amq.mine" },
    ] });
    let error = refused(&broker, &document);
    assert_eq!(error.to_string(), "null_not_allowed");
    let document = json!({ "queues": [
        { "vhost": "/", "name": "q", "durable": false, "arguments": { "x-max-length": 1 } },
        { "vhost": "/", "name": "amq.mine" },
    ] });
    let administration = broker.desk().administration();
    administration
        .import(document.to_string().as_bytes())
        .unwrap()
        .unwaited();
    assert_eq!(client.drain("q"), ["kept"]);
    let again = client.ask("queue.declare queue='q' durable arguments={x-max-length: I5}");
    assert!(again.starts_with("queue.declare-ok"), "{again}");
    let vhost = broker.desk().find_vhost("/").unwrap();
    assert!(vhost.find_queue("amq.mine").is_none());
}

#[test]
fn definitions_are_loaded_at_a_start_from_the_files_of_a_directory() {
    let dir = directory();
    let folder = dir.path().join("definitions");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("1"), r#"{ "vhosts": [{ "name": "v" }] }"#).unwrap();
    let queue = |name| format!(r#"{{ "queues": [{{ "vhost": "v", "name": "{name}" }}] }}"#);
    fs::write(folder.join("2.json"), queue("q")).unwrap();
    fs::write(folder.join(".hidden"), "no JSON").unwrap();
    let start = |folder: &Path, skip| {
        builder(dir.path())
            .configure(|settings| {
                settings.load_definitions = Some(folder.to_owned());
                settings.definitions_skip_if_unchanged = skip;
            })
            .start()
    };
    let broker = start(&folder, true).unwrap();
    let desk = broker.desk();
    // A broker that has definitions to load gets no defaults.
    assert_eq!(desk.vhost_names().len(), 1);
    assert!(desk.auth().users().is_empty());
    assert!(desk.find_vhost("v").unwrap().find_queue("q").is_some());
    desk.administration().delete_vhost("v").unwrap().unwaited();
    broker.stop("a test");
    // Nothing has changed in the files, so what was deleted stays so.
    let broker = start(&folder, true).unwrap();
    assert!(broker.desk().vhost_names().is_empty());
    broker.stop("a test");
    let broker = start(&folder, false).unwrap();
    assert_eq!(broker.desk().vhost_names().len(), 1);
    broker.stop("a test");
    fs::write(folder.join("2.json"), queue("other")).unwrap();
    let broker = start(&folder, true).unwrap();
    let vhost = broker.desk().find_vhost("v").unwrap();
    assert!(vhost.find_queue("other").is_some());
    drop(vhost);
    broker.stop("a test");

    fs::write(
        folder.join("3.json"),
        r#"{ "queues": [{ "vhost": "x", "name": "q" }] }"#,
    )
    .unwrap();
    let error = start(&folder, true).unwrap_err().to_string();
    let told = "3.json': queues[0], 'q' in vhost 'x': Please create virtual \
                host \"x\" prior to importing definitions.";
    assert!(error.ends_with(told), "{error}");
    let error = start(&dir.path().join("none"), true)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("load_definitions: '") && error.contains("none': No such file"),
        "{error}"
    );
}

#[test]
fn a_decimal_argument_is_exported_as_its_number() {
    let broker = Broker::builder().start().unwrap();
    Client::new(&broker).ask("queue.declare queue='q' durable arguments={x-foo: D2/125}");
    let desk = broker.desk();
    let document = desk.export(&desk.one_vhost("/").unwrap());
    // Seen: RabbitMQ 4.3.6: 2.125.
    assert_eq!(document["queues"][0]["arguments"]["x-foo"], json!(1.25));
}

#[test]
fn names_of_virtual_hosts_end_at_255_octets() {
    let broker = Broker::builder().start().unwrap();
    let named = |octets: usize| json!({ "vhosts": [{ "name": "v".repeat(octets) }] });
    let administration = broker.desk().administration();
    let longest = named(255).to_string();
    administration
        .import(longest.as_bytes())
        .unwrap()
        .unwaited();
    // Seen: RabbitMQ 4.3.6: one of 300 is made.
    let error = refused(&broker, &named(256)).to_string();
    assert!(error.contains("255"), "{error}");
}
