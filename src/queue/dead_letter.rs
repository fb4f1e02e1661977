//! What a message looks like after its death, where it goes, and when it goes in circles.
//!
//! Pure functions over messages. The history of a message is in its `x-death` header, which counts
//! only if the broker wrote it ([`Traits::died_before`]): a client's own is not interpreted, and
//! is replaced at the next death (RabbitMQ 4.0 and later).
//!
//! Docs: dlx. Seen: RabbitMQ 4.3.6.

use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{Table, Value, ValueRef};
use leveret_codec::types::{ShortByteBuf, ShortString};

use super::DeadLetter;
use super::headers::{FIRST_DEATH, LAST_DEATH, Others, headers_of, with_headers};
use crate::clock::{Now, Wall};
use crate::events::DeathReason;
use crate::message::{Message, MessageBuilder, Traits, routing_keys};

/// A message that has died, ready for its dead-letter exchange.
#[derive(Debug)]
pub struct Rewritten {
    /// It, with its death noted in the headers.
    pub message: Message,
    /// The keys by which it is routed.
    pub keys: Vec<ShortByteBuf>,
}

/// The message as it is published to the dead-letter exchange: its death noted in the headers,
/// `expiration` removed, everything else as it was. `exchange` is that exchange, `queue` is where
/// it died.
#[must_use]
pub fn rewrite(
    letter: &DeadLetter,
    exchange: &ShortString,
    queue: &str,
    now: Now,
    builder: &mut MessageBuilder,
) -> Rewritten {
    let message = &letter.entry.message;
    let headers = buried(message, queue, letter.reason, now.wall);
    let properties = with_headers(message.properties(), headers, Others::WithoutExpiration);
    let routing_key = match &letter.routing_key {
        Some(key) => key.as_short(),
        None => message.routing_key(),
    };
    let traits = Traits {
        expiration_ms: None,
        died_before: true,
        keys_replaced: letter.routing_key.is_some() || message.traits().keys_replaced,
        ..message.traits()
    };
    let properties = PropertiesRef::new(&properties);
    let exchange = exchange.as_short();
    Rewritten {
        message: message.rewritten(builder, exchange, routing_key, properties, traits),
        keys: keys_of(letter),
    }
}

/// The keys by which a dead letter is routed: that of the queue's arguments alone, or the
/// message's own with those of its CC and BCC headers.
fn keys_of(letter: &DeadLetter) -> Vec<ShortByteBuf> {
    match &letter.routing_key {
        Some(key) => vec![key.clone()],
        None => routing_keys(&letter.entry.message),
    }
}

/// Whether a dead letter that is routed to `queue` would go in circles: it died there before, and
/// nobody rejected it since. Such a message is dropped.
#[must_use]
pub fn is_cycle(dead_message: &Message, queue: &str) -> bool {
    if !dead_message.traits().died_before {
        return false;
    }
    for death in deaths(&headers_of(dead_message.properties())) {
        if is(&death, "reason", DeathReason::Rejected.as_str()) {
            return false;
        }
        if is(&death, "queue", queue) {
            return true;
        }
    }
    false
}

/// The headers of `message` after it died in `queue`.
fn buried(message: &Message, queue: &str, reason: DeathReason, wall: Wall) -> Table {
    let mut headers = headers_of(message.properties());
    let mut history = Vec::new();
    if message.traits().died_before {
        history = deaths(&headers);
    } else {
        for name in FIRST_DEATH {
            headers.remove(name);
        }
    }
    let exchange = message.exchange();
    let story = [&*exchange, queue.as_bytes(), reason.as_str().as_bytes()];
    let same = |death: &Table| is(death, "queue", queue) && is(death, "reason", reason.as_str());
    let newest = match history.iter().position(same) {
        Some(place) => once_more(history.remove(place)),
        None => first_time(message, story, wall),
    };
    history.insert(0, newest);
    let history: Vec<Value> = history.into_iter().map(Value::from).collect();
    headers.insert("x-death", history);
    for (name, value) in FIRST_DEATH.into_iter().zip(story) {
        if headers.get(name).is_none() {
            headers.insert(name, octets(value));
        }
    }
    for (name, value) in LAST_DEATH.into_iter().zip(story) {
        headers.insert(name, octets(value));
    }
    headers
}

fn once_more(mut death: Table) -> Table {
    let count = death.get("count").and_then(Value::as_integer);
    death.insert("count", count.unwrap_or(0).saturating_add(1));
    death
}

fn first_time(message: &Message, story: [&[u8]; 3], wall: Wall) -> Table {
    let [exchange, queue, reason] = story;
    let mut death = Table::new();
    if let Ok(Some(expiration)) = message.properties().expiration() {
        death.insert("original-expiration", octets(&expiration));
    }
    let mut keys = vec![octets(&message.routing_key())];
    if !message.traits().keys_replaced {
        keys.extend(keys_in(message, "CC").into_iter().map(Value::from));
    }
    death.insert("count", 1i64);
    death.insert("reason", octets(reason));
    death.insert("queue", octets(queue));
    death.insert("time", Value::Timestamp(wall.as_secs()));
    death.insert("exchange", octets(exchange));
    death.insert("routing-keys", keys);
    death
}

fn octets(octets: &[u8]) -> Value {
    Value::LongStr(octets.to_vec())
}

/// The `x-death` header, newest first.
fn deaths(headers: &Table) -> Vec<Table> {
    let Some(Value::Array(deaths)) = headers.get("x-death") else {
        return Vec::new();
    };
    let death = |value: &Value| match value {
        Value::Table(death) => Some(death.clone()),
        _ => None,
    };
    deaths.iter().filter_map(death).collect()
}

fn is(death: &Table, key: &str, word: &str) -> bool {
    death.get(key).and_then(Value::as_str) == Some(word.as_bytes())
}

/// The routing keys in a header that is an array of texts; others are passed over.
fn keys_in(message: &Message, header: &str) -> Vec<Vec<u8>> {
    let headers = message.properties().headers().ok().flatten();
    let found = headers.and_then(|headers| headers.find(header).ok().flatten());
    let Some(ValueRef::Array(keys)) = found else {
        return Vec::new();
    };
    keys.iter()
        .filter_map(|key| key.ok()?.as_str().map(<[u8]>::to_vec))
        .collect()
}

#[cfg(test)]
mod tests;
