//! The store against a plain model: what was confirmed is there after any crash, in order, and
//! nothing is there that was never submitted.

use std::collections::BTreeMap;

use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortStr;

use super::*;
use crate::message::{Body, MessageBuilder, Traits};
use crate::store::disk::{Fault, FaultDisk, MemoryDisk};
use crate::store::format::batch::segment_name;
use crate::store::log::Durability;
use crate::store::{DefinitionKind, Returns};

const QUEUES: u64 = 3;

fn message(id: u64, len: usize) -> Message {
    let mut body = id.to_le_bytes().to_vec();
    body.resize(8 + len, 7);
    let traits = Traits {
        persistent: true,
        priority: 3,
        ..Traits::default()
    };
    let key = ShortStr::new("key").expect("short");
    let body = bytes::Bytes::from(body);
    MessageBuilder::default().build(
        ShortStr::EMPTY,
        key,
        PropertiesRef::EMPTY,
        Body::by_size(&body),
        traits,
    )
}

fn id(message: &Message) -> u64 {
    u64::from_le_bytes(
        *message
            .body()
            .first_chunk()
            .expect("a body begins with its id"),
    )
}

fn small() -> Options {
    Options {
        segment_len: 12 * 1024,
        ..Options::default()
    }
}

fn open(disk: impl Disk + 'static) -> LogStore {
    try_open(disk, small()).expect("it opens")
}

fn try_open(disk: impl Disk + 'static, options: Options) -> Result<LogStore, StoreError> {
    LogStore::open_without_threads(Arc::new(disk), options, Clock::test())
}

impl LogStore {
    fn commit(&self) {
        self.writer.lock().commit();
    }

    fn keep_house(&self) {
        self.housekeeper.lock().run();
    }

    fn checkpoint(&self) {
        self.housekeeper.lock().checkpoint().expect("a checkpoint");
    }

    fn publish(&self, id: u64, len: usize, queues: &[QueueId]) -> (RecordAt, Position) {
        let mut at = RecordAt::NONE;
        let message = message(id, len);
        let position = self.submit(&mut [Op::Message {
            message: &message,
            queues,
            sequences: &[],
            at: &mut at,
        }]);
        (at, position)
    }

    fn settle(&self, queue: u64, records: &[RecordAt]) -> Position {
        self.submit(&mut [Op::Settled {
            queue: QueueId(queue),
            records,
        }])
    }

    /// What is told at start, with its messages. What cannot be read is left out.
    fn recovered(&self) -> Vec<Back> {
        let mut found = Vec::new();
        let mut each = |queue: QueueId, batch: &[Recovered]| {
            found.extend(batch.iter().map(|recovered| (queue.0, *recovered)));
        };
        self.recover_messages(&mut each).expect("it recovers");
        found
            .into_iter()
            .filter_map(|(queue, recovered)| {
                let message = self.read(recovered.at).ok()?;
                Some(Back {
                    queue,
                    recovered,
                    message,
                })
            })
            .collect()
    }

    fn recovered_definitions(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        self.recover(&mut |d| drop(found.insert(d.key, d.json)))
            .expect("it recovers");
        found
    }

    /// Ids by queue, in order.
    fn contents(&self) -> BTreeMap<u64, Vec<u64>> {
        let mut contents: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for back in self.recovered() {
            let ids = contents.entry(back.queue).or_default();
            ids.push(id(&back.message));
        }
        contents
    }
}

/// A message that came back.
struct Back {
    queue: u64,
    recovered: Recovered,
    message: Message,
}

/// A copy of a message, and when what happened to it, in changes of the disk.
struct Copy {
    queue: u64,
    id: u64,
    at: RecordAt,
    position: Position,
    submitted: usize,
    confirmed: Option<usize>,
    settled: Option<usize>,
}

/// Runs a random workload and remembers what must be true.
struct Run {
    disk: FaultDisk,
    store: LogStore,
    dice: u64,
    next: u64,
    copies: Vec<Copy>,
    definitions: Vec<(Position, usize, Option<usize>, u64)>,
}

