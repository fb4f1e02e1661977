//! The cluster, which is one node, its feature flags and definitions.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/cluster.ctl` and `ctl/definitions.ctl`.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};

use super::ask;
use super::columns::{self, Column, atom, columns};
use super::diagnostics::{alarms, listeners};
use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section, one_word, words};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::WATCHED;

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "cluster_status",
        tools: WATCHED,
        section: Section::Cluster,
        about: "Shows the nodes of the cluster and what each listens for",
        usage: "[--timeout <timeout>]",
        banner: |call| vec![format!("Cluster status of node {} ...", call.node())],
        run: status,
        ..COMMAND
    },
    Command {
        name: "set_cluster_name",
        section: Section::Configuration,
        about: "Gives the cluster a name",
        usage: "<name>",
        validate: one_word,
        banner: |call| vec![format!("Setting cluster name to {} ...", call.word(0))],
        run: |call| {
            let body = json!({"name": call.word(0)});
            call.client.put("/cluster-name", &body)?.done()?;
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
    Command {
        name: "list_feature_flags",
        tools: WATCHED,
        section: Section::FeatureFlags,
        about: "Lists feature flags",
        usage: "[<column> ...] [--timeout <timeout>]",
        details: &[(
            "<column>",
            "one of desc, doc_url, name, provided_by, stability, state",
        )],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, FLAG),
        banner: |_| vec!["Listing feature flags ...".to_owned()],
        run: |call| {
            let all = call.client.get("/feature-flags")?.items()?;
            Ok(columns::list(call.line, FLAG, &["name", "state"], &all))
        },
        ..COMMAND
    },
    Command {
        name: "enable_feature_flag",
        section: Section::FeatureFlags,
        about: "Enables a feature flag, or all",
        usage: "[--opt-in] <all | feature_flag>",
        switches: &[Switch::flag("opt-in"), Switch::flag("experimental")],
        validate: |line| {
            one_word(line)?;
            match line.word(0) {
                "" => Err(Failure::bad_argument(
                    "feature flag (or group) name cannot be an empty string",
                )),
                _ => Ok(()),
            }
        },
        banner: |call| {
            vec![match call.word(0) {
                "all" => "Enabling all feature flags ...".to_owned(),
                flag => format!("Enabling feature flag \"{flag}\" ..."),
            }]
        },
        run: enable_flag,
        ..COMMAND
    },
    Command {
        name: "list_deprecated_features",
        tools: WATCHED,
        section: Section::FeatureFlags,
        about: "Lists features that will go away",
        usage: "[--used] [<column> ...]",
        details: &[
            (
                "<column>",
                "one of deprecation_phase, desc, doc_url, name, provided_by, state",
            ),
            ("--used", "only those that are used"),
        ],
        switches: &[Switch::flag("used")],
        formatter: Formatter::PrettyTable,
        validate: |line| columns::check(line, DEPRECATED),
        banner: |call| {
            vec![match call.line.has("used") {
                true => "Listing deprecated features in use ...".to_owned(),
                false => "Listing deprecated features ...".to_owned(),
            }]
        },
        run: |call| {
            let at = match call.line.has("used") {
                true => "/deprecated-features/used",
                false => "/deprecated-features",
            };
            let all = call.client.get(at)?.items()?;
            let default = &["name", "deprecation_phase", "state"];
            Ok(columns::list(call.line, DEPRECATED, default, &all))
        },
        ..COMMAND
    },
    Command {
        name: "check_if_any_deprecated_features_are_used",
        tools: WATCHED,
        section: Section::Observability,
        about: "Says which features are used that will go away",
        usage: "[--timeout <timeout>]",
        banner: |_| vec!["Checking if any deprecated features are used ...".to_owned()],
        run: |call| {
            let used = call.client.get("/deprecated-features/used")?.items()?;
            let names: Vec<&str> = used.iter().map(|one| ask::text(one, "name")).collect();
            let text = match names.is_empty() {
                true => "Cluster reported no deprecated features in use".to_owned(),
                false => format!("Deprecated features in use:\n{}", names.join("\n")),
            };
            Ok(Output::Both {
                value: Term::text(&text),
                text,
                json: Some(json!({"result": "ok"})),
            })
        },
        ..COMMAND
    },
    Command {
        name: "export_definitions",
        section: Section::Definitions,
        about: "Writes all definitions to a file, or to standard output",
        usage: "<file_path | \"-\"> [--format <json | erlang>] [--timeout <timeout>]",
        switches: &[Switch::text("format")],
        validate: |line| {
            one_word(line)?;
            format(line)?;
            let folder = Path::new(line.word(0)).parent();
            let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
            match folder {
                Some(folder) if !folder.is_dir() => Err(Failure::bad_argument(format!(
                    "Directory {} does not exist",
                    folder.display()
                ))),
                _ => Ok(()),
            }
        },
        banner: |call| match call.word(0) {
            "-" => Vec::new(),
            file => vec![format!(
                "Exporting definitions in JSON to a file at \"{file}\" ..."
            )],
        },
        run: export,
        ..COMMAND
    },
    Command {
        name: "import_definitions",
        section: Section::Definitions,
        about: "Reads definitions from a file, or from standard input",
        usage: "<file_path> [--format <json | erlang>] [--skip-if-unchanged] \
                [--timeout <timeout>]",
        switches: &[Switch::text("format"), Switch::flag("skip-if-unchanged")],
        validate: |line| {
            words(line, 0, 1)?;
            format(line)?;
            match line
                .words
                .first()
                .filter(|file| !Path::new(file.as_str()).exists())
            {
                Some(file) => Err(Failure::bad_argument(format!("File {file} does not exist"))),
                None => Ok(()),
            }
        },
        banner: |call| {
            vec![match call.line.words.first() {
                Some(file) => {
                    format!("Importing definitions in JSON from a file at \"{file}\" ...")
                }
                None => "Importing definitions in JSON from standard input ...".to_owned(),
            }]
        },
        run: import,
        ..COMMAND
    },
];

