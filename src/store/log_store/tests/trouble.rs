//! Bugs that were found by reading: what a disk that fails, or rots, at the wrong moment once cost.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::*;
use crate::store::disk::DiskFile;
use crate::store::space::checkpoint;

fn publish(store: &LogStore, ids: std::ops::Range<u64>) -> Vec<(u64, RecordAt)> {
    let publish = |id| {
        let (at, _) = store.publish(id, 300, &[QueueId(1)]);
        store.commit();
        (id, at)
    };
    ids.map(publish).collect()
}

/// Settles all but every `nth` and returns what is left.
fn thin_out(store: &LogStore, places: &[(u64, RecordAt)], nth: usize) -> Vec<(u64, RecordAt)> {
    let (left, gone): (Vec<_>, Vec<_>) =
        places.iter().enumerate().partition(|(at, _)| at % nth == 0);
    let gone: Vec<RecordAt> = gone.iter().map(|(_, (_, at))| *at).collect();
    store.settle(1, &gone);
    store.commit();
    left.into_iter().map(|(_, place)| *place).collect()
}

fn ids(places: &[(u64, RecordAt)]) -> Vec<u64> {
    places.iter().map(|(id, _)| *id).collect()
}

/// What is there after any of some power cuts.
fn check_crashes(disk: &FaultDisk, expected: &[u64]) {
    for seed in 0..20 {
        let store = open(disk.crash_image(disk.changes(), seed));
        let found = store.contents().remove(&1).unwrap_or_default();
        assert_eq!(found, expected, "seed {seed}");
        assert_eq!(store.damage(), [], "seed {seed}");
    }
}

/// A batch of settlements was written and not synced, a checkpoint made it durable, and then the
/// file failed: it was written again, to a file that begins before what the checkpoint speaks of,
/// and a start took that file for one that had been given up, with all the rest in it.
#[test]
fn batch_that_is_written_again_behind_a_checkpoint_takes_nothing_with_it() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    drop(store.recovered());
    let places = publish(&store, 1..4);
    let mut left = thin_out(&store, &places, 2);
    store.checkpoint();
    disk.plan(Fault::Call(0));
    left.extend(publish(&store, 4..6));
    assert_eq!(store.durable().0, store.shared.catalog.lock().applied);
    check_crashes(&disk, &ids(&left));
}

/// The same with a checkpoint between the failure and the next try.
#[test]
fn checkpoint_while_batches_wait_to_be_written_again_takes_nothing_with_it() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    drop(store.recovered());
    let places = publish(&store, 1..4);
    let mut left = thin_out(&store, &places, 2);
    disk.plan(Fault::CallsFrom(0));
    left.extend(publish(&store, 4..5));
    assert!(store.writer.lock().is_stuck());
    disk.heal();
    store.checkpoint();
    left.extend(publish(&store, 5..7));
    check_crashes(&disk, &ids(&left));
}

/// Segments were packed, the checkpoint that says so could not be written, and they were packed
/// again: under the same name, which was then removed.
#[test]
fn packing_again_after_a_checkpoint_that_failed_keeps_what_is_packed() {
    for call in 0.. {
        let disk = FaultDisk::default();
        let store = open(disk.clone());
        drop(store.recovered());
        let places = publish(&store, 0..120);
        store.checkpoint();
        let left = thin_out(&store, &places, 5);
        disk.plan(Fault::CallsFrom(call));
        let packed = store.housekeeper.lock().pack();
        disk.heal();
        if packed.is_ok_and(|won| won) {
            assert!(call > 10, "it takes some calls");
            break;
        }
        let left = thin_out(&store, &left, 3);
        assert!(store.housekeeper.lock().pack().expect("the disk works"));
        check_crashes(&disk, &ids(&left));
    }
}

