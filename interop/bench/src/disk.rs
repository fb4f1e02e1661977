//! A bare loop of write and sync: the least that a confirm of one message takes on a disk.
//!
//! The file is as long as it will ever be, and filled with zeros, before the loop begins, so that
//! a sync has nothing to do but to bring the octets to the disk.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::awake::Awake;
use super::error::{BenchError, During as _};
use super::report::Report;
use super::shared::Latency;
use super::usage::per_second;

/// Octets of the file, behind whose end the loop begins anew.
pub(super) const FILE: u64 = 16 * 1024 * 1024;

/// Octets of a message of 1 KiB with what a log has around it.
const MESSAGE: u32 = 1_280;

/// Writes that are not counted.
const WARM: u64 = 20;

/// A loop of write and sync.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct DiskLoop {
    /// The directory of the file [default: that of temporary files].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Octets of a write.
    #[arg(long, value_name = "OCTETS", default_value_t = MESSAGE)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub size: u32,

    /// For so long.
    #[arg(long, value_name = "S", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,

    /// Whether processors may sleep meanwhile.
    #[command(flatten)]
    pub awake: Awake,
}

/// How often the loop comes round in a second where temporary files are, each write with the octets
/// that so many messages of 1 KiB have in the log.
///
/// # Errors
/// When the file cannot be made or written.
pub(super) fn rounds_per_s(messages: u16) -> Result<f64, BenchError> {
    let report = run(&DiskLoop {
        dir: None,
        size: MESSAGE * u32::from(messages),
        seconds: 1,
        awake: Awake::default(),
    })?;
    Ok(report.get("confirmed_per_s").unwrap_or_default())
}

/// Runs the loop. Its figures have the names of those of confirms, which they are to be compared
/// with.
///
/// # Errors
/// When the file cannot be made or written.
pub fn run(options: &DiskLoop) -> Result<Report, BenchError> {
    let dir = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let path = file_in(&dir);
    let result = write_and_sync(&path, options);
    std::fs::remove_file(&path).unwrap_or_default();
    let (count, time, latency) = result.during(&format!("writing {}", path.display()))?;
    let mut report = Report {
        broker: format!("write + fdatasync in {}", dir.display()),
        ..Report::default()
    };
    report.set("confirmed_per_s", per_second(count, time));
    report.set_latency("confirm", &latency);
    Ok(report)
}

/// Where this process writes.
pub(super) fn file_in(dir: &Path) -> PathBuf {
    dir.join(format!("leveret-bench-disk-{}.tmp", std::process::id()))
}

fn write_and_sync(path: &Path, options: &DiskLoop) -> std::io::Result<(u64, Duration, Latency)> {
    let file = prepared(path)?;
    let octets = vec![0x5A; usize::try_from(options.size).unwrap_or(1)];
    let limit = Duration::from_secs(options.seconds.into());
    let mut latency = Latency::new(true);
    let mut begin = Instant::now();
    let mut count = 0;
    let mut at = 0;
    loop {
        let before = Instant::now();
        file.write_all_at(&octets, at)?;
        file.sync_data()?;
        at += u64::from(options.size);
        if at + u64::from(options.size) > FILE {
            at = 0;
        }
        count += 1;
        if count == WARM {
            begin = Instant::now();
            continue;
        }
        if count > WARM {
            latency.add(before.elapsed());
        }
        if count > WARM && begin.elapsed() >= limit {
            return Ok((count - WARM, begin.elapsed(), latency));
        }
    }
}

/// A file that has all its [`FILE`] octets on the disk.
pub(super) fn prepared(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    let zeros = vec![0; 1024 * 1024];
    let mut at = 0;
    while at < FILE {
        file.write_all_at(&zeros, at)?;
        at += zeros.len() as u64;
    }
    file.sync_all()?;
    Ok(file)
}
