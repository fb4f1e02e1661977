//! What systems do each in their own way: files of a data directory, the process and its machine.
//!
//! Owns every call that one system has and another has not, but for the sockets' (`net/socket.rs`,
//! whose calls all systems have) and the program's. Knows nothing of the broker. Each system's file
//! has the same functions; where one cannot do what is asked it says that it does not know.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{
    Descriptor, LOCK_FILE, descriptors_max, free_disk, has_descriptor, host_name, is_writable,
    lock_directory, make_directories, make_private, raise_descriptors, read_at, sync_directory,
    sync_parent, write_all_at,
};
#[cfg(all(unix, feature = "program"))]
pub(crate) use unix::{stream, wait_writable};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{
    Descriptor, LOCK_FILE, descriptors_max, free_disk, has_descriptor, host_name, is_writable,
    lock_directory, make_directories, make_private, raise_descriptors, read_at, sync_directory,
    sync_parent, write_all_at,
};
#[cfg(all(windows, feature = "program"))]
pub(crate) use windows::{lock_file, stream, wait_writable};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{lower_thread, page_bytes, thread_niceness};
