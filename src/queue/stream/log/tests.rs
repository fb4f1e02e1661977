//! Places in the log, and what retention takes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::Log;
use crate::clock::Wall;
use crate::queue::Limits;
use crate::queue::stream::block::BLOCK_LEN;
use crate::queue::stream::tests::filtered;
use crate::store::RecordAt;

fn limits(segment_messages: u64) -> Limits {
    Limits {
        max_segment_bytes: Some(segment_messages * octets_of_one()),
        ..Limits::default()
    }
}

/// What a message of [`append`] counts in a segment.
fn octets_of_one() -> u64 {
    let mut log = Log::default();
    append(&mut log, 0, &Limits::default());
    log.segments.front().expect("one message").octets
}

/// One message at `ms`, in a batch of its own. Returns whether a segment began.
fn append(log: &mut Log, ms: u64, limits: &Limits) -> bool {
    let at = RecordAt(log.next() + 1);
    let began = log.begin_segment_if_full(limits);
    log.append(Wall::from_millis(ms), filtered("1234", None), at);
    log.end_batch();
    began
}

fn filled(len: u64, limits: &Limits) -> Log {
    let mut log = Log::default();
    for ms in 0..len {
        append(&mut log, ms * 10, limits);
    }
    log
}

fn offsets(log: &Log) -> Vec<u64> {
    slots(log).into_iter().map(|(offset, _)| offset).collect()
}

fn slots(log: &Log) -> Vec<(u64, RecordAt)> {
    let mut slots = Vec::new();
    log.visit(0, &mut |offset, at, _| {
        slots.push((offset, at));
        true
    });
    slots
}

/// The records from `offset` on, or behind it if it is missing, as far as they lie together.
fn run(log: &Log, offset: u64) -> Vec<RecordAt> {
    let Some(block) = log.block_at(offset) else {
        return Vec::new();
    };
    let from = usize::try_from(offset.max(block.base()) - block.base()).expect("small");
    let facts = (from..block.len()).filter_map(|index| block.facts(index));
    facts.map(|facts| facts.at).collect()
}

#[test]
fn run_ends_with_its_block() {
    let block = BLOCK_LEN as u64;
    let log = filled(block + 3, &Limits::default());
    assert_eq!(run(&log, 0).len(), BLOCK_LEN);
    assert_eq!(run(&log, block - 1).len(), 1);
    assert_eq!(run(&log, block).len(), 3);
    assert_eq!(run(&log, block + 3).len(), 0);
    assert_eq!(run(&log, u64::MAX).len(), 0);
    let first = run(&log, block).first().copied();
    assert_eq!(first, Some(RecordAt(block + 1)));
}

#[test]
fn moment_leads_to_the_first_message_from_then_on() {
    let log = filled(1200, &Limits::default());
    let since = |ms| log.first_since(Wall::from_millis(ms));
    assert_eq!((since(0), since(10), since(11)), (0, 1, 2));
    assert_eq!((since(5110), since(5120), since(5121)), (511, 512, 513));
    assert_eq!((since(11_990), since(11_991)), (1199, 1200));
}

#[test]
fn messages_of_one_moment_stay_together() {
    let mut log = Log::default();
    for ms in [5, 5, 5, 3, 7] {
        append(&mut log, ms, &Limits::default());
    }
    let since = |ms| log.first_since(Wall::from_millis(ms));
    assert_eq!((since(4), since(5)), (0, 0));
    assert_eq!(since(6), 4, "a clock that ran backwards is not believed");
}

#[test]
fn clock_that_runs_backwards_makes_no_segment_older() {
    let limits = Limits {
        max_age_ms: Some(1_000),
        ..limits(2)
    };
    let mut log = Log::default();
    for ms in [5_000, 1_000, 1_000] {
        append(&mut log, ms, &limits);
    }
    assert!(log.retain(Wall::from_millis(5_500), &limits).is_empty());
    assert_eq!(log.retain(Wall::from_millis(6_001), &limits).len(), 1);
}

