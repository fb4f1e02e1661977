use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::*;

/// Work of so many steps, ten at a time.
struct Steps(AtomicUsize);

impl Work for Steps {
    fn turn(&self, _now: Now) -> Left {
        while self.0.load(Ordering::Relaxed) > 0 {
            if is_over() {
                return Left::More;
            }
            spend(10);
            self.0.fetch_sub(10, Ordering::Relaxed);
        }
        Left::Nothing
    }
}

/// Panics at first, and has nothing to do then.
#[derive(Default)]
struct Broken(AtomicBool);

impl Work for Broken {
    fn turn(&self, _now: Now) -> Left {
        assert!(self.0.swap(true, Ordering::Relaxed), "inside");
        Left::Nothing
    }
}

fn mail(mailbox: &Mailbox) -> usize {
    let mut mail = VecDeque::new();
    mailbox.take(&mut mail, Waker::noop());
    mail.len()
}

#[test]
fn nothing_is_over_outside_of_a_turn() {
    spend(usize::MAX);
    spend(usize::MAX);
    assert!(!is_over() && !is_open());
    let turn = Turn::begin();
    assert!(is_open() && !is_over());
    spend(TURN_STEPS as usize);
    assert!(is_over());
    drop(turn);
    assert!(!is_over() && !is_open());
}

#[test]
fn work_takes_turns_of_bounded_length() {
    let turns = Turns::default();
    let (long, short) = (5 * TURN_STEPS as usize, 10);
    turns.leave(Arc::new(Steps(AtomicUsize::new(long))));
    turns.leave(Arc::new(Steps(AtomicUsize::new(short))));
    while turns.run_one(Now::default()) {}
    let counts = turns.counts();
    assert_eq!(counts.turns, 6);
    assert!(counts.longest < u64::from(TURN_STEPS) + 10);
}

#[test]
fn work_that_panics_gets_on_and_the_next_is_done() {
    let turns = Turns::default();
    turns.leave(Arc::new(Broken::default()));
    turns.leave(Arc::new(Steps(AtomicUsize::new(10))));
    while turns.run_one(Now::default()) {}
    assert_eq!(turns.counts().turns, 3);
}

#[test]
fn a_debt_is_paid_with_the_last_work_that_belongs_to_it() {
    let mailbox = Arc::new(Mailbox::default());
    let (one, two) = (owe(), owe());
    assert!(settle_on(&mailbox));
    assert!(!settle_on(&mailbox), "nothing was left since");
    drop(one);
    assert_eq!(mail(&mailbox), 0);
    let behalf = OnBehalf::of(Some(&two));
    let three = owe();
    drop((behalf, two));
    assert_eq!(mail(&mailbox), 0);
    drop(three);
    assert_eq!(mail(&mailbox), 1);
}

#[test]
fn a_debt_that_was_paid_at_once_is_told_all_the_same() {
    let mailbox = Arc::new(Mailbox::default());
    drop(owe());
    assert!(settle_on(&mailbox));
    assert_eq!(mail(&mailbox), 1);
}

#[test]
fn closed_turns_take_and_keep_nothing() {
    let turns = Turns::default();
    turns.leave(Arc::new(Steps(AtomicUsize::new(10))));
    turns.close(Now::default());
    turns.leave(Arc::new(Steps(AtomicUsize::new(10))));
    assert!(!turns.run_one(Now::default()));
}

/// Work that says whether it was finished at a stop.
struct Finished(AtomicUsize);

impl Work for Finished {
    fn turn(&self, _now: Now) -> Left {
        Left::More
    }

    fn at_stop(&self, _now: Now) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_is_left_after_a_stop_is_finished_at_once() {
    let turns = Turns::default();
    let finished = || Arc::new(Finished(AtomicUsize::new(0)));
    let (before, after) = (finished(), finished());
    turns.leave(before.clone());
    turns.close(Now::default());
    turns.leave(after.clone());
    let counts = [before, after].map(|work| work.0.load(Ordering::Relaxed));
    assert_eq!(counts, [1, 1]);
}

/// Steps that are all taken at a stop.
struct Lasting(Steps);

impl Work for Lasting {
    fn turn(&self, now: Now) -> Left {
        self.0.turn(now)
    }

    fn at_stop(&self, now: Now) {
        assert_eq!(self.turn(now), Left::Nothing, "it would be asked for ever");
    }
}

// A worker of the runtime asked again and again for ever.
#[test]
fn what_is_left_after_a_stop_is_finished_within_a_turn_that_is_over() {
    let turns = Turns::default();
    turns.close(Now::default());
    let work = Lasting(Steps(AtomicUsize::new(5 * TURN_STEPS as usize)));
    let _turn = Turn::begin();
    begin(&turns, Now::default(), Arc::new(work));
    assert!(is_open() && is_over(), "the turn goes on");
}

/// Panics in its first turn.
#[derive(Default)]
struct Stumbling(AtomicUsize);

impl Work for Stumbling {
    fn turn(&self, _now: Now) -> Left {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) > 0, "inside");
        Left::Nothing
    }
}

#[test]
fn work_that_panics_as_it_begins_gets_another_turn() {
    let turns = Turns::default();
    let work = Arc::new(Stumbling::default());
    let first = || begin(&turns, Now::default(), Arc::clone(&work));
    assert!(catch_unwind(AssertUnwindSafe(first)).is_err());
    assert!(turns.run_one(Now::default()));
    assert_eq!(work.0.load(Ordering::Relaxed), 2);
}

// Without it one message to very many queues held up the other connections of its thread.
#[test]
fn what_is_done_at_length_lets_the_other_tasks_of_its_thread_go_on() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).build().unwrap();
    let (say, heard) = std::sync::mpsc::channel();
    let long = runtime.spawn(async move {
        tokio::spawn(async move { say.send(()).unwrap() });
        let before = lengthy();
        let waited = at_length(TURN_STEPS as usize + 1, || {
            heard.recv_timeout(Duration::from_secs(20))
        });
        (waited, lengthy() - before)
    });
    let (waited, times) = runtime.block_on(long).unwrap();
    assert_eq!((waited, times), (Ok(()), 1), "the other task waited");
}

#[test]
fn what_a_turn_has_room_for_keeps_its_thread() {
    let before = lengthy();
    at_length(TURN_STEPS as usize, || ());
    assert_eq!(lengthy(), before);
    // No runtime is here to go on elsewhere.
    at_length(TURN_STEPS as usize + 1, || ());
    assert_eq!(lengthy(), before + 1);
}
