//! Unix: a node is reached at a socket that is a file.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::{Pid, geteuid, test_kill_process};
use tokio::net::UnixStream;

/// A connection to a node of this machine.
pub(crate) type Local = UnixStream;

/// Connects to the node whose socket this is.
///
/// # Errors
/// The system's.
pub(crate) async fn connect(path: &Path) -> io::Result<Local> {
    UnixStream::connect(path).await
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    let machine = rustix::system::uname();
    machine.nodename().to_string_lossy().into_owned()
}

/// This user's own directory in the directory for temporary files.
pub(crate) fn own_directory() -> PathBuf {
    env::temp_dir().join(format!("leveret-{}", geteuid().as_raw()))
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
pub(crate) fn is_trusted(dir: &Path, named: bool) -> bool {
    let own = geteuid().as_raw();
    let Ok(found) = fs::symlink_metadata(dir) else {
        return false;
    };
    let owner = found.uid();
    let is_known = owner == own || owner == 0 || (own == 0 && named);
    is_known && is_private(dir, owner)
}

/// Whether a process is there; one that may not be asked is. One that has ended, and whose parent
/// has not looked yet, is not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let state = stat.ok().and_then(|stat| {
        let (_, state) = stat.rsplit_once(") ")?;
        state.chars().next()
    });
    if let Some(state) = state {
        return !matches!(state, 'Z' | 'X');
    }
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}
