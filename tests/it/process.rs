//! The real program as a child process: started, killed without warning, started again.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::talker::eventually;

/// A broker that runs until it is killed or the test is over.
pub(crate) struct Process {
    child: Child,
    /// What its ready file says.
    ready: Value,
    log: PathBuf,
}

impl Process {
    /// Starts one on a free port. `data` is its data directory, `scratch` takes its log and ready
    /// file.
    pub(crate) fn start(data: &Path, scratch: &Path, settings: &[&str]) -> Self {
        Self::start_in(&[], data, scratch, settings).unwrap_or_else(|log| panic!("{log}"))
    }

    /// Starts one with `before` in front of its command line.
    ///
    /// # Errors
    /// What it said, if it ends without getting up.
    pub(crate) fn start_in(
        before: &[&str],
        data: &Path,
        scratch: &Path,
        settings: &[&str],
    ) -> Result<Self, String> {
        let output = File::create(scratch.join("log")).unwrap();
        let log = (output.try_clone().unwrap().into(), output.into());
        Self::start_logging(before, data, scratch, settings, log)
    }

    /// Starts one with `output` as its standard output and standard error.
    ///
    /// # Errors
    /// What it said in `scratch`, if it ends without getting up.
    pub(crate) fn start_logging(
        before: &[&str],
        data: &Path,
        scratch: &Path,
        settings: &[&str],
        (stdout, stderr): (Stdio, Stdio),
    ) -> Result<Self, String> {
        let ready = scratch.join("ready.json");
        let log = scratch.join("log");
        // A broker that was killed could not take it away.
        drop(fs::remove_file(&ready));
        let program = env!("CARGO_BIN_EXE_leveret");
        let mut words = before.iter().copied().chain([program]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .arg("--data-dir")
            .arg(data)
            .arg("--ready-file")
            .arg(&ready);
        for setting in settings {
            command.args(["--set", setting]);
        }
        // Those of the test are none of the broker's settings.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"LEVERET_") {
                command.env_remove(name);
            }
        }
        command.stdout(stdout).stderr(stderr).stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut ended = false;
        eventually("the broker is up or has ended", || {
            ended = child.try_wait().unwrap().is_some();
            ended || ready.exists()
        });
        if ended {
            return Err(fs::read_to_string(&log).unwrap_or_default());
        }
        let text = fs::read_to_string(&ready).unwrap();
        let ready: Value = serde_json::from_str(&text).unwrap();
        Ok(Self { child, ready, log })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.door("amqp")
    }

    /// Where the listener with this name listens.
    pub(crate) fn door(&self, name: &str) -> SocketAddr {
        let endpoint = &self.ready[name][0];
        let host: IpAddr = endpoint["host"].as_str().unwrap().parse().unwrap();
        let port = endpoint["port"].as_u64().unwrap();
        SocketAddr::new(host, u16::try_from(port).unwrap())
    }

    /// Takes the reader's end of its standard output, if that is a pipe.
    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// What it has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The most octets that it ever had resident.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Octets that it has resident.
    pub(crate) fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<u64>().unwrap() * 1024
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to stop, as a service manager would, and gives all that it has said.
    pub(crate) fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "{}", self.log());
        self.log()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it as a power cut would, as far as a process can tell: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when it has ended, which is fine.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
