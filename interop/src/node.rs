//! A broker process that the runner starts, stops and starts again on the same port and data.
//!
//! Owns: the process, where its data lies and how its disk or memory is made short. Does not
//! know: who asks for it ([`crate::control`]) or what the broker says ([`crate::broker`]).

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde::Deserialize;

use crate::broker::greet;
use crate::error::{self, InteropError, io_error};
use crate::process::{self, Group};
use crate::rabbitmq::RabbitMq;

/// How long ours may take to be ready: a broker that starts in milliseconds, on a busy machine.
const OURS_READY: Duration = Duration::from_secs(20);
/// How long RabbitMQ may take to be ready.
const RABBITMQ_READY: Duration = Duration::from_secs(180);
/// Ports for brokers, below those that systems give to clients: no client socket takes one of them
/// while its broker is down.
const PORTS: std::ops::Range<u16> = 5_700..10_000;
/// A share of the free disk that a short one lacks, and its most octets.
const SHORT_SHARE: u64 = 4;
const SHORT_MAX: u64 = 2 << 30;

/// What a broker is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// All brokers, at the same time: everything is allowed and nothing is kept.
    Shared,
    /// One client: it keeps its data, and some names are refused.
    Own,
}

impl Use {
    /// What the user may configure, write and read: patterns of names.
    pub(crate) fn permissions(self) -> [&'static str; 3] {
        match self {
            Self::Shared => [".*"; 3],
            Self::Own => [
                "^(?!interop-no-configure)",
                "^(?!interop-no-write)",
                "^(?!interop-no-read)",
            ],
        }
    }
}

/// Who a program logs in as.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The name.
    pub(crate) user: String,
    /// The password.
    pub(crate) password: String,
}

/// A broker on a port of this machine; it stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Node {
    kind: Kind,
    /// Where it listens, every time it runs.
    pub(crate) port: u16,
    log: PathBuf,
    use_: Use,
    process: Option<Group>,
}

#[derive(Debug)]
enum Kind {
    Leveret(Leveret),
    RabbitMq(RabbitMq),
}

#[derive(Debug)]
struct Leveret {
    binary: PathBuf,
    ready: PathBuf,
    data: PathBuf,
    /// Takes up disk space while it exists.
    filler: PathBuf,
    /// Octets of disk that may be taken until the broker finds too little free.
    margin: u64,
    /// The user that is there from the start, in place of guest.
    login: Option<Login>,
}

impl Node {
    /// Builds and starts ours.
    pub(crate) fn leveret(root: &Path, work: &Path, use_: Use) -> Result<Self, InteropError> {
        build(root, work)?;
        let data = work.join("data");
        if data.exists() {
            std::fs::remove_dir_all(&data).map_err(io_error("remove", data.display()))?;
        }
        let kind = Kind::Leveret(Leveret {
            binary: root.join("target").join("release").join("leveret"),
            ready: work.join("ready.json"),
            data,
            filler: work.join("filler"),
            margin: (free_disk(work)? / SHORT_SHARE).min(SHORT_MAX),
            login: None,
        });
        Self::new(kind, work, use_)
    }

    /// Starts a RabbitMQ by a script, or the one on the path.
    pub(crate) fn rabbitmq(
        script: Option<&Path>,
        work: &Path,
        use_: Use,
    ) -> Result<Self, InteropError> {
        let kind = Kind::RabbitMq(RabbitMq::new(script, work)?);
        Self::new(kind, work, use_)
    }

    fn new(kind: Kind, work: &Path, use_: Use) -> Result<Self, InteropError> {
        let mut node = Self {
            kind,
            port: free_port()?,
            log: work.join("broker.log"),
            use_,
            process: None,
        };
        node.start()?;
        Ok(node)
    }

    /// Starts it and waits until it greets.
    fn start(&mut self) -> Result<(), InteropError> {
        let (mut command, limit) = match &self.kind {
            Kind::Leveret(leveret) => (leveret.command(self.port, self.use_)?, OURS_READY),
            Kind::RabbitMq(rabbitmq) => (rabbitmq.command(self.port)?, RABBITMQ_READY),
        };
        let file = File::create(&self.log).map_err(io_error("create", self.log.display()))?;
        let copy = file
            .try_clone()
            .map_err(io_error("open", self.log.display()))?;
        let process = command.stdin(Stdio::null()).stdout(file).stderr(copy);
        let mut process = Group::start(process)?;
        let (address, mut ended) = (format!("127.0.0.1:{}", self.port), None);
        let done = process::wait_until(limit, || {
            ended = process.ended();
            ended.is_some() || greet(&address).is_ok()
        });
        if !done || ended.is_some() {
            let what = ended.unwrap_or_else(|| "not ready in time".to_owned());
            let log = process::last_lines(&self.log, 4);
            return Err(InteropError::Broker(format!("{what}: {log}")));
        }
        self.process = Some(process);
        match &self.kind {
            Kind::RabbitMq(rabbitmq) => rabbitmq.permit(self.port, self.use_.permissions()),
            Kind::Leveret(_) => Ok(()),
        }
    }

