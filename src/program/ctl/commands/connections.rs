//! Connections, their channels and consumers, and how connections are closed.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/connections.ctl`.

use serde_json::Value;

use super::ask;
use super::columns::{self, Column, atom, columns, key, table};
use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section, one_word, words};
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::WATCHED;

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "list_connections",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists connections",
        usage: "[--no-table-headers] [<column> ...] [--timeout <timeout>]",
        details: &[(
            "<column>",
            "one of auth_mechanism, channel_max, channels, client_properties, connected_at, \
             container_id, frame_max, host, name, peer_cert_issuer, peer_cert_serial_number, \
             peer_cert_subject, peer_cert_validity, peer_host, peer_port, pid, port, protocol, \
             recv_cnt, recv_oct, send_cnt, send_oct, send_pend, ssl, ssl_cipher, ssl_hash, \
             ssl_key_exchange, ssl_protocol, state, timeout, user, vhost",
        )],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, CONNECTION),
        banner: |_| vec!["Listing connections ...".to_owned()],
        run: |call| {
            let all = call.client.get("/connections")?.items()?;
            let default = &["user", "peer_host", "peer_port", "state"];
            Ok(columns::list(call.line, CONNECTION, default, &all))
        },
        ..COMMAND
    },
    Command {
        name: "list_channels",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists channels",
        usage: "[--no-table-headers] [<column> ...]",
        details: &[(
            "<column>",
            "one of acks_uncommitted, confirm, connection, consumer_count, \
             messages_unacknowledged, messages_uncommitted, messages_unconfirmed, name, number, \
             pid, prefetch_count, transactional, user, vhost",
        )],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, CHANNEL),
        banner: |_| vec!["Listing channels ...".to_owned()],
        run: |call| {
            let all = call.client.get("/channels")?.items()?;
            let default = &["pid", "user", "consumer_count", "messages_unacknowledged"];
            Ok(columns::list(call.line, CHANNEL, default, &all))
        },
        ..COMMAND
    },
    Command {
        name: "list_consumers",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists the consumers of a vhost",
        usage: "[--vhost <vhost>] [--no-table-headers] [<column> ...] [--timeout <timeout>]",
        details: &[(
            "<column>",
            "one of ack_required, active, activity_status, arguments, channel_pid, consumer_tag, \
             prefetch_count, queue_name",
        )],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, CONSUMER),
        banner: |call| vec![format!("Listing consumers in vhost {} ...", call.vhost())],
        run: list_consumers,
        ..COMMAND
    },
    Command {
        name: "close_connection",
        section: Section::Operations,
        about: "Closes the connection of a process that list_connections shows as its pid",
        usage: "<connection pid> <explanation>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            let (pid, reason) = (call.word(0), call.word(1));
            vec![format!("Closing connection {pid}, reason: {reason}...")]
        },
        run: close,
        ..COMMAND
    },
    Command {
        name: "close_all_connections",
        section: Section::Operations,
        about: "Closes the connections of a vhost, or of all",
        usage: "[--vhost <vhost> --limit <limit>] [-n <node> --global] \
                [--per-connection-delay <delay>] <explanation>",
        details: &[
            ("--limit <limit>", "closes no more than these"),
            ("--global", "those of all vhosts"),
            (
                "--per-connection-delay <delay>",
                "milliseconds to wait after each",
            ),
        ],
        switches: &[
            Switch::flag("global"),
            Switch::whole("limit"),
            Switch::whole("per-connection-delay"),
        ],
        validate: one_word,
        banner: |call| vec![closing_all(call)],
        run: close_all,
        ..COMMAND
    },
    Command {
        name: "close_all_user_connections",
        section: Section::Operations,
        about: "Closes the connections of a user",
        usage: "<username> <explanation>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            let (user, reason) = (call.word(0), call.word(1));
            vec![format!(
                "Closing connections of user {user}, reason: {reason}..."
            )]
        },
        run: |call| {
            let user = call.word(0).to_owned();
            let all = call.client.get("/connections?columns=name,user")?.items()?;
            let theirs = all.iter().filter(|one| ask::text(one, "user") == user);
            let reason = call.word(1).to_owned();
            for one in theirs {
                close_one(call, ask::text(one, "name"), &reason)?;
            }
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
];

const CONNECTION: &[Column] = columns![
    "auth_mechanism",
    "channel_max",
    "channels",
    "client_properties": |one| table(one, "client_properties"),
    "connected_at",
    "container_id",
    "frame_max",
    "host": |one| address(one, "host"),
    "name",
    "peer_cert_issuer",
    "peer_cert_serial_number",
    "peer_cert_subject",
    "peer_cert_validity",
    "peer_host": |one| address(one, "peer_host"),
    "peer_port",
    "pid": |one| pid(one, one, ask::text(one, "name")),
    "port",
    "protocol": |one| match ask::text(one, "protocol") {
        "AMQP 0-9-1" => Term::Tuple(vec![Term::Int(0), Term::Int(9), Term::Int(1)]),
        _ => key(one, "protocol"),
    },
    "recv_cnt",
    "recv_oct",
    "send_cnt",
    "send_oct",
    "send_pend",
    "ssl",
    "ssl_cipher",
    "ssl_hash",
    "ssl_key_exchange",
    "ssl_protocol",
    "state": |one| atom(one, "state"),
    "timeout",
    "user",
    "vhost",
];

const CHANNEL: &[Column] = columns![
    "acks_uncommitted",
    "confirm",
    "connection": |one| match one.get("connection_details") {
        Some(connection) => pid(one, connection, ask::text(connection, "name")),
        None => Term::unknown(),
    },
    "consumer_count",
    "messages_unacknowledged",
    "messages_uncommitted",
    "messages_unconfirmed",
    "name",
    "number",
    "pid": |one| match one.get("connection_details") {
        Some(connection) => pid(one, connection, ask::text(one, "name")),
        None => Term::unknown(),
    },
    "prefetch_count",
    "transactional",
    "user",
    "vhost",
];

