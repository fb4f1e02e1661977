//! Why an open connection is not read: the one place for all reasons.
//!
//! An alarm pauses a connection once its client publishes; what a client published pauses it until
//! the disk has taken enough of it; what is left of its work for later turns pauses it until that
//! is done, and so does a commit; and output that the client does not read pauses it, which the
//! outbox knows ([`Outbox::is_over_mark`]). A further reason is a further field here, with the
//! event that ends it.

use super::running;
use crate::desk::session::State;
use crate::outbox::Outbox;
use crate::store::Position;

/// The reasons that are not the outbox's.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    /// Why publishers must wait, if an alarm is on.
    alarm: Option<&'static str>,
    /// The client has begun to publish while one was.
    blocked: bool,
    /// The store must be durable up to here before more is read.
    staged: Option<Position>,
    /// Debts ([`crate::turns`]) that are not paid.
    debts: u32,
    /// A commit takes more than a turn.
    commits: bool,
}

/// What became of a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// As before.
    None,
    /// It has begun.
    Begins,
    /// It has ended.
    Ends,
}

impl Pauses {
    pub(super) fn new(alarm: Option<&'static str>) -> Self {
        Self {
            alarm,
            ..Self::default()
        }
    }

    /// Whether nothing is to be read.
    #[inline]
    pub(super) fn any(&self) -> bool {
        self.blocked || self.staged.is_some() || self.debts > 0 || self.commits
    }

    /// Whether an alarm is a reason.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Why publishers must wait.
    #[inline]
    pub(super) fn alarm(&self) -> Option<&'static str> {
        self.alarm
    }

    /// An alarm is on, or none is any more.
    pub(super) fn on_alarm(&mut self, reason: Option<&'static str>) -> Change {
        self.alarm = reason;
        if reason.is_none() && std::mem::take(&mut self.blocked) {
            Change::Ends
        } else {
            Change::None
        }
    }

    /// The client has begun to publish during an alarm.
    pub(super) fn block(&mut self) -> Change {
        if std::mem::replace(&mut self.blocked, true) {
            Change::None
        } else {
            Change::Begins
        }
    }

    /// Much of what the client published waits for the disk: until it is durable up to `until`.
    pub(super) fn on_staged(&mut self, until: Position) -> Change {
        let before = self.staged;
        self.staged = before.max(Some(until));
        if before.is_none() {
            Change::Begins
        } else {
            Change::None
        }
    }

    /// The store is durable up to `position`.
    pub(super) fn on_durable(&mut self, position: Position) -> Change {
        match self.staged.take_if(|until| *until <= position) {
            Some(_) => Change::Ends,
            None => Change::None,
        }
    }

    /// The connection owes what it left for later turns.
    pub(super) fn owe(&mut self) -> Change {
        self.debts += 1;
        if self.debts == 1 {
            Change::Begins
        } else {
            Change::None
        }
    }

    /// One debt is paid.
    pub(super) fn on_paid(&mut self) -> Change {
        self.debts = self.debts.saturating_sub(1);
        if self.debts == 0 {
            Change::Ends
        } else {
            Change::None
        }
    }

    /// A commit takes more than a turn.
    pub(super) fn on_commit(&mut self) -> Change {
        self.commits = true;
        Change::Begins
    }

    /// It is done.
    pub(super) fn on_committed(&mut self) -> Change {
        self.commits = false;
        Change::Ends
    }

    /// The position in the store that ends a reason.
    pub(super) fn waits_for(&self, other: Option<Position>) -> Option<Position> {
        running::earlier(self.staged, other)
    }

    /// What a view shows.
    pub(super) fn state(&self, outbox: &Outbox) -> State {
        match self {
            Self { blocked: true, .. } => State::Blocked,
            Self { alarm: Some(_), .. } => State::Blocking,
            Self {
                staged: Some(_), ..
            } => State::Flow,
            Self { debts: 1.., .. } | Self { commits: true, .. } => State::Flow,
            _ if outbox.is_over_mark() => State::Flow,
            _ => State::Running,
        }
    }
}

#[cfg(test)]
mod tests;
