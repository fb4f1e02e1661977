//! What RabbitMQ checks in a publish that needs no more than the publish itself.
//!
//! Source: AMQP 0-9-1 `basic.publish`; RabbitMQ 4.3 as seen.

use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{TableRef, ValueRef};

use super::Context;
use crate::erlang::{self, Value};
use crate::error::AmqpError;
use crate::message::Traits;

/// delivery-mode of a persistent message.
const PERSISTENT: u8 = 2;
/// The largest message size that RabbitMQ can be configured to.
const SIZE_CEILING: u64 = 536_870_912;

/// The body must not be larger than an operator wants.
pub(super) fn check_size(len: usize, cx: &Context<'_>) -> Result<(), AmqpError> {
    let max = cx.session.vhost.env().settings.max_message_size;
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

/// What is decided about a message by its properties.
pub(super) fn traits_of(properties: PropertiesRef<'_>) -> Result<Traits, AmqpError> {
    let expiration = properties.expiration().ok().flatten();
    Ok(Traits {
        persistent: properties.delivery_mode().ok().flatten() == Some(PERSISTENT),
        priority: properties.priority().ok().flatten().unwrap_or(0),
        expiration_ms: expiration.map(|text| parse_expiration(&text)).transpose()?,
        has_bcc: false,
        died_before: false,
        keys_replaced: false,
    })
}

/// Longest time to live in milliseconds: ten years.
pub(super) const TTL_MAX_MS: u64 = 315_360_000_000;

/// A decimal number of milliseconds, 0 ..= ten years.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/ttl/expiration_texts.amqp.
fn parse_expiration(octets: &[u8]) -> Result<u64, AmqpError> {
    let (sign, digits) = match octets {
        [b'-', digits @ ..] => ("-", digits),
        [b'+', digits @ ..] => ("", digits),
        digits => ("", digits),
    };
    let is_digit = |octet: &u8| octet.is_ascii_digit();
    let end = digits.iter().position(|octet| !is_digit(octet));
    let (number, rest) = digits.split_at(end.unwrap_or(digits.len()));
    if number.is_empty() {
        return Err(invalid_expiration(octets, None));
    }
    if !rest.is_empty() {
        let leftover = ("leftover_string", Value::List(rest));
        return Err(invalid_expiration(octets, Some(leftover)));
    }
    let zeros = number.iter().take_while(|digit| **digit == b'0').count();
    let digits = erlang::text(number.get(zeros..).unwrap_or_default());
    let shown = if digits.is_empty() { "0" } else { &*digits };
    if sign == "-" && shown != "0" {
        let negative = format!("-{shown}");
        let negative = ("value_negative", Value::Digits(&negative));
        return Err(invalid_expiration(octets, Some(negative)));
    }
    match shown.parse::<u64>() {
        Ok(ms) if ms <= TTL_MAX_MS => Ok(ms),
        _ => {
            let too_large = ("value_too_large", Value::Digits(shown));
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

/// Whether a message has keys beside its routing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExtraKeys {
    None,
    Some,
}

/// CC and BCC must be arrays, if they are there.
pub(super) fn check_extra_keys(
    properties: PropertiesRef<'_>,
    traits: &mut Traits,
) -> Result<ExtraKeys, AmqpError> {
    let Some(headers) = properties.headers().ok().flatten() else {
        return Ok(ExtraKeys::None);
    };
    let mut found = ExtraKeys::None;
    for name in ["CC", "BCC"] {
        match find(headers, name) {
            None => {}
            Some(ValueRef::Array(_)) => found = ExtraKeys::Some,
            Some(other) => {
                return Err(AmqpError::precondition_failed(format!(
                    "invalid message: {{unacceptable_type_in_header,\"{name}\",{}}}",
                    other.type_name()
                )));
            }
        }
        if name == "BCC" {
            traits.has_bcc = find(headers, name).is_some();
        }
    }
    Ok(found)
}

fn find<'a>(headers: TableRef<'a>, name: &str) -> Option<ValueRef<'a>> {
    headers.find(name).ok().flatten()
}

/// The user-id property must be the connection's user, unless that user may impersonate.
pub(super) fn check_user_id(
    properties: PropertiesRef<'_>,
    cx: &Context<'_>,
) -> Result<(), AmqpError> {
    let Some(user_id) = properties.user_id().ok().flatten() else {
        return Ok(());
    };
    let user = cx.session.user_name();
    if *user_id == *user.as_bytes() || cx.session.is_impersonator() {
        return Ok(());
    }
    let user_id = erlang::text(&user_id);
    Err(AmqpError::precondition_failed(format!(
        "user_id property set to '{user_id}' but authenticated user was '{user}'"
    )))
}
