//! Queues: lists of them.

use serde_json::Value;

use super::ask;
use super::columns::{self, Column, atom, atoms, check, columns, key, table};
use super::connections;
use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section};
use crate::failure::Failure;
use crate::line::{Line, Switch};
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::Tool;

pub(super) const ROWS: &[Command] = &[Command {
    name: "list_queues",
    tools: &[Tool::Ctl, Tool::Diagnostics],
    section: Section::Observability,
    about: "Lists queues and what is known of each",
    usage: "[--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] \
        [<column>, ...] [--timeout <timeout>]",
    details: &[
        (
            "<column>",
            "one of arguments, auto_delete, consumer_capacity, consumer_utilisation, consumers, \
             disk_reads, disk_writes, durable, effective_policy_definition, exclusive, \
             exclusive_consumer_pid, exclusive_consumer_tag, head_message_timestamp, leader, \
             members, memory, message_bytes, message_bytes_persistent, message_bytes_ram, \
             message_bytes_ready, message_bytes_unacknowledged, messages, messages_persistent, \
             messages_ram, messages_ready, messages_ready_ram, messages_unacknowledged, \
             messages_unacknowledged_ram, name, online, operator_policy, owner_pid, pid, policy, \
             state, type",
        ),
        ("--online", "only queues of nodes that run"),
        ("--offline", "only queues of nodes that are down"),
        ("--local", "only queues of this node"),
    ],
    switches: &[
        Switch::flag("online"),
        Switch::flag("offline"),
        Switch::flag("local"),
    ],
    timeout: Some(60),
    formatter: Formatter::Table,
    validate: |line| check(line, QUEUE_COLUMNS),
    banner: |call| {
        let mut lines: Vec<String> = time_limit(call).into_iter().collect();
        lines.push(format!("Listing queues for vhost {} ...", call.vhost()));
        lines
    },
    run: list_queues,
    ..COMMAND
}];

/// The line that lists with an end begin with.
pub(super) fn time_limit(call: &Call<'_>) -> Option<String> {
    let seconds = call.client.timeout_ms()? / 1000;
    Some(format!("Timeout: {seconds}.0 seconds ..."))
}

const QUEUE_COLUMNS: &[Column] = columns![
    "arguments": |queue| table(queue, "arguments"),
    "auto_delete",
    "consumer_capacity": |queue| of_classic(queue, "consumer_capacity"),
    "consumer_utilisation": |queue| of_classic(queue, "consumer_utilisation"),
    "consumers",
    "disk_reads": of_classic_queues,
    "disk_writes": of_classic_queues,
    "durable",
    "effective_policy_definition",
    "exclusive": |queue| match is_classic(queue) {
        true => key(queue, "exclusive"),
        false => Term::unknown(),
    },
    "exclusive_consumer_pid": |_| Term::unknown(),
    "exclusive_consumer_tag",
    "head_message_timestamp",
    "leader": |queue| match queue.get("leader") {
        Some(_) => atom(queue, "leader"),
        None => atom(queue, "node"),
    },
    "members": |queue| match queue.get("members") {
        Some(_) => atoms(queue, "members"),
        None => Term::List(vec![atom(queue, "node")]),
    },
    "memory",
    "message_bytes": |queue| of_classic(queue, "message_bytes"),
    "message_bytes_persistent": |queue| of_classic(queue, "message_bytes_persistent"),
    "message_bytes_ram": |queue| of_classic(queue, "message_bytes_ram"),
    "message_bytes_ready": |queue| of_classic(queue, "message_bytes_ready"),
    "message_bytes_unacknowledged": |queue| of_classic(queue, "message_bytes_unacknowledged"),
    "messages",
    "messages_persistent": |queue| of_classic(queue, "messages_persistent"),
    "messages_ram",
    "messages_ready",
    "messages_ready_ram",
    "messages_unacknowledged",
    "messages_unacknowledged_ram",
    "name",
    "online": |queue| atoms(queue, "online"),
    "operator_policy",
    "owner_pid",
    "pid": |queue| match queue.get("type").and_then(Value::as_str) {
        Some("stream") | None => Term::unknown(),
        Some(_) => connections::stand_in(ask::text(queue, "node"), 0, ask::text(queue, "name")),
    },
    "policy",
    "state": |queue| atom(queue, "state"),
    "type": |queue| atom(queue, "type"),
];

const DEFAULT: &[&str] = &["name", "messages"];

/// What the short list of the API lacks.
const DETAILS: &[&str] = &[
    "policy",
    "operator_policy",
    "exclusive_consumer_tag",
    "head_message_timestamp",
    "owner_pid",
];

fn is_classic(queue: &Value) -> bool {
    queue.get("type").and_then(Value::as_str) == Some("classic")
}

/// What RabbitMQ's tool shows of classic queues only, though its API knows it of others.
fn of_classic(queue: &Value, name: &str) -> Term {
    match is_classic(queue) {
        true => key(queue, name),
        false => Term::unknown(),
    }
}

/// Reads and writes are not counted for each queue.
fn of_classic_queues(queue: &Value) -> Term {
    match is_classic(queue) {
        true => Term::Int(0),
        false => Term::unknown(),
    }
}

fn list_queues(call: &mut Call<'_>) -> Result<Output, Failure> {
    let line: &Line = call.line;
    // All queues of this one node are there while it is.
    if line.has("offline") && !line.has("online") {
        return Ok(columns::list(line, QUEUE_COLUMNS, DEFAULT, &[]));
    }
    if call.client.timeout_ms() == Some(0) {
        return Err(call.client.late());
    }
    let vhost = line.vhost();
    let detailed = columns::wants(line, DEFAULT, DETAILS);
    let reply = match detailed {
        true => call.client.get("/queues/detailed")?,
        false => call.client.get(&path(&["queues", vhost]))?,
    };
    // A vhost that is not there has no queues. Seen: RabbitMQ 4.3.6.
    if reply.status == 404 {
        return Ok(columns::list(line, QUEUE_COLUMNS, DEFAULT, &[]));
    }
    let queues = reply.items()?;
    let of_vhost =
        |queue: &&Value| !detailed || queue.get("vhost").and_then(Value::as_str) == Some(vhost);
    let queues = queues.iter().filter(of_vhost);
    Ok(columns::list(line, QUEUE_COLUMNS, DEFAULT, queues))
}
