//! A disk that is full or fails, seen from clients: publishers wait and are told why, every client
//! else goes on, nothing that was confirmed is lost, and it ends by itself.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::time::Duration;

use leveret::broker::{Broker, Health, QueueDefinition};
use leveret::clock::Clock;
use leveret::internals::BuilderInside as _;
use leveret::internals::alarms::Alarm;
use leveret::internals::config::Durability;
use leveret::internals::store::disk::{Fault, FaultDisk};
use leveret::internals::store::{LogStore, Options};

use crate::talker::{Client, eventually};

/// Octets of a segment: small, so that a few messages begin the next.
const SEGMENT: u64 = 64 * 1024;

/// How long an answer is waited for before the alarm is looked at.
const TICK: Duration = Duration::from_millis(20);

/// A broker whose data is on `disk`.
fn broker(disk: &FaultDisk) -> Broker {
    let options = Options {
        segment_len: SEGMENT,
        ..Options::default()
    };
    let store = LogStore::open(Arc::new(disk.clone()), options, Clock::system()).unwrap();
    let builder = Broker::builder()
        .store(Arc::new(store))
        .configure(|settings| settings.durability = Durability::Fsync);
    builder.start().unwrap()
}

/// Leaves little room on `disk` and publishes persistent messages to the queue `jobs` until nothing
/// is confirmed any more because publishers are blocked; returns how many were confirmed.
fn fill(broker: &Broker, disk: &FaultDisk, publisher: &mut Client) -> u64 {
    publisher.declare("jobs", "");
    disk.plan(Fault::Full(disk.now().used() + 4 * SEGMENT));
    assert_eq!(publisher.ask("confirm.select"), "confirm.select-ok");
    let mut confirmed = 0;
    loop {
        let number = confirmed + 1;
        let line =
            format!("basic.publish routing-key='jobs' body='{number:06000}' {{delivery-mode=2}}");
        publisher.say(&line);
        let mut heard = None;
        eventually("an answer", || {
            heard = publisher.hear_within(TICK);
            // Taken before the alarm: only the next publish is told of it.
            if heard.is_none() && !broker.health().is_good() {
                publisher.say(&line);
            }
            heard.is_some()
        });
        let mut heard = heard.unwrap_or_default();
        if heard == format!("basic.ack delivery-tag={number}") {
            confirmed = number;
            continue;
        }
        if heard.starts_with("basic.ack") {
            heard = publisher.hear();
        }
        assert_eq!(heard, "connection.blocked reason='low on disk'");
        return confirmed;
    }
}

/// Publishes two more messages without waiting, as a publisher does that has not noticed; then
/// the disk's trouble must have blocked it.
fn meets_trouble(broker: &Broker, disk: &FaultDisk, fault: Fault) {
    let mut publisher = Client::new(broker);
    let mut consumer = Client::new(broker);
    publisher.declare("jobs", "");
    publisher.declare("other", "");
    publisher.ask("confirm.select");
    for number in 1..=20 {
        let line = "basic.publish routing-key='jobs' body='before' {delivery-mode=2}";
        let ack = format!("basic.ack delivery-tag={number}");
        assert_eq!(publisher.ask(line), ack);
    }
    disk.plan(fault);
    // The first is taken and waits; the one after the alarm is not even read.
    publisher.say("basic.publish routing-key='jobs' body='meanwhile' {delivery-mode=2}");
    eventually("the alarm", || broker.health().alarms == [Alarm::Store]);
    publisher.sync();
    publisher.say("basic.publish routing-key='jobs' body='blocked' {delivery-mode=2}");
    assert_eq!(
        publisher.hear(),
        "connection.blocked reason='low on disk'",
        "and no confirm before it"
    );

    // Consumers, acks and purges go on.
    assert_eq!(consumer.ready("jobs"), 21);
    let heard = consumer.ask("basic.get queue='jobs'");
    assert!(heard.starts_with("basic.get-ok delivery-tag=1 "), "{heard}");
    consumer.say("basic.ack delivery-tag=1");
    consumer.sync();
    // A purge takes effect at once and is answered once it is durable.
    consumer.say("queue.purge queue='jobs'");
    let mut witness = Client::new(broker);
    eventually("the purge", || witness.ready("jobs") == 0);

    disk.heal();
    assert_eq!(consumer.hear(), "queue.purge-ok message-count=20");
    let mut heard = [publisher.hear(), publisher.hear(), publisher.hear()];
    heard.sort();
    assert_eq!(
        heard,
        [
            "basic.ack delivery-tag=21",
            "basic.ack delivery-tag=22",
            "connection.unblocked"
        ]
    );
    assert_eq!(broker.health(), Health::default());
    assert_eq!(consumer.drain("jobs"), ["blocked"]);
}

#[test]
fn failing_disk_blocks_publishers_until_it_works_again() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    meets_trouble(&broker, &disk, Fault::CallsFrom(0));
}

