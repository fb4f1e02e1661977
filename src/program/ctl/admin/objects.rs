//! What can be listed, declared, deleted, closed and purged, with the arguments of each.

use serde_json::{Map, Value, json};

use crate::client::path;

/// Something that can be listed.
pub(super) struct Listed {
    pub(super) name: &'static str,
    /// Whether those of one vhost can be asked for.
    pub(super) has_vhost: bool,
    /// Columns that are shown unless others are asked for; all without.
    pub(super) columns: &'static [&'static str],
    /// Columns that are shown as JSON.
    pub(super) json: &'static [&'static str],
}

const fn listed(
    name: &'static str,
    has_vhost: bool,
    columns: &'static [&'static str],
    json: &'static [&'static str],
) -> Listed {
    Listed {
        name,
        has_vhost,
        columns,
        json,
    }
}

pub(super) const LISTED: &[Listed] = &[
    listed("connections", false, &["name", "user", "channels"], &[]),
    listed("channels", false, &["name", "user"], &[]),
    listed("consumers", true, &[], &[]),
    listed("exchanges", true, &["name", "type"], &[]),
    listed("queues", true, &["name", "messages"], &[]),
    listed(
        "bindings",
        true,
        &["source", "destination", "routing_key"],
        &[],
    ),
    listed("users", false, &[], &[]),
    listed("vhosts", false, &["name", "messages"], &[]),
    listed("permissions", false, &[], &[]),
    listed("nodes", false, &["name", "type", "mem_used"], &[]),
    listed("parameters", false, &[], &["value"]),
    listed("policies", false, &[], &["definition"]),
    listed("operator_policies", false, &[], &["definition"]),
    listed("vhost_limits", false, &[], &["value"]),
];

pub(super) const OVERVIEW: Listed = listed(
    "overview",
    false,
    &[
        "rabbitmq_version",
        "cluster_name",
        "queue_totals.messages",
        "object_totals.queues",
    ],
    &[],
);

/// An argument that may be left out, and what it is then.
#[derive(Clone, Copy)]
pub(super) enum Usual {
    Nothing,
    Text(&'static str),
    Empty,
    Zero,
}

/// Something to do, with its arguments as `name=value`.
pub(super) struct Action {
    pub(super) name: &'static str,
    /// With `|` between those of which one is needed.
    pub(super) needed: &'static [&'static str],
    pub(super) optional: &'static [(&'static str, Usual)],
    /// Arguments that are JSON.
    pub(super) json: &'static [&'static str],
}

const fn action(
    name: &'static str,
    needed: &'static [&'static str],
    optional: &'static [(&'static str, Usual)],
    json: &'static [&'static str],
) -> Action {
    Action {
        name,
        needed,
        optional,
        json,
    }
}

const POLICY: &[(&str, Usual)] = &[("priority", Usual::Zero), ("apply-to", Usual::Nothing)];

pub(super) const DECLARED: &[Action] = &[
    action(
        "exchange",
        &["name", "type"],
        &[
            ("auto_delete", Usual::Text("false")),
            ("durable", Usual::Text("true")),
            ("internal", Usual::Text("false")),
            ("arguments", Usual::Empty),
        ],
        &["arguments"],
    ),
    action(
        "queue",
        &["name"],
        &[
            ("auto_delete", Usual::Text("false")),
            ("durable", Usual::Text("true")),
            ("arguments", Usual::Empty),
            ("node", Usual::Nothing),
            ("queue_type", Usual::Nothing),
        ],
        &["arguments"],
    ),
    action(
        "binding",
        &["source", "destination"],
        &[
            ("destination_type", Usual::Text("queue")),
            ("routing_key", Usual::Text("")),
            ("arguments", Usual::Empty),
        ],
        &["arguments"],
    ),
    action(
        "vhost",
        &["name"],
        &[
            ("tracing", Usual::Nothing),
            ("description", Usual::Nothing),
            ("tags", Usual::Nothing),
            ("default_queue_type", Usual::Nothing),
        ],
        &[],
    ),
    action(
        "user",
        &["name", "password|password_hash", "tags"],
        &[("hashing_algorithm", Usual::Nothing)],
        &[],
    ),
    action(
        "permission",
        &["vhost", "user", "configure", "write", "read"],
        &[],
        &[],
    ),
    action(
        "parameter",
        &["component", "name", "value"],
        &[],
        &["value"],
    ),
    action(
        "policy",
        &["name", "pattern", "definition"],
        POLICY,
        &["definition", "priority"],
    ),
    action(
        "operator_policy",
        &["name", "pattern", "definition"],
        POLICY,
        &["definition", "priority"],
    ),
    action("vhost_limit", &["vhost", "name", "value"], &[], &["value"]),
    action("user_limit", &["user", "name", "value"], &[], &["value"]),
];

