//! The node: whether it answers, and what it is.

use crate::command::{App, COMMAND, Command, Section};
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::tool::Tool;

mod status;

pub(super) const ROWS: &[Command] = &[
    Command {
        name: "ping",
        tools: &[Tool::Ctl, Tool::Diagnostics],
        section: Section::Observability,
        about: "Checks that the node answers",
        usage: "[--timeout <timeout>]",
        timeout: Some(60),
        app: App::Any,
        banner: |call| {
            let limit = call.client.timeout_ms().unwrap_or_default();
            let node = call.node();
            vec![format!(
                "Will ping {node}. This only checks if the OS process is running and registered \
                 with epmd. Timeout: {limit} ms."
            )]
        },
        run: |call| {
            let limit = call.client.timeout_ms().unwrap_or_default();
            let path = if call.client.is_local() {
                "/leveret/node"
            } else {
                "/overview"
            };
            match call.client.get(path) {
                Ok(reply) if reply.is_ok() => Ok(Output::said("Ping succeeded")),
                _ => Err(Failure::error(
                    code::UNAVAILABLE,
                    format!(
                        "Failed to connect and authenticate to {} in {limit} ms",
                        call.node()
                    ),
                )),
            }
        },
        ..COMMAND
    },
    status::ROW,
];