/// A checkpoint that rots falls back to the one before it; but that one did not speak of the packed
/// segment that had been made since, which was removed, and with it everything in it.
#[test]
fn rotten_checkpoint_after_packing_costs_no_message() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    drop(store.recovered());
    let places = publish(&store, 0..120);
    store.checkpoint();
    let left = ids(&thin_out(&store, &places, 5));
    assert!(store.housekeeper.lock().pack().expect("the disk works"));
    let image = FaultDisk::with_disk(&disk.now());
    let numbers = image.list().expect("names");
    let numbers = numbers.iter().filter_map(|name| checkpoint::number(name));
    let newest = checkpoint::file_name(numbers.max().expect("there is one"));
    assert!(image.flip(&newest, 40, 1));
    let image = image.now();
    let store = open(image.clone());
    let found = store.contents().remove(&1).unwrap_or_default();
    let is_lost = |id: &&u64| !found.contains(id);
    let lost: Vec<&u64> = left.iter().filter(is_lost).collect();
    assert!(lost.is_empty(), "{lost:?} are lost: {:?}", store.damage());
    assert!(found.is_sorted(), "{found:?}");
    store.close().expect("it closes");
    let again = open(image).contents().remove(&1).unwrap_or_default();
    assert_eq!(again, found, "and they stay");
}

/// A settlement that was the first of its batch had the position at which the batch begins, which
/// is durable before anything of it is written.
#[test]
fn settlement_is_not_durable_before_it_is_written() {
    let store = open(MemoryDisk::default());
    let (at, _) = store.publish(1, 10, &[QueueId(1)]);
    store.commit();
    let position = store.settle(1, &[at]);
    assert!(position > store.durable());
    store.commit();
    assert!(position <= store.durable());
}

/// A workload with faults now and then, for a call or for a while.
fn live(run: &mut Run, steps: usize) {
    for _ in 0..steps {
        let call = run.below(10);
        match run.below(24) {
            0 | 1 => run.disk.plan(Fault::Call(call)),
            2 => run.disk.plan(Fault::TornWrite(call)),
            3 => run.disk.plan(Fault::CallsFrom(call)),
            4..10 => run.disk.heal(),
            _ => {}
        }
        run.step();
    }
    run.disk.heal();
    run.commit();
    run.commit();
}

/// Disks fail, then the power does, and the broker that comes after meets the same again.
/// `LEVERET_FAULT_SEEDS=1000` tries that many lives instead of a few.
#[test]
fn faults_now_and_then_and_crashes_lose_nothing() {
    let seeds = std::env::var("LEVERET_FAULT_SEEDS");
    let seeds = seeds.map_or(12, |text| text.parse().expect("a number of seeds"));
    for seed in 0..seeds {
        let mut run = Run::new(FaultDisk::default(), seed);
        live(&mut run, 120);
        check_some_crashes(&run, 0, seed);
        let at = run.disk.changes() * 3 / 4;
        let image = run.disk.crash_image(at, seed);
        let mut second = Run::after(image, seed + 50);
        let from = second.disk.changes();
        live(&mut second, 120);
        check_some_crashes(&second, from, seed);
    }
}

fn check_some_crashes(run: &Run, from: usize, seed: u64) {
    for prefix in (from..=run.disk.changes()).step_by(19) {
        let crash = seed * 1000 + prefix as u64;
        let wrong = run.violation(run.disk.crash_image(prefix, crash), prefix);
        assert_eq!(wrong, None, "seed {seed}, after {prefix} changes");
    }
    let end = run.disk.changes();
    let wrong = run.violation(run.disk.now(), end);
    assert_eq!(wrong, None, "seed {seed}, at the end");
}

/// A read that the disk refused was taken for damage, and what is damaged is settled: the message
/// was gone for good.
#[test]
fn message_that_the_disk_does_not_give_is_not_damaged() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    let places: Vec<RecordAt> = publish(&store, 1..4).iter().map(|(_, at)| *at).collect();
    disk.plan(Fault::CallsFrom(0));
    assert!(matches!(store.read(places[0]), Err(StoreError::Io { .. })));
    let mut told = 0;
    store.read_run(&places, &mut |_, message| {
        told += 1;
        assert!(matches!(message, Err(StoreError::Io { .. })));
    });
    assert_eq!((told, store.damage()), (3, vec![]));
    disk.heal();
    assert_eq!(id(&store.read(places[0]).expect("it is there")), 1);
}

