//! What concerns Erlang's runtime, of which there is none here: said as RabbitMQ says it where that
//! is true, refused in words where it cannot be.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/runtime.ctl`.

use super::ask;
use crate::client::path;
use crate::command::{App, COMMAND, Call, Command, Section, one_word, words};
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::{Formatter, Output};
use crate::tool::{Tool, WATCHED};

const ASK: Command = Command {
    tools: &[Tool::Diagnostics],
    section: Section::Observability,
    ..COMMAND
};

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "activate_free_disk_space_monitoring",
        tools: WATCHED,
        section: Section::Observability,
        about: "Does nothing: free disk space is always watched",
        usage: "[--timeout <timeout>]",
        banner: |call| {
            vec![format!(
                "[Re-]activating free disk space monitoring on node {}...",
                call.node()
            )]
        },
        ..COMMAND
    },
    Command {
        name: "deactivate_free_disk_space_monitoring",
        tools: WATCHED,
        section: Section::Observability,
        about: "Is refused: free disk space is always watched",
        usage: "[--timeout <timeout>]",
        banner: |call| {
            vec![format!(
                "Deactivating free disk space monitoring on node {}...",
                call.node()
            )]
        },
        run: |_| {
            Err(without(
                "free disk space is always watched; see set_disk_free_limit",
            ))
        },
        ..COMMAND
    },
    Command {
        name: "force_gc",
        section: Section::Operations,
        about: "Does nothing: no garbage is left for later",
        usage: "[--timeout <timeout>]",
        banner: |call| {
            let node = call.node();
            vec![format!(
                "Will ask all processes on node {node} to schedule a full sweep GC"
            )]
        },
        ..COMMAND
    },
    Command {
        name: "reset_stats_db",
        section: Section::Other,
        about: "Forgets the samples of counters",
        usage: "[--all]",
        switches: &[Switch::flag("all")],
        banner: |call| {
            vec![match call.line.has("all") {
                true => "Resetting statistics database in all nodes".to_owned(),
                false => format!("Resetting statistics database on node {}", call.node()),
            }]
        },
        run: |call| {
            call.client.delete("/reset")?.done()?;
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
    Command {
        name: "list_channel_interceptors",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists interceptors of channels: there are none",
        usage: "[--no-table-headers] [--timeout <timeout>]",
        formatter: Formatter::Table,
        banner: |_| vec!["Listing channel interceptors ...".to_owned()],
        run: |_| {
            Ok(Output::rows(
                &["name", "operations", "priority"],
                Vec::new(),
            ))
        },
        ..COMMAND
    },
    Command {
        name: "set_channel_interceptor_priorities",
        section: Section::Configuration,
        about: "Is refused: there are no interceptors of channels",
        usage: "<interceptor> <priority> [<interceptor> <priority> ...] [--timeout <timeout>]",
        validate: |line| words(line, 2, usize::MAX),
        run: |_| Err(without("there are no interceptors of channels")),
        ..COMMAND
    },
    Command {
        name: "list_node_auth_attempt_stats",
        tools: WATCHED,
        section: Section::Observability,
        about: "Counts logins by protocol, or by where they come from",
        usage: "[--by-source]",
        switches: &[Switch::flag("by-source")],
        formatter: Formatter::Table,
        banner: |call| {
            vec![format!(
                "Listing authentication\n attempts for node \"{}\" ...",
                call.node()
            )]
        },
        run: attempts,
        ..COMMAND
    },
    Command {
        name: "erlang_cookie_hash",
        section: Section::Configuration,
        about: "Is refused: no cookie is needed",
        usage: "[--timeout <timeout>]",
        run: |_| {
            Err(without(
                "a node lets its owner and root in, without a cookie",
            ))
        },
        ..ASK
    },
    Command {
        name: "erlang_cookie_sources",
        section: Section::Configuration,
        about: "Is refused: no cookie is needed",
        usage: "[--timeout <timeout>]",
        app: App::NoNode,
        run: |_| {
            Err(without(
                "a node lets its owner and root in, without a cookie",
            ))
        },
        ..ASK
    },
    Command {
        name: "remote_shell",
        about: "Is refused: there is no shell of Erlang's",
        run: |_| Err(without("there is no shell of Erlang's; see eval")),
        ..ASK
    },
    Command {
        name: "observer",
        about: "Is refused: there are no processes to watch",
        usage: "[--interval <seconds>]",
        switches: &[Switch::whole("interval")],
        run: |_| Err(without("there are no processes to watch; see status")),
        ..ASK
    },
    Command {
        name: "maybe_stuck",
        about: "Lists processes that may be stuck: there are none",
        usage: "[--timeout <timeout>]",
        banner: |call| {
            vec![format!(
                "Asking node {} to detect potentially stuck Erlang processes...",
                call.node()
            )]
        },
        run: |_| Ok(Output::said("There are 0 processes.")),
        ..ASK
    },
    Command {
        name: "runtime_thread_stats",
        about: "Is refused: there are no threads of Erlang's",
        usage: "[--sample-interval <interval>]",
        switches: &[Switch::whole("sample-interval")],
        run: |_| Err(without("there are no threads of Erlang's; see status")),
        ..ASK
    },
    Command {
        name: "resolver_info",
        section: Section::Configuration,
        about: "Is refused: the system resolves names",
        run: |_| Err(without("the system resolves names; see resolve_hostname")),
        ..ASK
    },
    Command {
        name: "command_line_arguments",
        section: Section::Configuration,
        about: "Is refused: nothing is given to an Erlang runtime",
        run: |_| {
            Err(without(
                "nothing is given to an Erlang runtime; see environment",
            ))
        },
        ..ASK
    },
    Command {
        name: "exec",
        section: Section::Operations,
        about: "Is refused: Elixir is not understood",
        usage: "<expression> [--offline]",
        tools: &[Tool::Ctl],
        switches: &[Switch::flag("offline")],
        app: App::NoNode,
        validate: one_word,
        run: |_| Err(without("Elixir is not understood; see eval")),
        ..COMMAND
    },
    Command {
        name: "consistent_hash_exchange_ring_state",
        section: Section::Other,
        about: "Shows which queues an x-consistent-hash exchange shares messages among",
        usage: "<exchange>",
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Inspecting consistent hashing ring state for exchange {} in virtual host '{}'...",
                call.word(0),
                call.vhost()
            )]
        },
        run: ring,
        ..ASK
    },
];

