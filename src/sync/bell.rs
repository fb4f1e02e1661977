//! Wakes callers that wait until something holds which others change.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{AtomicU64, Condvar, Mutex};

/// Rung after every change; costs one relaxed load while no caller waits.
///
/// A caller listens first, then looks, and waits only if what it looks for is not there yet. What
/// it looks at must be guarded by a lock that is also held for the change: then either the look
/// finds the change, or the change finds the listener.
pub(crate) struct Bell {
    listeners: AtomicU64,
    rings: Mutex<u64>,
    rung: Condvar,
}

/// A caller that is woken by every ring, until it is dropped.
pub(crate) struct BellListener<'a>(&'a Bell);

impl Default for Bell {
    fn default() -> Self {
        Self {
            listeners: AtomicU64::new(0),
            rings: Mutex::new(0),
            rung: Condvar::new(),
        }
    }
}

impl Bell {
    /// Something has changed. To be called with no lock held.
    #[inline]
    pub(crate) fn ring(&self) {
        if self.listeners.load(Ordering::Relaxed) > 0 {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        *self.rings.lock() += 1;
        self.rung.notify_all();
    }

    /// Listens from now on.
    pub(crate) fn listen(&self) -> BellListener<'_> {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        BellListener(self)
    }
}

impl BellListener<'_> {
    /// How often it has rung: read it before looking.
    pub(crate) fn rings(&self) -> u64 {
        *self.0.rings.lock()
    }

    /// Waits until it has rung more often than `heard` times, or for `limit`.
    pub(crate) fn wait(&self, heard: u64, limit: Duration) {
        let mut rings = self.0.rings.lock();
        if *rings == heard {
            // A wake-up without a ring makes the caller look once more; that is all.
            self.0.rung.wait_for(&mut rings, limit);
        }
    }
}

impl Drop for BellListener<'_> {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
