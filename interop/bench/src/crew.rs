//! The threads of a load, and what they bring back.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::error::{BenchError, During as _};

/// Threads that each end with a `T` or an error.
pub(super) struct Crew<T> {
    sender: Sender<Result<T, BenchError>>,
    results: Receiver<Result<T, BenchError>>,
    running: usize,
    /// What those that ended brought.
    pub(super) done: Vec<T>,
}

impl<T: Send + 'static> Crew<T> {
    /// Without workers yet.
    pub(super) fn new() -> Self {
        let (sender, results) = channel();
        Self {
            sender,
            results,
            running: 0,
            done: Vec::new(),
        }
    }

    /// Starts one more.
    pub(super) fn start(
        &mut self,
        work: impl FnOnce() -> Result<T, BenchError> + Send + 'static,
    ) -> Result<(), BenchError> {
        let sender = self.sender.clone();
        let work = move || {
            // A crew that was given up does not listen any more.
            sender.send(work()).unwrap_or_default();
        };
        thread::Builder::new()
            .name("bench".to_owned())
            .spawn(work)
            .during("starting a thread")?;
        self.running += 1;
        Ok(())
    }

    /// Collects who has ended; whether all of them have.
    ///
    /// # Errors
    /// The first one of a thread.
    pub(super) fn is_done(&mut self) -> Result<bool, BenchError> {
        while let Ok(result) = self.results.try_recv() {
            self.add(result?);
        }
        Ok(self.running == 0)
    }

    /// Waits for all.
    pub(super) fn join(mut self) -> Result<Vec<T>, BenchError> {
        while self.running > 0 {
            match self.results.recv() {
                Ok(result) => self.add(result?),
                Err(_) => break,
            }
        }
        Ok(self.done)
    }

    fn add(&mut self, result: T) {
        self.running -= 1;
        self.done.push(result);
    }
}
