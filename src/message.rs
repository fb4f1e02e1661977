//! A message as the broker holds it: one allocation behind one thin pointer.
//!
//! The exchange, the routing key and the properties stay the octets that the client sent; they
//! are decoded only where they are needed, and what was not changed leaves byte for byte as it
//! came. Small bodies are copied in behind them, so that a 20-octet message never keeps a read
//! buffer alive; bodies from [`LARGE_BODY`] on are shared, not copied.

use bytes::{BufMut, Bytes};
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef, ValueRef};
use leveret_codec::types::{ShortByteBuf, ShortBytes};
use triomphe::ThinArc;

pub mod filter_value;

/// Bodies of at least this many octets are kept apart and shared instead of copied.
pub const LARGE_BODY: usize = 16 * 1024;

/// A message: cheap to clone, never changed once made. Fan-out shares one.
#[derive(Clone)]
pub struct Message(ThinArc<Head, u8>);

/// What is decided once about a message, when it is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// delivery-mode is 2.
    pub persistent: bool,
    /// The `priority` property, 0 when absent.
    pub priority: u8,
    /// The `expiration` property in milliseconds, 0 ..= 315_360_000_000.
    pub expiration_ms: Option<u64>,
    /// There is a `BCC` header: it routes, and is taken out before delivery.
    pub has_bcc: bool,
    /// The broker wrote the `x-death` header itself. A client's own is not interpreted
    /// (RabbitMQ 4.0 and later).
    pub died_before: bool,
    /// A dead-letter routing key took the place of all its keys: those of `CC` and `BCC` headers
    /// route no more.
    pub keys_replaced: bool,
}

/// What is in front of a message's octets. Every queued message has one, so it is packed: an
/// expiration, which few have, lies among the octets.
struct Head {
    /// Bits of [`Flag`].
    flags: u8,
    priority: u8,
    exchange_len: u8,
    routing_key_len: u8,
    properties_len: u32,
    /// Behind a pointer of its own, because only messages of [`LARGE_BODY`] and more have one.
    large_body: Option<Box<Bytes>>,
}

/// A trait that is there or not.
#[derive(Clone, Copy)]
enum Flag {
    Persistent = 1,
    HasBcc = 2,
    DiedBefore = 4,
    KeysReplaced = 16,
    /// Eight octets in front of the body are the expiration.
    Expires = 8,
}

impl Flag {
    fn when(self, is_set: bool) -> u8 {
        if is_set { self as u8 } else { 0 }
    }
}

impl Traits {
    fn flags(self) -> u8 {
        Flag::Persistent.when(self.persistent)
            | Flag::HasBcc.when(self.has_bcc)
            | Flag::DiedBefore.when(self.died_before)
            | Flag::KeysReplaced.when(self.keys_replaced)
            | Flag::Expires.when(self.expiration_ms.is_some())
    }
}

/// Octets of an expiration.
const EXPIRATION_LEN: usize = size_of::<u64>();

/// Builds messages; keeps its scratch space between them.
#[derive(Default)]
pub struct MessageBuilder {
    scratch: Vec<u8>,
}

/// Scratch space above this many octets is given back after a message.
const SCRATCH_MAX: usize = 64 * 1024;

impl MessageBuilder {
    /// Makes a message. `properties` and `body` are copied, unless the body is given as
    /// [`Body::Shared`].
    pub fn build<'n>(
        &mut self,
        exchange: impl Into<ShortBytes<'n>>,
        routing_key: impl Into<ShortBytes<'n>>,
        properties: PropertiesRef<'_>,
        body: Body<'_>,
        traits: Traits,
    ) -> Message {
        let (exchange, routing_key) = (exchange.into(), routing_key.into());
        let properties = properties.as_bytes();
        self.scratch.clear();
        for name in [exchange, routing_key] {
            self.scratch.put_u8(short_len(name));
            self.scratch.put_slice(&name);
        }
        self.scratch.put_slice(properties);
        if let Some(ms) = traits.expiration_ms {
            self.scratch.put_u64(ms);
        }
        let large_body = match body {
            Body::Copied(body) => {
                self.scratch.put_slice(body);
                None
            }
            Body::Shared(body) => Some(Box::new(body)),
        };
        let head = Head {
            flags: traits.flags(),
            priority: traits.priority,
            exchange_len: short_len(exchange),
            routing_key_len: short_len(routing_key),
            properties_len: u32::try_from(properties.len()).unwrap_or(u32::MAX),
            large_body,
        };
        let message = Message(ThinArc::from_header_and_slice(head, &self.scratch));
        if self.scratch.capacity() > SCRATCH_MAX {
            self.scratch = Vec::new();
        }
        message
    }
}

