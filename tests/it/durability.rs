//! What survives a restart: a broker on a data directory, stopped in order or dropped, and another
//! one in its place.

use std::path::Path;
use std::time::Duration;

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::config::Durability;
use leveret::internals::desk::VhostDefinition;
use leveret::internals::policy::PolicyDefinition;
use serde_json::json;
use tempfile::TempDir;

use crate::talker::Client;

/// A data directory, and the brokers that run on it one after the other.
struct House {
    dir: TempDir,
    clock: Clock,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self {
            dir,
            clock: Clock::test(),
        }
    }

    fn broker(&self) -> Broker {
        start(self.dir.path(), &self.clock)
    }
}

fn start(dir: &Path, clock: &Clock) -> Broker {
    let builder = Broker::builder()
        .clock(clock.clone())
        .configure(|settings| {
            settings.durability = Durability::Os;
            settings.data_dir = dir.to_owned();
        });
    builder.start().expect("the broker starts")
}

/// Publishes with confirms, and waits for each.
fn publish_confirmed(client: &mut Client, lines: &[&str]) {
    assert_eq!(client.ask("confirm.select"), "confirm.select-ok");
    for (number, line) in lines.iter().enumerate() {
        let ack = format!("basic.ack delivery-tag={}", number + 1);
        assert_eq!(client.ask(&format!("basic.publish {line}")), ack);
    }
}

const JOBS: &str = "queue.declare queue='jobs' durable";

#[test]
fn confirmed_persistent_messages_survive_a_broker_that_is_dropped() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask(JOBS);
    publish_confirmed(
        &mut client,
        &[
            "routing-key='jobs' body='one' {delivery-mode=2}",
            "routing-key='jobs' body='lost'",
            "routing-key='jobs' body='two' {delivery-mode=2}",
        ],
    );
    drop(broker);
    let broker = house.broker();
    assert_eq!(Client::new(&broker).drain("jobs"), ["one", "two"]);
}

#[test]
fn what_was_acknowledged_stays_gone_and_what_was_not_comes_back() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask(JOBS);
    publish_confirmed(
        &mut client,
        &[
            "routing-key='jobs' body='done' {delivery-mode=2}",
            "routing-key='jobs' body='held' {delivery-mode=2}",
        ],
    );
    client.ask("basic.get queue='jobs'");
    client.ask("basic.get queue='jobs'");
    client.say("basic.ack delivery-tag=1");
    client.sync();
    drop(client);
    broker.stop("a test");
    let broker = house.broker();
    assert_eq!(Client::new(&broker).drain("jobs"), ["held"]);
}

/// Properties that are not UTF-8, as they are published and as they are heard.
const OCTETS: &str = "delivery-mode=2 correlation-id='\\xfe' reply-to='\\xfd' message-id='\\xfc' \
                      type='\\xfb' app-id='\\xfa'";

