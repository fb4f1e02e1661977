//! Documents of definitions.

use super::topology::VHOST_METADATA;
use super::{
    ANYTHING, Any, COUNTS, List, Map, Object, OrNull, Shape, TAGS, Text, Truth, Whole, key, maybe,
};

/// A document.
pub(in crate::management) const DEFINITIONS: Shape = Shape {
    name: "Definitions",
    about: "Everything that is defined: of the broker, or of one virtual host, where no item says \
            in which one it is.",
    keys: &[
        maybe("bindings", List(&Object(&BINDING))),
        maybe("description", Text),
        maybe("exchanges", List(&Object(&EXCHANGE))),
        maybe("explanation", Text),
        maybe("global_parameters", List(&Object(&GLOBAL_PARAMETER))),
        maybe("limits", COUNTS),
        maybe("metadata", Object(&VHOST_METADATA)),
        maybe("original_cluster_name", Text),
        maybe("original_vhost_name", Text),
        maybe("parameters", List(&Object(&PARAMETER))),
        maybe("permissions", List(&Map(&Text))),
        maybe("policies", List(&Object(&POLICY))),
        maybe("product_name", Text),
        maybe("product_version", Text),
        maybe("queues", List(&Object(&QUEUE))),
        maybe("rabbit_version", Text),
        maybe("rabbitmq_definition_format", Text),
        maybe("rabbitmq_version", Text),
        maybe("topic_permissions", List(&Map(&Text))),
        maybe("users", List(&Object(&USER))),
        maybe("vhosts", List(&Object(&VHOST))),
    ],
};

const BINDING: Shape = Shape {
    name: "DefinedBinding",
    about: "A binding in a document.",
    keys: &[
        key("arguments", ANYTHING),
        key("destination", Text),
        key("destination_type", Text),
        key("routing_key", Text),
        key("source", Text),
        maybe("vhost", Text),
    ],
};

const EXCHANGE: Shape = Shape {
    name: "DefinedExchange",
    about: "An exchange in a document.",
    keys: &[
        key("arguments", ANYTHING),
        key("auto_delete", Truth),
        key("durable", Truth),
        maybe("internal", Truth),
        key("name", Text),
        key("type", Text),
        maybe("vhost", Text),
    ],
};

const QUEUE: Shape = Shape {
    name: "DefinedQueue",
    about: "A queue in a document.",
    keys: &[
        key("arguments", ANYTHING),
        key("auto_delete", Truth),
        key("durable", Truth),
        key("name", Text),
        maybe("type", Text),
        maybe("vhost", Text),
    ],
};

const POLICY: Shape = Shape {
    name: "DefinedPolicy",
    about: "A policy in a document.",
    keys: &[
        maybe("apply-to", Text),
        key("definition", ANYTHING),
        key("name", Text),
        key("pattern", Text),
        maybe("priority", Whole),
        maybe("vhost", Text),
    ],
};

const PARAMETER: Shape = Shape {
    name: "DefinedParameter",
    about: "A parameter in a document.",
    keys: &[
        key("component", Text),
        key("name", Text),
        key("value", Any),
        maybe("vhost", Text),
    ],
};

const GLOBAL_PARAMETER: Shape = Shape {
    name: "DefinedGlobalParameter",
    about: "A parameter of the broker in a document.",
    keys: &[key("name", Text), key("value", Any)],
};

const USER: Shape = Shape {
    name: "DefinedUser",
    about: "A user in a document.",
    keys: &[
        maybe("hashing_algorithm", OrNull(&Text)),
        maybe("limits", COUNTS),
        key("name", Text),
        maybe("password", Text).about("Taken in, never given out."),
        maybe("password_hash", OrNull(&Text)),
        key("tags", TAGS),
    ],
};

const VHOST: Shape = Shape {
    name: "DefinedVirtualHost",
    about: "A virtual host in a document.",
    keys: &[
        maybe("description", Text),
        maybe("limits", Any),
        maybe("metadata", ANYTHING),
        key("name", Text),
    ],
};
