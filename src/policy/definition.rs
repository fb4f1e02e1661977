//! A policy in the shape of RabbitMQ's definitions and HTTP API, and what may be wrong with it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::{ApplyTo, Issuer, Policy, Settings, keys, term};
use crate::auth::Pattern;

/// A policy, unchecked; its fields are those of RabbitMQ's `definitions.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyDefinition {
    /// Its vhost.
    #[serde(default)]
    pub vhost: String,
    /// Its name, unlike that of any other of its issuer in the vhost.
    #[serde(default)]
    pub name: String,
    /// A regular expression, searched in names.
    pub pattern: Json,
    /// `all`, `queues`, `exchanges`, `classic_queues`, `quorum_queues` or `streams`.
    #[serde(rename = "apply-to", default = "all")]
    pub apply_to: String,
    /// Keys with their values, at least one.
    pub definition: Settings,
    /// A number; 0 if missing.
    #[serde(default = "zero")]
    pub priority: Json,
}

impl PolicyDefinition {
    /// A policy of priority 0 for queues and exchanges, still without keys.
    #[must_use]
    pub fn new(
        vhost: impl Into<String>,
        name: impl Into<String>,
        pattern: impl Into<String>,
    ) -> Self {
        Self {
            vhost: vhost.into(),
            name: name.into(),
            pattern: Json::String(pattern.into()),
            apply_to: all(),
            definition: Settings::new(),
            priority: zero(),
        }
    }

    /// The same for `queues`, `exchanges`, `classic_queues`, `quorum_queues` or `streams` only.
    #[must_use]
    pub fn apply_to(mut self, what: impl Into<String>) -> Self {
        self.apply_to = what.into();
        self
    }

    /// The same with this priority; of all that match a name, the highest is obeyed.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority.into();
        self
    }

    /// The same with this key (`max-length`, `dead-letter-exchange`, …).
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<Json>) -> Self {
        self.definition.insert(key.into(), value.into());
        self
    }
}

fn all() -> String {
    "all".to_owned()
}

fn zero() -> Json {
    Json::from(0)
}

impl PolicyDefinition {
    /// A definition as a document has it, of any shape; what cannot be one is left to
    /// [`Policy::parse`], which knows RabbitMQ's words for it.
    ///
    /// # Errors
    /// [`Invalid`] for a pattern that is missing and for settings that are no object.
    pub fn from_item(vhost: &str, name: &str, item: &Map<String, Json>) -> Result<Self, Invalid> {
        let definition = match item.get("definition") {
            Some(Json::Object(settings)) => settings.clone(),
            Some(Json::Array(items)) if items.is_empty() => Settings::new(),
            other => {
                let found = other.map_or_else(|| "undefined".to_owned(), term::of);
                return Err(Invalid(vec![format!(
                    "parse error while reading policy definition: {found}. Validator: \
                     policy_validator."
                )]));
            }
        };
        let pattern = item.get("pattern").cloned().ok_or_else(|| {
            Invalid(vec![
                "pattern should be a binary but was undefined".to_owned(),
            ])
        })?;
        Ok(Self {
            vhost: vhost.to_owned(),
            name: name.to_owned(),
            pattern,
            apply_to: match item.get("apply-to") {
                None => all(),
                Some(Json::String(word)) => word.clone(),
                Some(other) => term::of(other),
            },
            definition,
            priority: item.get("priority").cloned().unwrap_or_else(zero),
        })
    }

    /// What it is as the value of a parameter.
    #[must_use]
    pub fn parameter_value(&self) -> Json {
        json!({
            "pattern": self.pattern,
            "definition": self.definition,
            "priority": self.priority,
            "apply-to": self.apply_to,
        })
    }
}

/// Why a definition is no policy: RabbitMQ's sentences, all of them.
///
/// Displayed as the reason in RabbitMQ's HTTP answer 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub Vec<String>);

/// Seen: RabbitMQ 4.3.6, `PUT /api/policies/V/N`.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Validation failed\n\n")?;
        self.0.iter().try_for_each(|reason| writeln!(f, "{reason}"))
    }
}

impl std::error::Error for Invalid {}

/// See [`Policy::parse`]. Seen: RabbitMQ 4.3.6 for every sentence and their order.
pub(super) fn check(issuer: Issuer, definition: &PolicyDefinition) -> Result<Policy, Invalid> {
    let mut reasons = Vec::new();
    if let Err(reason) = keys::check(issuer, &definition.definition) {
        reasons.push(reason);
    }
    let apply_to = ApplyTo::from_word(&definition.apply_to);
    if apply_to.is_none() {
        reasons.push(format!(
            "apply-to '{}' unrecognised; should be one of: 'queues', 'classic_queues',  \
             'quorum_queues', 'streams', 'exchanges', or 'all'",
            definition.apply_to
        ));
    }
    let pattern = pattern(&definition.pattern);
    let pattern = pattern.map_err(|reason| reasons.push(reason)).ok();
    let priority = definition.priority.as_f64();
    if priority.is_none() {
        reasons.push(format!(
            "priority should be a number, actually was {}",
            term::of(&definition.priority)
        ));
    }
    match (apply_to, pattern, priority) {
        (Some(apply_to), Some(pattern), Some(priority)) if reasons.is_empty() => Ok(Policy {
            definition: definition.clone(),
            pattern,
            apply_to,
            priority,
        }),
        _ => Err(Invalid(reasons)),
    }
}

/// See [`Policy::parse_parameter`].
///
/// Seen: RabbitMQ 4.3.6, `PUT /api/parameters/operator_policy/V/N`.
pub(super) fn check_parameter(
    issuer: Issuer,
    vhost: &str,
    name: &str,
    value: &Json,
) -> Result<Policy, Invalid> {
    const KEYS: [(&str, bool); 4] = [
        ("apply-to", false),
        ("definition", true),
        ("pattern", true),
        ("priority", true),
    ];
    let Json::Object(fields) = value else {
        let found = term::of(value);
        return Err(Invalid(vec![format!("{name} not a list {found}")]));
    };
    let is_known = |key: &str| KEYS.iter().any(|(known, _)| *known == key);
    let unknown: Vec<_> = fields.iter().filter(|(key, _)| !is_known(key)).collect();
    let mut reasons = Vec::new();
    if !unknown.is_empty() {
        let unknown = term::settings(unknown.into_iter());
        reasons.push(format!("Unrecognised terms {unknown} in {name}"));
    }
    let missing = KEYS
        .iter()
        .filter(|(key, needed)| *needed && !fields.contains_key(*key));
    reasons.extend(missing.map(|(key, _)| format!("Key \"{key}\" not found in {name}")));
    if reasons.iter().any(|reason| reason.starts_with("Key")) {
        return Err(Invalid(reasons));
    }
    let definition = PolicyDefinition::from_item(vhost, name, fields)?;
    match check(issuer, &definition) {
        Ok(policy) if reasons.is_empty() => Ok(policy),
        Ok(_) => Err(Invalid(reasons)),
        Err(Invalid(more)) => {
            reasons.extend(more);
            Err(Invalid(reasons))
        }
    }
}

fn pattern(value: &Json) -> Result<Pattern, String> {
    let Some(text) = value.as_str() else {
        let found = term::of(value);
        return Err(format!("pattern should be a binary but was {found}"));
    };
    Pattern::new(text).map_err(|error| {
        let before = "pattern should be regular expression but is invalid: ";
        let reason = Json::from(error.reason).to_string();
        let position = error.position.to_string();
        let found = term::pair(&reason, &position, before.len(), 0);
        format!("{before}{found}")
    })
}
