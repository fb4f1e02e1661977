//! Processors that stay awake while something is measured.
//!
//! A processor that sleeps between two messages takes its time to wake, on a virtual machine some
//! 50 µs: where one thing waits for another, that is most of what one measures, of every broker.
//! Linux has a file that says how long waking may take, for as long as it is open.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use clap::Args;

use super::error::{BenchError, During as _};

/// How long waking may take, in microseconds; a process that holds it open with 0 in it has
/// processors that wait for work without sleeping.
///
/// Docs: Linux, "PM Quality Of Service Interface".
const LONGEST_WAKE: &str = "/dev/cpu_dma_latency";

/// Whether processors may sleep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Awake {
    /// Keeps the processors from sleeping meanwhile, so that no figure has the time in it that
    /// waking takes; Linux lets root do so.
    #[arg(long, help_heading = "Surroundings")]
    pub keep_awake: bool,
}

impl Awake {
    /// Keeps the processors awake until what it gives is dropped, if that was asked for.
    pub(super) fn begin(&self) -> Result<Option<File>, BenchError> {
        self.keep_awake
            .then(|| hold(Path::new(LONGEST_WAKE)))
            .transpose()
    }
}

fn hold(path: &Path) -> Result<File, BenchError> {
    let open = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(&0_i32.to_ne_bytes())?;
        Ok(file)
    };
    open().during(&format!(
        "keeping the processors awake through {}",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_held_unless_asked_for() {
        assert!(Awake::default().begin().unwrap().is_none());
    }

    #[test]
    fn no_delay_is_asked_for_as_long_as_it_lasts() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let _held = hold(file.path()).unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), [0; 4]);
    }

    #[test]
    fn system_that_does_not_let_us_is_named() {
        let error = hold(Path::new("/nowhere/latency")).unwrap_err().to_string();
        assert!(error.contains("awake through /nowhere/latency"), "{error}");
    }
}
