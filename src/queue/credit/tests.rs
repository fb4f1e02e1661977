use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::clock::Now;

#[derive(Default)]
struct Called(AtomicU64);

impl Resume for Called {
    fn resume(&self, _now: Now) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn caller() -> (Arc<Called>, Weak<dyn Resume>) {
    let called = Arc::new(Called::default());
    let weak: Weak<Called> = Arc::downgrade(&called);
    (called, weak)
}

#[test]
fn without_a_limit_everything_is_counted_and_nothing_refused() {
    let credit = ChannelCredit::new();
    assert!((0..70_000).all(|_| credit.try_take()));
    assert_eq!(credit.used(), 70_000);
    assert!(!credit.is_full());
}

#[test]
fn limit_covers_what_is_outstanding() {
    let credit = ChannelCredit::new();
    assert!(credit.try_take() && credit.try_take());
    credit.set_limit(2, Now::default());
    assert!(!credit.try_take());
    credit.give_back(1, Now::default());
    assert!(credit.try_take());
}

#[test]
fn who_waits_is_called_once_when_there_is_credit() {
    let (called, queue) = caller();
    let credit = ChannelCredit::new();
    credit.set_limit(1, Now::default());
    assert!(credit.try_take());
    assert!(credit.wait(&queue) && credit.wait(&queue));
    credit.give_back(1, Now::default());
    assert_eq!(called.0.load(Ordering::SeqCst), 1);
    assert!(credit.try_take());
    credit.give_back(1, Now::default());
    assert_eq!(
        called.0.load(Ordering::SeqCst),
        1,
        "no queue waits any more"
    );
}

#[test]
fn who_comes_late_to_wait_is_sent_back() {
    let (_called, queue) = caller();
    let credit = ChannelCredit::new();
    credit.set_limit(1, Now::default());
    assert!(!credit.wait(&queue));
}

#[test]
fn higher_limit_calls_those_who_wait() {
    let (called, queue) = caller();
    let credit = ChannelCredit::new();
    credit.set_limit(1, Now::default());
    assert!(credit.try_take() && credit.wait(&queue));
    credit.set_limit(2, Now::default());
    assert_eq!(called.0.load(Ordering::SeqCst), 1);
}

/// A queue that takes all it can when it is called.
struct Greedy {
    me: Weak<Greedy>,
    credit: Arc<ChannelCredit>,
    taken: AtomicU64,
}

impl Resume for Greedy {
    fn resume(&self, _now: Now) {
        let me: Weak<dyn Resume> = self.me.clone();
        loop {
            if self.credit.try_take() {
                self.taken.fetch_add(1, Ordering::SeqCst);
            } else if self.credit.wait(&me) {
                return;
            }
        }
    }
}

#[test]
fn queues_under_one_limit_take_turns() {
    let credit = Arc::new(ChannelCredit::new());
    credit.set_limit(1, Now::default());
    let queues = [(); 3].map(|()| {
        Arc::new_cyclic(|me| Greedy {
            me: Weak::clone(me),
            credit: Arc::clone(&credit),
            taken: AtomicU64::new(0),
        })
    });
    queues.iter().for_each(|queue| queue.resume(Now::default()));
    for _ in 0..99 {
        credit.give_back(1, Now::default());
    }
    let taken = queues.map(|queue| queue.taken.load(Ordering::SeqCst));
    assert_eq!(taken, [34, 33, 33]);
}