/// In the order in which they are always shown.
const CONSUMER: &[Column] = columns![
    "queue_name": |one| one.get("queue").map_or_else(Term::unknown, |queue| key(queue, "name")),
    "channel_pid": |one| match one.get("channel_details") {
        Some(channel) => pid(channel, channel, ask::text(channel, "name")),
        None => Term::unknown(),
    },
    "consumer_tag",
    "ack_required",
    "prefetch_count",
    "active",
    "activity_status": |one| atom(one, "activity_status"),
    "arguments": |one| table(one, "arguments"),
];

/// An address of four numbers as Erlang has it.
fn address(one: &Value, field: &str) -> Term {
    let text = ask::text(one, field);
    let address: Result<std::net::IpAddr, _> = text.parse();
    let parts: Vec<Term> = match address {
        Ok(std::net::IpAddr::V4(v4)) => v4
            .octets()
            .iter()
            .map(|part| Term::Int((*part).into()))
            .collect(),
        Ok(std::net::IpAddr::V6(v6)) => v6
            .segments()
            .iter()
            .map(|part| Term::Int((*part).into()))
            .collect(),
        Err(_) => return key(one, field),
    };
    Term::Tuple(parts)
}

/// What stands for the process of a connection or a channel.
fn pid(of: &Value, peer: &Value, name: &str) -> Term {
    let port = peer
        .get("peer_port")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    stand_in(ask::text(of, "node"), port, name)
}

/// What stands for a process, of which there are none: a number of its owner's, such as a port, and
/// a mark of its name, which together no other of its kind has at the same time.
pub(super) fn stand_in(node: &str, number: u64, name: &str) -> Term {
    Term::Pid(format!("<{node}.1.{number}.{}>", mark(name)))
}

/// FNV-1a, of which 13 bits are kept: the serial numbers of Erlang's processes have as many.
fn mark(name: &str) -> u32 {
    let fold = |hash: u32, octet: u8| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811c_9dc5, fold);
    (hash ^ (hash >> 13)) & 0x1fff
}

fn list_consumers(call: &mut Call<'_>) -> Result<Output, Failure> {
    let reply = call.client.get(&path(&["consumers", call.line.vhost()]))?;
    let all = match reply.status {
        // A vhost that is not there has no consumers.
        404 => Vec::new(),
        _ => reply.items()?,
    };
    let default = &[
        "queue_name",
        "channel_pid",
        "consumer_tag",
        "ack_required",
        "prefetch_count",
        "active",
        "arguments",
    ];
    Ok(columns::in_order(call.line, CONSUMER, default, &all))
}

/// Closes the connection of a name; one that is gone is closed.
fn close_one(call: &mut Call<'_>, name: &str, reason: &str) -> Result<bool, Failure> {
    let reply = call
        .client
        .delete_because(&path(&["connections", name]), reason)?;
    match reply.status {
        404 => Ok(false),
        _ => reply.done().map(|()| true),
    }
}

/// `<node.1.2.3>`, or `<0.2.3>` of the node itself.
fn is_pid(text: &str) -> bool {
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'));
    let Some(inner) = inner else { return false };
    let mut parts = inner.rsplit('.');
    let is_number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u64>().is_ok());
    is_number(parts.next()) && is_number(parts.next()) && parts.next().is_some()
}

fn close(call: &mut Call<'_>) -> Result<Output, Failure> {
    let wanted = call.word(0).to_owned();
    if !is_pid(&wanted) {
        let quoted = Value::from(wanted);
        let text = format!("Error:\n{{:invalid_pid_syntax, {quoted}}}");
        return Err(Failure::error(code::UNAVAILABLE, text));
    }
    let all = call
        .client
        .get("/connections?columns=name,node,peer_port")?
        .items()?;
    let reason = call.word(1).to_owned();
    for one in &all {
        let name = ask::text(one, "name");
        if pid(one, one, name) == Term::Pid(wanted.clone()) {
            close_one(call, name, &reason)?;
        }
    }
    Ok(Output::Nothing)
}

fn closing_all(call: &Call<'_>) -> String {
    let reason = call.word(0);
    let limit = call.line.whole("limit").filter(|limit| *limit > 0);
    match (call.line.has("global"), limit) {
        (true, _) => format!(
            "Closing all connections to node {} (across all vhosts), reason: {reason}...",
            call.node()
        ),
        (false, None) => {
            format!(
                "Closing all connections in vhost {}, reason: {reason}...",
                call.vhost()
            )
        }
        (false, Some(limit)) => {
            format!(
                "Closing {limit} connections in vhost {}, reason: {reason}...",
                call.vhost()
            )
        }
    }
}

fn close_all(call: &mut Call<'_>) -> Result<Output, Failure> {
    let reason = call.word(0).to_owned();
    let is_global = call.line.has("global");
    let limit = call
        .line
        .whole("limit")
        .filter(|limit| *limit > 0 && !is_global);
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX);
    let delay = call.line.whole("per-connection-delay").unwrap_or_default();
    let delay = std::time::Duration::from_millis(u64::try_from(delay).unwrap_or_default());
    let mut all = call
        .client
        .get("/connections?columns=name,vhost")?
        .items()?;
    all.retain(|one| is_global || ask::text(one, "vhost") == call.vhost());
    let mut closed = 0;
    for one in all.iter().take(limit) {
        closed += usize::from(close_one(call, ask::text(one, "name"), &reason)?);
        std::thread::sleep(delay);
    }
    Ok(Output::said(format!("Closed {closed} connections")))
}