/// Makes messages with small bodies to one exchange: a publisher's, mostly. Key and properties
/// stay as they are until they are changed.
#[derive(Debug, Default)]
pub struct Template {
    traits: Traits,
    exchange_len: u8,
    routing_key_len: u8,
    properties_len: u32,
    /// What is in front of the body, and after a message its body.
    octets: Vec<u8>,
    /// Where the routing key begins, behind its length.
    key_start: usize,
    /// Where the body begins.
    body_start: usize,
}

impl Template {
    /// Makes messages like `first` from now on.
    pub fn imitate(&mut self, first: &Message) {
        let head = first.head();
        self.traits = first.traits();
        self.exchange_len = head.exchange_len;
        self.routing_key_len = head.routing_key_len;
        self.properties_len = head.properties_len;
        self.key_start = 2 + usize::from(head.exchange_len);
        self.body_start = first.body_start();
        self.octets.clear();
        self.octets
            .extend_from_slice(first.octets(0, self.body_start));
    }

    /// The octets of its routing key.
    #[inline]
    #[must_use]
    pub fn routing_key(&self) -> &[u8] {
        let end = self.properties_start();
        self.octets.get(self.key_start..end).unwrap_or_default()
    }

    /// The octets of its properties.
    #[inline]
    #[must_use]
    pub fn properties(&self) -> &[u8] {
        let end = self.body_start - self.expiration_len();
        let start = self.properties_start();
        self.octets.get(start..end).unwrap_or_default()
    }

    /// Other properties; `traits` are what they decide.
    pub fn set_properties(&mut self, properties: &[u8], traits: Traits) {
        self.octets.truncate(self.properties_start());
        self.octets.extend_from_slice(properties);
        if let Some(ms) = traits.expiration_ms {
            self.octets.put_u64(ms);
        }
        self.properties_len = u32::try_from(properties.len()).unwrap_or(u32::MAX);
        self.traits = traits;
        self.body_start = self.octets.len();
    }

    /// Another routing key, of at most 255 octets.
    pub fn set_routing_key(&mut self, key: &[u8]) {
        let len = u8::try_from(key.len()).expect("a routing key has at most 255 octets");
        self.octets.truncate(self.body_start);
        let (old_end, end) = (self.properties_start(), self.key_start + key.len());
        let body_start = self.body_start - old_end + end;
        if end > old_end {
            self.octets.resize(body_start, 0);
        }
        if end != old_end {
            self.octets.copy_within(old_end..self.body_start, end);
        }
        self.octets.truncate(body_start);
        if let Some((key_len, rest)) = self
            .octets
            .get_mut(self.key_start - 1..end)
            .and_then(<[u8]>::split_first_mut)
        {
            *key_len = len;
            rest.copy_from_slice(key);
        }
        self.routing_key_len = len;
        self.body_start = body_start;
    }

    /// The next message. Its body is copied; it should have less than [`LARGE_BODY`] octets.
    #[inline]
    pub fn message(&mut self, body: &[u8]) -> Message {
        self.octets.truncate(self.body_start);
        self.octets.extend_from_slice(body);
        let head = Head {
            flags: self.traits.flags(),
            priority: self.traits.priority,
            exchange_len: self.exchange_len,
            routing_key_len: self.routing_key_len,
            properties_len: self.properties_len,
            large_body: None,
        };
        Message(ThinArc::from_header_and_slice(head, &self.octets))
    }

