//! The ready file: tells a script or a test that started the broker where it listens.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::broker::reachable;
use crate::config::{Durability, Settings};
use crate::net::listener::Listening;
use serde::Serialize;

/// What a started broker says of itself, in the ready file and in the log.
#[derive(Debug, Serialize)]
pub(crate) struct Ready {
    /// The process.
    pub(crate) pid: u32,
    /// The version of Leveret, not the one that clients are told.
    pub(crate) version: &'static str,
    /// Where clients connect for AMQP.
    pub(crate) amqp: Vec<Endpoint>,
    /// Where they connect for AMQP over TLS.
    pub(crate) amqps: Vec<Endpoint>,
    /// Where tools connect for the management API; nothing if it is not served.
    pub(crate) management: Vec<Endpoint>,
    /// Where Prometheus finds the metrics; nothing if they are not served.
    pub(crate) prometheus: Vec<Endpoint>,
    /// What is listened on, in the same order: `[::]:5672` is every interface.
    pub(crate) listening: Vec<SocketAddr>,
    /// Everything that it listens for, and the addresses as they are.
    pub(crate) listeners: Vec<Listening>,
    /// The directory of messages and definitions; none when nothing is written.
    pub(crate) data_dir: Option<PathBuf>,
    /// The word of the setting.
    pub(crate) durability: &'static str,
}

/// An address that a client on this machine can connect to.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Endpoint {
    /// An IP address, never "every interface".
    pub(crate) host: IpAddr,
    /// 1 to 65535.
    pub(crate) port: u16,
}

impl From<&SocketAddr> for Endpoint {
    fn from(address: &SocketAddr) -> Self {
        let address = reachable(*address);
        Self {
            host: address.ip(),
            port: address.port(),
        }
    }
}

impl Ready {
    /// Describes a broker with these listeners.
    pub(crate) fn new(settings: &Settings, listeners: &[Listening]) -> Self {
        let written = settings.durability != Durability::Memory;
        let addresses = |protocol: &str| -> Vec<SocketAddr> {
            let speaking = listeners.iter().filter(|one| one.protocol == protocol);
            speaking.flat_map(|one| one.addresses.clone()).collect()
        };
        let amqp = addresses("amqp");
        Self {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION"),
            amqp: amqp.iter().map(Endpoint::from).collect(),
            amqps: addresses("amqp/ssl").iter().map(Endpoint::from).collect(),
            management: addresses("http").iter().map(Endpoint::from).collect(),
            prometheus: addresses("http/prometheus")
                .iter()
                .map(Endpoint::from)
                .collect(),
            listening: amqp,
            listeners: listeners.to_vec(),
            data_dir: written.then(|| absolute(&settings.data_dir)),
            durability: settings.durability.word(),
        }
    }

    /// Writes the file beside its place and moves it there, so that a reader sees all of it or
    /// nothing.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let text = serde_json::to_string(self)? + "\n";
        let beside = beside(path);
        fs::write(&beside, text)?;
        fs::rename(&beside, path)
    }
}

/// Writes the process id to a file, as RabbitMQ does; its directory is made.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write_pid(path: &Path) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(path, format!("{}\n", std::process::id()))
}

/// Finds out whether [`Ready::write`] would work, without touching the file.
///
/// # Errors
/// Those of the file system.
pub(crate) fn rehearse(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let beside = beside(path);
    fs::write(&beside, "")?;
    fs::remove_file(beside)
}

/// A name that no other process writes to, in the same directory.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}

/// Takes away a file that an earlier broker left, or that this one leaves at its end.
///
/// # Errors
/// Those of the file system; a file that is not there is none.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The path from the root, for readers that have another working directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
