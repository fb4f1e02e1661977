//! The arguments of queue.declare: which a type of queue knows, their values, RabbitMQ's words.
//!
//! One table of rules, `rules::RULES`, decides what is checked and compared; what it does not
//! name is kept and ignored. Parsed once, when a queue is declared.
//!
//! Docs: queues (optional arguments). Seen: RabbitMQ 4.3.6 for every text, for the order of the
//! checks and for what is compared on another declare.

use std::sync::Arc;

use leveret_codec::table::{Table, Value};
use leveret_codec::types::ShortByteBuf;

use crate::erlang;
use crate::error::AmqpError;
use crate::exchange::DedupCache;
use crate::kind::QueueKind;

mod consumer;
mod rules;
mod words;

pub(super) use consumer::check_consumer;
pub(crate) use rules::SEGMENT_BYTES_MAX;
pub(super) use words::typed;
pub(crate) use words::{age_ms, binary};

use rules::{Complaint, RULES};
use words::plain;

/// Deliveries that count before a quorum queue drops a message, unless it says otherwise.
///
/// Docs: quorum-queues (poison message handling), 4.0 and later.
const DELIVERY_LIMIT_DEFAULT: u32 = 20;

/// The bits of queue.declare that a type of queue may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    /// Survives a restart.
    pub durable: bool,
    /// Belongs to its connection.
    pub exclusive: bool,
    /// Goes with its last consumer.
    pub auto_delete: bool,
    /// The broker made up its name.
    pub generated_name: bool,
}

impl Flags {
    /// The type of a queue that names none: `default`, unless that cannot be what the flags say.
    fn kind_without_word(self, default: QueueKind) -> QueueKind {
        let plain = !self.exclusive && !self.auto_delete && !self.generated_name;
        if self.durable && plain {
            default
        } else {
            QueueKind::Classic
        }
    }
}

/// What a queue does with a message that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// Drops the next message.
    #[default]
    DropHead,
    /// Refuses the new one.
    RejectPublish,
    /// Refuses the new one and dead-letters it. In a quorum queue the same as `DropHead`.
    RejectPublishDlx,
}

impl Overflow {
    /// The rule that `word` names, if any.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        match word {
            b"drop-head" => Some(Self::DropHead),
            b"reject-publish" => Some(Self::RejectPublish),
            b"reject-publish-dlx" => Some(Self::RejectPublishDlx),
            _ => None,
        }
    }

    /// Whether a queue of this type refuses new messages.
    #[must_use]
    pub fn refuses(self, kind: QueueKind) -> bool {
        match self {
            Self::DropHead => false,
            Self::RejectPublish => true,
            Self::RejectPublishDlx => kind == QueueKind::Classic,
        }
    }

    /// Whether refused messages are dead-lettered.
    #[must_use]
    pub fn dead_letters(self) -> bool {
        self == Self::RejectPublishDlx
    }
}

/// How sure dead-lettering is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// A dead letter that cannot be routed is lost.
    #[default]
    AtMostOnce,
    /// A quorum queue that refuses when full keeps it until it has arrived.
    AtLeastOnce,
}

impl Strategy {
    /// The strategy that `word` names, if any.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        match word {
            b"at-most-once" => Some(Self::AtMostOnce),
            b"at-least-once" => Some(Self::AtLeastOnce),
            _ => None,
        }
    }
}

/// What bounds a queue, now: arguments and policies merged. `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Milliseconds a message may wait, 0 ..= 315_360_000_000.
    pub message_ttl_ms: Option<u64>,
    /// Milliseconds the queue lives unused, from 1.
    pub expires_ms: Option<u64>,
    /// Ready messages.
    pub max_length: Option<u64>,
    /// Octets of ready bodies; of everything in a stream.
    pub max_length_bytes: Option<u64>,
    /// What happens to a message that does not fit.
    pub overflow: Overflow,
    /// Where dead messages go; empty for the default exchange. Any octets: it need not exist.
    pub dead_letter_exchange: Option<Arc<[u8]>>,
    /// With which key; `None` for their own.
    pub dead_letter_routing_key: Option<ShortByteBuf>,
    /// How sure dead-lettering is.
    pub dead_letter_strategy: Strategy,
    /// Quorum: deliveries that count, above which a message dies.
    pub delivery_limit: Option<u32>,
    /// Quorum: milliseconds in which a message must be settled.
    pub consumer_timeout_ms: Option<u64>,
    /// Stream: milliseconds a segment is kept.
    pub max_age_ms: Option<u64>,
    /// Stream: octets of a segment.
    pub max_segment_bytes: Option<u64>,
}

