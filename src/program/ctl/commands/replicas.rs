//! Quorum queues and streams: their members, of which there is one each on the only node.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/replicas.ctl`.

use regex::Regex;
use serde_json::{Value, json};

use super::ask;
use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section, no_words, one_word, words};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::Tool;

mod status;
pub(super) mod upgrade;

use status::{nothing, only_member, peek, quorum_status, stream_status};

const QUEUES: &[Tool] = &[Tool::Queues];
const STREAMS: &[Tool] = &[Tool::Streams];
const STATUS: &[Tool] = &[Tool::Diagnostics, Tool::Queues];

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "quorum_status",
        tools: STATUS,
        section: Section::Observability,
        about: "Shows the members of a quorum queue",
        usage: "[--vhost <vhost>] <queue>",
        formatter: Formatter::PrettyTable,
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Status of queue {} on node {} ...",
                call.word(0),
                call.node()
            )]
        },
        run: quorum_status,
        ..COMMAND
    },
    Command {
        name: "stream_status",
        tools: &[Tool::Diagnostics, Tool::Queues, Tool::Streams],
        section: Section::Observability,
        about: "Shows the members of a stream",
        usage: "[--vhost <vhost>] [--tracking] <stream>",
        switches: &[Switch::flag("tracking")],
        formatter: Formatter::PrettyTable,
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Status of stream {} on node {} ...",
                call.word(0),
                call.node()
            )]
        },
        run: stream_status,
        ..COMMAND
    },
    Command {
        name: "rebalance",
        tools: QUEUES,
        section: Section::Cluster,
        about: "Spreads leaders over the nodes, of which there is one",
        usage: "< all | quorum | stream > [--vhost-pattern <pattern>] [--queue-pattern <pattern>]",
        switches: PATTERNS,
        formatter: Formatter::PrettyTable,
        validate: one_word,
        banner: |call| match call.word(0) {
            "all" => vec!["Re-balancing leaders of all queues...".to_owned()],
            kind @ ("quorum" | "stream") => {
                vec![format!("Re-balancing leaders of {kind} queues...")]
            }
            _ => Vec::new(),
        },
        run: rebalance,
        ..COMMAND
    },
    Command {
        name: "grow",
        tools: &[Tool::Queues, Tool::Streams],
        section: Section::Cluster,
        about: "Adds members on a node",
        usage: "<node> <all | even> [--vhost-pattern <pattern>] [--queue-pattern <pattern>] \
                [--membership <promotable|voter>]",
        switches: GROW,
        validate: |line| {
            words(line, 2, 2)?;
            strategy(line)
        },
        banner: |call| {
            vec![format!(
                "Growing {} queues on {}...",
                call.word(1),
                call.word(0)
            )]
        },
        run: |call| {
            is_member(call, 0)?;
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
    Command {
        name: "grow_to_count",
        tools: QUEUES,
        section: Section::Cluster,
        about: "Adds members until there are so many",
        usage: "<node_count> <all | even> [--vhost-pattern <pattern>] \
                [--queue-pattern <pattern>] [--membership <promotable|voter>]",
        switches: GROW,
        validate: |line| {
            words(line, 2, 2)?;
            strategy(line)
        },
        banner: |call| {
            vec![format!(
                "Growing all quorum queues on {} nodes...",
                call.word(0)
            )]
        },
        ..COMMAND
    },
    Command {
        name: "shrink",
        tools: &[Tool::Queues, Tool::Streams],
        section: Section::Cluster,
        about: "Takes members on a node away",
        usage: "<node> [--errors-only]",
        switches: &[Switch::flag("errors-only")],
        validate: one_word,
        banner: |call| vec![format!("Shrinking queues on {}...", call.word(0))],
        run: |call| match call.word(0) == call.node() {
            true => Err(Failure::error(code::UNAVAILABLE, "last_node")),
            false => Err(Failure::error(
                code::UNAVAILABLE,
                format!("{{:node_not_running, :{}}}", call.word(0)),
            )),
        },
        ..COMMAND
    },
    Command {
        name: "add_member",
        tools: QUEUES,
        section: Section::Replication,
        about: "Adds a member of a quorum queue on a node",
        usage: "[--vhost <vhost>] <queue> <node> [--membership <promotable|voter>] \
                [--timeout <timeout>]",
        switches: &[Switch::text("membership")],
        validate: |line| words(line, 2, 2),
        banner: |call| {
            vec![format!(
                "Adding a member for queue {} on node {}...",
                call.word(0),
                call.word(1)
            )]
        },
        run: |call| {
            is_member(call, 1)?;
            supports(call, "quorum")?;
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
    Command {
        name: "delete_member",
        tools: QUEUES,
        section: Section::Replication,
        about: "Takes the member of a quorum queue on a node away",
        usage: "[--vhost <vhost>] <queue> <node>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            vec![format!(
                "Removing a replica of queue {} on node {}...",
                call.word(0),
                call.word(1)
            )]
        },
        run: |call| {
            supports(call, "quorum")?;
            match call.word(1) == call.node() {
                true => Err(Failure::error(code::UNAVAILABLE, "last_node")),
                false => Ok(Output::Nothing),
            }
        },
        ..COMMAND
    },
    Command {
        name: "transfer_leadership",
        tools: &[Tool::Queues, Tool::Streams],
        section: Section::Replication,
        about: "Makes the member on a node the leader",
        usage: "[--vhost <vhost>] <queue> <node>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            let (queue, node) = (call.word(0), call.word(1));
            vec![format!(
                "Transferring leadership of quorum queue {queue} to node {node}..."
            )]
        },
        run: |call| match call.word(1) == call.node() {
            true => Ok(Output::Nothing),
            false => Err(Failure::error(code::UNAVAILABLE, "unknown_member")),
        },
        ..COMMAND
    },
    Command {
        name: "reclaim_quorum_memory",
        tools: STATUS,
        section: Section::Operations,
        about: "Gives back memory that a quorum queue does not need",
        usage: "[--vhost <vhost>] <quorum queue>",
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Will garbage collect quorum queue {} ...",
                call.word(0)
            )]
        },
        run: |call| {
            let vhost = call.vhost().to_owned();
            let kind = kind_or(call, || missing_in(&vhost))?;
            match kind == "classic" {
                true => Err(Failure::error(
                    code::UNAVAILABLE,
                    "This operation is not applicable to classic queues",
                )),
                false => Ok(Output::Nothing),
            }
        },
        ..COMMAND
    },
    Command {
        name: "peek",
        tools: QUEUES,
        section: Section::Observability,
        about: "Shows a message of a quorum queue by its place",
        usage: "[--vhost <vhost>] <queue> <position> [--timeout <timeout>]",
        formatter: Formatter::PrettyTable,
        validate: |line| {
            words(line, 2, 2)?;
            match line.word(1).parse::<u64>() {
                Ok(place) if place > 0 => Ok(()),
                _ => Err(Failure::usage(
                    "\"position value must be a positive integer\"",
                )),
            }
        },
        banner: |call| {
            let (queue, place, node) = (call.word(0), call.word(1), call.node());
            vec![format!(
                "Peeking at quorum queue {queue} at position {place} on node {node} ..."
            )]
        },
        run: peek,
        ..COMMAND
    },
    Command {
        name: "add_replica",
        tools: STREAMS,
        section: Section::Replication,
        about: "Adds a member of a stream on a node",
        usage: "[--vhost <vhost>] <stream> <node>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            vec![format!(
                "Adding a replica for stream {} on node {}...",
                call.word(0),
                call.word(1)
            )]
        },
        run: |call| {
            let kind = kind_or(call, ask::no_object)?;
            if kind != "stream" {
                let text = format!("Cannot add replicas to {kind} queues");
                return Err(Failure::error(code::UNAVAILABLE, text));
            }
            match call.word(1) == call.node() {
                true => Ok(Output::Nothing),
                false => Err(Failure::error(code::UNAVAILABLE, "node_not_running")),
            }
        },
        ..COMMAND
    },
    Command {
        name: "delete_replica",
        tools: STREAMS,
        section: Section::Replication,
        about: "Takes the member of a stream on a node away",
        usage: "[--vhost <vhost>] <stream> <node>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            vec![format!(
                "Removing a replica of queue {} on node {}...",
                call.word(0),
                call.word(1)
            )]
        },
        run: |call| {
            let kind = kind_or(call, ask::no_object)?;
            let text = match kind == "stream" {
                true => "Cannot delete the last member of a stream".to_owned(),
                false => format!("Cannot delete replicas from {kind} queues"),
            };
            Err(Failure::error(code::UNAVAILABLE, text))
        },
        ..COMMAND
    },
    Command {
        name: "coordinator_status",
        tools: &[Tool::Diagnostics, Tool::Streams],
        section: Section::Observability,
        about: "Shows the members of what coordinates streams",
        formatter: Formatter::PrettyTable,
        validate: no_words,
        banner: |_| vec!["Status of stream coordinator ...".to_owned()],
        run: only_member,
        ..COMMAND
    },
    Command {
        name: "metadata_store_status",
        tools: &[Tool::Diagnostics],
        section: Section::Observability,
        about: "Shows the members of the store of definitions",
        formatter: Formatter::PrettyTable,
        validate: no_words,
        banner: |call| {
            vec![format!(
                "Status of metadata store on node {} ...",
                call.node()
            )]
        },
        run: only_member,
        ..COMMAND
    },
    Command {
        name: "force_checkpoint",
        tools: QUEUES,
        section: Section::Replication,
        about: "Would have quorum queues write a checkpoint: the store does by itself",
        usage: "[--vhost-pattern <pattern>] [--queue-pattern <pattern>]",
        switches: PATTERNS,
        formatter: Formatter::Table,
        banner: |_| vec!["Forcing checkpoint for all matching quorum queues...".to_owned()],
        run: |call| {
            let queues = call
                .client
                .get("/queues?columns=vhost,name,type")?
                .items()?;
            let (vhosts, names) = (
                pattern(call, "vhost-pattern")?,
                pattern(call, "queue-pattern")?,
            );
            let fits = |queue: &&Value| {
                ask::text(queue, "type") == "quorum"
                    && vhosts.is_match(ask::text(queue, "vhost"))
                    && names.is_match(ask::text(queue, "name"))
            };
            let row = |queue: &Value| {
                let done = Term::Tuple(vec![Term::atom("ok")]);
                vec![ask::term(queue, "vhost"), ask::term(queue, "name"), done]
            };
            let rows = queues.iter().filter(fits).map(row).collect();
            Ok(Output::rows(&["vhost", "name", "result"], rows))
        },
        ..COMMAND
    },
    Command {
        name: "restart_stream",
        tools: STREAMS,
        section: Section::Replication,
        about: "Restarts a stream",
        usage: "[--vhost <vhost>] <stream> [--preferred-leader-node <node>]",
        switches: &[Switch::text("preferred-leader-node")],
        validate: one_word,
        banner: |call| vec![format!("Restarting stream {}...", call.word(0))],
        run: |call| {
            kind_or(call, ask::no_object)?;
            Ok(Output::report(call.node(), Term::atom(call.node())))
        },
        ..COMMAND
    },
];