// A stored routing key was read back as text, so one that was not UTF-8 would have been damage.
#[test]
fn octets_that_are_not_utf_8_survive() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    for line in [
        "queue.declare queue='classic' durable",
        "queue.declare queue='quorum' durable arguments={x-queue-type:S'quorum'}",
        "queue.declare queue='events' durable arguments={x-queue-type:S'stream'}",
        "queue.declare queue='dying' durable arguments={x-message-ttl:I0, \
         x-dead-letter-exchange:S'amq.topic', x-dead-letter-routing-key:S'dead.\\xff'}",
        "queue.declare queue='dead' durable arguments={x-queue-type:S'quorum'}",
        "queue.declare queue='late' durable",
        "exchange.declare exchange='later' type='x-delayed-message' durable \
         arguments={x-delayed-type:S'fanout'}",
        "queue.bind queue='classic' exchange='amq.topic' routing-key='a.#'",
        "queue.bind queue='quorum' exchange='amq.topic' routing-key='a.#'",
        "queue.bind queue='events' exchange='amq.topic' routing-key='a.#'",
        "queue.bind queue='dying' exchange='amq.topic' routing-key='a.#'",
        "queue.bind queue='dead' exchange='amq.topic' routing-key='dead.*'",
        "queue.bind queue='late' exchange='later'",
    ] {
        assert!(client.ask(line).contains("-ok"), "{line}");
    }
    let routed = format!(
        "exchange='amq.topic' routing-key='a.\\xff' body='m' \
         {{{OCTETS} headers={{'h\\xff':S'v\\xff'}}}}"
    );
    let delayed = format!(
        "exchange='later' routing-key='\\xff' body='m' {{{OCTETS} headers={{x-delay:I1000}}}}"
    );
    publish_confirmed(&mut client, &[&routed, &delayed]);
    drop(broker);
    let broker = house.broker();
    house.clock.advance(Duration::from_secs(1));
    let mut client = Client::new(&broker);
    for (queue, key, header) in [
        ("classic", "'a.\\xff'", "'h\\xff': 'v\\xff'"),
        ("quorum", "'a.\\xff'", "'h\\xff': 'v\\xff'"),
        ("dead", "'dead.\\xff'", "routing-keys: ['a.\\xff']"),
        ("late", "'\\xff'", "x-delay"),
    ] {
        let heard = client.ask(&format!("basic.get queue='{queue}' no-ack"));
        let parts = [&format!("routing-key={key}"), header, OCTETS];
        assert!(
            parts.iter().all(|part| heard.contains(part)),
            "{queue}: {heard}"
        );
    }
    client.ask("basic.qos prefetch-count=10");
    client.ask("basic.consume queue='events' arguments={x-stream-offset:S'first'}");
    let heard = client.hear();
    let parts = ["routing-key='a.\\xff'", "'h\\xff': 'v\\xff'", OCTETS];
    assert!(parts.iter().all(|part| heard.contains(part)), "{heard}");
}

// The flag of a message that a consumer may have seen was lost with the broker.
#[test]
fn what_was_delivered_before_a_restart_comes_back_as_redelivered() {
    for kind in ["classic", "quorum"] {
        let house = House::new();
        let broker = house.broker();
        let mut client = Client::new(&broker);
        client.ask(&format!("{JOBS} arguments={{x-queue-type: '{kind}'}}"));
        let line = "routing-key='jobs' body='job' {delivery-mode=2}";
        publish_confirmed(&mut client, &[line; 3]);
        client.ask("basic.get queue='jobs'");
        client.ask("basic.get queue='jobs'");
        client.say("basic.nack delivery-tag=1 requeue");
        client.sync();
        broker.stop("a test");
        let broker = house.broker();
        let mut client = Client::new(&broker);
        let redelivered: Vec<_> = (0..3)
            .map(|_| client.ask("basic.get queue='jobs'").contains("redelivered"))
            .collect();
        assert_eq!(redelivered, [true, true, false], "{kind}");
    }
}

#[test]
fn durable_topology_survives_and_the_rest_does_not() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask(JOBS);
    client.ask("queue.declare queue='transient'");
    client.ask("exchange.declare exchange='orders' type='topic' durable");
    client.ask("exchange.declare exchange='fleeting' type='fanout'");
    client.ask("queue.bind queue='jobs' exchange='orders' routing-key='new.#'");
    client.ask("queue.bind queue='jobs' exchange='fleeting'");
    drop(client);
    broker.stop("a test");

    let broker = house.broker();
    let mut client = Client::new(&broker);
    publish_confirmed(
        &mut client,
        &["exchange='orders' routing-key='new.one' body='routed'"],
    );
    assert_eq!(client.drain("jobs"), ["routed"]);
    let missing = client.ask("2> channel.open");
    assert!(missing.contains("channel.open-ok"), "{missing}");
    let missing = client.ask("2> queue.declare queue='transient' passive");
    assert!(
        missing.contains("no queue 'transient' in vhost '/'"),
        "{missing}"
    );
    let missing = client.ask("exchange.declare exchange='fleeting' type='fanout' passive");
    assert!(
        missing.contains("no exchange 'fleeting' in vhost '/'"),
        "{missing}"
    );
}

