//! Measures what the process takes of its machine, for every door, in one place.
//!
//! That reads files of the system, as many as there are connections, so it is done on the
//! monitor's thread, which works for no client. Callers wait for a measurement that began after
//! their question; those that ask at the same time get the same one.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::RuntimeMetrics;
use tokio::sync::{Notify, watch};

use super::{memory, monitor};
use crate::config::{Durability, Settings};
use crate::desk::views::{Gauges, Measured};
use crate::env::Live;
use crate::net::descriptors::Descriptors;

/// Where the system lists what a process has open.
const OPEN: &str = "/proc/self/fd";

/// How often the monitor measures by itself after a measurement was read: until the sampler of
/// rates, which reads one each second, has read the next.
const AGAIN: u32 = 4;

/// Looks at this process.
#[derive(Clone)]
pub(super) struct OfProcess(Arc<Shared>);

struct Shared {
    /// As the settings say.
    memory_limit: Option<u64>,
    /// What tools say instead.
    live: Arc<Live>,
    /// Where data is written; without any, where the broker was started.
    dir: PathBuf,
    /// The runtimes whose workers serve clients.
    runtimes: OnceLock<Vec<RuntimeMetrics>>,
    /// The last measurement, with the number of the last question that came before it.
    latest: watch::Sender<(u64, Measured)>,
    /// How many questions there were.
    questions: AtomicU64,
    asked: Notify,
    /// How often it is measured again without a question.
    again: AtomicU32,
}

impl OfProcess {
    pub(super) fn new(settings: &Settings, live: &Arc<Live>) -> Self {
        let dir: &Path = match settings.durability {
            Durability::Memory => ".".as_ref(),
            _ => &settings.data_dir,
        };
        Self(Arc::new(Shared {
            memory_limit: memory::limit(settings),
            live: Arc::clone(live),
            dir: dir.to_owned(),
            runtimes: OnceLock::new(),
            latest: watch::Sender::default(),
            questions: AtomicU64::new(0),
            asked: Notify::new(),
            again: AtomicU32::new(0),
        }))
    }

    /// Counts the tasks of `runtimes` from now on.
    pub(super) fn watch(&self, runtimes: Vec<RuntimeMetrics>) {
        // A broker starts once.
        self.0.runtimes.get_or_init(|| runtimes);
    }

    /// Returns once a measurement is asked for.
    pub(super) async fn asked(&self) {
        self.0.asked.notified().await;
    }

    /// Measures, for all who have asked by now.
    pub(super) fn look(&self) {
        let questions = self.0.questions.load(Ordering::Acquire);
        self.0.latest.send_replace((questions, self.measure()));
    }

    /// Measures if a measurement was read lately: the next one is going to be read, too.
    pub(super) fn look_again(&self) {
        let again = &self.0.again;
        let is_wanted =
            again.try_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        if is_wanted.is_ok() {
            self.look();
        }
    }

    /// Nothing is measured any more: what was measured last is the answer to every question.
    pub(super) fn end(&self) {
        self.0
            .latest
            .send_modify(|(answered, _)| *answered = u64::MAX);
    }
}

impl Gauges for OfProcess {
    fn measure(&self) -> Measured {
        let (descriptors, sockets) = open().unzip();
        let runtimes = self.0.runtimes.get();
        let sum = |of: fn(&RuntimeMetrics) -> u64| Some(runtimes?.iter().map(of).sum());
        Measured {
            memory_used_bytes: memory::resident(),
            memory_limit_bytes: self.0.live.memory_limit().or(self.0.memory_limit),
            disk_free_bytes: monitor::free_disk(&self.0.dir),
            descriptors_used: descriptors,
            descriptors_max: Descriptors::of_process().limit,
            sockets_used: sockets,
            tasks: sum(|runtime| runtime.num_alive_tasks() as u64),
            waiting_tasks: sum(|runtime| runtime.global_queue_depth() as u64),
            naps: sum(|runtime| {
                let workers = 0..runtime.num_workers();
                workers.map(|at| runtime.worker_park_count(at)).sum()
            }),
            busy_us: sum(|runtime| {
                let workers = 0..runtime.num_workers();
                let busy = workers.map(|at| runtime.worker_total_busy_duration(at));
                u64::try_from(busy.sum::<Duration>().as_micros()).unwrap_or(u64::MAX)
            }),
        }
    }

    fn latest(&self) -> Measured {
        self.0.again.store(AGAIN, Ordering::Relaxed);
        self.0.latest.borrow().1
    }

    fn measured(&self) -> Pin<Box<dyn Future<Output = Measured> + Send + '_>> {
        let mut latest = self.0.latest.subscribe();
        self.0.again.store(AGAIN, Ordering::Relaxed);
        let mine = self.0.questions.fetch_add(1, Ordering::AcqRel) + 1;
        self.0.asked.notify_one();
        Box::pin(async move {
            let found = latest.wait_for(|(answered, _)| *answered >= mine).await;
            // It fails only without a sender, and this holds one.
            found.map_or_else(|_| Measured::default(), |found| found.1)
        })
    }
}

/// Open files and sockets, and how many of them are sockets.
fn open() -> Option<(u64, u64)> {
    let (mut all, mut sockets) = (0_u64, 0);
    for entry in fs::read_dir(OPEN).ok()?.flatten() {
        all += 1;
        let target = fs::read_link(entry.path()).ok();
        let is_socket = |target: PathBuf| target.to_string_lossy().starts_with("socket:");
        sockets += u64::from(target.is_some_and(is_socket));
    }
    // The directory that is read takes one itself.
    Some((all.saturating_sub(1), sockets))
}

#[cfg(test)]
mod tests;