impl Run {
    fn new(disk: FaultDisk, seed: u64) -> Self {
        let store = open(disk.clone());
        drop(store.recovered());
        Self {
            disk,
            store,
            dice: seed,
            next: 1,
            copies: Vec::new(),
            definitions: Vec::new(),
        }
    }

    /// Goes on with what a crash has left in `image`: all of it counts as confirmed.
    fn after(image: MemoryDisk, seed: u64) -> Self {
        let mut run = Self::new(FaultDisk::with_disk(&image), seed);
        // Numbers that nothing of before has.
        run.next = 10_000;
        for back in open(image).recovered() {
            run.copies.push(Copy {
                queue: back.queue,
                id: id(&back.message),
                at: back.recovered.at,
                position: Position(0),
                submitted: 0,
                confirmed: Some(0),
                settled: None,
            });
        }
        run
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695);
        (self.dice >> 33) % bound
    }

    fn step(&mut self) {
        match self.below(20) {
            0..=8 => self.publish(),
            9..=12 => self.settle(),
            13 => self.give_back(),
            14 => self.define(),
            15..=17 => self.commit(),
            18 => self.store.keep_house(),
            _ => {
                // A fault may be planned: then there is none this time.
                drop(self.store.housekeeper.lock().checkpoint());
            }
        }
    }

    fn publish(&mut self) {
        let len = match self.below(12) {
            0 => 5_000,
            1 => 20_000,
            _ => 100 + self.below(900),
        };
        self.publish_len(len);
    }

    fn publish_len(&mut self, len: u64) {
        let count = 1 + self.below(3) * self.below(2);
        let first = self.below(QUEUES);
        let queues: Vec<QueueId> = (0..count)
            .map(|n| QueueId(1 + (first + n) % QUEUES))
            .collect();
        let id = self.next;
        self.next += 1;
        let (at, position) = self
            .store
            .publish(id, usize::try_from(len).expect("short"), &queues);
        for queue in queues {
            self.copies.push(Copy {
                queue: queue.0,
                id,
                at,
                position,
                submitted: self.disk.changes(),
                confirmed: None,
                settled: None,
            });
        }
    }

    fn settle(&mut self) {
        let count = usize::try_from(1 + self.below(4)).expect("small");
        for _ in 0..count {
            let open: Vec<usize> = (0..self.copies.len())
                .filter(|n| self.copies[*n].settled.is_none())
                .collect();
            if open.is_empty() {
                return;
            }
            let oldest_first = self.below(4) > 0;
            let which = if oldest_first {
                0
            } else {
                self.below(open.len() as u64)
            };
            let copy = &mut self.copies[open[usize::try_from(which).expect("small")]];
            copy.settled = Some(self.disk.changes());
            self.store.settle(copy.queue, &[copy.at]);
        }
    }

    fn give_back(&mut self) {
        let which = usize::try_from(self.below(self.copies.len().max(1) as u64)).expect("small");
        if let Some(copy) = self.copies.get(which) {
            let queue = QueueId(copy.queue);
            self.store.submit(&mut [Op::Returned {
                queue,
                record: copy.at,
                returns: Returns {
                    delivery_count: 2,
                    acquired_count: 3,
                },
            }]);
        }
    }

    fn define(&mut self) {
        let json = self.next;
        self.next += 1;
        let position = self.store.define(&[DefinitionChange::Put(Definition {
            kind: DefinitionKind::Queue,
            key: "q".to_owned(),
            json: json.to_string(),
        })]);
        self.definitions
            .push((position, self.disk.changes(), None, json));
    }

    fn commit(&mut self) {
        self.store.commit();
        let (durable, now) = (self.store.durable(), self.disk.changes());
        for copy in self
            .copies
            .iter_mut()
            .filter(|copy| copy.position <= durable)
        {
            copy.confirmed.get_or_insert(now);
        }
        for definition in self
            .definitions
            .iter_mut()
            .filter(|(at, ..)| *at <= durable)
        {
            definition.2.get_or_insert(now);
        }
    }

    /// What is wrong with `image`, which a crash left after `prefix` changes.
    fn violation(&self, image: MemoryDisk, prefix: usize) -> Option<String> {
        let store = match try_open(image, small()) {
            Ok(store) => store,
            Err(error) => return Some(format!("it does not open: {error}")),
        };
        let definitions = store.recovered_definitions();
        let contents = store.contents();
        if !store.damage().is_empty() {
            return Some(format!("damage: {:?}", store.damage()));
        }
        for queue in 1..=QUEUES {
            let found = contents.get(&queue).cloned().unwrap_or_default();
            if !found.is_sorted_by(|a, b| a < b) {
                return Some(format!("queue {queue} is out of order: {found:?}"));
            }
            for copy in self.copies.iter().filter(|copy| copy.queue == queue) {
                let confirmed = copy.confirmed.is_some_and(|at| at <= prefix);
                let settled = copy.settled.is_some_and(|at| at < prefix);
                if confirmed && !settled && !found.contains(&copy.id) {
                    return Some(format!("{} in queue {queue} is lost", copy.id));
                }
            }
            let submitted = |id: &u64| {
                self.copies
                    .iter()
                    .any(|c| c.queue == queue && c.id == *id && c.submitted <= prefix)
            };
            if let Some(id) = found.iter().find(|id| !submitted(id)) {
                return Some(format!("{id} in queue {queue} is invented"));
            }
        }
        let confirmed = self
            .definitions
            .iter()
            .filter(|d| d.2.is_some_and(|at| at <= prefix));
        let least = confirmed.map(|d| d.3).max().unwrap_or(0);
        let found = definitions
            .get("q")
            .map_or(0, |json| json.parse().expect("a number"));
        (found < least).then(|| format!("definition {found} is older than {least}"))
    }

    fn check_all_crashes(&self, from: usize, step: usize) {
        for prefix in (from..=self.disk.changes()).step_by(step) {
            for seed in 0..3 {
                let seed = seed + prefix as u64 * 7;
                if let Some(violation) = self.violation(self.disk.crash_image(prefix, seed), prefix)
                {
                    panic!("after {prefix} changes with seed {seed}: {violation}");
                }
            }
        }
    }
}

