//! What the operating system and the runtime know of this process.

use std::time::Duration;

use super::family::Figure;
use crate::clock::Now;
use crate::config::{Durability, Settings};
use crate::net::descriptors::Descriptors;

/// What stays the same as long as the broker runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants {
    /// When it began to serve.
    pub(super) started: Now,
    /// Octets of memory above which publishers wait.
    pub(super) memory_limit: Option<u64>,
}

/// See the module. What cannot be known is not a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    constants: Constants,
    uptime: Duration,
    resident: Option<u64>,
    open_fds: Option<u64>,
    free_disk: Option<u64>,
    runtime: Runtime,
}

/// What the runtime's workers do.
#[derive(Clone, Copy, Debug, Default)]
struct Runtime {
    tasks: u64,
    waiting: u64,
    parks: u64,
    busy: Duration,
}

impl Process {
    /// Looks.
    pub(super) fn look(constants: Constants, now: Now, settings: &Settings) -> Self {
        let open = std::fs::read_dir("/proc/self/fd").ok();
        Self {
            constants,
            uptime: now.transport.since(constants.started.transport),
            resident: resident(),
            // The directory that is read takes one itself.
            open_fds: open.map(|open| (open.count() as u64).saturating_sub(1)),
            free_disk: free_disk(settings),
            runtime: Runtime::look(),
        }
    }

    pub(super) fn resident(&self) -> Option<u64> {
        self.resident
    }

    pub(super) fn resident_bytes(&self) -> Figure {
        figure(self.resident)
    }

    pub(super) fn memory_limit_bytes(&self) -> Figure {
        figure(self.constants.memory_limit)
    }

    pub(super) fn free_disk_bytes(&self) -> Figure {
        figure(self.free_disk)
    }

    pub(super) fn open_fds(&self) -> Figure {
        figure(self.open_fds)
    }

    /// Infinite without a limit.
    pub(super) fn max_fds(&self) -> Figure {
        let limit = Descriptors::of_process().limit;
        limit.map_or(Figure::Real(f64::INFINITY), Figure::Whole)
    }

    pub(super) fn uptime_seconds(&self) -> Figure {
        Figure::Real(self.uptime.as_secs_f64())
    }

    pub(super) fn started_seconds(&self) -> Figure {
        Figure::Whole(self.constants.started.wall.as_millis() / 1000)
    }

    pub(super) fn tasks(&self) -> Figure {
        self.runtime.tasks.into()
    }

    pub(super) fn waiting_tasks(&self) -> Figure {
        self.runtime.waiting.into()
    }

    pub(super) fn parks(&self) -> Figure {
        self.runtime.parks.into()
    }

    pub(super) fn busy_seconds(&self) -> Figure {
        Figure::Real(self.runtime.busy.as_secs_f64())
    }
}

impl Runtime {
    fn look() -> Self {
        let Ok(handle) = tokio::runtime::Handle::try_current() else {
            return Self::default();
        };
        let metrics = handle.metrics();
        let workers = 0..metrics.num_workers();
        Self {
            tasks: metrics.num_alive_tasks() as u64,
            waiting: metrics.global_queue_depth() as u64,
            parks: workers
                .clone()
                .map(|at| metrics.worker_park_count(at))
                .sum(),
            busy: workers
                .map(|at| metrics.worker_total_busy_duration(at))
                .sum(),
        }
    }
}

fn figure(known: Option<u64>) -> Figure {
    known.map_or(Figure::UNKNOWN, Figure::Whole)
}

/// Octets that are resident.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(rustix::param::page_size() as u64)
}

/// Octets that are free where the data directory is; without one, where the broker was started.
fn free_disk(settings: &Settings) -> Option<u64> {
    let stat = match settings.durability {
        Durability::Memory => rustix::fs::statvfs(".").ok()?,
        _ => rustix::fs::statvfs(&settings.data_dir).ok()?,
    };
    stat.f_bavail.checked_mul(stat.f_frsize)
}
