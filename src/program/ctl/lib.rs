//! RabbitMQ's command-line tools: `rabbitmqctl` and those that stand beside it.
//!
//! Owns names, arguments, formatters, texts and exit codes. Knows nothing of the broker's code: it
//! speaks HTTP to a node's socket ([`place`]) or to any management API. Each command is a row of
//! the table in `commands`: its usage, its options, the check of its words, the line that says what
//! it does, and the function that does it. What it answers (`output`) is printed by the formatter
//! that was asked for; values keep the kinds that Erlang would have given them (`term`), because
//! every formatter shows them in its own way.
//!
//! Source: RabbitMQ 4.3.6, its tools.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

mod admin;
mod client;
mod clock;
mod command;
mod commands;
mod failure;
mod line;
mod output;
pub mod place;
mod sys;
mod term;
mod tool;
pub mod upgrade;
mod usage;

pub use failure::code;
pub use tool::Tool;

use client::Client;
use command::{App, Call, Command};
use failure::Failure;
use line::Line;
use output::{Formatter, Output};

/// The version of RabbitMQ whose tools these are.
pub(crate) const VERSION: &str = "4.3.6";

/// Does what `leveret ctl` is asked for: the first word may name a tool, `rabbitmqctl` is meant
/// without.
#[must_use]
pub fn ctl(words: Vec<OsString>) -> ExitCode {
    let named = words.first().and_then(|word| word.to_str());
    match named.and_then(Tool::of_word) {
        Some(tool) => main(tool, words.into_iter().skip(1)),
        None => main(Tool::Ctl, words),
    }
}

/// Does what a tool is asked for with these words.
#[must_use]
pub fn main(tool: Tool, words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words = words
        .into_iter()
        .map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    if tool == Tool::Admin {
        return admin::main(&words);
    }
    let common = Line::parse(tool, &words, &[]);
    let Some(name) = common.words.first() else {
        return without_command(tool, &common);
    };
    let Some(command) = commands::find(tool, name) else {
        return complain(code::USAGE, &unknown(tool, name));
    };
    let mut line = Line::parse(tool, &words, command.switches);
    line.words.remove(0);
    if line.has("help") {
        return say(&usage::command(tool, command));
    }
    match run(command, &line) {
        Ok(code) => code,
        Err(failure) => fail(command, &line, failure),
    }
}

/// The commands of a tool, each once with its line of help, for completions and man pages.
pub fn described(tool: Tool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = commands::of(tool).map(|command| (command.name, command.about));
    rows.collect::<BTreeMap<_, _>>().into_iter()
}

fn without_command(tool: Tool, line: &Line) -> ExitCode {
    if line.has("version") {
        return say(&format!("{VERSION}\n"));
    }
    if line.has("help") {
        return say(&usage::tool(tool));
    }
    complain(code::USAGE, usage::tool(tool).trim_end())
}

/// Checks, says what is done, does it, prints the answer.
fn run(command: &'static Command, line: &Line) -> Result<ExitCode, Failure> {
    if !line.invalid.is_empty() {
        let options = line.invalid.iter();
        let options = options.map(|(name, value)| format!("\n{name} : {value}"));
        let options: String = options.collect();
        return Err(Failure::usage(format!(
            "Invalid options for this command:{options}"
        )));
    }
    let formatter = match line.text("formatter") {
        None => command.formatter,
        Some(name) => Formatter::of_name(name).ok_or_else(|| {
            let names = Formatter::names();
            Failure::usage(format!("unknown formatter '{name}'. Try one of: {names}"))
        })?,
    };
    (command.validate)(line)?;
    let given = line
        .whole("timeout")
        .and_then(|seconds| u64::try_from(seconds).ok());
    let seconds = given.or(command.timeout.map(u64::from));
    let timeout_ms = seconds.map(|seconds| seconds.saturating_mul(1000));
    let client = Client::new(line, command.name, timeout_ms)?;
    let mut call = Call { line, client };
    if command.app != App::NoNode && !call.client.is_local() {
        call.client.learn_name()?;
    }
    if timeout_ms == Some(0) {
        return Err(call.client.late());
    }
    check_state(command, &mut call)?;
    if !line.is_quiet() && !formatter.is_machine() {
        for text in (command.banner)(&call) {
            tell(&text);
        }
    }
    if line.has("dry-run") {
        return Ok(ExitCode::SUCCESS);
    }
    let output = (command.run)(&mut call)?;
    let output = match output {
        Output::Nothing => Output::done(call.node()),
        output => output,
    };
    Ok(print(output, formatter, line))
}

