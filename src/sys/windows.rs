//! Windows. Compiled for it and read, never run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A file is open in a way that excludes this one.
const ERROR_SHARING_VIOLATION: i32 = 32;

/// An open file or socket.
pub(crate) use std::os::windows::io::AsSocket as Descriptor;

/// Reads at a place of a file; the number of octets read.
///
/// # Errors
/// The system's.
pub(crate) fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    match file.seek_read(into, at) {
        // Behind the end; elsewhere nothing is read there.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        read => read,
    }
}

/// Writes all octets to a place of a file.
///
/// # Errors
/// The system's.
pub(crate) fn write_all_at(file: &File, mut octets: &[u8], mut at: u64) -> io::Result<()> {
    while !octets.is_empty() {
        let written = file.seek_write(octets, at)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        octets = octets.get(written..).unwrap_or_default();
        at += written as u64;
    }
    Ok(())
}

/// A file that is made has the rights of its directory, which in a user's profile is the user's.
pub(crate) fn make_private(_options: &mut OpenOptions) {}

/// Makes a directory, and those that it lies in.
///
/// # Errors
/// The system's.
pub(crate) fn make_directories(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

/// The file that [`lock_directory`] leaves in a directory: directories themselves have no locks.
pub(crate) const LOCK_FILE: Option<&str> = Some("lock");

/// Locks a directory for this process alone, until the file is closed; `None` if another one has
/// it.
///
/// # Errors
/// `NotADirectory`, or what the system says.
pub(crate) fn lock_directory(path: &Path) -> io::Result<Option<File>> {
    if !path.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    lock_file(&path.join(LOCK_FILE.unwrap_or_default()))
}

/// Opens a file that no other process can open until it is closed; `None` if one has it open.
///
/// # Errors
/// The system's.
pub(crate) fn lock_file(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(false)
        .share_mode(0);
    match options.open(path) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

/// NTFS writes its own journal: which files are in a directory needs no call of ours.
///
/// # Errors
/// None.
pub(crate) fn sync_directory(_lock: &File) -> io::Result<()> {
    Ok(())
}

/// As [`sync_directory`].
///
/// # Errors
/// None.
pub(crate) fn sync_parent(_directory: &Path) -> io::Result<()> {
    Ok(())
}

/// A directory that has a lock can be written to.
///
/// # Errors
/// None.
pub(crate) fn is_writable(_lock: &File) -> io::Result<()> {
    Ok(())
}

/// Octets that this process can still write there.
pub(crate) fn free_disk(path: &Path) -> Option<u64> {
    fs4::available_space(path).ok()
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".to_owned())
}

/// How many files and sockets the process may have open; `None` is no limit.
pub(crate) fn descriptors_max() -> Option<u64> {
    None
}

/// There is nothing to raise.
pub(crate) fn raise_descriptors() {}

/// Numbers of files and sockets are not given out in order, nor are they few.
pub(crate) fn has_descriptor(_any: &impl Descriptor, _number: i32) -> bool {
    true
}

/// Writes wait by themselves here.
///
/// # Errors
/// None.
#[cfg(feature = "program")]
pub(crate) fn wait_writable(_output: &impl std::os::windows::io::AsHandle) -> io::Result<()> {
    Ok(())
}

/// A standard stream, without the buffer of `std`, which would write again what failed before.
///
/// # Errors
/// The system's.
#[cfg(feature = "program")]
pub(crate) fn stream(stream: &impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}
