//! Changes of everything but messages are told with RabbitMQ's names, in order, once.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use leveret::broker::{Broker, QueueDefinition};
use leveret::clock::Clock;
use leveret::events::{Change, Interest, Listener, Room, Subscription, Told};
use leveret::internals::alarms::Alarm;
use leveret::internals::auth::{PermissionDefinition, UserDefinition};
use leveret::internals::desk::VhostDefinition;
use leveret::internals::policy::PolicyDefinition;
use leveret_codec::table::Value;

use crate::talker::Client;

struct Stage {
    broker: Broker,
    told: Subscription,
}

impl Stage {
    fn new() -> Self {
        let broker = Broker::builder().clock(Clock::test()).start().unwrap();
        let told = broker.subscribe(Interest::Changes, Room::default());
        Self { broker, told }
    }

    /// The changes since the last time, in their order.
    fn changes(&self) -> Vec<Change> {
        let taken = self.told.take(usize::MAX);
        assert_eq!(taken.missed.0, 0);
        let change = |told| match told {
            Told::Change(change) => change,
            Told::Message(event) => panic!("{event:?}"),
        };
        let mut changes: Vec<Change> = taken.told.into_iter().map(change).collect();
        changes.sort_by_key(|change| change.order);
        changes
    }

    #[track_caller]
    fn tells(&self, expected: &[&str]) {
        assert_eq!(words(&self.changes()), expected);
    }
}

/// `queue.created q by guest`: kind, what stands for the name, and who did it.
fn words(changes: &[Change]) -> Vec<String> {
    let word = |change: &Change| {
        let names = ["name", "destination_name", "consumer_tag", "user", "alarm"];
        let name = names.iter().find_map(|name| text(change, name));
        let (name, by) = (
            name.unwrap_or_default(),
            text(change, "user_who_performed_action"),
        );
        format!(
            "{} {name} by {}",
            change.kind.as_str(),
            by.unwrap_or_default()
        )
    };
    changes.iter().map(word).collect()
}