/// Whether the application runs, or not, as the command needs it.
fn check_state(command: &Command, call: &mut Call<'_>) -> Result<(), Failure> {
    let needs = match command.app {
        App::Running | App::Stopped if call.client.is_local() => command.app,
        _ => return Ok(()),
    };
    let state = call.client.get("/leveret/node")?.value()?;
    let is_running = state.get("state").and_then(serde_json::Value::as_str) == Some("running");
    let text = match (needs, is_running) {
        (App::Running, false) => client::APP_IS_STOPPED.to_owned(),
        (App::Stopped, true) => "this command requires the 'rabbit' app to be stopped on the \
            target node. Stop it with 'rabbitmqctl stop_app'."
            .to_owned(),
        _ => return Ok(()),
    };
    Err(Failure::WrongState { text })
}

fn print(output: Output, formatter: Formatter, line: &Line) -> ExitCode {
    let printed = match (line.text("printer"), line.text("file")) {
        (Some("file"), Some(path)) => File::create(path)
            .and_then(|mut file| output::print(output, formatter, line, &mut file)),
        _ => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            let printed = output::print(output, formatter, line, &mut out);
            printed.and_then(|()| out.flush())
        }
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that leaves before the end (`| head`) has read what it wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(code::IO, &format!("Error:\n{error}")),
    }
}

/// Says what is done.
pub(crate) fn tell(text: &str) {
    let _unheard = writeln!(io::stdout(), "{text}");
}

/// Says what went wrong, in the way that this kind of failure has.
fn fail(command: &Command, line: &Line, failure: Failure) -> ExitCode {
    let used = || {
        let usage = usage::line(line.tool, command);
        format!("Arguments given:\n\t{}\n{usage}", line.given())
    };
    match failure {
        Failure::Error { code, text } => complain(code, &format!("Error:\n{text}")),
        Failure::Plain { code, text } => complain(code, &text),
        Failure::Either {
            json_code, json, ..
        } if line.is_json() => complain(json_code, &json.to_string()),
        Failure::Either { code, text, .. } => complain(code, &format!("Error:\n{text}")),
        Failure::Invalid { code, text } => complain(
            code,
            &format!("Error (argument validation): {text}\n{}", used()),
        ),
        Failure::WrongState { text } => {
            complain(code::USAGE, &format!("Error: {text}\n{}", used()))
        }
    }
}

/// A name that no command has; the nearest one is offered if it is near.
fn unknown(tool: Tool, name: &str) -> String {
    /// From here on two names are alike. Seen: RabbitMQ 4.3.6.
    const ALIKE: f64 = 0.8;
    let rated = commands::of(tool).map(|command| (strsim::jaro(name, command.name), command.name));
    let nearest = rated.max_by(|(one, _), (other, _)| one.total_cmp(other));
    match nearest {
        Some((rate, nearest)) if rate >= ALIKE => {
            format!("\nCommand '{name}' not found. \nDid you mean '{nearest}'? \n")
        }
        _ => format!(
            "\nCommand '{name}' not found. \n{}",
            usage::tool(tool).trim_end()
        ),
    }
}

fn say(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(code::IO),
        _ => ExitCode::SUCCESS,
    }
}

/// Says what went wrong. Where that cannot be written the exit code has to do.
fn complain(code: u8, text: &str) -> ExitCode {
    let _unheard = writeln!(io::stderr(), "{}", term::plain::shown_lines(text));
    ExitCode::from(code)
}
