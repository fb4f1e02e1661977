//! Linux, macOS and their relatives.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{Access, AtFlags, accessat};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// An open file or socket.
pub(crate) use std::os::fd::AsFd as Descriptor;

/// Reads at a place of a file; the number of octets read.
///
/// # Errors
/// The system's.
pub(crate) fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    file.read_at(into, at)
}

/// Writes all octets to a place of a file.
///
/// # Errors
/// The system's.
pub(crate) fn write_all_at(file: &File, octets: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(octets, at)
}

/// Has a file that is made be its owner's alone.
pub(crate) fn make_private(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Makes a directory that is its owner's alone, and those that it lies in.
///
/// # Errors
/// The system's.
pub(crate) fn make_directories(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The file that [`lock_directory`] leaves in a directory; here it leaves none.
pub(crate) const LOCK_FILE: Option<&str> = None;

/// Opens a directory and locks it for this process alone, until it is closed; `None` if another one
/// has it.
///
/// # Errors
/// `NotADirectory`, or what the system says.
pub(crate) fn lock_directory(path: &Path) -> io::Result<Option<File>> {
    let directory = File::open(path)?;
    if !directory.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    match directory.try_lock() {
        Ok(()) => Ok(Some(directory)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes to the disk which files are in a directory that is locked.
///
/// # Errors
/// The system's.
pub(crate) fn sync_directory(directory: &File) -> io::Result<()> {
    directory.sync_all()
}

/// Writes to the disk which directories are in another one.
///
/// # Errors
/// The system's.
pub(crate) fn sync_parent(directory: &Path) -> io::Result<()> {
    // One that may be written and not read cannot be synced: that is no reason not to go on.
    File::open(directory).map_or(Ok(()), |directory| directory.sync_all())
}

/// Fails unless files can be made in a directory that is locked.
///
/// # Errors
/// The system's reason.
pub(crate) fn is_writable(directory: &File) -> io::Result<()> {
    let may = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    Ok(accessat(directory, ".", may, AtFlags::EACCESS)?)
}

/// Octets that an unprivileged process can still write there.
pub(crate) fn free_disk(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    let machine = rustix::system::uname();
    machine.nodename().to_string_lossy().into_owned()
}

/// How many files and sockets the process may have open; `None` is no limit.
pub(crate) fn descriptors_max() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises that to what the system lets it have.
pub(crate) fn raise_descriptors() {
    let now = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: now.maximum,
        ..now
    };
    // Where that is refused (macOS has a lower limit of its own), the old one stands.
    let _raised = setrlimit(Resource::Nofile, most);
}

/// Whether this number is free and no lower one from it on is. `any` is an open one.
pub(crate) fn has_descriptor(any: &impl Descriptor, number: i32) -> bool {
    let lowest = fcntl_dupfd_cloexec(any, number);
    lowest.is_ok_and(|lowest| lowest.as_raw_fd() == number)
}

/// Waits until something can be written to a file, a pipe or a terminal that does not wait itself.
///
/// # Errors
/// The system's.
#[cfg(feature = "program")]
pub(crate) fn wait_writable(output: &impl std::os::fd::AsFd) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    poll(&mut [PollFd::new(output, PollFlags::OUT)], None)?;
    Ok(())
}

/// A standard stream, without the buffer of `std`, which would write again what failed before.
///
/// # Errors
/// The system's.
#[cfg(feature = "program")]
pub(crate) fn stream(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}
