//! What can be listed, with its columns.

/// Titles, and where in the object the value is.
pub(super) type Columns = &'static [(&'static str, &'static str)];

/// Something that can be listed.
pub(super) struct Kind {
    pub(super) plural: &'static str,
    pub(super) singular: &'static str,
    /// Whether those of one vhost are listed.
    pub(super) has_vhost: bool,
    pub(super) columns: Columns,
}

const fn kind(
    plural: &'static str,
    singular: &'static str,
    has_vhost: bool,
    columns: Columns,
) -> Kind {
    Kind {
        plural,
        singular,
        has_vhost,
        columns,
    }
}

const POLICY: Columns = &[
    ("name", "name"),
    ("vhost", "vhost"),
    ("pattern", "pattern"),
    ("apply_to", "apply-to"),
    ("priority", "priority"),
    ("definition", "definition"),
];

pub(super) const KINDS: &[Kind] = &[
    kind(
        "queues",
        "queue",
        true,
        &[
            ("name", "name"),
            ("vhost", "vhost"),
            ("queue_type", "type"),
            ("durable", "durable"),
            ("auto_delete", "auto_delete"),
            ("exclusive", "exclusive"),
            ("arguments", "arguments"),
            ("node", "node"),
            ("state", "state"),
            ("leader", "leader"),
            ("members", "members"),
            ("online", "online"),
            ("memory", "memory"),
            ("consumer_count", "consumers"),
            ("consumer_utilisation", "consumer_utilisation"),
            ("policy", "policy"),
            ("operator_policy", "operator_policy"),
            ("message_bytes", "message_bytes"),
            ("message_count", "messages"),
            ("unacknowledged_message_count", "messages_unacknowledged"),
        ],
    ),
    kind(
        "streams",
        "stream",
        true,
        &[
            ("name", "name"),
            ("vhost", "vhost"),
            ("queue_type", "type"),
            ("durable", "durable"),
            ("state", "state"),
            ("message_count", "messages"),
        ],
    ),
    kind(
        "exchanges",
        "exchange",
        true,
        &[
            ("name", "name"),
            ("vhost", "vhost"),
            ("exchange_type", "type"),
            ("durable", "durable"),
            ("auto_delete", "auto_delete"),
            ("arguments", "arguments"),
        ],
    ),
    kind(
        "bindings",
        "binding",
        false,
        &[
            ("vhost", "vhost"),
            ("source", "source"),
            ("destination", "destination"),
            ("destination_type", "destination_type"),
            ("routing_key", "routing_key"),
            ("arguments", "arguments"),
            ("properties_key", "properties_key"),
        ],
    ),
    kind(
        "connections",
        "connection",
        false,
        &[
            ("name", "name"),
            ("node", "node"),
            ("state", "state"),
            ("protocol", "protocol"),
            ("username", "user"),
            ("connected_at", "connected_at"),
            ("server_hostname", "host"),
            ("server_port", "port"),
            ("client_hostname", "peer_host"),
            ("client_port", "peer_port"),
            ("channel_max", "channel_max"),
            ("channel_count", "channels"),
        ],
    ),
    kind(
        "channels",
        "channel",
        false,
        &[
            ("id", "number"),
            ("name", "name"),
            ("vhost", "vhost"),
            ("state", "state"),
            ("consumer_count", "consumer_count"),
            ("has_publisher_confirms_enabled", "confirm"),
            ("prefetch_count", "prefetch_count"),
            ("messages_unacknowledged", "messages_unacknowledged"),
            ("messages_unconfirmed", "messages_unconfirmed"),
        ],
    ),
    kind(
        "consumers",
        "consumer",
        false,
        &[
            ("vhost", "queue.vhost"),
            ("queue", "queue.name"),
            ("consumer_tag", "consumer_tag"),
            ("manual_ack", "ack_required"),
            ("prefetch_count", "prefetch_count"),
            ("active", "active"),
            ("exclusive", "exclusive"),
            ("arguments", "arguments"),
            ("delivery_ack_timeout", "consumer_timeout"),
        ],
    ),
    kind(
        "vhosts",
        "vhost",
        false,
        &[
            ("name", "name"),
            ("tags", "tags"),
            ("description", "description"),
            ("default_queue_type", "default_queue_type"),
        ],
    ),
    kind(
        "users",
        "user",
        false,
        &[
            ("name", "name"),
            ("tags", "tags"),
            ("password_hash", "password_hash"),
        ],
    ),
    kind(
        "permissions",
        "permission",
        false,
        &[
            ("user", "user"),
            ("vhost", "vhost"),
            ("configure", "configure"),
            ("read", "read"),
            ("write", "write"),
        ],
    ),
    kind("policies", "policy", false, POLICY),
    kind("operator_policies", "operator_policy", false, POLICY),
    kind(
        "parameters",
        "parameter",
        false,
        &[
            ("name", "name"),
            ("vhost", "vhost"),
            ("component", "component"),
            ("value", "value"),
        ],
    ),
    kind(
        "global_parameters",
        "global_parameter",
        false,
        &[("name", "name"), ("value", "value")],
    ),
    kind(
        "vhost_limits",
        "vhost_limit",
        false,
        &[("vhost", "vhost"), ("limits", "value")],
    ),
    kind(
        "user_limits",
        "user_limit",
        false,
        &[("username", "user"), ("limits", "value")],
    ),
    kind(
        "nodes",
        "node",
        false,
        &[
            ("name", "name"),
            ("uptime", "uptime"),
            ("run_queue", "run_queue"),
            ("processors", "processors"),
            ("os_pid", "os_pid"),
            ("fd_total", "fd_total"),
            ("memory_high_watermark", "mem_limit"),
            ("has_memory_alarm_in_effect", "mem_alarm"),
            ("free_disk_space_low_watermark", "disk_free_limit"),
            ("has_free_disk_space_alarm_in_effect", "disk_free_alarm"),
            ("rates_mode", "rates_mode"),
            ("being_drained", "being_drained"),
            ("rabbitmq_version", "rabbitmq_version"),
            ("erlang_version", "erlang_version"),
        ],
    ),
    kind(
        "feature_flags",
        "feature_flag",
        false,
        &[
            ("name", "name"),
            ("state", "state"),
            ("description", "desc"),
            ("doc_url", "doc_url"),
            ("stability", "stability"),
            ("provided_by", "provided_by"),
        ],
    ),
    kind(
        "deprecated_features",
        "deprecated_feature",
        false,
        &[
            ("name", "name"),
            ("description", "desc"),
            ("deprecation_phase", "deprecation_phase"),
            ("doc_url", "doc_url"),
            ("provided_by", "provided_by"),
            ("state", "state"),
        ],
    ),
];

pub(super) const MESSAGE: Columns = &[
    ("payload_bytes", "payload_bytes"),
    ("redelivered", "redelivered"),
    ("exchange", "exchange"),
    ("routing_key", "routing_key"),
    ("message_count", "message_count"),
    ("properties", "properties"),
    ("payload", "payload"),
    ("payload_encoding", "payload_encoding"),
];

pub(super) const OVERVIEW: Columns = &[
    ("Product name", "product_name"),
    ("Product version", "product_version"),
    ("RabbitMQ version", "rabbitmq_version"),
    ("Erlang version", "erlang_version"),
    ("Erlang details", "erlang_full_version"),
    ("Connections (total)", "object_totals.connections"),
    ("AMQP 0-9-1 channels (total)", "object_totals.channels"),
    ("Queues and streams (total)", "object_totals.queues"),
    ("Consumers (total)", "object_totals.consumers"),
    ("Messages (total)", "queue_totals.messages"),
    (
        "Messages ready for delivery (total)",
        "queue_totals.messages_ready",
    ),
    (
        "Messages delivered but unacknowledged by consumers (total)",
        "queue_totals.messages_unacknowledged",
    ),
];
