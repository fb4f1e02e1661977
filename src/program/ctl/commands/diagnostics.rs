//! Questions and checks for monitoring.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/diagnostics.ctl`.

use std::net::ToSocketAddrs as _;

use serde_json::{Value, json};

use super::ask;
use crate::client::path;
use crate::command::{App, COMMAND, Call, Command, Section, one_word};
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::Output;
use crate::term::Term;
use crate::tool::Tool;

const TOOLS: &[Tool] = &[Tool::Diagnostics];

const CHECK: Command = Command {
    tools: TOOLS,
    section: Section::Observability,
    usage: "[--timeout <timeout>]",
    ..COMMAND
};

pub(super) mod encryption;
pub(super) mod listeners;
pub(super) mod single;

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "check_running",
        about: "Fails unless the broker runs",
        app: App::Any,
        banner: |call| {
            vec![format!(
                "Checking if RabbitMQ is running on node {} ...",
                call.node()
            )]
        },
        run: |call| match is_running(call)? {
            true => Ok(Output::said(booted(call))),
            false => Err(Failure::error(code::UNAVAILABLE, not_booted(call))),
        },
        ..CHECK
    },
    Command {
        name: "is_running",
        about: "Says whether the broker runs",
        app: App::Any,
        banner: |call| vec![format!("Asking node {} for its status ...", call.node())],
        run: |call| {
            let is = is_running(call)?;
            let text = if is { booted(call) } else { not_booted(call) };
            Ok(said_whether(text, is))
        },
        ..CHECK
    },
    Command {
        name: "is_booting",
        about: "Says whether the broker is about to run",
        app: App::Any,
        banner: |call| {
            vec![format!(
                "Asking node {} for its boot status ...",
                call.node()
            )]
        },
        run: |call| {
            let text = format!(
                "RabbitMQ on node {} is fully booted (check with is_running), stopped or has not \
                 started booting yet",
                call.node()
            );
            Ok(said_whether(text, false))
        },
        ..CHECK
    },
    Command {
        name: "check_local_alarms",
        section: Section::Deprecated,
        about: "Does nothing any more; check_alarms does",
        banner: |_| vec![NO_OP.to_owned()],
        run: |call| said_ok(call, "reported no local alarms"),
        ..CHECK
    },
    Command {
        name: "check_alarms",
        about: "Fails if an alarm is on",
        banner: |call| {
            vec![format!(
                "Asking node {} to report any local resource alarms ...",
                call.node()
            )]
        },
        run: check_alarms,
        ..CHECK
    },
    Command {
        name: "alarms",
        about: "Lists alarms that are on",
        banner: |call| {
            vec![format!(
                "Asking node {} to report any known resource alarms ...",
                call.node()
            )]
        },
        run: list_alarms,
        ..CHECK
    },
    Command {
        name: "check_virtual_hosts",
        about: "Fails if a virtual host is down",
        banner: |call| {
            vec![format!(
                "Checking if all vhosts are running on node {} ...",
                call.node()
            )]
        },
        run: |call| said_ok(call, "reported all vhosts as running"),
        ..CHECK
    },
    Command {
        name: "server_version",
        about: "The version of RabbitMQ that the node is",
        banner: |call| {
            vec![format!(
                "Asking node {} for its RabbitMQ version...",
                call.node()
            )]
        },
        run: |call| {
            let overview = call.client.get("/overview")?.value()?;
            Ok(valued(ask::text(&overview, "rabbitmq_version")))
        },
        ..CHECK
    },
    Command {
        name: "erlang_version",
        about: "The version of Erlang that the node names",
        usage: "[--details <true|false>] [--timeout <timeout>]",
        switches: &[Switch::flag("details"), Switch::flag("offline")],
        banner: |call| {
            vec![format!(
                "Asking node {} for its Erlang/OTP version...",
                call.node()
            )]
        },
        run: |call| {
            let overview = call.client.get("/overview")?.value()?;
            Ok(valued(ask::text(&overview, "erlang_full_version")))
        },
        ..CHECK
    },
    Command {
        name: "memory_breakdown",
        about: "Says what memory is used for",
        usage: "[--unit <unit>] [--timeout <timeout>]",
        details: &[("--unit <unit>", "bytes, mb or gb")],
        switches: &[Switch::text("unit")],
        validate: |line| {
            crate::command::no_words(line)?;
            match line.text("unit") {
                None | Some("bytes" | "mb" | "gb") => Ok(()),
                Some(unit) => Err(Failure::usage(format!(
                    "\"unit '{unit}' is not supported. Please use one of: bytes, mb, gb\""
                ))),
            }
        },
        banner: |call| {
            vec![format!(
                "Reporting memory breakdown on node {}...",
                call.node()
            )]
        },
        run: memory,
        ..CHECK
    },
    Command {
        name: "resolve_hostname",
        section: Section::Configuration,
        about: "Looks a host's addresses up",
        usage: "<hostname> [--address-family <ipv4 | ipv6>]",
        switches: &[Switch::text("address-family"), Switch::flag("offline")],
        app: App::Any,
        validate: |line| {
            one_word(line)?;
            match line
                .text("address-family")
                .map(str::to_lowercase)
                .as_deref()
            {
                None | Some("ipv4" | "ipv6") => Ok(()),
                Some(other) => Err(Failure::usage(format!(
                    "unsupported IP address family {other}. Valid values are: ipv4, ipv6"
                ))),
            }
        },
        banner: |call| {
            vec![format!(
                "Asking node {} to resolve hostname {} to {} addresses...",
                call.node(),
                call.word(0),
                family(call)
            )]
        },
        run: resolve,
        ..CHECK
    },
];

const NO_OP: &str =
    "This command is DEPRECATED and is a no-op. It will be removed in a future version.";

