use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use super::*;
use crate::limits::LOG_TAIL_BYTES_MAX;

fn texts(taken: &Taken) -> Vec<&str> {
    taken.lines.iter().map(|line| &*line.text).collect()
}

fn with(lines: &[(Level, &str)]) -> Tail {
    let tail = Tail::default();
    for (level, text) in lines {
        tail.push(0, *level, text);
    }
    tail
}

#[test]
fn last_lines_are_those_of_the_wanted_severity() {
    let tail = with(&[(Level::ERROR, "a"), (Level::INFO, "b"), (Level::WARN, "c")]);
    assert_eq!(texts(&tail.last(5, Level::DEBUG)), ["a", "b", "c"]);
    assert_eq!(texts(&tail.last(2, Level::DEBUG)), ["b", "c"]);
    assert_eq!(texts(&tail.last(2, Level::WARN)), ["a", "c"]);
    assert_eq!(texts(&tail.last(0, Level::DEBUG)), [""; 0]);
    assert_eq!(tail.last(0, Level::DEBUG).last, 3);
}

#[test]
fn a_reader_goes_on_behind_what_it_has_read() {
    let tail = with(&[(Level::INFO, "a"), (Level::DEBUG, "b"), (Level::INFO, "c")]);
    let taken = tail.behind(0, 2, Level::INFO);
    assert_eq!((texts(&taken), taken.last, taken.missed), (vec!["a"], 2, 0));
    let taken = tail.behind(taken.last, 2, Level::INFO);
    assert_eq!((texts(&taken), taken.last), (vec!["c"], 3));
    let taken = tail.behind(taken.last, 2, Level::INFO);
    assert_eq!((texts(&taken), taken.last), (vec![], 3));
    // From a program that ran before.
    assert_eq!(texts(&tail.behind(99, 1, Level::INFO)), ["a"]);
}

#[test]
fn memory_is_bounded_and_a_slow_reader_is_told_what_it_missed() {
    let tail = Tail::default();
    let long = "x".repeat(LOG_TAIL_BYTES_MAX / 4 - LINE_LEN);
    for _ in 0..6 {
        tail.push(0, Level::INFO, &long);
    }
    let taken = tail.behind(1, 10, Level::INFO);
    assert_eq!((taken.lines.len(), taken.missed, taken.last), (4, 1, 6));
    assert_eq!(tail.0.lock().octets, LOG_TAIL_BYTES_MAX);
    // One that would never fit leaves no room for others, and is gone itself.
    tail.push(0, Level::INFO, &"x".repeat(LOG_TAIL_BYTES_MAX + 1));
    let taken = tail.behind(6, 10, Level::INFO);
    assert_eq!((taken.lines.len(), taken.missed, taken.last), (0, 1, 7));
    assert_eq!(tail.0.lock().octets, 0);
}

struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_reader_that_waits_is_woken_once_by_the_next_line() {
    let tail = with(&[(Level::INFO, "a")]);
    let counted = Arc::new(Counted(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&counted));
    let mut cx = Context::from_waker(&waker);
    assert_eq!(tail.poll_behind(0, &mut cx), Poll::Ready(()));
    for _ in 0..3 {
        assert_eq!(tail.poll_behind(1, &mut cx), Poll::Pending);
    }
    tail.push(0, Level::INFO, "b");
    tail.push(0, Level::INFO, "c");
    assert_eq!(counted.0.load(Ordering::Relaxed), 1);
    assert_eq!(tail.poll_behind(1, &mut cx), Poll::Ready(()));
}

#[test]
fn a_reader_from_before_a_restart_does_not_wait() {
    let tail = with(&[(Level::INFO, "a")]);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(tail.poll_behind(99, &mut cx), Poll::Ready(()));
    let taken = tail.behind(99, 10, Level::INFO);
    assert_eq!((texts(&taken), taken.last), (vec!["a"], 1));
    assert_eq!(tail.poll_behind(taken.last, &mut cx), Poll::Pending);
    let empty = Tail::default();
    assert_eq!(empty.poll_behind(99, &mut cx), Poll::Ready(()));
    let taken = empty.behind(99, 10, Level::INFO);
    assert_eq!(empty.poll_behind(taken.last, &mut cx), Poll::Pending);
}

#[test]
fn readers_that_left_are_forgotten_without_a_line() {
    let tail = with(&[(Level::INFO, "a")]);
    for _ in 0..3 * WAITING_MAX {
        let waker = Waker::from(Arc::new(Counted(AtomicUsize::new(0))));
        let mut cx = Context::from_waker(&waker);
        assert_eq!(tail.poll_behind(1, &mut cx), Poll::Pending);
        assert!(tail.0.lock().waiting.len() <= WAITING_MAX);
    }
}
