//! Connections: who, from where, what was agreed, what went over them.

use std::sync::Arc;

use serde::Serialize;

use super::listing::{Item, Listed, Listing, PageError, SortKey, select};
use super::{PlainTable, Scope};
use crate::clock::Mono;
use crate::desk::Desk;
use crate::desk::session::{Encryption, Session, State};
#[cfg(feature = "management")]
use crate::ids::ConnectionId;

/// A connection.
#[derive(Clone, Debug, Serialize)]
pub struct ConnectionView {
    /// Its number: never used again.
    pub id: u64,
    /// `127.0.0.1:41878 -> 127.0.0.1:5672`.
    pub name: String,
    /// What the client calls it, if it does.
    pub client_name: Option<String>,
    /// Its user.
    pub user: String,
    /// Its vhost.
    pub vhost: String,
    /// Our address.
    pub host: String,
    /// Our port.
    pub port: u16,
    /// The client's address.
    pub peer_host: String,
    /// The client's port.
    pub peer_port: u16,
    /// When it was accepted, in milliseconds since 1970.
    pub connected_at_ms: u64,
    /// What the client says about itself.
    pub client_properties: PlainTable,
    /// Most channels, as agreed; 0 for no limit.
    pub channel_max: u16,
    /// Most octets of a frame, as agreed; 0 for no limit.
    pub frame_max_bytes: u32,
    /// Seconds between heartbeats, as agreed; 0 for none.
    pub heartbeat_s: u16,
    /// Open channels.
    pub channels: usize,
    /// What is spoken: `AMQP 0-9-1`.
    pub protocol: &'static str,
    /// How the user logged in: `PLAIN`.
    pub auth_mechanism: String,
    /// What TLS was agreed to be, if it is spoken.
    pub encryption: Option<Encryption>,
    /// Octets read.
    pub read_bytes: u64,
    /// Octets written.
    pub written_bytes: u64,
    /// Frames read and handled.
    pub read_frames: u64,
    /// Frames written, or waiting to be.
    pub written_frames: u64,
    /// Whether it is served, or why not.
    pub state: State,
}

impl ConnectionView {
    /// `now`: transport time.
    pub(super) fn of(session: &Session, now: Mono) -> Self {
        let origin = &session.origin;
        let client = session.client_properties.get("connection_name");
        let client = client.and_then(|name| name.as_str());
        Self {
            id: session.id.0,
            name: session.name.clone(),
            client_name: client.map(|name| String::from_utf8_lossy(name).into_owned()),
            user: session.user_name().to_owned(),
            vhost: session.vhost.name().to_string(),
            host: origin.local.ip().to_string(),
            port: origin.local.port(),
            peer_host: origin.peer.ip().to_string(),
            peer_port: origin.peer.port(),
            connected_at_ms: origin.accepted.wall.as_millis(),
            client_properties: PlainTable(session.client_properties.clone()),
            channel_max: session.tuned.channel_max,
            frame_max_bytes: session.tuned.frame_max,
            heartbeat_s: session.tuned.heartbeat_s,
            channels: session.traffic.channels(),
            protocol: session.protocol,
            auth_mechanism: session.mechanism.clone(),
            encryption: origin.encryption.as_deref().cloned(),
            read_bytes: session.traffic.octets_in(),
            written_bytes: session.traffic.octets_out(),
            read_frames: session.traffic.frames_in(),
            written_frames: session.traffic.frames_out(),
            state: session.traffic.state(now),
        }
    }
}

/// What connections can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionSort {
    /// Its name.
    Name,
    /// Its user.
    User,
    /// Its vhost.
    Vhost,
    /// Open channels.
    Channels,
    /// Octets read.
    Read,
    /// Octets written.
    Written,
    /// When it was accepted.
    ConnectedAt,
}

impl ConnectionSort {
    pub(super) fn key(self, session: &Session) -> SortKey {
        let traffic = &session.traffic;
        match self {
            Self::Name => SortKey::Text(session.name.clone()),
            Self::User => SortKey::Text(session.user_name().to_owned()),
            Self::Vhost => SortKey::Text(session.vhost.name().to_string()),
            Self::Channels => (traffic.channels() as u64).into(),
            Self::Read => traffic.octets_in().into(),
            Self::Written => traffic.octets_out().into(),
            Self::ConnectedAt => session.origin.accepted.wall.as_millis().into(),
        }
    }
}

impl Item for Arc<Session> {
    fn place(&self) -> (&str, &str) {
        ("", &self.name)
    }
}

impl Desk {
    /// The connections of `scope`, only those of `user` if one is named.
    ///
    /// # Errors
    /// [`PageError::OutOfRange`].
    pub fn connections(
        &self,
        scope: Scope<'_>,
        user: Option<&str>,
        listing: &Listing<ConnectionSort>,
    ) -> Result<Listed<ConnectionView>, PageError> {
        let all = self.sessions_of(scope, user);
        let listed = select(all, listing, |session, sort| sort.key(session))?;
        let now = self.env.now().transport;
        Ok(listed.map(|session| ConnectionView::of(&session, now)))
    }

    /// The connections of `scope`, only those of `user` if one is named, in no order.
    pub(super) fn sessions_of(&self, scope: Scope<'_>, user: Option<&str>) -> Vec<Arc<Session>> {
        let sessions = self.sessions.iter();
        let meant = sessions.filter(|session| {
            let is_users = user.is_none_or(|user| user == session.user_name());
            is_users && scope.has(session.vhost.name())
        });
        meant.map(|session| Arc::clone(&session)).collect()
    }

    /// Numbers of the connections of `scope`, in no order.
    #[cfg(feature = "management")]
    pub(in crate::desk) fn connections_of(&self, scope: Scope<'_>) -> Vec<ConnectionId> {
        let sessions = self.sessions.iter();
        let meant = sessions.filter(|session| scope.has(session.vhost.name()));
        meant.map(|session| session.id).collect()
    }

    /// The connection called `name`.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<ConnectionView> {
        let sessions = self.sessions.iter();
        let mut named = sessions.filter(|session| session.name == name);
        let now = self.env.now().transport;
        named
            .next()
            .map(|session| ConnectionView::of(&session, now))
    }
}
