use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use super::{Mail, Mailbox};

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
