//! A message as JSON: where it comes from, its properties, its body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::types::ShortBytes;

use crate::definitions::to_json;
use crate::desk::QueuedMessage;
use crate::management::answer::Refusal;
use crate::management::json::Object;

/// How the body of a message is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// In base64 even if it is a text.
    pub(super) is_base64: bool,
    /// Octets of it that are shown.
    pub(super) truncate: usize,
    pub(super) cut: Cut,
}

/// Where a body that is too long is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// After so many octets, as RabbitMQ does: a text whose last character is cut is shown in
    /// base64.
    Anywhere,
    /// A text in front of the character that would be cut.
    BetweenCharacters,
}

/// Octets that an octet of a body may become: in base64, and as a text with escapes.
const BASE64: u64 = 2;
const ESCAPED: u64 = 6;

/// Octets of what is said of a message beside its body, about.
const SAID_OF_ONE: u64 = 512;

impl Shown {
    /// How long the objects of so many messages with bodies of so many octets may become, about.
    pub(super) fn longest(self, messages: u64, octets: u64) -> u64 {
        let shown = octets.min(messages.saturating_mul(self.truncate as u64));
        let each = if self.is_base64 { BASE64 } else { ESCAPED };
        let bodies = shown.saturating_mul(each);
        let said = messages.saturating_mul(SAID_OF_ONE);
        bodies.saturating_add(said)
    }

    /// What is shown of a body.
    fn part_of(self, body: &[u8]) -> &[u8] {
        let Some(part) = body.get(..self.truncate) else {
            return body;
        };
        match std::str::from_utf8(part) {
            Err(error)
                if self.cut == Cut::BetweenCharacters
                    && !self.is_base64
                    && error.error_len().is_none() =>
            {
                part.get(..error.valid_up_to()).unwrap_or(part)
            }
            _ => part,
        }
    }
}

/// What `encoding` asks for: `auto` or `base64`.
pub(super) fn is_base64(encoding: Option<&str>) -> Result<bool, Refusal> {
    match encoding {
        Some("auto") => Ok(false),
        Some("base64") => Ok(true),
        _ => {
            let reason = "Unsupported encoding. Please use auto or base64.";
            Err(Refusal::bad(reason))
        }
    }
}

/// Where it comes from, and what it is.
pub(super) fn origin(object: &mut Object<'_>, message: &QueuedMessage) {
    object.set("payload_bytes", &message.body().len());
    object.set("redelivered", &message.redelivered());
    object.set("exchange", &message.exchange());
    object.set("routing_key", &message.routing_key());
}

/// Its properties and its body.
pub(super) fn content(object: &mut Object<'_>, message: &QueuedMessage, shown: Shown) {
    properties(object, message.properties());
    let body = shown.part_of(message.body());
    match std::str::from_utf8(body) {
        Ok(plain) if !shown.is_base64 => {
            object.set("payload", plain);
            object.set("payload_encoding", "string");
        }
        _ => {
            object.set("payload", &STANDARD.encode(body));
            object.set("payload_encoding", "base64");
        }
    }
}

/// The properties that a message has; an empty array if it has none.
fn properties(object: &mut Object<'_>, properties: PropertiesRef<'_>) {
    let all = properties.decode().unwrap_or_default();
    if all == Properties::default() {
        object.array("properties", [(); 0], |_, ()| ());
        return;
    }
    let text = |short: ShortBytes<'_>| String::from_utf8_lossy(&short).into_owned();
    object.object("properties", |shown| {
        shown.set_some("cluster_id", all.cluster_id.map(text));
        shown.set_some("app_id", all.app_id.map(text));
        shown.set_some("user_id", all.user_id.map(text));
        shown.set_some("type", all.type_.map(text));
        shown.set_some("timestamp", all.timestamp);
        shown.set_some("message_id", all.message_id.map(text));
        shown.set_some("expiration", all.expiration.map(text));
        shown.set_some("reply_to", all.reply_to.map(text));
        shown.set_some("correlation_id", all.correlation_id.map(text));
        shown.set_some("priority", all.priority);
        shown.set_some("delivery_mode", all.delivery_mode);
        let headers = all.headers.and_then(|headers| headers.to_table().ok());
        shown.set_some("headers", headers.as_ref().map(to_json));
        shown.set_some("content_encoding", all.content_encoding.map(text));
        shown.set_some("content_type", all.content_type.map(text));
    });
}
