//! Locks, counters and threads of the parts that are tested under every order of events: the
//! store, the connections that wait for it, and mailboxes.
//!
//! In a build they are those of `parking_lot` and the standard library, under their own names. In
//! unit tests each asks when it is made whether it belongs to a *model* (`sync/model.rs`); then a
//! scheduler of our own decides who runs after every step, and a run that hangs or goes wrong can
//! be played again. So what is tested is this code and not a copy of it. Only what these parts
//! need is here.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};

mod bell;
#[cfg(test)]
pub(crate) mod model;

pub(crate) use bell::Bell;

#[cfg(test)]
pub(crate) use model::{AtomicU64, Condvar, JoinHandle, Mutex, MutexGuard, RwLock, spawn};
#[cfg(not(test))]
pub(crate) use plain::{AtomicU64, Condvar, JoinHandle, Mutex, MutexGuard, RwLock, spawn};

/// Does `work` on this thread, while the other tasks of the thread, if it has any, go on in another
/// one.
pub(crate) fn beside_other_tasks<R>(work: impl FnOnce() -> R) -> R {
    let has_others = |runtime: Handle| runtime.runtime_flavor() == RuntimeFlavor::MultiThread;
    match Handle::try_current().is_ok_and(has_others) {
        true => tokio::task::block_in_place(work),
        // A thread of the embedding program, or of a test: no other task of ours is on it.
        false => work(),
    }
}

/// Has this thread sleep: for the start and for tools, never for what serves clients.
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// What a build uses.
mod plain {
    #[cfg(not(test))]
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
    #[cfg(not(test))]
    pub(crate) use std::sync::atomic::AtomicU64;
    pub(crate) use std::thread::JoinHandle;

    /// Starts a thread called `name`.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn spawn(
        name: &str,
        run: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name(name.to_owned()).spawn(run)
    }
}
