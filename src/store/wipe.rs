//! Takes everything out of a data directory that a store has put there.

use std::io;
#[cfg(feature = "program")]
use std::path::Path;

use super::definitions;
#[cfg(feature = "program")]
use super::disk::Hold;
use super::disk::{Disk as _, OsDisk};
use super::space::checkpoint;
use super::start::files::is_of_segment;

/// Stands in a directory that is being wiped.
const MARK: &str = "wipe-begun";

/// Removes the files of the store in the directory at `path`, which no broker may use; `hold` may
/// have its lock. Other files stay. If it is cut off, the next start goes on with it
/// ([`finish_wipe`]).
///
/// # Errors
/// `ResourceBusy` if a broker has it, or what the system says.
#[cfg(feature = "program")]
pub(crate) fn wipe(path: &Path, hold: &Hold) -> io::Result<()> {
    let disk = OsDisk::open_with(path, hold)?;
    disk.create(MARK)?;
    disk.sync_names()?;
    remove_all(&disk)
}

/// Goes on with a wipe that was cut off; `false` if none was.
///
/// # Errors
/// What the system says.
pub(crate) fn finish_wipe(disk: &OsDisk) -> io::Result<bool> {
    let was_begun = disk.list()?.iter().any(|name| name == MARK);
    if was_begun {
        remove_all(disk)?;
    }
    Ok(was_begun)
}

fn remove_all(disk: &OsDisk) -> io::Result<()> {
    for name in disk.list()?.iter().filter(|name| is_of_store(name)) {
        disk.remove(name)?;
    }
    disk.sync_names()?;
    disk.remove(MARK)?;
    disk.sync_names()
}

/// Whether a file is the store's.
fn is_of_store(name: &str) -> bool {
    let mut definitions = definitions::FILES.iter();
    definitions.any(|file| name.starts_with(file))
        || name.starts_with(definitions::legacy::FILE)
        || checkpoint::number(name).is_some()
        || is_of_segment(name)
        || name.ends_with(".tmp")
}

#[cfg(test)]
mod tests;
