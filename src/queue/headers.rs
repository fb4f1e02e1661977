//! Properties with other headers: what the broker adds, without touching the rest.

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef, Value, ValueRef};

use crate::message::Message;

/// delivery-mode of a persistent message, and of any other.
const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;

/// Octets of a table without fields.
const EMPTY_TABLE_LEN: usize = 4;

/// Headers that tell of the first death.
pub(super) const FIRST_DEATH: [&str; 3] = [
    "x-first-death-exchange",
    "x-first-death-queue",
    "x-first-death-reason",
];
/// Headers that tell of the last death.
pub(super) const LAST_DEATH: [&str; 3] = [
    "x-last-death-exchange",
    "x-last-death-queue",
    "x-last-death-reason",
];

/// The exchange through which a message came to the queue where it died first; none if it has not
/// died.
pub(crate) fn first_death_exchange(message: &Message) -> Option<&[u8]> {
    let headers = message.properties().headers().ok().flatten()?;
    match headers.find(FIRST_DEATH[0]).ok().flatten()? {
        ValueRef::LongStr(exchange) => Some(exchange),
        _ => None,
    }
}

/// What becomes of the other properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    Unchanged,
    /// All but `expiration`.
    WithoutExpiration,
    /// As a stream keeps them: `delivery-mode` is 2 or 1, never absent, `cluster-id` is lost, and
    /// `timestamp` is what [`streamed_time`] makes of it.
    OfStream,
}

impl Others {
    fn change(self, properties: &mut Properties<'_>) {
        match self {
            Self::Unchanged => {}
            Self::WithoutExpiration => properties.expiration = None,
            Self::OfStream => {
                let persistent = properties.delivery_mode == Some(PERSISTENT);
                properties.delivery_mode = Some(if persistent { PERSISTENT } else { TRANSIENT });
                properties.cluster_id = None;
                properties.timestamp = properties.timestamp.map(streamed_time);
            }
        }
    }
}

/// Seconds that have been through a stream, which keeps milliseconds in 64 bits with a sign.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/stream/what_a_stream_makes_of_times.amqp.
pub(super) fn streamed_time(seconds: u64) -> u64 {
    let ms = seconds.wrapping_mul(1000).cast_signed();
    (ms / 1000).cast_unsigned()
}

/// The headers of a message; empty if there are none that can be read.
pub(super) fn headers_of(properties: PropertiesRef<'_>) -> Table {
    let headers = properties.headers().ok().flatten();
    headers
        .and_then(|headers| headers.to_table().ok())
        .unwrap_or_default()
}

/// The properties with `headers` in place of theirs: sorted by name, and of equal names the first,
/// as RabbitMQ does when it changes some. Headers that were there stay there, even empty.
/// Properties that cannot be read stay as they are: none passed the checks of a publish.
pub(super) fn with_headers(
    properties: PropertiesRef<'_>,
    mut headers: Table,
    others: Others,
) -> Vec<u8> {
    headers.sort_keys();
    headers.dedup_keys();
    with_header_octets(properties, &headers.to_bytes(), others)
}

/// The same with headers that are sorted already, as octets on the wire.
pub(super) fn with_header_octets(
    properties: PropertiesRef<'_>,
    headers: &[u8],
    others: Others,
) -> Vec<u8> {
    let Ok(mut changed) = properties.decode() else {
        return properties.as_bytes().to_vec();
    };
    let has_headers = changed.headers.is_some() || !headers.is_empty();
    changed.headers = has_headers.then(|| TableRef::new(headers));
    others.change(&mut changed);
    changed.to_bytes()
}

/// Octets of the properties that a message had when it was published: without its deaths, and
/// without the `BCC` header, which RabbitMQ takes out at once. A client's own `x-death` that the
/// broker has replaced is not counted.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/quorum/max_length_bytes_counts_properties.amqp.
#[inline]
pub(super) fn published_len(message: &Message) -> u32 {
    let properties = message.properties();
    let traits = message.traits();
    let len = if traits.died_before || traits.has_bcc {
        published_properties_len(properties, traits.died_before)
    } else {
        properties.as_bytes().len()
    };
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cold]
fn published_properties_len(properties: PropertiesRef<'_>, died_before: bool) -> usize {
    let mut headers = headers_of(properties);
    let mut expiration = 0;
    if died_before {
        let first = match headers.remove("x-death") {
            Some(Value::Array(deaths)) => deaths.iter().next_back().cloned(),
            _ => None,
        };
        if let Some(Value::Table(first)) = first
            && let Some(text) = first.get("original-expiration").and_then(Value::as_str)
        {
            expiration = 1 + text.len();
        }
        for name in FIRST_DEATH.into_iter().chain(LAST_DEATH) {
            headers.remove(name);
        }
    }
    let gone = died_before && headers.is_empty();
    headers.remove("BCC");
    let len = with_headers(properties, headers, Others::Unchanged).len();
    let empty = if gone { EMPTY_TABLE_LEN } else { 0 };
    expiration + len.saturating_sub(empty)
}
