//! Profiles: what RabbitMQ's versions deny of what they deprecate, and how its use is told.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;
use leveret::internals::config::CompatProfile;
use tempfile::TempDir;

use crate::process::Process;
use crate::talker::Client;

const TRANSIENT: &str = "queue.declare queue='t'";
const GLOBAL: &str = "basic.qos prefetch-count=1 global";
const LOCATOR: &str =
    "queue.declare queue='m' durable arguments={x-queue-master-locator: 'min-masters'}";

fn broker(profile: CompatProfile) -> Broker {
    let broker = Broker::builder().configure(|settings| settings.compat_profile = profile);
    broker.start().unwrap()
}

/// The names of the features in use.
fn used(broker: &Broker) -> Vec<&'static str> {
    let views = broker.desk().deprecated_features().into_iter();
    let used = views.filter(|view| view.used);
    used.map(|view| view.name).collect()
}

#[test]
fn use_of_what_is_deprecated_is_kept() {
    let broker = broker(CompatProfile::Lenient);
    let mut client = Client::new(&broker);
    assert!(used(&broker).is_empty());
    for ask in [TRANSIENT, GLOBAL, LOCATOR] {
        client.ask(ask);
    }
    let all = [
        "queue_master_locator",
        "global_qos",
        "transient_nonexcl_queues",
    ];
    assert_eq!(used(&broker), all);
    client.ask("queue.delete queue='t'");
    assert_eq!(used(&broker), all[..2]);
    let views = broker.desk().deprecated_features();
    let transient = views.iter().find(|view| view.name == all[2]).unwrap();
    assert!(transient.first_use_ms.is_some());
    assert_eq!(
        serde_json::to_value(transient).unwrap(),
        serde_json::json!({
            "name": "transient_nonexcl_queues",
            "desc": "",
            "state": "permitted",
            "deprecation_phase": "permitted_by_default",
            "doc_url": "https://blog.rabbitmq.com/posts/2021/08/4.0-deprecation-announcements/\
                        #removal-of-transient-non-exclusive-queues",
            "provided_by": "rabbit",
        })
    );
}

#[test]
fn what_is_denied_is_refused_and_not_in_use() {
    let broker = broker(CompatProfile::V4_3);
    let mut client = Client::new(&broker);
    assert_eq!(client.ask(GLOBAL), "basic.qos-ok");
    let answer = client.ask(LOCATOR);
    assert!(answer.starts_with("connection.close code=541"), "{answer}");
    assert!(used(&broker).is_empty());
    let views = broker.desk().deprecated_features().into_iter();
    let denied = views.filter(|view| view.state == "denied" && view.first_use_ms.is_some());
    let denied: Vec<_> = denied.map(|view| view.name).collect();
    assert_eq!(denied, ["queue_master_locator", "global_qos"]);
}

#[test]
fn first_use_is_logged_in_rabbitmqs_words() {
    let (data, scratch) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let settings = ["compat.profile=4.3"];
    let process = Process::start(data.path(), scratch.path(), &settings);
    let mut client = Client::at(process.address());
    for ask in [TRANSIENT, GLOBAL, TRANSIENT, GLOBAL] {
        client.ask(ask);
    }
    client.ask("queue.delete queue='t'");
    client.ask(TRANSIENT);
    let log = process.stop();
    for (level, feature) in [
        ("WARN", "transient_nonexcl_queues"),
        ("ERROR", "global_qos"),
    ] {
        let words = format!("Deprecated features: `{feature}`: Feature `{feature}` is deprecated.");
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&words)).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines.iter().all(|line| line.contains(level)), "{log}");
    }
    assert!(
        log.contains("To test RabbitMQ as if the feature was removed, set this"),
        "{log}"
    );
}