fn workload(seed: u64, steps: usize) -> Run {
    let mut run = Run::new(FaultDisk::default(), seed);
    for _ in 0..steps {
        run.step();
    }
    run.commit();
    run
}

#[test]
fn what_was_confirmed_survives_a_crash_at_any_change() {
    for seed in 0..2 {
        workload(seed, 100).check_all_crashes(40, 2);
    }
}

#[test]
fn longer_histories_survive_crashes_here_and_there() {
    for seed in 100..103 {
        workload(seed, 600).check_all_crashes(40, 67);
    }
}

#[test]
fn crash_during_the_life_after_a_crash_loses_nothing_either() {
    for seed in 0..4 {
        let first = workload(seed, 120);
        let at = first.disk.changes() * 2 / 3;
        let image = first.disk.crash_image(at, seed);
        let mut second = Run::after(image, seed + 50);
        let from = second.disk.changes();
        for _ in 0..120 {
            second.step();
        }
        second.commit();
        second.check_all_crashes(from, 11);
    }
}

#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    let found = (0..4).any(|seed| {
        let mut run = Run::new(FaultDisk::default(), seed);
        for _ in 0..150 {
            run.disk.plan(Fault::LostSync(0));
            run.step();
        }
        run.commit();
        (0..40).any(|crash| {
            run.violation(
                run.disk.crash_image(run.disk.changes(), crash),
                run.disk.changes(),
            )
            .is_some()
        })
    });
    assert!(found, "confirms before the sync must not pass these tests");
}

