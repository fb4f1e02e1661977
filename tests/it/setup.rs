//! What a program sets up in a broker, looks at and waits for, without a client of its own.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::time::Duration;

use leveret::broker::{
    BindingDefinition, Broker, ExchangeDefinition, QueueCounts, QueueDefinition, Refused,
};
use leveret::clock::Clock;

use crate::talker::Client;

/// Longer than any wait of these tests is expected to last.
const LONG: Duration = Duration::from_secs(30);

fn broker() -> Broker {
    Broker::builder().start().unwrap()
}

fn counts(ready: u64, unacked: u64, consumers: usize) -> QueueCounts {
    QueueCounts {
        ready,
        unacked,
        consumers,
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Refused>, words: &str) {
    assert_eq!(outcome.unwrap_err().to_string(), words);
}

#[test]
fn what_is_set_up_is_what_a_client_finds() {
    let broker = broker();
    let vhost = broker.vhost("/").unwrap();
    let bounded = QueueDefinition::new("bounded")
        .durable()
        .argument("x-max-length", 2);
    assert_eq!(vhost.declare_queue(&bounded).unwrap(), "bounded");
    vhost
        .declare_exchange(&ExchangeDefinition::topic("events").auto_delete())
        .unwrap();
    vhost
        .declare_exchange(&ExchangeDefinition::fanout("all").internal())
        .unwrap();
    let inner = BindingDefinition::new("events").to_exchange("all").key("#");
    vhost.bind(&inner).unwrap();
    let outer = BindingDefinition::new("all").to_queue("bounded");
    vhost.bind(&outer).unwrap();

    let mut client = Client::new(&broker);
    client.declare("bounded", "x-max-length: 2");
    for body in ["a", "b", "c"] {
        let publish = format!("basic.publish exchange='events' routing-key='any' body='{body}'");
        client.say(&publish);
    }
    client.sync();
    assert_eq!(vhost.counts("bounded"), Some(counts(2, 0, 0)));
    assert_eq!(vhost.purge_queue("bounded").unwrap(), 2);
    vhost.unbind(&outer).unwrap();
    vhost.unbind(&inner).unwrap();
    refused(
        vhost.bind(&inner),
        "404 NOT_FOUND - no exchange 'events' in vhost '/'",
    );
    vhost.delete_exchange("all").unwrap();
    assert_eq!(vhost.delete_queue("bounded").unwrap(), 0);
    assert_eq!(vhost.counts("bounded"), None);
}

#[test]
fn a_name_that_is_left_out_is_made_up() {
    let broker = broker();
    let vhost = broker.vhost("/").unwrap();
    let name = vhost.declare_queue(&QueueDefinition::default()).unwrap();
    assert!(name.starts_with("amq.gen-"), "{name}");
    assert_eq!(vhost.counts(&name), Some(counts(0, 0, 0)));
}

#[test]
fn a_program_is_refused_what_a_client_would_be_refused() {
    let broker = broker();
    let vhost = broker.vhost("/").unwrap();
    let queue = QueueDefinition::new("q");
    vhost.declare_queue(&queue).unwrap();
    refused(
        vhost.declare_queue(&queue.clone().durable()),
        "406 PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': \
         received 'true' but current is 'false'",
    );
    refused(
        vhost.declare_queue(&QueueDefinition::new("amq.mine")),
        "403 ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
    );
    refused(
        vhost.declare_exchange(&ExchangeDefinition::new("x", "carrot")),
        "406 PRECONDITION_FAILED - unknown exchange type 'carrot'",
    );
    refused(
        vhost.purge_queue("none"),
        "404 NOT_FOUND - no queue 'none' in vhost '/'",
    );
    refused(
        vhost.declare_queue(&QueueDefinition::new("x".repeat(256))),
        "502 SYNTAX_ERROR - 'xxxxxxxxxxxxxxxxxxxx…' is longer than 255 octets",
    );
    refused(
        broker.vhost("none"),
        "530 NOT_ALLOWED - vhost none not found",
    );
    let mut owner = Client::new(&broker);
    let declared = owner.ask("queue.declare queue='own' exclusive");
    assert!(declared.starts_with("queue.declare-ok"), "{declared}");
    let locked = vhost.purge_queue("own").unwrap_err();
    assert_eq!(locked.code(), 405);
}

#[test]
fn a_wait_ends_with_what_a_client_does() {
    let broker = Arc::new(broker());
    let waiting = |is_met: fn(&QueueCounts) -> bool| {
        let broker = Arc::clone(&broker);
        let wait = move || {
            let vhost = broker.vhost("/").unwrap();
            vhost.wait_until("jobs", LONG, is_met).unwrap()
        };
        std::thread::Builder::new().spawn(wait).unwrap()
    };
    let mut client = Client::new(&broker);
    let there = waiting(|_| true);
    client.declare("jobs", "");
    there.join().unwrap();
    let three = waiting(|jobs| jobs.ready == 3);
    for body in ["a", "b", "c"] {
        client.publish("jobs", body);
    }
    assert_eq!(three.join().unwrap(), counts(3, 0, 0));
    let taken = waiting(|jobs| jobs.unacked == 3);
    client.say("basic.consume queue='jobs' consumer-tag='c'");
    assert_eq!(taken.join().unwrap(), counts(0, 3, 1));
    let settled = waiting(|jobs| jobs.unacked == 0);
    client.say("basic.nack delivery-tag=0 multiple");
    assert_eq!(settled.join().unwrap(), counts(0, 0, 1));
    let alone = waiting(|jobs| jobs.consumers == 0);
    client.leave();
    assert_eq!(alone.join().unwrap(), counts(0, 0, 0));
}

#[test]
fn a_wait_sees_what_time_does() {
    let broker = Broker::builder().clock(Clock::test()).start().unwrap();
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("dead")).unwrap();
    let short_lived = QueueDefinition::new("short-lived")
        .argument("x-message-ttl", 3_600_000)
        .argument("x-dead-letter-exchange", "")
        .argument("x-dead-letter-routing-key", "dead");
    vhost.declare_queue(&short_lived).unwrap();
    let mut client = Client::new(&broker);
    client.publish("short-lived", "a");
    client.sync();
    broker.clock().advance(Duration::from_secs(3600));
    let dead = vhost.wait_until("dead", LONG, |dead| dead.ready == 1);
    assert_eq!(dead.unwrap(), counts(1, 0, 0));
}

