//! Parameters, global parameters, policies and operator policies.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/parameters.ctl`.

use regex::Regex;
use serde_json::{Value, json};

use super::ask;
use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section, no_words, one_word, words};
use crate::failure::Failure;
use crate::line::Switch;
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::{Tool, WATCHED};

const LIST: &str = "[--vhost <vhost>] [--no-table-headers] [--timeout <timeout>]";

const SET_POLICY: Command = Command {
    section: Section::Policies,
    usage: "[--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> \
            <definition>",
    details: &[
        ("<pattern>", "of the names that it is for"),
        ("<definition>", "a JSON object of settings"),
        (
            "--priority <priority>",
            "the highest of those that match counts; 0 without",
        ),
        (
            "--apply-to <apply-to>",
            "queues, classic_queues, quorum_queues, streams, exchanges or all",
        ),
    ],
    switches: &[Switch::whole("priority"), Switch::text("apply-to")],
    validate: |line| words(line, 3, 3),
    ..COMMAND
};

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "set_parameter",
        section: Section::Parameters,
        about: "Sets a parameter of a component",
        usage: "[--vhost <vhost>] <component_name> <name> <value>",
        details: &[("<value>", "JSON")],
        validate: |line| words(line, 3, 3),
        banner: |call| {
            let (component, name, value) = (call.word(0), call.word(1), call.word(2));
            let vhost = call.vhost();
            vec![format!(
                "Setting runtime parameter \"{name}\" for component \"{component}\" to \
                 \"{value}\" in vhost \"{vhost}\" ..."
            )]
        },
        run: |call| {
            let value = ask::json(call.word(2))?;
            let at = path(&["parameters", call.word(0), call.vhost(), call.word(1)]);
            let reply = call.client.put(&at, &json!({"value": value}))?;
            ask::in_vhost(call, reply)?;
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
    Command {
        name: "clear_parameter",
        section: Section::Parameters,
        about: "Takes a parameter of a component away",
        usage: "[--vhost <vhost>] <component_name> <name>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            let (component, name, vhost) = (call.word(0), call.word(1), call.vhost());
            vec![format!(
                "Clearing runtime parameter \"{name}\" for component \"{component}\" on vhost \
                 \"{vhost}\" ..."
            )]
        },
        run: |call| {
            let at = path(&["parameters", call.word(0), call.vhost(), call.word(1)]);
            forget(call, &at)
        },
        ..COMMAND
    },
    Command {
        name: "list_parameters",
        tools: WATCHED,
        section: Section::Parameters,
        about: "Lists the parameters of a vhost",
        usage: LIST,
        formatter: Formatter::Table,
        validate: no_words,
        banner: |call| {
            vec![format!(
                "Listing runtime parameters for vhost \"{}\" ...",
                call.vhost()
            )]
        },
        run: list_parameters,
        ..COMMAND
    },
    Command {
        name: "set_global_parameter",
        section: Section::Parameters,
        about: "Sets a parameter that belongs to no vhost",
        usage: "<name> <value>",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            let (name, value) = (call.word(0), call.word(1));
            vec![format!(
                "Setting global runtime parameter \"{name}\" to \"{value}\" ..."
            )]
        },
        run: |call| {
            let value = ask::json(call.word(1))?;
            let at = path(&["global-parameters", call.word(0)]);
            let reply = call.client.put(&at, &json!({"value": value}))?;
            match reply.is_ok() {
                true => Ok(Output::Nothing),
                false => Err(ask::refused(&reply)),
            }
        },
        ..COMMAND
    },
    Command {
        name: "clear_global_parameter",
        section: Section::Parameters,
        about: "Takes a global parameter away",
        usage: "<name>",
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Clearing global runtime parameter \"{}\" ...",
                call.word(0)
            )]
        },
        run: |call| {
            let at = path(&["global-parameters", call.word(0)]);
            forget(call, &at)
        },
        ..COMMAND
    },
    Command {
        name: "list_global_parameters",
        tools: WATCHED,
        section: Section::Parameters,
        about: "Lists the parameters that belong to no vhost",
        usage: "[--no-table-headers] [--timeout <timeout>]",
        formatter: Formatter::Table,
        banner: |_| vec!["Listing global runtime parameters ...".to_owned()],
        run: |call| {
            let items = call.client.get("/global-parameters")?.items()?;
            let row = |item: &Value| vec![ask::term(item, "name"), json_of(item, "value")];
            Ok(Output::rows(
                &["name", "value"],
                items.iter().map(row).collect(),
            ))
        },
        ..COMMAND
    },
    Command {
        name: "set_policy",
        about: "Sets a policy for the queues or exchanges of some names",
        banner: |call| vec![setting(call, "policy")],
        run: |call| set_policy(call, "policies"),
        ..SET_POLICY
    },
    Command {
        name: "clear_policy",
        section: Section::Policies,
        about: "Takes a policy away",
        usage: "[--vhost <vhost>] <name>",
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Clearing policy \"{}\" on vhost \"{}\" ...",
                call.word(0),
                call.vhost()
            )]
        },
        run: |call| {
            let at = path(&["policies", call.vhost(), call.word(0)]);
            forget(call, &at)
        },
        ..COMMAND
    },
    Command {
        name: "list_policies",
        tools: WATCHED,
        section: Section::Policies,
        about: "Lists the policies of a vhost",
        usage: LIST,
        formatter: Formatter::Table,
        banner: |call| {
            vec![format!(
                "Listing policies for vhost \"{}\" ...",
                call.vhost()
            )]
        },
        run: |call| list_policies(call, "policies"),
        ..COMMAND
    },
    Command {
        name: "set_operator_policy",
        about: "Sets an operator policy, which wins over policies",
        banner: |call| vec![setting(call, "operator policy override")],
        run: |call| set_policy(call, "operator-policies"),
        ..SET_POLICY
    },
    Command {
        name: "clear_operator_policy",
        section: Section::Policies,
        about: "Takes an operator policy away",
        usage: "[--vhost <vhost>] <name>",
        validate: one_word,
        banner: |call| {
            let (name, vhost) = (call.word(0), call.vhost());
            vec![format!(
                "Clearing operator policy \"{name}\" on vhost \"{vhost}\" ..."
            )]
        },
        run: |call| {
            let at = path(&["operator-policies", call.vhost(), call.word(0)]);
            forget(call, &at)
        },
        ..COMMAND
    },
    Command {
        name: "list_operator_policies",
        tools: WATCHED,
        section: Section::Policies,
        about: "Lists the operator policies of a vhost",
        usage: LIST,
        formatter: Formatter::Table,
        banner: |call| {
            vec![format!(
                "Listing operator policy overrides for vhost \"{}\" ...",
                call.vhost()
            )]
        },
        run: |call| list_policies(call, "operator-policies"),
        ..COMMAND
    },
    Command {
        name: "list_policies_that_match",
        tools: &[Tool::Diagnostics],
        section: Section::Policies,
        about: "Lists the policies whose pattern a queue or an exchange has",
        usage: "[--object-type <type>] <name>",
        details: &[(
            "--object-type <type>",
            "queue, which is the default, or exchange",
        )],
        switches: &[Switch::text("object-type")],
        formatter: Formatter::Table,
        validate: |line| {
            one_word(line)?;
            match line.text("object-type") {
                None | Some("queue" | "exchange") => Ok(()),
                Some(other) => Err(Failure::bad_argument(format!(
                    "object type '{other}' is not supported. Please use one of: queue, exchange"
                ))),
            }
        },
        banner: |call| {
            let kind = call.line.text("object-type").unwrap_or("queue");
            let (name, vhost) = (call.word(0), call.vhost());
            vec![format!(
                "Listing policies that match {kind} '{name}' in vhost '{vhost}' ..."
            )]
        },
        run: list_matching,
        ..COMMAND
    },
    Command {
        name: "remove_classic_queue_mirroring_from_policies",
        section: Section::Operations,
        about: "Takes what asked for mirrored queues out of all policies",
        usage: "[--timeout <timeout>]",
        banner: |_| {
            vec![
                "Will remove keys that enable classic queue mirroring from all regular and \
                 operator policies"
                    .to_owned(),
            ]
        },
        ..COMMAND
    },
];