#[test]
fn a_deleted_queue_stays_deleted_and_its_name_starts_empty() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask(JOBS);
    publish_confirmed(
        &mut client,
        &["routing-key='jobs' body='x' {delivery-mode=2}"],
    );
    client.ask("queue.delete queue='jobs'");
    drop(broker);
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask(JOBS);
    assert_eq!(client.drain("jobs"), Vec::<String>::new());
}

#[test]
fn a_ttl_that_passed_while_the_broker_was_down_dead_letters_at_its_start() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='dead' durable");
    client.ask(
        "queue.declare queue='jobs' durable arguments={x-dead-letter-exchange: '', \
         x-dead-letter-routing-key: 'dead', x-message-ttl: I60000}",
    );
    publish_confirmed(
        &mut client,
        &["routing-key='jobs' body='late' {delivery-mode=2}"],
    );
    drop(client);
    broker.stop("a test");
    house.clock.advance(Duration::from_secs(61));
    let broker = house.broker();
    let mut client = Client::new(&broker);
    assert_eq!(client.drain("jobs"), Vec::<String>::new());
    assert_eq!(client.drain("dead"), ["late"]);
}

#[test]
fn a_delayed_message_keeps_its_time_across_a_restart() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask(JOBS);
    client.ask(
        "exchange.declare exchange='later' type='x-delayed-message' durable \
         arguments={x-delayed-type: 'fanout'}",
    );
    client.ask("queue.bind queue='jobs' exchange='later'");
    let line = "exchange='later' body='at last' {delivery-mode=2 headers={x-delay: I60000}}";
    publish_confirmed(&mut client, &[line]);
    drop(client);
    broker.stop("a test");
    let broker = house.broker();
    let mut client = Client::new(&broker);
    house.clock.advance(Duration::from_secs(59));
    assert_eq!(client.drain("jobs"), Vec::<String>::new());
    house.clock.advance(Duration::from_secs(2));
    assert_eq!(client.drain("jobs"), ["at last"]);
}

/// A policy for everything called `jobs` or `amq.direct`.
fn policy(name: &str, settings: &serde_json::Value) -> PolicyDefinition {
    serde_json::from_value(json!({
        "vhost": "/", "name": name, "pattern": "^(jobs|amq.direct)$", "definition": settings,
    }))
    .expect("a definition")
}

#[test]
fn policies_survive_and_are_in_force_from_the_start() {
    let house = House::new();
    let broker = house.broker();
    let mut client = Client::new(&broker);
    client.ask(JOBS);
    let by_user = policy(
        "limits",
        &json!({ "max-length": 5, "alternate-exchange": "amq.fanout" }),
    );
    let by_operator = policy("limits", &json!({ "max-length": 1 }));
    let desk = broker.desk();
    desk.administration()
        .put_policy(&by_user)
        .expect("a policy")
        .unwaited();
    desk.administration()
        .put_operator_policy(&by_operator)
        .expect("a policy")
        .unwaited();
    desk.administration()
        .put_policy(&policy("gone", &json!({ "expires": 1 })))
        .expect("a policy")
        .unwaited();
    desk.administration()
        .clear_policy("/", "gone")
        .expect("it is there")
        .unwaited();
    drop(client);
    broker.stop("a test");
    let broker = house.broker();
    assert_eq!(broker.desk().policies(), [by_user]);
    assert_eq!(broker.desk().operator_policies(), [by_operator]);
    let mut client = Client::new(&broker);
    client.ask("queue.bind queue='jobs' exchange='amq.fanout'");
    publish_confirmed(
        &mut client,
        &[
            "routing-key='jobs' body='first'",
            "exchange='amq.direct' routing-key='nowhere' body='second'",
        ],
    );
    assert_eq!(client.drain("jobs"), ["second"]);
}

