//! Received values in the script's own words, for reports and for writing scripts.

use super::value::Value;

/// Longest string shown in full, in octets.
const SHOWN_MAX: usize = 400;

/// A string in quotes; octets that are no UTF-8 text as `\xNN`.
pub(crate) fn octets(octets: &[u8]) -> String {
    if octets.len() > 16 && octets.iter().all(|octet| *octet == 0) {
        return format!("zeros:{}", octets.len());
    }
    let shown = octets.get(..SHOWN_MAX).unwrap_or(octets);
    let mut out = String::from("\"");
    match std::str::from_utf8(shown) {
        Ok(text) => text.chars().for_each(|letter| match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            control if u32::from(control) < 32 => {
                out.push_str(&format!("\\x{:02x}", u32::from(control)));
            }
            _ => out.push(letter),
        }),
        Err(_) => shown.iter().for_each(|octet| match octet {
            b'"' | b'\\' => out.extend(['\\', char::from(*octet)]),
            32..=126 => out.push(char::from(*octet)),
            _ => out.push_str(&format!("\\x{octet:02x}")),
        }),
    }
    out.push('"');
    if shown.len() < octets.len() {
        out.push_str(&format!("… ({} octets)", octets.len()));
    }
    out
}

/// A value inside a table or an array, with its letter.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Bool(octet @ (0 | 1)) => (*octet == 1).to_string(),
        Value::Bool(octet) => format!("t{octet}"),
        Value::Int('#', number) => number.to_string(),
        Value::Int(letter, number) => format!("{letter}{number}"),
        Value::F32(number) => format!("f{number:?}"),
        Value::F64(number) => format!("d{number:?}"),
        Value::Decimal(scale, unscaled) => format!("D{scale}/{unscaled}"),
        Value::Bytes('x', text) => format!("x{}", octets(text)),
        Value::Bytes(_, text) => octets(text),
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(self::value).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Table(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(name, entry)| format!("{}: {}", key(name), self::value(entry)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Void => String::from("V"),
    }
}

/// ` name=value` pairs; false bits, empty strings and zeros are left out where `sparse`.
pub(crate) fn fields(fields: &[(&'static str, Value)], sparse: bool) -> String {
    let mut out = String::new();
    for (name, field) in fields {
        let empty = match field {
            Value::Bool(octet) => *octet == 0,
            Value::Bytes(_, text) => text.is_empty(),
            Value::Table(entries) => entries.is_empty(),
            _ => false,
        };
        match field {
            _ if empty && sparse => {}
            Value::Bool(1) => out.push_str(&format!(" {name}")),
            _ => out.push_str(&format!(" {name}={}", value(field))),
        }
    }
    out
}

fn key(name: &[u8]) -> String {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
    if !name.is_empty() && name.iter().all(plain) {
        String::from_utf8_lossy(name).into_owned()
    } else {
        octets(name)
    }
}
