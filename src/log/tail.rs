//! The last lines of the process's log, kept in memory for requests that ask for them.
//!
//! Readers keep their own place and take what is behind it: a slow one holds nothing up and costs
//! nothing here, and is told how many lines it has missed. A line is what the log's output has, in
//! full. It does not know who reads, nor what a line says.
//!
//! Invariant I11: lines take at most so many octets:
//! [`LOG_TAIL_BYTES_MAX`](crate::limits::LOG_TAIL_BYTES_MAX).

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::Level;

/// A line.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// When it was said, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    pub(crate) level: Level,
    /// Without its line feed.
    pub(crate) text: Box<str>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tail(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Arc<Line>>,
    octets: usize,
    /// The number of the last line.
    last: u64,
    /// Readers that have read all of them.
    waiting: Vec<Waker>,
}

/// What a reader takes.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) lines: Vec<Arc<Line>>,
    /// The number of the last line that was looked at: where the reader goes on.
    pub(crate) last: u64,
    /// Lines, of any level, that were gone before the reader came.
    pub(crate) missed: u64,
}

/// Octets that a line takes beside its text, about.
const LINE_LEN: usize = 64;

/// Readers that are to be woken, at most: those that have left are among them until the next line.
const WAITING_MAX: usize = 2 * crate::limits::FOLLOWERS_MAX;

static OF_PROCESS: OnceLock<Tail> = OnceLock::new();

/// The tail of this process's log; `None` where no program keeps one.
pub(crate) fn tail() -> Option<&'static Tail> {
    OF_PROCESS.get()
}

/// Keeps the tail of this process's log from now on.
#[cfg(feature = "program")]
pub(crate) fn keep_tail() -> &'static Tail {
    OF_PROCESS.get_or_init(Tail::default)
}

impl Tail {
    /// Adds a line. The oldest ones go for which there is no room.
    #[cfg(any(feature = "program", test))]
    pub(crate) fn push(&self, at_ms: u64, level: Level, text: &str) {
        let waiting = {
            let mut state = self.0.lock();
            state.last += 1;
            let number = state.last;
            state.octets += text.len() + LINE_LEN;
            let text = text.into();
            state.lines.push_back(Arc::new(Line {
                number,
                at_ms,
                level,
                text,
            }));
            while state.octets > crate::limits::LOG_TAIL_BYTES_MAX
                && let Some(oldest) = state.lines.pop_front()
            {
                state.octets -= oldest.text.len() + LINE_LEN;
            }
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// The last lines that are at least as severe as `level`, at most `most`.
    pub(crate) fn last(&self, most: usize, level: Level) -> Taken {
        let state = self.0.lock();
        let severe = state.lines.iter().rev().filter(|line| line.level <= level);
        let mut lines: Vec<Arc<Line>> = severe.take(most).cloned().collect();
        lines.reverse();
        Taken {
            lines,
            last: state.last,
            missed: 0,
        }
    }

    /// The lines behind the one with this number, at most `most` of them, those left out that are
    /// less severe than `level`.
    pub(crate) fn behind(&self, number: u64, most: usize, level: Level) -> Taken {
        let state = self.0.lock();
        // A number from before a restart of the program is as good as none.
        let number = if number > state.last { 0 } else { number };
        let first = state.last - state.lines.len() as u64;
        let missed = first.saturating_sub(number);
        let skipped = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        let looked_at = state.lines.iter().skip(skipped).take(most);
        let last = looked_at.clone().next_back();
        let last = last.map_or(number.max(first), |line| line.number);
        let lines = looked_at.filter(|line| line.level <= level).cloned();
        Taken {
            lines: lines.collect(),
            last,
            missed,
        }
    }

    /// Ready once there is a line behind the one with this number, and at once if there is no line
    /// with this number yet: it is from before a restart of the program.
    pub(crate) fn poll_behind(&self, number: u64, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if state.last != number {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|one| one.will_wake(cx.waker())) {
            if state.waiting.len() >= WAITING_MAX {
                // Some may be of readers that have left. The others come back.
                state.waiting.drain(..).for_each(Waker::wake);
            }
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