/// A refusal that names what there is not.
fn without(why: &str) -> Failure {
    Failure::error(
        code::UNAVAILABLE,
        format!("This broker does not run on Erlang: {why}"),
    )
}

fn attempts(call: &mut Call<'_>) -> Result<Output, Failure> {
    let node = call.node().to_owned();
    let by_source = call.line.has("by-source");
    let at = path(&["auth", "attempts", &node]);
    let at = if by_source {
        format!("{at}/source")
    } else {
        at
    };
    let rows = call.client.get(&at)?.items()?;
    if rows.is_empty() {
        let text = format!("Node {node} reported no authentication attempt stats");
        return Ok(Output::said(text));
    }
    let fields: &[&str] = match by_source {
        true => &[
            "remote_address",
            "username",
            "protocol",
            "auth_attempts",
            "auth_attempts_failed",
            "auth_attempts_succeeded",
        ],
        false => &[
            "protocol",
            "auth_attempts",
            "auth_attempts_failed",
            "auth_attempts_succeeded",
        ],
    };
    Ok(Output::rows(fields, ask::rows(&rows, fields)))
}

/// Places of a ring that are shown: weights are any numbers.
const PLACES_MAX: usize = 10_000;

/// The places of the ring, as the bindings say how many each queue has.
fn ring(call: &mut Call<'_>) -> Result<Output, Failure> {
    let missing = || {
        let text = "Exchange does not exist or is of a different type";
        Failure::error(code::DATA, text)
    };
    let at = path(&["exchanges", call.vhost(), call.word(0)]);
    let reply = call.client.get(&at)?;
    if reply.status == 404 {
        return Err(missing());
    }
    if ask::text(&reply.value()?, "type") != "x-consistent-hash" {
        return Err(missing());
    }
    let bindings = call.client.get(&format!("{at}/bindings/source"))?.items()?;
    let queues = bindings.iter().flat_map(|one| {
        let weight: usize = ask::text(one, "routing_key").parse().unwrap_or_default();
        std::iter::repeat_n(ask::text(one, "destination"), weight)
    });
    let places = queues.take(PLACES_MAX).enumerate();
    let lines = places.map(|(place, queue)| format!("Ring index: {place}, queue: '{queue}'"));
    Ok(Output::said(lines.collect::<Vec<_>>().join("\n")))
}