    fn properties_start(&self) -> usize {
        self.key_start + usize::from(self.routing_key_len)
    }

    fn expiration_len(&self) -> usize {
        self.traits.expiration_ms.map_or(0, |_| EXPIRATION_LEN)
    }
}

/// A body on its way into a message.
pub enum Body<'a> {
    /// Copied into the message's own allocation.
    Copied(&'a [u8]),
    /// Shared with the message.
    Shared(Bytes),
}

impl<'a> Body<'a> {
    /// Shares `body` from [`LARGE_BODY`] octets on, copies it below.
    #[must_use]
    pub fn by_size(body: &'a Bytes) -> Self {
        if body.len() >= LARGE_BODY {
            Body::Shared(body.clone())
        } else {
            Body::Copied(body)
        }
    }
}

fn short_len(name: ShortBytes<'_>) -> u8 {
    u8::try_from(name.len()).expect("a short string has at most 255 octets")
}

impl Message {
    fn head(&self) -> &Head {
        &self.0.header.header
    }

    fn octets(&self, from: usize, len: usize) -> &[u8] {
        self.0.slice.get(from..from + len).unwrap_or_default()
    }

    /// What was decided when the message was published.
    #[must_use]
    pub(crate) fn traits(&self) -> Traits {
        Traits {
            persistent: self.is(Flag::Persistent),
            priority: self.head().priority,
            expiration_ms: self.expiration_ms(),
            has_bcc: self.is(Flag::HasBcc),
            died_before: self.is(Flag::DiedBefore),
            keys_replaced: self.is(Flag::KeysReplaced),
        }
    }

    /// Whether delivery-mode is 2.
    #[inline]
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.is(Flag::Persistent)
    }

    /// Whether there is a `BCC` header.
    #[inline]
    #[must_use]
    pub(crate) fn has_bcc(&self) -> bool {
        self.is(Flag::HasBcc)
    }

    /// The `expiration` property in milliseconds.
    #[inline]
    #[must_use]
    pub fn expiration_ms(&self) -> Option<u64> {
        if !self.is(Flag::Expires) {
            return None;
        }
        let octets = self.octets(self.properties_end(), EXPIRATION_LEN);
        octets.first_chunk().map(|ms| u64::from_be_bytes(*ms))
    }

    #[inline]
    fn is(&self, flag: Flag) -> bool {
        self.head().flags & flag as u8 != 0
    }

    /// The exchange and the routing key, each as a short string on the wire: as they stand in
    /// basic.deliver and basic.get-ok.
    #[must_use]
    pub(crate) fn routing_octets(&self) -> &[u8] {
        self.octets(0, self.properties_start())
    }

    /// The exchange it was published to.
    #[must_use]
    pub fn exchange(&self) -> ShortBytes<'_> {
        short(self.octets(1, usize::from(self.head().exchange_len)))
    }

    /// The routing key it was published with.
    #[must_use]
    pub fn routing_key(&self) -> ShortBytes<'_> {
        let head = self.head();
        let from = 2 + usize::from(head.exchange_len);
        short(self.octets(from, usize::from(head.routing_key_len)))
    }

    /// The properties as they came: flags and list.
    #[must_use]
    pub fn properties(&self) -> PropertiesRef<'_> {
        let len = usize::try_from(self.head().properties_len).unwrap_or(usize::MAX);
        PropertiesRef::new(self.octets(self.properties_start(), len))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match &self.head().large_body {
            Some(body) => body,
            None => self.0.slice.get(self.body_start()..).unwrap_or_default(),
        }
    }

    /// The body for a vectored write, when it is kept apart; `None` for small ones.
    #[must_use]
    pub(crate) fn large_body(&self) -> Option<&Bytes> {
        self.head().large_body.as_deref()
    }

    /// Octets of the body.
    #[must_use]
    pub fn body_len(&self) -> usize {
        self.body().len()
    }

    /// Octets this message holds in memory, roughly.
    #[must_use]
    pub(crate) fn memory(&self) -> usize {
        let shared = |body: &Bytes| body.len() + size_of::<Bytes>();
        let large = self.large_body().map_or(0, shared);
        size_of::<Head>() + 2 * size_of::<usize>() + self.0.slice.len() + large
    }

    /// The same message elsewhere: another exchange, routing key, properties or traits, the same
    /// body (shared when it is large).
    #[must_use]
    pub(crate) fn rewritten<'n>(
        &self,
        builder: &mut MessageBuilder,
        exchange: impl Into<ShortBytes<'n>>,
        routing_key: impl Into<ShortBytes<'n>>,
        properties: PropertiesRef<'_>,
        traits: Traits,
    ) -> Message {
        let body = match self.large_body() {
            Some(body) => Body::Shared(body.clone()),
            None => Body::Copied(self.body()),
        };
        builder.build(exchange, routing_key, properties, body, traits)
    }

    fn properties_start(&self) -> usize {
        let head = self.head();
        2 + usize::from(head.exchange_len) + usize::from(head.routing_key_len)
    }

    fn properties_end(&self) -> usize {
        let len = usize::try_from(self.head().properties_len).unwrap_or(usize::MAX);
        self.properties_start().saturating_add(len)
    }

    fn body_start(&self) -> usize {
        let expiration = if self.is(Flag::Expires) {
            EXPIRATION_LEN
        } else {
            0
        };
        self.properties_end().saturating_add(expiration)
    }
}

