//! Virtual hosts: what they are called, their limits, tracing and protection.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/vhosts.ctl`.

use serde_json::{Map, Value, json};

use super::ask;
use super::columns::{self, Column, atom, atoms, columns};
use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section, no_words, one_word, words};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::WATCHED;

const METADATA: &[Switch] = &[
    Switch::text("description"),
    Switch::text("tags"),
    Switch::text("default-queue-type"),
    Switch::flag(PROTECTED),
];

const PROTECTED: &str = "protected-from-deletion";

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "add_vhost",
        section: Section::VirtualHosts,
        about: "Adds a virtual host",
        usage: "<vhost> [--description <description> --tags \"<tag1>,<tag2>,<...>\" \
                --default-queue-type <quorum|classic|stream>]",
        switches: METADATA,
        validate: |line| {
            one_word(line)?;
            queue_type(line)
        },
        banner: |call| vec![format!("Adding vhost \"{}\" ...", call.word(0))],
        run: |call| {
            // HTTP has no path for the vhost without a name, which RabbitMQ allows.
            if call.word(0).is_empty() {
                return Err(Failure::bad_argument("vhost cannot be an empty string"));
            }
            let body = metadata(call.line);
            let at = path(&["vhosts", call.word(0)]);
            call.client.put(&at, &Value::Object(body))?.done()?;
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
    Command {
        name: "delete_vhost",
        section: Section::VirtualHosts,
        about: "Deletes a virtual host and all that is in it",
        usage: "<vhost>",
        validate: one_word,
        banner: |call| vec![format!("Deleting vhost \"{}\" ...", call.word(0))],
        run: delete,
        ..COMMAND
    },
    Command {
        name: "list_vhosts",
        tools: WATCHED,
        section: Section::AccessControl,
        about: "Lists virtual hosts",
        usage: "[--no-table-headers] [<column> ...] [--timeout <timeout>]",
        details: &[(
            "<column>",
            "one of cluster_state, default_queue_type, description, metadata, name, \
             protected_from_deletion, tags, tracing",
        )],
        formatter: Formatter::Table,
        validate: |line| columns::check(line, COLUMNS),
        banner: |_| vec!["Listing vhosts ...".to_owned()],
        run: |call| {
            let vhosts = call.client.get("/vhosts")?.items()?;
            Ok(columns::list(call.line, COLUMNS, &["name"], &vhosts))
        },
        ..COMMAND
    },
    Command {
        name: "set_vhost_tags",
        section: Section::VirtualHosts,
        about: "Gives a virtual host these tags instead of those it has",
        usage: "<vhost> <tag> [...]",
        validate: |line| words(line, 1, usize::MAX),
        banner: |call| {
            let tags = call.line.words.get(1..).unwrap_or_default().join(", ");
            vec![format!(
                "Setting tags for virtual host \"{}\" to [{tags}] ...",
                call.word(0)
            )]
        },
        run: |call| {
            let tags = call.line.words.get(1..).unwrap_or_default().join(",");
            let fields = json!({"tags": tags});
            change(call, fields).map_err(|failure| match failure {
                Failure::Plain { code, .. } => {
                    let text = format!("Virtual host \"{}\" does not exist", call.word(0));
                    Failure::error(code, text)
                }
                other => other,
            })
        },
        ..COMMAND
    },
    Command {
        name: "update_vhost_metadata",
        section: Section::VirtualHosts,
        about: "Changes the description, tags, type of queues or protection of a virtual host",
        usage: "<vhost> [--description=<description>] [--tags=\"<tag1>,<tag2>,<...>\"] \
                [--default-queue-type=<quorum|classic|stream>] \
                [--protected-from-deletion=<true|false>]",
        switches: METADATA,
        validate: |line| {
            one_word(line)?;
            queue_type(line)?;
            let is_said = line.has(PROTECTED) || line.has_not(PROTECTED);
            match metadata(line).is_empty() && !is_said {
                true => Err(Failure::not_enough()),
                false => Ok(()),
            }
        },
        banner: |call| {
            vec![format!(
                "Updating metadata of vhost \"{}\" ...",
                call.word(0)
            )]
        },
        run: |call| {
            let fields = Value::Object(metadata(call.line));
            change(call, fields)?;
            match call.line.has(PROTECTED) || call.line.has_not(PROTECTED) {
                true => protect(call, call.line.has(PROTECTED)),
                false => Ok(Output::Nothing),
            }
        },
        ..COMMAND
    },
    Command {
        name: "enable_vhost_deletion_protection",
        section: Section::VirtualHosts,
        about: "Protects a virtual host from being deleted",
        usage: "<vhost>",
        validate: one_word,
        banner: |call| {
            let vhost = call.word(0);
            vec![format!(
                "Protecting virtual host \"{vhost}\" from removal by updating its metadata..."
            )]
        },
        run: |call| protect(call, true),
        ..COMMAND
    },
    Command {
        name: "disable_vhost_deletion_protection",
        section: Section::VirtualHosts,
        about: "Lets a virtual host be deleted again",
        usage: "<vhost>",
        validate: one_word,
        banner: |call| {
            let vhost = call.word(0);
            vec![format!(
                "Removing deletion protection from virtual host \"{vhost}\" by updating its \
                 metadata..."
            )]
        },
        run: |call| protect(call, false),
        ..COMMAND
    },
    Command {
        name: "trace_on",
        section: Section::VirtualHosts,
        about: "Copies all messages of a virtual host to amq.rabbitmq.trace",
        usage: "[--vhost <vhost>]",
        validate: |line| words(line, 0, usize::MAX),
        banner: |call| {
            vec![format!(
                "Starting tracing for vhost \"{}\" ...",
                call.vhost()
            )]
        },
        run: |call| trace(call, true),
        ..COMMAND
    },
    Command {
        name: "trace_off",
        section: Section::VirtualHosts,
        about: "Ends what trace_on began",
        usage: "[--vhost <vhost>]",
        validate: |line| words(line, 0, usize::MAX),
        banner: |call| {
            vec![format!(
                "Stopping tracing for vhost \"{}\" ...",
                call.vhost()
            )]
        },
        run: |call| trace(call, false),
        ..COMMAND
    },
    Command {
        name: "restart_vhost",
        section: Section::VirtualHosts,
        about: "Restarts a virtual host that failed",
        usage: "[--vhost <vhost>] [--timeout <timeout>]",
        banner: |call| {
            let (vhost, node) = (call.vhost(), call.node());
            vec![format!(
                "Trying to restart vhost '{vhost}' on node '{node}' ..."
            )]
        },
        run: restart,
        ..COMMAND
    },
    Command {
        name: "reconcile_vhosts",
        section: Section::VirtualHosts,
        about: "Makes sure that every node of the cluster has all virtual hosts",
        usage: "[--timeout <timeout>]",
        banner: |_| {
            vec![
                "Will try to initiate virtual host reconciliation on all reachable cluster \
                 nodes..."
                    .to_owned(),
            ]
        },
        ..COMMAND
    },
    Command {
        name: "set_vhost_limits",
        section: Section::VirtualHosts,
        about: "Limits what there may be in a virtual host",
        usage: "[--vhost <vhost>] <definition>",
        details: &[(
            "<definition>",
            "a JSON object with max-connections, max-queues or both",
        )],
        validate: one_word,
        banner: |call| {
            let (limits, vhost) = (call.word(0), call.vhost());
            vec![format!(
                "Setting vhost limits to \"{limits}\" for vhost \"{vhost}\" ..."
            )]
        },
        run: set_limits,
        ..COMMAND
    },
    Command {
        name: "clear_vhost_limits",
        section: Section::VirtualHosts,
        about: "Takes the limits of a virtual host away",
        usage: "[--vhost <vhost>]",
        banner: |call| vec![format!("Clearing vhost \"{}\" limits ...", call.vhost())],
        run: |call| {
            let at = path(&["parameters", "vhost-limits", call.vhost(), "limits"]);
            let reply = call.client.delete(&at)?;
            match reply.status {
                404 => Err(ask::no_parameter()),
                _ => reply.done().map(|()| Output::Nothing),
            }
        },
        ..COMMAND
    },
    Command {
        name: "list_vhost_limits",
        tools: WATCHED,
        section: Section::VirtualHosts,
        about: "Lists the limits of one virtual host, or of all",
        usage: "[--vhost <vhost>] [--global] [--no-table-headers]",
        switches: &[Switch::flag("global")],
        formatter: Formatter::Table,
        validate: no_words,
        banner: |call| {
            vec![match call.line.has("global") {
                true => "Listing limits for all vhosts ...".to_owned(),
                false => format!("Listing limits for vhost \"{}\" ...", call.vhost()),
            }]
        },
        run: list_limits,
        ..COMMAND
    },
];

