//! Exchanges and bindings, and what is done to a queue.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/lists.ctl`.

use serde_json::Value;

use super::ask;
use super::columns::{self, Column, atom, columns, key, table};
use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section, one_word};
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::WATCHED;

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "list_exchanges",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists the exchanges of a vhost",
        usage: "[--vhost <vhost>] [--no-table-headers] [<column> ...] [--timeout <timeout>]",
        details: &[(
            "<column>",
            "one of arguments, auto_delete, durable, internal, name, policy, type",
        )],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, EXCHANGE),
        banner: |call| vec![format!("Listing exchanges for vhost {} ...", call.vhost())],
        run: |call| {
            let all = of_vhost(call, "exchanges")?;
            Ok(columns::list(call.line, EXCHANGE, &["name", "type"], &all))
        },
        ..COMMAND
    },
    Command {
        name: "list_bindings",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists the bindings of a vhost",
        usage: "[--vhost <vhost>] [--no-table-headers] [<column> ...] [--timeout <timeout>]",
        details: &[(
            "<column>",
            "one of arguments, destination_kind, destination_name, routing_key, source_kind, \
             source_name",
        )],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, BINDING),
        banner: |call| vec![format!("Listing bindings for vhost {}...", call.vhost())],
        run: |call| {
            let all = of_vhost(call, "bindings")?;
            let default = &[
                "source_name",
                "source_kind",
                "destination_name",
                "destination_kind",
                "routing_key",
                "arguments",
            ];
            Ok(columns::list(call.line, BINDING, default, &all))
        },
        ..COMMAND
    },
    Command {
        name: "list_unresponsive_queues",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists queues that do not answer in time",
        usage: "[--local] [--queue-timeout <seconds>] [<column> ...] [--no-table-headers] \
                [--timeout <timeout>]",
        switches: &[Switch::flag("local"), Switch::whole("queue-timeout")],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, UNRESPONSIVE),
        banner: |call| {
            vec![format!(
                "Listing unresponsive queues for vhost {} ...",
                call.vhost()
            )]
        },
        // A queue is no process that could hang by itself: a broker that answers has none.
        run: |call| {
            call.client.get("/leveret")?;
            Ok(columns::list(call.line, UNRESPONSIVE, &["name"], &[]))
        },
        ..COMMAND
    },
    Command {
        name: "purge_queue",
        section: Section::Queues,
        about: "Removes the ready messages of a queue",
        usage: "<queue> [--timeout <timeout>]",
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Purging queue '{}' in vhost '{}' ...",
                call.word(0),
                call.vhost()
            )]
        },
        run: purge,
        ..COMMAND
    },
    Command {
        name: "delete_queue",
        section: Section::Queues,
        about: "Deletes a queue",
        usage: "[--vhost <vhost>] <queue_name> [--if-empty|-e] [--if-unused|-u] [--force] \
                [--timeout <timeout>]",
        details: &[
            ("--if-empty", "only if it has no messages"),
            ("--if-unused", "only if it has no consumers"),
            ("--force", "even if its node is down"),
        ],
        switches: &[
            Switch::flag("if-empty").short('e'),
            Switch::flag("if-unused").short('u'),
            Switch::flag("force"),
        ],
        validate: one_word,
        banner: |call| {
            let conditions: Vec<&str> = [
                ("if-empty", "if queue is empty "),
                ("if-unused", "if queue is unused "),
            ]
            .into_iter()
            .filter_map(|(flag, text)| call.line.has(flag).then_some(text))
            .collect();
            vec![format!(
                "Deleting queue '{}' on vhost '{}' {}...",
                call.word(0),
                call.vhost(),
                conditions.join("and ")
            )]
        },
        run: delete,
        ..COMMAND
    },
];

const EXCHANGE: &[Column] = columns![
    "arguments": |one| table(one, "arguments"),
    "auto_delete",
    "durable",
    "internal",
    "name",
    "policy",
    "type": |one| atom(one, "type"),
];

const BINDING: &[Column] = columns![
    "arguments": |one| table(one, "arguments"),
    "destination_kind": |one| atom(one, "destination_type"),
    "destination_name": |one| key(one, "destination"),
    "routing_key",
    "source_kind": |_| Term::atom("exchange"),
    "source_name": |one| key(one, "source"),
];

const UNRESPONSIVE: &[Column] = columns!["arguments", "auto_delete", "durable", "name", "pid"];

/// The objects of a kind in a vhost; one that is not there has none.
fn of_vhost(call: &mut Call<'_>, kind: &str) -> Result<Vec<Value>, Failure> {
    let reply = call.client.get(&path(&[kind, call.line.vhost()]))?;
    match reply.status {
        404 => Ok(Vec::new()),
        _ => reply.items(),
    }
}

fn purge(call: &mut Call<'_>) -> Result<Output, Failure> {
    let queue = path(&["queues", call.vhost(), call.word(0)]);
    let reply = call.client.get(&format!("{queue}?columns=type"))?;
    if reply.status == 404 {
        return Err(ask::no_object());
    }
    if ask::text(&reply.value()?, "type") == "stream" {
        return Err(Failure::error(code::UNAVAILABLE, "not_supported"));
    }
    call.client.delete(&format!("{queue}/contents"))?.done()?;
    Ok(Output::Nothing)
}

fn delete(call: &mut Call<'_>) -> Result<Output, Failure> {
    let (vhost, name) = (call.vhost().to_owned(), call.word(0).to_owned());
    let queue = path(&["queues", &vhost, &name]);
    let missing = || Failure::error(code::USAGE, "No such queue was found");
    let reply = call.client.get(&queue)?;
    if reply.status == 404 {
        return Err(missing());
    }
    let found = reply.value()?;
    let ready = found
        .get("messages_ready")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let (if_empty, if_unused) = (call.line.has("if-empty"), call.line.has("if-unused"));
    let kind = ask::text(&found, "type");
    if kind != "classic" && (if_empty || if_unused) {
        let flag = if if_unused { "if-unused" } else { "if-empty" };
        let text = format!(
            "cannot delete queue '{name}' in vhost '{vhost}'. queue.delete operations with {flag} \
             flag set are not supported by {kind} queues"
        );
        return Err(amqp_error("not_implemented", &text));
    }
    let reply = call.client.delete(&format!(
        "{queue}?if-empty={if_empty}&if-unused={if_unused}"
    ))?;
    match reply.status {
        404 => Err(missing()),
        400 => {
            let text = reply.reason();
            let text = text.trim_start_matches("PRECONDITION_FAILED - ").to_owned();
            Err(amqp_error("precondition_failed", &text))
        }
        _ => {
            reply.done()?;
            Ok(Output::said(format!(
                "Queue was successfully deleted with {ready} ready messages"
            )))
        }
    }
}

/// An error of the protocol as Elixir prints it.
fn amqp_error(name: &str, text: &str) -> Failure {
    Failure::error(
        code::UNAVAILABLE,
        format!("{{:amqp_error, :{name}, ~c\"{text}\", :none}}"),
    )
}
