//! Publishing: RabbitMQ's checks of a publish in RabbitMQ's order, for every door.
//!
//! [`check`] is the whole list. A publisher that repeats itself need not be asked all of it again:
//! [`check_change`] is the same list for a publish that differs from one that passed it in key or
//! properties only, while the [`Times`] are the same. Knows no channel and no connection, and does
//! not route.
//!
//! Spec: AMQP 0-9-1 `basic.publish`. Seen: RabbitMQ 4.3.6, tests/scripts/publish.

use std::sync::Arc;

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{TableRef, ValueRef};
use leveret_codec::types::{ShortBytes, ShortStr};

use super::Actor;
use crate::auth::Operation;
use crate::erlang::{self, Value};
use crate::error::AmqpError;
use crate::exchange::ExchangeType;
use crate::message::{self, Traits};
use crate::vhost::{Exchange, REPLY_TO};

/// delivery-mode of a persistent message.
const PERSISTENT: u8 = 2;
/// The largest message size that RabbitMQ can be configured to.
const SIZE_CEILING: u64 = 536_870_912;
/// Longest time to live in milliseconds: ten years.
const TTL_MAX_MS: u64 = 315_360_000_000;

/// As long as these stay, nothing has changed that a publish is checked against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    topology: u64,
    rights: u64,
}

impl Times {
    /// Those of now. To be asked before a publish is checked, so that what changes meanwhile is
    /// noticed by the next one.
    #[inline]
    pub(crate) fn now(actor: &Actor) -> Self {
        Self {
            topology: actor.vhost.generation(),
            rights: actor.desk.auth.generation(),
        }
    }

    #[cfg(test)]
    pub(crate) fn new(topology: u64, rights: u64) -> Self {
        Self { topology, rights }
    }
}

/// A message as its publisher hands it in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft<'a> {
    /// The exchange it is published to, in any octets.
    pub(crate) exchange: ShortBytes<'a>,
    /// Its routing key, in any octets.
    pub(crate) routing_key: ShortBytes<'a>,
    /// Its properties, which have not been looked at.
    pub(crate) properties: PropertiesRef<'a>,
    /// Octets of its body.
    pub(crate) body_len: usize,
    /// The publisher's own name for direct replies, if it consumes them.
    pub(crate) reply_name: Option<ShortStr<'a>>,
}

/// A publish that passed the list.
#[derive(Debug)]
pub(crate) struct Passed {
    /// Where it goes first.
    pub(crate) exchange: Arc<Exchange>,
    /// What its properties decide.
    pub(crate) content: Content,
}

/// What a message's properties decide.
#[derive(Debug)]
pub(crate) struct Content {
    /// See [`Traits`].
    pub(crate) traits: Traits,
    /// Whether it has keys beside its routing key.
    pub(crate) extra_keys: ExtraKeys,
    /// Its properties from now on, if they are not those that were handed in.
    pub(crate) rewritten: Option<Vec<u8>>,
}

/// Whether a message has keys beside its routing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtraKeys {
    None,
    Some,
}

/// Goes through the list. `known` is an exchange of that name which has passed its part of the list
/// while the [`Times`] were those of now.
///
/// # Errors
/// 406 for a body that is too large, 403 without permission to write to the exchange, 404 if there
/// is none, 403 if it is internal, 541 for properties that cannot be decoded, 406 for a direct
/// reply without a consumer, for an invalid expiration and for CC or BCC that are no arrays, 403
/// without permission for one of the keys, 406 for another user's name. The first that applies;
/// closes the channel, 541 the connection.
pub(crate) fn check(
    actor: &Actor,
    draft: &Draft<'_>,
    known: Option<&Arc<Exchange>>,
) -> Result<Passed, AmqpError> {
    check_size(actor, draft.body_len)?;
    let exchange = match known {
        Some(exchange) => Arc::clone(exchange),
        None => find_exchange(actor, draft.exchange)?,
    };
    let content = read_properties(draft.properties, draft.reply_name)?;
    if is_restricted(actor, &exchange) {
        check_topics(actor, &exchange, draft, content.extra_keys)?;
    }
    check_user_id(actor, draft.properties)?;
    Ok(Passed { exchange, content })
}

/// How a publish differs from one before it, which passed [`check`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Change<'a> {
    /// The routing key, if it is another one and the exchange [`is_restricted`].
    pub(crate) routing_key: Option<&'a [u8]>,
    /// The properties, if they are other ones.
    pub(crate) properties: Option<PropertiesRef<'a>>,
}