fn is_running(call: &mut Call<'_>) -> Result<bool, Failure> {
    // A node under maintenance is not in service, but runs.
    let reply = call.client.get("/cluster-name")?;
    Ok(reply.is_ok())
}

fn booted(call: &Call<'_>) -> String {
    format!(
        "RabbitMQ on node {} is fully booted and running",
        call.node()
    )
}

fn not_booted(call: &Call<'_>) -> String {
    format!(
        "RabbitMQ on node {} is not running or has not fully booted yet (check with is_booting)",
        call.node()
    )
}

fn said_whether(text: String, is: bool) -> Output {
    Output::Both {
        value: Term::bool(is),
        json: Some(json!({"message": text, "result": is})),
        text,
    }
}

/// A text with the node's name in front; in JSON only that all is well.
fn said_ok(call: &mut Call<'_>, what: &str) -> Result<Output, Failure> {
    Ok(Output::Both {
        text: format!("Node {} {what}", call.node()),
        value: Term::atom("ok"),
        json: Some(json!({"result": "ok"})),
    })
}

/// A text, and an object that names the node beside these fields.
fn told(call: &Call<'_>, text: String, fields: Value) -> Output {
    let mut object = json!({"node": call.node(), "result": "ok"});
    if let (Some(object), Some(fields)) = (object.as_object_mut(), fields.as_object()) {
        object.extend(fields.clone());
    }
    Output::Both {
        value: Term::text(&text),
        json: Some(object),
        text,
    }
}

fn valued(text: &str) -> Output {
    Output::Both {
        text: text.to_owned(),
        value: Term::text(text),
        json: Some(json!({"value": text, "result": "ok"})),
    }
}

/// What is said of each alarm that is on.
pub(super) fn alarms(call: &mut Call<'_>) -> Result<Vec<String>, Failure> {
    let at = path(&["nodes", call.client.node()]);
    let node = call.client.get(&at)?.value()?;
    let is_on = |field: &str| node.get(field) == Some(&Value::Bool(true));
    let mut on = Vec::new();
    for (field, name) in [
        ("mem_alarm", "Memory"),
        ("disk_free_alarm", "Free disk space"),
    ] {
        if is_on(field) {
            on.push(format!("{name} alarm on node {}", call.node()));
        }
    }
    Ok(on)
}

fn check_alarms(call: &mut Call<'_>) -> Result<Output, Failure> {
    let on = alarms(call)?;
    match on.is_empty() {
        true => said_ok(call, "reported no alarms, local or clusterwide"),
        false => Err(Failure::plain(code::UNAVAILABLE, on.join("\n"))),
    }
}

fn list_alarms(call: &mut Call<'_>) -> Result<Output, Failure> {
    let on = alarms(call)?;
    if on.is_empty() {
        let text = format!(
            "Node {} reported no alarms, local or clusterwide",
            call.node()
        );
        return Ok(told(call, text, json!({"alarms": []})));
    }
    let text = on.join("\n");
    let fields = json!({"message": text, "local": on, "global": []});
    Ok(told(call, text, fields))
}

/// A number with so many digits behind its point.
fn round(number: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (number * scale).round() / scale
}

fn memory(call: &mut Call<'_>) -> Result<Output, Failure> {
    let at = path(&["nodes", call.client.node(), "memory"]);
    let answer = call.client.get(&at)?.value()?;
    let memory = answer.get("memory").and_then(Value::as_object);
    let parts = memory
        .into_iter()
        .flatten()
        .filter_map(|(name, part)| part.as_u64().map(|octets| (name.as_str(), octets)));
    let mut parts: Vec<(&str, u64)> = parts.filter(|(name, _)| *name != "strategy").collect();
    parts.sort_by(|(_, one), (_, other)| other.cmp(one));
    let all: u64 = parts.iter().map(|(_, octets)| octets).sum();
    let unit = call.line.text("unit").unwrap_or("gb");
    let share = |octets: u64| round(octets as f64 * 100.0 / all.max(1) as f64, 2);
    let lines = parts.iter().map(|(name, octets)| {
        let amount = match unit {
            "bytes" => octets.to_string(),
            "mb" => format!("{:?}", round(*octets as f64 / 1e6, 4)),
            _ => format!("{:?}", round(*octets as f64 / 1e9, 4)),
        };
        format!("{name}: {amount} {unit} ({:?}%)", share(*octets))
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let object = parts.iter().map(|(name, octets)| {
        let part = json!({"bytes": octets, "percentage": share(*octets)});
        ((*name).to_owned(), part)
    });
    let object = Value::Object(object.collect());
    Ok(Output::Both {
        text,
        value: Term::of_json(&object),
        json: Some(object),
    })
}

fn family(call: &Call<'_>) -> &'static str {
    match call
        .line
        .text("address-family")
        .map(str::to_lowercase)
        .as_deref()
    {
        Some("ipv6") => "IPv6",
        _ => "IPv4",
    }
}

fn resolve(call: &mut Call<'_>) -> Result<Output, Failure> {
    let (host, family) = (call.word(0).to_owned(), family(call));
    let found = (host.as_str(), 0).to_socket_addrs().into_iter().flatten();
    let is_meant = |address: &std::net::IpAddr| address.is_ipv4() == (family == "IPv4");
    let mut addresses: Vec<String> = Vec::new();
    for address in found.map(|address| address.ip()).filter(is_meant) {
        addresses.push(address.to_string());
    }
    if addresses.is_empty() {
        let text = "Hostname does not resolve (resolution failed with an nxdomain)";
        return Err(Failure::error(code::DATA, text));
    }
    let text = addresses.join("\n");
    let fields = json!({"hostname": host, "address_family": family, "addresses": addresses});
    Ok(told(call, text, fields))
}
