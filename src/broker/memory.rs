//! What memory the process has resident, and how it gives back what of it is free.
//!
//! An allocator gives free memory back to the system while its threads allocate and free. When a
//! client that held much has gone, or all publishers wait, they sleep, and what is free would stay
//! resident, and the alarm with it. So the monitor has it given back at every look, before it
//! judges: what is resident then is in use.

use std::path::Path;

use super::cgroup;
use crate::config::Settings;

/// Octets above which publishers wait; `None` where that cannot be known.
pub(super) fn limit(settings: &Settings) -> Option<u64> {
    if let Some(limit) = settings.vm_memory_high_watermark_absolute {
        return Some(limit);
    }
    let total = total()? as f64 * settings.vm_memory_high_watermark_relative;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the memory is not negative, and its fraction of an octet is nothing"
    )]
    Some(total as u64)
}

pub(crate) fn total() -> Option<u64> {
    let group = cgroup::memory_limit(Path::new("/"));
    group.into_iter().chain(of_machine()).min()
}

fn of_machine() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Octets that this process has resident; only Linux says so without being asked in its own way.
#[cfg(not(target_os = "linux"))]
pub(super) fn resident() -> Option<u64> {
    None
}

/// Octets that this process has resident.
#[cfg(target_os = "linux")]
pub(super) fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(crate::sys::page_bytes())
}
