//! What a process uses: CPU time and memory, from `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a process has used up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Usage {
    /// Seconds of CPU, in user and system mode.
    pub(super) cpu_s: f64,
    /// Octets of resident memory.
    pub(super) rss: u64,
}

/// Reads the usage of a process; `None` if there is none, or no `/proc`.
pub(super) fn of(pid: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages = statm.split(' ').nth(1)?.parse::<u64>().ok()?;
    let ticks = ticks(&stat)?;
    let second = rustix::param::clock_ticks_per_second();
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    Some(Usage {
        cpu_s: float(ticks) / float(second),
        rss: pages * page,
    })
}

/// User and system time of `/proc/PID/stat`, in ticks. The name of the program may hold spaces
/// and brackets; what counts is behind its last bracket.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user = fields.next()?.parse::<u64>().ok()?;
    let system = fields.next()?.parse::<u64>().ok()?;
    Some(user + system)
}

/// The process that listens on a port of this machine.
pub(super) fn listener(port: u16) -> Option<u32> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let inodes: Vec<_> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .filter_map(|table| inode(&table, port).map(|inode| format!("socket:[{inode}]")))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let holds = |pid: &u32| {
        let fds = fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten()
            .flatten();
        fds.filter_map(|fd| fs::read_link(fd.path()).ok())
            .any(|to| inodes.iter().any(|inode| to == Path::new(inode)))
    };
    let all = fs::read_dir("/proc").ok()?.flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(holds)
}

/// The inode of the socket that listens on `port`, in a table of `/proc/net`.
fn inode(table: &str, port: u16) -> Option<&str> {
    let port = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace();
        let local = fields.nth(1)?;
        let state = fields.nth(1)?;
        let inode = fields.nth(5)?;
        (local.ends_with(&port) && state == "0A").then_some(inode)
    })
}

/// A count as a number to divide; exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "figures are shown with at most six digits"
)]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// `count` in `time`, by the second; 0 for no time.
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() {
        return 0.0;
    }
    float(count) / time.as_secs_f64()
}

#[cfg(test)]
mod tests;
