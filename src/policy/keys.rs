//! The keys that a policy may have: what their values may be, who may set them, and which types
//! of queues cannot have them.
//!
//! Keys of plugins (federation, sharding) and of mirrored queues, which are gone since 4.0, are
//! not among them. Seen: RabbitMQ 4.3.6 for all of it.

use serde_json::Value as Json;

use super::{Issuer, Settings, term};
use crate::kind::QueueKind;
use crate::queue::arguments::{SEGMENT_BYTES_MAX, age_ms};
use crate::queue::{Overflow, Strategy};

struct Key {
    name: &'static str,
    is_valid: fn(&Json) -> bool,
    /// Stands behind `… is not a valid `.
    what: &'static str,
    /// Types of queues for which a policy with it is not meant.
    foreign: &'static [QueueKind],
    /// Whether operator policies may have it.
    operator: bool,
}

const NONE: &[QueueKind] = &[];
const STREAM: &[QueueKind] = &[QueueKind::Stream];
const NOT_QUORUM: &[QueueKind] = &[QueueKind::Classic, QueueKind::Stream];
const NOT_STREAM: &[QueueKind] = &[QueueKind::Classic, QueueKind::Quorum];
const NOT_CLASSIC: &[QueueKind] = &[QueueKind::Quorum, QueueKind::Stream];

const fn key(
    name: &'static str,
    is_valid: fn(&Json) -> bool,
    what: &'static str,
    foreign: &'static [QueueKind],
) -> Key {
    Key {
        name,
        is_valid,
        what,
        foreign,
        operator: false,
    }
}

const fn shared(
    name: &'static str,
    is_valid: fn(&Json) -> bool,
    what: &'static str,
    foreign: &'static [QueueKind],
) -> Key {
    let mut key = key(name, is_valid, what, foreign);
    key.operator = true;
    key
}

#[rustfmt::skip]
const KEYS: &[Key] = &[
    key("alternate-exchange", text, "alternate exchange name", NONE),
    key("consumer-disconnected-timeout", natural, "consumer disconnected timeout", NONE),
    key("consumer-timeout", natural, "consumer timeout", NONE),
    key("dead-letter-exchange", text, "dead letter exchange name", STREAM),
    key("dead-letter-routing-key", text, "dead letter routing key", STREAM),
    key("dead-letter-strategy", strategy, "dead letter strategy", NOT_QUORUM),
    shared("delayed-retry-max", positive,
        "delayed retry maximum delay. Must be a positive integer", NONE),
    shared("delayed-retry-min", positive,
        "delayed retry minimum delay. Must be a positive integer", NONE),
    shared("delayed-retry-type", retry,
        "delayed retry type. Must be one of: all, failed, returned, disabled", NONE),
    shared("delivery-limit", integer, "delivery limit", NOT_QUORUM),
    shared("expires", positive, "queue expiry", STREAM),
    key("initial-cluster-size", natural, "cluster size", NOT_STREAM),
    key("max-age", age, "max age", NOT_STREAM),
    shared("max-in-memory-bytes", natural, "maximum memory in bytes", NOT_QUORUM),
    shared("max-in-memory-length", natural, "maximum memory in bytes", NOT_QUORUM),
    shared("max-length", natural, "maximum length", STREAM),
    shared("max-length-bytes", natural, "maximum length in bytes", NONE),
    shared("message-ttl", natural, "message TTL", STREAM),
    shared("overflow", overflow, "overflow value", STREAM),
    key("queue-leader-locator", locator, "queue leader locator value", NONE),
    key("queue-mode", mode, "queue-mode value", NOT_CLASSIC),
    shared("queue-version", version, "queue-version value", NONE),
    key("stream-filter-size-bytes", filter, "filter size. Valid range is 16-255", NONE),
    key("stream-max-segment-size-bytes", segment, "segment size", NOT_STREAM),
    shared("target-group-size", positive, "qq target count value", NOT_QUORUM),
];

fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Checks keys and values; the first bad value goes before what is not known.
pub(super) fn check(issuer: Issuer, settings: &Settings) -> Result<(), String> {
    if settings.is_empty() {
        return Err("no policy provided".to_owned());
    }
    if settings.contains_key("queue-master-locator") {
        let text = "use of deprecated queue-master-locator argument is not permitted";
        return Err(text.to_owned());
    }
    let known = |name: &str| find(name).filter(|key| key.operator || issuer == Issuer::User);
    for (name, value) in settings {
        if let Some(key) = known(name)
            && !(key.is_valid)(value)
        {
            let (value, what) = (term::of(value), key.what);
            return Err(format!("{value} is not a valid {what}"));
        }
    }
    if let Some(kind) = settings.get("delayed-retry-type").and_then(Json::as_str)
        && kind != "disabled"
        && !settings.contains_key("delayed-retry-min")
    {
        return Err(format!(
            "delayed-retry-min is required when delayed-retry-type is {kind}"
        ));
    }
    let mut unknown = settings
        .iter()
        .filter(|(name, _)| known(name).is_none())
        .peekable();
    if unknown.peek().is_none() {
        return Ok(());
    }
    let unknown = term::settings(unknown);
    Err(format!("{unknown} are not recognised policy settings"))
}

/// Whether a policy with these keys is meant for queues of this type.
pub(super) fn suit(settings: &Settings, kind: QueueKind) -> bool {
    let foreign = |name: &String| find(name).is_some_and(|key| key.foreign.contains(&kind));
    !settings.keys().any(foreign)
}

fn text(value: &Json) -> bool {
    value.is_string()
}

fn integer(value: &Json) -> bool {
    value.is_i64() || value.is_u64()
}

fn natural(value: &Json) -> bool {
    value.is_u64()
}

fn positive(value: &Json) -> bool {
    value.as_u64().is_some_and(|number| number > 0)
}

fn one_of(value: &Json, words: &[&str]) -> bool {
    value.as_str().is_some_and(|word| words.contains(&word))
}

fn strategy(value: &Json) -> bool {
    value
        .as_str()
        .is_some_and(|word| Strategy::from_word(word.as_bytes()).is_some())
}

fn overflow(value: &Json) -> bool {
    value
        .as_str()
        .is_some_and(|word| Overflow::from_word(word.as_bytes()).is_some())
}

fn age(value: &Json) -> bool {
    value
        .as_str()
        .is_some_and(|word| age_ms(word.as_bytes()).is_some())
}

fn retry(value: &Json) -> bool {
    one_of(value, &["all", "failed", "returned", "disabled"])
}

fn locator(value: &Json) -> bool {
    one_of(value, &["client-local", "balanced"])
}

fn mode(value: &Json) -> bool {
    one_of(value, &["default", "lazy"])
}

fn version(value: &Json) -> bool {
    matches!(value.as_u64(), Some(1 | 2))
}

fn filter(value: &Json) -> bool {
    matches!(value.as_u64(), Some(16..=255))
}

fn segment(value: &Json) -> bool {
    value
        .as_u64()
        .is_some_and(|octets| octets <= SEGMENT_BYTES_MAX.unsigned_abs())
}