/// What [`check`] would ask about the change; gives what the properties decide. `None` if it would
/// refuse the publish, or would have to change its properties, or if there are more keys than one.
pub(crate) fn check_change(
    actor: &Actor,
    exchange: &Exchange,
    change: Change<'_>,
) -> Option<Option<Traits>> {
    if let Some(key) = change.routing_key {
        check_topic(actor, exchange, key).ok()?;
    }
    let Some(properties) = change.properties else {
        return Some(None);
    };
    let content = read_properties(properties, None).ok()?;
    check_user_id(actor, properties).ok()?;
    let plain = content.rewritten.is_none() && content.extra_keys == ExtraKeys::None;
    plain.then_some(Some(content.traits))
}

/// The body must not be larger than an operator wants.
fn check_size(actor: &Actor, len: usize) -> Result<(), AmqpError> {
    let max = actor.vhost.env().live.max_message_size();
    let len = len as u64;
    if len <= max {
        return Ok(());
    }
    let configured = if max < SIZE_CEILING {
        "configured "
    } else {
        ""
    };
    Err(AmqpError::precondition_failed(format!(
        "message size {len} is larger than {configured}max size {max}"
    )))
}

/// Write permission first, then existence, then the internal flag.
pub(super) fn find_exchange(
    actor: &Actor,
    name: ShortBytes<'_>,
) -> Result<Arc<Exchange>, AmqpError> {
    actor.check_exchange(Operation::Write, name)?;
    let exchange = actor.vhost.exchange_of(name)?;
    if exchange.spec.internal {
        return Err(AmqpError::access_refused(format!(
            "cannot publish to internal {}",
            exchange.words()
        )));
    }
    Ok(exchange)
}

/// Decodes the properties; a direct reply is wanted, the expiration is a number, CC and BCC are
/// arrays.
fn read_properties(
    properties: PropertiesRef<'_>,
    reply_name: Option<ShortStr<'_>>,
) -> Result<Content, AmqpError> {
    let undecodable = |_| AmqpError::new(ReplyCode::InternalError, "").in_method(0, 0);
    properties.check().map_err(undecodable)?;
    let reply_name = own_reply_name(properties, reply_name)?;
    let expiration = properties.expiration().map_err(undecodable)?;
    let expiration = expiration.map(|text| parse_expiration(&text)).transpose()?;
    let (extra_keys, has_bcc) = check_extra_keys(properties)?;
    let traits = Traits {
        persistent: properties.delivery_mode().map_err(undecodable)? == Some(PERSISTENT),
        priority: properties.priority().map_err(undecodable)?.unwrap_or(0),
        expiration_ms: expiration.as_ref().map(|expiration| expiration.ms),
        has_bcc,
        died_before: false,
        keys_replaced: false,
    };
    let normal = expiration.and_then(|expiration| expiration.normal);
    let mut rewritten = None;
    if reply_name.is_some() || normal.is_some() {
        let mut all = properties.decode().map_err(undecodable)?;
        all.reply_to = reply_name.map(ShortStr::as_octets).or(all.reply_to);
        let normal = normal.as_deref().map(str::as_bytes);
        all.expiration = normal.and_then(ShortBytes::new).or(all.expiration);
        rewritten = Some(Properties::to_bytes(&all));
    }
    Ok(Content {
        traits,
        extra_keys,
        rewritten,
    })
}

/// The publisher's own name for direct replies, where the message asks for it with [`REPLY_TO`].
fn own_reply_name<'a>(
    properties: PropertiesRef<'_>,
    reply_name: Option<ShortStr<'a>>,
) -> Result<Option<ShortStr<'a>>, AmqpError> {
    if properties.reply_to() != Ok(Some(REPLY_TO.as_octets())) {
        return Ok(None);
    }
    reply_name
        .map(Some)
        .ok_or_else(|| AmqpError::precondition_failed("fast reply consumer does not exist"))
}

/// A time to live as a message says it.
#[derive(Debug, PartialEq, Eq)]
struct Expiration {
    /// Milliseconds, 0 ..= [`TTL_MAX_MS`].
    ms: u64,
    /// The digits with which the message goes on, if they are not those that it came with.
    normal: Option<String>,
}

