//! A turn of a thread's work: what is staged in it wakes the commit thread once, at its end.
//!
//! A connection stages what its client published and asks only then to be told when it is durable.
//! Between the two nothing is lost by letting the commit thread sleep, and much is won: the
//! connection may commit by itself ([`commit_here`](crate::store::Store::commit_here)), and then
//! no thread has to be woken at all. Outside of a turn the commit thread is woken at once.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use super::shared::Shared;

thread_local! {
    /// The logs whose commit thread is to be woken when this thread's turn is over; `None`
    /// outside of one.
    static OWED: RefCell<Option<Vec<Arc<Shared>>>> = const { RefCell::new(None) };
}

/// Lasts until it is dropped; one that begins in another is part of it.
#[derive(Debug)]
pub struct Turn {
    is_outermost: bool,
    /// Must end on the thread on which it began.
    _here: PhantomData<*const ()>,
}

impl Turn {
    /// Begins a turn of this thread.
    #[must_use]
    pub fn begin() -> Self {
        let is_outermost = OWED.with_borrow_mut(|owed| {
            let is_outermost = owed.is_none();
            owed.get_or_insert_default();
            is_outermost
        });
        Self {
            is_outermost,
            _here: PhantomData,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_outermost {
            return;
        }
        for shared in OWED.take().unwrap_or_default() {
            shared.work.notify_one();
        }
    }
}

/// Something was staged that the commit thread of `shared` must know of.
pub(in crate::store) fn wake(shared: &Arc<Shared>) {
    let is_owed = OWED.with_borrow_mut(|owed| match owed {
        None => false,
        Some(owed) => {
            if !owed.iter().any(|other| Arc::ptr_eq(other, shared)) {
                owed.push(Arc::clone(shared));
            }
            true
        }
    });
    if !is_owed {
        shared.work.notify_one();
    }
}

/// What was staged so far has been committed by this thread.
pub(in crate::store) fn settle(shared: &Arc<Shared>) {
    OWED.with_borrow_mut(|owed| {
        if let Some(owed) = owed {
            owed.retain(|other| !Arc::ptr_eq(other, shared));
        }
    });
}
