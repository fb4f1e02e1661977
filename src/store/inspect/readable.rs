//! AMQP's tables, properties and times as a person or a script wants to read them.
//!
//! Tables lose the letters of their types here, as they do in RabbitMQ's management API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{Table, TableRef, Value};
use serde_json::{Map, Value as Json, json};

use crate::clock::Wall;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A table that is kept as base64 of its octets; `None` if it is none.
pub(super) fn arguments(base64: &str) -> Option<Json> {
    let octets = STANDARD.decode(base64).ok()?;
    TableRef::new(&octets)
        .to_table()
        .ok()
        .map(|found| table(&found))
}

/// Properties by RabbitMQ's names; those that cannot be read become `{"unreadable": why}`.
pub(super) fn properties(properties: PropertiesRef<'_>) -> Json {
    let all = match properties.decode() {
        Ok(all) => all,
        Err(error) => return json!({ "unreadable": error.to_string() }),
    };
    let mut shown = Map::new();
    let texts = [
        ("content_type", all.content_type),
        ("content_encoding", all.content_encoding),
        ("correlation_id", all.correlation_id),
        ("reply_to", all.reply_to),
        ("expiration", all.expiration),
        ("message_id", all.message_id),
        ("type", all.type_),
        ("user_id", all.user_id),
        ("app_id", all.app_id),
        ("cluster_id", all.cluster_id),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            shown.insert(name.to_owned(), octets(&text));
        }
    }
    let numbers = [
        ("delivery_mode", all.delivery_mode.map(u64::from)),
        ("priority", all.priority.map(u64::from)),
        ("timestamp", all.timestamp),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            shown.insert(name.to_owned(), number.into());
        }
    }
    if let Some(headers) = all.headers {
        let headers = match headers.to_table() {
            Ok(headers) => table(&headers),
            Err(error) => json!({ "unreadable": error.to_string() }),
        };
        shown.insert("headers".to_owned(), headers);
    }
    Json::Object(shown)
}

fn table(table: &Table) -> Json {
    let entries = table
        .iter()
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), json_of(value)));
    Json::Object(entries.collect())
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Bool(truth) => (*truth).into(),
        Value::I8(number) => (*number).into(),
        Value::U8(number) => (*number).into(),
        Value::I16(number) => (*number).into(),
        Value::U16(number) => (*number).into(),
        Value::I32(number) => (*number).into(),
        Value::U32(number) => (*number).into(),
        Value::I64(number) => (*number).into(),
        Value::F32(number) => (*number).into(),
        Value::F64(number) => (*number).into(),
        Value::Timestamp(seconds) => (*seconds).into(),
        Value::Decimal { scale, value } => format!("{value}e-{scale}").into(),
        Value::LongStr(text) | Value::Bytes(text) => octets(text),
        Value::Array(values) => values.iter().map(json_of).collect(),
        Value::Table(inner) => table(inner),
        Value::Void => Json::Null,
    }
}

/// A string that is UTF-8, or else `{"base64": "…"}`.
pub(super) fn octets(octets: &[u8]) -> Json {
    match std::str::from_utf8(octets) {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": STANDARD.encode(octets) }),
    }
}

/// RFC 3339 in UTC: `2026-11-21T12:45:00.123Z`.
pub(super) fn moment(at: Wall) -> String {
    let (days, in_day) = (at.as_millis() / DAY_MS, at.as_millis() % DAY_MS);
    // Years that begin in March: the leap day is the last of its year, so months have one pattern.
    let from_march = days + 719_468;
    let (era, day) = (from_march / 146_097, from_march % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (era * 400 + year, month + 3)
    } else {
        (era * 400 + year + 1, month - 9)
    };
    let (seconds, millis) = (in_day / 1000, in_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}