#[test]
fn a_wait_in_vain_says_what_was_there() {
    let broker = broker();
    let vhost = broker.vhost("/").unwrap();
    let moment = Duration::from_millis(1);
    let error = vhost.wait_until("none", moment, |_| true).unwrap_err();
    assert_eq!(error.found(), None);
    assert_eq!(
        error.to_string(),
        "there is no queue 'none' in vhost '/' after 1ms"
    );
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    let error = vhost.wait_until("q", moment, |q| q.ready > 0).unwrap_err();
    assert_eq!(error.found(), Some(counts(0, 0, 0)));
}

#[test]
fn what_was_set_up_durable_survives() {
    let dir = tempfile::tempdir().unwrap();
    let start = || {
        let builder = Broker::builder().configure(|settings| {
            settings.durability = leveret::config::Durability::Fsync;
            settings.data_dir = dir.path().to_owned();
        });
        builder.start().unwrap()
    };
    let broker = start();
    let vhost = broker.vhost("/").unwrap();
    for name in ["kept", "kept too"] {
        vhost
            .declare_queue(&QueueDefinition::new(name).durable())
            .unwrap();
    }
    vhost.declare_queue(&QueueDefinition::new("lost")).unwrap();
    vhost.delete_queue("kept too").unwrap();
    drop(vhost);
    drop(broker);
    let broker = start();
    let vhost = broker.vhost("/").unwrap();
    let there = ["kept", "kept too", "lost"].map(|name| vhost.counts(name).is_some());
    assert_eq!(there, [true, false, false]);
}
