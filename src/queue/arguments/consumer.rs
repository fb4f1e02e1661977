//! The arguments of basic.consume.

use leveret_codec::table::{Table, Value};

use super::rules::{self, Check, Complaint};
use super::{QueueKind, invalid, not_of_type};
use crate::error::AmqpError;

const CHECKED: [(&str, Check); 2] = [
    ("x-priority", rules::integer),
    ("x-consumer-timeout", rules::natural),
];

const OF_STREAMS: [&str; 3] = [
    "x-stream-offset",
    "x-stream-filter",
    "x-stream-match-unfiltered",
];

/// Checks the arguments of basic.consume and returns `x-priority`, 0 if absent. What the offset and
/// the filter of a stream may be is checked where they are used.
///
/// # Errors
/// 406 if `x-priority` is no integer, `x-consumer-timeout` is no natural number, or an argument is
/// not for this type of queue.
pub(in crate::queue) fn check_consumer(
    arguments: &Table,
    kind: QueueKind,
    queue_words: &str,
) -> Result<i64, AmqpError> {
    let rule = |name, check: Check| {
        let Some(value) = arguments.get(name) else {
            return Ok(());
        };
        check(value, arguments).map_err(|complaint| match complaint {
            Complaint::Value(text) | Complaint::Whole(text) => invalid(name, queue_words, &text),
        })
    };
    let known = match kind {
        QueueKind::Classic => &["x-priority"][..],
        QueueKind::Quorum => &["x-priority", "x-consumer-timeout"],
        QueueKind::Stream => &OF_STREAMS,
    };
    for (name, check) in CHECKED {
        if known.contains(&name) {
            rule(name, check)?;
        }
    }
    let all = CHECKED.iter().map(|(name, _)| name).chain(&OF_STREAMS);
    for name in all.filter(|name| !known.contains(name)) {
        if arguments.get(name).is_some() {
            return Err(not_of_type(name, queue_words, kind));
        }
    }
    let priority = arguments.get("x-priority").and_then(Value::as_integer);
    Ok(priority.unwrap_or(0))
}
