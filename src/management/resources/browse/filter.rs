//! Which messages are wanted, by what is in them.

use leveret_codec::properties::Properties;
use leveret_codec::table::Value;
use leveret_codec::types::ShortBytes;
use regex::bytes::{Regex, RegexBuilder};

use crate::definitions::value_to_json;
use crate::desk::QueuedMessage;
use crate::limits::HTTP_FILTER_BYTES_MAX;
use crate::management::answer::Refusal;

/// Octets that a compiled pattern may take: how long each octet of a body takes goes with it.
const PATTERN_BYTES_MAX: usize = 64 * 1024;
/// Octets that a compiled text may take, which is found quickly however long it is.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Octets of a body that are searched.
const SEARCHED_MAX: usize = 1024 * 1024;

/// All that was asked for must be there.
#[derive(Debug, Default)]
pub(in crate::management::resources) struct Filter {
    exchange: Option<Regex>,
    routing_key: Option<Regex>,
    body: Option<Regex>,
    header: Option<Named>,
    property: Option<Named>,
}

/// What is looked for under a name: any value if there is no pattern.
#[derive(Debug)]
struct Named {
    name: String,
    value: Option<Regex>,
}

impl Filter {
    /// What can be asked for, by name. `use_regex` says whether the others are patterns.
    pub(in crate::management::resources) const NAMES: [&str; 6] = [
        "exchange",
        "routing_key",
        "body",
        "header",
        "property",
        "use_regex",
    ];

    /// Reads what is asked for, which `asked` gives by name.
    ///
    /// # Errors
    /// 400 for what is too long, for an invalid pattern and for a property that there is not.
    pub(in crate::management::resources) fn read<'a>(
        asked: &dyn Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, Refusal> {
        let is_pattern = asked("use_regex") == Some("true");
        let given = |name: &str| asked(name).filter(|text| !text.is_empty());
        let regex = |name: &str| {
            let text = given(name);
            text.map(|text| compile(name, text, is_pattern)).transpose()
        };
        let named = |parameter: &str| -> Result<Option<Named>, Refusal> {
            let Some(text) = given(parameter) else {
                return Ok(None);
            };
            let (name, value) = match text.split_once(':') {
                Some((name, value)) => (name, Some(compile(parameter, value, is_pattern)?)),
                None => (text, None),
            };
            let name = name.to_owned();
            Ok(Some(Named { name, value }))
        };
        let property = named("property")?;
        if let Some(Named { name, .. }) = &property
            && !PROPERTIES.iter().any(|(known, _)| known == name)
        {
            let names: Vec<_> = PROPERTIES.iter().map(|(name, _)| *name).collect();
            let reason = format!("property is none of {}", names.join(", "));
            return Err(Refusal::bad(reason));
        }
        Ok(Self {
            exchange: regex("exchange")?,
            routing_key: regex("routing_key")?,
            body: regex("body")?,
            header: named("header")?,
            property,
        })
    }

    /// Whether a message has all that was asked for.
    pub(in crate::management::resources) fn wants(&self, message: &QueuedMessage) -> bool {
        let is_in = |pattern: &Option<Regex>, octets: &[u8]| {
            pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(octets))
        };
        is_in(&self.routing_key, message.routing_key().as_bytes())
            && is_in(&self.exchange, message.exchange().as_bytes())
            && self
                .header
                .as_ref()
                .is_none_or(|header| header.is_header(message))
            && self
                .property
                .as_ref()
                .is_none_or(|property| property.is_property(message))
            && is_in(&self.body, searched(message.body()))
    }
}

impl Named {
    fn is_header(&self, message: &QueuedMessage) -> bool {
        let Some(value) = message.header(&self.name) else {
            return false;
        };
        let Some(pattern) = &self.value else {
            return true;
        };
        match &value {
            Value::LongStr(octets) | Value::Bytes(octets) => pattern.is_match(octets),
            other => pattern.is_match(value_to_json(other).to_string().as_bytes()),
        }
    }

    fn is_property(&self, message: &QueuedMessage) -> bool {
        let all = message.properties().decode().unwrap_or_default();
        let mut known = PROPERTIES.iter();
        let found = known.find(|(name, _)| *name == self.name);
        let value = found.and_then(|(_, value)| value(&all));
        match (value, &self.value) {
            (Some(value), Some(pattern)) => pattern.is_match(&value),
            (value, None) => value.is_some(),
            (None, Some(_)) => false,
        }
    }
}

/// What of a body is searched.
fn searched(body: &[u8]) -> &[u8] {
    body.get(..SEARCHED_MAX).unwrap_or(body)
}

/// A property as octets, if it is there.
type Property = fn(&Properties<'_>) -> Option<Vec<u8>>;

/// Those that are no headers, by the names that the API has for them.
const PROPERTIES: &[(&str, Property)] = &[
    ("app_id", |all| text(all.app_id)),
    ("cluster_id", |all| text(all.cluster_id)),
    ("content_encoding", |all| text(all.content_encoding)),
    ("content_type", |all| text(all.content_type)),
    ("correlation_id", |all| text(all.correlation_id)),
    ("delivery_mode", |all| number(all.delivery_mode)),
    ("expiration", |all| text(all.expiration)),
    ("message_id", |all| text(all.message_id)),
    ("priority", |all| number(all.priority)),
    ("reply_to", |all| text(all.reply_to)),
    ("timestamp", |all| number(all.timestamp)),
    ("type", |all| text(all.type_)),
    ("user_id", |all| text(all.user_id)),
];

fn text(octets: Option<ShortBytes<'_>>) -> Option<Vec<u8>> {
    octets.map(|octets| octets.to_vec())
}

fn number(number: Option<impl ToString>) -> Option<Vec<u8>> {
    number.map(|number| number.to_string().into_bytes())
}

/// A pattern, or a text that must be in the other, whatever the case of its letters.
fn compile(name: &str, text: &str, is_pattern: bool) -> Result<Regex, Refusal> {
    if text.len() > HTTP_FILTER_BYTES_MAX {
        let reason = format!("{name} has more than {HTTP_FILTER_BYTES_MAX} bytes");
        return Err(Refusal::bad(reason));
    }
    let (pattern, most) = match is_pattern {
        true => (text.to_owned(), PATTERN_BYTES_MAX),
        false => (regex::escape(text), TEXT_BYTES_MAX),
    };
    let built = RegexBuilder::new(&pattern)
        .case_insensitive(!is_pattern)
        .size_limit(most)
        .build();
    built.map_err(|error| Refusal::bad(format!("{name} is no regular expression: {error}")))
}
