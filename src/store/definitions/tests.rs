//! Two files of definitions, whatever becomes of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::store::disk::{FaultDisk, MemoryDisk};
use crate::store::{DefinitionKind, LogStore, Options, Store, inspect};

fn put(name: &str, json: &str) -> DefinitionChange {
    DefinitionChange::Put(Definition {
        kind: DefinitionKind::Queue,
        key: format!("/\0{name}"),
        json: format!("{{\"name\":\"{json}\"}}"),
    })
}

fn deleted(name: &str) -> DefinitionChange {
    DefinitionChange::Delete(DefinitionKind::Queue, format!("/\0{name}"))
}

fn open(disk: impl Disk + 'static) -> LogStore {
    try_open(disk).expect("it opens")
}

fn try_open(disk: impl Disk + 'static) -> Result<LogStore, StoreError> {
    let options = Options {
        segment_len: 64 * 1024,
        ..Options::default()
    };
    LogStore::open(Arc::new(disk), options, Clock::test())
}

fn define(store: &LogStore, changes: &[DefinitionChange]) {
    let position = store.define(changes);
    while store.durable() < position {
        std::thread::yield_now();
    }
}

fn texts(store: &LogStore) -> Texts {
    let mut found = Texts::new();
    let read = store.recover(&mut |definition| {
        found.insert((definition.kind, definition.key), definition.json);
    });
    read.expect("it was opened");
    found
}

/// Queues that came, changed and went, over three starts, the last of which was stopped in order.
fn filled() -> MemoryDisk {
    let disk = MemoryDisk::default();
    for start in 0..3 {
        let store = open(disk.clone());
        for number in 0..40 {
            define(&store, &[put(&format!("q{number}"), &format!("{start}"))]);
        }
        define(&store, &[deleted("q7"), put(&format!("of{start}"), "x")]);
        store.close().expect("memory takes everything");
    }
    disk
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound.max(1)
    }
}

/// Flips bits, cuts, zeroes and overwrites a file.
fn spoil(octets: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(octets.len());
    let len = dice.below(600).min(octets.len() - at);
    match dice.below(5) {
        0 | 1 => octets[at] ^= 1 << dice.below(8),
        2 => octets.truncate(at),
        3 => octets[at..at + len].fill(0),
        _ => {
            for octet in &mut octets[at..at + len] {
                *octet = u8::try_from(dice.below(256)).expect("an octet");
            }
        }
    }
}

/// What a look and a start say of the same files: what is damaged, and what is there.
fn looked_and_started(disk: &MemoryDisk) -> (Vec<crate::store::Damage>, Texts) {
    let before = disk.files();
    let report = inspect::check(disk).expect("it can be looked at");
    assert!(disk.files() == before, "looking changes nothing");
    let store = open(disk.clone());
    let found = texts(&store);
    assert_eq!(
        store.damage(),
        report.damage,
        "the start and the look agree"
    );
    assert_eq!(found.len(), report.definitions);
    (report.damage, found)
}

// Nine of forty flips and cuts ended a start in a panic, four in a refusal; five went unsaid.
#[test]
fn damage_of_one_file_is_told_and_costs_nothing() {
    let whole = filled();
    let expected = texts(&open(whole.clone()));
    assert_eq!(expected.len(), 42);
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut files = whole.files();
        let name = FILES[dice.below(2)];
        let octets = files.get_mut(name).expect("it is there");
        let sound = octets.clone();
        spoil(octets, &mut dice);
        let (cut, is_same) = (octets.len(), *octets == sound);
        let (damage, found) = looked_and_started(&MemoryDisk::with_files(files));
        assert!(found == expected, "seed {seed}");
        // The second file without its last write is what a power cut during a stop leaves.
        let last_write = sound.len() - 80;
        let is_torn = name == FILES[1] && cut >= last_write;
        assert!(!damage.is_empty() || is_same || is_torn, "seed {seed}");
        assert!(
            damage.iter().all(|one| one.file == name),
            "{seed}: {damage:?}"
        );
    }
}

#[test]
fn damage_of_both_files_costs_what_it_hits_in_both() {
    let whole = filled();
    let expected = texts(&open(whole.clone()));
    let mut lost = 0;
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut files = whole.files();
        let mut hit = Vec::new();
        for name in FILES {
            let octets = files.get_mut(name).expect("it is there");
            let sound = octets.clone();
            spoil(octets, &mut dice);
            let is_hit = |at: &usize| octets.get(*at) != sound.get(*at);
            hit.push((0..sound.len()).filter(is_hit).collect::<BTreeSet<_>>());
        }
        let disk = MemoryDisk::with_files(files);
        let Ok(found) = try_open(disk.clone()).map(|store| texts(&store)) else {
            continue;
        };
        // Rows of one file begin where those of the other do.
        let rows =
            |hit: &BTreeSet<usize>| -> BTreeSet<usize> { hit.iter().map(|at| at / 16).collect() };
        let apart = rows(&hit[0]).is_disjoint(&rows(&hit[1]));
        let near = hit[0]
            .iter()
            .any(|one| hit[1].iter().any(|other| one.abs_diff(*other) < 200));
        if apart && !near {
            assert!(found == expected, "seed {seed}");
        }
        lost += usize::from(found != expected);
    }
    assert!(lost < 150, "{lost} of 300");
}

