//! Messages as a program publishes them.

use bytes::Bytes;
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef, Value};
use leveret_codec::types::ShortBytes;

use super::Refused;
use crate::desk::Publication;

/// delivery-mode of a persistent message.
const PERSISTENT: u8 = 2;

/// A message to be published: transient and with an empty body, unless told otherwise.
///
/// ```
/// # use leveret::broker::{Broker, NewMessage, Published, QueueDefinition};
/// # let broker = Broker::builder().start()?;
/// # let vhost = broker.vhost("/")?;
/// # vhost.declare_queue(&QueueDefinition::new("jobs"))?;
/// let job = NewMessage::to_queue("jobs")
///     .persistent()
///     .content_type("application/json")
///     .correlation_id("17")
///     .header("attempt", 1)
///     .expiration_ms(60_000)
///     .body(r#"{"job": 17}"#);
/// assert_eq!(vhost.publish(&job)?, Published::Queued(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    exchange: String,
    routing_key: String,
    /// Encoded, apart from the headers.
    properties: Vec<u8>,
    headers: Table,
    body: Bytes,
    /// The first property that was too long.
    too_long: Option<String>,
}

impl NewMessage {
    /// A message for this exchange, with this routing key.
    #[must_use]
    pub fn to_exchange(exchange: impl Into<String>, routing_key: impl Into<String>) -> Self {
        Self {
            exchange: exchange.into(),
            routing_key: routing_key.into(),
            properties: Properties::default().to_bytes(),
            headers: Table::new(),
            body: Bytes::new(),
            too_long: None,
        }
    }

    /// A message for this queue, through the default exchange.
    #[must_use]
    pub fn to_queue(name: impl Into<String>) -> Self {
        Self::to_exchange("", name)
    }

    /// The same with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Bytes::from(body.into());
        self
    }

    /// The same, but it survives a restart in a durable queue.
    #[must_use]
    pub fn persistent(self) -> Self {
        self.with(|all| all.delivery_mode = Some(PERSISTENT))
    }

    /// The same with this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same with this priority, 0 to 255, more is sooner.
    #[must_use]
    pub fn priority(self, priority: u8) -> Self {
        self.with(|all| all.priority = Some(priority))
    }

    /// The same, but it expires after so many milliseconds in a queue, at most ten years.
    #[must_use]
    pub fn expiration_ms(self, ms: u64) -> Self {
        self.short(&ms.to_string(), |all, text| all.expiration = text)
    }

    /// The same with this MIME type of the body.
    #[must_use]
    pub fn content_type(self, mime: &str) -> Self {
        self.short(mime, |all, text| all.content_type = text)
    }

    /// The same with this MIME encoding of the body.
    #[must_use]
    pub fn content_encoding(self, mime: &str) -> Self {
        self.short(mime, |all, text| all.content_encoding = text)
    }

    /// The same as the answer to what this names.
    #[must_use]
    pub fn correlation_id(self, id: &str) -> Self {
        self.short(id, |all, text| all.correlation_id = text)
    }

    /// The same with this queue for the answer.
    #[must_use]
    pub fn reply_to(self, queue: &str) -> Self {
        self.short(queue, |all, text| all.reply_to = text)
    }

    /// The same with this name of the message.
    #[must_use]
    pub fn message_id(self, id: &str) -> Self {
        self.short(id, |all, text| all.message_id = text)
    }

    /// The same, made at this time, in seconds since 1970.
    #[must_use]
    pub fn timestamp(self, seconds: u64) -> Self {
        self.with(|all| all.timestamp = Some(seconds))
    }

    /// The same with this word for the kind of message: the property `type`.
    #[must_use]
    pub fn kind(self, word: &str) -> Self {
        self.short(word, |all, text| all.type_ = text)
    }

    /// The same by this program.
    #[must_use]
    pub fn app_id(self, program: &str) -> Self {
        self.short(program, |all, text| all.app_id = text)
    }

    fn with(mut self, change: impl FnOnce(&mut Properties<'_>)) -> Self {
        let mut all = PropertiesRef::new(&self.properties)
            .decode()
            .unwrap_or_default();
        change(&mut all);
        self.properties = all.to_bytes();
        self
    }

    fn short(
        mut self,
        text: &str,
        set: impl for<'p> FnOnce(&mut Properties<'p>, Option<ShortBytes<'p>>),
    ) -> Self {
        let Some(short) = ShortBytes::new(text.as_bytes()) else {
            self.too_long.get_or_insert_with(|| text.to_owned());
            return self;
        };
        let mut all = PropertiesRef::new(&self.properties)
            .decode()
            .unwrap_or_default();
        set(&mut all, Some(short));
        self.properties = all.to_bytes();
        self
    }

    /// Hands the message to `publish` as it is on the wire.
    pub(super) fn publication<T>(
        &self,
        publish: impl FnOnce(Publication<'_>) -> T,
    ) -> Result<T, Refused> {
        if let Some(text) = &self.too_long {
            return Err(Refused::too_long(text));
        }
        let name = |text| ShortBytes::new(str::as_bytes(text)).ok_or(Refused::too_long(text));
        let headers = self.headers.to_bytes();
        let mut all = PropertiesRef::new(&self.properties)
            .decode()
            .unwrap_or_default();
        all.headers = (!self.headers.is_empty()).then(|| TableRef::new(&headers));
        Ok(publish(Publication {
            exchange: name(&self.exchange)?,
            routing_key: name(&self.routing_key)?,
            properties: PropertiesRef::new(&all.to_bytes()),
            body: &self.body,
        }))
    }
}
