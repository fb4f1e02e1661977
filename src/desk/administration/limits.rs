//! Limits of users and vhosts as JSON: which there are, and what is wrong with one.
//!
//! Seen: RabbitMQ 4.3.6, its HTTP API, for every sentence.

use serde_json::{Map, Value as Json};

use crate::auth::{UserLimits, VhostLimits};
use crate::policy::{Invalid, term};

/// Open connections, of a user or to a vhost.
pub(super) const MAX_CONNECTIONS: &str = "max-connections";
/// Open channels of a user.
pub(super) const MAX_CHANNELS: &str = "max-channels";
/// Declared queues of a vhost.
const MAX_QUEUES: &str = "max-queues";

/// The limits of a user that `value` gives.
///
/// # Errors
/// The first thing that is wrong with it.
pub(in crate::desk) fn user_limits(value: &Json) -> Result<UserLimits, String> {
    let fields = fields(value).ok_or_else(|| "limits should be an object".to_owned())?;
    let known = [MAX_CHANNELS, MAX_CONNECTIONS];
    let reasons = reasons(&fields, &known, "user-limits");
    match reasons.into_iter().next() {
        Some(reason) => Err(reason),
        None => Ok(UserLimits {
            max_channels: number(&fields, MAX_CHANNELS),
            max_connections: number(&fields, MAX_CONNECTIONS),
        }),
    }
}

/// The limits of a vhost that `value`, the parameter called `name`, gives.
///
/// # Errors
/// All that is wrong with it.
pub(in crate::desk) fn vhost_limits(name: &str, value: &Json) -> Result<VhostLimits, Invalid> {
    let Some(fields) = fields(value) else {
        let reason = format!("{name} not a list {}", term::of(value));
        return Err(Invalid(vec![reason]));
    };
    let reasons = reasons(&fields, &[MAX_CONNECTIONS, MAX_QUEUES], name);
    if !reasons.is_empty() {
        return Err(Invalid(reasons));
    }
    Ok(VhostLimits {
        max_connections: number(&fields, MAX_CONNECTIONS),
        max_queues: number(&fields, MAX_QUEUES),
    })
}

/// An object; an empty array passes for an empty one.
fn fields(value: &Json) -> Option<Map<String, Json>> {
    match value {
        Json::Object(fields) => Some(fields.clone()),
        Json::Array(items) if items.is_empty() => Some(Map::new()),
        _ => None,
    }
}

fn number(fields: &Map<String, Json>, name: &str) -> Option<i64> {
    fields.get(name).and_then(Json::as_i64)
}

fn reasons(fields: &Map<String, Json>, known: &[&str], whose: &str) -> Vec<String> {
    let unknown: Vec<_> = fields
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .collect();
    let mut reasons = Vec::new();
    if !unknown.is_empty() {
        let unknown = term::settings(unknown.into_iter());
        reasons.push(format!("Unrecognised terms {unknown} in {whose}"));
    }
    for name in known {
        if let Some(value) = fields.get(*name)
            && value.as_i64().is_none()
        {
            let found = term::of(value);
            reasons.push(format!("{name} should be a number, actually was {found}"));
        }
    }
    reasons
}
