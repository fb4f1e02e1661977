//! The machine that a node runs on, as the node sees it, and whether it lets clients in.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/machine.ctl` and `ctl/listeners.ctl`.

use serde_json::{Map, Value, json};

use crate::command::{App, COMMAND, Call, Command, Section};
use crate::failure::Failure;
use crate::output::{Formatter, Output};
use crate::term::{Term, plain};
use crate::tool::Tool;

const NODE: Command = Command {
    tools: &[Tool::Diagnostics],
    section: Section::Configuration,
    usage: "[--timeout <timeout>]",
    app: App::Any,
    ..COMMAND
};

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "suspend_listeners",
        tools: &[Tool::Ctl],
        section: Section::Operations,
        about: "Lets no more clients in; those that are there stay",
        usage: "",
        app: App::Running,
        banner: |call| {
            vec![format!(
                "Will suspend client connection listeners on node {}. The node will no longer \
                 accept client connections!",
                call.node()
            )]
        },
        run: |call| accept(call, false),
        ..NODE
    },
    Command {
        name: "resume_listeners",
        tools: &[Tool::Ctl],
        section: Section::Operations,
        about: "Lets clients in again",
        usage: "",
        app: App::Running,
        banner: |call| {
            vec![format!(
                "Will resume client connection listeners on node {}. The node will now accept \
                 client connections",
                call.node()
            )]
        },
        run: |call| accept(call, true),
        ..NODE
    },
    Command {
        name: "os_env",
        about: "Lists the node's variables that are RabbitMQ's or Leveret's",
        banner: |call| {
            vec![format!(
                "Listing RabbitMQ-specific environment variables defined on node {}...",
                call.node()
            )]
        },
        run: |call| {
            let object = call.client.get("/leveret/node/surroundings")?.value()?;
            let variables = object.get("variables").cloned().unwrap_or_default();
            let lines = variables.as_object().into_iter().flatten();
            let lines = lines.map(|(name, value)| {
                format!(
                    "{name}={}",
                    plain::shown(value.as_str().unwrap_or_default())
                )
            });
            Ok(Output::Both {
                text: lines.collect::<Vec<_>>().join("\n"),
                value: Term::of_json(&variables),
                json: Some(json!({
                    "node": call.node(), "result": "ok", "variables": variables,
                })),
            })
        },
        ..NODE
    },
    Command {
        name: "list_network_interfaces",
        section: Section::Observability,
        about: "Lists the interfaces of the node's machine to networks",
        banner: |call| {
            vec![format!(
                "Asking node {} to report its network interfaces ...",
                call.node()
            )]
        },
        run: interfaces,
        ..NODE
    },
    Command {
        name: "message_size_stats",
        section: Section::Observability,
        about: "Counts published messages by their sizes",
        app: App::Running,
        formatter: Formatter::PrettyTable,
        banner: |call| {
            vec![format!(
                "Gathering message size statistics across the cluster using node {} ...",
                call.node()
            )]
        },
        run: sizes,
        ..NODE
    },
];

/// Ranges of sizes, as the node counts them.
const SIZES: [&str; 9] = [
    "below 100B",
    "between 100B and 1KB",
    "between 1KB and 10KB",
    "between 10KB and 100KB",
    "between 100KB and 1MB",
    "between 1MB and 10MB",
    "between 10MB and 50MB",
    "between 50MB and 100MB",
    "above 100MB",
];

fn sizes(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.client.get("/leveret/node/sizes")?.value()?;
    let counts = object.get("counts").and_then(Value::as_array);
    let counts: Vec<i64> = counts
        .into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect();
    let all = counts.iter().sum::<i64>().max(1);
    let rows = SIZES.iter().zip(counts).map(|(size, count)| {
        let share = count as f64 * 100.0 / all as f64;
        vec![
            Term::text(*size),
            Term::Int(count),
            Term::text(format!("{share:.2}")),
        ]
    });
    let columns = ["Message Size", "Count", "Percentage"];
    Ok(Output::rows(&columns, rows.collect()))
}

fn accept(call: &mut Call<'_>, accept: bool) -> Result<Output, Failure> {
    let body = json!({ "accept": accept });
    call.client.put("/leveret/node/listeners", &body)?.done()?;
    Ok(Output::Nothing)
}

fn interfaces(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.client.get("/leveret/node/interfaces")?.value()?;
    let all = object.get("interfaces").and_then(Value::as_object);
    let mut text = Vec::new();
    let mut objects = Map::new();
    for (name, properties) in all.into_iter().flatten() {
        text.push(format!("Interface {}\n", plain::shown(name)));
        let pairs = properties.as_array().into_iter().flatten();
        let pairs = pairs.filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)));
        let pairs: Vec<(&str, &str)> = pairs.collect();
        let lines = pairs
            .iter()
            .rev()
            .map(|(name, value)| format!("{name}: {value}"));
        text.extend(lines);
        text.push("\n".to_owned());
        let mut object = Map::new();
        for (name, value) in pairs {
            // Of several addresses the last one counts, as there.
            object.insert(name.to_owned(), Value::from(value));
        }
        objects.insert(name.clone(), Value::Object(object));
    }
    let message = format!("Node {} reported network interfaces", call.node());
    let value = Value::Object(objects);
    Ok(Output::Both {
        text: text.join("\n"),
        value: Term::of_json(&value),
        json: Some(json!({"message": message, "result": "ok", "interfaces": value})),
    })
}
