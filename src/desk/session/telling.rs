//! What listeners are told of connections, channels and logins, by RabbitMQ's names.
//!
//! Docs: RabbitMQ, event exchange plugin.

use leveret_codec::table::{Table, Value};
use leveret_codec::types::ChannelId;

use super::{Origin, Session};
use crate::desk::Desk;
use crate::events::ChangeKind;

impl Session {
    /// The connection opened or closed.
    pub(in crate::desk) fn tell(&self, kind: ChangeKind) {
        let env = &self.desk.env;
        let change = env.change(kind, self.vhost.name(), self.user_name(), || {
            let tuned = &self.tuned;
            let (peer, local) = (self.origin.peer, self.origin.local);
            let mut fields = Table::new()
                .with("name", self.name.as_str())
                .with("user", self.user_name())
                .with("host", local.ip().to_string())
                .with("port", i64::from(local.port()))
                .with("peer_host", peer.ip().to_string())
                .with("peer_port", i64::from(peer.port()))
                .with("protocol", self.protocol)
                .with("ssl", false)
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
            if let Some(name) = self.client_properties.get("connection_name") {
                fields.insert("user_provided_name", name.clone());
            }
            fields
        });
        env.events.tell_all(change);
    }

    /// A channel opened or closed.
    pub(crate) fn tell_channel(&self, kind: ChangeKind, channel: ChannelId) {
        let env = &self.desk.env;
        let change = env.change(kind, self.vhost.name(), self.user_name(), || {
            Table::new()
                .with("name", format!("{} ({channel})", self.name))
                .with("number", i64::from(channel.0))
                .with("connection", self.name.as_str())
                .with("user", self.user_name())
        });
        env.events.tell_all(change);
    }
}

impl Desk {
    /// A login over AMQP went well, as `user`, or failed for `error`.
    pub(crate) fn tell_login(
        &self,
        origin: &Origin,
        (protocol, mechanism): (&str, &str),
        outcome: Result<&str, &str>,
    ) {
        let kind = match outcome {
            Ok(_) => ChangeKind::UserAuthenticationSuccess,
            Err(_) => ChangeKind::UserAuthenticationFailure,
        };
        let change = self.env.change(kind, "", "", || {
            let fields = Table::new()
                .with("connection_name", origin.to_string())
                .with("connection_type", "network")
                .with("host", origin.local.ip().to_string())
                .with("port", i64::from(origin.local.port()))
                .with("peer_host", origin.peer.ip().to_string())
                .with("peer_port", i64::from(origin.peer.port()))
                .with("protocol", protocol)
                .with("ssl", false)
                .with("auth_mechanism", mechanism);
            match outcome {
                Ok(user) => fields.with("name", user),
                Err(error) => fields.with("error", error),
            }
        });
        self.env.events.tell_all(change);
    }
}

fn number(number: u64) -> Value {
    Value::I64(i64::try_from(number).unwrap_or(i64::MAX))
}
