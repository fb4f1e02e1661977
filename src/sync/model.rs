//! Models: real code, run again and again, each time with its threads in another order.
//!
//! Inside of [`check`] the types of [`crate::sync`] are those of shuttle, which runs one thread at
//! a time and picks who is next before every lock, wait, wake-up and counter; everywhere else they
//! are the plain ones. A model that hangs, because a wake-up was lost or locks are taken in a
//! circle, is a failure, and so is any panic.
//!
//! Time is the model's to give: a wait with a limit ends without a wake-up only in [`pass_time`].
//! So a lost wake-up is not hidden by a timer that happens to come.
//!
//! Two bugs can be planted, to see that models find them: see [`Plant`].

use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, TryLockError};
use std::time::Duration;

use shuttle::scheduler::{PctScheduler, RandomScheduler};

use super::plain;

/// A bug in the code under test, as far as a lock or counter can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// The n-th wake-up of a thread is lost.
    LostWakeUp(u32),
    /// A counter that is to rise is ahead by this many already.
    Ahead(u64),
}

thread_local! {
    static IN_MODEL: Cell<bool> = const { Cell::new(false) };
    static PLANT: Cell<Option<Plant>> = const { Cell::new(None) };
    /// Wake-ups in this run so far.
    static WAKE_UPS: Cell<u32> = const { Cell::new(0) };
    static TIMERS: RefCell<Vec<Rc<Timer>>> = const { RefCell::new(Vec::new()) };
}

/// Octets of a thread's stack: the database wants more than shuttle's own measure.
const STACK: usize = 1024 * 1024;

/// Changes of thread that are put where they matter, in every second run.
const DEPTH: usize = 3;

/// Runs `model` `runs` times.
///
/// # Panics
/// If a run does or hangs; shuttle says then how to play it again.
pub(crate) fn check(runs: usize, model: impl Fn() + Send + Sync + 'static) {
    check_with(None, runs, model);
}

/// How the bug `plant` shows in one of `runs` of `model`; `None` if it does not.
pub(crate) fn shows(
    plant: Plant,
    runs: usize,
    model: impl Fn() + Send + Sync + 'static,
) -> Option<String> {
    let run = std::panic::AssertUnwindSafe(|| check_with(Some(plant), runs, model));
    let panic = std::panic::catch_unwind(run).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    Some(text.unwrap_or_else(|| "a panic without words".to_owned()))
}

fn check_with(plant: Option<Plant>, runs: usize, model: impl Fn() + Send + Sync + 'static) {
    /// Leaves the model, however it ends.
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            IN_MODEL.set(false);
            PLANT.set(None);
            TIMERS.take();
        }
    }
    let _leave = Leave;
    let mut config = shuttle::Config::new();
    config.stack_size = STACK;
    config.silence_warnings = true;
    IN_MODEL.set(true);
    PLANT.set(plant);
    let model = Arc::new(move || {
        WAKE_UPS.set(0);
        TIMERS.take();
        model();
    });
    let half = runs.div_ceil(2);
    let (one, other) = (Arc::clone(&model), model);
    shuttle::Runner::new(RandomScheduler::new(half), config.clone()).run(move || one());
    shuttle::Runner::new(PctScheduler::new(DEPTH, half), config).run(move || other());
}

/// Ends every wait with a limit that has begun, as if its time had come, and lets others run.
pub(crate) fn pass_time() {
    // They stay in the list until they have ended: one that is about to wait does not hear it yet.
    for timer in TIMERS.with_borrow(Vec::clone) {
        timer.fired.set(true);
        timer.condvar.notify_all();
    }
    shuttle::thread::yield_now();
}

/// A place where another thread may go on: for what blocks and is none of these types.
pub(crate) fn step() {
    if IN_MODEL.get() {
        shuttle::thread::yield_now();
    }
}

/// A wait with a limit.
struct Timer {
    fired: Cell<bool>,
    condvar: Arc<shuttle::sync::Condvar>,
}

/// The one of `parking_lot` or the one of a model.
enum Either<P, M> {
    Plain(P),
    Model(M),
}

impl<P, M> Either<P, M> {
    fn new(plain: impl FnOnce() -> P, model: impl FnOnce() -> M) -> Self {
        if IN_MODEL.get() {
            Self::Model(model())
        } else {
            Self::Plain(plain())
        }
    }
}

/// See [`parking_lot::Mutex`].
pub(crate) struct Mutex<T>(Either<parking_lot::Mutex<T>, shuttle::sync::Mutex<T>>);

/// See [`parking_lot::MutexGuard`].
pub(crate) struct MutexGuard<'a, T>(
    // A model's guard is out only while its condition variable has it.
    Either<parking_lot::MutexGuard<'a, T>, Option<shuttle::sync::MutexGuard<'a, T>>>,
);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(if IN_MODEL.get() {
            Either::Model(shuttle::sync::Mutex::new(value))
        } else {
            Either::Plain(parking_lot::Mutex::new(value))
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(match &self.0 {
            Either::Plain(mutex) => Either::Plain(mutex.lock()),
            Either::Model(mutex) => {
                let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
                Either::Model(Some(guard))
            }
        })
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        Some(MutexGuard(match &self.0 {
            Either::Plain(mutex) => Either::Plain(mutex.try_lock()?),
            Either::Model(mutex) => Either::Model(Some(match mutex.try_lock() {
                Ok(guard) => guard,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            })),
        }))
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Either::Plain(mutex) => mutex.fmt(f),
            Either::Model(mutex) => mutex.fmt(f),
        }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Either::Plain(guard) => guard,
            Either::Model(guard) => guard.as_ref().expect("no thread waits with it"),
        }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.0 {
            Either::Plain(guard) => guard,
            Either::Model(guard) => guard.as_mut().expect("no thread waits with it"),
        }
    }
}

