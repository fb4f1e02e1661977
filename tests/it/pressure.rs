//! A publisher that is faster than its consumers, or than the disk: memory has a bound all the
//! same.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::thread::JoinHandle;

use leveret::broker::{Broker, Health};
use leveret::clock::Clock;
use leveret::internals::alarms::Alarm;
use leveret::internals::config::Durability;
use leveret::internals::desk::session::State;
use leveret::internals::limits::UNCONFIRMED_MAX;
use leveret::internals::store::disk::{MemoryDisk, SlowDisk};
use leveret::internals::store::{LogStore, Options, Store};
use leveret::internals::{BuilderInside as _, DeskInside as _};

use crate::process::Process;
use crate::talker::{Client, eventually, octets};
use crate::views::channels;

const MIB: u64 = 1024 * 1024;
/// Where publishers would have to wait.
const MARK: u64 = 200 * MIB;
/// Messages of a million octets, half of them persistent.
const MESSAGES: u64 = 300;

/// The queue of the message, and its properties.
fn kind(number: u64) -> (&'static str, u8) {
    if number.is_multiple_of(2) {
        ("stored", 2)
    } else {
        ("fleeting", 1)
    }
}

// Transient backlogs stayed in memory until publishers had to wait.
#[test]
fn backlog_beyond_the_memory_mark_goes_to_disk_and_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let mark = format!("vm_memory_high_watermark.absolute={MARK}");
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[&mark]);
    let mut client = Client::at(broker.address());
    client.ask("queue.declare queue='stored' durable");
    client.ask("queue.declare queue='fleeting' durable");
    client.ask("confirm.select");
    for number in 1..=MESSAGES {
        let (queue, mode) = kind(number);
        let heard = client.ask(&format!(
            "basic.publish routing-key='{queue}' body=zeros:1000000 \
             {{delivery-mode={mode} message-id='{number}'}}"
        ));
        // Not connection.blocked.
        assert_eq!(heard, format!("basic.ack delivery-tag={number}"));
    }
    assert!(broker.peak() < MARK, "{} MiB", broker.peak() / MIB);
    for number in 1..=MESSAGES {
        let (queue, _) = kind(number);
        let heard = client.ask(&format!("basic.get queue='{queue}' no-ack"));
        let id = format!("message-id='{number}'");
        assert!(heard.contains(&id), "{} instead of {id}", heard.len());
    }
    assert!(broker.peak() < MARK, "{} MiB", broker.peak() / MIB);
}

// Only bodies counted: what clients hold besides, indexes and what the allocator loses came on top.
#[test]
fn backlog_makes_room_for_what_else_is_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let budget = format!("body_budget={}", 64 * MIB);
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[&budget]);
    let mut holds = Client::at(broker.address());
    holds.declare("q", "");
    holds.ask("tx.select");
    let publish = octets("basic.publish routing-key='q' body=zeros:1000");
    holds.send(&publish.repeat(100_000));
    holds.sync();
    let before = broker.resident();
    let publish = octets("basic.publish routing-key='q' body=zeros:200");
    let mut client = Client::at(broker.address());
    // Twice as much as the budget.
    for _ in 0..10 {
        client.send(&publish.repeat(50_000));
        client.sync();
    }
    eventually("half of the budget has left", || {
        broker.resident() < before + 58 * MIB
    });
    assert_eq!(client.ready("q"), 500_000);
}

/// Octets that may wait for the disk.
const STAGED_MAX: u64 = 2 * MIB;
/// What one connection may stage beyond that before it is looked at again, with room to spare.
const OVERSHOOT: u64 = MIB;
/// Messages of 10,000 octets that are published without waiting: ten times as much.
const RUN: u64 = 2_000;

/// Lets the disk go on, so that a test that fails comes to its end.
struct Stalls(SlowDisk);

impl Drop for Stalls {
    fn drop(&mut self) {
        self.0.go_on();
    }
}

/// A broker whose disk can be stalled, and that lets `staged_max` octets wait for it.
fn on_slow_disk(staged_max: u64) -> (Broker, Stalls, Arc<LogStore>) {
    let disk = SlowDisk::new(Arc::new(MemoryDisk::default()));
    let options = Options {
        staged_max,
        ..Options::default()
    };
    let store = LogStore::open(Arc::new(disk.clone()), options, Clock::system()).unwrap();
    let store = Arc::new(store);
    let builder = Broker::builder()
        .store(Arc::<LogStore>::clone(&store))
        .configure(|settings| settings.durability = Durability::Fsync);
    (builder.start().unwrap(), Stalls(disk), store)
}

/// Publishes [`RUN`] messages to `queue` on a thread of its own, which waits as long as it must.
fn publish_run(mut publisher: Client, queue: &str) -> JoinHandle<Client> {
    let publish = octets(&format!(
        "basic.publish routing-key='{queue}' body=zeros:10000 {{delivery-mode=2}}"
    ));
    let count = usize::try_from(RUN).unwrap();
    std::thread::spawn(move || {
        publisher.send(&publish.repeat(count));
        publisher
    })
}

