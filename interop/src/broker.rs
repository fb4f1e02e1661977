//! The broker under test: ours, a RabbitMQ, or one that runs already.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::error::{self, InteropError, io_error};
use crate::process::{self, Group};

/// How long ours may take to be ready: a broker that starts in milliseconds, on a busy machine.
const OURS_READY: Duration = Duration::from_secs(20);
/// How long RabbitMQ may take to be ready.
const RABBITMQ_READY: Duration = Duration::from_secs(180);
/// How long a broker may take to answer a protocol header.
const ANSWER: Duration = Duration::from_secs(5);
/// A connection.start is far smaller; what is larger is no broker's greeting.
const GREETING_LEN_MAX: usize = 64 * 1024;

/// Which broker to test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Built from this workspace and started for the run.
    Leveret,
    /// Started for the run by the oracle's script.
    RabbitMq,
    /// `user:password@host:port` of a broker that runs already.
    Running(String),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "leveret" => Ok(Self::Leveret),
            "rabbitmq" => Ok(Self::RabbitMq),
            _ => {
                let rest = text
                    .strip_prefix("amqp://")
                    .ok_or("not leveret, rabbitmq or amqp://…")?;
                let rest = rest.split('/').next().unwrap_or_default();
                let (login, address) = rest.rsplit_once('@').unwrap_or(("guest:guest", rest));
                let port = if address.contains(':') { "" } else { ":5672" };
                Ok(Self::Running(format!("{login}@{address}{port}")))
            }
        }
    }
}

/// A broker that accepts connections; one that was started ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Broker {
    /// `user:password@host:port`.
    authority: String,
    /// What it says it is.
    pub(crate) identity: Identity,
    _process: Option<Group>,
}

/// What a broker calls itself in connection.start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Leveret, RabbitMQ or another product.
    pub(crate) product: String,
    /// As announced, for Leveret the version of RabbitMQ that it behaves like.
    pub(crate) version: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.product, self.version)
    }
}

#[derive(Deserialize)]
struct ReadyFile {
    amqp: Vec<ReadyListener>,
}

#[derive(Deserialize)]
struct ReadyListener {
    port: u16,
}

impl Broker {
    /// Starts or finds the broker and waits until it greets.
    pub(crate) fn start(
        choice: &Choice,
        oracle: Option<&Path>,
        root: &Path,
        work: &Path,
    ) -> Result<Self, InteropError> {
        let log = work.join("broker.log");
        let (authority, process) = match choice {
            Choice::Running(authority) => (authority.clone(), None),
            Choice::Leveret => {
                let (port, process) = start_leveret(root, work, &log)?;
                (format!("guest:guest@127.0.0.1:{port}"), Some(process))
            }
            Choice::RabbitMq => {
                let script = oracle.ok_or_else(|| {
                    let reason = "name the script that starts RabbitMQ in LEVERET_ORACLE";
                    InteropError::Broker(reason.to_owned())
                })?;
                let (port, process) = start_rabbitmq(script, &log)?;
                (format!("guest:guest@127.0.0.1:{port}"), Some(process))
            }
        };
        let greeting = greet(address_of(&authority))
            .map_err(|error| InteropError::Broker(format!("{authority}: {error}")))?;
        Ok(Self {
            authority,
            identity: identity(&greeting),
            _process: process,
        })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        address_of(&self.authority)
    }

    /// The URI of the default vhost, through `address` if one is given.
    pub(crate) fn uri(&self, through: Option<&str>) -> String {
        match (through, self.authority.rsplit_once('@')) {
            (Some(address), Some((login, _))) => format!("amqp://{login}@{address}/%2F"),
            _ => format!("amqp://{}/%2F", self.authority),
        }
    }
}

fn address_of(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address)
}

