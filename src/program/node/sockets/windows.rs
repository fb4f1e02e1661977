//! Windows: a port of the loopback address, and a file in the user's profile that says which, with
//! a secret. Who can read the file may ask. Compiled for it and read, never run.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use leveret_ctl::place::Door;
use subtle::ConstantTimeEq as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::log;
use crate::sys;

/// Octets of a secret, each of which is two letters of it.
const SECRET_BYTES: usize = 32;

/// How long a peer may take to say the secret.
const SECRET_WAIT: Duration = Duration::from_secs(1);

/// A socket that is this broker's.
pub(crate) struct Socket {
    listener: StdListener,
    path: PathBuf,
    secret: String,
    /// Held as long as this lives.
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
        let lock = sys::lock_file(&path.with_extension("lock")).map_err(said)?;
        let lock = lock.ok_or_else(|| said(io::Error::other("a broker that runs has it")))?;
        let mut octets = [0; SECRET_BYTES];
        getrandom::fill(&mut octets).map_err(|error| said(io::Error::other(error)))?;
        let secret: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(said)?;
        listener.set_nonblocking(true).map_err(said)?;
        let door = Door {
            port: listener.local_addr().map_err(said)?.port(),
            secret: secret.clone(),
        };
        door.write(&path).map_err(said)?;
        Ok(Self {
            listener,
            path,
            secret,
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
        Ok(Listener {
            listener: TcpListener::from_std(self.listener.try_clone()?)?,
            secret: format!("{}\n", self.secret),
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // If it fails, the next broker replaces it.
        let _stale = fs::remove_file(&self.path);
    }
}

/// Accepts on a socket.
pub(super) struct Listener {
    listener: TcpListener,
    secret: String,
}

impl Listener {
    /// The next connection.
    ///
    /// # Errors
    /// The system's: no file can be opened now.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        Ok(self.listener.accept().await?.0)
    }

    /// The connection, whose peer has yet to say the secret.
    pub(super) fn admit(&self, stream: TcpStream) -> Result<TcpStream, std::future::Ready<()>> {
        Ok(stream)
    }

    /// The connection if its peer knows the secret; it is ended otherwise.
    pub(super) async fn greet(&self, mut stream: TcpStream) -> Option<TcpStream> {
        let mut said = vec![0; self.secret.len()];
        let read = tokio::time::timeout(SECRET_WAIT, stream.read_exact(&mut said)).await;
        if matches!(read, Ok(Ok(_))) && bool::from(said.ct_eq(self.secret.as_bytes())) {
            return Some(stream);
        }
        log::warn!("a peer that does not know the node's secret is refused at its socket");
        None
    }
}

/// Makes a directory if there is none: in a user's profile it is the user's alone.
///
/// # Errors
/// The system's.
pub(super) fn usable(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}