/// What can be read as a text: JSON in one.
fn json_of(item: &Value, field: &str) -> Term {
    Term::text(item.get(field).map(Value::to_string).unwrap_or_default())
}

/// Deletes what must be there.
fn forget(call: &mut Call<'_>, at: &str) -> Result<Output, Failure> {
    let reply = call.client.delete(at)?;
    match reply.status {
        404 => Err(ask::no_parameter()),
        _ => reply.done().map(|()| Output::Nothing),
    }
}

fn list_parameters(call: &mut Call<'_>) -> Result<Output, Failure> {
    if !ask::is_there(&mut call.client, &path(&["vhosts", call.line.vhost()]))? {
        return Err(Failure::no_vhost(call.vhost()));
    }
    let items = call.client.get("/parameters")?.items()?;
    let rows = items
        .iter()
        .filter(|item| ask::text(item, "vhost") == call.vhost());
    let rows = rows.map(|item| {
        vec![
            ask::term(item, "component"),
            ask::term(item, "name"),
            json_of(item, "value"),
        ]
    });
    Ok(Output::rows(
        &["component", "name", "value"],
        rows.collect(),
    ))
}

fn setting(call: &Call<'_>, what: &str) -> String {
    let (name, pattern, definition) = (call.word(0), call.word(1), call.word(2));
    let priority = call.line.whole("priority").unwrap_or_default();
    format!(
        "Setting {what} \"{name}\" for pattern \"{pattern}\" to \"{definition}\" with priority \
         \"{priority}\" for vhost \"{}\" ...",
        call.vhost()
    )
}