#[test]
fn last_batch_is_what_was_appended_together() {
    let mut log = Log::default();
    assert_eq!(log.last_batch(), 0);
    append(&mut log, 0, &Limits::default());
    for body in ["a", "b"] {
        log.append(Wall::from_millis(1), filtered(body, None), RecordAt::NONE);
    }
    assert_eq!(log.last_batch(), 1);
    log.end_batch();
    log.end_batch();
    assert_eq!(log.last_batch(), 1);
}

#[test]
fn segment_is_full_at_its_size() {
    let limits = limits(3);
    let mut log = Log::default();
    let began: Vec<bool> = (0..7).map(|ms| append(&mut log, ms, &limits)).collect();
    let each_third = [false, false, false, true, false, false, true];
    assert_eq!(began, each_third);
}

#[test]
fn segment_that_has_just_begun_is_empty_and_counts_nothing() {
    let limits = Limits {
        max_length_bytes: Some(octets_of_one() * 3),
        ..limits(3)
    };
    let mut log = filled(6, &limits);
    assert!(log.begin_segment_if_full(&limits));
    assert!(!log.begin_segment_if_full(&limits));
    log.retain(Wall::from_millis(0), &limits);
    assert_eq!(offsets(&log), [3, 4, 5]);
    assert_eq!(
        (run(&log, 6).len(), log.first_since(Wall::from_millis(51))),
        (0, 6)
    );
}

#[test]
fn retention_by_size_takes_the_oldest_segments() {
    let limits = Limits {
        max_length_bytes: Some(octets_of_one() * 7),
        ..limits(3)
    };
    let mut log = filled(7, &limits);
    assert!(log.retain(Wall::from_millis(0), &limits).is_empty());
    append(&mut log, 80, &limits);
    let taken = log.retain(Wall::from_millis(0), &limits);
    let taken: u64 = taken.iter().map(|block| block.count()).sum();
    assert_eq!(taken, 3);
    assert_eq!(offsets(&log), [3, 4, 5, 6, 7]);
    assert_eq!((log.first(), log.len(), log.bodies()), (3, 5, 20));
    let each = crate::queue::stream::block::weight(&filtered("1234", None));
    assert_eq!(log.account.octets(), 5 * each);
    assert_eq!(log.first_since(Wall::from_millis(0)), 3);
    assert_eq!(run(&log, 0).len(), 3, "what is gone leads to the oldest");
}

#[test]
fn retention_by_age_looks_at_a_segments_newest_message() {
    let limits = Limits {
        max_age_ms: Some(100),
        ..limits(3)
    };
    let mut log = filled(7, &limits);
    assert!(log.retain(Wall::from_millis(120), &limits).is_empty());
    assert_eq!(log.retain(Wall::from_millis(121), &limits).len(), 1);
    assert_eq!(offsets(&log), [3, 4, 5, 6]);
}

#[test]
fn newest_segment_stays_whatever_its_size_and_age() {
    let limits = Limits {
        max_age_ms: Some(0),
        max_length_bytes: Some(0),
        ..limits(3)
    };
    let mut log = filled(6, &limits);
    log.retain(Wall::from_millis(1_000_000), &limits);
    assert_eq!(offsets(&log), [3, 4, 5]);
}

#[test]
fn everything_can_be_taken_and_offsets_go_on() {
    let mut log = filled(5, &limits(2));
    let empty = Log::default().memory();
    assert_eq!(log.take_all().len(), 3);
    assert_eq!((log.first(), log.next(), log.len()), (5, 5, 0));
    assert_eq!((log.bodies(), log.memory()), (0, empty));
    append(&mut log, 0, &limits(2));
    assert_eq!(offsets(&log), [5]);
}

