//! Queues, the budget they share, and a real log under them.

use std::sync::{Weak, mpsc};

use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::Table;
use leveret_codec::types::{ShortStr, ShortString};

use super::*;
use crate::clock::{Clock, Now};
use crate::ids::QueueId;
use crate::kind::QueueKind;
use crate::mail::Resume;
use crate::message::{Body, MessageBuilder, Traits};
use crate::queue::{Arguments, Arrival, Declared, Effects, Flags, Queue};
use crate::store::disk::{Disk, DiskFile, MemoryDisk};
use crate::store::{DurableWatch, LogStore, MemoryStore, Op, Options, Position};

const MIB: u64 = 1024 * 1024;

struct NoQueue;

impl Resume for NoQueue {
    fn resume(&self, _now: Now) {}
}

fn queue(pager: &Arc<Pager>) -> Queue {
    let flags = Flags {
        durable: true,
        exclusive: false,
        auto_delete: false,
        generated_name: false,
    };
    let arguments = Arguments::parse(&Table::new(), QueueKind::Classic, flags, "queue 'q'");
    let declared = Declared {
        name: ShortString::new("q").expect("short"),
        vhost: ShortString::new("/").expect("short"),
        kind: QueueKind::Classic,
        durable: true,
        auto_delete: false,
        exclusive: None,
        arguments: arguments.expect("no arguments are right"),
        declared_by: "guest".into(),
    };
    let none = Weak::<NoQueue>::new();
    let mut queue = Queue::new(Arc::new(declared), QueueId(1), none, Now::default());
    queue.page_to(Arc::<Pager>::clone(pager));
    queue
}

fn message(number: u64) -> Message {
    MessageBuilder::default().build(
        ShortStr::EMPTY,
        ShortStr::literal("q"),
        PropertiesRef::EMPTY,
        Body::Copied(&number.to_le_bytes()),
        Traits::default(),
    )
}

fn push(queue: &mut Queue, numbers: std::ops::Range<u64>) {
    let mut fx = Effects::default();
    for number in numbers {
        let arrival = Arrival::default();
        queue.push(
            Now::default(),
            message(number),
            RecordAt::NONE,
            arrival,
            &mut fx,
        );
    }
}

/// The number in the next message.
fn pop(queue: &mut Queue) -> Option<u64> {
    let mut fx = Effects::default();
    let got = queue.get(Now::default(), true, &mut fx);
    let got = got.expect("get is allowed")?;
    let body = *got.entry.message.body().first_chunk().expect("a number");
    Some(u64::from_le_bytes(body))
}

fn spilling(budget: u64) -> (Arc<Pager>, MemoryDisk) {
    let disk = MemoryDisk::default();
    let spill = Spill::open(Arc::new(disk.clone())).expect("an empty disk");
    let pager = Pager::new(budget, Arc::new(MemoryStore::default()), Some(spill));
    (Arc::new(pager), disk)
}

#[test]
fn million_messages_pass_a_budget_of_one_mebibyte() {
    let (pager, disk) = spilling(MIB);
    let mut queue = queue(&pager);
    for thousand in 0..1000 {
        push(&mut queue, thousand * 1000..(thousand + 1) * 1000);
        assert!(pager.held() < 2 * MIB, "{}", pager.held());
    }
    let memory = queue.memory_bytes() as u64;
    assert!(memory < 2 * MIB + 16_000_000, "{memory}");
    assert!(pager.spilled() > 20 * MIB);
    for number in 0..1_000_000 {
        assert_eq!(pop(&mut queue), Some(number));
    }
    assert_eq!(pop(&mut queue), None);
    assert_eq!((pager.held(), pager.spilled()), (0, 0));
    assert_eq!(disk.list().expect("it lists").len(), 1);
}

#[test]
fn budget_is_shared_by_many_queues() {
    let (pager, _disk) = spilling(MIB);
    let mut queues: Vec<Queue> = (0..50).map(|_| queue(&pager)).collect();
    for round in 0..20 {
        for queue in &mut queues {
            push(queue, round * 100..(round + 1) * 100);
        }
    }
    // Each may keep what is not worth a chunk.
    assert!(pager.held() < MIB + 50 * 32 * 1024, "{}", pager.held());
    for queue in &mut queues {
        for number in 0..2000 {
            assert_eq!(pop(queue), Some(number));
        }
    }
    assert_eq!((pager.held(), pager.spilled()), (0, 0));
}

