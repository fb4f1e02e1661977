//! Who may come in, and what they may do.
//!
//! Owns: users, their password hashes, tags and limits, permissions and topic permissions; all
//! answers about them, with RabbitMQ's words for a refusal. Deliberately does not know which
//! vhosts and exchanges exist, sockets, or where it is stored: all changes go through the one
//! [`AuthWriter`], whose owner checks names first and stores what is changed.
//! `connection.update-secret` needs nothing from here: RabbitMQ accepts any secret for its
//! internal users and changes nothing.
//!
//! Shared by all connections. Reading takes a lock for a few lookups and gives out `Arc`s, so
//! channels ask once and keep the answer for as long as [`Auth::generation`] stays the same.
//!
//! Docs: access-control, passwords, user-limits, vhosts. Seen: RabbitMQ 4.3.6,
//! tests/scripts/permissions, tests/scripts/limits and tests/scripts/handshake.

mod admission;
mod change;
mod definitions;
mod failures;
mod limits;
mod login;
mod password;
mod pattern;
mod permission;
mod refused;
mod sasl;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use parking_lot::RwLock;

use self::failures::Failures;
use self::sasl::Credentials;
pub use self::{
    admission::{Admission, NotAdmitted},
    change::{AuthError, AuthWriter, Change},
    definitions::{
        AuthDefinitions, PermissionDefinition, Tags, TopicPermissionDefinition, UserDefinition,
    },
    limits::{
        ChannelGuard, ConnectionCounts, ConnectionGuard, LimitReached, NodeLimits, UserLimits,
        VhostLimits,
    },
    password::{HashingAlgorithm, PasswordError, PasswordHash},
    pattern::{InvalidPattern, Pattern},
    permission::{Access, Operation, Resource, TopicAccess, access_refused, topic_refused},
    refused::Refused,
    sasl::Mechanism,
};
use crate::clock::Mono;

/// What is decided once, when the broker starts.
#[derive(Clone)]
pub struct AuthSettings {
    /// Mechanisms to offer, in this order; `External` over TLS only.
    pub mechanisms: Vec<Mechanism>,
    /// Whom ANONYMOUS logs in as; `None` stops it from being offered.
    pub anonymous: Option<AnonymousLogin>,
    /// Users who may only come from this machine.
    pub loopback_users: Vec<String>,
    /// What new passwords are hashed with.
    pub hashing: HashingAlgorithm,
    /// Failed logins from one address within a minute after which it is refused unheard.
    pub failures_max: Option<u64>,
}

/// The user and password ANONYMOUS stands for. No `Debug`: it would show the password.
#[derive(Clone)]
pub struct AnonymousLogin {
    /// `anonymous_login_user`.
    pub user: String,
    /// `anonymous_login_pass`; if it is not the user's, ANONYMOUS is refused.
    pub password: String,
}

/// RabbitMQ's defaults. Docs: configure.
impl Default for AuthSettings {
    fn default() -> Self {
        let guest = || "guest".to_owned();
        Self {
            mechanisms: Mechanism::ALL.to_vec(),
            anonymous: Some(AnonymousLogin {
                user: guest(),
                password: guest(),
            }),
            loopback_users: vec![guest()],
            hashing: HashingAlgorithm::default(),
            failures_max: None,
        }
    }
}

/// All users and what they may do.
pub struct Auth {
    settings: AuthSettings,
    /// Users who may only come from this machine, as of now.
    loopback_users: ArcSwap<Vec<String>>,
    /// Those of `settings` that can really be used.
    offered: Vec<Mechanism>,
    offered_text: String,
    /// The same where TLS is spoken.
    offered_over_tls: String,
    /// Whether a certificate may stand for a user.
    takes_certificates: bool,
    accounts: Arc<Accounts>,
    attempts: [Attempts; 2],
    failures: Failures,
}

/// What an [`Auth`] reads and its [`AuthWriter`] changes.
#[derive(Default)]
struct Accounts {
    by_name: RwLock<BTreeMap<Arc<str>, Account>>,
    /// Raised inside the write lock by every change.
    generation: AtomicU64,
}

/// What a user logs in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// An AMQP 0-9-1 connection.
    Amqp,
    /// A request over HTTP.
    Http,
}

