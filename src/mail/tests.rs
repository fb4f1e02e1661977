use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};

use super::{Line, MAIL_BYTES_MAX, Mail, Mailbox, Resume};
use crate::clock::Now;

/// Counts how often it is woken.
#[derive(Default)]
struct Owner(AtomicUsize);

impl Wake for Owner {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Owner {
    fn woken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// An empty mailbox whose owner waits.
fn waited_for() -> (Mailbox, Arc<Owner>, Waker) {
    let (mailbox, owner) = (Mailbox::default(), Arc::new(Owner::default()));
    let waker = Waker::from(Arc::clone(&owner));
    assert!(!mailbox.take(&mut VecDeque::new(), &waker));
    (mailbox, owner, waker)
}

#[test]
fn owner_that_waits_is_woken_once() {
    let (mailbox, owner, waker) = waited_for();
    let mut mail = VecDeque::new();
    mailbox.post(Mail::Deadline);
    mailbox.post(Mail::Deadline);
    assert_eq!(owner.woken(), 1);
    assert!(mailbox.take(&mut mail, &waker));
    assert_eq!(mail.len(), 2);
}

#[test]
fn owner_that_is_awake_is_not_woken_and_misses_nothing() {
    let (mailbox, owner, waker) = waited_for();
    let mut mail = VecDeque::new();
    mailbox.awake();
    mailbox.post(Mail::Deadline);
    assert_eq!(owner.woken(), 0);
    // It looks before it waits, and finds it.
    assert!(mailbox.take(&mut mail, &waker));
    assert_eq!(mail.len(), 1);
    // From the first time that it finds nothing it is woken again.
    assert!(!mailbox.take(&mut VecDeque::new(), &waker));
    mailbox.post(Mail::Deadline);
    assert_eq!(owner.woken(), 1);
}

/// A queue that fills the mailbox whenever it is called.
struct Greedy {
    me: Weak<Greedy>,
    mailbox: Arc<Mailbox>,
    served: AtomicUsize,
}

impl Greedy {
    fn new(mailbox: &Arc<Mailbox>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            mailbox: Arc::clone(mailbox),
            served: AtomicUsize::new(0),
        })
    }
}

impl Resume for Greedy {
    fn resume(&self, _now: Now) {
        let me: Weak<dyn Resume> = self.me.clone();
        if self.mailbox.wait_for_room(&me) {
            return;
        }
        self.served.fetch_add(1, Ordering::Relaxed);
        self.mailbox
            .post_deliveries(&mut Vec::new(), MAIL_BYTES_MAX);
        assert!(self.mailbox.wait_for_room(&me));
    }
}

#[test]
fn queues_that_fill_the_mailbox_take_turns() {
    let mailbox = Arc::new(Mailbox::default());
    let queues = [(); 3].map(|()| Greedy::new(&mailbox));
    queues.iter().for_each(|queue| queue.resume(Now::default()));
    for _ in 0..30 {
        mailbox.relieve(MAIL_BYTES_MAX, Now::default());
    }
    let served = queues.map(|queue| queue.served.load(Ordering::Relaxed));
    assert_eq!(served, [11, 10, 10]);
}

#[test]
fn everybody_in_line_is_called_while_there_is_room() {
    let mailbox = Mailbox::default();
    let called = [(); 3].map(|()| Arc::new(Owner::default()));
    mailbox.post_deliveries(&mut Vec::new(), MAIL_BYTES_MAX);
    for owner in &called {
        let queue: Weak<Owner> = Arc::downgrade(owner);
        let queue: Weak<dyn Resume> = queue;
        assert!(mailbox.wait_for_room(&queue) && mailbox.wait_for_room(&queue));
    }
    mailbox.relieve(MAIL_BYTES_MAX, Now::default());
    assert_eq!(called.map(|owner| owner.woken()), [1, 1, 1]);
}

impl Resume for Owner {
    fn resume(&self, _now: Now) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn who_has_left_the_line_may_join_again() {
    let owner = Arc::new(Owner::default());
    let queue: Weak<Owner> = Arc::downgrade(&owner);
    let queue: Weak<dyn Resume> = queue;
    let mut line = Line::default();
    line.join(&queue);
    line.join(&queue);
    assert!(line.pop().is_some() && line.pop().is_none());
    line.join(&queue);
    assert!(line.pop().is_some() && line.is_empty());
}