const COLUMNS: &[Column] = columns![
    "cluster_state": cluster_state,
    "default_queue_type": |vhost| atom(vhost, "default_queue_type"),
    "description",
    "metadata": |vhost| {
        let said = vhost.get("metadata").unwrap_or(&Value::Null);
        Term::Map(vec![
            ("default_queue_type".to_owned(), ask::term(said, "default_queue_type")),
            ("description".to_owned(), ask::term(said, "description")),
            ("tags".to_owned(), atoms(said, "tags")),
        ])
    },
    "name",
    "protected_from_deletion",
    "tags": |vhost| atoms(vhost, "tags"),
    "tracing",
];

/// Pairs of a node and what it says.
fn cluster_state(vhost: &Value) -> Term {
    let nodes = vhost.get("cluster_state").and_then(Value::as_object);
    let pair = |(node, state): (&String, &Value)| {
        (node.clone(), Term::atom(state.as_str().unwrap_or_default()))
    };
    Term::Pairs(nodes.into_iter().flatten().map(pair).collect())
}

fn queue_type(line: &Line) -> Result<(), Failure> {
    match line.text("default-queue-type") {
        None | Some("quorum" | "stream" | "classic") => Ok(()),
        Some(other) => Err(Failure::bad_argument(format!(
            "Default queue type must be one of: quorum, stream, classic. Provided: {other}"
        ))),
    }
}