/// Without its definitions a directory looked like one whose queues had all been deleted: every
/// message in it was given up.
#[test]
fn log_whose_definitions_are_gone_is_refused_and_left_alone() {
    let disk = FaultDisk::default();
    let store = open(disk.clone());
    drop(store.recovered());
    publish(&store, 1..4);
    store.close().expect("it closes");
    let whole = disk.now().files();
    let names = definitions::FILES;
    let name = names[0];
    let mut missing = whole.clone();
    missing.retain(|name, _| !names.contains(&&**name));
    let mut empty = whole;
    empty.extend(names.map(|name| (name.to_owned(), Vec::new())));
    for (how, files) in [("they are missing", missing), ("can be read", empty)] {
        let disk = MemoryDisk::with_files(files.clone());
        let report = crate::store::inspect::check(&disk).expect("it can be looked at");
        assert!(!report.is_sound(), "{how}: {report}");
        assert_eq!(report.damage[0].file, name);
        let error = try_open(disk.clone(), small())
            .err()
            .expect("it is refused");
        let told = error.to_string();
        assert!(told.contains(name) && told.contains(how), "{told}");
        assert!(disk.files() == files, "nothing is changed");
    }
}

/// Calls back while a file is prepared for the log, and counts what is written to such files.
#[derive(Clone)]
struct Meddling {
    disk: FaultDisk,
    meddle: Arc<Mutex<Option<Meddle>>>,
    written: Arc<AtomicU64>,
}

/// Done once.
struct Meddle(Box<dyn FnOnce() + Send>);

struct Prepared {
    file: Arc<dyn DiskFile>,
    meddling: Meddling,
}

impl Disk for Meddling {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(name)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.disk.create(name)?;
        Ok(match name.starts_with("spare-") {
            true => Arc::new(Prepared {
                file,
                meddling: self.clone(),
            }),
            false => file,
        })
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn others(&self) -> io::Result<Vec<String>> {
        self.disk.others()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }

    fn place(&self) -> String {
        self.disk.place()
    }
}

impl DiskFile for Prepared {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(at, into)
    }

    fn write_at(&self, at: u64, octets: &[u8]) -> io::Result<()> {
        self.file.write_at(at, octets)?;
        self.meddling.written.fetch_add(1, Ordering::Relaxed);
        let meddle = self.meddling.meddle.lock().take();
        meddle.into_iter().for_each(|Meddle(meddle)| meddle());
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

/// A half-made file took the last room of the disk from the log, was removed for want of more, and
/// was begun again, as long as the log waited.
#[test]
fn a_file_that_is_prepared_gives_its_room_back_to_a_log_that_finds_none() {
    let disk = Meddling {
        disk: FaultDisk::default(),
        meddle: Arc::default(),
        written: Arc::default(),
    };
    let options = Options {
        segment_len: 3 * 1024 * 1024,
        ..Options::default()
    };
    let store = Arc::new(try_open(disk.clone(), options).expect("it opens"));
    drop(store.recovered());
    let room = disk.disk.now().used() + 2_000_000;
    disk.disk.plan(Fault::Full(room));
    let last = Arc::new(AtomicU64::new(0));
    *disk.meddle.lock() = Some(Meddle(Box::new({
        let (store, last) = (Arc::clone(&store), Arc::clone(&last));
        move || {
            let (_, position) = store.publish(1, 1_500_000, &[QueueId(1)]);
            last.store(position.0, Ordering::Relaxed);
            store.commit();
        }
    })));
    store.keep_house();
    assert!(store.shared.log_is_full());
    store.keep_house();
    assert_eq!(disk.written.load(Ordering::Relaxed), 1, "it went on");
    store.commit();
    assert!(store.durable().0 >= last.load(Ordering::Relaxed));
    assert!(!store.shared.log_is_full() && !store.shared.has_spare());
    disk.disk.heal();
    store.keep_house();
    assert!(store.shared.has_spare(), "there is room again");
}
