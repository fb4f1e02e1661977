//! What RabbitMQ checks in a publish that needs no more than the publish itself.
//!
//! Source: AMQP 0-9-1 `basic.publish`; RabbitMQ 4.3 as seen.

use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{TableRef, ValueRef};

use super::Context;
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
/// Seen: RabbitMQ 4.3.6 (texts).
fn parse_expiration(text: &str) -> Result<u64, AmqpError> {
    let refuse = |why: String| {
        Err(AmqpError::precondition_failed(format!(
            "invalid expiration '{text}': {why}"
        )))
    };
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("-", text.get(1..).unwrap_or_default()),
        Some(b'+') => ("", text.get(1..).unwrap_or_default()),
        _ => ("", text),
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let (number, rest) = digits.split_at(end);
    if number.is_empty() {
        return refuse("no_integer".to_owned());
    }
    if !rest.is_empty() {
        return refuse(format!("{{leftover_string,\"{rest}\"}}"));
    }
    let trimmed = number.trim_start_matches('0');
    let shown = if trimmed.is_empty() { "0" } else { trimmed };
    if sign == "-" && shown != "0" {
        return refuse(format!("{{value_negative,-{shown}}}"));
    }
    match shown.parse::<u64>() {
        Ok(ms) if ms <= TTL_MAX_MS => Ok(ms),
        _ => refuse(format!("{{value_too_large,{shown}}}")),
    }
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
    if *user_id == *user || cx.session.is_impersonator() {
        return Ok(());
    }
    Err(AmqpError::precondition_failed(format!(
        "user_id property set to '{user_id}' but authenticated user was '{user}'"
    )))
}
