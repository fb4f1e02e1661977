//! What a door asks whose clients have no connection of their own: who logs in, what there is, what
//! is done in a turn, and when an answer may go.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use super::Desk;
use crate::auth::{Door, HashingAlgorithm, Refused, User};
use crate::clock::Now;
use crate::config::Settings;
use crate::mail::{Mail, Mailbox};
use crate::store::Position;
use crate::turns::{self, Turn};

impl Desk {
    /// The user of that name, if the password is right and the user may come from `peer`. The
    /// attempt is counted.
    ///
    /// # Errors
    /// [`Refused`], which knows what to log.
    pub(crate) fn log_in(
        &self,
        name: &str,
        password: &[u8],
        peer: IpAddr,
    ) -> Result<Arc<User>, Refused> {
        let now = self.now().transport;
        self.auth.check_password(name, password, peer, now)
    }

    /// The user that has logged in as `known`, as of now: `None` if it is gone, has another
    /// password, or may not come from `peer`.
    pub(crate) fn still(&self, known: &User, peer: IpAddr) -> Option<Arc<User>> {
        self.auth.still(known, peer)
    }

    /// How often users have tried to log in by `door`: with success, and without.
    pub(crate) fn attempts(&self, door: Door) -> (u64, u64) {
        self.auth.attempts(door)
    }

    /// Counts attempts to log in from 0 again.
    pub(crate) fn forget_attempts(&self) {
        self.auth.forget_attempts();
    }

    /// What new passwords are hashed with.
    pub(crate) fn hashing(&self) -> HashingAlgorithm {
        self.auth.hashing()
    }

    /// Whether there is a vhost of that name.
    #[must_use]
    pub(crate) fn has_vhost(&self, name: &str) -> bool {
        self.vhosts.contains_key(name)
    }

    /// Whether `user` has any permission in `vhost`.
    #[must_use]
    pub(crate) fn may_enter(&self, user: &User, vhost: &str) -> bool {
        self.auth.access(user.name(), vhost).is_some()
    }

    /// The time now.
    #[must_use]
    pub(crate) fn now(&self) -> Now {
        self.env.now()
    }

    /// What is set.
    #[must_use]
    pub(crate) fn settings(&self) -> &Settings {
        &self.env.settings
    }

    /// Does `work` in a turn of this thread. What that has no room for is left for later ones, and
    /// the door awaits it before it answers.
    pub(crate) fn in_turn<R>(&self, work: impl FnOnce(Now) -> R) -> (R, Rest) {
        let _turn = Turn::begin();
        let done = work(self.now());
        let mailbox = Arc::<Mailbox>::default();
        let is_owing = turns::settle_on(&mailbox);
        (done, Rest(is_owing.then_some(mailbox)))
    }

    /// Waits until the store is durable up to `until`. A caller that waits within bounds drops it.
    pub(crate) async fn durable(&self, until: Position) {
        if self.env.store.durable() >= until {
            return;
        }
        let mailbox = Arc::<Mailbox>::default();
        self.wait_durable(&mailbox, until);
        until_mail(&mailbox, |_| {
            (self.env.store.durable() >= until).then_some(())
        })
        .await;
    }

    /// Waits until no alarm blocks publishers. A caller that waits within bounds drops it.
    pub(crate) async fn unblocked(&self) {
        if self.alarm().is_none() {
            return;
        }
        let mailbox = Arc::<Mailbox>::default();
        // In the list before it asks again: an alarm that ends in between is told to the list.
        self.add_blocked(&mailbox);
        until_mail(&mailbox, |_| self.alarm().is_none().then_some(())).await;
    }

    fn add_blocked(&self, mailbox: &Arc<Mailbox>) {
        let mut blocked = self.blocked.lock();
        // Those that are done waiting go, or they would heap up during an alarm.
        blocked.retain(|mailbox| mailbox.strong_count() > 0);
        blocked.push(Arc::downgrade(mailbox));
    }
}

/// What a request has left for later turns.
#[derive(Default)]
#[must_use = "the answer must wait for it"]
pub(crate) struct Rest(Option<Arc<Mailbox>>);

impl Rest {
    /// Waits until all of it is done. Says up to where the store must be durable before that is for
    /// good.
    pub(crate) async fn done(self) -> Position {
        let Some(mailbox) = self.0 else {
            return Position::default();
        };
        until_mail(&mailbox, |mail| match mail {
            Some(Mail::Paid(position)) => Some(*position),
            _ => None,
        })
        .await
    }
}

/// Waits until `found` finds something: it is asked once at first, and for each piece of mail.
async fn until_mail<R>(mailbox: &Mailbox, found: impl Fn(Option<&Mail>) -> Option<R>) -> R {
    let mut mail = VecDeque::new();
    poll_fn(|cx| {
        if let Some(found) = found(None) {
            return Poll::Ready(found);
        }
        while mailbox.take(&mut mail, cx.waker()) {
            let found = mail.iter().find_map(|mail| found(Some(mail)));
            mail.clear();
            if let Some(found) = found {
                return Poll::Ready(found);
            }
        }
        Poll::Pending
    })
    .await
}
