//! The types of exchanges, and what `exchange.declare` may say about them.
//!
//! Owns the names. Does not know how any of them routes.
//! Spec: AMQP 0-9-1 §3.1.3. Docs: RabbitMQ's page on exchanges and those of its plugins.

use std::fmt::{self, Display, Formatter};

use leveret_codec::table::Table;

const DELAYED: &str = "x-delayed-message";
const DELAYED_TYPE_ARGUMENT: &str = "x-delayed-type";

/// How an exchange chooses the destinations of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeType {
    /// `direct`: the binding key equals the routing key.
    Direct,
    /// `fanout`: every binding.
    Fanout,
    /// `topic`: the binding key is a pattern of words.
    Topic,
    /// `headers`: the binding's arguments are compared with the message's headers.
    Headers,
    /// `x-consistent-hash`: one destination, by hash, in proportion to the binding keys.
    ConsistentHash,
    /// `x-random`: one destination, by chance.
    Random,
    /// `x-local-random`: one classic queue of this node, by chance.
    LocalRandom,
    /// `x-modulus-hash`: one destination, by hash of the routing keys.
    ModulusHash,
    /// `x-recent-history`: every binding; a new one gets the last messages.
    RecentHistory,
    /// `x-delayed-message`: as the type within, after the time a message asks for.
    Delayed(Box<ExchangeType>),
}

impl ExchangeType {
    /// Reads the type of an `exchange.declare`.
    ///
    /// # Errors
    /// The explanation of a 406 `PRECONDITION_FAILED`: the type is unknown or empty, or it is
    /// `x-delayed-message` and `x-delayed-type` is not a known type's name (or its own).
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/exchange/unknown_type_is_406.amqp. Docs: README of
    /// `rabbitmq_delayed_message_exchange`.
    pub fn parse(name: &str, arguments: &Table) -> Result<Self, String> {
        if let Some(plain) = Self::parse_plain(name) {
            return Ok(plain);
        }
        match name {
            "" => Err("invalid exchange type ''".to_owned()),
            DELAYED => {
                let inner = arguments.get(DELAYED_TYPE_ARGUMENT);
                let inner = inner.and_then(|value| std::str::from_utf8(value.as_str()?).ok());
                let inner = inner.and_then(Self::parse_plain).ok_or_else(|| {
                    format!(
                        "Invalid argument, '{DELAYED_TYPE_ARGUMENT}' must be an existing \
                         exchange type"
                    )
                })?;
                Ok(Self::Delayed(Box::new(inner)))
            }
            _ => Err(format!("unknown exchange type '{name}'")),
        }
    }

    fn parse_plain(name: &str) -> Option<Self> {
        Some(match name {
            "direct" => Self::Direct,
            "fanout" => Self::Fanout,
            "topic" => Self::Topic,
            "headers" => Self::Headers,
            "x-consistent-hash" => Self::ConsistentHash,
            "x-random" => Self::Random,
            "x-local-random" => Self::LocalRandom,
            "x-modulus-hash" => Self::ModulusHash,
            "x-recent-history" => Self::RecentHistory,
            _ => return None,
        })
    }

    /// The name as in `exchange.declare`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fanout => "fanout",
            Self::Topic => "topic",
            Self::Headers => "headers",
            Self::ConsistentHash => "x-consistent-hash",
            Self::Random => "x-random",
            Self::LocalRandom => "x-local-random",
            Self::ModulusHash => "x-modulus-hash",
            Self::RecentHistory => "x-recent-history",
            Self::Delayed(_) => DELAYED,
        }
    }

    /// Whether messages may have to wait before they are routed.
    pub const fn is_delayed(&self) -> bool {
        matches!(self, Self::Delayed(_))
    }

    /// Whether two messages with the same routing keys always go to the same destinations while
    /// the bindings stay, so that an answer may be kept.
    pub fn routes_by_key(&self) -> bool {
        matches!(
            self,
            Self::Direct | Self::Fanout | Self::Topic | Self::ModulusHash
        )
    }

    /// The type that routes: the one within a delayed exchange, else this one.
    pub fn routing(&self) -> &Self {
        match self {
            Self::Delayed(inner) => inner,
            plain => plain,
        }
    }
}

impl Display for ExchangeType {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