#[test]
fn any_call_may_fail_and_nothing_confirmed_is_lost() {
    let calls = workload(1, 60).disk.calls();
    let opening = Run::new(FaultDisk::default(), 1).disk.calls();
    for call in 0..calls - opening {
        let mut run = Run::new(FaultDisk::default(), 1);
        run.disk.plan(Fault::Call(call));
        for _ in 0..60 {
            run.step();
        }
        run.disk.heal();
        run.commit();
        run.commit();
        assert!(
            run.copies.iter().all(|copy| copy.confirmed.is_some()),
            "call {call}: it works again, so everything is confirmed"
        );
        let end = run.disk.changes();
        for seed in 0..1 {
            let violation = run.violation(run.disk.crash_image(end, seed + call), end);
            assert_eq!(
                violation,
                None,
                "call {call} failed, crash with seed {}",
                seed + call
            );
        }
    }
}

#[test]
fn opening_may_fail_at_any_call_and_is_fine_the_next_time() {
    let run = workload(2, 150);
    let image = run.disk.now();
    let disk = FaultDisk::with_disk(&image);
    drop(open(disk.clone()));
    for call in 0..disk.calls() {
        let disk = FaultDisk::with_disk(&image);
        disk.plan(Fault::Call(call));
        drop(try_open(disk.clone(), small()));
        disk.heal();
        let end = run.disk.changes();
        assert_eq!(run.violation(disk.now(), end), None, "call {call}");
    }
}

#[test]
fn nothing_is_confirmed_while_the_disk_is_full_and_all_is_when_there_is_room() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    disk.plan(Fault::Full(disk.now().used() + 30_000));
    let mut last = Position(0);
    for id in 1..100 {
        last = store.publish(id, 900, &[QueueId(1)]).1;
        store.commit();
    }
    assert!(store.durable() < last);
    assert_eq!(store.shared.in_trouble(), Some(crate::store::Trouble::Full));
    let confirmed = store.durable();
    store.commit();
    assert_eq!(store.durable(), confirmed, "still full");
    disk.heal();
    store.commit();
    store.keep_house();
    assert!(store.durable() >= last);
    assert_eq!(store.shared.in_trouble(), None);
    drop(store);
    assert_eq!(
        open(disk.now()).contents()[&1],
        (1..100).collect::<Vec<_>>()
    );
}

#[test]
fn clean_restart_gives_exactly_what_was_left() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    let (one, _) = store.publish(1, 10, &[QueueId(1), QueueId(2)]);
    store.publish(2, 30_000, &[QueueId(1)]);
    let (three, _) = store.publish(3, 10, &[QueueId(2)]);
    store.settle(1, &[one]);
    let queue = QueueId(2);
    store.submit(&mut [Op::Returned {
        queue,
        record: three,
        returns: Returns {
            delivery_count: 5,
            acquired_count: 70000,
        },
    }]);
    store.close().expect("it closes");
    drop(store);

    let store = open(disk);
    let found: Vec<_> = store
        .recovered()
        .iter()
        .map(|m| {
            (
                m.queue,
                id(&m.message),
                m.recovered.returns.delivery_count,
                m.recovered.redelivered,
                m.recovered.at,
            )
        })
        .collect();
    assert_eq!(
        found
            .iter()
            .map(|m| (m.0, m.1, m.2, m.3))
            .collect::<Vec<_>>(),
        [(2, 1, 0, false), (1, 2, 0, false), (2, 3, 5, true)]
    );
    let again = store.read(found[1].4).expect("it can be read");
    assert_eq!((id(&again), again.body_len()), (2, 30_008));
    assert_eq!(again.traits(), message(2, 1).traits());
    assert_eq!(&*again.routing_key(), b"key");
}

#[test]
fn dropped_queue_leaves_nothing_behind() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    for id in 0..60 {
        store.publish(id, 500, &[QueueId(1)]);
        store.publish(id, 500, &[QueueId(1), QueueId(2)]);
    }
    store.submit(&mut [Op::Dropped { queue: QueueId(1) }]);
    store.commit();
    assert_eq!(store.space().copies, 60);
    store.close().expect("it closes");
    let store = open(disk.clone());
    assert_eq!(store.contents().keys().collect::<Vec<_>>(), [&2]);
    store.submit(&mut [Op::Dropped { queue: QueueId(2) }]);
    store.commit();
    store.checkpoint();
    assert!(
        open(MemoryDisk::with_files(disk.files()))
            .contents()
            .is_empty()
    );
}

