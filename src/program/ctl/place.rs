//! Where a node's socket is: by its name in a directory for this, and in its data directory.
//!
//! The broker makes the sockets and the tools look for them, by the same rules. Where a system has
//! no such sockets, a file in its place says where to connect.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

#[cfg(windows)]
pub use crate::sys::Door;
#[cfg(unix)]
pub use crate::sys::is_private;
use crate::sys::{self, is_trusted};

/// The socket's name in the data directory.
pub const IN_DATA_DIR: &str = "ctl.sock";

/// Below it a broker that was started as RabbitMQ's server has its data.
const SERVER_DATA: &str = "/var/lib/rabbitmq/mnesia";

/// Names the directory for sockets, before all others.
const RUNTIME_DIR: &str = "LEVERET_RUNTIME_DIR";

/// The system's directory, if it was made for this.
const SYSTEM_DIR: &str = "/run/leveret";

/// What a node's name may not have as the name of a file.
const UNFIT: &AsciiSet = &CONTROLS.add(b'/').add(b'%').add(b'\\');

/// Octets of a file's name, so that the path fits an address of a socket.
const NAME_BYTES_MAX: usize = 72;

/// The name of this machine up to its first dot, or all of it.
fn host_name(long: bool) -> String {
    let name = sys::host_name();
    match name.split_once('.') {
        Some((short, _)) if !long => short.to_owned(),
        _ => name,
    }
}

/// The full name of a node: `rabbit` on this machine unless something else is said.
#[must_use]
pub fn node_name(given: Option<&str>, long: bool) -> String {
    let given = given.filter(|name| !name.is_empty()).unwrap_or("rabbit");
    match given.split_once('@') {
        Some((_, host)) if !host.is_empty() => given.to_owned(),
        Some((name, _)) => format!("{name}@{}", host_name(long)),
        None => format!("{given}@{}", host_name(long)),
    }
}

/// The name of a node's socket in a directory for sockets.
#[must_use]
pub fn file_name(node: &str) -> String {
    let mut name: String = utf8_percent_encode(node, UNFIT).to_string();
    if name.len() > NAME_BYTES_MAX {
        let mark = format!("~{:08x}", mark_of(&name));
        let mut end = NAME_BYTES_MAX - mark.len();
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
        name.push_str(&mark);
    }
    name.push_str(".sock");
    name
}

/// A number that two long names hardly share (FNV-1a).
fn mark_of(text: &str) -> u32 {
    let step = |sum: u32, byte: u8| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(0x811c_9dc5, step)
}

/// The directories where a broker of this user puts its socket: the first that can be used.
#[must_use]
pub fn directories() -> Vec<PathBuf> {
    if let Some(dir) = set(RUNTIME_DIR) {
        return vec![PathBuf::from(dir)];
    }
    let mut found = Vec::new();
    if let Some(dir) = set("XDG_RUNTIME_DIR") {
        found.push(Path::new(&dir).join("leveret"));
    }
    found.push(PathBuf::from(SYSTEM_DIR));
    found.push(sys::own_directory());
    found
}

/// The paths at which a node's socket may be, in the order in which to try them. Root reaches a
/// broker of another user by its data directory, unless it is in the system's directory.
#[must_use]
pub fn candidates(node: &str, data_dir: Option<&Path>) -> Vec<PathBuf> {
    if let Some(dir) = data_dir {
        return vec![dir.join(IN_DATA_DIR)];
    }
    let name = file_name(node);
    let is_set = set(RUNTIME_DIR).is_some();
    let named = |dir: &Path| is_set || dir == Path::new(SYSTEM_DIR);
    let trusted = directories().into_iter();
    let trusted = trusted.filter(|dir| is_trusted(dir, named(dir)));
    trusted.map(|dir| dir.join(&name)).collect()
}

/// Where the socket of RabbitMQ's server is if no directory for sockets could be used, as on a
/// read-only root with another user.
pub(crate) fn of_server(node: &str) -> PathBuf {
    let name = node.split('@').next().unwrap_or(node);
    Path::new(SERVER_DATA).join(name).join(IN_DATA_DIR)
}

fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
