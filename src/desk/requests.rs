//! What a door asks whose clients have no connection of their own: who logs in, what there is, and
//! when an answer may go.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use super::Desk;
use crate::auth::{Door, HashingAlgorithm, Refused, User};
use crate::clock::Now;
use crate::config::Settings;
use crate::mail::Mailbox;
use crate::store::Position;

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
        self.auth.check_password(name, password, peer)
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

    /// Waits until the store is durable up to `until`. A caller that waits within bounds drops it.
    pub(crate) async fn durable(&self, until: Position) {
        if self.env.store.durable() >= until {
            return;
        }
        let mailbox = Arc::<Mailbox>::default();
        self.wait_durable(&mailbox, until);
        let mut mail = VecDeque::new();
        poll_fn(|cx| {
            loop {
                if self.env.store.durable() >= until {
                    return Poll::Ready(());
                }
                if !mailbox.take(&mut mail, cx.waker()) {
                    return Poll::Pending;
                }
                mail.clear();
            }
        })
        .await;
    }
}
