//! Breaks in long work of the housekeeper.
//!
//! It fills files, copies records and removes files for seconds after a load, on a thread that
//! never waits for a client. A thread that is woken meanwhile waits for the end of its time slice,
//! several milliseconds, if all processors are taken. So it offers its processor between small
//! pieces of work.

use std::thread;

/// Octets that are written or copied between two breaks: a tenth of a millisecond's work.
pub(super) const PIECE: usize = 128 * 1024;

/// Counts octets up to the next break.
#[derive(Debug, Default)]
pub(super) struct Pace {
    done: usize,
}

impl Pace {
    /// Notes that `octets` were worked through. No lock may be held.
    pub(super) fn note(&mut self, octets: usize) {
        self.done += octets;
        if self.done >= PIECE {
            self.done = 0;
            take_break();
        }
    }
}

/// Lets a thread run that waits for this processor. No lock may be held.
pub(super) fn take_break() {
    thread::yield_now();
}