/// Damages the row of a queue in both files.
fn damage(disk: &MemoryDisk, queue: &[u8]) {
    for name in FILES {
        let mut octets = disk.files()[name].clone();
        let mut places = octets.windows(queue.len());
        let place = places.rposition(|octets| octets == queue);
        octets[place.expect("it is there")] ^= 4;
        disk.create(name)
            .and_then(|file| file.write_at(0, &octets))
            .expect("memory takes everything");
    }
}

// The files of the second damage took the place of those of the first.
#[test]
fn what_was_put_aside_stays_when_more_is_lost() {
    let disk = filled();
    let mut kept = Vec::new();
    for (queue, ending) in [(b"of2", ""), (b"of1", ".2"), (b"of0", ".3")] {
        damage(&disk, queue);
        let damaged = disk.files()["definitions-a"].clone();
        open(disk.clone()).close().expect("memory takes everything");
        kept.push((format!("definitions-a.damaged{ending}"), damaged));
        for (name, octets) in &kept {
            assert_eq!(disk.files().get(name), Some(octets), "{name}");
        }
    }
}

/// The row of a queue is damaged in both files: the rest is kept, what was damaged is put aside,
/// and that something is lost is known for good.
#[test]
fn what_is_lost_is_remembered() {
    let disk = filled();
    damage(&disk, b"of2");
    let (damage, found) = looked_and_started(&disk);
    assert_eq!((damage.len(), found.len()), (1, 41), "{damage:?}");
    let names: Vec<String> = disk.files().into_keys().collect();
    assert!(
        names.contains(&"definitions-a.damaged".to_owned()),
        "{names:?}"
    );
    let store = open(disk.clone());
    assert!(store.has_lost_definitions());
    assert_eq!((store.damage(), texts(&store).len()), (vec![], 41));
}

#[test]
fn files_of_another_version_are_refused() {
    let disk = filled();
    let mut head = file_head(1);
    head[8] = 9;
    let sum = crc32c::crc32c_append(crc32c::crc32c(&head[..12]), &head[16..]);
    head[12..16].copy_from_slice(&sum.to_le_bytes());
    let file = disk.open(FILES[0]).expect("it is there");
    file.write_at(0, &head).expect("memory takes everything");
    let error = try_open(disk).err().expect("it is refused").to_string();
    assert!(error.contains("has format 9"), "{error}");
}

/// A power cut at any moment of writing anew or on: what was applied is there, and nothing is
/// called damage.
#[test]
fn crash_at_any_moment_leaves_what_was_applied() {
    let disk = FaultDisk::default();
    let mut written = Vec::new();
    let found = read(&disk, 0).expect("an empty disk can be read");
    let mut definitions = Definitions::open(&disk, true, &found).expect("it may be made");
    let mut expected = Texts::new();
    for number in 1..30_u64 {
        let name = format!("q{}", number % 5);
        let len = usize::try_from(number % 17).expect("small");
        let change = put(&name, &"x".repeat(100 * len));
        change_text(&mut expected, change.clone());
        if number % 9 == 0 {
            definitions.distrust();
        }
        definitions
            .apply(&disk, std::slice::from_ref(&change), (number, 1), None)
            .expect("the disk has room");
        written.push((disk.changes(), number, change));
    }
    for prefix in 0..=disk.changes() {
        for seed in 0..4 {
            let image = disk.crash_image(prefix, seed * 31 + prefix as u64);
            let done = written
                .iter()
                .rev()
                .find(|(changes, ..)| *changes <= prefix);
            let least = done.map_or(0, |(_, number, _)| *number);
            let found = read(&image, least).expect("it can be read");
            let place = format!("{prefix} changes, seed {seed}");
            assert_eq!(found.damage, [], "{place}");
            assert!(!found.is_lost, "{place}");
            let Some(state) = found.state else {
                assert_eq!(least, 0, "{place}");
                continue;
            };
            assert!(state.applied >= least, "{place}");
            // What is behind it comes from the log.
            let mut texts = found.texts;
            for (_, number, change) in &written {
                if *number > state.applied {
                    change_text(&mut texts, change.clone());
                }
            }
            assert!(texts == expected, "{place}");
        }
    }
}

// The number was counted on beyond the last one that there is. Found by tests/it/rot.rs.
#[test]
fn a_row_with_a_number_that_cannot_be_counted_on_from_is_damaged() {
    let checked = |write| {
        let state = State {
            write,
            ..State::default()
        };
        let mut octets = Vec::new();
        encode_state(&state, 0, &mut octets);
        row::check(&octets, 0).map(|written| written.write)
    };
    assert_eq!(checked(7), Some(7));
    assert_eq!(checked(u64::MAX / 2), Some(u64::MAX / 2));
    assert_eq!(checked(u64::MAX / 2 + 1), None);
    assert_eq!(checked(u64::MAX), None);
}
