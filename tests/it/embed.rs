//! A broker inside of a program's own test: several at once, with or without a runtime, and a clock
//! that the test moves.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::process::Command;
use std::time::Duration;

use amqprs::callbacks::DefaultConnectionCallback;
use amqprs::channel::{
    BasicAckArguments, BasicConsumeArguments, BasicPublishArguments, ConfirmSelectArguments,
    QueueDeclareArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::{BasicProperties, DELIVERY_MODE_PERSISTENT};
use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::DeskInside as _;
use leveret::internals::auth::{PermissionDefinition, TopicPermissionDefinition, UserDefinition};
use leveret::internals::config::Secret;
use leveret::internals::desk::VhostDefinition;
use leveret::internals::policy::PolicyDefinition;
use serde_json::json;

use crate::talker::{Client, closed};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn broker() -> Broker {
    Broker::builder().start().unwrap()
}

fn with_test_clock() -> (Broker, Client) {
    let broker = Broker::builder().clock(Clock::test()).start().unwrap();
    let client = Client::new(&broker);
    (broker, client)
}

#[test]
fn several_brokers_share_nothing() {
    let brokers = [broker(), broker(), broker()];
    let mut clients = brokers.each_ref().map(Client::new);
    for client in &mut clients {
        client.declare("q", "");
    }
    clients[0].publish("q", "only here");
    clients[0].sync();
    let ready = clients.each_mut().map(|client| client.ready("q"));
    assert_eq!(ready, [1, 0, 0]);
    let [first, second, third] = brokers;
    let gone = second.addresses()[0];
    drop(second);
    closed(gone);
    assert!(clients[1].hears_the_end());
    clients[0].sync();
    clients[2].sync();
    drop((first, third));
}

#[test]
fn ports_are_the_systems_choice_and_differ() {
    let (one, other) = (broker(), broker());
    assert_ne!(one.addresses(), other.addresses());
    assert!(one.addresses().iter().all(|address| address.port() != 0));
    let port = one.addresses()[0].port();
    assert_eq!(one.uri(), format!("amqp://guest:guest@127.0.0.1:{port}"));
}

// Names went into the URI as they are, and there was none for another vhost.
#[test]
fn uris_are_escaped_and_name_their_vhost() {
    let broker = Broker::builder().configure(|settings| {
        settings.default_user = "a:b@c/d e".to_owned();
        settings.default_pass = Secret::new("50%/ü?#");
        settings.default_vhost = "of/test".to_owned();
        settings.host = "::1".to_owned();
    });
    let broker = broker.start().unwrap();
    let plain = VhostDefinition::default();
    let by = broker.desk().administration();
    by.put_vhost("", &plain).unwrap().unwaited();
    let port = broker.addresses()[0].port();
    let login = "a%3Ab%40c%2Fd%20e:50%25%2F%C3%BC%3F%23";
    let uri = |vhost: &str| format!("amqp://{login}@[::1]:{port}/{vhost}");
    assert_eq!(broker.uri(), uri("of%2Ftest"));
    assert_eq!(broker.uri_in("/"), uri("%2F"));
    assert_eq!(broker.uri_in(""), uri(""));
    let load = Command::new(env!("CARGO_BIN_EXE_leveret"))
        .args(["bench", "--messages", "10", "--uri", &broker.uri()])
        .output()
        .unwrap();
    assert!(load.status.success(), "{load:?}");
}

#[test]
fn uri_of_every_interface_can_be_connected_to() {
    let broker = Broker::builder().configure(|settings| settings.host = "::".to_owned());
    let broker = broker.start().unwrap();
    let port = broker.addresses()[0].port();
    assert_eq!(broker.uri(), format!("amqp://guest:guest@127.0.0.1:{port}"));
}

#[test]
fn definitions_are_made_without_naming_every_field() {
    let broker = broker();
    let desk = broker.desk();
    let by = desk.administration();
    let plain = VhostDefinition::default();
    by.put_vhost("shop", &plain).unwrap().unwaited();
    let user = UserDefinition::new("bob", "secret").tags(["monitoring"]);
    by.put_user(&user).unwrap().unwaited();
    let everything = PermissionDefinition::new("bob", "shop");
    by.put_permission(&everything).unwrap().unwaited();
    let some = everything.configure("").read("^jobs");
    by.put_permission(&some).unwrap().unwaited();
    let topics = TopicPermissionDefinition::new("bob", "shop", "amq.topic").write("^orders");
    by.put_topic_permission(&topics).unwrap().unwaited();
    let rights = serde_json::to_value(desk.rights()).unwrap();
    let bob = rights["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["name"] == "bob");
    assert_eq!(bob.unwrap()["tags"], json!(["monitoring"]));
    assert_eq!(
        rights["permissions"][0],
        json!({"user": "bob", "vhost": "shop", "configure": "", "write": ".*", "read": "^jobs"})
    );
    assert_eq!(
        rights["topic_permissions"],
        json!([{"user": "bob", "vhost": "shop", "exchange": "amq.topic", "write": "^orders",
                "read": ".*"}])
    );

    let policy = PolicyDefinition::new("shop", "short", "^jobs")
        .apply_to("queues")
        .priority(7)
        .set("max-length", 1)
        .set("overflow", "reject-publish");
    by.put_policy(&policy).unwrap().unwaited();
    assert_eq!(
        serde_json::to_value(&policy).unwrap(),
        json!({"vhost": "shop", "name": "short", "pattern": "^jobs", "apply-to": "queues",
               "definition": {"max-length": 1, "overflow": "reject-publish"}, "priority": 7})
    );
}

#[test]
fn a_port_that_is_taken_is_an_error_with_its_number() {
    let broker = broker();
    let port = broker.addresses()[0].port();
    let error = Broker::builder().port(port).start().unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[test]
fn a_port_can_be_taken_again_at_once() {
    let first = broker();
    let address = first.addresses()[0];
    let port = address.port();
    let client = Client::new(&first);
    drop(first);
    closed(address);
    let second = Broker::builder().port(port).start().unwrap();
    Client::new(&second).sync();
    drop(client);
}

#[tokio::test]
async fn a_broker_starts_and_stops_inside_a_runtime_of_one_thread() {
    let broker = broker();
    let address = broker.addresses()[0];
    tokio::net::TcpStream::connect(address).await.unwrap();
    broker.stop("the test is over");
    closed(address);
}

#[tokio::test]
async fn a_client_of_somebody_else_has_a_conversation() {
    let broker = broker();
    let port = broker.addresses()[0].port();
    let arguments = OpenConnectionArguments::new("127.0.0.1", port, "guest", "guest");
    let connection = Connection::open(&arguments).await.unwrap();
    connection
        .register_callback(DefaultConnectionCallback)
        .await
        .unwrap();
    let channel = connection.open_channel(None).await.unwrap();
    channel
        .confirm_select(ConfirmSelectArguments::default())
        .await
        .unwrap();
    let declare = QueueDeclareArguments::durable_client_named("jobs");
    channel.queue_declare(declare).await.unwrap();
    let consume = BasicConsumeArguments::new("jobs", "worker");
    let (_, mut deliveries) = channel.basic_consume_rx(consume).await.unwrap();
    let properties = BasicProperties::default()
        .with_delivery_mode(DELIVERY_MODE_PERSISTENT)
        .with_content_type("text/plain")
        .finish();
    let publish = BasicPublishArguments::new("", "jobs");
    channel
        .basic_publish(properties, b"one".to_vec(), publish)
        .await
        .unwrap();
    let delivery = deliveries.recv().await.unwrap();
    assert_eq!(delivery.content.as_deref(), Some(&b"one"[..]));
    let properties = delivery.basic_properties.unwrap();
    assert_eq!(
        properties.content_type().map(String::as_str),
        Some("text/plain")
    );
    let tag = delivery.deliver.unwrap().delivery_tag();
    channel
        .basic_ack(BasicAckArguments::new(tag, false))
        .await
        .unwrap();
    channel.close().await.unwrap();
    connection.close().await.unwrap();
    let jobs = broker
        .desk()
        .find_vhost("/")
        .unwrap()
        .find_queue("jobs")
        .unwrap();
    assert_eq!(
        jobs.look(|queue| (queue.ready_count(), queue.unacked_count())),
        (0, 0)
    );
}

/// Why the broker does not let a user into a vhost, as the client tells it.
async fn refusal(broker: &Broker, user: &str, vhost: &str) -> String {
    let port = broker.addresses().first().unwrap().port();
    let mut arguments = OpenConnectionArguments::new("127.0.0.1", port, user, "secret");
    arguments.virtual_host(vhost);
    match Connection::open(&arguments).await {
        Ok(_) => format!("{user} came into {vhost}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_client_of_somebody_else_is_told_which_vhost_is_closed_to_it() {
    let broker = broker();
    let desk = broker.desk();
    let by = desk.administration();
    let plain = VhostDefinition::default();
    by.put_vhost("accounts", &plain).unwrap().unwaited();
    by.put_vhost("archive", &plain).unwrap().unwaited();
    let user = UserDefinition::new("bob", "secret").tags(["administrator"]);
    by.put_user(&user).unwrap().unwaited();
    let everything = |vhost: &str| PermissionDefinition::new("bob", vhost);
    by.put_permission(&everything("archive"))
        .unwrap()
        .unwaited();
    // A tag opens no door; a row in another vhost opens none here.
    let closed = refusal(&broker, "bob", "accounts").await;
    let text = "NOT_ALLOWED - access to vhost 'accounts' refused for user 'bob'";
    assert!(closed.contains(text) && closed.contains("530"), "{closed}");
    let missing = refusal(&broker, "bob", "nowhere").await;
    let text = "NOT_ALLOWED - vhost nowhere not found";
    assert!(
        missing.contains(text) && missing.contains("530"),
        "{missing}"
    );
    desk.administration()
        .put_permission(&everything("accounts"))
        .unwrap()
        .unwaited();
    let open = refusal(&broker, "bob", "accounts").await;
    assert_eq!(open, "bob came into accounts");
    // A client that is in stays when the permission goes; the next one stays outside.
    desk.administration()
        .clear_permission("bob", "accounts")
        .unwrap()
        .unwaited();
    let closed = refusal(&broker, "bob", "accounts").await;
    assert!(closed.contains("access to vhost 'accounts'"), "{closed}");
}

#[test]
fn an_hour_of_dead_letter_hops_passes_in_one_call() {
    let (broker, mut client) = with_test_clock();
    client.declare("end", "");
    for hop in (0..6).rev() {
        let next = if hop == 5 {
            "end".to_owned()
        } else {
            format!("hop{}", hop + 1)
        };
        client.declare(
            &format!("hop{hop}"),
            &format!(
                "x-message-ttl: 600000, x-dead-letter-exchange: '', \
                 x-dead-letter-routing-key: '{next}'"
            ),
        );
    }
    client.publish("hop0", "traveller");
    client.sync();
    broker.clock().advance(HOUR - Duration::from_millis(1));
    assert_eq!(client.ready("hop5"), 1);
    assert_eq!(client.ready("end"), 0);
    broker.clock().advance(Duration::from_millis(1));
    assert_eq!(client.ready("end"), 1);
    let letter = client.ask("basic.get queue='end' no-ack");
    assert!(letter.contains("x-first-death-queue: 'hop0'"), "{letter}");
    assert!(letter.contains("x-last-death-queue: 'hop5'"), "{letter}");
    let times: Vec<u64> = letter
        .split("time: T")
        .skip(1)
        .map(|rest| rest.split([',', '}']).next().unwrap().parse().unwrap())
        .collect();
    let steps: Vec<u64> = times.windows(2).map(|pair| pair[0] - pair[1]).collect();
    assert_eq!(steps, [600; 5], "each hop dies at its own moment: {letter}");
}

#[test]
fn a_loop_of_retries_counts_every_round() {
    let (broker, mut client) = with_test_clock();
    client.declare(
        "work",
        "x-dead-letter-exchange: '', x-dead-letter-routing-key: 'wait'",
    );
    client.declare(
        "wait",
        "x-message-ttl: 60000, x-dead-letter-exchange: '', x-dead-letter-routing-key: 'work'",
    );
    client.publish("work", "job");
    for round in 1..=5 {
        let job = client.ask("basic.get queue='work'");
        assert!(job.starts_with("basic.get-ok"), "round {round}: {job}");
        client.say(&format!("basic.reject delivery-tag={round}"));
        client.sync();
        broker.clock().advance(MINUTE);
    }
    let job = client.ask("basic.get queue='work' no-ack");
    assert_eq!(job.matches("count: l5").count(), 2, "{job}");
}

#[test]
fn an_unused_queue_expires_when_its_time_has_passed() {
    let (broker, mut client) = with_test_clock();
    client.declare("brief", "x-expires: 3600000");
    broker.clock().advance(HOUR - Duration::from_millis(1));
    assert_eq!(client.ready("brief"), 0, "asking renews it");
    broker.clock().advance(HOUR - Duration::from_millis(1));
    assert_eq!(client.ready("brief"), 0);
    broker.clock().advance(HOUR);
    let heard = client.ask("queue.declare queue='brief' passive");
    assert!(heard.starts_with("channel.close code=404"), "{heard}");
}

#[test]
fn a_per_message_ttl_follows_the_clock() {
    let (broker, mut client) = with_test_clock();
    client.declare("q", "");
    client.say("basic.publish routing-key='q' body='brief' {expiration='60000'}");
    client.publish("q", "lasting");
    client.sync();
    broker.clock().advance(MINUTE);
    assert_eq!(client.drain("q"), ["lasting"]);
}

#[test]
fn a_delayed_message_follows_the_clock() {
    let (broker, mut client) = with_test_clock();
    client.declare("q", "");
    let declared = client.ask(
        "exchange.declare exchange='later' type='x-delayed-message' durable \
         arguments={x-delayed-type: 'fanout'}",
    );
    assert_eq!(declared, "exchange.declare-ok");
    assert_eq!(
        client.ask("queue.bind queue='q' exchange='later'"),
        "queue.bind-ok"
    );
    client.say("basic.publish exchange='later' body='late' {headers={x-delay: I3600000}}");
    client.sync();
    broker.clock().advance(HOUR - Duration::from_millis(1));
    assert_eq!(client.ready("q"), 0);
    broker.clock().advance(Duration::from_millis(1));
    let late = client.ask("basic.get queue='q' no-ack");
    assert!(late.contains("x-delay: l-3600000"), "{late}");
}

#[test]
fn a_consumer_of_a_quorum_queue_times_out_after_half_an_hour() {
    let (broker, mut client) = with_test_clock();
    client.declare("q", "x-queue-type: 'quorum'");
    assert_eq!(
        client.ask("basic.consume queue='q' consumer-tag='slow'"),
        "basic.consume-ok consumer-tag='slow'"
    );
    client.publish("q", "m");
    assert!(
        client
            .hear()
            .starts_with("basic.deliver consumer-tag='slow' delivery-tag=1")
    );
    broker.clock().advance(Duration::from_millis(1_799_999));
    client.sync();
    broker.clock().advance(Duration::from_millis(1));
    let heard = client.hear();
    assert_eq!(heard, "basic.cancel consumer-tag='slow' nowait");
    assert_eq!(client.ready("q"), 1);
}

#[test]
fn hours_of_broker_time_are_no_silence_on_the_socket() {
    let broker = Broker::builder().clock(Clock::test()).start().unwrap();
    let mut client = Client::raw(&broker);
    let login = crate::talker::all_octets(&crate::talker::LOGIN);
    let quick = crate::talker::octets("connection.tune-ok channel-max=2047 frame-max=131072");
    let beating =
        crate::talker::octets("connection.tune-ok channel-max=2047 frame-max=131072 heartbeat=5");
    let at = login
        .windows(quick.len())
        .position(|octets| octets == quick)
        .unwrap();
    client.send(&login[..at]);
    client.send(&beating);
    client.send(&login[at + quick.len()..]);
    for _ in 0..3 {
        client.hear();
    }
    broker.clock().advance(HOUR * 24);
    assert_eq!(
        client.ask("channel.open"),
        "channel.open-ok",
        "no heartbeat in between"
    );
    assert_eq!(broker.desk().sessions().len(), 1);
}

#[test]
#[should_panic(expected = "advance is for test clocks only")]
fn the_systems_clock_cannot_be_advanced() {
    broker().clock().advance(HOUR);
}