/// See [`parking_lot::Condvar`].
pub(crate) struct Condvar(Either<parking_lot::Condvar, Arc<shuttle::sync::Condvar>>);

/// See [`parking_lot::WaitTimeoutResult`].
pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(Either::new(parking_lot::Condvar::new, Arc::default))
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        match (&self.0, &mut guard.0) {
            (Either::Plain(condvar), Either::Plain(guard)) => condvar.wait(guard),
            (Either::Model(condvar), Either::Model(guard)) => {
                let held = guard.take().expect("it is held");
                let held = condvar.wait(held).unwrap_or_else(PoisonError::into_inner);
                *guard = Some(held);
            }
            _ => panic!("a lock and its condition variable belong to the same world"),
        }
    }

    pub(crate) fn wait_for<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        limit: Duration,
    ) -> WaitTimeoutResult {
        if let (Either::Plain(condvar), Either::Plain(guard)) = (&self.0, &mut guard.0) {
            return WaitTimeoutResult(condvar.wait_for(guard, limit).timed_out());
        }
        let Either::Model(condvar) = &self.0 else {
            panic!("a lock and its condition variable belong to the same world");
        };
        let timer = Rc::new(Timer {
            fired: Cell::new(false),
            condvar: Arc::clone(condvar),
        });
        TIMERS.with_borrow_mut(|timers| timers.push(Rc::clone(&timer)));
        self.wait(guard);
        TIMERS.with_borrow_mut(|timers| timers.retain(|other| !Rc::ptr_eq(other, &timer)));
        WaitTimeoutResult(timer.fired.get())
    }

    pub(crate) fn notify_one(&self) {
        match &self.0 {
            Either::Plain(condvar) => {
                condvar.notify_one();
            }
            Either::Model(condvar) if !is_lost() => condvar.notify_one(),
            Either::Model(_) => {}
        }
    }

    pub(crate) fn notify_all(&self) {
        match &self.0 {
            Either::Plain(condvar) => {
                condvar.notify_all();
            }
            Either::Model(condvar) if !is_lost() => condvar.notify_all(),
            Either::Model(_) => {}
        }
    }
}

fn is_lost() -> bool {
    let nth = WAKE_UPS.get();
    WAKE_UPS.set(nth + 1);
    PLANT.get() == Some(Plant::LostWakeUp(nth))
}

/// See [`parking_lot::RwLock`].
pub(crate) struct RwLock<T>(Mutex<T>);

// In a model too, one reader at a time is every order that readers can be told apart in.
impl<T> RwLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn read(&self) -> impl Deref<Target = T> + '_ {
        self.0.lock()
    }

    pub(crate) fn write(&self) -> impl DerefMut<Target = T> + '_ {
        self.0.lock()
    }
}

/// See [`std::sync::atomic::AtomicU64`]. In a model every order is as strict as can be.
pub(crate) struct AtomicU64(Either<std::sync::atomic::AtomicU64, shuttle::sync::atomic::AtomicU64>);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(Either::new(
            || std::sync::atomic::AtomicU64::new(value),
            || shuttle::sync::atomic::AtomicU64::new(value),
        ))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        match &self.0 {
            Either::Plain(number) => number.load(order),
            Either::Model(number) => number.load(order),
        }
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        match &self.0 {
            Either::Plain(number) => number.store(value, order),
            Either::Model(number) => number.store(value, order),
        }
    }

    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        match &self.0 {
            Either::Plain(number) => number.fetch_add(value, order),
            Either::Model(number) => number.fetch_add(value, order),
        }
    }

    pub(crate) fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        match &self.0 {
            Either::Plain(number) => number.fetch_sub(value, order),
            Either::Model(number) => number.fetch_sub(value, order),
        }
    }

    pub(crate) fn fetch_max(&self, value: u64, order: Ordering) -> u64 {
        match &self.0 {
            Either::Plain(number) => number.fetch_max(value, order),
            Either::Model(number) => {
                let ahead = match PLANT.get() {
                    Some(Plant::Ahead(by)) => by,
                    _ => 0,
                };
                number.fetch_max(value + ahead, order)
            }
        }
    }
}

/// See [`std::thread::JoinHandle`].
pub(crate) struct JoinHandle<T>(Either<plain::JoinHandle<T>, shuttle::thread::JoinHandle<T>>);

impl<T> JoinHandle<T> {
    pub(crate) fn join(self) -> std::thread::Result<T> {
        match self.0 {
            Either::Plain(thread) => thread.join(),
            Either::Model(thread) => thread.join(),
        }
    }
}

/// Starts a thread called `name`.
pub(crate) fn spawn(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    if !IN_MODEL.get() {
        let thread = plain::spawn(name, run)?;
        return Ok(JoinHandle(Either::Plain(thread)));
    }
    let named = shuttle::thread::Builder::new().name(name.to_owned());
    let thread = named.spawn(run)?;
    Ok(JoinHandle(Either::Model(thread)))
}
