//! An item of a section, read field by field.

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;
use serde_json::{Map, Value as Json};

use super::reason::{Field, ImportReason};
use crate::definitions::from_json;
use crate::policy::term;

/// See the module.
pub(super) struct Item<'a> {
    fields: &'a Map<String, Json>,
    /// The vhost of every item of the document, if it is that of a single vhost.
    vhost: Option<&'a str>,
}

impl<'a> Item<'a> {
    pub(super) fn new(fields: &'a Map<String, Json>, vhost: Option<&'a str>) -> Self {
        Self { fields, vhost }
    }

    pub(super) fn fields(&self) -> &'a Map<String, Json> {
        self.fields
    }

    pub(super) fn field(&self, key: &str) -> Option<&'a Json> {
        self.fields.get(key)
    }

    /// A text that must be there.
    pub(super) fn text(&self, key: &'static str) -> Result<&'a str, ImportReason> {
        self.optional_text(key)?
            .ok_or(ImportReason::Field(Field::Missing(key)))
    }

    /// A text.
    pub(super) fn optional_text(&self, key: &'static str) -> Result<Option<&'a str>, ImportReason> {
        match self.field(key) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(unexpected(key, "a text", other)),
        }
    }

    /// A text of at most 255 octets that must be there.
    pub(super) fn short(&self, key: &'static str) -> Result<ShortString, ImportReason> {
        let text = self.text(key)?;
        ShortString::new(text).ok_or(ImportReason::Field(Field::TooLong(key)))
    }

    /// True or false, or these words.
    pub(super) fn flag(&self, key: &'static str) -> Result<Option<bool>, ImportReason> {
        match self.field(key) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(Json::String(word)) if word == "true" => Ok(Some(true)),
            Some(Json::String(word)) if word == "false" => Ok(Some(false)),
            Some(other) => Err(unexpected(key, "true or false", other)),
        }
    }

    pub(super) fn arguments(&self) -> Result<Table, ImportReason> {
        from_json(self.field("arguments")).map_err(ImportReason::Arguments)
    }

    /// The vhost that the item is in.
    pub(super) fn vhost(&self) -> Result<&'a str, ImportReason> {
        match self.vhost {
            Some(vhost) => Ok(vhost),
            None => self
                .optional_text("vhost")?
                .ok_or(ImportReason::NoVhostGiven),
        }
    }

    /// What names the item to people who look for it in a document.
    pub(super) fn title(&self) -> String {
        let text = |key: &str| self.field(key).and_then(Json::as_str);
        let ends = || {
            let (source, destination) = (text("source")?, text("destination")?);
            Some(format!("'{source}' to '{destination}'"))
        };
        let named = text("name").or_else(|| text("user"));
        let named = named.map(|name| format!("'{name}'")).or_else(ends);
        let vhost = self.vhost.or_else(|| text("vhost"));
        match (named, vhost) {
            (Some(named), Some(vhost)) => format!("{named} in vhost '{vhost}'"),
            (Some(named), None) => named,
            (None, Some(vhost)) => format!("in vhost '{vhost}'"),
            (None, None) => "without a name".to_owned(),
        }
    }
}

fn unexpected(key: &'static str, expected: &'static str, found: &Json) -> ImportReason {
    let found = term::of(found);
    ImportReason::Field(Field::Unexpected {
        key,
        expected,
        found,
    })
}