fn text(change: &Change, field: &str) -> Option<String> {
    let text = change.fields.get(field)?.as_str()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[test]
fn queues_exchanges_and_bindings_are_told_with_who_made_them() {
    let stage = Stage::new();
    let mut client = Client::new(&stage.broker);
    drop(stage.changes());
    client.declare("q", "x-max-length: 5");
    client.declare("q", "x-max-length: 5");
    client.ask("exchange.declare exchange='e' type='fanout' auto-delete");
    client.ask("queue.bind queue='q' exchange='e' routing-key='k'");
    client.ask("queue.bind queue='q' exchange='e' routing-key='k'");
    let changes = stage.changes();
    assert_eq!(
        words(&changes),
        [
            "queue.created q by guest",
            "exchange.created e by guest",
            "binding.created q by guest",
        ]
    );
    let [queue, exchange, binding] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(&*queue.vhost, "/");
    assert_eq!(text(queue, "type").unwrap(), "rabbit_classic_queue");
    assert_eq!(queue.fields.get("exclusive"), Some(&Value::Bool(false)));
    let Some(Value::Table(arguments)) = queue.fields.get("arguments") else {
        panic!("{queue:?}")
    };
    assert_eq!(arguments.get("x-max-length").unwrap().as_integer(), Some(5));
    assert_eq!(exchange.fields.get("auto_delete"), Some(&Value::Bool(true)));
    assert_eq!(text(binding, "source_name").unwrap(), "e");
    assert_eq!(text(binding, "destination_kind").unwrap(), "queue");
    assert_eq!(text(binding, "routing_key").unwrap(), "k");
    client.ask("queue.delete queue='q'");
    stage.tells(&[
        "binding.deleted q by guest",
        "exchange.deleted e by guest",
        "queue.deleted q by guest",
    ]);
}

#[test]
fn what_goes_by_itself_is_told_as_the_brokers_own_doing() {
    let stage = Stage::new();
    let mut client = Client::new(&stage.broker);
    client.declare("q", "x-expires: 1000");
    drop(stage.changes());
    stage.broker.clock().advance(Duration::from_secs(1));
    stage.tells(&["queue.deleted q by rmq-internal"]);
}

#[test]
fn connections_channels_and_consumers_are_told_from_their_begin_to_their_end() {
    let stage = Stage::new();
    let mut client = Client::new(&stage.broker);
    client.sync();
    let changes = stage.changes();
    let [login, connection, channel] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(login.kind.as_str(), "user.authentication.success");
    assert_eq!(connection.kind.as_str(), "connection.created");
    assert!(text(connection, "name").unwrap().contains(" -> "));
    assert_eq!(text(connection, "protocol").unwrap(), "AMQP 0-9-1");
    assert_eq!(channel.kind.as_str(), "channel.created");
    client.declare("q", "");
    client.ask("basic.consume queue='q' consumer-tag='c' no-ack");
    client.ask("basic.consume queue='q' consumer-tag='d'");
    client.ask("basic.cancel consumer-tag='c'");
    stage.tells(&[
        "queue.created q by guest",
        "consumer.created c by guest",
        "consumer.created d by guest",
        "consumer.deleted c by guest",
    ]);
    client.ask("channel.close");
    let changes = words(&stage.changes());
    assert_eq!(changes[0], "consumer.deleted d by guest");
    assert!(changes[1].starts_with("channel.closed"), "{changes:?}");
    client.ask("0> connection.close");
    let changes = words(&stage.changes());
    assert!(changes[0].starts_with("connection.closed"), "{changes:?}");
    assert_eq!(changes.len(), 1);
}

#[test]
fn the_consumers_of_a_deleted_queue_and_stream_are_told_as_gone() {
    let stage = Stage::new();
    let mut client = Client::new(&stage.broker);
    client.ask("basic.qos prefetch-count=5");
    for kind in ["classic", "stream"] {
        let declare =
            format!("queue.declare queue='q' durable arguments={{x-queue-type: '{kind}'}}");
        client.ask(&declare);
        client.ask("basic.consume queue='q' consumer-tag='c'");
        drop(stage.changes());
        client.say("queue.delete queue='q'");
        while !client.hear().starts_with("queue.delete-ok") {}
        let mut told = words(&stage.changes());
        told.sort();
        assert_eq!(
            told,
            ["consumer.deleted c by guest", "queue.deleted q by guest"]
        );
    }
}

#[test]
fn users_are_told_by_what_is_different() {
    let stage = Stage::new();
    let by = stage.broker.desk().administration();
    let user = UserDefinition::new("u", "secret").tags(["monitoring"]);
    by.put_user(&user).unwrap().unwaited();
    stage.tells(&[
        "user.created u by rmq-internal",
        "user.tags.set u by rmq-internal",
    ]);
    by.set_password("u", Some("other")).unwrap().unwaited();
    by.set_password("u", None).unwrap().unwaited();
    by.set_tags("u", Vec::new()).unwrap().unwaited();
    stage.tells(&[
        "user.password.changed u by rmq-internal",
        "user.password.cleared u by rmq-internal",
        "user.tags.set u by rmq-internal",
    ]);
    by.delete_user("u").unwrap().unwaited();
    stage.tells(&["user.deleted u by rmq-internal"]);
}

#[test]
fn a_vhost_is_told_with_all_that_is_set_in_it() {
    let stage = Stage::new();
    let by = stage.broker.desk().administration();
    let user = UserDefinition::new("u", "secret").tags(["monitoring"]);
    by.put_user(&user).unwrap().unwaited();
    drop(stage.changes());
    by.put_vhost("v", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    let mut told = words(&stage.changes());
    assert_eq!(told.pop().unwrap(), "vhost.created v by rmq-internal");
    assert_eq!(told.len(), 7, "the predeclared exchanges: {told:?}");
    let described = VhostDefinition {
        description: "d".to_owned(),
        ..VhostDefinition::default()
    };
    by.put_vhost("v", &described).unwrap().unwaited();
    let changes = stage.changes();
    assert_eq!(words(&changes), ["vhost.updated v by rmq-internal"]);
    assert_eq!(text(&changes[0], "description").unwrap(), "d");
    let permission = PermissionDefinition {
        user: user.name.clone(),
        vhost: "v".to_owned(),
        configure: ".*".to_owned(),
        write: ".*".to_owned(),
        read: String::new(),
    };
    by.put_permission(&permission).unwrap().unwaited();
    by.clear_permission("u", "v").unwrap().unwaited();
    let mut policy = PolicyDefinition::new("v", "p", "^a");
    policy.definition.insert("max-length".to_owned(), 5.into());
    by.put_policy(&policy).unwrap().unwaited();
    let changes = stage.changes();
    assert_eq!(
        words(&changes),
        [
            "permission.created u by rmq-internal",
            "permission.deleted u by rmq-internal",
            "policy.set p by rmq-internal",
        ]
    );
    let Some(Value::Table(definition)) = changes[2].fields.get("definition") else {
        panic!("{changes:?}")
    };
    assert_eq!(definition.get("max-length").unwrap().as_integer(), Some(5));
}

#[test]
fn what_goes_with_a_vhost_is_told_before_it() {
    let stage = Stage::new();
    let by = stage.broker.desk().administration();
    let user = UserDefinition::new("u", "secret");
    by.put_user(&user).unwrap().unwaited();
    by.put_vhost("v", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    let policy = PolicyDefinition::new("v", "p", "^a").set("max-length", 5);
    by.put_policy(&policy).unwrap().unwaited();
    drop(stage.changes());
    by.clear_policy("v", "p").unwrap().unwaited();
    by.set_vhost_limit("v", "max-queues", &5.into())
        .unwrap()
        .unwaited();
    by.put_global_parameter("g", 1.into()).unwrap().unwaited();
    by.delete_global_parameter("g").unwrap().unwaited();
    let changes = stage.changes();
    assert_eq!(
        words(&changes),
        [
            "policy.cleared p by rmq-internal",
            "parameter.set limits by rmq-internal",
            "vhost.limits.set limits by rmq-internal",
            "parameter.set g by rmq-internal",
            "parameter.cleared g by rmq-internal",
        ]
    );
    let number = |change: &Change, field| change.fields.get(field).unwrap().as_integer();
    assert_eq!(number(&changes[2], "max-queues"), Some(5));
    assert_eq!(number(&changes[3], "value"), Some(1));
    assert_eq!(text(&changes[3], "component").unwrap(), "global");
    let permission = PermissionDefinition::new("u", "v");
    by.put_permission(&permission).unwrap().unwaited();
    by.put_operator_policy(&policy).unwrap().unwaited();
    by.clear_operator_policy("v", "p").unwrap().unwaited();
    stage.tells(&[
        "permission.created u by rmq-internal",
        "parameter.set p by rmq-internal",
        "policy.set p by rmq-internal",
        "parameter.cleared p by rmq-internal",
        "operator.policy.cleared p by rmq-internal",
    ]);
    by.delete_vhost("v").unwrap().unwaited();
    let told = words(&stage.changes());
    assert_eq!(told[0], "permission.deleted u by rmq-internal");
    assert_eq!(
        told[8..],
        [
            "parameter.cleared limits by rmq-internal",
            "vhost.limits.cleared limits by rmq-internal",
            "vhost.deleted v by rmq-internal"
        ]
    );
}

#[test]
fn an_alarm_is_told_once() {
    let stage = Stage::new();
    stage.broker.set_alarm(Alarm::Memory, true);
    stage.broker.set_alarm(Alarm::Memory, true);
    stage.broker.set_alarm(Alarm::Memory, false);
    stage.tells(&[
        "alarm.set memory by rmq-internal",
        "alarm.cleared memory by rmq-internal",
    ]);
}

#[test]
fn what_a_document_brings_is_told_too() {
    let stage = Stage::new();
    let document = br#"{"users": [{"name": "u", "tags": [], "password": "p"}],
        "vhosts": [{"name": "v"}],
        "queues": [{"name": "q", "vhost": "v", "durable": true, "auto_delete": false,
                    "arguments": {}}],
        "bindings": [{"source": "amq.fanout", "vhost": "v", "destination": "q",
                      "destination_type": "queue", "routing_key": "", "arguments": {}}]}"#;
    stage
        .broker
        .desk()
        .administration()
        .import(document)
        .unwrap()
        .unwaited();
    let told = words(&stage.changes());
    assert_eq!(
        told[..2],
        [
            "user.created u by rmq-internal",
            "user.tags.set u by rmq-internal"
        ]
    );
    assert_eq!(told[9], "vhost.created v by rmq-internal");
    assert_eq!(
        told[10..],
        [
            "queue.created q by rmq-internal",
            "binding.created q by rmq-internal"
        ]
    );
}

#[test]
fn nothing_is_told_after_the_listener_has_left() {
    #[derive(Default)]
    struct Counting(AtomicUsize);
    impl Listener for Counting {
        fn on_change(&self, _change: &Change) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let Stage { broker, .. } = Stage::new();
    let counting = Arc::new(Counting::default());
    let guard = broker.listen(Interest::Changes, Arc::<Counting>::clone(&counting) as _);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    assert_eq!(counting.0.load(Ordering::Relaxed), 1);
    drop(guard);
    vhost.declare_queue(&QueueDefinition::new("r")).unwrap();
    assert_eq!(counting.0.load(Ordering::Relaxed), 1);
    assert_eq!(Arc::strong_count(&counting), 1, "it is let go of");
}
