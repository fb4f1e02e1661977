//! What this broker says of itself as a node: names, versions, doors.

use std::sync::Arc;

use crate::config::{Settings, TlsDoor, TlsOptions};
use crate::desk::Desk;
use crate::net::listener::Listening;

use super::json::Object;
use super::{METRICS_OVER_TLS, METRICS_PROTOCOL, PROTOCOL, PROTOCOL_OVER_TLS};

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
            addresses.map(move |address| (listening, address))
        });
        object.array("listeners", addresses, |one, (listening, address)| {
            let protocol = listening.protocol;
            let options_of_tls = self.tls_options(listening);
            one.set("node", &self.name);
            one.set("protocol", protocol);
            one.set("ip_address", &address.ip());
            one.set("port", &address.port());
            one.object("socket_opts", |options| match protocol {
                PROTOCOL | METRICS_PROTOCOL | PROTOCOL_OVER_TLS | METRICS_OVER_TLS => {
                    options.object("cowboy_opts", |cowboy| cowboy.set("sendfile", &false));
                    options.set("ip", &address.ip());
                    options.set("port", &address.port());
                    if protocol == METRICS_PROTOCOL || protocol == METRICS_OVER_TLS {
                        options.set("protocol", protocol);
                    }
                    if let Some(tls) = options_of_tls {
                        options.set("ssl", &true);
                        options.object("ssl_opts", |options| write_files(options, &tls));
                    }
                }
                _ => {
                    options.set("backlog", &crate::limits::BACKLOG);
                    options.set("nodelay", &true);
                    options.set("linger", &(true, 0));
                    options.set("exit_on_close", &false);
                    if let Some(tls) = options_of_tls {
                        options.set("versions", tls.versions);
                        options.set("fail_if_no_peer_cert", &tls.fail_if_no_peer_cert);
                        options.set("verify", tls.verify.word());
                        write_files(options, &tls);
                    }
                }
            });
            one.set("tls", &listening.is_over_tls());
        });
    }

    /// What settings say of TLS at a listener that speaks it.
    fn tls_options(&self, listening: &Listening) -> Option<TlsOptions<'_>> {
        let door = match listening.protocol {
            PROTOCOL_OVER_TLS => TlsDoor::Management,
            METRICS_OVER_TLS => TlsDoor::Prometheus,
            _ if listening.is_over_tls() => TlsDoor::Amqp,
            _ => return None,
        };
        Some(self.desk.settings().tls_options(door))
    }

    /// The doors for HTTP.
    pub(super) fn contexts(&self, object: &mut Object<'_>, whose: Whose) {
        let listeners = self.listening();
        let doors = listeners.iter().filter_map(|listening| {
            let description = match listening.protocol {
                PROTOCOL | PROTOCOL_OVER_TLS => "RabbitMQ Management",
                METRICS_PROTOCOL | METRICS_OVER_TLS => "RabbitMQ Prometheus",
                _ => return None,
            };
            let addresses = listening.addresses.iter();
            Some(addresses.map(move |address| (listening, description, address)))
        });
        object.array(
            "contexts",
            doors.flatten(),
            |one, (listening, description, address)| {
                if whose == Whose::Named {
                    one.set("node", &self.name);
                }
                match self.tls_options(listening) {
                    Some(tls) => {
                        one.object("ssl_opts", |options| write_files(options, &tls));
                        one.set("ssl", "true");
                    }
                    None if whose == Whose::Named => one.set("ssl_opts", &[(); 0]),
                    None => {}
                }
                one.set("description", description);
                one.set("path", "/");
                one.set("cowboy_opts", "[{sendfile,false}]");
                one.set("ip", &address.ip());
                one.set("port", &address.port().to_string());
                if listening.protocol.ends_with("/prometheus") {
                    one.set("protocol", &format!("'{}'", listening.protocol));
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

/// The files that TLS is spoken with.
fn write_files(options: &mut Object<'_>, tls: &TlsOptions<'_>) {
    let files = [
        ("cacertfile", tls.cacertfile),
        ("certfile", tls.certfile),
        ("keyfile", tls.keyfile),
    ];
    for (name, file) in files {
        if let Some(file) = file {
            options.set(name, &*file.to_string_lossy());
        }
    }
}
