//! Things that settings give by name, each with some fields: users, policies and limits that a new
//! virtual host gets.
//!
//! It does not know what they are for.

use std::collections::BTreeMap;
use std::fmt;

use super::value::{Given, Value, ValueType};

/// A field that such a thing may have.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// The values it takes.
    pub value_type: ValueType,
}

/// Things in the order of their names.
#[derive(Clone, Default, PartialEq)]
pub struct Named(BTreeMap<String, BTreeMap<&'static str, Value>>);

/// Names alone: there may be passwords among the fields.
impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Named {
    /// Reads things as a file gives them; `None` if a field is unknown or does not fit.
    pub(super) fn read(parts: &[Part], given: &Given) -> Option<Self> {
        let Given::Named(things) = given else {
            let is_none = matches!(given, Given::Raw(text) if text.is_empty());
            return is_none.then(Self::default);
        };
        let mut named = Self::default();
        for (thing, fields) in things {
            let known = named.0.entry(thing.clone()).or_default();
            for (field, given) in fields {
                let part = parts.iter().find(|part| part.name == field)?;
                known.insert(part.name, part.value_type.read(given)?);
            }
        }
        Some(named)
    }

    /// The same with a field of a thing, which is added if it is missing.
    #[must_use]
    pub fn with(mut self, thing: &str, field: &'static str, value: Value) -> Self {
        let thing = self.0.entry(thing.to_owned()).or_default();
        thing.insert(field, value);
        self
    }

    /// The things by name, each with its fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<&'static str, Value>)> {
        self.0.iter().map(|(name, fields)| (&**name, fields))
    }

    /// The same without what is never printed.
    #[must_use]
    pub(super) fn shown(&self, parts: &[Part]) -> Self {
        let is_secret = |field: &str| {
            let part = parts.iter().find(|part| part.name == field);
            part.is_none_or(|part| matches!(part.value_type, ValueType::Secret))
        };
        let mut shown = self.clone();
        for (field, value) in shown.0.values_mut().flatten() {
            if is_secret(field) {
                *value = Value::Text("(not shown)".to_owned());
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests;
