//! Finished log lines on their way out: a thread of their own writes them, and no other thread ever
//! waits for them or hears that they could not be written.
//!
//! Lines wait in one buffer of [`BUFFER_MAX`] octets. A line that does not fit because the reader
//! does not keep up, or that cannot be written because the disk is full or the reader has left, is
//! counted and dropped. The next write that works is followed by a warning with the count.
//!
//! It does not know what a line says. What it does see to is that a line stays one: see
//! [`push_plain`](super::push_plain).

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::Style;
use crate::sys;

/// The lines that wait to be written, in octets. What does not fit is dropped and counted.
const BUFFER_MAX: usize = 256 * 1024;

/// How long the end of the process waits for the last lines to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// What lines are written to.
pub(crate) trait Output: Write + Send + 'static {
    /// Waits until something can be written, after a write that would have had to wait.
    ///
    /// # Errors
    /// The system's.
    fn wait(&self) -> io::Result<()>;
}

impl Output for File {
    fn wait(&self) -> io::Result<()> {
        sys::wait_writable(self)
    }
}

/// Hears of lines that are missing, on the thread that writes them.
#[derive(Clone, Copy)]
pub(crate) struct Trouble {
    /// A write has failed for this reason, after one that worked.
    pub(crate) begins: fn(&str),
    /// A write has worked and lines are missing before it: so many since the start, the last of
    /// them for this reason.
    pub(crate) is_over: fn(u64, &str),
}

/// Takes lines from any thread. Copies take to the same buffer.
#[derive(Clone)]
pub(crate) struct Lines {
    shared: Arc<Shared>,
    style: Style,
}

/// Waits for the last lines of all outputs when it is dropped, so that the process does not end
/// before them.
#[derive(Default)]
#[must_use]
pub(crate) struct LastLines(Vec<Arc<Shared>>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Whole lines, each with its line feed.
    waiting: Vec<u8>,
    /// Lines dropped since the start.
    dropped: u64,
    /// The thread is not between two writes.
    is_writing: bool,
}

impl LastLines {
    /// Starts the thread that writes to `output`, and tells `trouble` of lines that are missing.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(crate) fn add<O>(&mut self, output: O, style: Style, trouble: Trouble) -> io::Result<Lines>
    where
        O: Output,
    {
        let shared = Arc::new(Shared::default());
        let writer = Writer {
            shared: Arc::clone(&shared),
            output,
            trouble,
            is_failing: false,
            cut: false,
            told: 0,
            why: TOO_MANY.to_owned(),
        };
        thread::Builder::new()
            .name("leveret-log".to_owned())
            .spawn(move || writer.run())?;
        self.0.push(Arc::clone(&shared));
        Ok(Lines { shared, style })
    }
}

/// A line, or a part of one that ends with the call: the formatter calls once for each event.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.shared.state.lock();
        let fits = state.waiting.len() + line.len() <= BUFFER_MAX;
        if fits {
            let line = String::from_utf8_lossy(line);
            self.style.push(&mut state.waiting, &line);
            drop(state);
            self.shared.changed.notify_all();
        } else {
            state.dropped += 1;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl LastLines {
    /// Writes a text of our own to the first output as it is, between the lines of the log; what
    /// does not fit is dropped, as a line is.
    pub(crate) fn say(&self, text: &str) {
        let Some(first) = self.0.first() else {
            return;
        };
        let mut state = first.state.lock();
        if state.waiting.len() + text.len() <= BUFFER_MAX {
            state.waiting.extend_from_slice(text.as_bytes());
            drop(state);
            first.changed.notify_all();
        } else {
            state.dropped += 1;
        }
    }

    /// Waits until everything that was said is written or missing, or [`LAST_LINES`].
    pub(super) fn wait(&self) {
        for output in &self.0 {
            let mut state = output.state.lock();
            let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
            let _timed_out = output
                .changed
                .wait_while_for(&mut state, is_busy, LAST_LINES);
        }
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        self.wait();
    }
}

/// Why lines are missing that were never tried to be written.
const TOO_MANY: &str = "they came faster than they could be written";

struct Writer<O> {
    shared: Arc<Shared>,
    output: O,
    trouble: Trouble,
    /// The last write did not work.
    is_failing: bool,
    /// The last line was written in part.
    cut: bool,
    /// Dropped lines that were told of.
    told: u64,
    /// Why the last write failed.
    why: String,
}

impl<O: Output> Writer<O> {
    fn run(mut self) {
        let mut lines = Vec::new();
        loop {
            lines.clear();
            self.take(&mut lines);
            let missing = self.write(&lines);
            let dropped = {
                let mut state = self.shared.state.lock();
                state.dropped += missing;
                state.dropped
            };
            if missing > 0 && !self.is_failing {
                (self.trouble.begins)(&self.why);
            }
            self.is_failing = missing > 0;
            if missing == 0 && dropped > self.told {
                self.told = dropped;
                (self.trouble.is_over)(dropped, &self.why);
                TOO_MANY.clone_into(&mut self.why);
            }
            self.shared.state.lock().is_writing = false;
            self.shared.changed.notify_all();
        }
    }

    /// Waits for lines and takes all that are there.
    fn take(&self, lines: &mut Vec<u8>) {
        let mut state = self.shared.state.lock();
        while state.waiting.is_empty() {
            self.shared.changed.wait(&mut state);
        }
        std::mem::swap(&mut state.waiting, lines);
        state.is_writing = true;
    }

    /// Writes lines as far as it can; returns how many are missing.
    fn write(&mut self, lines: &[u8]) -> u64 {
        if self.cut {
            // What comes now must not continue the line that was cut.
            if let Err((_, error)) = self.write_all(b"\n") {
                self.why = error.to_string();
                return count(lines);
            }
            self.cut = false;
        }
        let Err((rest, error)) = self.write_all(lines) else {
            return 0;
        };
        let written = lines.len() - rest.len();
        let last = written.checked_sub(1).and_then(|last| lines.get(last));
        self.cut = last.is_some_and(|octet| *octet != b'\n');
        self.why = error.to_string();
        count(rest)
    }

    /// Writes everything, or returns what is left and why.
    fn write_all<'l>(&mut self, mut octets: &'l [u8]) -> Result<(), (&'l [u8], io::Error)> {
        while !octets.is_empty() {
            match self.output.write(octets) {
                Ok(0) => return Err((octets, io::ErrorKind::WriteZero.into())),
                Ok(written) => octets = octets.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // A process that shares the pipe or terminal has set it so.
                    self.output.wait().map_err(|error| (octets, error))?;
                }
                Err(error) => return Err((octets, error)),
            }
        }
        Ok(())
    }
}

/// The number of lines that end in `lines`.
fn count(lines: &[u8]) -> u64 {
    lines.iter().map(|octet| u64::from(*octet == b'\n')).sum()
}
