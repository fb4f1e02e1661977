//! Whether the listeners of a broker accept: tools suspend all of them, and resume them.
//!
//! A listener that is suspended has no socket, so that clients are refused by the system; the
//! connections that there are stay. It listens again where it was. The gate knows how many
//! listeners there are and how many listen, not which.
//!
//! Seen: RabbitMQ 4.3.6, `suspend_listeners`, `ctl/listeners.ctl`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::{self, Receiver, Sender};
use tokio::time::timeout;

use crate::desk::doorkeeper::{Changed, Doorkeeper};

/// How long listeners may take to do what they are told. They take a moment, unless a port has been
/// taken meanwhile.
const WAIT: Duration = Duration::from_secs(2);

/// See the module. Copies are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    is_open: Sender<bool>,
    counts: Sender<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    listeners: usize,
    listening: usize,
}

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Shared {
            is_open: watch::channel(true).0,
            counts: watch::channel(Counts::default()).0,
        }))
    }
}

impl Gate {
    /// A listener's place, which listens.
    pub(super) fn pass(&self) -> Pass {
        self.0.counts.send_modify(|counts| {
            counts.listeners += 1;
            counts.listening += 1;
        });
        Pass {
            gate: self.clone(),
            is_open: self.0.is_open.subscribe(),
            listens: true,
        }
    }

    /// Has all listeners listen, or none of them; returns once that is so, or if some could not in
    /// time, as another process has taken a port.
    async fn change(self, is_open: bool) -> Result<(), &'static str> {
        self.0.is_open.send_replace(is_open);
        let mut counts = self.0.counts.subscribe();
        let done = counts.wait_for(|counts| match is_open {
            true => counts.listening == counts.listeners,
            false => counts.listening == 0,
        });
        match timeout(WAIT, done).await {
            Ok(_) => Ok(()),
            Err(_) => Err("not every listener could do so in time"),
        }
    }
}

impl Doorkeeper for Gate {
    fn set_open(&self, is_open: bool) -> Changed {
        Box::pin(self.clone().change(is_open))
    }
}

/// The place of a listener at its gate, until it ends.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Gate,
    is_open: Receiver<bool>,
    listens: bool,
}

impl Pass {
    /// Waits until the listener may listen, or must not.
    pub(super) async fn turns(&mut self, is_open: bool) {
        // It fails if the gate is gone, which this holds.
        let _held = self.is_open.wait_for(|now| *now == is_open).await;
    }

    /// The listener has a socket now, or none.
    pub(super) fn set_listening(&mut self, listens: bool) {
        self.count(listens, 0);
    }

    fn count(&mut self, listens: bool, gone: usize) {
        let before = std::mem::replace(&mut self.listens, listens);
        self.gate.0.counts.send_modify(|counts| {
            counts.listening += usize::from(listens);
            counts.listening -= usize::from(before);
            counts.listeners -= gone;
        });
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.count(false, 1);
    }
}