fn set_policy(call: &mut Call<'_>, kind: &str) -> Result<Output, Failure> {
    let definition = ask::json(call.word(2))?;
    let body = json!({
        "pattern": call.word(1),
        "definition": definition,
        "priority": call.line.whole("priority").unwrap_or_default(),
        "apply-to": call.line.text("apply-to").unwrap_or("all"),
    });
    let at = path(&[kind, call.vhost(), call.word(0)]);
    let reply = call.client.put(&at, &body)?;
    ask::in_vhost(call, reply)?;
    Ok(Output::Nothing)
}

const FIELDS: [&str; 6] = [
    "vhost",
    "name",
    "pattern",
    "apply-to",
    "definition",
    "priority",
];

fn policy(item: &Value) -> Vec<Term> {
    let cells = FIELDS.iter().map(|field| match *field {
        "definition" => json_of(item, field),
        _ => ask::term(item, field),
    });
    cells.collect()
}

fn policies(items: &[Value]) -> Output {
    let mut items: Vec<&Value> = items.iter().collect();
    items.sort_by_key(|item| {
        let priority = item
            .get("priority")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        (priority, ask::text(item, "name").to_owned())
    });
    Output::rows(&FIELDS, items.into_iter().map(policy).collect())
}

fn list_policies(call: &mut Call<'_>, kind: &str) -> Result<Output, Failure> {
    let at = path(&[kind, call.vhost()]);
    let reply = call.client.get(&at)?;
    Ok(policies(&ask::in_vhost(call, reply)?.items()?))
}

/// All policies of the vhost whose pattern fits, those that count more first.
fn list_matching(call: &mut Call<'_>) -> Result<Output, Failure> {
    let is_queue = call.line.text("object-type") != Some("exchange");
    let kinds = if is_queue { "queues" } else { "exchanges" };
    let (vhost, name) = (call.vhost().to_owned(), call.word(0).to_owned());
    let reply = call.client.get(&path(&[kinds, &vhost, &name]))?;
    if reply.status == 404 {
        return Err(ask::no_object());
    }
    let object = reply.value()?;
    let own = match (is_queue, ask::text(&object, "type")) {
        (false, _) => "exchanges",
        (true, "quorum") => "quorum_queues",
        (true, "stream") => "streams",
        (true, _) => "classic_queues",
    };
    let mut items = call.client.get(&path(&["policies", &vhost]))?.items()?;
    items.retain(|item| {
        let applies = match ask::text(item, "apply-to") {
            "all" => true,
            "queues" => is_queue,
            kind => kind == own,
        };
        let pattern = Regex::new(ask::text(item, "pattern"));
        applies && pattern.is_ok_and(|pattern| pattern.is_match(&name))
    });
    items.sort_by_key(|item| {
        std::cmp::Reverse(
            item.get("priority")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
        )
    });
    Ok(Output::rows(&FIELDS, items.iter().map(policy).collect()))
}