#[test]
fn queue_ids_are_never_used_twice() {
    let disk = MemoryDisk::default();
    let first = open(disk.clone()).next_queue_id();
    let second = open(disk.clone()).next_queue_id();
    assert!(first < second);
    assert!(second < open(disk).next_queue_id());
}

#[test]
fn disk_use_stays_near_twice_the_live_data_in_any_order() {
    for order in ["first in first out", "random", "one old in fifty"] {
        let disk = MemoryDisk::default();
        let store = open(disk.clone());
        let mut live: Vec<(u64, RecordAt)> = Vec::new();
        let mut dice = 9_u64;
        for id in 0..3_000 {
            live.push((id, store.publish(id, 200, &[QueueId(1)]).0));
            if live.len() > 200 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let which = match order {
                    "random" => usize::try_from(dice >> 33).expect("it fits") % live.len(),
                    "one old in fifty" => live.iter().position(|(id, _)| id % 50 != 0).unwrap_or(0),
                    _ => 0,
                };
                store.settle(1, &[live.remove(which).1]);
            }
            if id % 20 == 0 {
                store.commit();
                store.keep_house();
            }
        }
        store.commit();
        store.keep_house();
        let Space {
            disk_octets: used,
            live_octets,
            ..
        } = store.space();
        let bound = 2 * live_octets + 8 * 12 * 1024;
        assert!(used <= bound, "{order}: {used} of at most {bound} octets");
        let expected: Vec<u64> = live.iter().map(|(id, _)| *id).collect();
        for (id_, at) in &live {
            assert_eq!(id(&store.read(*at).expect("it is there")), *id_);
        }
        store.close().expect("it closes");
        assert_eq!(open(disk).contents()[&1], expected, "{order}");
    }
}

#[test]
fn rot_costs_only_what_it_hits() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    let mut places = Vec::new();
    for id in 0..20 {
        places.push(store.publish(id, 100, &[QueueId(1)]).0);
        store.commit();
    }
    drop(store);
    let name = segment_name(SEGMENT_HEAD as u64);
    for (hit, at) in places.iter().enumerate().take(19) {
        for offset in [0, 40, 150] {
            let disk = FaultDisk::with_disk(&disk.now());
            assert!(disk.flip(&name, at.address() + offset, 3));
            let store = open(disk.now());
            let expected: Vec<u64> = (0..20).filter(|id| *id != hit as u64).collect();
            assert_eq!(
                store.contents()[&1],
                expected,
                "message {hit}, octet {offset}"
            );
            assert_eq!(store.damage().len(), 1, "message {hit}, octet {offset}");
        }
    }
}

#[test]
fn last_batch_is_cut_when_torn_but_missed_when_a_later_one_vouches_for_it() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    let (at, _) = store.publish(1, 100, &[QueueId(1)]);
    store.commit();
    let name = segment_name(SEGMENT_HEAD as u64);
    let torn = FaultDisk::with_disk(&disk.now());
    assert!(torn.flip(&name, at.address() + 50, 1));
    assert!(
        open(torn.now()).damage().is_empty(),
        "it may never have been confirmed"
    );

    assert!(store.writer.lock().wants_cover());
    store.shared.staging.lock().cover();
    store.commit();
    assert!(!store.writer.lock().wants_cover());
    let rotten = FaultDisk::with_disk(&disk.now());
    assert!(rotten.flip(&name, at.address() + 50, 1));
    assert_eq!(open(rotten.now()).damage().len(), 1, "it was confirmed");
}

#[test]
fn format_of_another_version_is_refused_and_named() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    store.publish(1, 100, &[QueueId(1)]);
    store.commit();
    drop(store);
    let name = segment_name(SEGMENT_HEAD as u64);
    let mut files = disk.files();
    files.get_mut(&name).expect("the segment")[8] = 9;
    let error = try_open(MemoryDisk::with_files(files), small())
        .err()
        .expect("it is refused");
    assert!(error.to_string().contains("has format 9"), "{error}");
}