/// Logins by one door since the broker started.
#[derive(Debug, Default)]
struct Attempts {
    succeeded: AtomicU64,
    failed: AtomicU64,
}

/// A user and what goes when the user goes.
struct Account {
    user: Arc<User>,
    /// By vhost.
    access: BTreeMap<Arc<str>, Arc<Access>>,
    /// By vhost and exchange.
    topics: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<TopicAccess>>>,
}

impl Account {
    fn new(user: User) -> Self {
        Self {
            user: Arc::new(user),
            access: BTreeMap::new(),
            topics: BTreeMap::new(),
        }
    }
}

/// One user as of some moment: a change replaces the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    name: Arc<str>,
    password: PasswordHash,
    tags: Box<[String]>,
    limits: UserLimits,
}

impl User {
    /// Who acts for the program around a broker: it has RabbitMQ's name for the broker itself, and
    /// cannot log in.
    pub(crate) fn program() -> Self {
        Self {
            name: "rmq-internal".into(),
            password: PasswordHash::none(),
            tags: Box::default(),
            limits: UserLimits::default(),
        }
    }

    /// Who acts for RabbitMQ's tools at the node's own socket: it has their name for themselves,
    /// and cannot log in.
    #[cfg(feature = "management")]
    pub(crate) fn tools() -> Self {
        Self {
            name: "rmq-cli".into(),
            tags: ["administrator".to_owned()].into(),
            ..Self::program()
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tags, in the order they were given.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Whether `tag` is among the tags.
    #[must_use]
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// Whether messages of this user may carry another user's `user-id`.
    #[must_use]
    pub fn is_impersonator(&self) -> bool {
        self.has_tag("impersonator")
    }

    /// Limits of connections and channels.
    #[must_use]
    pub fn limits(&self) -> UserLimits {
        self.limits
    }

    /// The hash of the password.
    #[must_use]
    pub(crate) fn password(&self) -> &PasswordHash {
        &self.password
    }
}

impl Auth {
    /// No users yet, and what can change that.
    #[must_use]
    pub fn new(settings: AuthSettings) -> (Self, AuthWriter) {
        let usable = |mechanism: &Mechanism| match mechanism {
            Mechanism::AmqPlain | Mechanism::Plain => true,
            Mechanism::Anonymous => settings.anonymous.is_some(),
            Mechanism::External => false,
        };
        let offered: Vec<_> = settings.mechanisms.iter().copied().filter(usable).collect();
        let names: Vec<_> = offered.iter().map(|mechanism| mechanism.name()).collect();
        let over_tls = settings.mechanisms.iter().copied();
        let over_tls = over_tls.filter(|one| *one == Mechanism::External || usable(one));
        let over_tls: Vec<_> = over_tls.map(Mechanism::name).collect();
        let takes_certificates = settings.mechanisms.contains(&Mechanism::External);
        let accounts = Arc::<Accounts>::default();
        let writer = AuthWriter::new(&accounts);
        let auth = Self {
            offered_text: names.join(" "),
            offered_over_tls: over_tls.join(" "),
            takes_certificates,
            offered,
            failures: Failures::new(settings.failures_max),
            loopback_users: ArcSwap::from_pointee(settings.loopback_users.clone()),
            settings,
            accounts,
            attempts: Default::default(),
        };
        (auth, writer)
    }

    /// `connection.start`'s mechanisms, with blanks between them.
    #[must_use]
    pub fn mechanisms(&self) -> &str {
        &self.offered_text
    }

    /// The same where TLS is spoken.
    #[must_use]
    pub fn mechanisms_over_tls(&self) -> &str {
        &self.offered_over_tls
    }

    /// A number that is another one after every change.
    ///
    /// Read it *before* asking what you keep: then a change in between makes you ask again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.accounts.generation.load(Ordering::Acquire)
    }

    /// Decides about a `connection.start-ok` (or `secure-ok`) from `peer`. `now`: transport time.
    ///
    /// # Errors
    /// `Refused`, which knows what to log and what the client is told.
    pub fn authenticate(
        &self,
        mechanism: &str,
        response: &[u8],
        peer: IpAddr,
        now: Mono,
    ) -> Result<Arc<User>, Refused> {
        let mechanism =
            Mechanism::from_name(mechanism).ok_or_else(|| Refused::UnknownMechanism {
                name: mechanism.to_owned(),
            })?;
        if !self.offered.contains(&mechanism) {
            return Err(Refused::MechanismNotOffered { mechanism });
        }
        let malformed = |flaw| Refused::Malformed { mechanism, flaw };
        let credentials = match (mechanism, &self.settings.anonymous) {
            (Mechanism::Plain, _) => sasl::plain(response).map_err(malformed)?,
            (Mechanism::AmqPlain, _) => sasl::amqplain(response).map_err(malformed)?,
            (Mechanism::Anonymous, Some(login)) => Credentials {
                user: login.user.as_bytes(),
                password: login.password.as_bytes(),
            },
            (Mechanism::Anonymous, None) | (Mechanism::External, _) => {
                return Err(Refused::MechanismNotOffered { mechanism });
            }
        };
        self.log_in(Door::Amqp, mechanism, credentials, (peer, now))
    }

    /// Decides about a user name and a password that came by another way than AMQP from `peer`,
    /// such as HTTP's basic authentication. `now`: transport time.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub fn check_password(
        &self,
        user: &str,
        password: &[u8],
        peer: IpAddr,
        now: Mono,
    ) -> Result<Arc<User>, Refused> {
        let credentials = Credentials {
            user: user.as_bytes(),
            password,
        };
        self.log_in(Door::Http, Mechanism::Plain, credentials, (peer, now))
    }

