//! The log: where it is, its last lines, lines as they come, and how much it takes.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/logs.ctl`.

use std::io::{Write as _, stdout};
use std::time::Duration;

use serde_json::{Value, json};

use super::ask;
use crate::command::{App, COMMAND, Call, Command, Section, no_words, one_word};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::Output;
use crate::term::{Term, plain};
use crate::tool::Tool;

const LOG: Command = Command {
    tools: &[Tool::Diagnostics],
    section: Section::Observability,
    app: App::Any,
    ..COMMAND
};

/// Lines that log_tail prints unless it is told how many.
const LINES: i64 = 50;

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "set_log_level",
        tools: &[Tool::Ctl],
        section: Section::Configuration,
        about: "Sets how severe what is logged must be, until the node ends",
        usage: "<log_level>",
        details: &[(
            "<log_level>",
            "debug, info, warning, error, critical or none",
        )],
        validate: |line| {
            one_word(line)?;
            known_level(line.word(0))
        },
        banner: |call| vec![format!("Setting log level to \"{}\" ...", call.word(0))],
        run: set_level,
        ..LOG
    },
    Command {
        name: "log_location",
        section: Section::Configuration,
        about: "Says where the log is",
        usage: "[--all|-a] [--timeout <timeout>]",
        switches: &[Switch::flag("all").short('a')],
        banner: |call| {
            let node = call.node();
            vec![format!("Log file location(s) on node {node} ...")]
        },
        run: location,
        ..LOG
    },
    Command {
        name: "log_tail",
        about: "Prints the last lines of the log",
        usage: "[--number|-N <number>] [--timeout <timeout>]",
        details: &[("<number>", "how many; 50 otherwise")],
        switches: &[Switch::whole("number").short('N')],
        banner: |call| {
            let (number, node) = (number(call.line), call.node());
            vec![format!("Last {number} log lines on node {node} ...")]
        },
        run: |call| {
            let lines = number(call.line).max(0);
            let at = format!("/leveret/log?lines={lines}");
            let log = call.client.get(&at)?.value()?;
            let lines = log.get("lines").and_then(Value::as_array);
            let texts = lines
                .into_iter()
                .flatten()
                .map(|line| ask::text(line, "text"));
            Ok(Output::Lines(texts.map(str::to_owned).collect()))
        },
        ..LOG
    },
    Command {
        name: "log_tail_stream",
        about: "Prints lines of the log as they come",
        usage: "[--duration|-d <seconds>] [--timeout <timeout>]",
        details: &[(
            "<duration_in_seconds>",
            "for how long; without an end otherwise",
        )],
        switches: DURATION,
        validate: no_words,
        banner: |call| vec![streaming(call)],
        run: |call| {
            let is_json = call.line.is_json();
            print_events(call, "/leveret/log/stream", &|event| {
                let text = ask::text(event, "text");
                match is_json {
                    true => json!({ "message": text }).to_string(),
                    false => plain::shown(text),
                }
            })
        },
        ..LOG
    },
];

/// How long something is followed.
pub(super) const DURATION: &[Switch] = &[Switch::whole("duration").short('d')];

fn number(line: &Line) -> i64 {
    line.whole("number").unwrap_or(LINES)
}

/// The line that says what is followed, and for how long.
pub(super) fn streaming(call: &Call<'_>) -> String {
    let node = call.node();
    match call.line.whole("duration") {
        Some(seconds) => format!("Streaming logs from node {node} for {seconds} seconds ..."),
        None => format!("Streaming logs from node {node} ..."),
    }
}

fn known_level(level: &str) -> Result<(), Failure> {
    const LEVELS: [&str; 6] = ["debug", "info", "warning", "error", "critical", "none"];
    if LEVELS.contains(&level) {
        return Ok(());
    }
    let all = LEVELS.join(", ");
    let text = format!("level {level} is not supported. Try one of {all}");
    Err(Failure::error(code::UNAVAILABLE, text))
}

fn set_level(call: &mut Call<'_>) -> Result<Output, Failure> {
    let body = json!({ "level": call.word(0) });
    call.client.put("/leveret/node/log", &body)?.done()?;
    Ok(Output::Nothing)
}

fn location(call: &mut Call<'_>) -> Result<Output, Failure> {
    let log = call.client.get("/leveret/node/log")?.value()?;
    let files = log.get("files").and_then(Value::as_array);
    let mut files: Vec<&str> = files
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !call.line.has("all") {
        files.truncate(1);
    }
    Ok(Output::Both {
        text: files.join("\n"),
        value: Term::List(files.iter().copied().map(Term::text).collect()),
        json: Some(json!({"result": "ok", "node_name": call.node(), "paths": files})),
    })
}

/// Prints a line for each event, until `--duration` is over.
pub(super) fn print_events(
    call: &mut Call<'_>,
    at: &str,
    shown: &dyn Fn(&Value) -> String,
) -> Result<Output, Failure> {
    let seconds = call.line.whole("duration");
    let time = seconds.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    let mut out = stdout();
    call.client.follow(at, time, &mut |name, data| {
        let line = match name {
            "missed" => format!("({data} lines are missing here: they came too fast)"),
            _ => shown(&serde_json::from_str(data).unwrap_or_default()),
        };
        let written = writeln!(out, "{line}").and_then(|()| out.flush());
        written.map_err(|error| Failure::error(code::IO, error.to_string()))
    })?;
    Ok(Output::Printed)
}
