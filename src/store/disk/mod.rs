//! The files of a data directory, as few calls as the store needs, all of them blocking.
//!
//! Owns the trait and the disks that have it: [`OsDisk`], [`MemoryDisk`], and two for tests,
//! `FaultDisk`, which fails when told to, and `SlowDisk`, which stalls. It deliberately knows
//! no format: what is in the files is the business of the wings above it.
//! Every fault is injected here, under the real format and the real recovery.
//!
//! What a disk promises: a write may be lost or be there in any part of its sectors until
//! [`DiskFile::sync`] has returned; a name that was made, changed or removed may be found as it
//! was before until [`Disk::sync_names`] has returned.

use std::io;
use std::sync::Arc;

#[cfg(feature = "internals")]
mod fault;
mod memory;
mod os;
#[cfg(feature = "internals")]
mod slow;
pub(super) mod window;

#[cfg(feature = "internals")]
pub use fault::{Fault, FaultDisk};
pub use memory::MemoryDisk;
pub use os::{Hold, OsDisk};
#[cfg(feature = "internals")]
pub use slow::SlowDisk;

/// A directory of files; names are flat.
pub trait Disk: Send + Sync {
    /// Opens a file that exists.
    ///
    /// # Errors
    /// `NotFound` if there is none of this name, or what the system says.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes an empty file; one of this name is replaced.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// The names of all files, sorted.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// The names of what is no file and leads to none, such as directories; in any order.
    ///
    /// # Errors
    /// What the system says.
    fn others(&self) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Removes a file. A caller that has it open can go on reading it.
    ///
    /// # Errors
    /// `NotFound` if there is none of this name, or what the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Gives a file another name; one that had it is replaced.
    ///
    /// # Errors
    /// `NotFound` if there is none of this name, or what the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes all names durable as they are now.
    ///
    /// # Errors
    /// What the system says.
    fn sync_names(&self) -> io::Result<()>;

    /// Where this is, for people.
    fn place(&self) -> String;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Octets in the file.
    ///
    /// # Errors
    /// What the system says.
    fn size(&self) -> io::Result<u64>;

    /// Reads into the front of `into` and returns how much: less than asked for only at the end
    /// of the file or by a fault.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `octets`; the file grows as needed.
    ///
    /// # Errors
    /// `StorageFull` if there is no room, or what the system says; some may be written then.
    fn write_at(&self, at: u64, octets: &[u8]) -> io::Result<()>;

    /// Cuts the file or lengthens it with zeros.
    ///
    /// # Errors
    /// What the system says.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes everything written before durable.
    ///
    /// # Errors
    /// What the system says. What was written since the last success may be lost then, whatever
    /// later calls say: this file is not to be trusted any more.
    fn sync(&self) -> io::Result<()>;
}

/// Reads until `into` is full or the file ends; returns how much was read.
///
/// # Errors
/// What [`DiskFile::read_at`] says.
pub fn read_full(file: &dyn DiskFile, at: u64, into: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(at + done as u64, rest)? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}

/// The octets of the file `name`.
///
/// # Errors
/// What the disk says.
pub fn read_file(disk: &dyn Disk, name: &str) -> io::Result<Vec<u8>> {
    let file = disk.open(name)?;
    let len = usize::try_from(file.size()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut octets = vec![0; len];
    let read = read_full(&*file, 0, &mut octets)?;
    octets.truncate(read);
    Ok(octets)
}
