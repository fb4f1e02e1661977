//! What a dump shows of one definition or one message: as JSON, and as a line to read.
//!
//! Owns what is left out: hashes of passwords are secrets and never shown, and numbers by which the
//! store knows its queues mean nothing to a reader.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::readable;
use crate::ids::QueueId;
use crate::message::Message;
use crate::store::DefinitionKind;
use crate::store::start::alive::Alive;

/// Fields of definitions that are shown as [`HIDDEN`].
const SECRETS: &[&str] = &["password", "password_hash"];
/// Fields of definitions that mean nothing outside of the store.
const INTERNAL: &[&str] = &["id", "delayed_id"];
const HIDDEN: &str = "(not shown)";

/// Something in a data directory.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    /// A definition.
    Definition(Definition),
    /// A message in one queue.
    Message(Box<Stored>),
}

/// A definition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Definition {
    /// What it is: `vhost`, `user`, `permission`, `topic_permission`, `parameter`, `policy`,
    /// `exchange`, `queue`, `binding` or `global_parameter`.
    pub kind: &'static str,
    /// The definition without its secrets, tables of arguments readable.
    pub definition: Value,
}

/// Where a message waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The vhost.
    pub vhost: String,
    /// The queue; absent for a message that an exchange holds back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The exchange that holds the message back until its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delayed_in: Option<String>,
}

/// A message in one queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stored {
    /// Where it waits; absent if the queue is deleted, so that a start will drop the message.
    #[serde(flatten)]
    pub owner: Option<Owner>,
    /// Where it is in the log.
    pub at: u64,
    /// When it was stored: RFC 3339, UTC, milliseconds.
    pub stored_at: String,
    /// The exchange it was published to.
    pub exchange: Value,
    /// The routing key it was published with; `{"base64": "…"}` if it is not UTF-8.
    pub routing_key: Value,
    /// Its properties by RabbitMQ's names.
    pub properties: Value,
    /// Its TTL in milliseconds, of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_ms: Option<u64>,
    /// It may have been delivered before.
    pub redelivered: bool,
    /// How often it was delivered and came back.
    pub delivery_count: u32,
    /// Octets of its body.
    pub body_len: usize,
    /// Its body.
    #[serde(flatten)]
    pub body: Body,
}

/// A body, as text where it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Body {
    /// It is UTF-8.
    #[serde(rename = "body")]
    Text(String),
    /// It is not.
    #[serde(rename = "body_base64")]
    Base64(String),
}

impl Definition {
    /// A definition, and what messages are stored under if it is a queue or a delayed exchange.
    pub(super) fn read(
        kind: DefinitionKind,
        key: &str,
        json: &str,
    ) -> (Self, Option<(QueueId, Owner)>) {
        let mut definition = Self::with_ids(kind, key, json);
        let owner = definition.owner();
        if let Value::Object(fields) = &mut definition.definition {
            for name in INTERNAL {
                fields.remove(*name);
            }
            if matches!(kind, DefinitionKind::Queue | DefinitionKind::Exchange) {
                // Others are not stored.
                fields.entry("durable").or_insert(Value::Bool(true));
            }
        }
        (definition, owner)
    }

    fn with_ids(kind: DefinitionKind, key: &str, json: &str) -> Self {
        let mut definition = serde_json::from_str(json)
            .unwrap_or_else(|_| json!({ "key": key.replace('\0', "/"), "unreadable": json }));
        if let Value::Object(fields) = &mut definition {
            for name in SECRETS {
                if let Some(secret) = fields.get_mut(*name) {
                    *secret = HIDDEN.into();
                }
            }
            let arguments = fields.get("arguments").and_then(Value::as_str);
            if let Some(table) = arguments.and_then(readable::arguments) {
                fields.insert("arguments".to_owned(), table);
            }
        }
        Self {
            kind: kind.word(),
            definition,
        }
    }

    fn owner(&self) -> Option<(QueueId, Owner)> {
        let text = |field| self.definition.get(field)?.as_str().map(str::to_owned);
        let number = |field| self.definition.get(field)?.as_u64().map(QueueId);
        let (vhost, name) = (text("vhost")?, text("name")?);
        let (queue, delayed_in) = match self.kind {
            "queue" => (Some(name), None),
            "exchange" => (None, Some(name)),
            _ => return None,
        };
        let owner = Owner {
            vhost,
            queue,
            delayed_in,
        };
        Some((number("id").or_else(|| number("delayed_id"))?, owner))
    }
}

impl Stored {
    pub(super) fn read(alive: &Alive<'_>, owner: Option<Owner>, message: &Message) -> Self {
        let properties = readable::properties(message.properties());
        let body = match std::str::from_utf8(message.body()) {
            Ok(text) => Body::Text(text.to_owned()),
            Err(_) => Body::Base64(STANDARD.encode(message.body())),
        };
        Self {
            owner,
            at: alive.at.address(),
            stored_at: readable::moment(alive.stored.stored_at()),
            exchange: readable::octets(&message.exchange()),
            routing_key: readable::octets(&message.routing_key()),
            properties,
            expiration_ms: message.traits().expiration_ms,
            redelivered: alive.returned.is_some(),
            delivery_count: alive.returned.unwrap_or_default().delivery_count,
            body_len: message.body_len(),
            body,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Definition(definition) => definition.fmt(f),
            Self::Message(message) => message.fmt(f),
        }
    }
}

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, definition } = self;
        write!(f, "{kind} {definition}")
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vhost, .. } = self;
        if let Some(queue) = &self.queue {
            write!(f, "queue '{queue}' in vhost '{vhost}'")
        } else {
            let exchange = self.delayed_in.as_deref().unwrap_or_default();
            write!(f, "delayed in exchange '{exchange}' in vhost '{vhost}'")
        }
    }
}

/// `'name'`, or `base64:…` for what is not UTF-8.
fn quoted(octets: &Value) -> String {
    match octets.as_str() {
        Some(text) => format!("'{text}'"),
        None => format!("base64:{}", octets["base64"].as_str().unwrap_or_default()),
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Some(owner) => write!(f, "message: {owner}")?,
            None => f.write_str("message: deleted queue")?,
        }
        let Self {
            stored_at,
            exchange,
            routing_key,
            delivery_count,
            body_len,
            ..
        } = self;
        write!(
            f,
            ", stored {stored_at}, exchange {}, routing key {}",
            quoted(exchange),
            quoted(routing_key)
        )?;
        if self.redelivered {
            write!(f, ", redelivered (delivery count {delivery_count})")?;
        }
        if self.properties.as_object().is_some_and(Map::is_empty) {
            f.write_str(", no properties")?;
        } else {
            write!(f, ", properties {}", self.properties)?;
        }
        match &self.body {
            Body::Text(text) => write!(f, ", {body_len} octets {text:?}"),
            Body::Base64(text) => write!(f, ", {body_len} octets base64:{text}"),
        }
    }
}