// A full disk is met at the next file, because files are filled with zeros before they are used.
#[test]
fn full_disk_blocks_publishers_until_there_is_room() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    let mut consumer = Client::new(&broker);
    let mut publisher = Client::new(&broker);
    let confirmed = fill(&broker, &disk, &mut publisher);
    assert!(confirmed > 10, "{confirmed}");
    assert_eq!(broker.health().alarms, [Alarm::Store]);
    assert!(consumer.ready("jobs") >= confirmed);

    let mut waiting = Client::new(&broker);
    waiting.say("basic.publish routing-key='jobs' body='x'");
    let told = "connection.blocked reason='low on disk'";
    assert_eq!(waiting.hear(), told);

    disk.heal();
    assert_eq!(waiting.hear(), "connection.unblocked");
    eventually("the publisher goes on", || {
        publisher.hear() == "connection.unblocked"
    });
    drop((publisher, waiting, consumer));
    broker.stop("a test");
    let again = self::broker(&disk);
    let found = Client::new(&again).ready("jobs");
    assert!(found >= confirmed, "{found} of {confirmed} are left");
}

// Without room not even the checkpoint can be written that would give files up: a purge has to
// be enough all the same.
#[test]
fn full_disk_is_emptied_by_consuming() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    let mut consumer = Client::new(&broker);
    let mut publisher = Client::new(&broker);
    let confirmed = fill(&broker, &disk, &mut publisher);
    assert!(consumer.drain("jobs").len() as u64 >= confirmed);
    eventually("room is made", || broker.health().is_good());
    drop((publisher, consumer));
}

/// The purge is what makes the room in which it is stored.
#[test]
fn purge_of_a_full_disk_is_answered() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    let mut operator = Client::new(&broker);
    let mut publisher = Client::new(&broker);
    let confirmed = fill(&broker, &disk, &mut publisher);
    let heard = operator.ask("queue.purge queue='jobs'");
    let purged = heard.strip_prefix("queue.purge-ok message-count=").unwrap();
    assert!(purged.parse::<u64>().unwrap() >= confirmed, "{heard}");
    eventually("room is made", || broker.health().is_good());
    drop((publisher, operator));
}

/// The second one found the queue empty and was answered at once, and a restart brought all back.
#[test]
fn purge_of_a_queue_that_another_has_emptied_waits_for_that_one() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    let vhost = broker.vhost("/").unwrap();
    vhost
        .declare_queue(&QueueDefinition::new("jobs").durable())
        .unwrap();
    let mut publisher = Client::new(&broker);
    publisher.ask("confirm.select");
    let stored = publisher.ask("basic.publish routing-key='jobs' body='x' {delivery-mode=2}");
    assert_eq!(stored, "basic.ack delivery-tag=1");
    disk.plan(Fault::CallsFrom(0));
    let mut first = Client::new(&broker);
    first.say("queue.purge queue='jobs'");
    let mut witness = Client::new(&broker);
    eventually("the purge", || witness.ready("jobs") == 0);
    let refused = vhost.purge_queue("jobs").unwrap_err().to_string();
    assert!(refused.contains("the store cannot be written"), "{refused}");
    disk.heal();
    assert_eq!(first.hear(), "queue.purge-ok message-count=1");
}

#[test]
fn message_that_cannot_be_read_back_is_in_the_health() {
    let disk = FaultDisk::default();
    let first = broker(&disk);
    let mut client = Client::new(&first);
    client.declare("jobs", "");
    client.ask("confirm.select");
    client.ask("basic.publish routing-key='jobs' body='rotten apple' {delivery-mode=2}");
    client.ask("basic.publish routing-key='jobs' body='good' {delivery-mode=2}");
    drop(client);
    first.stop("a test");
    let files = disk.now().files();
    let found = files.iter().find_map(|(name, octets)| {
        let text = b"rotten apple";
        let at = octets.windows(text.len()).position(|part| part == text)?;
        name.ends_with(".log").then_some((name, at as u64))
    });
    let (name, at) = found.unwrap();
    assert!(disk.flip(name, at, 0));
    let again = broker(&disk);
    let mut client = Client::new(&again);
    assert_eq!(client.drain("jobs"), ["good"]);
    let health = again.health();
    assert_eq!((health.is_good(), health.unread), (false, 1));
}

/// A program that declares a queue is not kept waiting for ever by a disk that does not come back.
#[test]
fn a_program_is_told_when_its_change_cannot_be_stored() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    let vhost = broker.vhost("/").unwrap();
    disk.plan(Fault::CallsFrom(0));
    let refused = vhost.declare_queue(&QueueDefinition::new("jobs").durable());
    assert_eq!(
        refused.unwrap_err().to_string(),
        "541 INTERNAL_ERROR - the change is made, but the store cannot be written"
    );
    disk.heal();
}

