//! Whose thread makes durable what a connection did: asked once a turn.
//!
//! Two ways lead to the disk. The commit thread writes what many have staged, and the watch tells
//! the connections that wait. But waking it and being woken by it takes as long as a quick disk
//! does, so a connection that alone waits for a few octets commits on its own thread. That is right
//! only
//!
//! * while its client waits for each confirm: one that sends on meanwhile is better off when its
//!   next publishes are read at the same time. Which of the two it is shows after a commit: the
//!   socket has something to read, or not;
//! * if no other connection waits, and the runtime has another thread for those that come
//!   ([`Waiters::commit_here`]): at most one thread is held up by the disk, for one short write;
//! * if no other thread commits and the disk has been quick lately
//!   ([`Store::commit_here`](crate::store::Store::commit_here)).
//!
//! A connection knows none of it: it asks to be told of a position
//! ([`Desk::wait_durable`](super::Desk::wait_durable)) and is told by mail. Within a [`Turn`] the
//! question is kept until the turn ends, and so are the commit thread's wake-ups.

use std::cell::RefCell;
use std::sync::Arc;

use super::waiters::Waiters;
use crate::mail::{Mail, Mailbox};
use crate::store::{self, Position};

/// Commits that are left to the commit thread once a client has sent on.
const LEFT: u32 = 64;

thread_local! {
    /// What was asked for in the turn of this thread; outer `None` outside of one.
    static TURN: RefCell<Option<Option<Question>>> = const { RefCell::new(None) };
}

/// A connection that wants to be told once the store is durable up to a position.
struct Question {
    waiting: Arc<Waiters>,
    mailbox: Arc<Mailbox>,
    position: Position,
}

/// Keeps the question of a turn until its end. `false` outside of one, or if there is one already:
/// then it must be asked at once.
pub(super) fn keep(waiting: &Arc<Waiters>, mailbox: &Arc<Mailbox>, position: Position) -> bool {
    TURN.with_borrow_mut(|turn| match turn {
        Some(question @ None) => {
            *question = Some(Question {
                waiting: Arc::clone(waiting),
                mailbox: Arc::clone(mailbox),
                position,
            });
            true
        }
        _ => false,
    })
}

/// A turn of one connection on this thread, until it is dropped or given to [`Commits::end`].
pub struct Turn {
    /// Dropped last: the commit thread is woken when all questions are asked.
    _staged: store::Turn,
}

impl Turn {
    fn question(&self) -> Option<Question> {
        TURN.take().flatten()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(question) = self.question() {
            question.ask();
        }
    }
}

impl Question {
    fn ask(self) {
        self.waiting.add(&self.mailbox, self.position);
    }
}

/// The commits of one connection.
pub struct Commits {
    waiting: Arc<Waiters>,
    /// Commits to leave to the commit thread before this thread tries again.
    left: u32,
}

impl Commits {
    pub(super) fn new(waiting: &Arc<Waiters>) -> Self {
        Self {
            waiting: Arc::clone(waiting),
            left: 0,
        }
    }

    /// Begins a turn. Turns do not nest.
    #[must_use]
    pub fn begin(&self) -> Turn {
        TURN.set(Some(None));
        Turn {
            _staged: store::Turn::begin(),
        }
    }

    /// Ends a turn, before anything of it is written to the socket: commits on this thread what the
    /// connection waits for, if that is the shortest way. `true` if so; then mail tells it.
    /// `has_more`: whether its client has sent something meanwhile.
    pub fn end(&mut self, turn: Turn, has_more: impl FnOnce() -> bool) -> bool {
        let Some(question) = turn.question() else {
            return false;
        };
        let Question {
            mailbox, position, ..
        } = &question;
        let may_commit = self.left == 0;
        self.left = self.left.saturating_sub(1);
        if !may_commit || !self.waiting.commit_here(*position) {
            question.ask();
            return false;
        }
        self.left = if has_more() { LEFT } else { 0 };
        // This thread has the turn, and reads the mail next.
        mailbox.awake();
        mailbox.post(Mail::Durable(self.waiting.durable()));
        true
    }
}
