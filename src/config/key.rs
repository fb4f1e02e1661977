//! A row of the table of settings, and the macro that makes everything of the rows.

use super::error::ConfigError;
#[cfg(feature = "settings-file")]
use super::error::Unknown;
#[cfg(feature = "settings-file")]
use super::near::nearest;
use super::origin::Origin;
use super::settings::{KEYS, Settings};
use super::types::Field;
use super::value::{Given, Value, ValueType};

/// One setting: a row of the table.
#[derive(Debug)]
pub struct Key {
    /// Its name in files and after `--set`; dots make tables.
    pub name: &'static str,
    /// The heading it stands under.
    pub group: &'static str,
    /// The values it takes.
    pub value_type: ValueType,
    /// What RabbitMQ calls it in `rabbitmq.conf`; empty when it has no such setting.
    pub rabbitmq: &'static [&'static str],
    /// The environment variable of RabbitMQ that is understood too.
    pub rabbitmq_env: Option<&'static str>,
    /// The words for a default that depends on the machine.
    pub shown: Option<&'static str>,
    /// What it does, line by line.
    pub help: &'static [&'static str],
    pub(super) field: fn(&mut Settings) -> &mut dyn Field,
}

impl Key {
    /// The row of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The row that a variable of RabbitMQ's stands for, if it stands for one alone.
    #[cfg(feature = "settings-file")]
    pub(super) fn of_rabbits_variable(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.rabbitmq_env == Some(name))
    }

    /// The name of the environment variable: `LEVERET_`, capitals, underscores for dots.
    pub fn env(&self) -> String {
        format!(
            "LEVERET_{}",
            self.name.to_ascii_uppercase().replace('.', "_")
        )
    }

    /// The value this setting has in `settings`.
    pub fn value(&self, settings: &Settings) -> Value {
        (self.field)(&mut settings.clone()).value()
    }

    /// The value for people: as in a file, a secret hidden.
    pub fn printed(&self, settings: &Settings) -> String {
        match self.value_type {
            ValueType::Secret => "(not shown)".to_owned(),
            ValueType::Named(parts) => match self.value(settings) {
                Value::Named(things) => Value::Named(things.shown(parts)).to_string(),
                other => other.to_string(),
            },
            _ => self.value(settings).to_string(),
        }
    }

    /// Checks what a source gave and writes it.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] when the value is of another kind or outside its range.
    pub fn set(
        &self,
        settings: &mut Settings,
        given: &Given,
        origin: &Origin,
    ) -> Result<(), ConfigError> {
        let value = self.value_type.read(given);
        if value.is_some_and(|value| (self.field)(settings).put(value)) {
            return Ok(());
        }
        let found = match self.value_type {
            ValueType::Secret => NOT_SHOWN.to_owned(),
            _ => given.to_string(),
        };
        let expected = self.value_type.expected();
        Err(ConfigError::Wrong {
            origin: origin.clone(),
            key: self.name,
            found,
            expected,
        })
    }

    /// Checks what a source gave for a field of one of the things that this setting names, and
    /// writes it.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] for a field that they have not, and as [`set`](Self::set).
    #[cfg(feature = "settings-file")]
    pub(super) fn set_part(
        &self,
        settings: &mut Settings,
        (thing, field): (&str, &str),
        given: &Given,
        origin: &Origin,
    ) -> Result<(), ConfigError> {
        let (ValueType::Named(parts), Value::Named(things)) =
            (self.value_type, self.value(settings))
        else {
            return self.set(settings, given, origin);
        };
        let Some(part) = parts.iter().find(|part| part.name == field) else {
            let near = nearest(field, parts.iter().map(|part| part.name.to_owned()));
            let whole = |field: String| format!("{}.{thing}.{field}", self.name);
            return Err(ConfigError::Unknown {
                origin: origin.clone(),
                key: whole(field.to_owned()),
                hint: near.map_or(Unknown::Nothing, |near| Unknown::Near(whole(near))),
            });
        };
        let Some(value) = part.value_type.read(given) else {
            let found = match part.value_type {
                ValueType::Secret => NOT_SHOWN.to_owned(),
                _ => given.to_string(),
            };
            return Err(ConfigError::Wrong {
                origin: origin.clone(),
                key: self.name,
                found: format!("{thing}.{field} = {found}"),
                expected: part.value_type.expected(),
            });
        };
        let things = things.with(thing, part.name, value);
        (self.field)(settings).put(Value::Named(things));
        Ok(())
    }
}

/// What is said of a secret that is wrong.
const NOT_SHOWN: &str = "a value that is not shown here";

pub(super) const fn only(texts: &[&'static str]) -> Option<&'static str> {
    match texts {
        [text] => Some(text),
        _ => None,
    }
}

macro_rules! settings {
    ($( $group:literal { $(
        $(#[doc = $help:literal])+
        $field:ident: $type:ty = $default:expr;
        $name:literal, $value_type:expr, [$($rabbit:literal),*]
        $(, env $env:literal)? $(, shown $shown:literal)? ;
    )* } )*) => {
        /// Everything about a broker that can be set; `default()` is a broker without settings.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Settings { $( $(
            $(#[doc = $help])+
            #[doc = concat!("\n\nSetting `", $name, "`.")]
            pub $field: $type,
        )* )* }

        impl Default for Settings {
            fn default() -> Self {
                Self { $( $( $field: $default, )* )* }
            }
        }

        /// The table: every setting, in the order of the documents.
        pub static KEYS: &[Key] = &[ $( $( Key {
            name: $name,
            group: $group,
            value_type: $value_type,
            rabbitmq: &[$($rabbit),*],
            rabbitmq_env: only(&[$($env)?]),
            shown: only(&[$($shown)?]),
            help: &[$($help),+],
            field: |settings| &mut settings.$field,
        }, )* )* ];
    };
}

pub(super) use settings;
