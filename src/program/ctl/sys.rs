//! What systems do each in their own way: where a node is reached, and whether a process runs.
//!
//! Owns every call that one system has and another has not. Each system's file has the same
//! functions.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::is_private;
#[cfg(unix)]
pub(crate) use unix::{Local, connect, host_name, is_alive, is_trusted, own_directory};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::Door;
#[cfg(windows)]
pub(crate) use windows::{Local, connect, host_name, is_alive, is_trusted, own_directory};
