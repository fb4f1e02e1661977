//! What this broker says of itself as a node: names, versions, doors.

use std::sync::Arc;

use crate::config::Settings;
use crate::desk::Desk;
use crate::net::listener::Listening;

use super::json::Object;
use super::{METRICS, METRICS_PROTOCOL, NAME, PROTOCOL};

/// See the module.
pub(super) struct Node {
    /// `rabbit@host`.
    pub(super) name: String,
    /// It knows everything that is listened for.
    pub(super) desk: Arc<Desk>,
}

/// The types of exchanges that there are, with RabbitMQ's descriptions.
const EXCHANGE_TYPES: &[(&str, &str)] = &[
    (
        "direct",
        "AMQP direct exchange, as per the AMQP specification",
    ),
    (
        "fanout",
        "AMQP fanout exchange, as per the AMQP specification",
    ),
    (
        "headers",
        "AMQP headers exchange, as per the AMQP specification",
    ),
    (
        "topic",
        "AMQP topic exchange, as per the AMQP specification",
    ),
    ("x-consistent-hash", "Consistent Hashing Exchange"),
    (
        "x-local-random",
        "Picks one random local binding (queue) to route via (to).",
    ),
    ("x-modulus-hash", "Modulus Hashing Exchange"),
];

impl Node {
    /// The keys that an overview and a node share.
    pub(super) fn versions(object: &mut Object<'_>, settings: &Settings) {
        let platform = settings.server_platform.as_str();
        let erlang = platform.strip_prefix("Erlang/OTP ").unwrap_or(platform);
        object.set("rabbitmq_version", &settings.server_version);
        object.set("leveret_version", env!("CARGO_PKG_VERSION"));
        object.set("erlang_version", erlang);
        object.set("erlang_full_version", platform);
        object.set("crypto_lib_version", "none");
    }

    /// The types of exchanges.
    pub(super) fn exchange_types(object: &mut Object<'_>) {
        object.array(
            "exchange_types",
            EXCHANGE_TYPES,
            |one, (name, description)| {
                one.set("name", name);
                one.set("description", description);
                one.set("enabled", &true);
            },
        );
    }

    /// Everything that is listened for, now.
    pub(super) fn listening(&self) -> Vec<Listening> {
        self.desk.listening()
    }

    /// Every address that is listened on.
    pub(super) fn listeners(&self, object: &mut Object<'_>) {
        let listeners = self.listening();
        let addresses = listeners.iter().flat_map(|listening| {
            let addresses = listening.addresses.iter();
            addresses.map(|address| (listening.protocol, address))
        });
        object.array("listeners", addresses, |one, (protocol, address)| {
            one.set("node", &self.name);
            one.set("protocol", protocol);
            one.set("ip_address", &address.ip());
            one.set("port", &address.port());
            one.object("socket_opts", |options| match protocol {
                PROTOCOL | METRICS_PROTOCOL => {
                    options.object("cowboy_opts", |cowboy| cowboy.set("sendfile", &false));
                    options.set("ip", &address.ip());
                    options.set("port", &address.port());
                    if protocol == METRICS_PROTOCOL {
                        options.set("protocol", protocol);
                    }
                }
                _ => {
                    options.set("backlog", &crate::limits::BACKLOG);
                    options.set("nodelay", &true);
                    options.set("linger", &(true, 0));
                    options.set("exit_on_close", &false);
                }
            });
            one.set("tls", &false);
        });
    }

    /// The doors for HTTP.
    pub(super) fn contexts(&self, object: &mut Object<'_>, whose: Whose) {
        let listeners = self.listening();
        let doors = listeners.iter().filter_map(|listening| {
            let description = match listening.name {
                NAME => "RabbitMQ Management",
                METRICS => "RabbitMQ Prometheus",
                _ => return None,
            };
            let addresses = listening.addresses.iter();
            Some(addresses.map(move |address| (listening.name, description, address)))
        });
        object.array(
            "contexts",
            doors.flatten(),
            |one, (name, description, address)| {
                if whose == Whose::Named {
                    one.set("ssl_opts", &[(); 0]);
                    one.set("node", &self.name);
                }
                one.set("description", description);
                one.set("path", "/");
                one.set("cowboy_opts", "[{sendfile,false}]");
                one.set("ip", &address.ip());
                one.set("port", &address.port().to_string());
                if name == METRICS {
                    one.set("protocol", &format!("'{}'", METRICS_PROTOCOL));
                }
            },
        );
    }
}

/// Whether it is said whose doors they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// They are among those of all nodes.
    Named,
    /// They are a node's own.
    Own,
}