proptest! {
    /// Bisection finds what looking at every message finds.
    #[test]
    fn places_are_those_of_a_slow_search(
        steps in vec(0u64..3, 1..700),
        segment in 1u64..300,
        kept in 0u64..600,
        wanted in 0u64..1500,
    ) {
        let limits = Limits {
            max_length_bytes: Some(kept * octets_of_one()),
            ..limits(segment)
        };
        let mut log = Log::default();
        let mut times = Vec::new();
        let mut ms = 0;
        for step in steps {
            ms += step;
            times.push(ms);
            append(&mut log, ms, &limits);
        }
        log.retain(Wall::from_millis(ms), &limits);
        let first = usize::try_from(log.first()).unwrap();
        let slow = (first..times.len()).find(|offset| times[*offset] >= wanted);
        let slow = slow.unwrap_or(times.len()) as u64;
        prop_assert_eq!(log.first_since(Wall::from_millis(wanted)), slow);
        let mut walked = log.first();
        while let Some(at) = run(&log, walked).first() {
            prop_assert_eq!(*at, RecordAt(walked + 1));
            walked += run(&log, walked).len() as u64;
        }
        prop_assert_eq!(walked, log.next());
        prop_assert_eq!(log.bodies(), log.len() * 4);
    }
}

/// What a restart keeps of a log: for each message its sequence, its time and where it is stored.
type Stored = Vec<(u64, u64, RecordAt)>;

fn stored(log: &mut Log, ms: u64, begins_batch: bool, limits: &Limits) -> (u64, u64, RecordAt) {
    if begins_batch {
        log.end_batch();
    }
    let kept = (log.sequence(0), ms, RecordAt(log.next() + 1));
    log.begin_segment_if_full(limits);
    log.append(Wall::from_millis(ms), filtered("1234", None), kept.2);
    kept
}

fn restored(stored: &Stored, limits: &Limits) -> Log {
    let mut log = Log::default();
    for (sequence, ms, at) in stored {
        log.go_to(*sequence);
        log.begin_segment_if_full(limits);
        log.append(Wall::from_millis(*ms), filtered("1234", None), *at);
    }
    log
}

fn places(log: &Log) -> (Vec<(u64, RecordAt)>, u64, u64, u64) {
    // Where retention took the beginning of the last batch, its rest is what is left of it.
    let last_batch = log.last_batch().max(log.first());
    (slots(log), log.next(), last_batch, log.len())
}

proptest! {
    #[test]
    fn restored_log_is_the_one_before(
        steps in vec((0_u64..50, any::<bool>()), 1..300),
        segment in 1_u64..20,
        missing in vec(0_usize..300, 0..3),
        max in 1_u64..200,
    ) {
        let limits = limits(segment);
        let mut log = Log::default();
        let (mut ms, mut kept) = (0, Stored::new());
        for (later, begins_batch) in steps {
            ms += later;
            kept.push(stored(&mut log, ms, begins_batch, &limits));
        }
        let retention = Limits {
            max_length_bytes: Some(max * octets_of_one()),
            ..limits.clone()
        };
        log.retain(Wall::from_millis(ms), &retention);
        kept.retain(|(sequence, ..)| sequence >> 1 >= log.first());
        let mut again = restored(&kept, &limits);
        prop_assert_eq!(places(&again), places(&log));
        prop_assert_eq!(again.first(), log.first());
        for since in 0..=ms + 1 {
            let since = Wall::from_millis(since);
            prop_assert_eq!(again.first_since(since), log.first_since(since));
        }
        // Later retention takes the same.
        let tighter = Limits {
            max_age_ms: Some(20),
            ..limits.clone()
        };
        log.retain(Wall::from_millis(ms), &tighter);
        again.retain(Wall::from_millis(ms), &tighter);
        prop_assert_eq!(places(&again), places(&log));

        // What is damaged leaves a gap, and all others keep their offsets.
        for place in missing {
            if place < kept.len() {
                kept.remove(place);
            }
        }
        let gaps = restored(&kept, &limits);
        let expected: Vec<u64> = kept.iter().map(|(sequence, ..)| sequence >> 1).collect();
        prop_assert_eq!(offsets(&gaps), expected.clone());
        prop_assert_eq!(gaps.len(), expected.len() as u64);
        let mut walked = Vec::new();
        let mut at = 0;
        while let Some(block) = gaps.block_at(at) {
            let first = at.max(block.base());
            at = block.end();
            walked.extend(first..at);
        }
        prop_assert_eq!(walked, expected);
    }
}
