//! What a script writes where a value stands: a value to send, or a pattern to expect.

use std::collections::BTreeMap;

use regex::Regex;

use super::render::{octets as show_octets, value as show};
use super::value::Value;

/// Names that a conversation has captured so far.
pub(crate) type Captures = BTreeMap<String, Value>;

/// One value or pattern of a script.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// `*`: anything, but present.
    Any,
    /// `absent`: must not be there.
    Absent,
    /// `$name`: captured where first expected, the captured value afterwards.
    Var(String),
    /// `~"regex"`: the whole string matches.
    Regex(String),
    /// `"text"`, `S"text"`, `x"octets"`; `${name}` inside stands for a captured string.
    Text(Option<char>, Vec<u8>),
    /// `zeros:131073`: that many zero octets.
    Zeros(usize),
    /// `5`, `I5`, `l-7`: without a letter any integer type is accepted, `I` is sent.
    Number(Option<char>, i128),
    /// `1.5`, `f1.5`, `d1.5`.
    Float(Option<char>, f64),
    /// `true`, `false`.
    Bool(bool),
    /// `t5`: a boolean with an unusual octet.
    RawBool(u8),
    /// `D2/314`: scale and unscaled value.
    Decimal(u8, u32),
    /// `V`.
    Void,
    /// `[a, b]`.
    Array(Vec<Term>),
    /// `{key: value, …}`.
    Table(Vec<(Vec<u8>, Term)>),
}

impl Term {
    /// The value this term stands for when it is sent.
    ///
    /// # Errors
    /// When the term is only a pattern, or names something not captured yet.
    pub(crate) fn to_value(&self, captures: &Captures) -> Result<Value, String> {
        Ok(match self {
            Self::Var(name) => captures
                .get(name)
                .cloned()
                .ok_or_else(|| format!("nothing captured as ${name}"))?,
            Self::Text(letter, text) => {
                Value::Bytes(letter.unwrap_or('S'), interpolate(text, captures)?)
            }
            Self::Zeros(len) => Value::Bytes('S', vec![0; *len]),
            Self::Number(letter, number) => Value::Int(letter.unwrap_or('I'), *number),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the script asks for 32 bits"
            )]
            Self::Float(Some('f'), number) => Value::F32(*number as f32),
            Self::Float(_, number) => Value::F64(*number),
            Self::Bool(flag) => Value::Bool(u8::from(*flag)),
            Self::RawBool(octet) => Value::Bool(*octet),
            Self::Decimal(scale, unscaled) => Value::Decimal(*scale, *unscaled),
            Self::Void => Value::Void,
            Self::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| item.to_value(captures))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Table(entries) => Value::Table(
                entries
                    .iter()
                    .map(|(key, term)| Ok((key.clone(), term.to_value(captures)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Self::Any | Self::Absent | Self::Regex(_) => {
                return Err(String::from("a pattern cannot be sent"));
            }
        })
    }

    /// Checks `found` against this pattern; `exactly` forbids table keys that are not named.
    ///
    /// # Errors
    /// Says in words what differs.
    pub(crate) fn check(
        &self,
        found: Option<&Value>,
        captures: &mut Captures,
        exactly: bool,
    ) -> Result<(), String> {
        let Some(value) = found else {
            return if matches!(self, Self::Absent) {
                Ok(())
            } else {
                Err(String::from("is not there"))
            };
        };
        match (self, value) {
            (Self::Absent, _) => Err(format!("is there: {}", show(value))),
            (Self::Any, _) => Ok(()),
            (Self::Var(name), _) => match captures.get(name) {
                Some(known) => same(known == value, value),
                None => {
                    captures.insert(name.clone(), value.clone());
                    Ok(())
                }
            },
            (Self::Regex(pattern), Value::Bytes(_, octets)) => {
                matches_regex(pattern, octets, captures)
            }
            (Self::Array(terms), Value::Array(items)) => {
                check_array(terms, items, captures, exactly)
            }
            (Self::Table(terms), Value::Table(entries)) => {
                check_table(terms, entries, captures, exactly)
            }
            (Self::Number(None, wanted), Value::Int(_, number)) => same(wanted == number, value),
            (Self::Text(None, text), Value::Bytes('S', octets)) => {
                same(&interpolate(text, captures)? == octets, value)
            }
            (Self::Bool(flag), Value::Bool(octet)) => same(*flag == (*octet != 0), value),
            (Self::Regex(_) | Self::Array(_) | Self::Table(_), _) => same(false, value),
            _ => same(&self.to_value(captures)? == value, value),
        }
    }
}

fn same(equal: bool, found: &Value) -> Result<(), String> {
    if equal {
        Ok(())
    } else {
        Err(format!("is {}", show(found)))
    }
}

fn check_array(
    terms: &[Term],
    items: &[Value],
    captures: &mut Captures,
    exactly: bool,
) -> Result<(), String> {
    if terms.len() != items.len() {
        return Err(format!("has {} items, not {}", items.len(), terms.len()));
    }
    for (index, (term, item)) in terms.iter().zip(items).enumerate() {
        term.check(Some(item), captures, exactly)
            .map_err(|problem| format!("[{index}] {problem}"))?;
    }
    Ok(())
}

fn check_table(
    terms: &[(Vec<u8>, Term)],
    entries: &[(Vec<u8>, Value)],
    captures: &mut Captures,
    exactly: bool,
) -> Result<(), String> {
    for (key, term) in terms {
        let found = entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value);
        term.check(found, captures, exactly)
            .map_err(|problem| format!("{} {problem}", show_octets(key)))?;
    }
    if let Some((key, _)) = entries
        .iter()
        .find(|(key, _)| exactly && !terms.iter().any(|(name, _)| name == key))
    {
        return Err(format!("has {} too", show_octets(key)));
    }
    Ok(())
}

fn matches_regex(pattern: &str, octets: &[u8], captures: &Captures) -> Result<(), String> {
    let pattern = interpolate(pattern.as_bytes(), captures)?;
    let pattern = String::from_utf8(pattern).map_err(|error| error.to_string())?;
    let regex = Regex::new(&format!("^(?s:{pattern})$")).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(octets);
    if regex.is_match(&text) {
        Ok(())
    } else {
        Err(format!("is {}", show_octets(octets)))
    }
}

/// `${name}` replaced by the captured string or number.
fn interpolate(text: &[u8], captures: &Captures) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.windows(2).position(|pair| pair == b"${") {
        let (before, after) = rest.split_at(start);
        let end = after
            .iter()
            .position(|octet| *octet == b'}')
            .ok_or("${ without }")?;
        let name = String::from_utf8_lossy(after.get(2..end).unwrap_or_default()).into_owned();
        out.extend_from_slice(before);
        match captures.get(&name) {
            Some(Value::Bytes(_, octets)) => out.extend_from_slice(octets),
            Some(Value::Int(_, number)) => out.extend_from_slice(number.to_string().as_bytes()),
            _ => return Err(format!("no string captured as ${name}")),
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(out)
}
