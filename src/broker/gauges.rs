//! Measures what the process takes of its machine.

use std::fs;
use std::path::PathBuf;

use tokio::runtime::{Handle, RuntimeMetrics};

use super::{memory, monitor};
use crate::config::Settings;
use crate::desk::views::{Gauges, Measured};
use crate::net::descriptors::Descriptors;

/// Where the system lists what a process has open.
const OPEN: &str = "/proc/self/fd";

/// Looks at this process.
pub(super) struct OfProcess {
    memory_limit: Option<u64>,
    data_dir: PathBuf,
}

impl OfProcess {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            memory_limit: memory::limit(settings),
            data_dir: settings.data_dir.clone(),
        }
    }
}

impl Gauges for OfProcess {
    fn measure(&self) -> Measured {
        let (descriptors, sockets) = open().unzip();
        let runtime = Handle::try_current().map(|handle| handle.metrics()).ok();
        let naps = |runtime: &RuntimeMetrics| {
            let workers = 0..runtime.num_workers();
            workers.map(|at| runtime.worker_park_count(at)).sum()
        };
        Measured {
            memory_used_bytes: memory::resident(),
            memory_limit_bytes: self.memory_limit,
            disk_free_bytes: monitor::free_disk(&self.data_dir),
            descriptors_used: descriptors,
            descriptors_max: Descriptors::of_process().limit,
            sockets_used: sockets,
            tasks: runtime
                .as_ref()
                .map(|runtime| runtime.num_alive_tasks() as u64),
            waiting_tasks: runtime
                .as_ref()
                .map(|runtime| runtime.global_queue_depth() as u64),
            naps: runtime.as_ref().map(naps),
        }
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
