//! Argument tables as JSON: what `definitions.json` and the HTTP API show of them, and take.
//!
//! Seen: RabbitMQ 4.3.6, a queue with an argument of each type, exported and imported.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leveret_codec::table::{Table, TableError, TableRef, Value};
use serde_json::{Map, Number, Value as Json};

/// Longest name of an argument, in octets.
const NAME_MAX: usize = 255;

/// Why JSON is no table of arguments. Displayed as RabbitMQ's reason where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentsError {
    /// `null`, which AMQP clients could not have meant.
    Null,
    /// Not an object, where one was wanted.
    NotAnObject,
    /// A whole number that no AMQP type holds.
    TooLarge,
    /// A name of over 255 octets.
    NameTooLong,
    /// More than a table on the wire may hold.
    Unfit(TableError),
}

impl fmt::Display for ArgumentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null_not_allowed"),
            Self::NotAnObject => f.write_str("arguments should be an object"),
            Self::TooLarge => f.write_str("a number among the arguments is too large"),
            Self::NameTooLong => f.write_str("the name of an argument has over 255 octets"),
            Self::Unfit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ArgumentsError {}

/// The table as a JSON object, sorted by name.
///
/// RabbitMQ shows void as the text `undefined`, and octets that are not UTF-8 as a text with their
/// base64; both come back as texts. A decimal is shown as the number that it is, where RabbitMQ
/// puts its two halves behind each other (2.125 for 1.25).
#[must_use]
pub fn to_json(table: &Table) -> Map<String, Json> {
    let entries = table.iter();
    entries
        .map(|(name, value)| (text(name), value_to_json(value)))
        .collect()
}

/// The value as JSON, as [`to_json`] shows it.
pub(crate) fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Bool(truth) => Json::from(*truth),
        Value::I8(number) => Json::from(*number),
        Value::U8(number) => Json::from(*number),
        Value::I16(number) => Json::from(*number),
        Value::U16(number) => Json::from(*number),
        Value::I32(number) => Json::from(*number),
        Value::U32(number) => Json::from(*number),
        Value::I64(number) => Json::from(*number),
        Value::F32(number) => Json::from(f64::from(*number)),
        Value::F64(number) => Json::from(*number),
        Value::Decimal { scale, value } => {
            Json::from(f64::from(*value) / 10_f64.powi(i32::from(*scale)))
        }
        Value::Timestamp(seconds) => Json::from(*seconds),
        Value::LongStr(octets) | Value::Bytes(octets) => Json::from(text(octets)),
        Value::Array(items) => items.iter().map(value_to_json).collect(),
        Value::Table(table) => Json::Object(to_json(table)),
        Value::Void => Json::from("undefined"),
    }
}

fn text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("Not UTF-8, base64 is: {}", STANDARD.encode(octets)),
    }
}

/// The table that `json` describes: an object, an empty array, or nothing at all.
///
/// # Errors
/// [`ArgumentsError`].
pub fn from_json(json: Option<&Json>) -> Result<Table, ArgumentsError> {
    let table = match json {
        None => return Ok(Table::new()),
        Some(Json::Array(items)) if items.is_empty() => return Ok(Table::new()),
        Some(Json::Object(fields)) => object(fields)?,
        Some(_) => return Err(ArgumentsError::NotAnObject),
    };
    let octets = table.to_bytes();
    let checked = TableRef::new(&octets).check();
    checked.map_err(ArgumentsError::Unfit)?;
    Ok(table)
}

fn object(fields: &Map<String, Json>) -> Result<Table, ArgumentsError> {
    let entries = fields.iter().map(|(name, value)| {
        if name.len() > NAME_MAX {
            return Err(ArgumentsError::NameTooLong);
        }
        Ok((name, value_from_json(value)?))
    });
    entries.collect()
}

fn value_from_json(json: &Json) -> Result<Value, ArgumentsError> {
    Ok(match json {
        Json::Null => return Err(ArgumentsError::Null),
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number_value(number)?,
        Json::String(text) => Value::LongStr(text.as_bytes().to_vec()),
        Json::Array(items) => {
            let items = items.iter().map(value_from_json);
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Json::Object(fields) => Value::Table(object(fields)?),
    })
}

/// Whole numbers are signed ones of 64 bits, as in RabbitMQ; others are doubles.
fn number_value(number: &Number) -> Result<Value, ArgumentsError> {
    if let Some(whole) = number.as_i64() {
        return Ok(Value::I64(whole));
    }
    match number.as_f64() {
        Some(ratio) if number.is_f64() => Ok(Value::F64(ratio)),
        _ => Err(ArgumentsError::TooLarge),
    }
}