pub(super) const DELETED: &[Action] = &[
    action("exchange", &["name"], &[], &[]),
    action("queue", &["name"], &[], &[]),
    action(
        "binding",
        &["source", "destination_type", "destination"],
        &[("properties_key", Usual::Text("~"))],
        &[],
    ),
    action("vhost", &["name"], &[], &[]),
    action("user", &["name"], &[], &[]),
    action("permission", &["vhost", "user"], &[], &[]),
    action("parameter", &["component", "name"], &[], &[]),
    action("policy", &["name"], &[], &[]),
    action("operator_policy", &["name"], &[], &[]),
    action("vhost_limit", &["vhost", "name"], &[], &[]),
    action("user_limit", &["user", "name"], &[], &[]),
];

pub(super) const CLOSED: &[Action] = &[action("connection", &["name"], &[], &[])];

pub(super) const PURGED: &[Action] = &[action("queue", &["name"], &[], &[])];

pub(super) const PUBLISH: Action = action(
    "publish",
    &["routing_key"],
    &[
        ("payload", Usual::Nothing),
        ("properties", Usual::Empty),
        ("exchange", Usual::Text("amq.default")),
        ("payload_encoding", Usual::Text("string")),
    ],
    &["properties"],
);

pub(super) const GET: Action = action(
    "get",
    &["queue"],
    &[
        ("count", Usual::Text("1")),
        ("ackmode", Usual::Text("ack_requeue_true")),
        ("payload_file", Usual::Nothing),
        ("encoding", Usual::Text("auto")),
    ],
    &[],
);

/// The usual values of what may be left out.
pub(super) fn usual(action: &Action) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, usual) in action.optional {
        let value = match usual {
            Usual::Nothing => continue,
            Usual::Text(text) => json!(text),
            Usual::Empty => json!({}),
            Usual::Zero => json!(0),
        };
        fields.insert((*name).to_owned(), value);
    }
    fields
}

/// Where an object of a kind is.
pub(super) fn place(kind: &str, fields: &Map<String, Value>) -> String {
    let of = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "exchange" => path(&["exchanges", of("vhost"), of("name")]),
        "queue" => path(&["queues", of("vhost"), of("name")]),
        "binding" => {
            let to = of("destination_type").get(..1).unwrap_or_default();
            path(&[
                "bindings",
                of("vhost"),
                "e",
                of("source"),
                to,
                of("destination"),
            ])
        }
        "vhost" => path(&["vhosts", of("name")]),
        "user" => path(&["users", of("name")]),
        "permission" => path(&["permissions", of("vhost"), of("user")]),
        "parameter" => path(&["parameters", of("component"), of("vhost"), of("name")]),
        "policy" => path(&["policies", of("vhost"), of("name")]),
        "operator_policy" => path(&["operator-policies", of("vhost"), of("name")]),
        "vhost_limit" => path(&["vhost-limits", of("vhost"), of("name")]),
        "user_limit" => path(&["user-limits", of("user"), of("name")]),
        "connection" => path(&["connections", of("name")]),
        "publish" => path(&["exchanges", of("vhost"), of("exchange"), "publish"]),
        _ => path(&["queues", of("vhost"), of("queue"), "get"]),
    }
}
