//! Values of JSON in Erlang's words, broken into lines as Erlang does.

use serde_json::Value as Json;

use crate::queue::arguments::binary;

/// Columns that a line of a term has at most.
///
/// Seen: RabbitMQ 4.3.6, settings that are not recognised, with names of 66 and 67 octets.
const LINE_MAX: usize = 78;

/// A value on one line.
pub(crate) fn of(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(bit) => bit.to_string(),
        Json::Number(number) if number.is_f64() => float(number.as_f64().unwrap_or_default()),
        Json::Number(number) => number.to_string(),
        Json::String(text) => string(text),
        Json::Array(items) => list(items),
        Json::Object(fields) => {
            let field =
                |(key, value): (&String, &Json)| format!("{} => {}", string(key), of(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("#{{{}}}", fields.join(","))
        }
    }
}

/// `[{<<"key">>,value},…]`: on one line if there is room, else one element to a line.
pub(crate) fn settings<'a>(fields: impl Iterator<Item = (&'a String, &'a Json)>) -> String {
    let fields: Vec<(String, String)> = fields
        .map(|(key, value)| (string(key), of(value)))
        .collect();
    let flat: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("{{{key},{value}}}"))
        .collect();
    let line = format!("[{}]", flat.join(","));
    if line.chars().count() <= LINE_MAX {
        return line;
    }
    // The comma or bracket behind an element needs its room too.
    let broken: Vec<String> = fields
        .iter()
        .map(|(key, value)| pair(key, value, 1, 1))
        .collect();
    format!("[{}]", broken.join(",\n "))
}

/// `{first,second}` behind `column` characters and before `rest` more, on two lines if one is
/// too short.
pub(crate) fn pair(first: &str, second: &str, column: usize, rest: usize) -> String {
    let line = format!("{{{first},{second}}}");
    if column + line.chars().count() + rest <= LINE_MAX {
        return line;
    }
    let indent = column + 1;
    format!("{{{first},\n{:indent$}{second}}}", "")
}

/// A text as a binary: `<<"text">>`.
pub(crate) fn string(text: &str) -> String {
    if text.is_empty() {
        return "<<>>".to_owned();
    }
    if text.is_ascii() {
        return binary(text.as_bytes());
    }
    format!("<<\"{text}\"/utf8>>")
}

/// A list of the codes of printable characters is a text for Erlang.
fn list(items: &[Json]) -> String {
    let character = |item: &Json| {
        let code = item.as_u64().and_then(|code| u8::try_from(code).ok())?;
        matches!(code, b' '..=b'~').then_some(char::from(code))
    };
    let text: Option<String> = items.iter().map(character).collect();
    match text {
        Some(text) if !text.is_empty() => format!("{text:?}"),
        _ => {
            let items: Vec<String> = items.iter().map(of).collect();
            format!("[{}]", items.join(","))
        }
    }
}

fn float(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => {
            format!("{mantissa}.0e{exponent}")
        }
        _ => text,
    }
}
