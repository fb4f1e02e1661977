//! What a view shows of a connection at work.
//!
//! The connection's task counts in plain integers and shows them here once a batch; a view
//! reads them without disturbing it.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use serde::Serialize;

use crate::clock::Mono;
use crate::tally::TrafficTotals;

/// How long a connection that was paused by flow control is shown as such, in milliseconds: pauses
/// are short, and would hardly be seen.
///
/// Seen: RabbitMQ 4.3.6; a script has no way to look in the moment of a pause.
const FLOW_SHOWN_MS: u64 = 5_000;

/// What a connection does, in RabbitMQ's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is served.
    #[default]
    Running,
    /// It is not read for now, or was not a moment ago: its client is faster than the disk, or does
    /// not read what there is for it.
    Flow,
    /// An alarm is on, and will block it once it publishes.
    Blocking,
    /// An alarm blocks it.
    Blocked,
}

impl State {
    const ALL: [Self; 4] = [Self::Running, Self::Flow, Self::Blocking, Self::Blocked];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Flow => "flow",
            Self::Blocking => "blocking",
            Self::Blocked => "blocked",
        }
    }
}

/// What a connection has read and written, and what it does.
#[derive(Debug, Default)]
pub struct Traffic {
    octets_in: AtomicU64,
    octets_out: AtomicU64,
    frames_in: AtomicU64,
    frames_out: AtomicU64,
    channels: AtomicUsize,
    state: AtomicU8,
    /// When it was last in [`State::Flow`], in nanoseconds of transport time; 0 for never.
    flow_at: AtomicU64,
}

/// What its task shows of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) octets_in: u64,
    pub(crate) octets_out: u64,
    pub(crate) frames_in: u64,
    pub(crate) frames_out: u64,
    pub(crate) state: State,
    /// The time, in transport time.
    pub(crate) at: Mono,
}

impl Traffic {
    /// Octets read since the connection began.
    #[must_use]
    pub fn octets_in(&self) -> u64 {
        self.octets_in.load(Ordering::Relaxed)
    }

    /// Octets written since then.
    #[must_use]
    pub fn octets_out(&self) -> u64 {
        self.octets_out.load(Ordering::Relaxed)
    }

    /// Frames that were read and handled.
    #[must_use]
    pub fn frames_in(&self) -> u64 {
        self.frames_in.load(Ordering::Relaxed)
    }

    /// Frames that were written, or wait to be.
    #[must_use]
    pub fn frames_out(&self) -> u64 {
        self.frames_out.load(Ordering::Relaxed)
    }

    /// All four.
    #[must_use]
    pub fn totals(&self) -> TrafficTotals {
        TrafficTotals {
            read_bytes: self.octets_in(),
            written_bytes: self.octets_out(),
            read_frames: self.frames_in(),
            written_frames: self.frames_out(),
        }
    }

    /// Channels that are open.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels.load(Ordering::Relaxed)
    }

    /// What the connection does; `now`: transport time.
    #[must_use]
    pub fn state(&self, now: Mono) -> State {
        let state = State::ALL.get(usize::from(self.state.load(Ordering::Relaxed)));
        let flow_at = Mono::from_nanos(self.flow_at.load(Ordering::Relaxed));
        let was_paused = flow_at > Mono::ZERO && now < flow_at.plus_ms(FLOW_SHOWN_MS);
        match state.copied().unwrap_or_default() {
            State::Running if was_paused => State::Flow,
            state => state,
        }
    }

    pub(crate) fn show_channels(&self, open: usize) {
        self.channels.store(open, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn show(&self, shown: &Shown) {
        self.octets_in.store(shown.octets_in, Ordering::Relaxed);
        self.octets_out.store(shown.octets_out, Ordering::Relaxed);
        self.frames_in.store(shown.frames_in, Ordering::Relaxed);
        self.frames_out.store(shown.frames_out, Ordering::Relaxed);
        self.state.store(shown.state as u8, Ordering::Relaxed);
        if shown.state == State::Flow {
            self.flow_at.store(shown.at.as_nanos(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
