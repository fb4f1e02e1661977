//! Watches memory and disk, and switches the alarms.
//!
//! Memory is what the process has resident, as RabbitMQ counts it by default; the limit is a share
//! of the machine's memory or of the control group's, whichever is less.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Desk, cgroup};
use crate::alarms::Alarm;
use crate::config::{Durability, Settings};

/// How often memory and disk are looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Runs until it is cancelled.
pub(super) async fn run(desk: Arc<Desk>) {
    let limit = memory_limit(&desk.env.settings);
    let mut interval = tokio::time::interval(INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut memory_low, mut disk_low) = (false, false);
    loop {
        interval.tick().await;
        let low = limit
            .zip(resident())
            .is_some_and(|(limit, used)| used > limit);
        if low != memory_low {
            memory_low = low;
            desk.set_alarm(Alarm::Memory, low);
        }
        let low = is_disk_low(&desk.env.settings);
        if low != disk_low {
            disk_low = low;
            desk.set_alarm(Alarm::Disk, low);
        }
    }
}

/// Octets above which publishers wait; `None` where that cannot be known.
pub(super) fn memory_limit(settings: &Settings) -> Option<u64> {
    if let Some(limit) = settings.vm_memory_high_watermark_absolute {
        return Some(limit);
    }
    let total = total_memory()? as f64 * settings.vm_memory_high_watermark_relative;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the memory is not negative, and its fraction of an octet is nothing"
    )]
    Some(total as u64)
}

fn total_memory() -> Option<u64> {
    let group = cgroup::memory_limit(Path::new("/"));
    group.into_iter().chain(machine_memory()).min()
}

fn machine_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Octets that this process has resident.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(rustix::param::page_size() as u64)
}

fn is_disk_low(settings: &Settings) -> bool {
    if settings.durability == Durability::Memory {
        return false;
    }
    free_disk(&settings.data_dir).is_some_and(|free| free < settings.disk_free_limit)
}

/// Octets that an unprivileged process can still write there.
fn free_disk(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}
