//! What the operating system and the runtime know of this process.

use std::time::Duration;

use super::family::Figure;
use crate::clock::Now;
use crate::desk::views::Measured;

/// See the module. What cannot be known is not a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    /// When the broker began to serve.
    started: Now,
    uptime: Duration,
    measured: Measured,
}

impl Process {
    /// The process as it was `measured` now. `started`: when the broker began to serve.
    pub(super) fn new(started: Now, now: Now, measured: Measured) -> Self {
        Self {
            started,
            uptime: now.transport.since(started.transport),
            measured,
        }
    }

    pub(super) fn resident(&self) -> Option<u64> {
        self.measured.memory_used_bytes
    }

    pub(super) fn resident_bytes(&self) -> Figure {
        figure(self.measured.memory_used_bytes)
    }

    pub(super) fn memory_limit_bytes(&self) -> Figure {
        figure(self.measured.memory_limit_bytes)
    }

    pub(super) fn free_disk_bytes(&self) -> Figure {
        figure(self.measured.disk_free_bytes)
    }

    pub(super) fn open_fds(&self) -> Figure {
        figure(self.measured.descriptors_used)
    }

    /// Infinite without a limit.
    pub(super) fn max_fds(&self) -> Figure {
        let limit = self.measured.descriptors_max;
        limit.map_or(Figure::Real(f64::INFINITY), Figure::Whole)
    }

    pub(super) fn uptime_seconds(&self) -> Figure {
        Figure::Real(self.uptime.as_secs_f64())
    }

    pub(super) fn started_seconds(&self) -> Figure {
        Figure::Whole(self.started.wall.as_millis() / 1000)
    }

    pub(super) fn tasks(&self) -> Figure {
        figure(self.measured.tasks)
    }

    pub(super) fn waiting_tasks(&self) -> Figure {
        figure(self.measured.waiting_tasks)
    }

    pub(super) fn parks(&self) -> Figure {
        figure(self.measured.naps)
    }

    pub(super) fn busy_seconds(&self) -> Figure {
        let busy = self.measured.busy_us.map(Duration::from_micros);
        busy.map_or(Figure::UNKNOWN, |busy| Figure::Real(busy.as_secs_f64()))
    }
}

fn figure(known: Option<u64>) -> Figure {
    known.map_or(Figure::UNKNOWN, Figure::Whole)
}
