//! The store's threads in every order that matters: see [`crate::sync::model`].
//!
//! The threads are the real ones, the disk is in memory, and every call to it is a place where
//! another thread may go on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::store::Trouble;
use crate::store::disk::DiskFile;
use crate::sync::model::{self, Plant};
use crate::sync::{Condvar, spawn};

/// Orders that are tried of each model, and until a planted bug must have been found.
const RUNS: usize = 200;

/// Threads that publish, and what each of them does.
const STAGERS: u64 = 2;
const EACH: u64 = 3;

/// A disk that takes its time.
struct Slow(FaultDisk);

struct SlowFile(Arc<dyn DiskFile>);

impl Disk for Slow {
    fn open(&self, name: &str) -> std::io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(SlowFile(self.0.open(name)?)))
    }

    fn create(&self, name: &str) -> std::io::Result<Arc<dyn DiskFile>> {
        model::step();
        Ok(Arc::new(SlowFile(self.0.create(name)?)))
    }

    fn list(&self) -> std::io::Result<Vec<String>> {
        self.0.list()
    }

    fn remove(&self, name: &str) -> std::io::Result<()> {
        model::step();
        self.0.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> std::io::Result<()> {
        model::step();
        self.0.rename(from, to)
    }

    fn sync_names(&self) -> std::io::Result<()> {
        model::step();
        self.0.sync_names()
    }

    fn place(&self) -> String {
        self.0.place()
    }
}

impl DiskFile for SlowFile {
    fn size(&self) -> std::io::Result<u64> {
        self.0.size()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(at, into)
    }

    fn write_at(&self, at: u64, octets: &[u8]) -> std::io::Result<()> {
        model::step();
        self.0.write_at(at, octets)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> std::io::Result<()> {
        model::step();
        self.0.sync()
    }
}

/// An empty log that was stopped in order: opening it is less work than making one.
fn stopped() -> MemoryDisk {
    let disk = MemoryDisk::default();
    let store = open(disk.clone());
    drop(store.recovered());
    store.close().expect("it closes");
    disk
}

/// A store with its threads, and what the waiting threads have heard.
struct World {
    disk: FaultDisk,
    store: LogStore,
    heard: Heard,
}

/// Wakes the threads that wait for a position, as a connection is woken.
#[derive(Default)]
struct Bell {
    reached: Mutex<Position>,
    rung: Option<Condvar>,
    in_trouble: AtomicBool,
}

type Heard = Arc<Bell>;

impl DurableWatch for Bell {
    fn on_durable(&self, position: Position) {
        *self.reached.lock() = position;
        if let Some(rung) = &self.rung {
            rung.notify_all();
        }
    }

    fn on_trouble(&self, trouble: Option<Trouble>) {
        self.in_trouble.store(trouble.is_some(), Ordering::Relaxed);
    }
}

impl Bell {
    /// Waits without a limit: a thread that is not woken hangs.
    fn wait(&self, position: Position) {
        let mut reached = self.reached.lock();
        while *reached < position {
            self.rung.as_ref().expect("there is one").wait(&mut reached);
        }
    }
}

impl World {
    fn new(files: &MemoryDisk) -> Arc<Self> {
        let disk = FaultDisk::with_disk(files);
        let slow = Arc::new(Slow(disk.clone()));
        let store = LogStore::open(slow, small(), Clock::test()).expect("it opens");
        assert!(store.contents().is_empty());
        let heard = Arc::new(Bell {
            rung: Some(Condvar::new()),
            ..Bell::default()
        });
        store.watch(Arc::<Bell>::clone(&heard) as Arc<dyn DurableWatch>);
        Arc::new(Self { disk, store, heard })
    }

    /// Publishes `id`, waits for its confirm and looks whether it is true.
    fn publish_and_wait(&self, id: u64) {
        let queue = QueueId(1 + id % 2);
        let (at, position) = self.store.publish(id, 600, &[queue]);
        if id.is_multiple_of(3) {
            // Nobody waits for it alone.
            self.store.settle(queue.0, &[at]);
        }
        self.heard.wait(position);
        self.check_confirmed(id);
    }