#[test]
fn a_deleted_vhost_takes_its_policies_along() {
    let house = House::new();
    let broker = house.broker();
    let desk = broker.desk();
    desk.administration()
        .put_policy(&policy("p", &json!({ "max-length": 1 })))
        .expect("a policy")
        .unwaited();
    desk.administration()
        .delete_vhost("/")
        .expect("it is there")
        .unwaited();
    desk.administration()
        .put_vhost("/", &VhostDefinition::default())
        .expect("a vhost")
        .unwaited();
    broker.stop("a test");
    assert_eq!(house.broker().desk().policies(), []);
}

#[test]
fn a_second_broker_on_the_same_directory_is_refused() {
    let house = House::new();
    let _first = house.broker();
    let second = Broker::builder().configure(|settings| {
        settings.durability = Durability::Os;
        settings.data_dir = house.dir.path().to_owned();
    });
    let error = second
        .start()
        .expect_err("the directory is in use")
        .to_string();
    assert!(
        error.contains("another process uses the data directory"),
        "{error}"
    );
}

// Housekeeping began before the start had counted what is alive: after a few restarts, when the
// files had grown to twice the data, segments that were full of messages were packed away.
#[test]
fn a_backlog_survives_one_restart_after_the_other() {
    let house = House::new();
    let mut published = 0;
    for _ in 0..10 {
        let broker = house.broker();
        let mut client = Client::new(&broker);
        client.ask(JOBS);
        assert_eq!(client.ready("jobs"), published);
        let line = "routing-key='jobs' body=zeros:2000 {delivery-mode=2}";
        publish_confirmed(&mut client, &[line; 20]);
        published += 20;
    }
}

/// What consumers of the stream 'events' that begin at different places hear, up to `last`.
fn read_stream(client: &mut Client, last: u64) -> Vec<String> {
    let mut heard = Vec::new();
    let near = format!("l{}", last - 1);
    for (channel, from) in (2..).zip(["S'first'", "S'last'", "l1", &near, "S'25s'", "S'1h'"]) {
        client.ask(&format!("{channel}> channel.open"));
        client.ask(&format!("{channel}> basic.qos prefetch-count=100"));
        client.ask(&format!(
            "{channel}> basic.consume queue='events' consumer-tag='c' \
             arguments={{x-stream-offset:{from}}}"
        ));
        let end = format!("x-stream-offset: l{last}}}");
        loop {
            let delivery = client.hear();
            let is_last = delivery.contains(&end);
            heard.push(format!("{from} {delivery}"));
            if is_last {
                break;
            }
        }
        client.ask(&format!("{channel}> channel.close"));
    }
    heard
}

#[test]
fn stream_keeps_offsets_times_and_batches_after_retention_too() {
    let house = House::new();
    // Every message is a segment, and three or four of them fit.
    let declare = "queue.declare queue='events' durable arguments={x-queue-type:S'stream', \
                   x-stream-max-segment-size-bytes:l1, x-max-length-bytes:l280}";
    let mut before = Vec::new();
    for round in 0..3 {
        let broker = house.broker();
        let mut client = Client::new(&broker);
        let declared = client.ask(declare);
        assert!(declared.starts_with("queue.declare-ok"), "{declared}");
        if round > 0 {
            assert_eq!(
                read_stream(&mut client, 4 * round - 1),
                before,
                "start {round}"
            );
        }
        assert_eq!(client.ask("confirm.select"), "confirm.select-ok");
        for number in 1..=4 {
            house.clock.advance(Duration::from_secs(10));
            let body = 4 * round + number - 1;
            let confirmed =
                client.ask(&format!("basic.publish routing-key='events' body='{body}'"));
            assert_eq!(confirmed, format!("basic.ack delivery-tag={number}"));
        }
        before = read_stream(&mut client, 4 * round + 3);
        assert!(
            before
                .iter()
                .any(|heard| heard.contains(&format!("l{}}}", 4 * round + 2)))
        );
        drop(client);
        if round == 1 {
            broker.stop("a test");
        }
    }
}
