//! Takes everything out of a data directory that a store has put there.

use std::io;
use std::path::Path;

use super::definitions;
use super::disk::{Disk as _, OsDisk};
use super::space::checkpoint;
use super::start::files::is_of_segment;

/// Removes the files of the store in the directory at `path`, which no broker may use. Other files
/// stay. If it is cut off between two files, a store that starts there keeps nothing or a part of
/// what was there, and another call removes the rest.
///
/// # Errors
/// `ResourceBusy` if a broker has it, or what the system says.
pub(crate) fn wipe(path: &Path) -> io::Result<()> {
    let disk = OsDisk::open(path)?;
    let mut names = disk.list()?;
    names.retain(|name| place(name).is_some());
    // Messages without a queue are no damage; a queue without its messages would be.
    names.sort_by_key(|name| place(name));
    for name in names {
        disk.remove(&name)?;
    }
    disk.sync_names()
}

/// Whether a file is the store's, and when it goes.
fn place(name: &str) -> Option<u8> {
    if definitions::FILES.iter().any(|file| name.starts_with(file))
        || name.starts_with(definitions::legacy::FILE)
    {
        return Some(0);
    }
    if checkpoint::number(name).is_some() {
        return Some(1);
    }
    let is_of_log = is_of_segment(name) || name.ends_with(".tmp");
    is_of_log.then_some(2)
}

#[cfg(test)]
mod tests;