impl Limits {
    /// Whether the number or size of ready messages is limited.
    #[inline]
    #[must_use]
    pub fn bounds_length(&self) -> bool {
        self.max_length.is_some() || self.max_length_bytes.is_some()
    }
}

/// The arguments of a queue, checked.
#[derive(Clone, Debug)]
pub struct Arguments {
    kind: QueueKind,
    table: Table,
}

impl Arguments {
    /// Checks the arguments of a queue that is being created. `default` is the type of a queue
    /// that names none; `queue_words` is `queue 'q' in vhost '/'`.
    ///
    /// # Errors
    /// 406 with RabbitMQ's text for the first argument, or flag, that the type cannot take.
    pub fn parse(
        table: &Table,
        default: QueueKind,
        flags: Flags,
        queue_words: &str,
    ) -> Result<Self, AmqpError> {
        Self::dead_letter_exchange(table, queue_words)?;
        let kind = kind_of(table, default, flags, queue_words)?;
        let known = |kinds: &[QueueKind]| kinds.contains(&kind);
        for rule in RULES.iter().filter(|rule| known(rule.kinds)) {
            let Some(value) = table.get(rule.name) else {
                continue;
            };
            (rule.check)(value, table).map_err(|complaint| match complaint {
                Complaint::Value(detail) => invalid(rule.name, queue_words, &detail),
                Complaint::Whole(text) => AmqpError::precondition_failed(text),
            })?;
        }
        for rule in RULES.iter().filter(|rule| !known(rule.kinds)) {
            if table.get(rule.name).is_some() {
                return Err(not_of_type(rule.name, queue_words, kind));
            }
        }
        check_flags(kind, flags, queue_words)?;
        DedupCache::from_arguments(table).map_err(AmqpError::precondition_failed)?;
        let mut table = table.clone();
        if table.get("x-queue-type").is_none() {
            table.insert("x-queue-type", kind.as_str());
        }
        Ok(Self { kind, table })
    }

    /// The dead-letter exchange in a table that has not been checked.
    ///
    /// # Errors
    /// 406 if it is no text.
    pub fn dead_letter_exchange<'a>(
        table: &'a Table,
        queue_words: &str,
    ) -> Result<Option<&'a [u8]>, AmqpError> {
        let Some(exchange) = table.get("x-dead-letter-exchange") else {
            return Ok(None);
        };
        exchange.as_str().map(Some).ok_or_else(|| {
            AmqpError::precondition_failed(format!(
                "invalid type '{}' for arg 'x-dead-letter-exchange' in {queue_words}",
                exchange.type_name()
            ))
        })
    }

    /// Compares with the arguments of another declare of the same queue, which means `default`
    /// with its `flags` if it names no type.
    ///
    /// # Errors
    /// 406 for the first argument known to the type of the queue that is not the same. Whether the
    /// values are valid does not matter here.
    ///
    /// Seen: RabbitMQ 4.3.6: what a declare without a type means follows the default of the vhost
    /// at that time, whatever it was when the queue was made.
    pub fn check_equivalent(
        &self,
        received: &Table,
        default: QueueKind,
        flags: Flags,
        queue_words: &str,
    ) -> Result<(), AmqpError> {
        let default = Value::from(flags.kind_without_word(default).as_str());
        let kind = received.get("x-queue-type").unwrap_or(&default);
        compare(
            "x-queue-type",
            self.table.get("x-queue-type"),
            Some(kind),
            queue_words,
        )?;
        for rule in RULES.iter().filter(|rule| rule.kinds.contains(&self.kind)) {
            let current = self.table.get(rule.name);
            compare(rule.name, current, received.get(rule.name), queue_words)?;
        }
        Ok(())
    }

    /// The type of the queue.
    #[must_use]
    pub fn kind(&self) -> QueueKind {
        self.kind
    }

    /// As stored: with `x-queue-type`, whether it was given or not.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// `x-max-priority`, 0 for a plain queue.
    #[must_use]
    pub fn priority_max(&self) -> u8 {
        let max = self.natural("x-max-priority").unwrap_or(0);
        u8::try_from(max).unwrap_or(u8::MAX)
    }

    /// `x-single-active-consumer`.
    #[must_use]
    pub fn single_active(&self) -> bool {
        matches!(
            self.table.get("x-single-active-consumer"),
            Some(Value::Bool(true))
        )
    }

    /// What the queue remembers to drop duplicates, if its arguments ask for that.
    #[must_use]
    pub fn duplicates(&self) -> Option<DedupCache> {
        DedupCache::from_arguments(&self.table).ok().flatten()
    }

    /// The limits that the arguments set.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let word = |name| self.table.get(name).and_then(Value::as_str);
        Limits {
            message_ttl_ms: self.natural("x-message-ttl"),
            expires_ms: self.natural("x-expires"),
            max_length: self.natural("x-max-length"),
            max_length_bytes: self.natural("x-max-length-bytes"),
            overflow: word("x-overflow")
                .and_then(Overflow::from_word)
                .unwrap_or_default(),
            dead_letter_exchange: word("x-dead-letter-exchange").map(Arc::from),
            dead_letter_routing_key: word("x-dead-letter-routing-key").and_then(ShortByteBuf::new),
            dead_letter_strategy: word("x-dead-letter-strategy")
                .and_then(Strategy::from_word)
                .unwrap_or_default(),
            delivery_limit: self.delivery_limit(),
            consumer_timeout_ms: self.natural("x-consumer-timeout"),
            max_age_ms: word("x-max-age").and_then(age_ms),
            max_segment_bytes: self.natural("x-stream-max-segment-size-bytes"),
        }
    }

    /// Any negative number means none; what is no number is ignored.
    fn delivery_limit(&self) -> Option<u32> {
        if self.kind != QueueKind::Quorum {
            return None;
        }
        match self
            .table
            .get("x-delivery-limit")
            .and_then(Value::as_integer)
        {
            Some(limit) if limit < 0 => None,
            Some(limit) => Some(u32::try_from(limit).unwrap_or(u32::MAX)),
            None => Some(DELIVERY_LIMIT_DEFAULT),
        }
    }

    fn natural(&self, name: &str) -> Option<u64> {
        let number = self.table.get(name)?.as_integer()?;
        u64::try_from(number).ok()
    }
}

