//! What changes in the broker, as it happens.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/events.ctl`, and what it prints while queues come and go.

use std::io::{self, Write as _, stdout};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::logs::streaming;
use crate::command::{App, COMMAND, Call, Command, Section};
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::{Formatter, Output};
use crate::tool::Tool;

/// Their rows.
pub(super) const ROWS: &[Command] = &[Command {
    name: "consume_event_stream",
    tools: &[Tool::Diagnostics],
    section: Section::Observability,
    about: "Prints what changes in the broker as it happens, a JSON object a line",
    usage: "[--duration|-d <seconds>] [--pattern <pattern>] [--timeout <timeout>]",
    details: &[
        (
            "<duration_in_seconds>",
            "for how long; without an end otherwise",
        ),
        (
            "<pattern>",
            "a regular expression for kinds: ^queue, deleted$",
        ),
    ],
    switches: &[
        Switch::whole("duration").short('d'),
        Switch::text("pattern"),
    ],
    app: App::Any,
    formatter: Formatter::JsonStream,
    banner: |call| vec![streaming(call)],
    run: consume,
    ..COMMAND
}];

/// Prints each change: a line, or with `--formatter json` an element of one list.
fn consume(call: &mut Call<'_>) -> Result<Output, Failure> {
    let pattern = call.line.text("pattern").unwrap_or_default();
    let pattern = utf8_percent_encode(pattern, NON_ALPHANUMERIC);
    let path = format!("/leveret/events?pattern={pattern}");
    let seconds = call.line.whole("duration");
    let time = seconds.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    let is_list = call.line.text("formatter") == Some("json");
    let (mut start, end, last) = match is_list {
        true => ("[", "", "{\"message\":\"\"}]"),
        false => ("", "\n", "\n"),
    };
    let mut out = stdout();
    call.client.follow(&path, time, &mut |name, data| {
        if name == "missed" {
            let note = format!("{data} events are missing here: they came too fast");
            return printed(writeln!(io::stderr(), "{note}"));
        }
        printed(write!(out, "{start}{data}{end}").and_then(|()| out.flush()))?;
        if is_list {
            start = ",";
        }
        Ok(())
    })?;
    printed(write!(out, "{start}{last}").and_then(|()| out.flush()))?;
    Ok(Output::Printed)
}

fn printed(written: io::Result<()>) -> Result<(), Failure> {
    written.map_err(|error| Failure::error(code::IO, error.to_string()))
}
