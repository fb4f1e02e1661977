//! Limits of users and vhosts, and who has how much open.
//!
//! Owns: counts of connections (node, vhost, user) and of channels (node, user), given back when
//! a guard is dropped, and RabbitMQ's words for a limit that is reached. Does not know
//! permissions. Docs: user-limits, vhosts. Seen: RabbitMQ 4.3.6, tests/scripts/limits.

use std::{collections::HashMap, fmt, sync::Arc};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Limits of one user, as in definitions: a negative number means none, 0 means not even one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UserLimits {
    /// Open channels, over all connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_channels: Option<i64>,
    /// Open connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<i64>,
}

impl UserLimits {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// These limits with those of `newer` laid over them.
    #[must_use]
    pub fn merged(self, newer: Self) -> Self {
        Self {
            max_channels: newer.max_channels.or(self.max_channels),
            max_connections: newer.max_connections.or(self.max_connections),
        }
    }

    /// Most connections, or no limit.
    #[must_use]
    pub fn connections(self) -> Option<u64> {
        limit(self.max_connections)
    }

    /// Most channels, or no limit.
    #[must_use]
    pub fn channels(self) -> Option<u64> {
        limit(self.max_channels)
    }
}

/// Limits of one vhost, as in the `vhost-limits` parameter; numbers as in [`UserLimits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VhostLimits {
    /// Open connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<i64>,
    /// Declared queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_queues: Option<i64>,
}

impl VhostLimits {
    /// Most connections, or no limit.
    #[must_use]
    pub fn connections(self) -> Option<u64> {
        limit(self.max_connections)
    }

    /// Most queues, or no limit.
    #[must_use]
    pub fn queues(self) -> Option<u64> {
        limit(self.max_queues)
    }
}

fn limit(setting: Option<i64>) -> Option<u64> {
    setting.and_then(|number| u64::try_from(number).ok())
}

/// Limits of this node; `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeLimits {
    /// The node's name, as it is shown to clients.
    pub name: String,
    /// `max_connections`: most connections.
    pub connections: Option<u64>,
    /// `channel_max_per_node`: most channels of all connections.
    pub channels: Option<u64>,
}

/// Which limit is reached. Displayed as the explanation of a 530 on the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// Connections of the node.
    NodeConnections {
        /// The limit.
        limit: u64,
    },
    /// Connections to a vhost.
    VhostConnections {
        /// Where to.
        vhost: String,
        /// Who was refused.
        user: String,
        /// The limit.
        limit: u64,
    },
    /// Connections of a user.
    UserConnections {
        /// Who was refused.
        user: String,
        /// The limit.
        limit: u64,
    },
    /// Channels of a user.
    UserChannels {
        /// Who was refused.
        user: String,
        /// The limit.
        limit: u64,
    },
    /// Channels of the node.
    NodeChannels {
        /// The node's name.
        node: String,
        /// The limit.
        limit: u64,
    },
}

/// Seen: RabbitMQ 4.3.6, but for the two of the node.
/// Guess: those are worded as in its reader.
impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeConnections { limit } => {
                write!(
                    f,
                    "connection refused: node connection limit ({limit}) is reached"
                )
            }
            Self::VhostConnections { vhost, user, limit } => write!(
                f,
                "access to vhost '{vhost}' refused for user '{user}': connection limit ({limit}) \
                 is reached"
            ),
            Self::UserConnections { user, limit } => write!(
                f,
                "connection refused for user '{user}': user connection limit ({limit}) is reached"
            ),
            Self::UserChannels { user, limit } => write!(
                f,
                "number of channels opened for user '{user}' has reached the maximum allowed user \
                 limit of {limit}"
            ),
            Self::NodeChannels { node, limit } => write!(
                f,
                "number of channels opened on node '{node}' has reached the maximum allowed limit \
                 of {limit}"
            ),
        }
    }
}

impl std::error::Error for LimitReached {}

/// How many connections and channels are open, shared by all connections of a broker.
#[derive(Debug, Default)]
pub struct ConnectionCounts {
    counts: Mutex<Counts>,
}

/// Entries at zero are removed, so the maps are as large as what is open.
#[derive(Debug, Default)]
struct Counts {
    connections: u64,
    channels: u64,
    vhost_connections: HashMap<Arc<str>, u64>,
    user_connections: HashMap<Arc<str>, u64>,
    user_channels: HashMap<Arc<str>, u64>,
    connections_opened: u64,
    channels_opened: u64,
}