const FLAG: &[Column] = columns![
    "desc",
    "doc_url",
    "name": |flag| atom(flag, "name"),
    "provided_by": |flag| atom(flag, "provided_by"),
    "stability": |flag| atom(flag, "stability"),
    "state": |flag| atom(flag, "state"),
];

const DEPRECATED: &[Column] = columns![
    "deprecation_phase": |feature| atom(feature, "deprecation_phase"),
    "desc",
    "doc_url",
    "name": |feature| atom(feature, "name"),
    "provided_by": |feature| atom(feature, "provided_by"),
    "state": |feature| atom(feature, "state"),
];

fn enable_flag(call: &mut Call<'_>) -> Result<Output, Failure> {
    if call.word(0) == "all" {
        return Ok(Output::Nothing);
    }
    let all = call.client.get("/feature-flags")?.items()?;
    let is_known = all
        .iter()
        .any(|flag| ask::text(flag, "name") == call.word(0));
    match is_known {
        true => Ok(Output::Nothing),
        false => Err(Failure::error(
            code::USAGE,
            format!("This feature flag is not supported by node {}", call.node()),
        )),
    }
}

fn flag_line(flag: &Value) -> String {
    let (name, state) = (ask::text(flag, "name"), ask::text(flag, "state"));
    format!("Flag: {name}, state: {state}")
}

