//! Brokers that are started for a comparison, and ended with it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::{BenchError, During as _};
use crate::uri::Target;
use crate::usage::listener;
use crate::wire::Link;

/// How far above the port of AMQP a broker's other ports are, at most.
const ABOVE: u16 = 10_020;

/// How long a broker may take until a connection is open.
const START: Duration = Duration::from_secs(60);

/// Whether what a load stores must be on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    /// Nothing is stored.
    Nothing,
    /// Durable things are synced.
    Disk,
    /// Durable things are written, and the system syncs them when it likes.
    System,
    /// Durable things are synced, and bodies leave memory above a mebibyte.
    Paged,
}

impl Keeps {
    /// The settings of a Leveret that keeps things so, besides its directory.
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &["--ephemeral"],
            Self::Disk => &[],
            Self::System => &["--set", "durability=os"],
            Self::Paged => &["--set", "body_budget=1048576"],
        }
    }
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
    /// Program and arguments to start it with again, but for the port.
    again: Option<(PathBuf, Vec<OsString>)>,
}

impl Started {
    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().try_into().ok()?)
    }
}

fn spawn(program: &Path, port: u16, words: &[OsString]) -> Result<Child, BenchError> {
    Command::new(program)
        .args(["--host", "127.0.0.1", "--log-level", "error"])
        .args(["--port", &port.to_string()])
        .args(words)
        .stdout(Stdio::null())
        .spawn()
        .during("starting leveret")
}

impl Broker {
    /// Starts a Leveret on a free port and waits until a connection is open.
    pub(super) fn leveret(program: &Path, keeps: Keeps) -> Result<Self, BenchError> {
        let port = free_port()?;
        let dir = std::env::temp_dir().join(format!("leveret-bench-{port}"));
        let mut words: Vec<OsString> = vec!["--data-dir".into(), dir.clone().into()];
        words.extend(keeps.settings().iter().map(OsString::from));
        let started = Started {
            child: spawn(program, port, &words)?,
            server: None,
            dir: Some(dir),
            again: Some((program.to_owned(), words)),
        };
        Self::wait(port, started)
    }

    /// Ends a Leveret with `signal` and starts it again, with what it had stored; gives the time
    /// from its new start to an open connection.
    pub(super) fn restart(&mut self, signal: Signal) -> Result<Duration, BenchError> {
        let started = self.child.take();
        let again = started.and_then(|started| Some((started.again.clone()?, started)));
        let Some(((program, words), mut started)) = again else {
            return Err(BenchError::Child("no broker to start again".to_owned()));
        };
        if let Some(pid) = started.pid() {
            kill_process(pid, signal)
                .map_err(|error| BenchError::Io("ending leveret".to_owned(), error.into()))?;
        }
        started.child.wait().during("waiting for leveret's end")?;
        let port = free_port()?;
        let begin = Instant::now();
        started.child = spawn(&program, port, &words)?;
        *self = Self::wait(port, started)?;
        Ok(begin.elapsed())
    }

    /// Its process, if it was started here.
    pub(super) fn process(&self) -> Option<u32> {
        Some(self.child.as_ref()?.child.id())
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
            again: None,
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

/// Whether a relay syncs what it confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    Yes,
    No,
}

/// A relay in a child process.
pub(crate) struct Relay {
    child: Child,
    port: u16,
}

impl Relay {
    /// Starts this program as a relay.
    pub(crate) fn start(syncs: Syncs) -> Result<Self, BenchError> {
        let program = std::env::current_exe().during("finding this program")?;
        let mut command = Command::new(program);
        command.args(["bench", "relay"]);
        if syncs == Syncs::Yes {
            command.arg("--sync").arg(std::env::temp_dir());
        }
        let mut child = command
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
    pub(crate) fn uri(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}

/// A port on which no program listens now, with room for the management API and metrics above.
fn free_port() -> Result<u16, BenchError> {
    let what = "finding a free port";
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during(what)?;
        let port = listener.local_addr().during(what)?.port();
        if port <= u16::MAX - ABOVE {
            return Ok(port);
        }
    }
}
