//! When commits happen, and on which thread.
//!
//! Most are the commit thread's: what comes while it writes is its next batch. But waking it and
//! being woken by it costs as much as a quick disk takes for a sync, so a caller that has nothing
//! to do until its own few octets are durable can commit by itself, as long as no other thread
//! commits. The commit thread then only looks around from time to time (a *tick*): for settlements
//! that no caller waits for, and for the end of the log, which has to be vouched for once all is
//! quiet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::shared::Shared;
use super::turn;
use super::writer::Writer;
use crate::clock::Clock;
use crate::store::Position;
use crate::sync::Mutex;

/// How long settlements wait for something that has to be written at once. None is lost by it but
/// to a crash, and those are redeliveries; each of them would be a write of its own otherwise.
const TICK: Duration = Duration::from_millis(2);

/// How long the end of the log may stand without a batch that vouches for it once nothing comes,
/// in ticks; the commit thread sleeps after it.
const QUIET_TICKS: u32 = 50;

/// How long to wait before a disk that refused is tried again.
pub(in crate::store) const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Octets that a caller writes by itself at most: as much as a few messages have. With more,
/// working and writing at the same time is worth more than a wake-up less.
const HERE_MAX: usize = 16 * 1024;

/// How long a caller may be held up by its own commit. After one that took longer the commit
/// thread does the next ones.
const HERE_WAIT: Duration = Duration::from_millis(2);

/// Commits that are left to the commit thread for each [`HERE_WAIT`] that one took, and at most.
const LEFT_ALONE: (u32, u32) = (8, 1024);

/// Commits on the thread of a caller.
pub(in crate::store) struct Here {
    shared: Arc<Shared>,
    writer: Arc<Mutex<Writer>>,
    clock: Clock,
    /// Commits that are left to the commit thread, because the disk was slow.
    left_alone: AtomicU32,
}

impl Here {
    pub(in crate::store) fn new(
        shared: Arc<Shared>,
        writer: Arc<Mutex<Writer>>,
        clock: Clock,
    ) -> Self {
        Self {
            shared,
            writer,
            clock,
            left_alone: AtomicU32::new(0),
        }
    }

    /// See [`Store::commit_here`](crate::store::Store::commit_here).
    pub(in crate::store) fn commit(&self, position: Position) -> bool {
        if self.shared.durable() >= position {
            return true;
        }
        let one_less = |left: u32| left.checked_sub(1);
        let (set, read) = (Ordering::Relaxed, Ordering::Relaxed);
        if self.left_alone.fetch_update(set, read, one_less).is_ok() {
            return false;
        }
        let Some(mut writer) = self.writer.try_lock() else {
            return false;
        };
        let is_fit = {
            let staging = self.shared.staging.lock();
            !staging.closing && staging.octets() <= HERE_MAX
        };
        if !is_fit || writer.is_stuck() || writer.is_broken() {
            return false;
        }
        let begin = self.clock.now().transport;
        writer.commit();
        drop(writer);
        turn::settle(&self.shared);
        self.note(self.clock.now().transport.since(begin));
        if !self.shared.staging.lock().ticks {
            self.shared.work.notify_one();
        }
        self.shared.durable() >= position
    }

    fn note(&self, took: Duration) {
        let times = took.as_micros() / HERE_WAIT.as_micros();
        if times > 0 {
            let (each, most) = LEFT_ALONE;
            let times = u32::try_from(times).unwrap_or(most);
            let left = times.saturating_mul(each).min(most);
            self.left_alone.store(left, Ordering::Relaxed);
        }
    }
}

/// Why the commit thread is awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woke {
    /// To look around.
    Tick,
    /// Something is to be written.
    Due,
    Closing,
}

/// What the writer says before the commit thread waits.
#[derive(Clone, Copy)]
struct Seen {
    is_stuck: bool,
    wants_cover: bool,
}

/// The commit thread, until the store closes.
pub(in crate::store) fn run(shared: &Shared, writer: &Mutex<Writer>) {
    let mut quiet = 0;
    loop {
        let seen = writer.try_lock().map(|writer| Seen {
            is_stuck: writer.is_stuck(),
            wants_cover: writer.wants_cover(),
        });
        match wait(shared, seen, &mut quiet) {
            Woke::Tick => {}
            Woke::Due => {
                quiet = 0;
                writer.lock().commit();
            }
            Woke::Closing => {
                writer.lock().commit_all();
                return;
            }
        }
    }
}

/// Waits for something to do; `quiet` are the ticks since the last batch. Without `seen` another
/// thread has the writer.
fn wait(shared: &Shared, seen: Option<Seen>, quiet: &mut u32) -> Woke {
    let mut staging = shared.staging.lock();
    if staging.closing {
        return Woke::Closing;
    }
    if staging.is_due() {
        return Woke::Due;
    }
    if seen.is_some_and(|seen| seen.is_stuck) {
        shared.work.wait_for(&mut staging, RETRY_AFTER);
        return Woke::Due;
    }
    if let Some(seen) = seen
        && staging.is_empty()
        && *quiet >= QUIET_TICKS
    {
        if seen.wants_cover {
            staging.cover();
            return Woke::Due;
        }
        staging.ticks = false;
        staging.shrink();
        shared.work.wait(&mut staging);
        *quiet = 0;
        return Woke::Tick;
    }
    staging.ticks = true;
    let before = shared.batches();
    let timed_out = shared.work.wait_for(&mut staging, TICK).timed_out();
    if !timed_out || shared.batches() != before {
        *quiet = 0;
        return Woke::Tick;
    }
    *quiet += 1;
    if staging.is_empty() {
        Woke::Tick
    } else {
        Woke::Due
    }
}

#[cfg(test)]
mod tests;
