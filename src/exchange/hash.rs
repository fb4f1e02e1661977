//! Routing to one destination of many: by consistent hash, by remainder, or by chance.
//!
//! Owns: weights, the ring, the pool, and what of a message is hashed. Does not draw random
//! numbers. Docs: RabbitMQ's pages on the consistent hash, random and local random exchanges.
//! Seen: RabbitMQ 4.3.6, tests/scripts/routing/consistent_hash_follows_weight_and_key.amqp. Where a
//! key lands is not RabbitMQ's choice (its hash is Erlang's own); that it lands on one destination,
//! the same each time, in proportion to the weights, is.

use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{Table, TableRef};

use super::hasher::placement_hash;
use super::term::Binary;
use super::value::{Side, write_canonical};

const HEADER_ARGUMENT: &str = "hash-header";
const PROPERTY_ARGUMENT: &str = "hash-property";

/// The greatest weight of one binding.
const WEIGHT_MAX: u64 = 10_000;

/// Which part of a message a consistent hash exchange hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hashed {
    RoutingKey,
    Header(Box<str>),
    Property(Property),
}

/// A property of a message that can be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    CorrelationId,
    MessageId,
    Timestamp,
}

impl Hashed {
    /// Reads the arguments of an `exchange.declare`.
    ///
    /// # Errors
    /// The explanation of a 406 `PRECONDITION_FAILED`. Seen: RabbitMQ 4.3.6, which closes the
    /// connection with 541 where an argument is no string: the first text is ours.
    pub(super) fn parse(arguments: &Table) -> Result<Self, String> {
        let header = text_argument(arguments, HEADER_ARGUMENT)?;
        let property = text_argument(arguments, PROPERTY_ARGUMENT)?;
        match (header, property) {
            (None, None) => Ok(Self::RoutingKey),
            (Some(header), None) => Ok(Self::Header(header.into())),
            (None, Some(property)) => Property::parse(property).map(Self::Property),
            (Some(_), Some(_)) => {
                Err("hash-header and hash-property are mutually exclusive".to_owned())
            }
        }
    }

    /// The hash of a message; a message without that header or property has one of its own.
    pub(super) fn hash(
        &self,
        key: &[u8],
        headers: Option<TableRef<'_>>,
        properties: PropertiesRef<'_>,
    ) -> u64 {
        match self {
            Self::RoutingKey => placement_hash(key),
            Self::Header(name) => hash_of_header(name, headers).unwrap_or_default(),
            Self::Property(property) => property.hash(properties).unwrap_or_default(),
        }
    }
}

fn text_argument<'a>(arguments: &'a Table, name: &str) -> Result<Option<&'a str>, String> {
    let Some(value) = arguments.get(name) else {
        return Ok(None);
    };
    let text = value
        .as_str()
        .and_then(|octets| std::str::from_utf8(octets).ok());
    match text {
        Some(text) => Ok(Some(text)),
        None => Err(format!(
            "invalid type '{}' for arg '{name}'",
            value.type_name()
        )),
    }
}

/// Of headers with the same name the last one counts.
fn hash_of_header(name: &str, headers: Option<TableRef<'_>>) -> Option<u64> {
    let entries = headers?.iter().map_while(Result::ok);
    let (_, value) = entries.filter(|&(key, _)| key == name.as_bytes()).last()?;
    let mut spelling = Vec::new();
    write_canonical(value, Side::Message, &mut spelling).ok()?;
    Some(placement_hash(&spelling))
}

impl Property {
    fn parse(name: &str) -> Result<Self, String> {
        match name {
            "correlation_id" => Ok(Self::CorrelationId),
            "message_id" => Ok(Self::MessageId),
            "timestamp" => Ok(Self::Timestamp),
            _ => Err(format!("Unsupported property: {name}")),
        }
    }

    fn hash(self, properties: PropertiesRef<'_>) -> Option<u64> {
        let text = match self {
            Self::CorrelationId => properties.correlation_id(),
            Self::MessageId => properties.message_id(),
            Self::Timestamp => {
                let seconds = properties.timestamp().ok()??;
                return Some(placement_hash(&seconds.to_be_bytes()));
            }
        };
        Some(placement_hash(&text.ok()??))
    }
}

/// Refuses a binding key that is no weight.
///
/// # Errors
/// The explanation of a 406 `PRECONDITION_FAILED`. Seen: RabbitMQ 4.3.6,
/// tests/scripts/exchange/consistent_hash_wants_weights.amqp.
pub(super) fn check_weight(key: &str) -> Result<(), String> {
    parse_weight(key).map(drop)
}