#[test]
fn arbitrary_octets_in_any_file_never_panic() {
    let run = workload(3, 200);
    run.store.checkpoint();
    let files = run.disk.now().files();
    let mut dice = 1_u64;
    for name in files.keys() {
        for _ in 0..4 {
            let mut files = files.clone();
            let octets = files.get_mut(name).expect("it is there");
            for _ in 0..64 {
                dice = dice
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(99);
                let at = usize::try_from(dice >> 20).expect("it fits") % octets.len().max(1);
                if let Some(octet) = octets.get_mut(at) {
                    *octet = u8::try_from(dice >> 56).expect("one octet");
                }
            }
            if let Ok(store) = try_open(MemoryDisk::with_files(files), small()) {
                store.contents();
            }
        }
    }
}

struct Told(Mutex<Option<std::sync::mpsc::Sender<Position>>>);

impl DurableWatch for Told {
    fn on_durable(&self, position: Position) {
        if let Some(sender) = &*self.0.lock() {
            sender.send(position).unwrap_or_default();
        }
    }
}

#[test]
fn threads_confirm_what_many_publish_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let disk = || Arc::new(crate::store::disk::OsDisk::open(dir.path()).expect("it is free"));
    let store =
        Arc::new(LogStore::open(disk(), Options::default(), Clock::system()).expect("it opens"));
    let (sender, told) = std::sync::mpsc::channel();
    store.watch(Arc::new(Told(Mutex::new(Some(sender)))));
    let last = std::thread::scope(|scope| {
        let publish = |queue| {
            let store = &store;
            let ids = 0..500;
            scope.spawn(move || {
                ids.map(|id| store.publish(id, 100, &[QueueId(queue)]).1)
                    .max()
            })
        };
        let publishers: Vec<_> = (0..4).map(publish).collect();
        publishers
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .max()
    });
    let last = last.flatten().expect("something was published");
    while store.durable() < last {
        told.recv().expect("the store is there");
    }
    store.close().expect("it closes");
    drop(store);
    let store = LogStore::open(disk(), Options::default(), Clock::system()).expect("it opens");
    for (queue, ids) in store.contents() {
        assert_eq!(ids, (0..500).collect::<Vec<_>>(), "queue {queue}");
    }
}

// Housekeeping began before the start had counted what is alive, and packed segments while they
// were being read: what had moved to another file by then was missed.
#[test]
fn housekeeping_waits_until_every_message_is_back() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    let published: Vec<_> = (0..600)
        .map(|n| {
            let (at, _) = store.publish(n, 300, &[QueueId(1)]);
            store.commit();
            at
        })
        .collect();
    let is_kept = |n: &usize| n.is_multiple_of(4);
    let gone = published.iter().enumerate().filter(|(n, _)| !is_kept(n));
    store.settle(1, &gone.map(|(_, at)| *at).collect::<Vec<_>>());
    store.commit();
    drop(store);
    let store = open(disk.clone());
    let mut back = 0;
    store
        .recover_messages(&mut |_, batch| {
            store.keep_house();
            back += batch.len();
        })
        .expect("it recovers");
    assert_eq!(back, (0..600).filter(is_kept).count());
}

/// The housekeeper once ran between opening and recovery, when nothing had been counted yet, took
/// every segment for an empty one and gave it up.
#[test]
fn housekeeping_before_recovery_gives_nothing_up() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    for id in 0..60 {
        store.publish(id, 500, &[QueueId(1)]);
    }
    store.close().expect("it closes");
    drop(store);
    let store = open(disk.clone());
    store.checkpoint();
    store.keep_house();
    store.checkpoint();
    drop(store);
    assert_eq!(open(disk).contents()[&1], (0..60).collect::<Vec<_>>());
}