const PATTERNS: &[Switch] = &[Switch::text("vhost-pattern"), Switch::text("queue-pattern")];

const GROW: &[Switch] = &[
    Switch::text("vhost-pattern"),
    Switch::text("queue-pattern"),
    Switch::text("membership"),
    Switch::flag("errors-only"),
];

fn strategy(line: &Line) -> Result<(), Failure> {
    match line.word(1) {
        "all" | "even" => Ok(()),
        other => Err(Failure::usage(format!(
            "\"strategy '{other}' is not recognised.\""
        ))),
    }
}

/// Whether the node that a word names is this one.
fn is_member(call: &Call<'_>, at: usize) -> Result<(), Failure> {
    match call.word(at) == call.node() {
        true => Ok(()),
        false => Err(Failure::WrongState {
            text: format!("node {} is not a member of the cluster", call.word(at)),
        }),
    }
}

/// The type of the queue that the first word names.
fn kind_or(call: &mut Call<'_>, missing: impl Fn() -> Failure) -> Result<String, Failure> {
    let at = path(&["queues", call.vhost(), call.word(0)]);
    let reply = call.client.get(&format!("{at}?columns=type"))?;
    match reply.status {
        404 => Err(missing()),
        _ => Ok(ask::text(&reply.value()?, "type").to_owned()),
    }
}

