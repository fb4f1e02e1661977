//! What listeners are told of connections, channels and logins, by RabbitMQ's names.
//!
//! Docs: RabbitMQ, event exchange plugin.

use leveret_codec::table::{Table, Value};
use leveret_codec::types::ChannelId;

use super::{Encryption, Origin, Session};
use crate::auth::Refused;
use crate::desk::Desk;
use crate::events::{Author, ChangeKind, process};

impl Session {
    /// The connection opened.
    pub(in crate::desk) fn tell_created(&self) {
        let env = &self.desk.env;
        let kind = ChangeKind::ConnectionCreated;
        let change = env.change(kind, self.vhost.name(), &self.author, || {
            let tuned = &self.tuned;
            let (peer, local) = (self.origin.peer, self.origin.local);
            let mut fields = Table::new()
                .with("name", self.name.as_str())
                .with("pid", process(self.id, ChannelId::ZERO))
                .with("user", self.user_name())
                .with("host", local.ip().to_string())
                .with("port", i64::from(local.port()))
                .with("peer_host", peer.ip().to_string())
                .with("peer_port", i64::from(peer.port()))
                .with("protocol", self.protocol)
                .with("ssl", self.origin.encryption.is_some())
                .with("type", "network")
                .with("auth_mechanism", self.mechanism.as_str())
                .with("channel_max", i64::from(tuned.channel_max))
                .with("frame_max", i64::from(tuned.frame_max))
                .with("timeout", i64::from(tuned.heartbeat_s))
                .with(
                    "connected_at",
                    number(self.origin.accepted.wall.as_millis()),
                )
                .with("client_properties", self.client_properties.clone());
            for (key, value) in Encryption::fields(self.origin.encryption.as_deref()) {
                if let Some(value) = value {
                    fields.insert(key, value);
                }
            }
            self.add_own_name(&mut fields);
            fields
        });
        env.events.tell_all(change);
    }

    /// The connection closed.
    pub(in crate::desk) fn tell_closed(&self) {
        let env = &self.desk.env;
        let kind = ChangeKind::ConnectionClosed;
        let change = env.change(kind, self.vhost.name(), &Author::unnamed(), || {
            let mut fields = Table::new()
                .with("name", self.name.as_str())
                .with("pid", process(self.id, ChannelId::ZERO))
                .with("client_properties", self.client_properties.clone());
            self.add_own_name(&mut fields);
            fields
        });
        env.events.tell_all(change);
    }

    /// The name that the client gave the connection.
    fn add_own_name(&self, fields: &mut Table) {
        if let Some(name) = self.client_properties.get("connection_name") {
            fields.insert("user_provided_name", name.clone());
        }
    }

    /// A channel opened.
    pub(crate) fn tell_channel(&self, channel: ChannelId) {
        let env = &self.desk.env;
        let (kind, user) = (ChangeKind::ChannelCreated, self.user_name());
        let change = env.change(kind, self.vhost.name(), &self.author, || {
            Table::new()
                .with("pid", process(self.id, channel))
                .with("name", format!("{} ({channel})", self.name))
                .with("number", i64::from(channel.0))
                .with("connection", process(self.id, ChannelId::ZERO))
                .with("user", user)
        });
        env.events.tell_all(change);
    }

    /// A channel closed, and its consumers are gone.
    pub(crate) fn tell_channel_closed(&self, channel: ChannelId) {
        let env = &self.desk.env;
        let kind = ChangeKind::ChannelClosed;
        let change = env.change(kind, self.vhost.name(), &self.author, || {
            Table::new()
                .with("pid", process(self.id, channel))
                .with("consumer_count", 0_i64)
        });
        env.events.tell_all(change);
    }
}

impl Desk {
    /// A login over AMQP went well, as `user`, or failed as told.
    pub(crate) fn tell_login(
        &self,
        origin: &Origin,
        (protocol, mechanism): (&str, &str),
        outcome: Result<&str, &Refused>,
    ) {
        let kind = match outcome {
            Ok(_) => ChangeKind::UserAuthenticationSuccess,
            Err(_) => ChangeKind::UserAuthenticationFailure,
        };
        let change = self.env.change(kind, "", &Author::unnamed(), || {
            let fields = Table::new()
                .with("connection_name", origin.to_string())
                .with("connection_type", "network")
                .with("host", origin.local.ip().to_string())
                .with("peer_host", origin.peer.ip().to_string())
                .with("peer_port", i64::from(origin.peer.port()))
                .with("protocol", protocol)
                .with("ssl", origin.encryption.is_some())
                .with("auth_mechanism", mechanism);
            let refused = match outcome {
                Ok(user) => return fields.with("name", user),
                Err(refused) => refused,
            };
            // RabbitMQ tells the mechanism apart.
            let text = refused.to_string();
            let error = text
                .split_once(" login refused: ")
                .map_or(&*text, |(_, why)| why);
            let fields = fields.with("error", error);
            match refused.user() {
                Some(user) => fields.with("name", user),
                None => fields,
            }
        });
        self.env.events.tell_all(change);
    }
}

fn number(number: u64) -> Value {
    Value::I64(i64::try_from(number).unwrap_or(i64::MAX))
}
