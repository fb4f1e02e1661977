//! `amq.rabbitmq.event` has what RabbitMQ's plugin has: each kind of change with its fields.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use leveret::administration::{
    PermissionDefinition, PolicyDefinition, TopicPermissionDefinition, UserDefinition,
    VhostDefinition,
};
use leveret::broker::{BindingDefinition, Broker, BrokerBuilder, QueueDefinition, QueuedMessage};
use leveret::settings::Durability;
use leveret_codec::table::{TableRef, Value, ValueRef};
use serde_json::json;

use crate::talker::{Client, LOGIN, all_octets};

const BIND: &str = "queue.bind queue='events' exchange='amq.rabbitmq.event' routing-key='#'";

fn builder() -> BrokerBuilder {
    Broker::builder().configure(|settings| settings.event_exchange_enabled = true)
}

/// A broker that keeps what it has in `directory`.
fn on(directory: &Path) -> Broker {
    let builder = builder().configure(|settings| {
        settings.data_dir = directory.to_owned();
        settings.durability = Durability::Fsync;
    });
    builder.start().unwrap()
}

/// A broker with a queue for events, which has none so far, and a client.
fn stage() -> (Broker, Client) {
    let broker = builder().start().unwrap();
    let mut client = Client::new(&broker);
    client.declare("events", "");
    assert_eq!(client.ask(BIND), "queue.bind-ok");
    broker.vhost("/").unwrap().purge_queue("events").unwrap();
    (broker, client)
}

/// All events so far.
fn events(broker: &Broker) -> Vec<QueuedMessage> {
    broker.vhost("/").unwrap().peek("events", 1000).unwrap()
}

/// `queue.created arguments:A …`: the key, and its headers with the letters of their types.
fn line(event: &QueuedMessage) -> String {
    let headers = event.properties().headers().unwrap().unwrap();
    let fields = headers.iter().map(|field| {
        let (name, value) = field.unwrap();
        let name = String::from_utf8_lossy(name);
        format!(" {name}:{}", letter(value))
    });
    event.routing_key() + &fields.collect::<String>()
}

fn letter(value: ValueRef<'_>) -> char {
    match value {
        ValueRef::LongStr(_) => 'S',
        ValueRef::Bool(_) => 't',
        ValueRef::I64(_) => 'l',
        ValueRef::Array(_) => 'A',
        ValueRef::Table(_) => 'F',
        other => panic!("{other:?}"),
    }
}

/// A client that gives its connection a name, with channel 1 open.
fn named(broker: &Broker) -> Client {
    let [header, login, tune, open] = LOGIN;
    let named = "client-properties={connection_name: 'named', ";
    let login = login.replace("client-properties={", named);
    let mut client = Client::raw(broker);
    client.send(&all_octets(&[header, &login, tune, open]));
    for answer in [
        "connection.start ",
        "connection.tune ",
        "connection.open-ok",
    ] {
        assert!(client.hear().starts_with(answer));
    }
    assert_eq!(client.ask("channel.open"), "channel.open-ok");
    client
}

/// Does everything that there are events for over AMQP.
fn use_amqp(broker: &Broker) {
    let mut client = named(broker);
    let quorum = "queue.declare queue='qq' durable arguments={x-queue-type: 'quorum'}";
    let stream = "queue.declare queue='s' durable arguments={x-queue-type: 'stream'}";
    for line in [
        "queue.declare queue='q' durable arguments={x-max-length: I5}",
        "queue.declare queue='mine' exclusive",
        quorum,
        stream,
        "exchange.declare exchange='x' type='direct'",
        "queue.bind queue='q' exchange='x' routing-key='k' arguments={a: I1}",
        "queue.unbind queue='q' exchange='x' routing-key='k' arguments={a: I1}",
        "basic.consume queue='q' consumer-tag='c'",
        "basic.cancel consumer-tag='c'",
        "queue.delete queue='q'",
        "exchange.delete exchange='x'",
        "channel.close",
        "0> connection.close",
    ] {
        client.ask(line);
    }
    let mut wrong = Client::raw(broker);
    let [header, login, ..] = LOGIN;
    let login = login.replace("\\x00guest\\x00guest", "\\x00guest\\x00wrong");
    wrong.send(&all_octets(&[header, &login]));
    assert!(wrong.hear().starts_with("connection.start "));
    let refused = wrong.hear();
    assert!(refused.contains("code=403"), "{refused}");
}

