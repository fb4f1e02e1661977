//! Looks at what a client logs in with: a name and a password, or its certificate.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::failures::Standing;
use super::sasl::Credentials;
use super::{Auth, Door, Mechanism, PasswordHash, Refused, User};
use crate::clock::Mono;

impl Auth {
    /// Decides about a `connection.start-ok` with `EXTERNAL` over TLS, from `peer`. `user` is the
    /// one that the client's certificate stands for: `None` without a certificate, and in it `None`
    /// for a certificate without such a name. `now`: transport time.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub fn authenticate_by_certificate(
        &self,
        user: Option<Option<&str>>,
        peer: IpAddr,
        now: Mono,
    ) -> Result<Arc<User>, Refused> {
        let mechanism = Mechanism::External;
        if !self.takes_certificates {
            return Err(Refused::MechanismNotOffered { mechanism });
        }
        let name = user.flatten().unwrap_or_default();
        let checked = self.unless_too_many_failed(mechanism, name, (peer, now), || {
            let name = user.ok_or(Refused::NoCertificate)?.ok_or(Refused::NoName)?;
            let known = self.user(name).ok_or_else(|| Refused::BadCredentials {
                mechanism,
                user: name.to_owned(),
            })?;
            match self.may_come_from(&known, peer) {
                true => Ok(known),
                false => Err(Refused::NotLoopback {
                    mechanism,
                    user: name.to_owned(),
                }),
            }
        });
        self.counted(Door::Amqp, checked)
    }

    pub(super) fn log_in(
        &self,
        door: Door,
        mechanism: Mechanism,
        credentials: Credentials<'_>,
        (peer, now): (IpAddr, Mono),
    ) -> Result<Arc<User>, Refused> {
        let name = String::from_utf8_lossy(credentials.user);
        let checked = self.unless_too_many_failed(mechanism, &name, (peer, now), || {
            self.check_credentials(mechanism, credentials, peer)
        });
        self.counted(door, checked)
    }

    fn counted(
        &self,
        door: Door,
        checked: Result<Arc<User>, Refused>,
    ) -> Result<Arc<User>, Refused> {
        let attempts = self.attempts_by(door);
        let count = match checked {
            Ok(_) => &attempts.succeeded,
            Err(_) => &attempts.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
        checked
    }

    /// Looks at what a client logs in with, unless too much from its address was wrong.
    fn unless_too_many_failed(
        &self,
        mechanism: Mechanism,
        user: &str,
        (peer, now): (IpAddr, Mono),
        check: impl FnOnce() -> Result<Arc<User>, Refused>,
    ) -> Result<Arc<User>, Refused> {
        if self.failures.is_over(peer, now) {
            return Err(Refused::TooManyFailures {
                mechanism,
                user: user.to_owned(),
                peer,
            });
        }
        let checked = check();
        if checked.is_err() && self.failures.note(peer, now) == Standing::Last {
            crate::log::warn!(
                "logins from {peer} are refused for a while: too many have failed \
                 (login_failures_max)"
            );
        }
        checked
    }

    fn check_credentials(
        &self,
        mechanism: Mechanism,
        credentials: Credentials<'_>,
        peer: IpAddr,
    ) -> Result<Arc<User>, Refused> {
        let name = String::from_utf8_lossy(credentials.user);
        if credentials.password.is_empty() {
            return Err(Refused::BlankPassword {
                mechanism,
                user: name.into_owned(),
            });
        }
        // A name that is not UTF-8 must not become a user's by replacement characters.
        let exact = std::str::from_utf8(credentials.user).ok();
        let user = exact.and_then(|exact| self.user(exact));
        let nothing = PasswordHash::of_no_user(self.settings.hashing);
        // Of a user that there is not, too: the time must not tell.
        let hash = user.as_ref().map_or(&nothing, |user| &user.password);
        let is_right = hash.verify(credentials.password);
        let user = user.filter(|_| is_right);
        match user {
            None => Err(Refused::BadCredentials {
                mechanism,
                user: name.into_owned(),
            }),
            Some(user) if self.may_come_from(&user, peer) => Ok(user),
            Some(_) => Err(Refused::NotLoopback {
                mechanism,
                user: name.into_owned(),
            }),
        }
    }
}
