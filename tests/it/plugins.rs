//! Plugins as switches: of a broker that runs, and in the file that says which are enabled.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::http::Http;
use crate::process::Process;
use crate::talker::eventually;

const ALL: [&str; 2] = ["rabbitmq_management", "rabbitmq_prometheus"];

fn enable(http: &Http, names: &[&str]) -> (u16, Json) {
    let heard = http.ask(
        "PUT",
        "/api/leveret/plugins",
        &json!({"enabled": names}).to_string(),
    );
    (heard.status, heard.json())
}

fn accepts(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

fn file(dir: &Path) -> String {
    fs::read_to_string(dir.join("data/enabled_plugins")).unwrap()
}

#[test]
fn port_of_a_disabled_plugin_is_closed_and_opened_again() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[]);
    let http = Http::at(broker.door("management")).by("guest", "guest");
    let metrics = broker.door("prometheus");
    let names = || http.get("/api/overview").json()["listeners"].to_string();
    assert!(accepts(metrics) && names().contains("http/prometheus"));

    let stopped = json!({"started": [], "stopped": ["rabbitmq_prometheus"]});
    assert_eq!(enable(&http, &["rabbitmq_management"]), (200, stopped));
    eventually("the port is closed", || !accepts(metrics));
    assert!(!names().contains("http/prometheus"));
    assert_eq!(file(dir.path()), "[rabbitmq_management].\n");

    // Another program has taken the port: nothing changes.
    let taken = TcpListener::bind(metrics).unwrap();
    let (status, why) = enable(&http, &ALL);
    assert_eq!(status, 400, "{why}");
    let why = why["reason"].to_string();
    assert!(why.contains("rabbitmq_prometheus: listening on"), "{why}");
    assert_eq!(file(dir.path()), "[rabbitmq_management].\n");
    drop(taken);

    let started = json!({"started": ["rabbitmq_prometheus"], "stopped": []});
    assert_eq!(enable(&http, &ALL), (200, started));
    assert!(accepts(metrics) && names().contains("http/prometheus"));
    assert_eq!(
        enable(&http, &ALL),
        (200, json!({"started": [], "stopped": []}))
    );
}

// Seen: RabbitMQ 4.3.6: names of no plugin are kept, and what is always there starts at once.
#[test]
fn plugins_are_listed_with_what_they_need() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[]);
    let http = Http::at(broker.door("management")).by("guest", "guest");
    let names = [
        "rabbitmq_shovel_management",
        "nope",
        "rabbitmq_consistent_hash_exchange",
    ];
    let (status, changed) = enable(&http, &names);
    assert_eq!(status, 200);
    let started = json!([
        "rabbitmq_shovel_management",
        "rabbitmq_consistent_hash_exchange",
        "rabbitmq_shovel"
    ]);
    assert_eq!(changed["started"], started);
    let all = http.get("/api/leveret/plugins").json();
    assert_eq!(all["missing"], json!(["nope"]));
    assert!(
        all["file"]
            .as_str()
            .unwrap()
            .ends_with("data/enabled_plugins")
    );
    let state = |name: &str| {
        let plugins = all["plugins"].as_array().unwrap();
        let plugin = plugins
            .iter()
            .find(|plugin| plugin["name"] == name)
            .unwrap();
        (plugin["enabled"].clone(), plugin["running"].clone())
    };
    assert_eq!(
        state("rabbitmq_shovel_management"),
        ("enabled".into(), true.into())
    );
    assert_eq!(
        state("rabbitmq_management"),
        ("implicit".into(), true.into())
    );
    assert_eq!(
        state("rabbitmq_prometheus"),
        ("not_enabled".into(), false.into())
    );
    let node = &http.get("/api/nodes").json()[0];
    assert_eq!(node["enabled_plugins"][0], "nope");
    let wrong = http.ask(
        "PUT",
        "/api/leveret/plugins",
        r#"{"enabled":"rabbitmq_top"}"#,
    );
    assert_eq!(wrong.status, 400);
}

#[test]
fn what_was_disabled_stays_so_until_it_is_enabled() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let broker = Process::start(&data, dir.path(), &[]);
    let door = broker.door("management");
    // The answer is whole although it closes its own door.
    let stopped = json!({"started": [], "stopped": ["rabbitmq_management"]});
    assert_eq!(
        enable(
            &Http::at(door).by("guest", "guest"),
            &["rabbitmq_prometheus"]
        ),
        (200, stopped)
    );
    eventually("the port is closed", || !accepts(door));
    drop(broker.stop());

    let broker = Process::start(&data, dir.path(), &["log.format=rabbitmq"]);
    let ready = fs::read_to_string(dir.path().join("ready.json")).unwrap();
    let ready: Json = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["management"], json!([]));
    assert!(accepts(broker.door("prometheus")));
    eventually("the start is logged", || {
        broker
            .log()
            .contains("Server startup complete; 3 plugins started.")
    });
    drop(broker);

    // A setting goes before the file.
    let broker = Process::start(&data, dir.path(), &["management.enabled=true"]);
    assert!(accepts(broker.door("management")));
    drop(broker);

    fs::write(
        data.join("enabled_plugins"),
        "[rabbitmq_management,\n rabbitmq_nope]\n",
    )
    .unwrap();
    let log = Process::start_in(&[], &data, dir.path(), &[])
        .err()
        .unwrap();
    let words = "data/enabled_plugins, line 3: found something else, expected names of plugins";
    assert!(log.contains(words), "{log}");
}
