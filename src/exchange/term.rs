//! Values as RabbitMQ's error texts show them: in Erlang's own notation.
//!
//! Owns the notation; does not know which value is wrong or why.
//! Seen: RabbitMQ 4.3.6, texts of refused declarations and bindings.

use std::fmt::{self, Display, Formatter, Write};

use leveret_codec::table::{Table, Value};

use crate::erlang::{escape, is_printable};

const EXACT_INTEGERS_END: f64 = 9_007_199_254_740_992.0;

/// A value in Erlang's notation: `<<"foo">>`, `1.5`, `[{<<"a">>,signedint,1}]`.
pub(super) struct Term<'a>(pub(super) &'a Value);

impl Display for Term<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Bool(truth) => write!(out, "{truth}"),
            Value::I8(number) => write!(out, "{number}"),
            Value::U8(number) => write!(out, "{number}"),
            Value::I16(number) => write!(out, "{number}"),
            Value::U16(number) => write!(out, "{number}"),
            Value::I32(number) => write!(out, "{number}"),
            Value::U32(number) => write!(out, "{number}"),
            Value::I64(number) => write!(out, "{number}"),
            Value::Timestamp(seconds) => write!(out, "{seconds}"),
            Value::F32(number) => write_float(out, f64::from(*number)),
            Value::F64(number) => write_float(out, *number),
            Value::Decimal { scale, value } => write!(out, "{{{scale},{value}}}"),
            Value::LongStr(octets) | Value::Bytes(octets) => Binary(octets).fmt(out),
            Value::Array(values) => write_array(out, values),
            Value::Table(table) => write_table(out, table),
            Value::Void => out.write_str("undefined"),
        }
    }
}

fn write_array(out: &mut Formatter<'_>, values: &[Value]) -> fmt::Result {
    out.write_char('[')?;
    for (position, value) in values.iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        write!(out, "{comma}{{{},{}}}", value.type_name(), Term(value))?;
    }
    out.write_char(']')
}

fn write_table(out: &mut Formatter<'_>, table: &Table) -> fmt::Result {
    out.write_char('[')?;
    for (position, (key, value)) in table.iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        write!(
            out,
            "{comma}{{{},{},{}}}",
            Binary(key),
            value.type_name(),
            Term(value)
        )?;
    }
    out.write_char(']')
}

/// The shorter of the two notations, always with a point: `100.0`, `1.0e30`. From 2^53 on, where
/// not every integer has a float, always the scientific one.
fn write_float(out: &mut Formatter<'_>, number: f64) -> fmt::Result {
    let scientific = format!("{number:e}");
    let scientific = match scientific.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => scientific,
    };
    let plain = format!("{number}");
    let plain = if plain.contains('.') {
        plain
    } else {
        format!("{plain}.0")
    };
    let is_scientific = scientific.len() < plain.len() || number.abs() >= EXACT_INTEGERS_END;
    out.write_str(if is_scientific { &scientific } else { &plain })
}

/// Octets in Erlang's notation: as text if all of it can be printed (as UTF-8 or else as Latin-1),
/// otherwise number by number.
pub(super) struct Binary<'a>(pub(super) &'a [u8]);

impl Display for Binary<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok("") => out.write_str("<<>>"),
            Ok(text) if text.chars().all(is_printable) => write_text(
                out,
                text.chars(),
                if text.is_ascii() { "" } else { "/utf8" },
            ),
            Err(_) if self.latin_1().all(is_printable) => write_text(out, self.latin_1(), ""),
            _ => {
                out.write_str("<<")?;
                for (position, octet) in self.0.iter().enumerate() {
                    let comma = if position == 0 { "" } else { "," };
                    write!(out, "{comma}{octet}")?;
                }
                out.write_str(">>")
            }
        }
    }
}

impl Binary<'_> {
    /// The text of the octets, each taken for a character.
    fn latin_1(&self) -> impl Iterator<Item = char> {
        self.0.iter().copied().map(char::from)
    }
}

fn write_text(
    out: &mut Formatter<'_>,
    mut characters: impl Iterator<Item = char>,
    suffix: &str,
) -> fmt::Result {
    out.write_str("<<\"")?;
    characters.try_for_each(|character| write_character(out, character))?;
    write!(out, "\"{suffix}>>")
}

fn write_character(out: &mut Formatter<'_>, character: char) -> fmt::Result {
    match escape(character) {
        Some(letter) => write!(out, "\\{letter}"),
        None => out.write_char(character),
    }
}

#[cfg(test)]
mod tests;
