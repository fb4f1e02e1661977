//! What is shown of members and of messages.

use serde_json::{Value, json};

use super::{kind_or, missing_in};
use crate::client::path;
use crate::command::Call;
use crate::commands::ask;
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::term::Term;

pub(super) fn quorum_status(call: &mut Call<'_>) -> Result<Output, Failure> {
    let (vhost, queue) = (call.vhost().to_owned(), call.word(0).to_owned());
    let missing = || {
        let text = format!("queue '{queue}' was not found in virtual host '{vhost}'");
        Failure::plain(code::DATA, text)
    };
    let kind = kind_or(call, missing)?;
    if kind != "quorum" {
        let text = format!("{{:unsupported, :rabbit_{kind}_queue}}");
        return Err(Failure::error(code::UNAVAILABLE, text));
    }
    let at = path(&["queues", "quorum", &vhost, &queue, "status"]);
    let members = call.client.get(&at)?.items()?;
    Ok(Output::rows(&MEMBER, ask::rows(&members, &MEMBER)))
}

const MEMBER: [&str; 10] = [
    "Node Name",
    "Raft State",
    "Membership",
    "Last Log Index",
    "Last Written",
    "Last Applied",
    "Commit Index",
    "Snapshot Index",
    "Term",
    "Machine Version",
];

pub(super) fn stream_status(call: &mut Call<'_>) -> Result<Output, Failure> {
    let kind = kind_or(call, ask::no_object)?;
    if kind != "stream" {
        let text = format!("Cannot get stream status of a {kind} queue");
        return Err(Failure::error(code::UNAVAILABLE, text));
    }
    if call.line.has("tracking") {
        return Ok(nothing());
    }
    let at = path(&["queues", call.vhost(), call.word(0)]);
    let queue = call.client.get(&at)?.value()?;
    let number = |field: &str| queue.get(field).and_then(Value::as_i64).unwrap_or_default();
    let last = number("messages") - 1;
    let row = vec![
        Term::atom("writer"),
        Term::atom(call.node()),
        Term::Int(1),
        Term::Int(last),
        Term::Int(last),
        Term::Int(last),
        Term::Int(0),
        Term::Int(number("consumers")),
        Term::Int(1),
    ];
    let columns = [
        "role",
        "node",
        "epoch",
        "offset",
        "committed_offset",
        "committed_chunk_id",
        "first_offset",
        "readers",
        "segments",
    ];
    Ok(Output::rows(&columns, vec![row]))
}

/// The only member of what there is once on a node.
pub(super) fn only_member(call: &mut Call<'_>) -> Result<Output, Failure> {
    let mut row = vec![
        Term::atom(call.node()),
        Term::atom("leader"),
        Term::atom("voter"),
    ];
    row.resize(MEMBER.len(), Term::Int(0));
    Ok(Output::rows(&MEMBER, vec![row]))
}

/// Octets of a payload that are shown.
const PEEKED_BYTES: usize = 64;

pub(super) fn peek(call: &mut Call<'_>) -> Result<Output, Failure> {
    let vhost = call.vhost().to_owned();
    let kind = kind_or(call, || missing_in(&vhost))?;
    if kind != "quorum" {
        let text = format!("Cannot peek into a {kind} queue");
        return Err(Failure::error(code::UNAVAILABLE, text));
    }
    let place: usize = call.word(1).parse().unwrap_or(usize::MAX);
    let queue = path(&["queues", &vhost, call.word(0)]);
    let found = call.client.get(&queue)?.value()?;
    let ready = found
        .get("messages_ready")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    // Nothing is got, and put back, for a place that is not there.
    let beyond = || {
        let text = "Target queue does not have a message at that position";
        Failure::error(code::UNAVAILABLE, text)
    };
    if u64::try_from(place).is_ok_and(|place| place > ready) {
        return Err(beyond());
    }
    let at = format!("{queue}/get");
    let wish = json!({"count": place, "ackmode": "ack_requeue_true", "encoding": "auto"});
    let messages = call.client.post(&at, &wish)?.items()?;
    let Some(message) = messages.get(place - 1) else {
        return Err(beyond());
    };
    let properties = message.get("properties").and_then(Value::as_object);
    let mut pairs: Vec<(String, Term)> = Vec::new();
    for (name, value) in properties.into_iter().flatten() {
        match (name.as_str(), value.as_object()) {
            ("headers", Some(headers)) => pairs.extend(
                headers
                    .iter()
                    .map(|(name, value)| (format!("header.{name}"), Term::of_json(value))),
            ),
            _ => pairs.push((name.clone(), Term::of_json(value))),
        }
    }
    let payload: String = ask::text(message, "payload")
        .chars()
        .take(PEEKED_BYTES)
        .collect();
    let key = Term::text(ask::text(message, "routing_key"));
    pairs.push(("routing_keys".to_owned(), Term::List(vec![key])));
    pairs.push(("exchange".to_owned(), ask::term(message, "exchange")));
    pairs.push(("payload (max 64 bytes)".to_owned(), Term::text(payload)));
    if call.line.is_json() {
        let object = Term::Map(pairs).to_json();
        return Ok(Output::Both {
            text: String::new(),
            value: Term::of_json(&object),
            json: Some(json!({"message": object, "result": "ok"})),
        });
    }
    let rows = pairs
        .into_iter()
        .map(|(key, value)| vec![Term::text(key), value]);
    Ok(Output::rows(&["keys", "values"], rows.collect()))
}

/// An empty list, as frames show it.
pub(super) fn nothing() -> Output {
    Output::Both {
        text: "[]".to_owned(),
        value: Term::atom("[]"),
        json: Some(json!([])),
    }
}
