//! Whether a client waits for its confirms before it goes on.
//!
//! One that does is served fastest by a commit on the connection's own thread: nothing else is to
//! be done for it until then. One that sends on meanwhile is better off when the commit thread
//! writes and its next publishes are read at the same time. Which of the two it is shows after a
//! commit: the socket has something to read, or not.

/// Commits that are left to the commit thread once a client has sent on.
const LEFT: u32 = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lockstep {
    /// Commits to leave to the commit thread before this thread tries again.
    left: u32,
    has_committed: bool,
}

impl Lockstep {
    /// Whether to commit on this thread now.
    pub(super) fn may_commit(&mut self) -> bool {
        let may = self.left == 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    pub(super) fn committed(&mut self) {
        self.has_committed = true;
    }

    pub(super) fn has_committed(&mut self) -> bool {
        std::mem::take(&mut self.has_committed)
    }

    /// After a commit: the client has sent more meanwhile, or not.
    pub(super) fn seen(&mut self, has_more: bool) {
        self.left = if has_more { LEFT } else { 0 };
    }
}

#[cfg(test)]
mod tests;
