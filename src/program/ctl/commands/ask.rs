//! What several commands ask of a node, and how refusals are worded.

use std::io::{self, BufRead as _, Write as _};

use serde_json::{Map, Value};

use crate::client::{Client, Reply, path};
use crate::command::Call;
use crate::failure::{Failure, code};
use crate::term::Term;

/// A field of an answer as a text; empty if there is none.
pub(super) fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A field as a term.
pub(super) fn term(of: &Value, field: &str) -> Term {
    of.get(field).map_or_else(Term::unknown, Term::of_json)
}

/// Rows of these fields, one for each item.
pub(super) fn rows(items: &[Value], fields: &[&str]) -> Vec<Vec<Term>> {
    let row = |item| fields.iter().map(|field| term(item, field)).collect();
    items.iter().map(row).collect()
}

/// Whether there is something at a path.
pub(super) fn is_there(client: &mut Client, path: &str) -> Result<bool, Failure> {
    let reply = client.get(path)?;
    match reply.status {
        404 => Ok(false),
        _ => reply.done().map(|()| true),
    }
}

/// The JSON that an argument is.
pub(super) fn json(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|_| {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let reason = format!("{{error,{{failed_to_decode_json,<<\"{quoted}\">>}}}}");
        Failure::error(
            code::UNAVAILABLE,
            format!("Could not parse JSON document: {reason}"),
        )
    })
}

/// An argument that must be a JSON object.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, Failure> {
    match json(text)? {
        Value::Object(fields) => Ok(fields),
        other => Err(Failure::error(
            code::UNAVAILABLE,
            format!("Expected a JSON object, actually was {other}"),
        )),
    }
}

/// A call in one vhost is refused if the vhost is not there.
pub(super) fn in_vhost(call: &Call<'_>, reply: Reply) -> Result<Reply, Failure> {
    match reply.status {
        404 => Err(Failure::no_vhost(call.vhost())),
        _ if reply.is_ok() => Ok(reply),
        _ => Err(refused(&reply)),
    }
}

/// A refusal in Erlang's words: exit code 69 and the reason.
pub(super) fn refused(reply: &Reply) -> Failure {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    match body.get("reason") {
        Some(Value::Array(items)) => Failure::error(code::UNAVAILABLE, tuple(items)),
        Some(Value::String(reason)) => Failure::error(code::UNAVAILABLE, reason.clone()),
        _ => reply.refusal(),
    }
}

/// A tuple as Elixir prints it, from the list that JSON has for it. Its first item is an atom.
fn tuple(items: &[Value]) -> String {
    let items = items.iter().enumerate().map(|(at, item)| match item {
        Value::String(name) if at == 0 => format!(":{name}"),
        other => elixir(other),
    });
    format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
}

fn elixir(value: &Value) -> String {
    let Value::Array(items) = value else {
        return value.to_string();
    };
    let letter = |item: &Value| char::from_u32(u32::try_from(item.as_u64()?).ok()?);
    let letters: Option<String> = items.iter().map(letter).collect();
    match letters {
        Some(letters) if !items.is_empty() => {
            format!(
                "~c\"{}\"",
                letters.replace('\\', "\\\\").replace('"', "\\\"")
            )
        }
        _ => {
            let items: Vec<String> = items.iter().map(elixir).collect();
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// The user of a name, which must be there: exit code 67 without.
pub(super) fn user(client: &mut Client, name: &str) -> Result<Value, Failure> {
    let reply = client.get(&path(&["users", name]))?;
    match reply.status {
        404 => Err(Failure::error(
            code::NO_USER,
            format!("User \"{name}\" does not exist"),
        )),
        _ => reply.value(),
    }
}

/// The word at a place, or a line of standard input, which is asked for.
pub(super) fn word_or_line(
    call: &Call<'_>,
    at: usize,
    asked: &str,
) -> Result<Option<String>, Failure> {
    if let Some(given) = call.line.words.get(at) {
        return Ok(Some(given.clone()));
    }
    let failed = |error: io::Error| Failure::error(code::IO, error.to_string());
    let mut out = io::stdout();
    // The answer of a person ends the line; elsewhere there must be one too.
    write!(out, "{asked}")
        .and_then(|()| out.flush())
        .map_err(failed)?;
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).map_err(failed)?;
    writeln!(out).map_err(failed)?;
    let line = line.trim_end_matches(['\n', '\r']).to_owned();
    Ok((read > 0).then_some(line))
}

/// What Erlang says of an unknown user, where no command says it better.
pub(super) fn no_such_user(name: &str) -> Failure {
    Failure::error(
        code::UNAVAILABLE,
        format!("{{:no_such_user, {}}}", Value::from(name)),
    )
}

/// Atoms, such as tags.
pub(super) fn atoms(value: Option<&Value>) -> Term {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    Term::List(items.filter_map(Value::as_str).map(Term::atom).collect())
}

/// A parameter or a policy that is not there.
pub(super) fn no_parameter() -> Failure {
    Failure::error(code::UNAVAILABLE, "Parameter does not exist")
}

/// A queue or an exchange that is not there.
pub(super) fn no_object() -> Failure {
    Failure::plain(
        code::DATA,
        "Object (queue, stream, exchange, etc) was not found",
    )
}
