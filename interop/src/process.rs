//! Child processes that are stopped with everything they started.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::{InteropError, io_error};

/// How long a process may take to stop by itself.
const STOP_WAIT: Duration = Duration::from_secs(20);
/// Between two looks at something that is about to happen.
const POLL: Duration = Duration::from_millis(20);

/// A child in a process group of its own; the group is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group(Child);

impl Group {
    /// Starts a command as the leader of a new process group.
    pub(crate) fn start(command: &mut Command) -> Result<Self, InteropError> {
        let what = command.get_program().to_string_lossy().into_owned();
        command
            .process_group(0)
            .spawn()
            .map(Self)
            .map_err(io_error("start", what))
    }

    /// The child itself.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.0
            .try_wait()
            .ok()
            .flatten()
            .map(|status| status.to_string())
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // An error means that the group is gone, which is what is wanted.
            kill_process_group(pid, signal).ok();
        }
    }
}

impl Group {
    /// Ends everything in the group without a warning.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        self.0.wait().ok();
        wait_until(STOP_WAIT, || !self.is_alive());
    }

    /// Whether a process of the group runs. A shell that leads it may end before what it runs.
    fn is_alive(&self) -> bool {
        let group = self.0.id().to_string();
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return false;
        };
        processes.flatten().any(|process| {
            let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
            // Behind the name, which may contain anything: state, parent, group.
            let mut fields = stat
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .split_whitespace();
            let is_zombie = fields.next() == Some("Z");
            !is_zombie && fields.nth(1) == Some(&group)
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        wait_until(STOP_WAIT, || self.ended().is_some() && !self.is_alive());
        self.signal(Signal::KILL);
        self.0.wait().ok();
    }
}

/// Runs a command to its end, its output to `log`.
///
/// # Errors
/// [`InteropError::Command`] with the last lines of the output if it ends badly.
pub(crate) fn run(command: &mut Command, log: &Path) -> Result<(), InteropError> {
    let file = File::create(log).map_err(io_error("create", log.display()))?;
    let copy = file.try_clone().map_err(io_error("open", log.display()))?;
    command.stdin(Stdio::null()).stdout(file).stderr(copy);
    let mut group = Group::start(command)?;
    let status = group
        .child()
        .wait()
        .map_err(io_error("wait for", log.display()))?;
    if status.success() {
        return Ok(());
    }
    let line: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect();
    Err(InteropError::Command {
        command: line.join(" "),
        output: last_lines(log, 6),
    })
}

/// What a command prints, without line ends, if it succeeds.
pub(crate) fn output(command: &[String]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// The last lines of a log that say something, joined by " / ".
pub(crate) fn last_lines(log: &Path, count: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.drain(..lines.len().saturating_sub(count));
    lines.join(" / ")
}

/// Looks again and again until `done` or the time is over; whether it was done.
pub(crate) fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !done() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}
