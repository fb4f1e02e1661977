//! The broker as a whole: overview, cluster, features.

use super::{
    ANYTHING, Any, Counter, List, Object, STATS, Shape, TEXTS, Text, Truth, Whole, key, maybe,
};

/// The broker at a glance.
pub(in crate::management) const OVERVIEW: Shape = Shape {
    name: "Overview",
    about: "The broker at a glance.",
    keys: &[
        maybe("churn_rates", Object(&CHURN)),
        key("cluster_name", Text),
        key("cluster_tags", ANYTHING),
        maybe("contexts", List(&Object(&CONTEXT))),
        key("crypto_lib_version", Text),
        key("default_queue_type", Text),
        key("disable_stats", Truth),
        key("enable_queue_totals", Truth),
        key("erlang_full_version", Text),
        key("erlang_version", Text),
        key("exchange_types", List(&Object(&EXCHANGE_TYPE))),
        key("is_op_policy_updating_enabled", Truth),
        key("leveret_version", Text),
        maybe("listeners", List(&Object(&LISTENER))),
        key("management_version", Text),
        maybe("message_stats", STATS),
        maybe("node", Text),
        key("node_tags", ANYTHING),
        key("object_totals", Object(&OBJECT_TOTALS)),
        key("product_name", Text),
        key("product_version", Text),
        maybe("queue_totals", Object(&QUEUE_TOTALS)),
        key("rabbitmq_version", Text),
        key("rates_mode", Text),
        key("require_definition_json_extension", Truth),
        key("sample_retention_policies", Object(&RETENTION)),
        maybe("statistics_db_event_queue", Whole),
    ],
};

const CHURN: Shape = Shape {
    name: "Churn",
    about: "How often things came and went.",
    keys: &[
        maybe("channel_closed", Counter),
        maybe("channel_created", Counter),
        maybe("connection_closed", Counter),
        maybe("connection_created", Counter),
        maybe("queue_created", Counter),
        maybe("queue_declared", Counter),
        maybe("queue_deleted", Counter),
    ],
};

pub(super) const CONTEXT: Shape = Shape {
    name: "Context",
    about: "An address where HTTP is served.",
    keys: &[
        key("cowboy_opts", Text),
        key("description", Text),
        key("ip", Text),
        maybe("node", Text).about("Left out in an object of the node."),
        key("path", Text),
        key("port", Text),
        maybe("protocol", Text),
        maybe("ssl", Text),
        maybe("ssl_opts", Any).about("An empty list without TLS."),
    ],
};

pub(super) const EXCHANGE_TYPE: Shape = Shape {
    name: "ExchangeType",
    about: "A type of exchange.",
    keys: &[
        key("description", Text),
        key("enabled", Truth),
        key("name", Text),
    ],
};

const LISTENER: Shape = Shape {
    name: "Listener",
    about: "An address that is listened on.",
    keys: &[
        key("ip_address", Text),
        key("node", Text),
        key("port", Whole),
        key("protocol", Text),
        key("socket_opts", ANYTHING),
        key("tls", Truth),
    ],
};

const OBJECT_TOTALS: Shape = Shape {
    name: "ObjectTotals",
    about: "How many there are.",
    keys: &[
        maybe("channels", Whole),
        key("connections", Whole),
        maybe("consumers", Whole).about("For users who see all of them."),
        key("exchanges", Whole),
        key("queues", Whole),
    ],
};

const QUEUE_TOTALS: Shape = Shape {
    name: "QueueTotals",
    about: "What all queues hold; nothing without queues.",
    keys: &[
        maybe("messages", Counter),
        maybe("messages_ready", Counter),
        maybe("messages_unacknowledged", Counter),
    ],
};

const RETENTION: Shape = Shape {
    name: "RetentionPolicies",
    about: "For how many seconds samples are kept.",
    keys: &[
        key("basic", List(&Whole)),
        key("detailed", List(&Whole)),
        key("global", List(&Whole)),
    ],
};

/// The name of the cluster.
pub(in crate::management) const CLUSTER_NAME: Shape = Shape {
    name: "ClusterName",
    about: "The name of the cluster.",
    keys: &[key("name", Text)],
};

/// A part of the page.
pub(in crate::management) const EXTENSION: Shape = Shape {
    name: "Extension",
    about: "A part of RabbitMQ's page.",
    keys: &[key("javascript", Text)],
};

/// A feature flag.
pub(in crate::management) const FEATURE_FLAG: Shape = Shape {
    name: "FeatureFlag",
    about: "A feature flag of RabbitMQ.",
    keys: &[
        key("callbacks", TEXTS),
        key("desc", Text),
        key("doc_url", Text),
        key("experiment_level", Text),
        key("name", Text),
        key("provided_by", Text),
        key("require_level", Text),
        key("stability", Text),
        key("state", Text),
    ],
};

/// A deprecated feature.
pub(in crate::management) const DEPRECATED_FEATURE: Shape = Shape {
    name: "DeprecatedFeature",
    about: "What is deprecated.",
    keys: &[
        key("deprecation_phase", Text),
        key("desc", Text),
        key("doc_url", Text),
        key("name", Text),
        key("provided_by", Text),
        key("state", Text),
    ],
};

/// A setting in force.
pub(in crate::management) const SETTING: Shape = Shape {
    name: "Setting",
    about: "A setting in force, secrets left out.",
    keys: &[
        key("about", Text).about("What it does."),
        key("changed", Truth).about("Whether it is another value than the default."),
        key("default", Any).about("The built-in default; null for none and for a secret."),
        key("group", Text).about("The heading that it stands under in the settings file."),
        key("key", Text).about("Its name there."),
        key("secret", Truth).about("Whether its value is not shown."),
        key("value", Any).about("Null for none and for a secret. Times and sizes in its unit."),
    ],
};