/// Heads, each with its lines below.
fn page(sections: &[(&str, Vec<String>)]) -> String {
    let section = |(head, lines): &(&str, Vec<String>)| match lines.is_empty() {
        true => format!("{head}\n\n(none)\n"),
        false => format!("{head}\n\n{}\n", lines.join("\n")),
    };
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

fn status(call: &mut Call<'_>) -> Result<Output, Failure> {
    let node = call.node().to_owned();
    let overview = call.client.get("/overview")?.value()?;
    let own = call.client.get(&path(&["nodes", &node]))?.value()?;
    let flags = call.client.get("/feature-flags")?.items()?;
    let on = alarms(call)?;
    let listeners = listeners::listeners(call)?;
    let cores = own.get("processors").and_then(Value::as_u64).unwrap_or(1);
    let is_drained = own.get("being_drained") == Some(&Value::Bool(true));
    let maintenance = match is_drained {
        true => "marked for maintenance",
        false => "not under maintenance",
    };
    let name = ask::text(&overview, "cluster_name");
    let version = ask::text(&overview, "rabbitmq_version");
    let erlang = ask::text(&overview, "erlang_version");
    let text = page(&[
        (
            "Basics",
            vec![
                format!("Cluster name: {name}"),
                format!("Total CPU cores available cluster-wide: {cores}"),
            ],
        ),
        ("Cluster Tags", Vec::new()),
        ("Disk Nodes", vec![node.clone()]),
        ("Running Nodes", vec![node.clone()]),
        (
            "Versions",
            vec![format!("{node}: RabbitMQ {version} on Erlang {erlang}")],
        ),
        (
            "CPU Cores",
            vec![format!("Node: {node}, available CPU cores: {cores}")],
        ),
        (
            "Maintenance status",
            vec![format!("Node: {node}, status: {maintenance}")],
        ),
        ("Alarms", on.clone()),
        ("Network Partitions", Vec::new()),
        (
            "Listeners",
            listeners.iter().map(|one| one.line_of(&node)).collect(),
        ),
        ("Feature flags", flags.iter().map(flag_line).collect()),
    ]);
    let listed = listeners::all_json(call, &listeners);
    let json = json!({
        "alarms": on,
        "cluster_name": name,
        "cluster_tags": [],
        "cpu_cores": {&node: cores},
        "disk_nodes": [node],
        "feature_flags": flags,
        "listeners": {&node: listed},
        "maintenance_status": {&node: maintenance},
        "partitions": {},
        "running_nodes": [node],
        "versions": {&node: {
            "erlang_version": erlang,
            "rabbitmq_name": "RabbitMQ",
            "rabbitmq_version": version,
        }},
    });
    Ok(Output::Both {
        text: text.trim_end().to_owned(),
        value: Term::of_json(&json),
        json: Some(json),
    })
}

fn format(line: &Line) -> Result<(), Failure> {
    match line.text("format").map(str::to_lowercase).as_deref() {
        None | Some("json") => Ok(()),
        Some("erlang") => Err(Failure::bad_argument(
            "Erlang's own format is not understood here. Format should be json",
        )),
        Some(_) => Err(Failure::bad_argument(
            "Format should be either json or erlang",
        )),
    }
}

fn export(call: &mut Call<'_>) -> Result<Output, Failure> {
    let definitions = call.client.get("/definitions")?;
    if !definitions.is_ok() {
        return Err(definitions.refusal());
    }
    if call.word(0) == "-" {
        let text = String::from_utf8_lossy(&definitions.body).into_owned();
        let json = definitions.value()?;
        return Ok(Output::Both {
            text,
            value: Term::of_json(&json),
            json: Some(json),
        });
    }
    let written = std::fs::write(call.word(0), &definitions.body);
    written.map_err(|error| Failure::error(code::IO, error.to_string()))?;
    Ok(Output::Nothing)
}

fn import(call: &mut Call<'_>) -> Result<Output, Failure> {
    let failed = |error: std::io::Error| Failure::error(code::IO, error.to_string());
    let octets = match call.line.words.first() {
        Some(file) => std::fs::read(file).map_err(failed)?,
        None => {
            let mut octets = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut octets)
                .map_err(failed)?;
            octets
        }
    };
    let definitions: Value = serde_json::from_slice(&octets).map_err(|error| {
        // The column that the error names is one past the octet that cannot be.
        let at = error.column().saturating_sub(1);
        let reason = match octets.get(at) {
            Some(octet) => format!("{{:unexpected_byte, \"0x{octet:02x}\", {at}}}"),
            None => format!("{{:unexpected_end, {at}}}"),
        };
        let text = format!("Failed to deserialise input (format: JSON) (error: {reason})");
        Failure::error(code::DATA, text)
    })?;
    let reply = call.client.post("/definitions", &definitions)?;
    if !reply.is_ok() {
        return Err(ask::refused(&reply));
    }
    match call.line.is_quiet() {
        true => Ok(Output::Nothing),
        false => Ok(Output::said(
            "Successfully started definition import. This process is asynchronous and can take \
             some time. Watch target node logs for completion.",
        )),
    }
}