/// The properties of a message with its headers changed; as they were if they cannot be decoded.
#[must_use]
pub fn change_headers(properties: PropertiesRef<'_>, change: impl FnOnce(&mut Table)) -> Vec<u8> {
    changed_headers(properties, change).unwrap_or_else(|| properties.as_bytes().to_vec())
}

fn changed_headers(
    properties: PropertiesRef<'_>,
    change: impl FnOnce(&mut Table),
) -> Option<Vec<u8>> {
    let decoded = properties.decode().ok()?;
    let mut table = match decoded.headers {
        Some(headers) => headers.to_table().ok()?,
        None => Table::new(),
    };
    change(&mut table);
    let octets = table.to_bytes();
    let headers = (!table.is_empty()).then(|| TableRef::new(&octets));
    let mut out = Vec::with_capacity(properties.as_bytes().len() + 64);
    Properties { headers, ..decoded }.encode(&mut out);
    Some(out)
}

/// The keys a message is routed by: its routing key, then those of the `CC` and `BCC` headers,
/// unless a dead-letter routing key has replaced them all.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/dead_letter/replaced_keys_stay_replaced.amqp.
#[must_use]
pub fn routing_keys(message: &Message) -> Vec<ShortByteBuf> {
    let mut keys = vec![message.routing_key().into()];
    if !message.traits().keys_replaced {
        keys.extend(extra_keys(message.properties()));
    }
    keys
}

/// The keys in the `CC` and `BCC` headers. What is no string in them is passed over.
///
/// Seen: RabbitMQ 3.10.8 and 4.3.6.
#[must_use]
pub fn extra_keys(properties: PropertiesRef<'_>) -> Vec<ShortByteBuf> {
    let mut keys = Vec::new();
    let Some(headers) = properties.headers().ok().flatten() else {
        return keys;
    };
    for name in ["CC", "BCC"] {
        let Ok(Some(ValueRef::Array(extra))) = headers.find(name) else {
            continue;
        };
        for key in extra.iter().filter_map(Result::ok) {
            keys.extend(key.as_str().and_then(ShortByteBuf::new));
        }
    }
    keys
}

fn short(octets: &[u8]) -> ShortBytes<'_> {
    ShortBytes::new(octets).expect("the builder wrote a short string here")
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("exchange", &self.exchange())
            .field("routing_key", &self.routing_key())
            .field("traits", &self.traits())
            .field("body_len", &self.body_len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
