//! Unix: a socket is a file that only its owner and root can connect to.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _,
};
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use leveret_ctl::place;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::process::geteuid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::log;

/// A socket that is this broker's.
pub(crate) struct Socket {
    listener: StdListener,
    path: PathBuf,
    /// Device and number of the file there.
    file: (u64, u64),
    /// Locked as long as this lives.
    _lock: File,
}

impl Socket {
    /// Takes a socket of this name.
    ///
    /// # Errors
    /// In words: a living broker has it, or the system's.
    pub(super) fn take(dir: &Path, name: &str) -> Result<Self, String> {
        let path = dir.join(name);
        let said = |error: io::Error| format!("'{}': {error}", path.display());
        let lock = locked(&path.with_extension("lock")).map_err(said)?;
        remove_stale(&path).map_err(said)?;
        let listener = StdListener::bind(&path).map_err(said)?;
        let file = fs::symlink_metadata(&path).map_err(said)?;
        // It is the kernel that keeps others out: they may come in before this is done.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(said)?;
        listener.set_nonblocking(true).map_err(said)?;
        Ok(Self {
            listener,
            path,
            file: (file.dev(), file.ino()),
            _lock: lock,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What accepts on it, in the runtime that calls this.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn listener(&self) -> io::Result<Listener> {
        UnixListener::from_std(self.listener.try_clone()?).map(Listener)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Another broker's may have its place, if something has removed this one and its lock.
        let is_own = |found: fs::Metadata| (found.dev(), found.ino()) == self.file;
        if fs::symlink_metadata(&self.path).is_ok_and(is_own) {
            // If it fails, the next broker does it.
            let _stale = fs::remove_file(&self.path);
        }
    }
}

/// Removes the socket that a broker has left which was killed, and nothing else.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => {
            let text = "something that is no socket has its place";
            Err(io::Error::new(io::ErrorKind::AlreadyExists, text))
        }
    }
}

/// A file that no other process has locked.
fn locked(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => {
            io::Error::new(io::ErrorKind::AddrInUse, "a broker that runs has it")
        }
        error => error.into(),
    })?;
    Ok(file)
}

/// Accepts on a socket.
pub(super) struct Listener(UnixListener);

impl Listener {
    /// The next connection.
    ///
    /// # Errors
    /// The system's: no file can be opened now.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.0.accept().await?.0)
    }

    /// The connection if its peer may ask; otherwise what answers and ends it.
    pub(super) fn admit(
        &self,
        stream: UnixStream,
    ) -> Result<UnixStream, Pin<Box<impl Future<Output = ()> + Send + use<>>>> {
        match is_admitted(&stream) {
            Ok(()) => Ok(stream),
            Err(uid) => Err(Box::pin(refuse(stream, uid))),
        }
    }

    /// The connection, whose peer the kernel has named already.
    pub(super) async fn greet(&self, stream: UnixStream) -> Option<UnixStream> {
        Some(stream)
    }
}

/// Makes a directory if there is none, and checks that others cannot put a socket there.
pub(super) fn usable(dir: &Path) -> io::Result<()> {
    let made = DirBuilder::new().mode(0o700).create(dir);
    match place::is_private(dir, geteuid().as_raw()) {
        true => Ok(()),
        false => {
            made?;
            let text = "it is no directory that only its owner, this user, can write to";
            Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
        }
    }
}

/// Whether the kernel says that the peer is the user who runs this broker, or root; otherwise who
/// it is, if that is known.
fn is_admitted(stream: &UnixStream) -> Result<(), Option<u32>> {
    let peer = stream.peer_cred().map_err(|_| None)?.uid();
    match peer == 0 || peer == geteuid().as_raw() {
        true => Ok(()),
        false => Err(Some(peer)),
    }
}

/// Says why, and ends the connection. What is asked is read, for a moment, as a client would hear
/// nothing that is answered before it has asked; it means nothing.
async fn refuse(mut stream: UnixStream, uid: Option<u32>) {
    let own = geteuid().as_raw();
    let them = uid.map_or("an unknown user".to_owned(), |uid| format!("user {uid}"));
    log::warn!("{them} is refused at the node's socket: only user {own} and root may ask there");
    let reason = format!(
        "this broker runs as user {own}, who alone may ask it here, besides root; you are {them}"
    );
    let body = serde_json::json!({"error": "not_authorised", "reason": reason}).to_string();
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let said = async {
        let mut asked = [0; 4096];
        if stream.read(&mut asked).await? == 0 {
            return Ok(());
        }
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing before all is read would take the answer away from the peer.
        while stream.read(&mut asked).await? > 0 {}
        io::Result::Ok(())
    };
    // A peer that neither asks nor leaves has to do without.
    let _unheard = tokio::time::timeout(REFUSAL_WAIT, said).await;
}

/// How long a peer that is refused may take to ask, to read the answer and to leave.
const REFUSAL_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
