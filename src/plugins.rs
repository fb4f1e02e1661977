//! RabbitMQ's plugins by name: which there are, what they are for, and which need which.
//!
//! Here they are switches. What most of them add is always there; what is not there at all has no
//! effect. The versions are those of the broker that clients are told of.
//!
//! Seen: RabbitMQ 4.3.6, `rabbitmq-plugins list --verbose`.

use std::cmp::Reverse;

/// A plugin that RabbitMQ comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plugin {
    /// Its name, and that of its application.
    pub(crate) name: &'static str,
    /// RabbitMQ's words for it.
    pub(crate) description: &'static str,
    /// The plugins that it is not enabled without.
    pub(crate) dependencies: &'static [&'static str],
}

impl Plugin {
    /// The plugin of this name, if there is one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        all().find(|plugin| plugin.name == name)
    }

    /// How many plugins need each other one after the other, this one first. The table has no
    /// circles, so the recursion has an end.
    fn depth(self) -> usize {
        let needed = self
            .dependencies
            .iter()
            .filter_map(|name| Self::named(name));
        needed.map(|plugin| plugin.depth() + 1).max().unwrap_or(0)
    }
}

/// All of them, by name.
pub(crate) fn all() -> impl Iterator<Item = Plugin> {
    PLUGINS
        .iter()
        .map(|(name, description, dependencies)| Plugin {
            name,
            description,
            dependencies,
        })
}

/// Plugins of these names and all that they need; one that needs another stands before it.
pub(crate) fn with_dependencies(names: &[&str]) -> Vec<Plugin> {
    let mut plugins: Vec<Plugin> = Vec::new();
    let mut wanted: Vec<Plugin> = names
        .iter()
        .filter_map(|name| Plugin::named(name))
        .collect();
    while let Some(plugin) = wanted.pop() {
        if !plugins.contains(&plugin) {
            plugins.push(plugin);
            let needed = plugin.dependencies.iter();
            wanted.extend(needed.filter_map(|name| Plugin::named(name)));
        }
    }
    plugins.sort_by_key(|plugin| (Reverse(plugin.depth()), plugin.name));
    plugins
}

/// Plugins that are switches of parts of the broker.
pub(crate) const MANAGEMENT: &str = "rabbitmq_management";
/// The same.
pub(crate) const PROMETHEUS: &str = "rabbitmq_prometheus";
/// The same.
pub(crate) const EVENT_EXCHANGE: &str = "rabbitmq_event_exchange";

/// Whether these names enable a plugin.
#[cfg(feature = "settings-file")]
pub(crate) fn are_with(names: &[String], plugin: &str) -> bool {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    with_dependencies(&names)
        .iter()
        .any(|one| one.name == plugin)
}

/// Name, description, and the plugins that it needs.
type Row = (&'static str, &'static str, &'static [&'static str]);

