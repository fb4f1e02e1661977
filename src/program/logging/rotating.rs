//! A log file that is put aside and begun anew: from a size on, or at moments that come again.
//!
//! The file `x.log` becomes `x.log.0`, what was that `x.log.1`, and so on; more than are to be kept
//! are deleted. If they are to be compressed they are `x.log.0.gz` and so on; one that cannot be
//! stays as it is. What cannot be put aside is written on: the log goes before its order.
//!
//! Docs: logging. Seen: RabbitMQ 4.3.6, names of its files.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::Time;
use jiff::{ToSpan as _, Zoned};

use super::lines::Output;
use crate::config::{Rotation, Settings};

/// How many days are looked at for the next moment: a 31st comes at least every second month.
const DAYS: usize = 63;

/// Such a file.
pub(super) struct Rotating {
    path: PathBuf,
    file: File,
    size: u64,
    /// 0 is no size.
    size_max: u64,
    kept: u64,
    compresses: bool,
    moments: Option<Rotation>,
    /// The next of them.
    due: Option<Zoned>,
}

impl Rotating {
    /// Opens the file to write behind what is in it, and makes its directory.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn open(path: &Path, settings: &Settings) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let file = append_to(path)?;
        let date = settings.log_file_rotation_date.as_deref();
        let moments = date.and_then(Rotation::read);
        Ok(Self {
            path: path.to_owned(),
            size: file.metadata()?.len(),
            file,
            size_max: settings.log_file_rotation_size,
            kept: settings.log_file_rotation_count,
            compresses: settings.log_file_rotation_compress,
            due: moments.and_then(|moments| next(moments, &Zoned::now())),
            moments,
        })
    }

    fn is_due(&self) -> bool {
        let is_large = self.size_max > 0 && self.size >= self.size_max;
        is_large || self.due.as_ref().is_some_and(|due| Zoned::now() >= *due)
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        for number in (0..self.kept).rev() {
            for ending in ["", COMPRESSED] {
                let old = self.numbered(number, ending);
                let older = self.numbered(number + 1, ending);
                match number + 1 < self.kept {
                    true => ignore_missing(fs::rename(old, older))?,
                    false => ignore_missing(fs::remove_file(old))?,
                }
            }
        }
        match self.kept {
            0 => self.file.set_len(0)?,
            _ => fs::rename(&self.path, self.numbered(0, ""))?,
        }
        self.file = append_to(&self.path)?;
        self.size = 0;
        if self.compresses && self.kept > 0 {
            let (plain, small) = (self.numbered(0, ""), self.numbered(0, COMPRESSED));
            let compressed = compress(&plain, &small);
            fs::remove_file(if compressed.is_ok() { plain } else { small })?;
        }
        Ok(())
    }

    fn numbered(&self, number: u64, ending: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}{ending}"));
        name.into()
    }
}

/// What a compressed file has behind its number.
const COMPRESSED: &str = ".gz";

fn compress(plain: &Path, small: &Path) -> io::Result<()> {
    let mut small = GzEncoder::new(File::create(small)?, Compression::default());
    io::copy(&mut File::open(plain)?, &mut small)?;
    small.finish()?;
    Ok(())
}

fn append_to(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Write for Rotating {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.is_due() {
            // If it fails it is tried again when the next size or moment is there.
            self.due = self
                .moments
                .and_then(|moments| next(moments, &Zoned::now()));
            let _kept_on = self.begin_anew();
            self.size = 0;
        }
        let written = self.file.write(octets)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Output for Rotating {
    fn wait(&self) -> io::Result<()> {
        self.file.wait()
    }
}

/// The first of these moments behind `now`.
pub(super) fn next(moments: Rotation, now: &Zoned) -> Option<Zoned> {
    let is_hourly = moments.hour.is_none() && moments.day.is_none() && moments.weekday.is_none();
    let hours = match (moments.hour, is_hourly) {
        (Some(hour), _) => hour..=hour,
        (None, true) => 0..=23,
        (None, false) => 0..=0,
    };
    let minute = moments.minute.unwrap_or(0);
    let mut date = now.date();
    for _ in 0..DAYS {
        let weekday = date.weekday().to_sunday_zero_offset();
        let fits = moments.day.is_none_or(|day| day == date.day())
            && moments.weekday.is_none_or(|day| day == weekday);
        if fits {
            let at = hours
                .clone()
                .filter_map(|hour| Time::new(hour, minute, 0, 0).ok());
            let at = at.filter_map(|time| {
                date.to_datetime(time)
                    .to_zoned(now.time_zone().clone())
                    .ok()
            });
            if let Some(moment) = at.into_iter().find(|moment| moment > now) {
                return Some(moment);
            }
        }
        date = date.checked_add(1.day()).ok()?;
    }
    None
}

#[cfg(test)]
mod tests;
