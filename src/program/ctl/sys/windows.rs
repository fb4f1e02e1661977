//! Windows: a node is reached at a port of the loopback address, with a secret that only its user
//! can read. Compiled for it and read, never run.

use std::env;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// A connection to a node of this machine.
pub(crate) type Local = TcpStream;

/// What is in the file that has a socket's place: a port, a space, a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// A port of the loopback address.
    pub port: u16,
    /// What a tool says first, with a line feed behind it.
    pub secret: String,
}

impl Door {
    /// Reads a node's file.
    ///
    /// # Errors
    /// The system's; `InvalidData` for a file that is no node's.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let parsed = text.trim().split_once(' ').and_then(|(port, secret)| {
            Some(Self {
                port: port.parse().ok()?,
                secret: secret.to_owned(),
            })
        });
        parsed.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Writes a node's file; in a user's profile only the user can read it.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, format!("{} {}\n", self.port, self.secret))
    }
}

/// Connects to the node whose file this is.
///
/// # Errors
/// The system's; `InvalidData` for a file that is no node's.
pub(crate) async fn connect(path: &Path) -> io::Result<Local> {
    let door = Door::read(path)?;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, door.port)).await?;
    stream
        .write_all(format!("{}\n", door.secret).as_bytes())
        .await?;
    Ok(stream)
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".to_owned())
}

/// A directory in this user's profile.
pub(crate) fn own_directory() -> PathBuf {
    let profile = env::var_os("LOCALAPPDATA").map(PathBuf::from);
    profile.unwrap_or_else(env::temp_dir).join("leveret")
}

/// A user's profile is the user's alone, and a directory that was named is believed.
pub(crate) fn is_trusted(dir: &Path, _named: bool) -> bool {
    dir.is_dir()
}

/// Whether a process is there; one that cannot be asked after is.
pub(crate) fn is_alive(pid: u32) -> bool {
    let filter = format!("PID eq {pid}");
    let listed = Command::new("tasklist")
        .args(["/NH", "/FO", "CSV", "/FI", &filter])
        .output();
    listed.map_or(true, |listed| {
        String::from_utf8_lossy(&listed.stdout).contains(&format!("\"{pid}\""))
    })
}
