//! Where a node's socket is: by its name in a directory for this, and in its data directory.
//!
//! The broker makes the sockets and the tools look for them, by the same rules.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

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
    let machine = rustix::system::uname();
    let name = machine.nodename().to_string_lossy().into_owned();
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
    found.push(of_user(rustix::process::geteuid().as_raw()));
    found
}

/// A user's own directory in the directory for temporary files.
fn of_user(uid: u32) -> PathBuf {
    env::temp_dir().join(format!("leveret-{uid}"))
}

/// Whether this is a directory, and no link to one, that the user `uid` owns and no other user can
/// write to.
#[must_use]
pub fn is_private(dir: &Path, uid: u32) -> bool {
    fs::symlink_metadata(dir).is_ok_and(|found| {
        found.is_dir() && found.uid() == uid && found.permissions().mode() & 0o022 == 0
    })
}

/// Whether the sockets in a directory are those of a broker that this user may tell secrets: it is
/// private to this user or to root. Of others root only believes what was `named` to it: by a
/// variable, or by root itself, who alone can make the system's directory. Anybody can make one in
/// the directory for temporary files and wait there for root to ask.
fn is_trusted(dir: &Path, named: bool) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let Ok(found) = fs::symlink_metadata(dir) else {
        return false;
    };
    let owner = found.uid();
    let is_known = owner == own || owner == 0 || (own == 0 && named);
    is_known && is_private(dir, owner)
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
