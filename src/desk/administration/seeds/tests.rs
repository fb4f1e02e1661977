//! What new vhosts get by the settings, whichever way they are made.

use serde_json::json;

use crate::broker::{Broker, StartError};
use crate::config::{Named, Settings, Value};
use crate::desk::{Desk, VhostDefinition};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn settings(settings: &mut Settings) {
    let tags = Value::List(vec!["management".to_owned()]);
    settings.default_users = Named::default()
        .with("alice", "vhost_pattern", text("^v"))
        .with("alice", "password", text("pw"))
        .with("alice", "tags", tags)
        .with("alice", "read", text("^r"))
        .with("bob", "vhost_pattern", text(".*"));
    settings.default_policies_operator = Named::default()
        .with("zz", "vhost_pattern", text("^v"))
        .with("zz", "queue_pattern", text("^q"))
        .with("zz", "apply_to", text("queues"))
        .with("zz", "max_length_bytes", Value::Whole(1024))
        .with("zz", "queue_version", Value::Whole(2))
        .with("aa", "max_length", Value::Whole(7));
    settings.default_limits_vhosts = Named::default()
        .with("2", "pattern", text("^v"))
        .with("2", "max_queues", Value::Whole(20))
        .with("1", "pattern", text("^vh"))
        .with("1", "max_connections", Value::Whole(10));
}

/// Permissions, operator policies and limits of a vhost.
fn of(desk: &Desk, vhost: &str) -> [Vec<String>; 3] {
    let permissions = desk.auth.export().permissions.into_iter();
    let permissions = permissions.filter(|one| one.vhost == vhost);
    let permissions = permissions.map(|one| {
        let patterns = [one.configure, one.write, one.read].join(" ");
        format!("{}: {patterns}", one.user)
    });
    let policies = desk.operator_policies().into_iter();
    let policies = policies.filter(|one| one.vhost == vhost);
    let policies = policies.map(|one| {
        let definition = json!(one.definition);
        format!("{} {} {} {definition}", one.name, one.pattern, one.apply_to)
    });
    let limits = desk.parameters.all().into_iter();
    let limits = limits.filter(|one| one.vhost == vhost);
    let limits = limits.map(|one| one.value.to_string());
    let mut policies: Vec<_> = policies.collect();
    policies.sort();
    [permissions.collect(), policies, limits.collect()]
}

// They had no effect. Seen: RabbitMQ 4.3.6, PUT /api/vhosts with these lines in its rabbitmq.conf.
#[test]
fn new_vhosts_get_what_the_settings_say_by_their_names() {
    let broker = Broker::builder().configure(settings).start().unwrap();
    let desk = broker.desk();
    let (aa, zz) = (
        "aa \".*\" all {\"max-length\":7}",
        "zz \"^q\" queues {\"max-length-bytes\":1024,\"queue-version\":2}",
    );
    let everything = "bob: .* .* .*";
    let [permissions, policies, limits] = of(desk, "/");
    assert_eq!(permissions, [everything, "guest: .* .* .*"]);
    assert_eq!((policies, limits), (vec![aa.to_owned()], vec![]));
    let administration = desk.administration();
    let new = VhostDefinition::default();
    administration.put_vhost("vh1", &new).unwrap().unwaited();
    let document = json!({"vhosts": [{"name": "v1"}]}).to_string();
    administration
        .import(document.as_bytes())
        .unwrap()
        .unwaited();
    for (vhost, limit) in [
        ("vh1", "{\"max-connections\":10}"),
        ("v1", "{\"max-queues\":20}"),
    ] {
        let [permissions, policies, limits] = of(desk, vhost);
        assert_eq!(permissions, ["alice: .* .* ^r", everything], "{vhost}");
        assert_eq!(policies, [aa, zz], "{vhost}");
        assert_eq!(limits, [limit]);
    }
    let alice = desk.auth.user("alice").unwrap();
    assert_eq!(alice.tags(), ["management"]);
    // A user who is there keeps password and tags, and a vhost what it has.
    administration
        .set_tags("alice", vec!["monitoring".to_owned()])
        .unwrap()
        .unwaited();
    administration
        .clear_operator_policy("v1", "aa")
        .unwrap()
        .unwaited();
    administration.put_vhost("v1", &new).unwrap().unwaited();
    administration.put_vhost("v2", &new).unwrap().unwaited();
    assert_eq!(of(desk, "v1")[1], [zz]);
    assert_eq!(of(desk, "v2")[1], [aa, zz]);
    assert_eq!(desk.auth.user("alice").unwrap().tags(), ["monitoring"]);
}

#[test]
fn what_no_vhost_could_get_ends_the_start_by_its_name() {
    let refused = |configure: fn(&mut Settings)| {
        let error = Broker::builder().configure(configure).start();
        let Err(error @ StartError::Seed { .. }) = error else {
            panic!("{:?}", error.err());
        };
        error.to_string()
    };
    let told = refused(|settings| {
        settings.default_users = Named::default().with("bob", "read", text("("));
    });
    assert!(
        told.starts_with("default_users: bob: {invalid_regexp,\"(\""),
        "{told}"
    );
    let told = refused(|settings| {
        settings.default_policies_operator = Named::default().with("p", "ha_mode", text("all"));
    });
    let words = "default_policies.operator: p: Validation failed: ";
    assert!(told.starts_with(words), "{told}");
    let told = refused(|settings| {
        settings.default_limits_vhosts = Named::default().with("1", "pattern", text("["));
    });
    assert!(told.starts_with("default_limits.vhosts: 1: "), "{told}");
}
