//! Compares what a script expects with what was heard.

use super::syntax::Sentence;
use super::term::{Captures, Term};
use super::value::Value;
use super::wire::{Content, Heard};

/// The channel a sentence is about when the line does not say.
pub(crate) fn default_channel(sentence: &Sentence) -> u16 {
    let name = sentence.name.as_str();
    u16::from(!(name.starts_with("connection.") || matches!(name, "heartbeat" | "frame")))
}

/// Whether `heard` is what `sentence` on `channel` describes; captures names on success.
///
/// # Errors
/// Says in words what differs.
pub(crate) fn check(
    sentence: &Sentence,
    channel: u16,
    heard: &Heard,
    captures: &mut Captures,
) -> Result<(), String> {
    match (sentence.name.as_str(), heard) {
        ("closed", Heard::Closed) | ("heartbeat", Heard::Heartbeat) => Ok(()),
        (
            wanted,
            Heard::Method {
                channel: on,
                name,
                fields,
                content,
            },
        ) => {
            if wanted != *name {
                return Err(format!("{name} instead of {wanted}"));
            }
            if *on != channel {
                return Err(format!("on channel {on} instead of {channel}"));
            }
            let mut trial = captures.clone();
            check_fields(sentence, fields, &mut trial)?;
            check_content(sentence, content.as_ref(), &mut trial)?;
            *captures = trial;
            Ok(())
        }
        (wanted, Heard::Closed) => Err(format!("the connection was closed instead of {wanted}")),
        (wanted, Heard::Heartbeat) => Err(format!("heartbeat instead of {wanted}")),
        (_, Heard::Odd(what)) => Err(what.clone()),
    }
}

fn check_fields(
    sentence: &Sentence,
    fields: &[(&'static str, Value)],
    captures: &mut Captures,
) -> Result<(), String> {
    for (name, value) in fields {
        let result = match sentence.arg(name) {
            Some(term) => term.check(Some(value), captures, sentence.exactly),
            None if sentence.exactly && !is_empty(value) => Err(String::from("is not empty")),
            None => Ok(()),
        };
        result.map_err(|problem| format!("{name} {problem}"))?;
    }
    Ok(())
}

fn check_content(
    sentence: &Sentence,
    content: Option<&Content>,
    captures: &mut Captures,
) -> Result<(), String> {
    let Some(content) = content else {
        return Ok(());
    };
    if let Some(term) = sentence.arg("body") {
        let body = Value::Bytes('S', content.body.clone());
        let term = match term {
            Term::Zeros(len) => &Term::Text(None, vec![0; *len]),
            other => other,
        };
        term.check(Some(&body), captures, true)
            .map_err(|problem| format!("body {problem}"))?;
    }
    if let Some(term) = sentence.arg("frames") {
        let frames = content
            .frames
            .iter()
            .map(|len| Value::Int('#', *len as i128))
            .collect();
        term.check(Some(&Value::Array(frames)), captures, true)
            .map_err(|problem| format!("frames {problem}"))?;
    }
    for (name, term) in &sentence.properties {
        let found = content
            .properties
            .iter()
            .find(|(property, _)| property == name);
        term.check(found.map(|(_, value)| value), captures, sentence.exactly)
            .map_err(|problem| format!("{name} {problem}"))?;
    }
    let named = |name: &str| {
        sentence
            .properties
            .iter()
            .any(|(property, _)| property == name)
    };
    match content
        .properties
        .iter()
        .find(|(name, _)| sentence.exactly && !named(name))
    {
        Some((name, _)) => Err(format!("has the property {name} too")),
        None => Ok(()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Bool(octet) => *octet == 0,
        Value::Int(_, number) => *number == 0,
        Value::Bytes(_, octets) => octets.is_empty(),
        Value::Table(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Finds an order in which every sentence has its own heard frame.
///
/// # Errors
/// When there is none.
pub(crate) fn check_any_order(
    sentences: &[(u16, &Sentence)],
    heard: &[Heard],
    captures: &mut Captures,
) -> Result<(), String> {
    let Some(((channel, sentence), rest)) = sentences.split_first() else {
        return Ok(());
    };
    let mut problems = Vec::new();
    for (index, candidate) in heard.iter().enumerate() {
        let mut trial = captures.clone();
        let mut others = heard.to_vec();
        others.remove(index);
        let result = check(sentence, *channel, candidate, &mut trial)
            .and_then(|()| check_any_order(rest, &others, &mut trial));
        match result {
            Ok(()) => {
                *captures = trial;
                return Ok(());
            }
            Err(problem) => problems.push(problem),
        }
    }
    Err(problems.join("; "))
}
