//! The types that fields of [`Settings`](super::Settings) have, and how a checked value enters one.

use std::fmt;
use std::path::PathBuf;

use super::named::Named;
use super::value::Value;
use crate::kind::QueueKind;

/// A field that a checked [`Value`] can be written to and read from.
pub(crate) trait Field {
    /// Writes the value; `false` (and no change) when this field cannot hold it.
    fn put(&mut self, value: Value) -> bool;

    /// The present value.
    fn value(&self) -> Value;
}

/// A text that is never printed: its `Debug` is a placeholder.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to compare or hash it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

impl From<QueueType> for QueueKind {
    fn from(kind: QueueType) -> Self {
        match kind {
            QueueType::Classic => Self::Classic,
            QueueType::Quorum => Self::Quorum,
            QueueType::Stream => Self::Stream,
        }
    }
}

/// Declares an enum whose variants have one word each in files and on the command line.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant, )* }

        impl $name {
            /// Every word, in the order of the variants.
            pub const WORDS: &[&str] = &[$($word),*];

            /// The word of this variant.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl Field for $name {
            fn put(&mut self, value: Value) -> bool {
                let Value::Text(text) = value else { return false };
                match text.as_str() {
                    $( $word => *self = Self::$variant, )*
                    _ => return false,
                }
                true
            }

            fn value(&self) -> Value {
                Value::Text(self.word().to_owned())
            }
        }
    };
}

pub(super) use words;

words! {
    /// What a confirm of a persistent message in a durable queue promises.
    Durability {
        /// It survives a power cut: written and synced to the device.
        Fsync = "fsync",
        /// It survives the end of the process, not of the machine: written, not synced.
        Os = "os",
        /// It lives as long as the process: nothing is written at all.
        Memory = "memory",
    }
}

words! {
    /// The least severe event that is logged.
    LogLevel {
        /// Everything, to look for a fault.
        Debug = "debug",
        /// Connections, starts, stops, and all that follows.
        Info = "info",
        /// What may need a look.
        Warning = "warning",
        /// What went wrong.
        Error = "error",
        /// Nothing.
        None = "none",
    }
}

words! {
    /// The least severe event that is logged of a category, or written to an output.
    LevelOf {
        /// What is said elsewhere.
        Default = "default",
        /// Everything.
        Debug = "debug",
        /// Connections, starts, stops, and all that follows.
        Info = "info",
        /// What may need a look.
        Warning = "warning",
        /// What went wrong.
        Error = "error",
        /// Nothing.
        None = "none",
    }
}

impl LevelOf {
    /// The level, where `default` holds without one of its own.
    #[must_use]
    pub fn or(self, default: LogLevel) -> LogLevel {
        match self {
            Self::Default => default,
            Self::Debug => LogLevel::Debug,
            Self::Info => LogLevel::Info,
            Self::Warning => LogLevel::Warning,
            Self::Error => LogLevel::Error,
            Self::None => LogLevel::None,
        }
    }
}

words! {
    /// Where the console's lines go.
    LogStream {
        /// Standard output.
        Stdout = "stdout",
        /// Standard error.
        Stderr = "stderr",
    }
}

words! {
    /// Whether lines on the console are coloured.
    LogColours {
        /// On a terminal, unless `NO_COLOR` is set.
        Auto = "auto",
        /// Always.
        On = "on",
        /// Never.
        Off = "off",
    }
}

words! {
    /// How a log line is written.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
        /// As RabbitMQ does, its banner and the lines of its start included.
        Rabbitmq = "rabbitmq",
    }
}

words! {
    /// The queue type of a declare that names none.
    QueueType {
        /// `classic`.
        Classic = "classic",
        /// `quorum`.
        Quorum = "quorum",
        /// `stream`.
        Stream = "stream",
    }
}

words! {
    /// The version of RabbitMQ whose defaults hold for what it deprecates.
    CompatProfile {
        /// RabbitMQ 4.3, with what existing code needs permitted.
        Lenient = "lenient",
        /// RabbitMQ 4.3 as it comes.
        V4_3 = "4.3",
        /// RabbitMQ 4.2.
        V4_2 = "4.2",
        /// RabbitMQ 3.13.
        V3_13 = "3.13",
    }
}

/// Implements [`Field`] for a number type by a checked conversion from `u64`.
macro_rules! whole {
    ($($number:ty),*) => { $(
        impl Field for $number {
            fn put(&mut self, value: Value) -> bool {
                let Value::Whole(whole) = value else { return false };
                let Ok(whole) = whole.try_into() else { return false };
                *self = whole;
                true
            }

            fn value(&self) -> Value {
                Value::Whole((*self).into())
            }
        }
    )* };
}

whole!(u16, u32);

/// Implements [`Field`] for a type that one variant of [`Value`] holds as it is.
macro_rules! plain {
    ($($field:ty = $variant:ident),*) => { $(
        impl Field for $field {
            fn put(&mut self, value: Value) -> bool {
                let Value::$variant(inner) = value else { return false };
                *self = inner;
                true
            }

            fn value(&self) -> Value {
                Value::$variant(self.clone())
            }
        }
    )* };
}

plain!(
    bool = Flag,
    u64 = Whole,
    f64 = Ratio,
    String = Text,
    Vec<String> = List,
    Named = Named
);

impl Field for Option<bool> {
    fn put(&mut self, value: Value) -> bool {
        match value {
            Value::None => *self = None,
            Value::Flag(flag) => *self = Some(flag),
            _ => return false,
        }
        true
    }

    fn value(&self) -> Value {
        self.map_or(Value::None, Value::Flag)
    }
}

/// Implements [`Field`] for a number or `none`.
macro_rules! whole_or_none {
    ($($number:ty),*) => { $(
        impl Field for Option<$number> {
            fn put(&mut self, value: Value) -> bool {
                match value {
                    Value::None => *self = None,
                    Value::Whole(whole) => match <$number>::try_from(whole) {
                        Ok(whole) => *self = Some(whole),
                        Err(_) => return false,
                    },
                    _ => return false,
                }
                true
            }

            fn value(&self) -> Value {
                self.map_or(Value::None, |whole| Value::Whole(whole.into()))
            }
        }
    )* };
}

whole_or_none!(u16, u64);

impl Field for Option<String> {
    fn put(&mut self, value: Value) -> bool {
        match value {
            Value::None => *self = None,
            Value::Text(text) => *self = Some(text),
            _ => return false,
        }
        true
    }

    fn value(&self) -> Value {
        self.clone().map_or(Value::None, Value::Text)
    }
}

impl Field for Secret {
    fn put(&mut self, value: Value) -> bool {
        self.0.put(value)
    }

    fn value(&self) -> Value {
        self.0.value()
    }
}

impl Field for Option<PathBuf> {
    fn put(&mut self, value: Value) -> bool {
        match value {
            Value::None => *self = None,
            Value::Text(text) => *self = Some(text.into()),
            _ => return false,
        }
        true
    }

    fn value(&self) -> Value {
        let text = |path: &PathBuf| Value::Text(path.to_string_lossy().into_owned());
        self.as_ref().map_or(Value::None, text)
    }
}

impl Field for PathBuf {
    fn put(&mut self, value: Value) -> bool {
        let Value::Text(text) = value else {
            return false;
        };
        *self = text.into();
        true
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string_lossy().into_owned())
    }
}
