//! Exchanges, bindings, virtual hosts and their limits.

use super::queues::CHANNEL_PLACE;
use super::{
    ANYTHING, COUNTS, Counter, List, Map, NAME, Object, STATS, Shape, TAGS, TEXTS, Text, Truth,
    Whole, Word, key, maybe,
};

/// An exchange.
pub(in crate::management) const EXCHANGE: Shape = Shape {
    name: "Exchange",
    about: "An exchange.",
    keys: &[
        key("arguments", ANYTHING),
        key("auto_delete", Truth),
        key("durable", Truth),
        maybe("incoming", List(&Object(&EXCHANGE_INCOMING))),
        key("internal", Truth),
        maybe("message_stats", STATS),
        key("name", Text),
        maybe("outgoing", List(&Object(&EXCHANGE_OUTGOING))),
        maybe("policy", Text),
        key("type", Text),
        key("user_who_performed_action", Text),
        key("vhost", Text),
    ],
};

const EXCHANGE_INCOMING: Shape = Shape {
    name: "ExchangeIncoming",
    about: "What a channel published to an exchange.",
    keys: &[
        key("channel_details", Object(&CHANNEL_PLACE)),
        key("stats", STATS),
    ],
};

const EXCHANGE_OUTGOING: Shape = Shape {
    name: "ExchangeOutgoing",
    about: "What went from an exchange to a queue.",
    keys: &[key("queue", Object(&NAME)), key("stats", STATS)],
};

/// What an exchange is declared with.
pub(in crate::management) const EXCHANGE_DECLARATION: Shape = Shape {
    name: "ExchangeDeclaration",
    about: "What an exchange is declared with.",
    keys: &[
        maybe("arguments", ANYTHING).about("alternate-exchange and others."),
        maybe("auto_delete", Truth),
        maybe("durable", Truth),
        maybe("internal", Truth),
        maybe("type", Text).about("direct if it is not said."),
    ],
};

/// A binding.
pub(in crate::management) const BINDING: Shape = Shape {
    name: "Binding",
    about: "A binding.",
    keys: &[
        key("arguments", ANYTHING),
        key("destination", Text),
        key("destination_type", Word(&["queue", "exchange"])),
        key("properties_key", Text).about("Its name among those between the same two."),
        key("routing_key", Text),
        key("source", Text).about("Empty for the exchange without a name."),
        key("vhost", Text),
    ],
};

/// What binds.
pub(in crate::management) const BINDING_DECLARATION: Shape = Shape {
    name: "BindingDeclaration",
    about: "What a binding is made with.",
    keys: &[maybe("arguments", ANYTHING), maybe("routing_key", Text)],
};

/// A virtual host.
pub(in crate::management) const VHOST: Shape = Shape {
    name: "VirtualHost",
    about: "A virtual host.",
    keys: &[
        key("cluster_state", Map(&Text)).about("Of each node."),
        key("default_queue_type", Text),
        key("description", Text),
        maybe("message_stats", STATS),
        maybe("messages", Counter).about("There once there has been a queue."),
        maybe("messages_ready", Counter),
        maybe("messages_unacknowledged", Counter),
        key("metadata", Object(&VHOST_METADATA)),
        key("name", Text),
        key("protected_from_deletion", Truth),
        maybe("recv_oct", Counter),
        maybe("send_oct", Counter),
        key("tags", TEXTS),
        key("tracing", Truth),
    ],
};

pub(super) const VHOST_METADATA: Shape = Shape {
    name: "VirtualHostMetadata",
    about: "What people say of a virtual host.",
    keys: &[
        key("default_queue_type", Text),
        key("description", Text),
        maybe("protected_from_deletion", Truth),
        key("tags", TEXTS),
    ],
};

/// What a virtual host is made with.
pub(in crate::management) const VHOST_DECLARATION: Shape = Shape {
    name: "VirtualHostDeclaration",
    about: "What a virtual host is made with.",
    keys: &[
        maybe("default_queue_type", Word(&["classic", "quorum", "stream"])),
        maybe("description", Text),
        maybe("tags", TAGS),
        maybe("tracing", Truth),
    ],
};

/// Whether a virtual host is protected.
pub(in crate::management) const PROTECTION: Shape = Shape {
    name: "Protection",
    about: "Whether a virtual host is protected from deletion.",
    keys: &[key("protected_from_deletion", Truth)],
};

/// Limits of a virtual host.
pub(in crate::management) const VHOST_LIMITS: Shape = Shape {
    name: "VirtualHostLimits",
    about: "Limits of a virtual host.",
    keys: &[key("value", COUNTS), key("vhost", Text)],
};

/// One limit.
pub(in crate::management) const LIMIT: Shape = Shape {
    name: "Limit",
    about: "A limit of a virtual host or of a user.",
    keys: &[key("value", Whole).about("A negative one is none.")],
};
