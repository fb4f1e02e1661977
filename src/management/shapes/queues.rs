//! Queues and consumers.

use super::{
    ANYTHING, Any, COUNTS, Counter, GARBAGE_COLLECTION, List, Map, NAME, Number, Object, OrNull,
    PLACE, STATS, Shape, TEXTS, Text, Truth, Whole, Word, key, maybe,
};

/// A queue in a list, in a detailed list, alone, with `disable_stats`: all have these keys, as far
/// as they apply.
pub(in crate::management) const QUEUE: Shape = Shape {
    name: "Queue",
    about: "A queue; what its type does not have is left out, and figures if they are off.",
    keys: &[
        key("arguments", ANYTHING),
        key("auto_delete", Truth),
        maybe("consumer_capacity", Number)
            .about("The share of the time in which consumers could have taken more, 0 to 1."),
        maybe("consumer_details", List(&Object(&CONSUMER))),
        maybe("consumer_utilisation", Number),
        maybe("consumers", Whole),
        maybe("delayed_retry", Text),
        maybe("deliveries", List(&Object(&DELIVERY))),
        maybe("delivery_limit", Whole).about("-1 for none."),
        key("durable", Truth),
        maybe("effective_policy_definition", ANYTHING),
        key("exclusive", OrNull(&Truth)),
        maybe("exclusive_consumer_tag", OrNull(&Text)),
        maybe("first_timestamp", Whole),
        maybe("garbage_collection", Object(&GARBAGE_COLLECTION)),
        maybe("head_message_timestamp", OrNull(&Whole)),
        maybe("idle_since", Text),
        maybe("incoming", List(&Object(&INCOMING))),
        maybe("internal", Truth),
        maybe("internal_owner", Truth),
        maybe("leader", Text),
        maybe("members", TEXTS),
        maybe("memory", Whole),
        maybe("message_bytes", Whole),
        maybe("message_bytes_dlx", Whole),
        maybe("message_bytes_persistent", Whole),
        maybe("message_bytes_ram", Whole),
        maybe("message_bytes_ready", Whole),
        maybe("message_bytes_unacknowledged", Whole),
        maybe("message_stats", STATS),
        maybe("messages", Counter),
        maybe("messages_active_priorities", Whole),
        maybe("messages_by_priority", COUNTS),
        maybe("messages_delayed", Whole),
        maybe("messages_dlx", Whole),
        maybe("messages_persistent", Whole),
        maybe("messages_ram", Whole),
        maybe("messages_ready", Counter),
        maybe("messages_ready_ram", Whole),
        maybe("messages_ready_returned", Whole),
        maybe("messages_unacknowledged", Counter),
        maybe("messages_unacknowledged_ram", Whole),
        key("name", Text),
        maybe("node", Text),
        maybe("online", OrNull(&TEXTS)),
        maybe("open_files", COUNTS),
        maybe("operator_policy", OrNull(&Text)),
        maybe("owner_pid_details", Object(&PLACE)),
        maybe("paused", Truth).about("True while its delivery is paused; otherwise left out."),
        maybe("policy", OrNull(&Text)),
        maybe("publishers", Whole),
        maybe("readers", Map(&Whole)),
        maybe("reductions", Counter),
        maybe("segments", Whole),
        maybe("single_active_consumer_tag", OrNull(&Text)),
        key("state", Text),
        maybe("storage_version", Whole),
        maybe("totals", Any),
        key("type", Word(&["classic", "quorum", "stream"])),
        maybe("type_specific", Any),
        key("vhost", Text),
    ],
};

const DELIVERY: Shape = Shape {
    name: "Delivery",
    about: "What a channel got of a queue.",
    keys: &[
        maybe("channel_details", Object(&CHANNEL_PLACE)),
        maybe("queue", Object(&NAME)),
        key("stats", STATS),
    ],
};

const INCOMING: Shape = Shape {
    name: "Incoming",
    about: "What came to a queue through an exchange.",
    keys: &[key("exchange", Object(&NAME)), key("stats", STATS)],
};

/// A consumer.
pub(in crate::management) const CONSUMER: Shape = Shape {
    name: "Consumer",
    about: "A consumer of a queue.",
    keys: &[
        key("ack_required", Truth),
        key("active", Truth),
        key("activity_status", Text),
        key("arguments", ANYTHING),
        key("channel_details", Object(&CHANNEL_PLACE)),
        key("consumer_tag", Text),
        maybe("consumer_timeout", Whole).about("Milliseconds."),
        maybe("credit", OrNull(&Whole)).about(
            "With `held`: deliveries that it may get before it must settle some; null for \
                    no limit.",
        ),
        key("exclusive", Truth),
        maybe("messages_unacknowledged", Whole)
            .about("With `held`: deliveries that it has not settled, or that are on their way."),
        maybe("oldest_unacknowledged_since", OrNull(&Whole)).about(
            "With `held`: when the oldest of these was delivered, in milliseconds since \
                    1970; null without any, or if its connection did not say so in time.",
        ),
        key("prefetch_count", Whole),
        key("queue", Object(&NAME)),
    ],
};

pub(super) const CHANNEL_PLACE: Shape = Shape {
    name: "ChannelPlace",
    about: "A channel, and where it comes from.",
    keys: &[
        key("connection_name", Text),
        key("name", Text),
        key("node", Text),
        key("number", Whole),
        key("peer_host", Text),
        key("peer_port", Whole),
        key("user", Text),
    ],
};

/// What a queue is declared with.
pub(in crate::management) const QUEUE_DECLARATION: Shape = Shape {
    name: "QueueDeclaration",
    about: "What a queue is declared with.",
    keys: &[
        maybe("arguments", ANYTHING).about("x-queue-type and others."),
        maybe("auto_delete", Truth),
        maybe("durable", Truth),
        maybe("node", Text).about("The name of this one."),
    ],
};

/// What is to be done with a queue.
pub(in crate::management) const QUEUE_ACTION: Shape = Shape {
    name: "QueueAction",
    about: "What is to be done with a queue; there is nothing left that can be.",
    keys: &[key("action", Text)],
};

/// A member of a quorum queue.
pub(in crate::management) const QUORUM_MEMBER: Shape = Shape {
    name: "QuorumMember",
    about: "A member of a quorum queue, and how far its log is.",
    keys: &[
        key("Commit Index", Whole),
        key("Last Applied", Whole),
        key("Last Log Index", Whole),
        key("Last Written", Whole),
        key("Machine Version", Whole),
        key("Membership", Text),
        key("Node Name", Text),
        key("Raft State", Text),
        key("Snapshot Index", Whole),
        key("Term", Whole),
    ],
};

/// Where a quorum queue is to have a member, or none.
pub(in crate::management) const QUORUM_NODE: Shape = Shape {
    name: "QuorumNode",
    about: "The node of a member of a quorum queue.",
    keys: &[key("node", Text)],
};

/// Which quorum queues are to have a member on a node.
pub(in crate::management) const QUORUM_GROWTH: Shape = Shape {
    name: "QuorumGrowth",
    about: "Which quorum queues are to have a member on a node.",
    keys: &[
        key("queue_pattern", Text).about("A regular expression."),
        key("strategy", Word(&["all", "even"])),
        key("vhost_pattern", Text).about("A regular expression."),
    ],
};
