//! What can stop a run, and file calls that say which file it was.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A reason why something could not be run at all.
#[derive(Debug)]
pub(crate) enum InteropError {
    /// A file, folder or program could not be used.
    Io {
        /// What was tried, as in "read" or "start".
        doing: &'static str,
        /// On what.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// A scenario's or client's description is wrong.
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A name on the command line that nothing has.
    Unknown {
        /// "client" or "scenario".
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A program that a client needs is not installed.
    MissingTool {
        /// The program.
        tool: String,
        /// The command that installs it.
        install: String,
    },
    /// A command ended badly.
    Command {
        /// The command line.
        command: String,
        /// The last lines it printed.
        output: String,
    },
    /// The broker did not start, or is none.
    Broker(String),
}

impl fmt::Display for InteropError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                doing,
                what,
                source,
            } => write!(f, "cannot {doing} {what}: {source}"),
            Self::Description { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Unknown { kind, name } => write!(f, "no {kind} is named {name}; see --list"),
            Self::MissingTool { tool, install } => {
                write!(f, "{tool} is not installed; install it with: {install}")
            }
            Self::Command { command, output } => write!(f, "`{command}` failed: {output}"),
            Self::Broker(reason) => write!(f, "broker: {reason}"),
        }
    }
}

impl std::error::Error for InteropError {}

/// Names the operation and its object in an I/O error.
pub(crate) fn io_error(
    doing: &'static str,
    what: impl fmt::Display,
) -> impl FnOnce(io::Error) -> InteropError {
    let what = what.to_string();
    move |source| InteropError::Io {
        doing,
        what,
        source,
    }
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String, InteropError> {
    fs::read_to_string(path).map_err(io_error("read", path.display()))
}

/// Writes a text file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), InteropError> {
    fs::write(path, text).map_err(io_error("write", path.display()))
}

/// Makes a folder and those above it.
pub(crate) fn create_dir(path: &Path) -> Result<(), InteropError> {
    fs::create_dir_all(path).map_err(io_error("create", path.display()))
}

/// The entries of a folder, by name.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, InteropError> {
    let failed = |source| io_error("read", folder.display())(source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Locks, whether or not a thread panicked with the lock held.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