/// The housekeeper once prepared a file under the name of one that had been taken but not renamed
/// yet, and so emptied it.
#[test]
fn prepared_file_is_never_made_under_the_name_of_a_taken_one() {
    let disk = MemoryDisk::default();
    let store = open(disk);
    store.keep_house();
    let len = small().segment_len;
    let (first, _) = store.shared.take_spare(len).expect("one is prepared");
    store.keep_house();
    let (second, _) = store
        .shared
        .take_spare(len)
        .expect("another one is prepared");
    assert_ne!(first, second);
}

/// A settlement used to be a write of its own: one more for every message that was published and
/// consumed one by one.
#[test]
fn settlements_wait_for_company_and_messages_do_not() {
    let store = open(MemoryDisk::default());
    let is_due = || store.shared.staging.lock().is_due();
    let (at, _) = store.publish(1, 10, &[QueueId(1)]);
    assert!(is_due(), "a publisher waits for its confirm");
    store.commit();
    store.settle(1, &[at]);
    assert!(!is_due());
    store.publish(2, 10, &[QueueId(1)]);
    assert!(is_due());
    store.commit();
    for _ in 0..100 {
        store.settle(1, &[at; 100]);
    }
    assert!(is_due(), "so many are a write of their own");
}

#[test]
fn settlement_without_company_is_written_all_the_same() {
    let disk = MemoryDisk::default();
    let store = LogStore::open(Arc::new(disk), small(), Clock::test()).expect("it opens");
    let (told, heard) = std::sync::mpsc::channel();
    store.watch(Arc::new(Steps(told)));
    let (at, _) = store.publish(1, 10, &[QueueId(1)]);
    let position = store.settle(1, &[at]);
    while store.durable() < position {
        heard.recv().expect("the store goes on");
    }
}

/// Passes on every step of the position.
struct Steps(std::sync::mpsc::Sender<Position>);

impl DurableWatch for Steps {
    fn on_durable(&self, position: Position) {
        // The receiver that has heard enough is gone.
        self.0.send(position).unwrap_or_default();
    }
}

/// Without syncs of its own the log's files are synced for the checkpoint, beside the commit
/// thread; what the checkpoint speaks of must be there after a power cut all the same.
#[test]
fn checkpoint_of_a_log_that_is_not_synced_relies_on_nothing_that_a_power_cut_takes() {
    let options = Options {
        durability: Durability::Os,
        ..small()
    };
    let disk = FaultDisk::default();
    let store = try_open(disk.clone(), options.clone()).expect("it opens");
    assert!(store.contents().is_empty());
    let mut left = Vec::new();
    for id in 0..100 {
        let (at, _) = store.publish(id, 500, &[QueueId(1)]);
        if id % 3 == 0 {
            store.settle(1, &[at]);
        } else {
            left.push(id);
        }
        store.commit();
    }
    store.checkpoint();
    let files = store.writer.lock().dirty();
    assert_eq!(files.len(), 1, "all but the one that is written to");
    for seed in 0..20 {
        let image = disk.crash_image(disk.changes(), seed);
        let after = try_open(image, options.clone()).expect("it opens");
        assert_eq!(after.contents()[&1], left, "seed {seed}");
        assert_eq!(after.damage(), [], "seed {seed}");
    }
}

/// A file that is made anew costs the disk far more than one that is written over, and a log at
/// full speed gives up several at once.
#[test]
fn files_of_segments_that_are_given_up_are_kept_for_those_to_come() {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    assert!(store.contents().is_empty());
    for id in 0..200 {
        let (at, _) = store.publish(id, 500, &[QueueId(1)]);
        store.settle(1, &[at]);
        store.commit();
    }
    store.checkpoint();
    let names = disk.list().expect("names");
    let spares = names.iter().filter(|name| name.starts_with("spare-"));
    assert_eq!(spares.count(), 4, "and no more: {names:?}");
    let len = small().segment_len;
    let taken = std::iter::from_fn(|| store.shared.take_spare(len));
    assert_eq!(taken.count(), 4);
}

mod chain;
mod footers;
mod full;
mod here;
mod moving;
mod staged;
mod threads;
mod trouble;