    /// A confirmed message is on the disk in a way that no power cut undoes.
    fn check_confirmed(&self, id: u64) {
        let mut pattern = id.to_le_bytes().to_vec();
        pattern.resize(40, 7);
        let sure = self.disk.surely().files();
        let logs = sure.iter().filter(|(name, _)| name.ends_with(".log"));
        let is_in = |octets: &Vec<u8>| octets.windows(40).any(|part| part == pattern);
        let is_there = logs.map(|(_, octets)| octets).any(is_in);
        assert!(is_there, "{id} was confirmed and is not on the disk");
    }

    /// Several threads publish and wait, each for its own confirms.
    fn publish_from_threads(world: &Arc<Self>) {
        let stagers: Vec<_> = (0..STAGERS)
            .map(|stager| {
                let world = Arc::clone(world);
                spawn("stager", move || {
                    for n in 0..EACH {
                        world.publish_and_wait(1 + stager * 100 + n);
                    }
                })
                .expect("it starts")
            })
            .collect();
        for stager in stagers {
            stager.join().expect("no panic");
        }
    }

    /// All that was published and not settled is there the next time.
    fn check_after(self, published: impl Iterator<Item = u64>) {
        let left = self.disk.surely();
        drop(self.store);
        let store = open(left);
        let found: BTreeSet<u64> = store.contents().into_values().flatten().collect();
        let expected: BTreeSet<u64> = published.filter(|id| !id.is_multiple_of(3)).collect();
        assert_eq!(found, expected);
        assert!(store.damage().is_empty(), "{:?}", store.damage());
    }
}

fn ids() -> impl Iterator<Item = u64> {
    (0..STAGERS).flat_map(|stager| (0..EACH).map(move |n| 1 + stager * 100 + n))
}

/// Everybody's confirm comes, without a timer, and is true when it comes; then the store closes.
fn every_publish_is_confirmed(files: &MemoryDisk) {
    let world = World::new(files);
    World::publish_from_threads(&world);
    world.store.close().expect("it closes");
    let world = Arc::into_inner(world).expect("no other thread has it");
    world.check_after(ids());
}

#[test]
fn every_confirm_comes_and_is_true_in_any_order_of_threads() {
    let files = stopped();
    model::check(RUNS, move || every_publish_is_confirmed(&files));
}

/// Some commit by themselves, and the rest is the commit thread's.
#[test]
fn callers_that_commit_and_the_commit_thread_leave_no_caller_waiting_in_any_order() {
    let files = stopped();
    model::check(RUNS, move || {
        let world = World::new(&files);
        let stagers: Vec<_> = (0..STAGERS)
            .map(|stager| {
                let world = Arc::clone(&world);
                let run = move || {
                    for id in (0..EACH).map(|n| 1 + stager * 100 + n) {
                        let queue = QueueId(1 + id % 2);
                        let (at, position) = world.store.publish(id, 600, &[queue]);
                        if id.is_multiple_of(3) {
                            world.store.settle(queue.0, &[at]);
                        }
                        if stager == 1 || !world.store.commit_here(position) {
                            world.heard.wait(position);
                        }
                        world.check_confirmed(id);
                    }
                };
                spawn("stager", run).expect("it starts")
            })
            .collect();
        for stager in stagers {
            stager.join().expect("no panic");
        }
        world.store.close().expect("it closes");
        let world = Arc::into_inner(world).expect("no other thread has it");
        world.check_after(ids());
    });
}

#[test]
fn a_lost_wake_up_is_found() {
    let files = stopped();
    // Which wake-ups matter is up to the order of things; most do.
    let found: Vec<(u32, String)> = (0..12)
        .filter_map(|nth| {
            let files = files.clone();
            let run = move || every_publish_is_confirmed(&files);
            Some((nth, model::shows(Plant::LostWakeUp(nth), 20, run)?))
        })
        .collect();
    let hangs = found.iter().all(|(_, how)| how.contains("deadlock"));
    assert!(found.len() > 3 && hangs, "{found:?}");
}

#[test]
fn a_position_that_is_ahead_of_the_disk_is_found() {
    let files = stopped();
    let run = move || {
        let world = World::new(&files);
        for id in 1..4 {
            let (_, position) = world.store.publish(id, 600, &[QueueId(1)]);
            while world.store.durable() < position {
                model::pass_time();
            }
            world.check_confirmed(id);
        }
    };
    model::check(20, run.clone());
    let how = model::shows(Plant::Ahead(4096), RUNS, run);
    let how = how.expect("a confirm before its batch is on the disk");
    assert!(how.contains("is not on the disk"), "{how}");
}

/// The store closes while others publish: all wait no longer than that, and what was confirmed is
/// there.
#[test]
fn closing_in_the_midst_of_it_hangs_no_caller() {
    let files = stopped();
    model::check(RUNS, move || {
        let world = World::new(&files);
        let closed = Arc::new(AtomicBool::new(false));
        let stager = {
            let (world, closed) = (Arc::clone(&world), Arc::clone(&closed));
            spawn("stager", move || {
                for id in 1..20 {
                    let position = world.store.publish(id, 600, &[QueueId(1)]).1;
                    while world.store.durable() < position {
                        if closed.load(Ordering::Relaxed) {
                            return;
                        }
                        model::pass_time();
                    }
                    world.check_confirmed(id);
                }
            })
            .expect("it starts")
        };
        world.store.close().expect("it closes");
        closed.store(true, Ordering::Relaxed);
        stager.join().expect("no panic");
        let world = Arc::into_inner(world).expect("no other thread has it");
        let confirmed = world.store.durable();
        let disk = world.disk.clone();
        drop(world);
        let store = open(disk.surely());
        assert!(store.damage().is_empty(), "{:?}", store.damage());
        assert!(store.shared.catalog.lock().applied >= confirmed.0);
    });
}

/// A disk that fails confirms nothing, every caller hears of it, and once it works again all is
/// confirmed without anything being said twice.
#[test]
fn failing_disk_confirms_nothing_and_all_when_it_works_again() {
    let files = stopped();
    model::check(RUNS, move || {
        let world = World::new(&files);
        world.disk.plan(Fault::CallsFrom(0));
        let before = world.store.durable();
        let stagers: Vec<_> = (0..STAGERS)
            .map(|stager| {
                let world = Arc::clone(&world);
                spawn("stager", move || world.publish_and_wait(1 + stager * 100))
                    .expect("it starts")
            })
            .collect();
        while !world.heard.in_trouble.load(Ordering::Relaxed) {
            model::pass_time();
        }
        for _ in 0..5 {
            model::pass_time();
            assert_eq!(world.store.durable(), before, "a confirm without a disk");
        }
        world.disk.heal();
        while world.heard.in_trouble.load(Ordering::Relaxed) {
            model::pass_time();
        }
        for stager in stagers {
            stager.join().expect("no panic");
        }
        world.store.close().expect("it closes");
        let world = Arc::into_inner(world).expect("no other thread has it");
        world.check_after((0..STAGERS).map(|stager| 1 + stager * 100));
    });
}

/// Checkpoints and packing beside the commit thread: neither stands in the other's way, and what
/// is read meanwhile is there.
#[test]
fn housekeeping_beside_publishers_loses_nothing() {
    let files = stopped();
    model::check(RUNS / 2, move || {
        let world = World::new(&files);
        let keeper = {
            let world = Arc::clone(&world);
            spawn("keeper", move || {
                for _ in 0..2 {
                    world.store.checkpoint();
                    world.store.shared.chore();
                }
            })
            .expect("it starts")
        };
        World::publish_from_threads(&world);
        keeper.join().expect("no panic");
        world.store.close().expect("it closes");
        let world = Arc::into_inner(world).expect("no other thread has it");
        world.check_after(ids());
    });
}