    /// How often users have tried to log in by `door`: with success, and without.
    #[must_use]
    pub fn attempts(&self, door: Door) -> (u64, u64) {
        let Attempts { succeeded, failed } = self.attempts_by(door);
        (
            succeeded.load(Ordering::Relaxed),
            failed.load(Ordering::Relaxed),
        )
    }

    /// Counts attempts from 0 again.
    pub fn forget_attempts(&self) {
        for Attempts { succeeded, failed } in &self.attempts {
            succeeded.store(0, Ordering::Relaxed);
            failed.store(0, Ordering::Relaxed);
        }
    }

    fn attempts_by(&self, door: Door) -> &Attempts {
        let [amqp, http] = &self.attempts;
        match door {
            Door::Amqp => amqp,
            Door::Http => http,
        }
    }

    /// The user that has logged in as `known`, as of now, if its password is the same and it may
    /// come from `peer`.
    #[must_use]
    pub fn still(&self, known: &User, peer: IpAddr) -> Option<Arc<User>> {
        let user = self.user(known.name())?;
        let is_same = user.password == known.password && self.may_come_from(&user, peer);
        is_same.then_some(user)
    }

    fn may_come_from(&self, user: &User, peer: IpAddr) -> bool {
        peer.to_canonical().is_loopback()
            || !self
                .loopback_users
                .load()
                .iter()
                .any(|name| *name == *user.name)
    }

    /// The user of that name, as of now.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<Arc<User>> {
        self.accounts
            .by_name
            .read()
            .get(name)
            .map(|account| Arc::clone(&account.user))
    }

    /// All users, sorted by name.
    #[must_use]
    pub fn users(&self) -> Vec<Arc<User>> {
        self.accounts
            .by_name
            .read()
            .values()
            .map(|account| Arc::clone(&account.user))
            .collect()
    }

    /// What `user` may do in `vhost`; nothing at all without permissions there, not even open
    /// it.
    #[must_use]
    pub fn access(&self, user: &str, vhost: &str) -> Option<Arc<Access>> {
        self.accounts
            .by_name
            .read()
            .get(user)?
            .access
            .get(vhost)
            .map(Arc::clone)
    }

    /// Whether the user has topic permissions for any exchange of `vhost`.
    #[must_use]
    pub fn has_topic_rules(&self, user: &str, vhost: &str) -> bool {
        let accounts = self.accounts.by_name.read();
        accounts
            .get(user)
            .is_some_and(|account| account.topics.contains_key(vhost))
    }

    /// Which topics of `exchange` the user may use. `None`: all of them.
    #[must_use]
    pub fn topic_access(
        &self,
        user: &str,
        vhost: &str,
        exchange: &str,
    ) -> Option<Arc<TopicAccess>> {
        self.accounts
            .by_name
            .read()
            .get(user)?
            .topics
            .get(vhost)?
            .get(exchange)
            .map(Arc::clone)
    }
}

#[cfg(test)]
mod tests;