fn missing_in(vhost: &str) -> Failure {
    let text = format!("Target queue was not found in virtual host '{vhost}'");
    Failure::error(code::UNAVAILABLE, text)
}

/// Whether the queue is of a kind.
fn supports(call: &mut Call<'_>, wanted: &str) -> Result<(), Failure> {
    let kind = kind_or(call, ask::no_object)?;
    match kind == wanted {
        true => Ok(()),
        false => Err(Failure::error(
            code::UNAVAILABLE,
            format!("{{:unsupported, :rabbit_{kind}_queue}}"),
        )),
    }
}

fn rebalance(call: &mut Call<'_>) -> Result<Output, Failure> {
    let kind = call.word(0).to_owned();
    if !["all", "quorum", "stream"].contains(&kind.as_str()) {
        let text = format!("type {kind} is not supported. Try one of all, quorum, stream.");
        return Err(Failure::error(code::UNAVAILABLE, text));
    }
    call.client.post("/rebalance/queues", &json!({}))?.done()?;
    let (quorum, streams) = led(call)?;
    if quorum + streams == 0 {
        return Ok(nothing());
    }
    let row = json!({
        "Node name": call.node(),
        "Number of quorum queues": if kind == "stream" { 0 } else { quorum },
        "Number of streams": if kind == "quorum" { 0 } else { streams },
    });
    if call.line.is_json() {
        return Ok(Output::Both {
            text: String::new(),
            value: Term::of_json(&row),
            json: Some(json!({"node": call.node(), "value": [row], "result": "ok"})),
        });
    }
    let columns = ["Node name", "Number of quorum queues", "Number of streams"];
    Ok(Output::rows(&columns, ask::rows(&[row], &columns)))
}

/// What an option says of names: all without.
fn pattern(call: &Call<'_>, option: &str) -> Result<Regex, Failure> {
    let pattern = call.line.text(option).unwrap_or(".*");
    Regex::new(pattern).map_err(|error| Failure::bad_argument(error.to_string()))
}

/// How many quorum queues and streams that the patterns name this node leads: all of them.
fn led(call: &mut Call<'_>) -> Result<(usize, usize), Failure> {
    let (vhosts, names) = (
        pattern(call, "vhost-pattern")?,
        pattern(call, "queue-pattern")?,
    );
    let mut queues = call
        .client
        .get("/queues?columns=vhost,name,type")?
        .items()?;
    queues.retain(|queue| {
        vhosts.is_match(ask::text(queue, "vhost")) && names.is_match(ask::text(queue, "name"))
    });
    let count = |kind: &str| {
        queues
            .iter()
            .filter(|queue| ask::text(queue, "type") == kind)
            .count()
    };
    Ok((count("quorum"), count("stream")))
}
