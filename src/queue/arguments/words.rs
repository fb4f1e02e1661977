//! Values of arguments as RabbitMQ writes and compares them.

use leveret_codec::table::Value;

use crate::erlang;

/// Milliseconds of `7D`, `12h`, …: a number and a unit out of Y M D h m s, with 365 days to the
/// year and 30 to the month.
pub(crate) fn age_ms(text: &[u8]) -> Option<u64> {
    let (unit, number) = text.split_last()?;
    let seconds: u64 = match unit {
        b'Y' => 365 * 86_400,
        b'M' => 30 * 86_400,
        b'D' => 86_400,
        b'h' => 3_600,
        b'm' => 60,
        b's' => 1,
        _ => return None,
    };
    if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(number)
        .ok()?
        .parse()
        .unwrap_or(u64::MAX);
    Some(number.saturating_mul(seconds * 1000))
}

/// Whether two values of the argument `name` are the same: integers whatever their width, ages
/// whatever their unit.
pub(super) fn same(name: &str, one: &Value, other: &Value) -> bool {
    if let (Some(one), Some(other)) = (one.as_integer(), other.as_integer()) {
        return one == other;
    }
    match (age(name, one), age(name, other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn age(name: &str, value: &Value) -> Option<u64> {
    if name != "x-max-age" {
        return None;
    }
    age_ms(value.as_str()?)
}

/// The value in a text of an inequivalent argument.
pub(super) fn plain(name: &str, value: &Value) -> String {
    if let Some(ms) = age(name, value) {
        return ms.to_string();
    }
    match value.as_str() {
        Some(text) => erlang::text(text).into_owned(),
        None => term(value),
    }
}

/// A value without its type, in Erlang's words.
fn term(value: &Value) -> String {
    if let Some(number) = value.as_integer() {
        return number.to_string();
    }
    match value {
        Value::Bool(bit) => bit.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::Timestamp(seconds) => seconds.to_string(),
        Value::Decimal { scale, value } => format!("{{{scale},{value}}}"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(typed).collect();
            format!("[{}]", items.join(","))
        }
        Value::Table(table) => {
            let field = |(key, value): (&[u8], &Value)| {
                format!("{{{},{},{}}}", binary(key), value.type_name(), term(value))
            };
            let fields: Vec<String> = table.iter().map(field).collect();
            format!("[{}]", fields.join(","))
        }
        Value::LongStr(text) | Value::Bytes(text) => binary(text),
        _ => "undefined".to_owned(),
    }
}

/// A value with its type: `{longstr,<<"text">>}`.
pub(in crate::queue) fn typed(value: &Value) -> String {
    format!("{{{},{}}}", value.type_name(), term(value))
}

/// `<<"text">>`, or `<<1,2,255>>` for what is no printable Latin-1 text.
pub(crate) fn binary(octets: &[u8]) -> String {
    let printed: Option<String> = octets.iter().map(|octet| printable(*octet)).collect();
    let words = match printed {
        Some(text) if !text.is_empty() => format!("\"{text}\""),
        _ => {
            let numbers: Vec<String> = octets.iter().map(u8::to_string).collect();
            numbers.join(",")
        }
    };
    format!("<<{words}>>")
}

/// A character of Latin-1 as Erlang writes it between quotes.
fn printable(octet: u8) -> Option<String> {
    let character = char::from(octet);
    match erlang::escape(character) {
        Some(letter) => Some(format!("\\{letter}")),
        None => erlang::is_printable(character).then(|| character.into()),
    }
}
