//! What a program sets up in a broker, looks at and waits for, without a client of its own.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::time::Duration;

use leveret::broker::{
    BindingDefinition, Broker, ExchangeDefinition, NewMessage, Published, QueueCounts,
    QueueDefinition, Refused,
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
            settings.durability = leveret::internals::config::Durability::Fsync;
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

#[test]
fn what_is_published_without_a_client_is_what_a_client_gets() {
    let broker = broker();
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("jobs")).unwrap();
    let job = NewMessage::to_queue("jobs")
        .persistent()
        .priority(3)
        .expiration_ms(60_000)
        .content_type("text/plain")
        .content_encoding("identity")
        .correlation_id("17")
        .reply_to("answers")
        .message_id("m")
        .timestamp(1)
        .kind("job")
        .app_id("test")
        .header("n", 1)
        .body("a job");
    assert_eq!(vhost.publish(&job).unwrap(), Published::Queued(1));
    let mut client = Client::new(&broker);
    assert_eq!(
        client.ask("basic.get queue='jobs' no-ack"),
        "basic.get-ok delivery-tag=1 routing-key='jobs' message-count=0 body='a job' \
         {content-type='text/plain' content-encoding='identity' headers={n: I1} delivery-mode=2 \
         priority=3 correlation-id='17' reply-to='answers' expiration='60000' message-id='m' \
         timestamp=1 type='job' app-id='test'}"
    );
    refused(
        vhost.publish(&NewMessage::to_exchange("missing", "k")),
        "404 NOT_FOUND - no exchange 'missing' in vhost '/'",
    );
    let long = "x".repeat(256);
    let outcome = vhost.publish(&NewMessage::to_queue("jobs").message_id(&long));
    assert_eq!(outcome.unwrap_err().code(), 502);
    refused(
        vhost.peek("missing", 1),
        "404 NOT_FOUND - no queue 'missing' in vhost '/'",
    );
}

#[test]
fn a_vhost_that_is_emptied_keeps_its_clients() {
    let broker = broker();
    let vhost = broker.vhost("/").unwrap();
    let mut client = Client::new(&broker);
    client.declare("jobs", "");
    let consumed = client.ask("basic.consume queue='jobs' consumer-tag='me'");
    assert!(consumed.contains("basic.consume-ok"), "{consumed}");
    vhost
        .publish(&NewMessage::to_queue("jobs").body("a job"))
        .unwrap();
    assert!(client.hear().contains("basic.deliver"));
    vhost.reset().unwrap();
    assert_eq!(vhost.counts("jobs"), None);
    assert_eq!(client.hear(), "basic.cancel consumer-tag='me' nowait");
    client.say("basic.ack delivery-tag=1");
    client.sync();
    client.declare("jobs", "");
    client.publish("jobs", "another");
    client.sync();
    assert_eq!(vhost.counts("jobs"), Some(counts(1, 0, 0)));
}
