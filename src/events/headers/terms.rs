//! Values as RabbitMQ's event exchange writes them: what it has no type for as an Erlang term.
//!
//! Seen: RabbitMQ 4.3.6, `amq.rabbitmq.event`.

use std::fmt::Write as _;
use std::net::IpAddr;

use leveret_codec::table::{Table, Value};

use crate::erlang::{escape, is_printable};

/// The value of the field `name`.
pub(super) fn field(name: &[u8], value: &Value) -> Value {
    match (name, value) {
        (b"arguments" | b"client_properties", Value::Table(table)) => {
            Value::Array(table.iter().map(|(key, value)| entry(key, value)).collect())
        }
        (b"host" | b"peer_host", Value::LongStr(text)) => address(text),
        (b"protocol", _) => "{0,9,1}".into(),
        // A list of characters is a list.
        (b"error", Value::LongStr(text)) => {
            let text = String::from_utf8_lossy(text);
            Value::Array(
                text.chars()
                    .map(|c| i64::from(u32::from(c)).into())
                    .collect(),
            )
        }
        (_, value) => plain(value),
    }
}

/// Numbers have 64 bits, and an empty table is an empty list.
fn plain(value: &Value) -> Value {
    match value {
        Value::Table(table) if table.is_empty() => Value::Array(Vec::new()),
        Value::Table(table) => {
            let fields = table.iter();
            Value::Table(fields.map(|(name, value)| (name, plain(value))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(plain).collect()),
        Value::Void => "null".into(),
        #[expect(clippy::cast_possible_truncation, reason = "as RabbitMQ does")]
        Value::F64(number) => Value::F32(*number as f32),
        _ => match value.as_integer() {
            Some(number) => Value::I64(number),
            None => value.clone(),
        },
    }
}

/// `{127,0,0,1}`.
fn address(text: &[u8]) -> Value {
    let address = std::str::from_utf8(text).ok();
    let Some(address) = address.and_then(|text| text.parse::<IpAddr>().ok()) else {
        return Value::LongStr(text.to_vec());
    };
    let parts: Vec<String> = match address {
        IpAddr::V4(address) => address.octets().map(|part| part.to_string()).into(),
        IpAddr::V6(address) => address.segments().map(|part| part.to_string()).into(),
    };
    format!("{{{}}}", parts.join(",")).into()
}

/// `{<<"x-max-length">>,signedint,5}`.
fn entry(key: &[u8], value: &Value) -> Value {
    let mut text = String::new();
    write_entry(&mut text, key, value);
    text.into()
}

fn write_entry(text: &mut String, key: &[u8], value: &Value) {
    text.push('{');
    write_binary(text, key);
    text.push(',');
    write_value(text, value);
    text.push('}');
}

/// A type and a value, as deep as the codec lets tables nest.
fn write_value(text: &mut String, value: &Value) {
    text.push_str(value.type_name());
    text.push(',');
    match value {
        Value::Bool(is) => text.push_str(if *is { "true" } else { "false" }),
        Value::LongStr(octets) | Value::Bytes(octets) => write_binary(text, octets),
        Value::F32(number) => write(text, format_args!("{number:?}")),
        Value::F64(number) => write(text, format_args!("{number:?}")),
        Value::Decimal { scale, value } => write(text, format_args!("{{{scale},{value}}}")),
        Value::Timestamp(seconds) => write(text, format_args!("{seconds}")),
        Value::Void => text.push_str("undefined"),
        Value::Array(values) => write_list(text, values.iter(), |text, value| {
            text.push('{');
            write_value(text, value);
            text.push('}');
        }),
        Value::Table(table) => write_list(text, table.iter(), |text, (key, value)| {
            write_entry(text, key, value);
        }),
        _ => {
            if let Some(number) = value.as_integer() {
                write(text, format_args!("{number}"));
            }
        }
    }
}

fn write_list<T>(
    text: &mut String,
    items: impl Iterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
) {
    text.push('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            text.push(',');
        }
        each(text, item);
    }
    text.push(']');
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(what);
    debug_assert!(written.is_ok(), "a string takes all that is written to it");
}

/// `<<"text">>`, or its octets as numbers if they are no text.
fn write_binary(text: &mut String, octets: &[u8]) {
    let known = std::str::from_utf8(octets).ok();
    let known = known.filter(|known| known.chars().all(is_printable));
    text.push_str("<<");
    match known {
        Some("") => {}
        Some(known) => {
            text.push('"');
            for character in known.chars() {
                match escape(character) {
                    Some(letter) => text.extend(['\\', letter]),
                    None => text.push(character),
                }
            }
            text.push('"');
            if !known.is_ascii() {
                text.push_str("/utf8");
            }
        }
        None => {
            let numbers: Vec<String> = octets.iter().map(u8::to_string).collect();
            text.push_str(&numbers.join(","));
        }
    }
    text.push_str(">>");
}

/// A vhost's metadata:
/// `#{description => <<"d">>,tags => [a,b],default_queue_type => <<"classic">>}`.
pub(super) fn metadata(fields: &Table) -> Value {
    let octets = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut text = "#{description => ".to_owned();
    write_binary(&mut text, octets("description"));
    text.push_str(",tags => ");
    let tags = match fields.get("tags") {
        Some(Value::Array(tags)) => &tags[..],
        _ => &[],
    };
    write_list(&mut text, tags.iter(), |text, tag| {
        let tag = tag.as_str().unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(tag));
    });
    text.push_str(",default_queue_type => ");
    write_binary(&mut text, octets("default_queue_type"));
    text.push('}');
    text.into()
}
