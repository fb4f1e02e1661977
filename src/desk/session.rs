//! What an open connection is: who, from where, to which vhost, and what was agreed.
//!
//! Shared as `Arc<Session>` by the connection, its channels (who borrow it) and the broker's list
//! of connections (which shows it and posts to its mailbox). Nothing in it changes but counters.

use core::net::SocketAddr;
use std::fmt;
use std::ops::Deref;

use std::collections::VecDeque;
use std::sync::Arc;

use leveret_codec::table::{Table, TableError, TableRef, Value};
use parking_lot::Mutex;

use super::{Actor, Desk};
use crate::auth::{Admission, ChannelGuard, ConnectionGuard, User};
use crate::clock::Now;
use crate::error::AmqpError;
use crate::events::Author;
use crate::ids::ConnectionId;
use crate::mail::{Mail, Mailbox};
use crate::tally::{Tally, Turnover};

mod encryption;
mod telling;
mod traffic;

pub use encryption::{Encryption, PeerCertificate};
pub(crate) use traffic::Shown;
pub use traffic::{State, Traffic};

/// Where a connection comes from, known as soon as it is accepted.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its number.
    pub id: ConnectionId,
    /// The client's address.
    pub peer: SocketAddr,
    /// Our address that it connected to.
    pub local: SocketAddr,
    /// When it was accepted.
    pub accepted: Now,
    /// Its mailbox.
    pub mailbox: Arc<Mailbox>,
    /// What TLS was agreed to be, if it is spoken.
    pub encryption: Option<Arc<Encryption>>,
}

impl Origin {
    /// A connection that has just been accepted. IPv4 addresses that come as IPv6 are shown as
    /// what they are.
    #[must_use]
    pub fn new(id: ConnectionId, peer: SocketAddr, local: SocketAddr, accepted: Now) -> Self {
        let canonical =
            |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        Self {
            id,
            peer: canonical(peer),
            local: canonical(local),
            accepted,
            mailbox: Arc::default(),
            encryption: None,
        }
    }
}

/// `127.0.0.1:41878 -> 127.0.0.1:5672`: the name that RabbitMQ gives a connection.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.peer, self.local)
    }
}

/// What a client says about itself.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its properties as sent in connection.start-ok.
    pub properties: Table,
    /// Abilities that change what the broker does.
    pub capabilities: Capabilities,
}

/// Abilities of a client that change what the broker does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It wants a connection.close when its credentials are wrong.
    pub authentication_failure_close: bool,
    /// It wants basic.cancel when the broker cancels a consumer.
    pub consumer_cancel_notify: bool,
    /// It wants connection.blocked and connection.unblocked.
    pub connection_blocked: bool,
}

/// What was agreed in connection.tune and tune-ok.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuned {
    /// Most channels open at one time; 0 for no limit.
    pub channel_max: u16,
    /// Most octets of a frame with its overhead; 0 for no limit.
    pub frame_max: u32,
    /// Heartbeat interval in seconds; 0 for none.
    pub heartbeat_s: u16,
}

/// A user who has logged in over a connection, and what was agreed with the client.
#[derive(Debug)]
pub struct Login {
    /// Who.
    pub user: Arc<User>,
    /// What the client says about itself.
    pub client: Client,
    /// What was agreed.
    pub tuned: Tuned,
    /// What is spoken, as RabbitMQ names it: `AMQP 0-9-1`.
    pub protocol: &'static str,
    /// How the user logged in: `PLAIN`.
    pub mechanism: String,
}

impl Client {
    /// Reads what the client says about itself.
    ///
    /// # Errors
    /// If its table cannot be decoded.
    pub(crate) fn new(properties: TableRef<'_>) -> Result<Self, TableError> {
        properties.check()?;
        let properties = properties.to_table()?;
        let mut capabilities = Capabilities::default();
        if let Some(Value::Table(table)) = properties.get("capabilities") {
            let has = |name: &str| table.get(name) == Some(&Value::Bool(true));
            capabilities = Capabilities {
                authentication_failure_close: has("authentication_failure_close"),
                consumer_cancel_notify: has("consumer_cancel_notify"),
                connection_blocked: has("connection.blocked"),
            };
        }
        Ok(Self {
            properties,
            capabilities,
        })
    }

    /// The name that the client gave the connection, if it gave one.
    #[must_use]
    pub fn connection_name(&self) -> Option<&str> {
        let name = self.properties.get("connection_name")?.as_str()?;
        std::str::from_utf8(name).ok()
    }
}