fn administrate(broker: &Broker) {
    let desk = broker.desk();
    let by = desk.administration();
    let vhost = VhostDefinition::default();
    by.put_vhost("v", &vhost).unwrap().unwaited();
    by.put_vhost("v", &vhost).unwrap().unwaited();
    for password in ["one", "other"] {
        let user = UserDefinition::new("u", password).tags([password]);
        by.put_user(&user).unwrap().unwaited();
    }
    let permission = json!({"user": "u", "vhost": "v", "configure": "", "write": "", "read": ""});
    let permission: PermissionDefinition = serde_json::from_value(permission).unwrap();
    by.put_permission(&permission).unwrap().unwaited();
    let topic =
        json!({"user": "u", "vhost": "v", "exchange": "amq.topic", "write": "", "read": ""});
    let topic: TopicPermissionDefinition = serde_json::from_value(topic).unwrap();
    by.put_topic_permission(&topic).unwrap().unwaited();
    by.clear_topic_permission("u", "v", None)
        .unwrap()
        .unwaited();
    by.clear_permission("u", "v").unwrap().unwaited();
    let policy = json!({"vhost": "v", "name": "p", "pattern": "", "definition": {"max-length": 1}});
    let policy: PolicyDefinition = serde_json::from_value(policy).unwrap();
    by.put_policy(&policy).unwrap().unwaited();
    by.clear_policy("v", "p").unwrap().unwaited();
    by.put_operator_policy(&policy).unwrap().unwaited();
    by.clear_operator_policy("v", "p").unwrap().unwaited();
    let value = json!({"a": [1, "x"]});
    by.put_global_parameter("g", value).unwrap().unwaited();
    by.delete_global_parameter("g").unwrap().unwaited();
    let limits = serde_json::from_value(json!({"max-connections": 5})).unwrap();
    by.set_user_limits("u", limits).unwrap().unwaited();
    by.clear_user_limits("u").unwrap().unwaited();
    let limits = serde_json::from_value(json!({"max-queues": 5})).unwrap();
    by.set_vhost_limits("v", limits).unwrap().unwaited();
    by.delete_user("u").unwrap().unwaited();
    by.delete_vhost("v").unwrap().unwaited();
}

#[test]
fn each_kind_has_rabbitmqs_fields_and_types() {
    let (broker, mut client) = stage();
    use_amqp(&broker);
    administrate(&broker);
    client.sync();
    let golden = fs::read_to_string("tests/golden/events/fields.txt").unwrap();
    let known: BTreeSet<&str> = golden.lines().collect();
    let told: BTreeSet<String> = events(&broker).iter().map(line).collect();
    for line in &told {
        assert!(known.contains(&**line), "not in 4.3.6: {line}");
    }
    let kinds = |lines: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        let kinds = lines.filter(|line| !line.starts_with('#'));
        kinds
            .filter_map(|line| Some(line.split(' ').next()?.to_owned()))
            .collect()
    };
    let told = kinds(&mut told.iter().map(|line| &**line));
    let missing: Vec<_> = kinds(&mut known.into_iter())
        .difference(&told)
        .cloned()
        .collect();
    assert_eq!(missing, [] as [&str; 0]);
}

#[test]
fn an_event_has_its_time_twice_and_no_body() {
    let (broker, mut client) = stage();
    client.declare("q", "x-max-length: 5");
    let events = events(&broker);
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.exchange().as_str(), event.body()),
        ("amq.rabbitmq.event", &b""[..])
    );
    let properties = event.properties().decode().unwrap();
    assert_eq!(properties.delivery_mode, Some(2));
    let Some(Value::I64(ms)) = event.header("timestamp_in_ms") else {
        panic!("{event:?}")
    };
    assert_eq!(properties.timestamp, Some(ms.unsigned_abs() / 1000));
    let arguments = event.header("arguments").unwrap();
    let terms = [
        r#"{<<"x-max-length">>,signedint,5}"#,
        r#"{<<"x-queue-type">>,longstr,<<"classic">>}"#,
    ];
    let terms: Vec<Value> = terms.map(Value::from).into();
    assert_eq!(arguments, Value::Array(terms));
    let headers = event.properties().headers().unwrap().map(TableRef::check);
    assert_eq!(headers, Some(Ok(())));
}

