//! What only Linux has: a niceness of each thread, and files that count in pages.

use std::io;

use rustix::process::{getpriority_process, setpriority_process};

/// Octets of a page of memory.
pub(crate) fn page_bytes() -> u64 {
    rustix::param::page_size() as u64
}

/// The niceness of this thread.
///
/// # Errors
/// The system's.
pub(crate) fn thread_niceness() -> io::Result<i32> {
    // Linux takes no process for the thread that asks.
    Ok(getpriority_process(None)?)
}

/// Has the system prefer other threads to this one.
///
/// # Errors
/// The system's.
pub(crate) fn lower_thread(niceness: i32) -> io::Result<()> {
    Ok(setpriority_process(None, niceness)?)
}
