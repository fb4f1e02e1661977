//! Brokers that are started for a comparison, and ended with it.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bench::error::{BenchError, During as _};
use crate::bench::uri::Target;
use crate::bench::usage::listener;
use crate::bench::wire::Link;

/// How long a broker may take until a connection is open.
const START: Duration = Duration::from_secs(60);

/// Whether what a load stores must be on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    /// Nothing is stored.
    Nothing,
    /// Durable things are synced.
    Disk,
}

/// Where a broker comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A Leveret program; started anew for each load.
    Leveret(PathBuf),
    /// The script of LEVERET_ORACLE; started once.
    Oracle(PathBuf),
    /// One that runs.
    Running(String),
}

impl Source {
    /// Reads `leveret`, `rabbitmq`, `NAME=URI`; gives the name too.
    pub(super) fn parse(text: &str) -> Result<(String, Self), BenchError> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let source = match (name, value) {
            (_, uri) if uri.starts_with("amqp://") => Self::Running(uri.to_owned()),
            ("leveret", "") => {
                Self::Leveret(std::env::current_exe().during("finding this program")?)
            }
            ("rabbitmq", "") => {
                let script = std::env::var_os("LEVERET_ORACLE").ok_or_else(|| {
                    BenchError::Options("LEVERET_ORACLE names no script that starts one".to_owned())
                })?;
                Self::Oracle(script.into())
            }
            (_, program) if !program.is_empty() => Self::Leveret(program.into()),
            _ => return Err(BenchError::Options(format!("unknown broker: {text}"))),
        };
        Ok((name.to_owned(), source))
    }
}

/// A broker that a load can be put on.
pub(super) struct Broker {
    pub(super) uri: String,
    child: Option<Started>,
}

/// What is ended when it is no longer needed.
struct Started {
    child: Child,
    /// The process that serves, if that is a grandchild.
    server: Option<u32>,
    dir: Option<PathBuf>,
}

impl Broker {
    /// Starts a Leveret on a free port and waits until a connection is open.
    pub(super) fn leveret(program: &Path, keeps: Keeps) -> Result<Self, BenchError> {
        let port = free_port()?;
        let mut command = Command::new(program);
        command.args(["--host", "127.0.0.1", "--log-level", "error"]);
        command.args(["--port", &port.to_string()]);
        let mut dir = None;
        match keeps {
            Keeps::Nothing => {
                command.arg("--ephemeral");
            }
            Keeps::Disk => {
                let path = std::env::temp_dir().join(format!("leveret-bench-{port}"));
                command.arg("--data-dir").arg(&path);
                dir = Some(path);
            }
        }
        let child = command
            .stdout(Stdio::null())
            .spawn()
            .during("starting leveret")?;
        let started = Started {
            child,
            server: None,
            dir,
        };
        Self::wait(port, started)
    }

    /// Starts a RabbitMQ with the oracle script.
    pub(super) fn oracle(script: &Path, port: u16) -> Result<Self, BenchError> {
        let child = Command::new(script)
            .args(["start", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .during("starting the script of LEVERET_ORACLE")?;
        let started = Started {
            child,
            server: None,
            dir: None,
        };
        let mut broker = Self::wait(port, started)?;
        if let Some(started) = &mut broker.child {
            started.server = listener(port);
        }
        Ok(broker)
    }

    /// Uses one that runs.
    pub(super) fn running(uri: &str) -> Self {
        Self {
            uri: uri.to_owned(),
            child: None,
        }
    }

    fn wait(port: u16, mut started: Started) -> Result<Self, BenchError> {
        let uri = format!("amqp://guest:guest@127.0.0.1:{port}");
        let target = Target::parse(&uri)?;
        let begin = Instant::now();
        loop {
            match Link::open(&target) {
                Ok(link) => {
                    link.close()?;
                    return Ok(Self {
                        uri,
                        child: Some(started),
                    });
                }
                Err(error) if begin.elapsed() > START => return Err(error),
                Err(_) => {}
            }
            if let Some(status) = started.child.try_wait().during("waiting for a broker")? {
                return Err(BenchError::Child(format!("the broker ended with {status}")));
            }
            thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // What is gone already is what is wanted.
        match self
            .server
            .and_then(|pid| Pid::from_raw(pid.try_into().ok()?))
        {
            Some(server) => kill_process(server, Signal::TERM).unwrap_or_default(),
            None => self.child.kill().unwrap_or_default(),
        }
        drop(self.child.wait());
        if let Some(dir) = &self.dir {
            std::fs::remove_dir_all(dir).unwrap_or_default();
        }
    }
}

/// A relay in a child process.
pub(in crate::bench) struct Relay {
    child: Child,
    port: u16,
}

impl Relay {
    /// Starts this program as a relay.
    pub(in crate::bench) fn start() -> Result<Self, BenchError> {
        let program = std::env::current_exe().during("finding this program")?;
        let mut child = Command::new(program)
            .args(["bench", "relay"])
            .stdout(Stdio::piped())
            .spawn()
            .during("starting the relay")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out)
                .read_line(&mut line)
                .during("reading the relay's port")?;
        }
        let port = line.trim().parse();
        let port = port.map_err(|_| BenchError::Child(format!("the relay said {line:?}")))?;
        Ok(Self { child, port })
    }

    /// Where it listens.
    pub(in crate::bench) fn uri(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub(in crate::bench) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}

/// A port that nobody listens on now.
fn free_port() -> Result<u16, BenchError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during("finding a free port")?;
    Ok(listener.local_addr().during("finding a free port")?.port())
}
