//! The signals that stop the process.

use std::io;
use std::process;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

#[cfg(unix)]
use unix::{Signal, interrupt, terminate};
#[cfg(windows)]
use windows::{Signal, interrupt, terminate};

/// The two signals that ask for a stop, caught from the moment this exists.
pub(crate) struct Signals {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
}

/// A signal that asks for a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGTERM, from a service manager; on Windows the end of the console or of the machine.
    Terminate,
    /// SIGINT, from a terminal.
    Interrupt,
}

impl Stop {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }

    /// The exit code of a process that it ended, as shells have it: 128 and its number.
    fn code(self) -> i32 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
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
        drop(entered);
        Ok(Self {
            runtime,
            terminate,
            interrupt,
        })
    }

    /// Waits for the next one, or until `asked` is told that a tool asks for a stop: then there is
    /// none.
    pub(crate) fn wait_or(&mut self, asked: &Notify) -> Option<Stop> {
        let Self {
            runtime,
            terminate,
            interrupt,
        } = self;
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => Some(Stop::Terminate),
                _ = interrupt.recv() => Some(Stop::Interrupt),
                () = asked.notified() => None,
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
            if let Some(stop) = self.wait_or(&never) {
                process::exit(stop.code());
            }
        };
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(watch)?;
        Ok(())
    }
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
    }

    impl Signal {
        pub(super) async fn recv(&mut self) -> Option<()> {
            match self {
                Self::Interrupt(signal) => signal.recv().await,
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
}
