//! A row of the table of settings, and the macro that makes everything of the rows.

use super::error::ConfigError;
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
            ValueType::Secret => "a value that is not shown here".to_owned(),
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
}

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