/// What the options say of a vhost.
fn metadata(line: &Line) -> Map<String, Value> {
    let mut fields = Map::new();
    for (option, field) in [
        ("description", "description"),
        ("tags", "tags"),
        ("default-queue-type", "default_queue_type"),
    ] {
        if let Some(text) = line.text(option) {
            fields.insert(field.to_owned(), text.into());
        }
    }
    fields
}

/// Changes fields of the vhost that the first word names, which must be there.
fn change(call: &mut Call<'_>, fields: Value) -> Result<Output, Failure> {
    let vhost = call.word(0).to_owned();
    match put_again(call, &vhost, fields)? {
        true => Ok(Output::Nothing),
        false => Err(Failure::no_vhost(&vhost)),
    }
}

/// Protects the vhost that the first word names, or lets it be deleted again.
fn protect(call: &mut Call<'_>, is_protected: bool) -> Result<Output, Failure> {
    let at = path(&["vhosts", call.word(0), "deletion", "protection"]);
    let reply = match is_protected {
        true => call.client.post(&at, &json!({}))?,
        false => call.client.delete(&at)?,
    };
    match reply.status {
        404 => Err(Failure::no_vhost(call.word(0))),
        _ => reply.done().map(|()| Output::Nothing),
    }
}

/// Puts a vhost again as it is but for some fields, because what a call leaves out is set back;
/// `false` if it is not there.
fn put_again(call: &mut Call<'_>, vhost: &str, fields: Value) -> Result<bool, Failure> {
    let at = path(&["vhosts", vhost]);
    let reply = call.client.get(&at)?;
    if reply.status == 404 {
        return Ok(false);
    }
    let known = reply.value()?;
    let mut body = Map::new();
    for kept in ["description", "tags", "default_queue_type", "tracing"] {
        body.insert(
            kept.to_owned(),
            known.get(kept).cloned().unwrap_or_default(),
        );
    }
    body.extend(fields.as_object().cloned().unwrap_or_default());
    call.client.put(&at, &Value::Object(body))?.done()?;
    Ok(true)
}

fn delete(call: &mut Call<'_>) -> Result<Output, Failure> {
    let at = path(&["vhosts", call.word(0)]);
    let reply = call.client.delete(&at)?;
    match reply.status {
        404 => Err(Failure::no_vhost(call.word(0))),
        400 | 412 => Err(Failure::error(
            code::DATA,
            "Cannot delete this virtual host: it is protected from deletion. To lift the \
             protection, inspect and update its metadata",
        )),
        _ => reply.done().map(|()| Output::Nothing),
    }
}

/// Says that it is done for a vhost that is not there, too.
fn trace(call: &mut Call<'_>, is_on: bool) -> Result<Output, Failure> {
    let vhost = call.vhost().to_owned();
    put_again(call, &vhost, json!({"tracing": is_on}))?;
    let now = if is_on { "enabled" } else { "disabled" };
    Ok(Output::said(format!("Trace {now} for vhost {vhost}")))
}

fn restart(call: &mut Call<'_>) -> Result<Output, Failure> {
    let (vhost, node) = (call.vhost().to_owned(), call.node().to_owned());
    match ask::is_there(&mut call.client, &path(&["vhosts", &vhost]))? {
        true => Ok(Output::said(format!(
            "Vhost '{vhost}' is already running on node '{node}'"
        ))),
        false => Err(Failure::error(
            code::SOFTWARE,
            format!(
                "Failed to start vhost '{vhost}' on node '{node}'Reason: {{:no_such_vhost, {}}}",
                Value::from(vhost.as_str())
            ),
        )),
    }
}

fn set_limits(call: &mut Call<'_>) -> Result<Output, Failure> {
    let limits = ask::json(call.word(0))?;
    let at = path(&["parameters", "vhost-limits", call.vhost(), "limits"]);
    let reply = call.client.put(&at, &json!({"value": limits}))?;
    ask::in_vhost(call, reply)?;
    Ok(Output::Nothing)
}

fn list_limits(call: &mut Call<'_>) -> Result<Output, Failure> {
    let limits = |one: &Value| one.get("value").map(Value::to_string).unwrap_or_default();
    if call.line.has("global") {
        let all = call.client.get("/vhost-limits")?.items()?;
        let row = |one: &Value| vec![ask::term(one, "vhost"), Term::text(limits(one))];
        return Ok(Output::rows(
            &["vhost", "limits"],
            all.iter().map(row).collect(),
        ));
    }
    let reply = call.client.get(&path(&["vhost-limits", call.vhost()]))?;
    let found = ask::in_vhost(call, reply)?.items()?;
    match found.first() {
        Some(one) => {
            let text = limits(one);
            let value = Term::text(&text);
            Ok(Output::result(call.node(), text, value))
        }
        None => Ok(Output::report("", Term::List(Vec::new()))),
    }
}