/// A decimal number of milliseconds, 0 ..= ten years.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/ttl/expiration_texts.amqp and
/// expiration_is_delivered_in_its_normal_form.amqp.
fn parse_expiration(octets: &[u8]) -> Result<Expiration, AmqpError> {
    let (sign, digits) = match octets {
        [b'-', digits @ ..] => ("-", digits),
        [b'+', digits @ ..] => ("", digits),
        digits => ("", digits),
    };
    let end = digits.iter().position(|octet| !octet.is_ascii_digit());
    let (number, rest) = digits.split_at(end.unwrap_or(digits.len()));
    if number.is_empty() {
        return Err(invalid_expiration(octets, None));
    }
    if !rest.is_empty() {
        let leftover = ("leftover_string", Value::List(rest));
        return Err(invalid_expiration(octets, Some(leftover)));
    }
    let zeros = number.iter().take_while(|digit| **digit == b'0').count();
    let zeros = zeros.min(number.len() - 1);
    let shown = erlang::text(number.get(zeros..).unwrap_or_default());
    if sign == "-" && shown != "0" {
        let negative = format!("-{shown}");
        let negative = ("value_negative", Value::Digits(&negative));
        return Err(invalid_expiration(octets, Some(negative)));
    }
    match shown.parse::<u64>() {
        Ok(ms) if ms <= TTL_MAX_MS => Ok(Expiration {
            ms,
            normal: (shown.as_bytes() != octets).then(|| shown.into_owned()),
        }),
        _ => {
            let too_large = ("value_too_large", Value::Digits(&shown));
            Err(invalid_expiration(octets, Some(too_large)))
        }
    }
}

/// `why`: a tag and what it is about; `None` for no number at all.
fn invalid_expiration(octets: &[u8], why: Option<(&str, Value<'_>)>) -> AmqpError {
    let mut text = format!("invalid expiration '{}': ", erlang::text(octets));
    let line = text.rsplit('\n').next().unwrap_or_default();
    let why = match why {
        Some((tag, value)) => erlang::pair(line.chars().count(), tag, &value),
        None => "no_integer".to_owned(),
    };
    text.push_str(&why);
    AmqpError::precondition_failed(text)
}

/// CC and BCC must be arrays, if they are there. Whether there are more keys, and a BCC.
fn check_extra_keys(properties: PropertiesRef<'_>) -> Result<(ExtraKeys, bool), AmqpError> {
    let Some(headers) = properties.headers().ok().flatten() else {
        return Ok((ExtraKeys::None, false));
    };
    let has_cc = is_array(headers, "CC")?;
    let has_bcc = is_array(headers, "BCC")?;
    let extra_keys = if has_cc || has_bcc {
        ExtraKeys::Some
    } else {
        ExtraKeys::None
    };
    Ok((extra_keys, has_bcc))
}

/// Whether there is a header of that name, which must be an array.
fn is_array(headers: TableRef<'_>, name: &str) -> Result<bool, AmqpError> {
    match headers.find(name).ok().flatten() {
        None => Ok(false),
        Some(ValueRef::Array(_)) => Ok(true),
        Some(other) => Err(AmqpError::precondition_failed(format!(
            "invalid message: {{unacceptable_type_in_header,\"{name}\",{}}}",
            other.type_name()
        ))),
    }
}

/// Whether the user may not write to all topics of the exchange.
pub(crate) fn is_restricted(actor: &Actor, exchange: &Exchange) -> bool {
    exchange.kind == ExchangeType::Topic && actor.has_topic_rules()
}

/// Topic permissions, for every key.
fn check_topics(
    actor: &Actor,
    exchange: &Exchange,
    draft: &Draft<'_>,
    extra_keys: ExtraKeys,
) -> Result<(), AmqpError> {
    check_topic(actor, exchange, &draft.routing_key)?;
    if extra_keys == ExtraKeys::Some {
        for key in message::extra_keys(draft.properties) {
            check_topic(actor, exchange, &key)?;
        }
    }
    Ok(())
}

pub(super) fn check_topic(actor: &Actor, exchange: &Exchange, key: &[u8]) -> Result<(), AmqpError> {
    actor.check_topic(Operation::Write, &exchange.spec.name, key)
}

/// The user-id property must be the user's name, unless the user may impersonate.
fn check_user_id(actor: &Actor, properties: PropertiesRef<'_>) -> Result<(), AmqpError> {
    let Some(user_id) = properties.user_id().ok().flatten() else {
        return Ok(());
    };
    let user = actor.user_name();
    if *user_id == *user.as_bytes() || actor.is_impersonator() {
        return Ok(());
    }
    let user_id = erlang::text(&user_id);
    Err(AmqpError::precondition_failed(format!(
        "user_id property set to '{user_id}' but authenticated user was '{user}'"
    )))
}
