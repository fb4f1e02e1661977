//! Clients that are gone while the broker does not read from them.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;
use leveret::internals::DeskInside as _;
use leveret::internals::alarms::Alarm;

use crate::process::Process;
use crate::talker::{Client, eventually, octets};

/// A client with all that a client can hold, which is blocked by an alarm: a transaction, unacked
/// messages, a consumer, an exclusive queue.
fn blocked(broker: &Broker) -> Client {
    let mut client = Client::new(broker);
    client.declare("q", "");
    for body in ["one", "two", "three"] {
        client.publish("q", body);
    }
    client.ask("queue.declare queue='mine' exclusive");
    client.ask("basic.consume queue='mine'");
    for tag in 1..=3 {
        let got = client.ask("basic.get queue='q'");
        let told = format!("basic.get-ok delivery-tag={tag}");
        assert!(got.starts_with(&told), "{got}");
    }
    client.ask("tx.select");
    for _ in 0..30 {
        client.say("basic.publish routing-key='q' body=zeros:1000000");
    }
    client.sync();
    broker.set_alarm(Alarm::Memory, true);
    // Once it is answered it has been told of the alarm.
    client.sync();
    client.say("basic.publish routing-key='q' body='the last straw'");
    let told = "connection.blocked reason='low on memory'";
    assert_eq!(client.hear(), told);
    client
}

/// The client with everything that was its own is gone, under the alarm.
fn leaves_nothing(broker: &Broker, look: &mut Client) {
    eventually("only the other one is left", || {
        broker.desk().sessions().len() == 1
    });
    let vhost = broker.desk().find_vhost("/").unwrap();
    assert!(vhost.find_queue("mine").is_none());
    assert_eq!(look.drain("q"), ["one", "two", "three"]);
    assert_eq!(broker.desk().counts().channels(), 1);
    assert_eq!(broker.health().alarms, [Alarm::Memory]);
}

// With heartbeats switched off, a blocked connection was never looked at again: what it held kept
// the alarm on, and the alarm kept the connection.
#[test]
fn a_blocked_client_that_closes_its_socket_leaves_nothing() {
    let broker = Broker::builder().start().unwrap();
    let mut look = Client::new(&broker);
    let mut client = blocked(&broker);
    client.leave();
    leaves_nothing(&broker, &mut look);
}

#[test]
fn a_blocked_client_that_closes_behind_unread_publishes_leaves_nothing() {
    let broker = Broker::builder().start().unwrap();
    let mut look = Client::new(&broker);
    let mut client = blocked(&broker);
    for _ in 0..1_000 {
        client.publish("q", "unread");
    }
    client.leave();
    leaves_nothing(&broker, &mut look);
}

// As long as octets of the client have no room here, its system keeps the end of them back.
#[test]
fn a_blocked_client_that_closes_behind_octets_without_room_leaves_nothing() {
    let broker = Broker::builder().start().unwrap();
    let mut look = Client::new(&broker);
    let mut client = blocked(&broker);
    let publish = octets("basic.publish routing-key='q' body=zeros:1000000");
    client.cram(&publish, || true);
    client.leave();
    leaves_nothing(&broker, &mut look);
}

#[test]
fn a_blocked_client_that_stays_is_not_taken_for_gone() {
    let broker = Broker::builder().start().unwrap();
    let mut stays = blocked(&broker);
    let mut leaves = blocked_again(&broker);
    leaves.leave();
    eventually("one of two is left", || broker.desk().sessions().len() == 1);
    broker.set_alarm(Alarm::Memory, false);
    assert_eq!(stays.hear(), "connection.unblocked");
    assert_eq!(stays.ask("tx.commit"), "tx.commit-ok");
    assert_eq!(stays.ready("q"), 31);
}

/// Another client that is blocked by the alarm that is on.
fn blocked_again(broker: &Broker) -> Client {
    let mut client = Client::new(broker);
    client.sync();
    client.publish("q", "m");
    let told = "connection.blocked reason='low on memory'";
    assert_eq!(client.hear(), told);
    client
}

const MIB: u64 = 1024 * 1024;

// Threads that sleep gave back nothing of what the client had held, so that its memory stayed
// resident, and with it the alarm.
#[test]
fn the_alarm_ends_when_the_client_behind_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mark = format!("vm_memory_high_watermark.absolute={}", 120 * MIB);
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[&mark]);
    let mut other = Client::at(broker.address());
    other.declare("q", "");
    let mut client = Client::at(broker.address());
    client.ask("tx.select");
    let publish = octets("basic.publish routing-key='q' body=zeros:1000");
    client.cram(&publish, || broker.log().contains("low on memory"));
    other.publish("q", "m");
    assert_eq!(other.hear(), "connection.blocked reason='low on memory'");
    client.leave();
    assert_eq!(other.hear(), "connection.unblocked");
    assert!(broker.resident() < 60 * MIB, "{}", broker.resident() / MIB);
}

#[test]
fn memory_of_a_deleted_queue_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let memory = "durability=memory";
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[memory]);
    let mut client = Client::at(broker.address());
    client.declare("q", "");
    let publish = octets("basic.publish routing-key='q' body=zeros:200");
    client.send(&publish.repeat(300_000));
    client.sync();
    assert!(broker.resident() > 70 * MIB, "{}", broker.resident() / MIB);
    let deleted = "queue.delete-ok message-count=300000";
    assert_eq!(client.ask("queue.delete queue='q'"), deleted);
    eventually("its memory is the system's", || {
        broker.resident() < 50 * MIB
    });
}