/// Stalls the disk while a run is published to `queue`: what is staged stays bounded, and others
/// go on meanwhile.
fn waits_for_the_disk(queue: &str, arguments: &str, queue_type: &str) {
    let (broker, disk, store) = on_slow_disk(STAGED_MAX);
    let mut other = Client::new(&broker);
    let declare = format!("queue.declare queue='{queue}' durable arguments={{{arguments}}}");
    assert!(
        other.ask(&declare).starts_with("queue.declare-ok"),
        "{queue_type}"
    );
    other.ask("queue.declare queue='fleeting'");
    let publisher = Client::new(&broker);
    disk.0.stall();
    let run = publish_run(publisher, queue);
    eventually("much is staged", || store.staged() > STAGED_MAX);
    for number in 0..200 {
        // Neither publishing what is not stored nor acknowledging waits for the disk.
        other.publish("fleeting", "a");
        let heard = other.ask("basic.get queue='fleeting'");
        assert!(heard.starts_with("basic.get-ok "), "{number}: {heard}");
        let tag = number + 1;
        other.say(&format!("basic.ack delivery-tag={tag}"));
        let staged = store.staged();
        assert!(
            staged < STAGED_MAX + OVERSHOOT,
            "{queue_type}: {staged} octets"
        );
    }
    assert!(!run.is_finished(), "its socket is not read");
    disk.0.go_on();
    let mut publisher = run.join().unwrap();
    publisher.sync();
    eventually("all is stored", || store.staged() == 0);
    assert_eq!(other.ready(queue), RUN, "{queue_type}");
    assert_eq!(broker.health(), Health::default());
}

// Whatever came was staged: a gigabyte, if the disk was slow for long enough.
#[test]
fn persistent_publishes_do_not_outrun_the_disk() {
    waits_for_the_disk("jobs", "", "classic");
}

#[test]
fn publishes_to_a_quorum_queue_do_not_outrun_the_disk() {
    waits_for_the_disk("jobs", "x-queue-type: 'quorum'", "quorum");
}

#[test]
fn publishes_to_a_stream_do_not_outrun_the_disk() {
    waits_for_the_disk("jobs", "x-queue-type: 'stream'", "stream");
}

/// Whether a connection is in this state.
fn has_state(broker: &Broker, wanted: State) -> bool {
    let now = broker.clock().now().transport;
    let sessions = broker.desk().sessions();
    sessions
        .iter()
        .any(|session| session.traffic.state(now) == wanted)
}

#[test]
fn publisher_that_waits_for_the_disk_is_told_of_an_alarm() {
    let (broker, disk, store) = on_slow_disk(STAGED_MAX);
    let mut other = Client::new(&broker);
    let mut publisher = Client::new(&broker);
    publisher.declare("jobs", "");
    disk.0.stall();
    let run = publish_run(publisher, "jobs");
    eventually("its client waits", || has_state(&broker, State::Flow));
    broker.set_alarm(Alarm::Memory, true);
    disk.0.go_on();
    eventually("an alarm is the reason", || {
        has_state(&broker, State::Blocked)
    });
    eventually("what was staged is stored", || store.staged() == 0);
    assert!(!run.is_finished(), "the alarm is on");
    broker.set_alarm(Alarm::Memory, false);
    let mut publisher = run.join().unwrap();
    assert_eq!(
        publisher.hear(),
        "connection.blocked reason='low on memory'"
    );
    assert_eq!(publisher.hear(), "connection.unblocked");
    publisher.sync();
    assert_eq!(other.ready("jobs"), RUN);
}

#[test]
fn publishes_that_wait_for_their_confirms_have_a_number() {
    let (broker, disk, store) = on_slow_disk(1024 * MIB);
    let mut publisher = Client::new(&broker);
    publisher.declare("jobs", "");
    publisher.ask("confirm.select");
    disk.0.stall();
    // So much is left to the commit thread, and the rest waits for that.
    let large = "basic.publish routing-key='jobs' body=zeros:100000 {delivery-mode=2}";
    publisher.say(large);
    let publish = octets("basic.publish routing-key='jobs' body='x' {delivery-mode=2}");
    let count = 2 * UNCONFIRMED_MAX;
    let run = std::thread::spawn(move || {
        publisher.send(&publish.repeat(count));
        publisher
    });
    let unconfirmed = || channels(&broker).0[0].snapshot.unconfirmed;
    eventually("many wait", || unconfirmed() > UNCONFIRMED_MAX);
    eventually("its client waits", || has_state(&broker, State::Flow));
    let waiting = unconfirmed();
    let most = UNCONFIRMED_MAX + UNCONFIRMED_MAX / 8;
    assert!(waiting < most, "{waiting}");
    disk.0.go_on();
    let mut publisher = run.join().unwrap();
    let last = format!("delivery-tag={} ", count + 1);
    while !(publisher.hear() + " ").contains(&last) {}
    assert_eq!(store.staged(), 0);
    assert_eq!(publisher.ready("jobs"), count as u64 + 1);
}
