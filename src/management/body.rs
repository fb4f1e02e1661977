//! The body of a request: a JSON object, whatever its content type says.

use serde_json::{Map, Value as Json, json};

use super::answer::Refusal;

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
            false => Err(Refusal::bad(format!("[{}]", missing.join(",")))),
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