fn kind_of(
    table: &Table,
    default: QueueKind,
    flags: Flags,
    queue_words: &str,
) -> Result<QueueKind, AmqpError> {
    let Some(value) = table.get("x-queue-type") else {
        return Ok(flags.kind_without_word(default));
    };
    let Some(word) = value.as_str() else {
        let detail = format!("{{unacceptable_type,{}}}", value.type_name());
        return Err(invalid("x-queue-type", queue_words, &detail));
    };
    if word.is_empty() {
        return Ok(flags.kind_without_word(default));
    }
    QueueKind::from_word(word).ok_or_else(|| {
        let detail = format!("\"unsupported queue type '{}'\"", erlang::text(word));
        invalid("x-queue-type", queue_words, &detail)
    })
}

fn check_flags(kind: QueueKind, flags: Flags, queue_words: &str) -> Result<(), AmqpError> {
    if kind == QueueKind::Classic {
        return Ok(());
    }
    if flags.generated_name {
        let module = kind.module_name();
        return Err(AmqpError::precondition_failed(format!(
            "Cannot declare a server-named queue for type {module}"
        )));
    }
    let property = if flags.auto_delete {
        "auto-delete"
    } else if flags.exclusive {
        "exclusive-owner"
    } else if !flags.durable {
        "non-durable"
    } else {
        return Ok(());
    };
    Err(AmqpError::precondition_failed(format!(
        "invalid property '{property}' for {queue_words}"
    )))
}

pub(super) fn invalid(name: &str, queue_words: &str, detail: &str) -> AmqpError {
    AmqpError::precondition_failed(format!("invalid arg '{name}' for {queue_words}: {detail}"))
}

fn not_of_type(name: &str, queue_words: &str, kind: QueueKind) -> AmqpError {
    let module = kind.module_name();
    AmqpError::precondition_failed(format!(
        "invalid arg '{name}' for {queue_words} of queue type {module}"
    ))
}

fn compare(
    name: &str,
    current: Option<&Value>,
    received: Option<&Value>,
    queue_words: &str,
) -> Result<(), AmqpError> {
    let difference = match (received, current) {
        (None, None) => return Ok(()),
        (Some(received), Some(current)) => {
            if words::same(name, received, current) {
                return Ok(());
            }
            let quoted = |value: &Value| match value {
                Value::Void => "none".to_owned(),
                value => format!("'{}'", plain(name, value)),
            };
            format!(
                "received {} but current is {}",
                quoted(received),
                quoted(current)
            )
        }
        (None, Some(current)) => format!(
            "received none but current is the value '{}' of type '{}'",
            plain(name, current),
            current.type_name()
        ),
        (Some(received), None) => format!(
            "received the value '{}' of type '{}' but current is none",
            plain(name, received),
            received.type_name()
        ),
    };
    Err(AmqpError::precondition_failed(format!(
        "inequivalent arg '{name}' for {queue_words}: {difference}"
    )))
}

#[cfg(test)]
mod tests;
