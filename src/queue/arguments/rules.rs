//! The arguments that are known, by whom, and what their values may be.

use leveret_codec::table::{Table, Value};

use super::{Overflow, QueueKind, Strategy, words};

/// Largest TTL and expiry: ten years of milliseconds.
const DURATION_MAX_MS: i64 = 315_360_000_000;
/// Largest segment of a stream, in octets.
pub(crate) const SEGMENT_BYTES_MAX: i64 = 3_000_000_000;

/// What is wrong with a value.
pub(super) enum Complaint {
    /// Stands behind `invalid arg '…' for …: `.
    Value(String),
    /// The whole text.
    Whole(String),
}

pub(super) type Check = fn(&Value, &Table) -> Result<(), Complaint>;

/// An argument.
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Types of queues that know it; the others refuse it.
    pub(super) kinds: &'static [QueueKind],
    /// Is given the value and all arguments.
    pub(super) check: Check,
}

const CLASSIC: &[QueueKind] = &[QueueKind::Classic];
const QUORUM: &[QueueKind] = &[QueueKind::Quorum];
const STREAM: &[QueueKind] = &[QueueKind::Stream];
const NO_STREAM: &[QueueKind] = &[QueueKind::Classic, QueueKind::Quorum];
const ALL: &[QueueKind] = &[QueueKind::Classic, QueueKind::Quorum, QueueKind::Stream];

const fn rule(name: &'static str, kinds: &'static [QueueKind], check: Check) -> Rule {
    Rule { name, kinds, check }
}

/// In the order in which they are checked and compared.
pub(super) const RULES: &[Rule] = &[
    rule("x-expires", NO_STREAM, lease),
    rule("x-message-ttl", NO_STREAM, ttl),
    rule("x-dead-letter-exchange", NO_STREAM, anything),
    rule("x-dead-letter-routing-key", NO_STREAM, dead_letter_key),
    rule("x-dead-letter-strategy", QUORUM, strategy),
    rule("x-max-length", NO_STREAM, natural),
    rule("x-max-length-bytes", ALL, natural),
    rule("x-max-in-memory-length", QUORUM, natural),
    rule("x-max-in-memory-bytes", QUORUM, natural),
    rule("x-max-priority", CLASSIC, priority),
    rule("x-overflow", NO_STREAM, overflow),
    rule("x-queue-mode", CLASSIC, anything),
    rule("x-queue-version", CLASSIC, version),
    rule("x-single-active-consumer", NO_STREAM, boolean),
    rule("x-queue-leader-locator", ALL, locator),
    rule("x-queue-master-locator", CLASSIC, anything),
    rule("x-quorum-initial-group-size", QUORUM, positive),
    rule("x-delivery-limit", QUORUM, anything),
    rule("x-consumer-timeout", QUORUM, natural),
    rule("x-consumer-disconnected-timeout", QUORUM, natural),
    rule("x-delayed-retry-type", QUORUM, anything),
    rule("x-delayed-retry-min", QUORUM, anything),
    rule("x-delayed-retry-max", QUORUM, anything),
    rule("x-max-age", STREAM, age),
    rule("x-stream-max-segment-size-bytes", STREAM, segment),
    rule("x-initial-cluster-size", STREAM, positive),
    rule("x-stream-filter-size-bytes", STREAM, filter),
];

fn anything(_value: &Value, _all: &Table) -> Result<(), Complaint> {
    Ok(())
}

fn number(value: &Value) -> Result<i64, Complaint> {
    value
        .as_integer()
        .ok_or_else(|| Complaint::Value(format!("\"expected integer, got {}\"", value.type_name())))
}

pub(super) fn integer(value: &Value, _all: &Table) -> Result<(), Complaint> {
    number(value).map(|_| ())
}

fn at_least_zero(value: &Value) -> Result<i64, Complaint> {
    let number = number(value)?;
    if number < 0 {
        return Err(Complaint::Value(format!("{{value_negative,{number}}}")));
    }
    Ok(number)
}

pub(super) fn natural(value: &Value, _all: &Table) -> Result<(), Complaint> {
    at_least_zero(value).map(|_| ())
}

fn positive(value: &Value, _all: &Table) -> Result<(), Complaint> {
    match at_least_zero(value)? {
        0 => Err(Complaint::Value("{value_zero,0}".to_owned())),
        _ => Ok(()),
    }
}

fn ttl(value: &Value, _all: &Table) -> Result<(), Complaint> {
    let ms = at_least_zero(value)?;
    if ms > DURATION_MAX_MS {
        return Err(Complaint::Value(format!("{{value_too_large,{ms}}}")));
    }
    Ok(())
}

fn lease(value: &Value, all: &Table) -> Result<(), Complaint> {
    positive(value, all)?;
    ttl(value, all)
}

fn priority(value: &Value, _all: &Table) -> Result<(), Complaint> {
    let priority = at_least_zero(value)?;
    if priority > i64::from(u8::MAX) {
        return Err(Complaint::Value(format!(
            "{{max_value_exceeded,{priority}}}"
        )));
    }
    Ok(())
}

fn version(value: &Value, _all: &Table) -> Result<(), Complaint> {
    match at_least_zero(value)? {
        2 => Ok(()),
        version => Err(Complaint::Value(format!(
            "\"unsupported queue version '{version}'\""
        ))),
    }
}

fn unacceptable(value: &Value) -> Complaint {
    Complaint::Value(format!("{{unacceptable_type,{}}}", value.type_name()))
}

fn boolean(value: &Value, _all: &Table) -> Result<(), Complaint> {
    match value {
        Value::Bool(_) => Ok(()),
        value => Err(unacceptable(value)),
    }
}

fn word(value: &Value, known: impl Fn(&[u8]) -> bool, otherwise: &str) -> Result<(), Complaint> {
    let word = value.as_str().ok_or_else(|| unacceptable(value))?;
    if known(word) {
        return Ok(());
    }
    Err(Complaint::Value(otherwise.to_owned()))
}

fn overflow(value: &Value, _all: &Table) -> Result<(), Complaint> {
    let known = |word: &[u8]| Overflow::from_word(word).is_some();
    word(value, known, "invalid_overflow")
}

fn strategy(value: &Value, _all: &Table) -> Result<(), Complaint> {
    let known = |word: &[u8]| Strategy::from_word(word).is_some();
    word(value, known, "invalid_dlx_strategy")
}

fn locator(value: &Value, _all: &Table) -> Result<(), Complaint> {
    let known = |word: &[u8]| matches!(word, b"client-local" | b"balanced");
    word(value, known, "invalid_queue_locator_arg")
}

fn age(value: &Value, _all: &Table) -> Result<(), Complaint> {
    let known = |word: &[u8]| words::age_ms(word).is_some();
    word(value, known, "invalid_max_age")
}

fn dead_letter_key(value: &Value, all: &Table) -> Result<(), Complaint> {
    let has_exchange = |_: &[u8]| all.get("x-dead-letter-exchange").is_some();
    word(value, has_exchange, "routing_key_but_no_dlx_defined")
}

fn segment(value: &Value, _all: &Table) -> Result<(), Complaint> {
    if at_least_zero(value)? > SEGMENT_BYTES_MAX {
        let text = "Exceeded max value for x-stream-max-segment-size-bytes";
        return Err(Complaint::Whole(text.to_owned()));
    }
    Ok(())
}

fn filter(value: &Value, _all: &Table) -> Result<(), Complaint> {
    if !(16..=255).contains(&at_least_zero(value)?) {
        let text = "Invalid value for x-stream-filter-size-bytes";
        return Err(Complaint::Whole(text.to_owned()));
    }
    Ok(())
}
