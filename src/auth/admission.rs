//! The checks of `connection.open`, in RabbitMQ's order: node limit, vhost, vhost limit, user
//! limit, permission.

use std::{fmt, sync::Arc};

use super::{Auth, ConnectionCounts, ConnectionGuard, LimitReached, NodeLimits, User, VhostLimits};

/// Who wants to open what.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a> {
    /// Who, already authenticated.
    pub user: &'a User,
    /// Which vhost.
    pub vhost: &'a str,
    /// The limits of that vhost; `None` if there is no such vhost.
    pub vhost_limits: Option<VhostLimits>,
    /// The limits of this node.
    pub node: &'a NodeLimits,
}

/// Why a vhost was not opened. Displayed as the explanation of a 530 on the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// There is no such vhost.
    VhostNotFound {
        /// Its name.
        vhost: String,
    },
    /// Too many are open.
    Limit(LimitReached),
    /// The user has no permissions there.
    NoPermission {
        /// Where.
        vhost: String,
        /// Who.
        user: String,
    },
}

impl Auth {
    /// Decides about a `connection.open`, and counts the connection if it may come in, until the
    /// guard is dropped.
    ///
    /// # Errors
    /// `NotAdmitted`: 530 `NOT_ALLOWED` on the connection.
    ///
    /// Seen: RabbitMQ 4.3.6, texts and order, but for the node limit.
    pub fn admit(
        &self,
        counts: &Arc<ConnectionCounts>,
        admission: &Admission<'_>,
    ) -> Result<ConnectionGuard, NotAdmitted> {
        let &Admission {
            user,
            vhost,
            vhost_limits,
            node,
        } = admission;
        counts.check_node(node)?;
        let Some(vhost_limits) = vhost_limits else {
            return Err(NotAdmitted::VhostNotFound {
                vhost: vhost.to_owned(),
            });
        };
        // Limits may have changed since the login; those of now count.
        let user_limits = self
            .user(user.name())
            .map_or(user.limits(), |now| now.limits());
        let place =
            counts.open_connection(node, (vhost, vhost_limits), (user.name(), user_limits))?;
        match self.access(user.name(), vhost) {
            Some(_) => Ok(place),
            None => Err(NotAdmitted::NoPermission {
                vhost: vhost.to_owned(),
                user: user.name().to_owned(),
            }),
        }
    }
}

impl fmt::Display for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VhostNotFound { vhost } => write!(f, "vhost {vhost} not found"),
            Self::Limit(limit) => limit.fmt(f),
            Self::NoPermission { vhost, user } => {
                write!(f, "access to vhost '{vhost}' refused for user '{user}'")
            }
        }
    }
}

impl std::error::Error for NotAdmitted {}

impl From<LimitReached> for NotAdmitted {
    fn from(limit: LimitReached) -> Self {
        Self::Limit(limit)
    }
}

/// What the node of a program changes while a broker runs.
#[cfg(feature = "program")]
impl Auth {
    /// Replaces the users who may only come from this machine, until the broker stops.
    pub(crate) fn set_loopback_users(&self, users: Vec<String>) {
        self.loopback_users.store(users.into());
    }

    /// Users who may only come from this machine, as of now.
    pub(crate) fn loopback_users(&self) -> Vec<String> {
        self.loopback_users.load().to_vec()
    }
}