impl ConnectionCounts {
    /// Nothing open.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Open connections.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.counts.lock().connections
    }

    /// Connections ever opened, and those of them that have closed.
    #[must_use]
    pub fn connection_churn(&self) -> (u64, u64) {
        let counts = self.counts.lock();
        let opened = counts.connections_opened;
        (opened, opened - counts.connections)
    }

    /// Channels ever opened, and those of them that have closed.
    #[must_use]
    pub fn channel_churn(&self) -> (u64, u64) {
        let counts = self.counts.lock();
        let opened = counts.channels_opened;
        (opened, opened - counts.channels)
    }

    /// Open connections to `vhost`.
    #[must_use]
    pub fn vhost_connections(&self, vhost: &str) -> u64 {
        count(&self.counts.lock().vhost_connections, vhost)
    }

    /// Open connections of `user`.
    #[must_use]
    pub fn user_connections(&self, user: &str) -> u64 {
        count(&self.counts.lock().user_connections, user)
    }

    /// Open channels.
    #[must_use]
    pub fn channels(&self) -> u64 {
        self.counts.lock().channels
    }

    /// Open channels of `user`.
    #[must_use]
    pub fn user_channels(&self, user: &str) -> u64 {
        count(&self.counts.lock().user_channels, user)
    }

    /// Whether the node has room for one more connection.
    ///
    /// # Errors
    /// `NodeConnections`.
    pub fn check_node(&self, node: &NodeLimits) -> Result<(), LimitReached> {
        self.counts.lock().check_node(node)
    }

    /// Counts a connection of `user` to `vhost` until the guard is dropped.
    ///
    /// # Errors
    /// The first limit that is reached, in the order node, vhost, user.
    pub fn open_connection(
        self: &Arc<Self>,
        node: &NodeLimits,
        (vhost, vhost_limits): (&str, VhostLimits),
        (user, user_limits): (&str, UserLimits),
    ) -> Result<ConnectionGuard, LimitReached> {
        let mut counts = self.counts.lock();
        counts.check_node(node)?;
        reached(
            count(&counts.vhost_connections, vhost),
            vhost_limits.connections(),
        )
        .map_err(|limit| LimitReached::VhostConnections {
            vhost: vhost.to_owned(),
            user: user.to_owned(),
            limit,
        })?;
        reached(
            count(&counts.user_connections, user),
            user_limits.connections(),
        )
        .map_err(|limit| LimitReached::UserConnections {
            user: user.to_owned(),
            limit,
        })?;
        let (vhost, user) = (Arc::from(vhost), Arc::from(user));
        counts.connections += 1;
        counts.connections_opened += 1;
        raise(&mut counts.vhost_connections, &vhost);
        raise(&mut counts.user_connections, &user);
        Ok(ConnectionGuard {
            counts: Arc::clone(self),
            vhost,
            user,
        })
    }
}

impl Counts {
    fn check_node(&self, node: &NodeLimits) -> Result<(), LimitReached> {
        reached(self.connections, node.connections)
            .map_err(|limit| LimitReached::NodeConnections { limit })
    }
}

fn reached(open: u64, limit: Option<u64>) -> Result<(), u64> {
    limit.filter(|&limit| open >= limit).map_or(Ok(()), Err)
}

fn count(counts: &HashMap<Arc<str>, u64>, name: &str) -> u64 {
    counts.get(name).copied().unwrap_or_default()
}

fn raise(counts: &mut HashMap<Arc<str>, u64>, name: &Arc<str>) {
    *counts.entry(Arc::clone(name)).or_default() += 1;
}

fn lower(counts: &mut HashMap<Arc<str>, u64>, name: &str) {
    let Some(open) = counts.get_mut(name) else {
        return;
    };
    *open = open.saturating_sub(1);
    if *open == 0 {
        counts.remove(name);
    }
}

/// One counted connection; dropping it gives the place back.
#[derive(Debug)]
pub struct ConnectionGuard {
    counts: Arc<ConnectionCounts>,
    vhost: Arc<str>,
    user: Arc<str>,
}

impl ConnectionGuard {
    /// Counts a channel of this connection's user until the guard is dropped.
    ///
    /// # Errors
    /// The first limit that is reached, in the order user, node. RabbitMQ 4.3.6 answers it on
    /// `channel.open`.
    pub fn open_channel(
        &self,
        node: &NodeLimits,
        user_limits: UserLimits,
    ) -> Result<ChannelGuard, LimitReached> {
        let mut counts = self.counts.counts.lock();
        reached(
            count(&counts.user_channels, &self.user),
            user_limits.channels(),
        )
        .map_err(|limit| LimitReached::UserChannels {
            user: self.user.to_string(),
            limit,
        })?;
        reached(counts.channels, node.channels).map_err(|limit| LimitReached::NodeChannels {
            node: node.name.clone(),
            limit,
        })?;
        counts.channels += 1;
        counts.channels_opened += 1;
        raise(&mut counts.user_channels, &self.user);
        Ok(ChannelGuard {
            counts: Arc::clone(&self.counts),
            user: Arc::clone(&self.user),
        })
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut counts = self.counts.counts.lock();
        counts.connections = counts.connections.saturating_sub(1);
        lower(&mut counts.vhost_connections, &self.vhost);
        lower(&mut counts.user_connections, &self.user);
    }
}

/// One counted channel; dropping it gives the place back.
#[derive(Debug)]
pub struct ChannelGuard {
    counts: Arc<ConnectionCounts>,
    user: Arc<str>,
}

impl Drop for ChannelGuard {
    fn drop(&mut self) {
        let mut counts = self.counts.counts.lock();
        counts.channels = counts.channels.saturating_sub(1);
        lower(&mut counts.user_channels, &self.user);
    }
}

#[cfg(test)]
mod tests;