#[test]
fn messages_make_room_for_what_else_the_process_has() {
    let budget = 64 * MIB;
    let (pager, _disk) = spilling(budget);
    pager.charge(budget);
    for (else_, excess) in [
        (0, 0),
        (ELSE_MAX, 0),
        (ELSE_MAX + MIB, MIB),
        // Half of the budget is theirs, whatever else there is.
        (100 * budget, budget / 2),
        (MIB, 0),
    ] {
        pager.note_resident(budget + else_);
        assert_eq!(pager.excess(), excess, "{else_}");
    }
}

#[test]
fn budget_is_free_again_when_another_queue_drains() {
    let (pager, _disk) = spilling(MIB);
    let (mut first, mut second) = (queue(&pager), queue(&pager));
    push(&mut first, 0..20_000);
    drop(first);
    push(&mut second, 0..2_000);
    assert_eq!(pager.spilled(), 0);
}

struct Told(mpsc::Sender<Position>);

impl DurableWatch for Told {
    fn on_durable(&self, position: Position) {
        // Fails when the test is over, and then that does not matter.
        self.0.send(position).ok();
    }
}

/// A log with `n` messages in it that a queue has taken.
fn stored(budget: u64, n: u64) -> (Arc<Pager>, Queue, MemoryDisk) {
    let disk = MemoryDisk::default();
    let log = LogStore::open(Arc::new(disk.clone()), Options::default(), Clock::test());
    let store = Arc::new(log.expect("an empty disk"));
    let (told, durable) = mpsc::channel();
    store.watch(Arc::new(Told(told)));
    let mut records = Vec::new();
    let mut last = Position::default();
    for number in 0..n {
        let mut at = RecordAt::NONE;
        last = store.submit(&mut [Op::Message {
            message: &message(number),
            queues: &[QueueId(1)],
            sequences: &[],
            at: &mut at,
        }]);
        records.push(at);
    }
    while store.durable() < last {
        durable.recv().expect("the store lives");
    }
    let pager = Arc::new(Pager::new(budget, store, None));
    let mut queue = queue(&pager);
    let mut fx = Effects::default();
    for (number, at) in (0..).zip(records) {
        queue.push(
            Now::default(),
            message(number),
            at,
            Arrival::default(),
            &mut fx,
        );
    }
    (pager, queue, disk)
}

#[test]
fn stored_messages_come_back_from_the_log() {
    let (pager, mut queue, _disk) = stored(0, 5000);
    assert!(pager.held() < 128 * 1024, "{}", pager.held());
    for number in 0..5000 {
        assert_eq!(pop(&mut queue), Some(number));
    }
    assert_eq!(pager.lost(), 0);
}

#[test]
fn damaged_record_is_passed_over() {
    let (pager, mut queue, disk) = stored(0, 5000);
    let damaged = 3210_u64;
    for (name, octets) in disk.files() {
        let wanted = damaged.to_le_bytes();
        let found = octets.windows(8).position(|octets| octets == wanted);
        if let Some(place) = found.filter(|_| name.ends_with(".log")) {
            let file: Arc<dyn DiskFile> = disk.open(&name).expect("it is there");
            file.write_at(place as u64, &[0xff])
                .expect("memory has room");
        }
    }
    let rest = std::iter::from_fn(|| pop(&mut queue));
    assert!(rest.eq((0..5000).filter(|number| *number != damaged)));
    assert_eq!((pager.lost(), queue.stats().lost), (1, 1));
}

#[test]
fn what_is_not_stored_yet_stays_in_memory() {
    let pager = Arc::new(Pager::new(0, Arc::new(MemoryStore::default()), None));
    let mut queue = queue(&pager);
    let mut fx = Effects::default();
    for number in 0..3000 {
        queue.push(
            Now::default(),
            message(number),
            RecordAt(number + 1),
            Arrival::default(),
            &mut fx,
        );
    }
    assert!(pager.held() > 3000 * 48);
    assert!((0..3000).all(|number| pop(&mut queue) == Some(number)));
}
