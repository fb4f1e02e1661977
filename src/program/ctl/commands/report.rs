//! All about a node at once: its settings, and a page for people who help.

use crate::client::Client;
use crate::command::{COMMAND, Call, Command, Section};
use crate::failure::Failure;
use crate::line::Line;
use crate::output::{self, Formatter, Output};
use crate::term::Term;
use crate::tool::Tool;

pub(super) const ROWS: &[Command] = &[
    Command {
        name: "environment",
        tools: &[Tool::Ctl, Tool::Diagnostics],
        section: Section::Configuration,
        about: "Shows what every setting is, as an Erlang term",
        banner: |call| {
            vec![format!(
                "Application environment of node {} ...",
                call.node()
            )]
        },
        run: |call| {
            let reply = call.client.get("/config/effective")?;
            if !reply.is_ok() {
                return Err(reply.refusal());
            }
            let text = String::from_utf8_lossy(&reply.body).trim_end().to_owned();
            Ok(Output::report(text.clone(), Term::text(text)))
        },
        ..COMMAND
    },
    Command {
        name: "report",
        tools: &[Tool::Ctl, Tool::Diagnostics],
        section: Section::Observability,
        about: "Shows what many commands show, for a question to others",
        banner: |call| {
            vec![format!(
                "Reporting server status of node {} ...\n",
                call.node()
            )]
        },
        run: report,
        ..COMMAND
    },
];

/// What the report is made of, in this order. Seen: RabbitMQ 4.3.6.
const PARTS: &[&str] = &[
    "status",
    "cluster_status",
    "environment",
    "list_connections",
    "list_channels",
    "list_queues",
    "list_exchanges",
    "list_bindings",
    "list_permissions",
    "list_policies",
    "list_global_parameters",
    "list_parameters",
];

fn report(call: &mut Call<'_>) -> Result<Output, Failure> {
    let mut page = Vec::new();
    for name in PARTS {
        let Some(command) = crate::commands::find(Tool::Ctl, name) else {
            continue;
        };
        let client = Client::new(call.line, command.name, call.client.timeout_ms())?;
        let line = Line::parse(Tool::Ctl, &[], command.switches);
        let mut part = Call {
            line: &line,
            client,
        };
        for text in (command.banner)(&part) {
            page.extend_from_slice(text.as_bytes());
            page.push(b'\n');
        }
        let formatter = match command.formatter {
            Formatter::Table => Formatter::Table,
            _ => Formatter::Text,
        };
        let answer = (command.run)(&mut part)?;
        // Writing to memory cannot fail.
        let _infallible = output::print(answer, formatter, &line, &mut page);
        page.push(b'\n');
    }
    let page = String::from_utf8_lossy(&page).trim_end().to_owned();
    Ok(Output::report(page.clone(), Term::text(page)))
}