/// The weight that a binding key says: an optional sign and digits, 1 ..= 10,000.
fn parse_weight(key: &str) -> Result<u64, String> {
    let (is_negative, digits) = match key.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, key.strip_prefix('+').unwrap_or(key)),
    };
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(format!(
            "The binding key must be an integer: {}",
            Binary(key.as_bytes())
        ));
    }
    // Only a number past 64 bits cannot be parsed here, and that is too great in any case.
    let weight = digits.parse::<u64>().unwrap_or(u64::MAX);
    if is_negative || weight == 0 {
        return Err("The binding key must be greater than 0".to_owned());
    }
    if weight > WEIGHT_MAX {
        return Err(format!("The binding key must not exceed {WEIGHT_MAX}"));
    }
    Ok(weight)
}

/// Destinations side by side, each as wide as its weight.
///
/// A destination stands there once, with the weight of its first binding: further bindings of the
/// same destination change nothing, and the removal of any of them takes it away.
/// Seen: RabbitMQ 4.3.6,
/// tests/scripts/routing/consistent_hash_forgets_a_queue_with_any_of_its_bindings.amqp.
#[derive(Clone, Debug)]
pub(super) struct Ring<D> {
    entries: Vec<Entry<D>>,
}

#[derive(Clone, Debug)]
struct Entry<D> {
    destination: D,
    weight: u64,
    /// The sum of the weights up to and with this one.
    end: u64,
}

impl<D> Default for Ring<D> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<D: Clone + Eq> Ring<D> {
    /// Appends the destination. A key that [`check_weight`] refuses weighs 1.
    pub(super) fn add(&mut self, key: &str, destination: D) {
        if self
            .entries
            .iter()
            .any(|entry| entry.destination == destination)
        {
            return;
        }
        let weight = parse_weight(key).unwrap_or(1);
        let end = self.width() + weight;
        self.entries.push(Entry {
            destination,
            weight,
            end,
        });
    }

    pub(super) fn remove(&mut self, destination: &D) {
        self.entries
            .retain(|entry| entry.destination != *destination);
        let mut end = 0;
        for entry in &mut self.entries {
            end += entry.weight;
            entry.end = end;
        }
    }

    fn width(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.end)
    }

    pub(super) fn pick(&self, hash: u64) -> Option<&D> {
        let place = jump(hash, self.width());
        let position = self.entries.partition_point(|entry| entry.end <= place);
        self.entries.get(position).map(|entry| &entry.destination)
    }
}

/// Spreads hashes evenly over `0..width`, such that another place at the end draws to itself its
/// share of the hashes and moves no others. 0 if there is no place.
///
/// Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014, with
/// integers for their floating point.
fn jump(hash: u64, width: u64) -> u64 {
    let mut state = hash;
    let mut place = 0;
    let mut next = 0;
    while next < u128::from(width) {
        place = next;
        state = state
            .wrapping_mul(2_862_933_555_777_941_757)
            .wrapping_add(1);
        next = ((place + 1) << 31) / u128::from((state >> 33) + 1);
    }
    u64::try_from(place).unwrap_or(u64::MAX)
}

/// One destination per binding, so that one bound twice is picked twice as often.
/// Seen: RabbitMQ 4.3.6, tests/scripts/routing/modulus_hash_counts_bindings_not_queues.amqp.
#[derive(Clone, Debug)]
pub(super) struct Pool<D> {
    members: Vec<D>,
}

impl<D> Default for Pool<D> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
        }
    }
}

impl<D: Clone + Eq> Pool<D> {
    pub(super) fn add(&mut self, destination: D) {
        self.members.push(destination);
    }

    /// Takes one of the destination's places away; the others keep their order.
    pub(super) fn remove(&mut self, destination: &D) {
        if let Some(position) = self.members.iter().position(|member| member == destination) {
            self.members.remove(position);
        }
    }

    /// The member that `number` falls on, for numbers spread over all of `u64`.
    pub(super) fn pick(&self, number: u64) -> Option<&D> {
        let scaled = (u128::from(number) * self.members.len() as u128) >> 64;
        self.members.get(usize::try_from(scaled).ok()?)
    }
}

/// The hash of all routing keys in their order.
pub(super) fn hash_of_keys(keys: &[&[u8]]) -> u64 {
    match keys {
        [key] => placement_hash(key),
        _ => {
            let hashes = keys
                .iter()
                .flat_map(|key| placement_hash(key).to_be_bytes());
            placement_hash(&hashes.collect::<Vec<_>>())
        }
    }
}

#[cfg(test)]
mod tests;