#[test]
fn the_exchange_is_there_where_it_is_wanted_and_survives_a_restart() {
    let plain = Broker::builder().start().unwrap();
    let mut client = Client::new(&plain);
    client.declare("events", "");
    let heard = client.ask(BIND);
    assert!(heard.contains("code=404"), "{heard}");
    drop(plain);
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let broker = on(directory.path());
        let mut client = Client::new(&broker);
        client.ask("queue.declare queue='events' durable");
        assert_eq!(client.ask(BIND), "queue.bind-ok");
        let heard = client.ask("exchange.delete exchange='amq.rabbitmq.event'");
        assert!(heard.contains("code=403"), "{heard}");
        broker.stop("a test");
    }
    let broker = on(directory.path());
    let vhost = broker.vhost("/").unwrap();
    vhost.purge_queue("events").unwrap();
    broker
        .desk()
        .administration()
        .add_user("u", "p")
        .unwrap()
        .unwaited();
    let keys: Vec<_> = events(&broker)
        .iter()
        .map(QueuedMessage::routing_key)
        .collect();
    assert_eq!(
        keys,
        ["user.created", "user.tags.set"],
        "the binding is back"
    );
}

// The exchange was made at the start alone: its vhost that was made later, or again, had none.
#[test]
fn a_vhost_that_is_made_again_has_the_exchange_again() {
    let builder = builder().configure(|settings| {
        settings.event_exchange_vhost = Some("ev".to_owned());
    });
    let broker = builder.start().unwrap();
    let by = broker.desk().administration();
    for _ in 0..2 {
        let vhost = VhostDefinition::default();
        by.put_vhost("ev", &vhost).unwrap().unwaited();
        let vhost = broker.vhost("ev").unwrap();
        vhost
            .declare_queue(&QueueDefinition::new("events"))
            .unwrap();
        let binding = BindingDefinition::new("amq.rabbitmq.event");
        let binding = binding.to_queue("events").key("vhost.*");
        vhost.bind(&binding).unwrap();
        by.put_vhost("other", &VhostDefinition::default())
            .unwrap()
            .unwaited();
        by.delete_vhost("other").unwrap().unwaited();
        let told = vhost.peek("events", 10).unwrap();
        let keys: Vec<_> = told.iter().map(QueuedMessage::routing_key).collect();
        assert_eq!(keys, ["vhost.created", "vhost.deleted"]);
        by.delete_vhost("ev").unwrap().unwaited();
    }
}

#[test]
fn protection_and_tracing_are_told() {
    let (broker, _client) = stage();
    let by = broker.desk().administration();
    for on in [true, true, false] {
        by.protect_vhost("/", on).unwrap().unwaited();
        by.trace_vhost("/", on).unwrap().unwaited();
    }
    let told = events(&broker).into_iter().map(|event| {
        let flag = |name| event.header(name).unwrap();
        assert_eq!(event.routing_key(), "vhost.updated");
        (flag("protected_from_deletion"), flag("tracing"))
    });
    let expected = [(true, false), (true, true), (false, true), (false, false)];
    let expected = expected.map(|(one, other)| (Value::Bool(one), Value::Bool(other)));
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn processes_are_the_same_in_all_events() {
    let (broker, mut client) = stage();
    let mut other = named(&broker);
    other.ask("queue.declare queue='mine' exclusive");
    other.ask("basic.consume queue='mine' consumer-tag='c'");
    other.ask("channel.close");
    other.ask("0> connection.close");
    client.sync();
    let told = events(&broker);
    let of = |kind: &str, field: &str| {
        let mut told = told.iter();
        let event = told.find(|event| event.routing_key() == kind);
        event.and_then(|event| event.header(field)).unwrap()
    };
    let connection = of("connection.created", "pid");
    let channel = of("channel.created", "pid");
    assert_ne!(connection, channel);
    for (kind, field, process) in [
        ("channel.created", "connection", &connection),
        ("queue.created", "owner_pid", &connection),
        ("connection.closed", "pid", &connection),
        ("consumer.created", "channel", &channel),
        ("consumer.deleted", "channel", &channel),
        ("channel.closed", "pid", &channel),
    ] {
        assert_eq!(of(kind, field), *process, "{kind}");
    }
}
