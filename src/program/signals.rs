//! The signals that stop the process, and the one that has files read again.

#[cfg(unix)]
use std::fs::File;
use std::io;
use std::process;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

#[cfg(unix)]
use unix::{Signal, hangup, interrupt, terminate};
#[cfg(windows)]
use windows::{Signal, hangup, interrupt, terminate};

/// The signals, caught from the moment this exists.
pub(crate) struct Signals {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// Whether the process began at a terminal, whose end is a hang-up too.
    had_terminal: bool,
}

/// A signal that asks for a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGTERM, from a service manager; on Windows the end of the console or of the machine.
    Terminate,
    /// SIGINT, from a terminal.
    Interrupt,
    /// SIGHUP, from a terminal that is gone.
    Hangup,
}

impl Stop {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Hangup => "SIGHUP",
        }
    }

    /// The exit code of a process that it ended, as shells have it: 128 and its number.
    fn code(self) -> i32 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
            Self::Hangup => 129,
        }
    }
}

impl Signals {
    /// Catches them.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn catch() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let terminate = terminate()?;
        let interrupt = interrupt()?;
        let hangup = hangup()?;
        drop(entered);
        Ok(Self {
            runtime,
            terminate,
            interrupt,
            hangup,
            had_terminal: has_terminal(),
        })
    }

    /// Waits for the next one that asks for a stop, or until `asked` is told that a tool asks for
    /// it: then there is none. Each SIGHUP before calls `again`, unless the terminal is gone.
    pub(crate) fn wait_or(&mut self, asked: &Notify, again: impl Fn()) -> Option<Stop> {
        let Self {
            runtime,
            terminate,
            interrupt,
            hangup,
            had_terminal,
        } = self;
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = terminate.recv() => return Some(Stop::Terminate),
                    _ = interrupt.recv() => return Some(Stop::Interrupt),
                    () = asked.notified() => return None,
                    _ = hangup.recv() => {
                        if *had_terminal && !has_terminal() {
                            return Some(Stop::Hangup);
                        }
                        again();
                    }
                }
            }
        })
    }

    /// From now on the next one ends the process at once.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(crate) fn end_at_the_next(mut self) -> io::Result<()> {
        let watch = move || {
            let never = Notify::new();
            if let Some(stop) = self.wait_or(&never, || {}) {
                process::exit(stop.code());
            }
        };
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(watch)?;
        Ok(())
    }
}

/// Whether the process has a terminal that signals come from.
#[cfg(unix)]
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// A console that is closed has a signal of its own.
#[cfg(windows)]
fn has_terminal() -> bool {
    false
}

#[cfg(unix)]
mod unix {
    use std::io;

    pub(super) use tokio::signal::unix::Signal;
    use tokio::signal::unix::{SignalKind, signal};

    pub(super) fn terminate() -> io::Result<Signal> {
        signal(SignalKind::terminate())
    }

    pub(super) fn interrupt() -> io::Result<Signal> {
        signal(SignalKind::interrupt())
    }

    pub(super) fn hangup() -> io::Result<Signal> {
        signal(SignalKind::hangup())
    }
}

/// Compiled for it and read, never run.
#[cfg(windows)]
mod windows {
    use std::io;

    use tokio::signal::windows::{CtrlC, CtrlClose, CtrlShutdown};
    use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_shutdown};

    /// What the console or the system tells a process.
    pub(super) enum Signal {
        Interrupt(CtrlC),
        End(CtrlClose, CtrlShutdown),
        /// There is no such signal.
        Never,
    }

    impl Signal {
        pub(super) async fn recv(&mut self) -> Option<()> {
            match self {
                Self::Interrupt(signal) => signal.recv().await,
                Self::Never => std::future::pending().await,
                Self::End(close, shutdown) => tokio::select! {
                    told = close.recv() => told,
                    told = shutdown.recv() => told,
                },
            }
        }
    }

    pub(super) fn terminate() -> io::Result<Signal> {
        Ok(Signal::End(ctrl_close()?, ctrl_shutdown()?))
    }

    pub(super) fn interrupt() -> io::Result<Signal> {
        Ok(Signal::Interrupt(ctrl_c()?))
    }

    pub(super) fn hangup() -> io::Result<Signal> {
        Ok(Signal::Never)
    }
}