/// An open connection, as all but its own task see it.
pub struct Session {
    /// Its number.
    pub id: ConnectionId,
    /// Who asks over it, and in which vhost.
    pub actor: Actor,
    /// Where mail for it goes.
    pub mailbox: Arc<Mailbox>,
    /// Where it comes from.
    pub origin: Origin,
    /// `127.0.0.1:41878 -> 127.0.0.1:5672`.
    pub name: String,
    /// What the client says about itself.
    pub client_properties: Table,
    /// Abilities of the client that change what the broker does.
    pub capabilities: Capabilities,
    /// What was agreed.
    pub tuned: Tuned,
    /// What is spoken, as RabbitMQ names it: `AMQP 0-9-1`.
    pub protocol: &'static str,
    /// How the user logged in: `PLAIN`.
    pub mechanism: String,
    /// What it has read and written.
    pub traffic: Traffic,
    /// What messages went over it; raised by its own task.
    pub tally: Tally,
    /// Its place among the counted connections, until it closes.
    place: Mutex<Option<ConnectionGuard>>,
}

/// A session asks the desk as its actor does.
impl Deref for Session {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

impl Session {
    /// Opens `vhost` for the user who logged in.
    ///
    /// # Errors
    /// 530 in RabbitMQ's order: the node's limit, the vhost (missing or full), the user's limit,
    /// the user's permissions.
    pub(crate) fn open(
        login: &Login,
        vhost: &str,
        origin: &Origin,
        desk: &Arc<Desk>,
    ) -> Result<Self, AmqpError> {
        let Login {
            user,
            client,
            tuned,
            protocol,
            mechanism,
        } = login;
        let found = desk.find_vhost(vhost);
        let admission = Admission {
            user,
            vhost,
            vhost_limits: found.as_ref().map(|_| desk.vhost_limits(vhost)),
            node: &desk.node_limits,
        };
        let admitted = desk.auth.admit(&desk.counts, &admission);
        let place = admitted.map_err(|refused| AmqpError::not_allowed(refused.to_string()))?;
        let found =
            found.ok_or_else(|| AmqpError::not_allowed(format!("vhost {vhost} not found")))?;
        let author = Author::at(user.name(), origin.peer);
        Ok(Self {
            id: origin.id,
            actor: Actor::new(desk, user, &found, Some(origin.id), author),
            mailbox: Arc::clone(&origin.mailbox),
            origin: origin.clone(),
            name: origin.to_string(),
            capabilities: client.capabilities,
            client_properties: client.properties.clone(),
            tuned: *tuned,
            protocol,
            mechanism: mechanism.clone(),
            traffic: Traffic::default(),
            tally: Tally::default(),
            place: Mutex::new(Some(place)),
        })
    }

    /// Takes out, in order, all mail that has not been read: first what was taken out of the
    /// mailbox before (`backlog`), then the mailbox's. What the caller does not want goes back
    /// into `backlog`.
    #[must_use]
    pub fn take_mail(&self, backlog: &mut VecDeque<Mail>) -> Vec<Mail> {
        self.mailbox.take_now(backlog);
        backlog.drain(..).collect()
    }

    /// Counts one more channel of the user until the guard is dropped.
    ///
    /// # Errors
    /// 530, closes the connection: the user's or the node's limit is reached.
    pub(crate) fn open_channel(&self) -> Result<Option<ChannelGuard>, AmqpError> {
        // Limits may have changed since the login; those of now count.
        let now = self.desk.auth.user(self.user_name());
        let limits = now.map_or(self.user.limits(), |user| user.limits());
        let place = self.place.lock();
        let Some(place) = place.as_ref() else {
            return Ok(None);
        };
        place
            .open_channel(&self.desk.node_limits, limits)
            .map(Some)
            .map_err(|limit| AmqpError::not_allowed(limit.to_string()).in_method(0, 0))
    }

    /// What has gone over it.
    pub(crate) fn turnover(&self) -> Turnover {
        Turnover {
            messages: self.tally.totals(),
            traffic: self.traffic.totals(),
        }
    }

    /// Gives the connection's place back and takes it off the broker's list.
    pub(crate) fn end(&self) {
        self.desk.forget(self.id);
        self.place.lock().take();
    }
}

/// `127.0.0.1:41878 -> 127.0.0.1:5672, vhost: '/', user: 'guest'`: as in RabbitMQ's log.
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (vhost, user) = (self.vhost.name(), self.user_name());
        write!(f, "{}, vhost: '{vhost}', user: '{user}'", self.name)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session #{} ({self})", self.id)
    }
}
