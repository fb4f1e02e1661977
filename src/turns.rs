//! Turns: no work of one client holds up the others for longer than one of them.
//!
//! A task that works for a client does it in a [`Turn`] and counts the steps. A loop whose length
//! a client decides asks [`is_over`], and leaves the rest as [`Work`] in the broker's [`Turns`];
//! one task of the broker gives each piece of work a turn after the other and goes back to the
//! runtime in between, so that sockets are polled. What a connection leaves is its [`Debt`]: it is
//! not read until that is done, so that a client cannot pile up work.
//!
//! Some work cannot be divided, because others must see it whole or not at all. That is done
//! [`at_length`]: the thread gives its other tasks away first.
//!
//! Outside of a turn nothing is ever over: a thread that is none of the runtime's (a start, a call
//! of an embedder, a test clock that is advanced) does its work to the end.
//!
//! Invariants: I11; I3 (what one queue leaves is done in its order).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;

use parking_lot::Mutex;

use crate::clock::Now;
use crate::mail::{Mail, Mailbox};
use crate::store::Position;
use crate::sync::beside_other_tasks;

pub use crate::limits::TURN_STEPS;

/// [`SPENT`] outside of a turn: no number of steps brings it to [`TURN_STEPS`].
const NEVER_OVER: i64 = i64::MIN / 2;

thread_local! {
    /// Steps since this thread's turn began.
    static SPENT: Cell<i64> = const { Cell::new(NEVER_OVER) };
    /// How often this thread has done at length what no turn has room for.
    static LENGTHY: Cell<u64> = const { Cell::new(0) };
    /// The debt to which work belongs that this thread leaves.
    static DEBT: RefCell<Option<Arc<Debt>>> = const { RefCell::new(None) };
}

/// A turn of this thread, until it is dropped. Turns do not nest.
#[derive(Debug)]
pub struct Turn {
    /// Ends on the thread on which it began.
    _here: PhantomData<*const ()>,
}

impl Turn {
    /// Begins a turn.
    #[inline]
    #[must_use]
    pub fn begin() -> Self {
        SPENT.set(0);
        // What was left outside of a turn is owed by none.
        drop(DEBT.take());
        Self { _here: PhantomData }
    }
}

impl Drop for Turn {
    #[inline]
    fn drop(&mut self) {
        SPENT.set(NEVER_OVER);
    }
}

/// Does `work` that cannot be divided, of so many steps. If a turn has no room for them, the other
/// tasks of this thread go on in another one meanwhile.
///
/// It is for what must be seen whole or not at all, such as one message that goes to very many
/// queues; what can be done in pieces is [`Work`].
#[inline]
pub fn at_length<R>(steps: usize, work: impl FnOnce() -> R) -> R {
    if steps <= TURN_STEPS as usize {
        return work();
    }
    hand_over_and(work)
}

#[inline(never)]
fn hand_over_and<R>(work: impl FnOnce() -> R) -> R {
    LENGTHY.set(LENGTHY.get() + 1);
    beside_other_tasks(work)
}

/// How often this thread has done work [`at_length`] that no turn has room for.
#[must_use]
pub fn lengthy() -> u64 {
    LENGTHY.get()
}

/// Counts `steps` of work.
#[inline]
pub fn spend(steps: usize) {
    let steps = i64::try_from(steps).unwrap_or(i64::from(u32::MAX));
    SPENT.set(SPENT.get().saturating_add(steps));
}

/// Whether this thread's turn has lasted long enough. What is left must become [`Work`].
#[inline]
#[must_use]
pub fn is_over() -> bool {
    SPENT.get() >= i64::from(TURN_STEPS)
}

/// Whether this thread is in a turn.
#[inline]
#[must_use]
pub fn is_open() -> bool {
    SPENT.get() >= 0
}

/// Work that a connection has left keeps its debt until it is done.
#[derive(Debug, Default)]
pub struct Debt {
    debtor: OnceLock<Arc<Mailbox>>,
    /// How far the store must be before what was done is for good.
    stored: AtomicU64,
}

impl Debt {
    fn reach(&self, position: Position) {
        self.stored.fetch_max(position.0, Ordering::Relaxed);
    }
}

impl Drop for Debt {
    fn drop(&mut self) {
        if let Some(debtor) = self.debtor.get() {
            debtor.post(Mail::Paid(Position(*self.stored.get_mut())));
        }
    }
}

/// The debt to which work belongs that this thread leaves now.
#[must_use]
pub fn owe() -> Arc<Debt> {
    DEBT.with_borrow_mut(|debt| Arc::clone(debt.get_or_insert_default()))
}

/// Whether this thread has left work that is the debt of no connection yet.
#[must_use]
#[inline]
pub fn is_owing() -> bool {
    DEBT.with_borrow(Option::is_some)
}

/// What was done for the debt of this thread is for good once the store is durable up to
/// `position`.
pub fn reach(position: Position) {
    DEBT.with_borrow(|debt| {
        if let Some(debt) = debt {
            debt.reach(position);
        }
    });
}

/// Makes what this thread has left since the last call the debt of a connection, which gets
/// [`Mail::Paid`] once all of it is done. `false` if it has left nothing.
#[inline]
pub fn settle_on(debtor: &Arc<Mailbox>) -> bool {
    is_owing() && settle_debt_on(debtor)
}

#[inline(never)]
fn settle_debt_on(debtor: &Arc<Mailbox>) -> bool {
    let Some(debt) = DEBT.take() else {
        return false;
    };
    // It has none yet: work on behalf of a debt is done by the driver, which settles nothing.
    debt.debtor.get_or_init(|| Arc::clone(debtor));
    true
}

