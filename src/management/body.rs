//! The body of a request: a JSON object, whatever its content type says.

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;
use serde_json::{Map, Value as Json, json};

use super::answer::Refusal;
use crate::definitions::{ArgumentsError, from_json};
use crate::erlang::COLUMN_MAX;

/// The fields of a body.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Json>);

/// RabbitMQ's words for a text in place of an object.
const TWICE: &str = "invalid payload: the request body JSON-decoded to a string. Is the input \
                     doubly-JSON-encoded?";

impl Fields {
    /// Reads a body; an empty one has no fields.
    ///
    /// # Errors
    /// 400 for anything but an object.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(body) {
            Ok(Json::Object(fields)) => Ok(Self(fields)),
            Ok(Json::String(_)) => Err(Refusal::bad(TWICE)),
            _ => Err(Refusal::not_json()),
        }
    }

    /// Those of `names` that are missing are an error.
    ///
    /// # Errors
    /// 400 with all of them, as an Erlang term.
    pub(super) fn need(&self, names: &[&str]) -> Result<(), Refusal> {
        let missing = names.iter().filter(|name| !self.0.contains_key(**name));
        let missing: Vec<String> = missing
            .map(|name| format!("{{key_missing,{name}}}"))
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Refusal::bad(term(&missing))),
        }
    }

    /// All of them.
    pub(super) fn map(&self) -> &Map<String, Json> {
        &self.0
    }

    /// A text; `None` if it is missing.
    ///
    /// # Errors
    /// 400 for anything but a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(Refusal::bad(json!(["not_string", name, other]))),
        }
    }

    /// A name of at most 255 octets; empty if it is missing.
    ///
    /// # Errors
    /// 400 for anything else.
    pub(super) fn short(&self, name: &str) -> Result<ShortString, Refusal> {
        short(&self.text(name)?.unwrap_or_default())
    }

    /// A table of arguments; an empty array is one without any.
    ///
    /// # Errors
    /// 400 for anything else.
    pub(super) fn arguments(&self) -> Result<Table, Refusal> {
        Ok(from_json(self.get("arguments"))?)
    }

    /// A field as it is.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// A truth; false if it is missing.
    ///
    /// # Errors
    /// 400 for anything but a truth or the word for one.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Bool(truth)) => Ok(Some(*truth)),
            Some(Json::String(word)) if word == "true" => Ok(Some(true)),
            Some(Json::String(word)) if word == "false" => Ok(Some(false)),
            Some(other) => Err(Refusal::bad(json!(["not_boolean", other]))),
        }
    }
}

/// A name, if it has at most 255 octets.
///
/// # Errors
/// 400.
pub(super) fn short(name: &str) -> Result<ShortString, Refusal> {
    let shown: String = name.chars().take(20).collect();
    let too_long = || Refusal::bad(format!("'{shown}…' is longer than 255 octets"));
    ShortString::new(name).ok_or_else(too_long)
}

/// A list as Erlang shows it: in one line if that is short enough.
fn term(items: &[String]) -> String {
    let line = format!("[{}]", items.join(","));
    match line.len() <= COLUMN_MAX {
        true => line,
        false => format!("[{}]", items.join(",\n ")),
    }
}

impl From<ArgumentsError> for Refusal {
    fn from(error: ArgumentsError) -> Self {
        Self::bad(error.to_string())
    }
}