/// Seen: RabbitMQ 4.3.6.
const PLUGINS: &[Row] = &[
    ("rabbitmq_amqp1_0", "Deprecated no-op AMQP 1.0 plugin", &[]),
    (
        "rabbitmq_auth_backend_cache",
        "RabbitMQ Authentication Backend cache",
        &[],
    ),
    (
        "rabbitmq_auth_backend_http",
        "RabbitMQ HTTP Authentication Backend",
        &[],
    ),
    (
        "rabbitmq_auth_backend_internal_loopback",
        "RabbitMQ Internal Loopback Authentication Backend",
        &[],
    ),
    (
        "rabbitmq_auth_backend_ldap",
        "RabbitMQ LDAP Authentication Backend",
        &[],
    ),
    (
        "rabbitmq_auth_backend_oauth2",
        "OAuth 2 and JWT-based AuthN and AuthZ backend",
        &[],
    ),
    (
        "rabbitmq_auth_mechanism_ssl",
        "RabbitMQ SSL authentication (SASL EXTERNAL)",
        &[],
    ),
    (
        "rabbitmq_consistent_hash_exchange",
        "Consistent Hash Exchange Type",
        &[],
    ),
    ("rabbitmq_event_exchange", "Event Exchange Type", &[]),
    (
        "rabbitmq_exchange_federation",
        "RabbitMQ Exchange Federation",
        &["rabbitmq_federation_common"],
    ),
    (
        "rabbitmq_federation",
        "Deprecated no-op RabbitMQ Federation",
        &["rabbitmq_queue_federation", "rabbitmq_exchange_federation"],
    ),
    (
        "rabbitmq_federation_common",
        "RabbitMQ Federation Common",
        &[],
    ),
    (
        "rabbitmq_federation_management",
        "RabbitMQ Federation Management",
        &["rabbitmq_management", "rabbitmq_federation"],
    ),
    (
        "rabbitmq_federation_prometheus",
        "Exposes rabbitmq_federation metrics to Prometheus",
        &["rabbitmq_federation", "rabbitmq_prometheus"],
    ),
    (
        "rabbitmq_jms_topic_exchange",
        "RabbitMQ JMS topic selector exchange plugin",
        &[],
    ),
    (
        "rabbitmq_management",
        "RabbitMQ Management Console",
        &["rabbitmq_web_dispatch", "rabbitmq_management_agent"],
    ),
    (
        "rabbitmq_management_agent",
        "RabbitMQ Management Agent",
        &["rabbitmq_web_dispatch"],
    ),
    ("rabbitmq_mqtt", "RabbitMQ MQTT Adapter", &[]),
    (
        "rabbitmq_peer_discovery_aws",
        "AWS-based RabbitMQ peer discovery backend",
        &["rabbitmq_peer_discovery_common"],
    ),
    (
        "rabbitmq_peer_discovery_common",
        "Modules shared by various peer discovery backends",
        &[],
    ),
    (
        "rabbitmq_peer_discovery_consul",
        "Consult-based RabbitMQ peer discovery backend",
        &["rabbitmq_peer_discovery_common"],
    ),
    (
        "rabbitmq_peer_discovery_etcd",
        "etcd-based RabbitMQ peer discovery backend",
        &["rabbitmq_peer_discovery_common"],
    ),
    (
        "rabbitmq_peer_discovery_k8s",
        "Kubernetes-based RabbitMQ peer discovery backend",
        &["rabbitmq_peer_discovery_common"],
    ),
    (
        "rabbitmq_prometheus",
        "Prometheus metrics for RabbitMQ",
        &["rabbitmq_management_agent", "rabbitmq_web_dispatch"],
    ),
    (
        "rabbitmq_queue_federation",
        "RabbitMQ Queue Federation",
        &["rabbitmq_federation_common"],
    ),
    ("rabbitmq_random_exchange", "RabbitMQ Random Exchange", &[]),
    (
        "rabbitmq_recent_history_exchange",
        "RabbitMQ Recent History Exchange",
        &[],
    ),
    ("rabbitmq_sharding", "RabbitMQ Sharding Plugin", &[]),
    ("rabbitmq_shovel", "Data Shovel for RabbitMQ", &[]),
    (
        "rabbitmq_shovel_management",
        "Management extension for the Shovel plugin",
        &["rabbitmq_management", "rabbitmq_shovel"],
    ),
    (
        "rabbitmq_shovel_prometheus",
        "Exposes rabbitmq_shovel metrics to Prometheus",
        &["rabbitmq_shovel", "rabbitmq_prometheus"],
    ),
    ("rabbitmq_stomp", "RabbitMQ STOMP plugin", &[]),
    ("rabbitmq_stream", "RabbitMQ Stream", &[]),
    (
        "rabbitmq_stream_management",
        "RabbitMQ Stream Management",
        &["rabbitmq_management", "rabbitmq_stream"],
    ),
    ("rabbitmq_top", "RabbitMQ Top", &["rabbitmq_management"]),
    (
        "rabbitmq_tracing",
        "RabbitMQ message logging / tracing",
        &["rabbitmq_management"],
    ),
    (
        "rabbitmq_trust_store",
        "Client X.509 certificates trust store",
        &[],
    ),
    ("rabbitmq_web_dispatch", "RabbitMQ Web Dispatcher", &[]),
    (
        "rabbitmq_web_mqtt",
        "RabbitMQ MQTT-over-WebSockets adapter",
        &["rabbitmq_mqtt"],
    ),
    (
        "rabbitmq_web_mqtt_examples",
        "Rabbit WEB-MQTT - examples",
        &["rabbitmq_web_dispatch", "rabbitmq_web_mqtt"],
    ),
    (
        "rabbitmq_web_stomp",
        "RabbitMQ STOMP-over-WebSockets support",
        &["rabbitmq_stomp"],
    ),
    (
        "rabbitmq_web_stomp_examples",
        "Rabbit WEB-STOMP - examples",
        &["rabbitmq_web_dispatch", "rabbitmq_web_stomp"],
    ),
];

#[cfg(test)]
mod tests;