/// Works on behalf of a debt until it is dropped: what is left meanwhile belongs to it, too.
#[derive(Debug)]
pub struct OnBehalf {
    before: Option<Arc<Debt>>,
    /// Ends on the thread on which it began.
    _here: PhantomData<*const ()>,
}

impl OnBehalf {
    /// Begins to work for `debt`.
    #[must_use]
    pub fn of(debt: Option<&Arc<Debt>>) -> Self {
        Self {
            before: DEBT.replace(debt.cloned()),
            _here: PhantomData,
        }
    }
}

impl Drop for OnBehalf {
    fn drop(&mut self) {
        let mine = DEBT.replace(self.before.take());
        // The last owner of a debt posts mail, which must not happen within `DEBT`.
        drop(mine);
    }
}

/// Something that is done in turns.
pub trait Work: Send + Sync {
    /// Works for a turn: until there is nothing left, or [`is_over`]. If it panics it gets another
    /// turn, so it must not meet again what it panicked at.
    fn turn(&self, now: Now) -> Left;

    /// The broker stops, and this gets no further turn: does now what a start would miss.
    fn at_stop(&self, _now: Now) {}
}

/// Begins `work` in this thread's turn. What that has no room for is left, and owed.
///
/// # Panics
/// If the work does. It is left then, too.
pub fn begin<W: Work + 'static>(turns: &Turns, now: Now, work: Arc<W>) {
    let left = catch_unwind(AssertUnwindSafe(|| work.turn(now)));
    if !matches!(left, Ok(Left::Nothing)) {
        let debt = owe();
        turns.leave(Arc::new(Owed { work, debt }));
    }
    if let Err(panic) = left {
        resume_unwind(panic);
    }
}

/// Does all of what a start would miss: the turn of this thread, if it is in one, ends nothing.
fn finish(work: &dyn Work, now: Now) {
    let _without = WithoutTurn {
        spent: SPENT.replace(NEVER_OVER),
    };
    work.at_stop(now);
}

/// This thread is in no turn until this is dropped.
struct WithoutTurn {
    /// What was spent before.
    spent: i64,
}

impl Drop for WithoutTurn {
    fn drop(&mut self) {
        SPENT.set(self.spent);
    }
}

/// Work that belongs to a debt.
struct Owed<W> {
    work: Arc<W>,
    debt: Arc<Debt>,
}

impl<W: Work> Work for Owed<W> {
    fn turn(&self, now: Now) -> Left {
        let _behalf = OnBehalf::of(Some(&self.debt));
        self.work.turn(now)
    }

    fn at_stop(&self, now: Now) {
        self.work.at_stop(now);
    }
}

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// All is done.
    Nothing,
    /// It wants another turn.
    More,
}

/// What was done in turns so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Turns of work that was left.
    pub turns: u64,
    /// Steps of the longest of them.
    pub longest: u64,
}

/// A broker's work that was left for later turns.
#[derive(Default)]
pub struct Turns {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    line: VecDeque<Arc<dyn Work>>,
    driver: Option<Waker>,
    counts: Counts,
    /// When the broker stopped.
    closed: Option<Now>,
}

impl Turns {
    /// `work` wants a turn. Once the broker has stopped it gets none: what a start would miss is
    /// done at once.
    pub fn leave(&self, work: Arc<dyn Work>) {
        let mut inner = self.inner.lock();
        if let Some(now) = inner.closed {
            drop(inner);
            finish(&*work, now);
            return;
        }
        inner.line.push_back(work);
        let driver = inner.driver.take();
        drop(inner);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Gives a turn to the work that has waited longest. `false` if none waits.
    pub fn run_one(&self, now: Now) -> bool {
        let Some(work) = self.inner.lock().line.pop_front() else {
            return false;
        };
        let turn = Turn::begin();
        let left = catch_unwind(AssertUnwindSafe(|| work.turn(now))).unwrap_or_else(|_| {
            crate::log::error!("a part of what was left is given up: an error inside, see above");
            Left::More
        });
        let spent = u64::try_from(SPENT.get()).unwrap_or_default();
        drop(turn);
        let mut inner = self.inner.lock();
        inner.counts.turns += 1;
        inner.counts.longest = inner.counts.longest.max(spent);
        let closed = inner.closed;
        if left == Left::More && closed.is_none() {
            inner.line.push_back(work);
            return true;
        }
        drop(inner);
        if let Some(now) = closed.filter(|_| left == Left::More) {
            finish(&*work, now);
        }
        true
    }

    /// Whether work waits; if not, `driver` is woken when some does.
    #[must_use]
    pub fn is_waiting_or_wake(&self, driver: &Waker) -> bool {
        let mut inner = self.inner.lock();
        if inner.line.is_empty() {
            inner.driver = Some(driver.clone());
        }
        !inner.line.is_empty()
    }

    /// Turns so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner.lock().counts
    }

    /// Gives up what waits, and whatever comes: the broker stops.
    pub fn close(&self, now: Now) {
        let mut inner = self.inner.lock();
        inner.closed = Some(now);
        let line = std::mem::take(&mut inner.line);
        drop(inner);
        for work in line {
            finish(&*work, now);
        }
    }
}

impl std::fmt::Debug for Turns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let inner = self.inner.lock();
        f.debug_struct("Turns")
            .field("waiting", &inner.line.len())
            .field("counts", &inner.counts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
