//! What a new virtual host gets by the settings: the fields of users, operator policies and limits.
//!
//! Docs: vhosts, default limits, policies and users. Seen: RabbitMQ 4.3.6, its schema.

use super::named::Part;
use super::value::{Unit, ValueType, WHOLE_MAX};

const fn part(name: &'static str, value_type: ValueType) -> Part {
    Part { name, value_type }
}

const fn count(name: &'static str) -> Part {
    part(name, ValueType::Whole(1, WHOLE_MAX, Unit::Count))
}

const fn bytes(name: &'static str) -> Part {
    part(name, ValueType::Whole(1, WHOLE_MAX, Unit::Bytes))
}

const fn millis(name: &'static str) -> Part {
    part(name, ValueType::Whole(0, WHOLE_MAX, Unit::Millis))
}

/// Of a user.
pub(super) static USER: [Part; 6] = [
    part("vhost_pattern", ValueType::Pattern),
    part("password", ValueType::Secret),
    part("tags", ValueType::List { of: &[], least: 0 }),
    part("configure", ValueType::Pattern),
    part("write", ValueType::Pattern),
    part("read", ValueType::Pattern),
];

/// Of an operator policy: what it is for, then its keys, with underscores for dashes.
pub(super) static POLICY: [Part; 14] = [
    part("vhost_pattern", ValueType::Pattern),
    part("queue_pattern", ValueType::Pattern),
    part("apply_to", ValueType::Pattern),
    millis("expires"),
    millis("message_ttl"),
    count("max_length"),
    bytes("max_length_bytes"),
    bytes("max_in_memory_bytes"),
    count("max_in_memory_length"),
    count("delivery_limit"),
    part("ha_mode", ValueType::Pattern),
    part("ha_params", ValueType::Pattern),
    part("ha_sync_mode", ValueType::Pattern),
    count("queue_version"),
];

/// Of the limits of a virtual host.
pub(super) static LIMITS: [Part; 3] = [
    part("pattern", ValueType::Pattern),
    count("max_connections"),
    count("max_queues"),
];