    /// Stops it in order and starts it again.
    pub(crate) fn restart(&mut self) -> Result<(), InteropError> {
        drop(self.process.take());
        self.start()
    }

    /// Ends it without a warning and starts it again.
    pub(crate) fn kill(&mut self) -> Result<(), InteropError> {
        if let Some(process) = self.process.take() {
            process.kill();
        }
        self.start()
    }

    /// Lets a user in who may do everything. Ours starts anew, with that user in place of guest.
    pub(crate) fn admit(&mut self, login: &Login) -> Result<(), InteropError> {
        match &mut self.kind {
            Kind::RabbitMq(rabbitmq) => rabbitmq.admit(self.port, login),
            Kind::Leveret(leveret) => {
                leveret.login = Some(login.clone());
                self.restart()
            }
        }
    }

    /// Makes memory or disk short for the broker, or plentiful again.
    pub(crate) fn set_short(&mut self, short: bool) -> Result<(), InteropError> {
        match &self.kind {
            Kind::Leveret(leveret) => leveret.set_short(short),
            Kind::RabbitMq(rabbitmq) => rabbitmq.set_short(self.port, short),
        }
    }
}

impl Leveret {
    fn command(&self, port: u16, use_: Use) -> Result<Command, InteropError> {
        let mut command = Command::new(&self.binary);
        command.args(["--port", &port.to_string(), "--ready-file"]);
        command.arg(&self.ready);
        if let Some(Login { user, password }) = &self.login {
            command.args(["--set", &format!("default_user={user}")]);
            command.args(["--set", &format!("default_pass={password}")]);
        }
        if use_ == Use::Shared {
            command.arg("--ephemeral");
            return Ok(command);
        }
        command.arg("--data-dir").arg(&self.data);
        let limit = free_disk(&self.home())?.saturating_sub(self.margin);
        command.args(["--set", &format!("disk_free_limit={limit}")]);
        // A program that waits for the restart does not answer the close.
        command.args(["--set", "shutdown_timeout=2000"]);
        for (what, pattern) in ["configure", "write", "read"]
            .iter()
            .zip(use_.permissions())
        {
            command.args(["--set", &format!("default_permissions.{what}={pattern}")]);
        }
        Ok(command)
    }

    fn home(&self) -> PathBuf {
        self.data.parent().unwrap_or(&self.data).to_owned()
    }

    /// The disk is short by its real measure: a file takes the space.
    fn set_short(&self, short: bool) -> Result<(), InteropError> {
        let path = self.filler.display();
        if !short {
            return std::fs::remove_file(&self.filler).map_err(io_error("remove", path));
        }
        let file = File::create(&self.filler).map_err(io_error("create", path))?;
        let flags = rustix::fs::FallocateFlags::empty();
        rustix::fs::fallocate(file, flags, 0, self.margin.saturating_mul(2))
            .map_err(|error| io_error("reserve space for", self.filler.display())(error.into()))
    }
}

impl Drop for Leveret {
    fn drop(&mut self) {
        // Mostly it is not there; a client that failed may have left the disk short.
        std::fs::remove_file(&self.filler).ok();
    }
}

/// Builds ours, once in a run.
fn build(root: &Path, work: &Path) -> Result<(), InteropError> {
    static BUILT: Mutex<bool> = Mutex::new(false);
    let mut built = error::lock(&BUILT);
    if !*built {
        let mut build = Command::new("cargo");
        build
            .args(["build", "--quiet", "--release", "--bin", "leveret"])
            .current_dir(root);
        process::run(&mut build, &work.join("build.log"))?;
        *built = true;
    }
    Ok(())
}

/// Octets that can still be written in a folder.
fn free_disk(folder: &Path) -> Result<u64, InteropError> {
    let stat = rustix::fs::statvfs(folder)
        .map_err(|error| io_error("measure", folder.display())(error.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// A port that is free with those at fixed distances from it, which RabbitMQ listens on too.
fn free_port() -> Result<u16, InteropError> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    // Runs at the same time begin at different places.
    let begin = u16::try_from(std::process::id() % 400 * 10).unwrap_or_default();
    std::iter::repeat_with(|| begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)))
        .take(PORTS.len())
        .map(|number| PORTS.start + number % (PORTS.end - PORTS.start))
        .find(|port| {
            [0, 10_000, 11_000, 20_000]
                .iter()
                .all(|distance| is_free(port + distance))
        })
        .ok_or_else(|| InteropError::Broker(format!("no free ports in {PORTS:?}")))
}

#[cfg(test)]
mod tests;