/// Messages of a long commit: it takes several turns, and each of them stores a group of its own.
const LONG: usize = 10_000;

/// Numbered persistent messages for the queue `done`.
fn numbered() -> impl Iterator<Item = String> {
    let line =
        |number| format!("basic.publish routing-key='done' body='{number}' {{delivery-mode=2}}");
    (0..LONG).map(line)
}

/// What a start finds in the queues `jobs` and `done` after a power cut that leaves `prefix` of
/// what was done to the disk.
fn after_a_cut(disk: &FaultDisk, prefix: usize, seed: u64) -> (u64, Vec<String>) {
    let image = FaultDisk::with_disk(&disk.crash_image(prefix, seed));
    let broker = broker(&image);
    let mut client = Client::new(&broker);
    (client.ready("jobs"), client.drain("done"))
}

/// Some moments from `before` to `after`, both of them among these.
fn moments(before: usize, after: usize) -> impl Iterator<Item = usize> {
    let some = 12;
    (0..=some).map(move |n| before + (after - before) * n / some)
}

/// A commit of more messages than one turn has room for may be in the store in part when the power
/// goes, as in RabbitMQ: the first ones, in their order. It is not answered then, and none of its
/// settlements is in force before all that it published is stored.
///
/// Docs: RabbitMQ, semantics of tx (no atomicity across failures before tx.commit-ok).
#[test]
fn a_power_cut_within_a_long_commit_loses_nothing_that_was_promised() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    let mut client = Client::new(&broker);
    client.declare("jobs", "");
    client.declare("done", "");
    client.ask("confirm.select");
    for number in 1..=3 {
        let ack = format!("basic.ack delivery-tag={number}");
        let line = "basic.publish routing-key='jobs' body='job' {delivery-mode=2}";
        assert_eq!(client.ask(line), ack);
    }
    let mut worker = Client::new(&broker);
    for _ in 0..3 {
        assert!(
            worker
                .ask("basic.get queue='jobs'")
                .starts_with("basic.get-ok")
        );
    }
    worker.ask("tx.select");
    worker.say("basic.ack delivery-tag=3 multiple");
    numbered().for_each(|line| worker.say(&line));
    worker.sync();
    let before = disk.changes();
    assert_eq!(worker.ask("tx.commit"), "tx.commit-ok");
    let after = disk.changes();
    let mut partial = 0;
    for (seed, prefix) in (0..).zip(moments(before, after)) {
        let (jobs, done) = after_a_cut(&disk, prefix, seed);
        let whole = (0..done.len()).map(|number| number.to_string());
        assert!(done.iter().cloned().eq(whole), "in order, none is missing");
        assert!(done.len() == LONG || jobs == 3, "{} and {jobs}", done.len());
        assert!(done.len() == LONG || prefix < after, "it was answered");
        partial += usize::from((1..LONG).contains(&done.len()));
    }
    assert!(partial > 0, "no cut was within the commit");
}

/// Publishes of a flood before the older half of them is to be confirmed.
const FLOOD: usize = 1_000;

/// The same with confirms: what was heard to be confirmed is there, whatever the moment.
#[test]
fn a_power_cut_within_a_flood_of_publishes_loses_nothing_that_was_confirmed() {
    let disk = FaultDisk::default();
    let broker = broker(&disk);
    let mut client = Client::new(&broker);
    client.declare("jobs", "");
    client.declare("done", "");
    client.ask("confirm.select");
    let before = disk.changes();
    let mut confirmed = vec![(before, 0)];
    let mut hear = |client: &mut Client, wanted: usize| {
        while confirmed.last().is_none_or(|(_, number)| *number < wanted) {
            let heard = client.hear();
            let number = heard.strip_prefix("basic.ack delivery-tag=").unwrap();
            let number: usize = number.trim_end_matches(" multiple").parse().unwrap();
            confirmed.push((disk.changes(), number));
        }
    };
    for (nth, line) in (1..).zip(numbered()) {
        client.say(&line);
        // Some are on their way while others are confirmed.
        if nth % FLOOD == 0 {
            hear(&mut client, nth - FLOOD / 2);
        }
    }
    hear(&mut client, LONG);
    let after = disk.changes();
    let mut within = 0;
    for (seed, prefix) in (0..).zip(moments(before, after)) {
        let (_, done) = after_a_cut(&disk, prefix, seed);
        let promised = confirmed.iter().rev().find(|(at, _)| *at <= prefix);
        let promised = promised.map_or(0, |(_, number)| *number);
        assert!(done.len() >= promised, "{} of {promised}", done.len());
        within += usize::from((1..LONG).contains(&promised));
        let whole = (0..done.len()).map(|number| number.to_string());
        assert!(done.iter().cloned().eq(whole), "in order, none is missing");
    }
    assert!(within > 0, "no cut was between two confirms");
}
