//! How Erlang writes values: RabbitMQ's texts are full of them.
//!
//! Owns the notation; does not know which value is wrong or why.
//!
//! Seen: Erlang/OTP 29, `io_lib:format` with `~ts` and `~tp`; RabbitMQ 4.3.6, texts of refusals.

use std::borrow::Cow;

/// Erlang breaks a term that would reach beyond this column.
pub(crate) const COLUMN_MAX: usize = 78;
/// Parts of a term are indented by [`INDENT`] only up to this column, by 1 beyond.
const INDENT_COLUMN_MAX: usize = 35;
const INDENT: usize = 4;

/// Octets as a text, `~ts`: what they are in UTF-8, or else each octet as the character with its
/// number.
pub(crate) fn text(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}

/// The letter behind the backslash with which a character stands between quotes.
pub(crate) fn escape(character: char) -> Option<char> {
    Some(match character {
        '"' => '"',
        '\\' => '\\',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\u{1b}' => 'e',
        _ => return None,
    })
}

/// Whether a character can stand between quotes.
pub(crate) fn is_printable(character: char) -> bool {
    escape(character).is_some() || !character.is_control()
}

/// A text between quotes.
pub(crate) fn quoted(characters: impl Iterator<Item = char>) -> String {
    let mut text = "\"".to_owned();
    for character in characters {
        match escape(character) {
            Some(letter) => text.extend(['\\', letter]),
            None => text.push(character),
        }
    }
    text.push('"');
    text
}

/// A pair of a tag and a value that begins in `column`, `{tag,Value}`, broken behind the comma if
/// it does not fit the line.
pub(crate) fn pair(column: usize, tag: &str, value: &Value<'_>) -> String {
    let plain = value.plain();
    let len = tag.len() + plain.chars().count() + 3;
    if column + len <= COLUMN_MAX {
        return format!("{{{tag},{plain}}}");
    }
    let indent = column
        + if column <= INDENT_COLUMN_MAX {
            INDENT
        } else {
            1
        };
    format!("{{{tag},\n{:indent$}{}}}", "", value.broken(indent, plain))
}

/// A value in a [`pair`].
pub(crate) enum Value<'a> {
    /// The digits of a number.
    Digits(&'a str),
    /// A list of octets: a text if all of them are printable, otherwise numbers.
    List(&'a [u8]),
}

impl Value<'_> {
    /// The value in one line.
    fn plain(&self) -> String {
        match *self {
            Self::Digits(digits) => digits.to_owned(),
            Self::List(octets) if is_text(octets) => quoted(octets.iter().copied().map(char::from)),
            Self::List(octets) => {
                let numbers: Vec<String> = octets.iter().map(u8::to_string).collect();
                format!("[{}]", numbers.join(","))
            }
        }
    }

    /// The value where it begins in `column` of a line of its own. Only lists of numbers can be
    /// broken; a brace follows.
    fn broken(&self, column: usize, plain: String) -> String {
        match *self {
            Self::List(octets) if !is_text(octets) && column + plain.len() >= COLUMN_MAX => {
                lines_of_numbers(octets, column)
            }
            _ => plain,
        }
    }
}

fn is_text(octets: &[u8]) -> bool {
    octets.iter().copied().map(char::from).all(is_printable)
}

/// `[1,2,3]`, as many numbers in a line as fit.
fn lines_of_numbers(octets: &[u8], column: usize) -> String {
    let indent = column + 1;
    let mut text = "[".to_owned();
    let mut at = indent;
    for (position, octet) in octets.iter().enumerate() {
        // What follows the last one are the bracket and the pair's brace.
        let (behind, room) = if position + 1 == octets.len() {
            ("]", 2)
        } else {
            (",", 1)
        };
        let number = octet.to_string();
        if position > 0 && at + number.len() + room > COLUMN_MAX {
            text.push_str(&format!("\n{:indent$}", ""));
            at = indent;
        }
        at += number.len() + 1;
        text.push_str(&number);
        text.push_str(behind);
    }
    text
}

#[cfg(test)]
mod tests;
