//! What a queue adds to a message when it is delivered.

use leveret_codec::table::{Table, Value};

use super::headers::{Others, headers_of, streamed_time, with_headers};
use super::{Entry, QueueKind};
use crate::message::Message;

/// The properties with which a message is delivered; `None` for its own. A `BCC` header is taken
/// out. A quorum queue adds `x-acquired-count` and `x-delivery-count` (long) when they are not 0,
/// a stream `x-stream-offset` (long); it changes others, too.
///
/// Docs: quorum-queues, streams, sender-selected. Seen: RabbitMQ 4.3.6, tests/scripts/cc_bcc,
/// tests/scripts/quorum/returned_messages_count_their_deliveries.amqp and
/// tests/scripts/stream/what_a_stream_makes_of_properties.amqp.
#[inline]
#[must_use]
pub fn delivered_properties(entry: &Entry, kind: QueueKind) -> Option<Vec<u8>> {
    let counted =
        kind == QueueKind::Quorum && (entry.acquired_count > 0 || entry.delivery_count > 0);
    if !counted && kind != QueueKind::Stream && !entry.message.has_bcc() {
        return None;
    }
    changed_properties(entry, kind, counted)
}

fn changed_properties(entry: &Entry, kind: QueueKind, counted: bool) -> Option<Vec<u8>> {
    if !counted && kind != QueueKind::Stream {
        return returned_properties(&entry.message);
    }
    let properties = entry.message.properties();
    let mut headers = headers_of(properties);
    headers.remove("BCC");
    let mut add = |name: &str, number: u64| {
        headers.insert(name, i64::try_from(number).unwrap_or(i64::MAX));
    };
    if counted && entry.acquired_count > 0 {
        add("x-acquired-count", entry.acquired_count.into());
    }
    if counted && entry.delivery_count > 0 {
        add("x-delivery-count", entry.delivery_count.into());
    }
    if kind != QueueKind::Stream {
        return Some(with_headers(properties, headers, Others::Unchanged));
    }
    let mut headers = of_stream(headers, entry.message.traits().died_before);
    let offset = i64::try_from(entry.position).unwrap_or(i64::MAX);
    headers.insert("x-stream-offset", offset);
    Some(with_headers(properties, headers, Others::OfStream))
}

/// Headers that have been through a stream: arrays and tables survive only under names that begin
/// with `x-` and as `CC`, octets become text, and an `x-death` is lost that the broker did not
/// write.
///
/// Seen: RabbitMQ 4.3.6, which keeps AMQP 1.0 messages in streams.
fn of_stream(mut headers: Table, died_before: bool) -> Table {
    headers.retain(|name, value| {
        let nested = matches!(value, Value::Array(_) | Value::Table(_));
        let lost = nested && !name.starts_with(b"x-") && name != b"CC"
            || name == b"x-death" && !died_before;
        if !lost {
            pass_through_stream(value);
        }
        !lost
    });
    headers
}

/// As deep as the codec lets tables nest.
fn pass_through_stream(value: &mut Value) {
    match value {
        Value::Bytes(octets) => *value = Value::LongStr(std::mem::take(octets)),
        Value::Timestamp(seconds) => *seconds = streamed_time(*seconds),
        Value::Array(values) => values.iter_mut().for_each(pass_through_stream),
        Value::Table(table) => table.retain(|_, value| {
            pass_through_stream(value);
            true
        }),
        _ => {}
    }
}

/// The properties with which a message goes back to its publisher; `None` for its own. A `BCC`
/// header is taken out.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/mandatory/returned_messages_keep_cc_and_lose_bcc.amqp.
#[must_use]
pub fn returned_properties(message: &Message) -> Option<Vec<u8>> {
    if !message.has_bcc() {
        return None;
    }
    let mut headers = headers_of(message.properties());
    headers.remove("BCC");
    Some(with_headers(
        message.properties(),
        headers,
        Others::Unchanged,
    ))
}

#[cfg(test)]
mod tests;