fn start_leveret(root: &Path, work: &Path, log: &Path) -> Result<(u16, Group), InteropError> {
    let mut build = Command::new("cargo");
    build
        .args(["build", "--quiet", "--release", "--bin", "leveret"])
        .current_dir(root);
    process::run(&mut build, &work.join("build.log"))?;
    let ready = work.join("ready.json");
    if ready.exists() {
        std::fs::remove_file(&ready).map_err(io_error("remove", ready.display()))?;
    }
    let binary: PathBuf = root.join("target").join("release").join("leveret");
    let mut command = Command::new(binary);
    command
        .args(["--port", "0", "--ephemeral", "--ready-file"])
        .arg(&ready);
    let mut process = logged(&mut command, log)?;
    let mut ended = None;
    process::wait_until(OURS_READY, || {
        ended = process.ended();
        ready.exists() || ended.is_some()
    });
    if !ready.exists() {
        return Err(not_ready(ended, log));
    }
    let file: ReadyFile =
        serde_json::from_str(&error::read(&ready)?).map_err(|error| InteropError::Description {
            path: ready,
            reason: error.to_string(),
        })?;
    match file.amqp.first() {
        Some(listener) => Ok((listener.port, process)),
        None => Err(InteropError::Broker(
            "the ready file names no AMQP listener".to_owned(),
        )),
    }
}

fn start_rabbitmq(script: &Path, log: &Path) -> Result<(u16, Group), InteropError> {
    let port = free_port_family()?;
    let mut command = Command::new(script);
    command.args(["start", &port.to_string()]);
    let mut process = logged(&mut command, log)?;
    let mut ended = None;
    let ready = process::wait_until(RABBITMQ_READY, || {
        ended = process.ended();
        ended.is_some() || greet(&format!("127.0.0.1:{port}")).is_ok()
    });
    if ready && ended.is_none() {
        Ok((port, process))
    } else {
        Err(not_ready(ended, log))
    }
}

fn not_ready(ended: Option<String>, log: &Path) -> InteropError {
    let what = ended.unwrap_or_else(|| "not ready in time".to_owned());
    InteropError::Broker(format!("{what}: {}", process::last_lines(log, 4)))
}

fn logged(command: &mut Command, log: &Path) -> Result<Group, InteropError> {
    let file = File::create(log).map_err(io_error("create", log.display()))?;
    let copy = file.try_clone().map_err(io_error("open", log.display()))?;
    Group::start(command.stdin(Stdio::null()).stdout(file).stderr(copy))
}

/// A port that is free with those at fixed distances from it, which the oracle listens on too.
fn free_port_family() -> Result<u16, InteropError> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (5700..10_000_u16)
        .find(|port| {
            [0, 10_000, 11_000, 20_000]
                .iter()
                .all(|distance| is_free(port + distance))
        })
        .ok_or_else(|| InteropError::Broker("no free ports from 5700 to 9999".to_owned()))
}

/// Sends the protocol header and reads the first frame, a connection.start.
fn greet(address: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.write_all(b"AMQP\0\0\x09\x01")?;
    let mut head = [0; 7];
    stream.read_exact(&mut head)?;
    let [kind, _, _, a, b, c, d] = head;
    let len = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    if kind != 1 || len > GREETING_LEN_MAX {
        return Err(std::io::Error::other("this is no AMQP 0-9-1 broker"));
    }
    let mut frame = vec![0; len];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

/// Reads product and version out of a connection.start.
fn identity(greeting: &[u8]) -> Identity {
    let text = |key| long_string(greeting, key).unwrap_or_default();
    let (product, platform) = (text("product"), text("platform"));
    let ours = [platform, text("information")]
        .into_iter()
        .any(|text| text.contains("Leveret"));
    let product = if ours { "Leveret".to_owned() } else { product };
    Identity {
        product,
        version: text("version"),
    }
}

/// The value of a long string in an encoded table, wherever its key is.
fn long_string(table: &[u8], key: &str) -> Option<String> {
    let mut pattern = vec![u8::try_from(key.len()).ok()?];
    pattern.extend_from_slice(key.as_bytes());
    pattern.push(b'S');
    let at = table
        .windows(pattern.len())
        .position(|window| window == pattern)?;
    let value = table.get(at + pattern.len()..)?;
    let (len, rest) = value.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    rest.get(..len)
        .map(|text| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests;
