//! What a message looks like after its death, where it goes, and when it goes in circles.
//!
//! Pure functions over messages. The history of a message is in its `x-death` header, which counts
//! only if the broker wrote it ([`Traits::died_before`]): a client's own is not interpreted, and
//! is replaced at the next death (RabbitMQ 4.0 and later).
//!
//! Docs: dlx. Seen: RabbitMQ 4.3.6, tests/scripts/dead_letter.

use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{Table, Value, ValueRef};
use leveret_codec::types::{ShortByteBuf, ShortString};

use super::DeadLetter;
use super::headers::{
    FIRST_DEATH, LAST_DEATH, Others, headers_of, with_header_octets, with_headers,
};
use crate::clock::{Now, Wall};
use crate::message::{Message, MessageBuilder, Traits, routing_keys};

mod history;

pub use history::Circles;

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
    let source = message.exchange();
    let story = [
        &*source,
        queue.as_bytes(),
        letter.reason.as_str().as_bytes(),
    ];
    let others = Others::WithoutExpiration;
    let first_time = || first_time(message, story, now.wall).to_bytes();
    let properties = match history::continued(message, story, first_time) {
        Some(headers) => with_header_octets(message.properties(), &headers, others),
        None => with_headers(
            message.properties(),
            buried(message, story, now.wall),
            others,
        ),
    };
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

/// How a message came to the queue where it died first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstDeath {
    /// The name of the queue.
    pub queue: ShortByteBuf,
    /// The exchange that it was published to; `None` if its headers do not say any more.
    pub exchange: Option<ShortByteBuf>,
    /// Its routing key then; `None` if its headers do not say any more.
    pub routing_key: Option<ShortByteBuf>,
}

/// How a message came to the queue where it died first; `None` if it never died.
#[must_use]
pub fn first_death(message: &Message) -> Option<FirstDeath> {
    if !message.traits().died_before {
        return None;
    }
    let headers = headers_of(message.properties());
    let [exchange, queue, reason] = FIRST_DEATH.map(|name| headers.get(name)?.as_str());
    let (queue, reason) = (queue?, reason?);
    let deaths = deaths(&headers);
    let mut deaths = deaths.iter();
    let first = deaths.find(|death| is(death, "queue", queue) && is(death, "reason", reason));
    let keys = first.and_then(|death| death.get("routing-keys"));
    let key = match keys {
        Some(Value::Array(keys)) => keys.iter().next().and_then(Value::as_str),
        _ => None,
    };
    Some(FirstDeath {
        queue: ShortByteBuf::new(queue)?,
        exchange: exchange.and_then(ShortByteBuf::new),
        routing_key: key.and_then(ShortByteBuf::new),
    })
}

/// The keys by which a dead letter is routed: that of the queue's arguments alone, or the
/// message's own with those of its CC and BCC headers.
fn keys_of(letter: &DeadLetter) -> Vec<ShortByteBuf> {
    match &letter.routing_key {
        Some(key) => vec![key.clone()],
        None => routing_keys(&letter.entry.message),
    }
}

/// What there is to tell of a death: the exchange it was published to, the queue it died in, why.
type Story<'a> = [&'a [u8]; 3];

/// The headers of `message` after it died. The plain way: all of them are taken apart.
fn buried(message: &Message, story: Story<'_>, wall: Wall) -> Table {
    let mut headers = headers_of(message.properties());
    let mut history = Vec::new();
    if message.traits().died_before {
        history = deaths(&headers);
    } else {
        for name in FIRST_DEATH {
            headers.remove(name);
        }
    }
    let [_, queue, reason] = story;
    let same = |death: &Table| is(death, "queue", queue) && is(death, "reason", reason);
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

fn first_time(message: &Message, story: Story<'_>, wall: Wall) -> Table {
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

fn is(death: &Table, key: &str, word: &[u8]) -> bool {
    death.get(key).and_then(Value::as_str) == Some(word)
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
