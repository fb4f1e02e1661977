//! A value as the tools print it: JSON that still knows what Erlang would have called its parts.

use serde_json::Value;

pub(crate) mod elixir;
pub(crate) mod erlang;
pub(crate) mod plain;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    /// A name without quotes, `true` and `false` too.
    Atom(String),
    /// Text, a binary in Erlang.
    Text(String),
    /// A list of characters.
    Chars(String),
    /// A binary that is no text.
    Octets(Vec<u8>),
    Int(i64),
    Float(f64),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    /// Pairs with atoms for keys: a list of pairs in Erlang, an object in JSON.
    Pairs(Vec<(String, Self)>),
    /// A map, an object in JSON; empty it is `#{}`.
    Map(Vec<(String, Self)>),
    /// A map with keys of any kind.
    Dict(Vec<(Self, Self)>),
    /// A process, as `<rabbit@host.1.2.3>`.
    Pid(String),
}

impl Term {
    /// What is not known: nothing is printed for it.
    pub(crate) const fn unknown() -> Self {
        Self::Atom(String::new())
    }

    pub(crate) fn atom(name: impl Into<String>) -> Self {
        Self::Atom(name.into())
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn bool(is: bool) -> Self {
        Self::Atom(is.to_string())
    }

    /// A value of an answer: texts are binaries, objects are maps.
    pub(crate) fn of_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::unknown(),
            Value::Bool(is) => Self::bool(*is),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::List(items.iter().map(Self::of_json).collect()),
            Value::Object(fields) => {
                let fields = fields.iter();
                Self::Map(
                    fields
                        .map(|(key, value)| (key.clone(), Self::of_json(value)))
                        .collect(),
                )
            }
        }
    }

    /// An AMQP table, such as a queue's arguments: a list of name, type and value.
    pub(crate) fn table(value: &Value) -> Self {
        let Some(fields) = value.as_object() else {
            return Self::List(Vec::new());
        };
        let triple = |(key, value): (&String, &Value)| {
            let (kind, value) = Self::field(value);
            Self::Tuple(vec![Self::text(key), Self::atom(kind), value])
        };
        Self::List(fields.iter().map(triple).collect())
    }

    /// A value of a table, and what AMQP calls its type.
    fn field(value: &Value) -> (&'static str, Self) {
        match value {
            Value::Null => ("void", Self::atom("undefined")),
            Value::Bool(_) => ("bool", Self::of_json(value)),
            Value::Number(number) if number.is_f64() => ("double", Self::of_json(value)),
            Value::Number(number) => match number.as_i64().map(i32::try_from) {
                Some(Ok(_)) => ("signedint", Self::of_json(value)),
                _ => ("long", Self::of_json(value)),
            },
            Value::String(_) => ("longstr", Self::of_json(value)),
            Value::Array(items) => {
                let typed = |value| {
                    let (kind, value) = Self::field(value);
                    Self::Tuple(vec![Self::atom(kind), value])
                };
                ("array", Self::List(items.iter().map(typed).collect()))
            }
            Value::Object(_) => ("table", Self::table(value)),
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Atom(name) if name == "true" => Value::Bool(true),
            Self::Atom(name) if name == "false" => Value::Bool(false),
            Self::Atom(text) | Self::Text(text) | Self::Chars(text) | Self::Pid(text) => {
                Value::String(text.clone())
            }
            Self::Octets(octets) => Value::from(octets.as_slice()),
            Self::Int(number) => Value::from(*number),
            Self::Float(number) => Value::from(*number),
            Self::List(items) | Self::Tuple(items) => {
                Value::Array(items.iter().map(Self::to_json).collect())
            }
            Self::Dict(pairs) => {
                let pairs = pairs.iter();
                let name = |key: &Self| match key.to_json() {
                    Value::String(name) => name,
                    other => other.to_string(),
                };
                Value::Object(
                    pairs
                        .map(|(key, value)| (name(key), value.to_json()))
                        .collect(),
                )
            }
            Self::Pairs(fields) | Self::Map(fields) => {
                let fields = fields.iter();
                Value::Object(
                    fields
                        .map(|(key, value)| (key.clone(), value.to_json()))
                        .collect(),
                )
            }
        }
    }
}

impl From<leveret_terms::Term> for Term {
    fn from(read: leveret_terms::Term) -> Self {
        use leveret_terms::Term as Read;

        let all = |items: Vec<Read>| items.into_iter().map(Self::from).collect();
        match read {
            Read::Atom(name) => Self::Atom(name),
            Read::Text(text) => Self::Chars(text),
            Read::Binary(octets) => match Read::Binary(octets.clone()).as_text() {
                Some(text) if !text.chars().any(char::is_control) => Self::Text(text),
                _ => Self::Octets(octets),
            },
            Read::Whole(whole) => Self::Int(whole),
            Read::Ratio(ratio) => Self::Float(ratio),
            Read::List(items) => Self::List(all(items)),
            Read::Tuple(items, _) => Self::Tuple(all(items)),
            call @ Read::Call(..) => Self::Atom(call.to_string()),
            Read::Map(pairs) => {
                let pairs = pairs.into_iter();
                let pairs = pairs.map(|(key, value)| (key.into(), value.into()));
                Self::Dict(pairs.collect())
            }
        }
    }
}
