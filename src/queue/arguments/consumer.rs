//! The arguments of basic.consume on classic and quorum queues.

use leveret_codec::table::{Table, Value};

use super::rules::{self, Complaint};
use super::{QueueKind, invalid, not_of_type};
use crate::error::AmqpError;

/// Checks the arguments of basic.consume on a classic or quorum queue and returns `x-priority`,
/// 0 if absent.
///
/// # Errors
/// 406 if `x-priority` is no integer, `x-consumer-timeout` is no natural number or not for this
/// type of queue, or an argument of streams is there.
pub(in crate::queue) fn check_consumer(
    arguments: &Table,
    kind: QueueKind,
    queue_words: &str,
) -> Result<i64, AmqpError> {
    let rule = |name, check: fn(&Value, &Table) -> Result<(), Complaint>| {
        let Some(value) = arguments.get(name) else {
            return Ok(());
        };
        check(value, arguments).map_err(|complaint| match complaint {
            Complaint::Value(text) | Complaint::Whole(text) => invalid(name, queue_words, &text),
        })
    };
    rule("x-priority", rules::integer)?;
    if kind == QueueKind::Quorum {
        rule("x-consumer-timeout", rules::natural)?;
    }
    let foreign = [
        "x-consumer-timeout",
        "x-stream-offset",
        "x-stream-filter",
        "x-stream-match-unfiltered",
    ];
    for name in foreign {
        let known = name == "x-consumer-timeout" && kind == QueueKind::Quorum;
        if !known && arguments.get(name).is_some() {
            return Err(not_of_type(name, queue_words, kind));
        }
    }
    let priority = arguments.get("x-priority").and_then(Value::as_integer);
    Ok(priority.unwrap_or(0))
}
