//! What is changed while the broker runs, until it stops: limits of memory and disk, and what
//! `eval` reaches.

use std::fs;

use serde_json::{Value, json};

use crate::command::{App, COMMAND, Call, Command, Section, words};
use crate::failure::{Failure, code};
use crate::line::Line;
use crate::output::Output;
use crate::term::Term;

pub(super) const ROWS: &[Command] = &[
    Command {
        name: "set_vm_memory_high_watermark",
        section: Section::Configuration,
        about: "Sets the memory above which publishers wait",
        usage: "<fraction> | absolute <value>",
        details: &[
            ("<fraction>", "a share of this machine's memory, 0.0 to 1.0"),
            (
                "absolute <value>",
                "octets, or a number with a unit: 512MB, 2GiB",
            ),
        ],
        validate: |line| memory(line).map(drop),
        banner: |call| {
            let node = call.node();
            let to = match call.word(0) {
                "absolute" => format!("{} bytes", call.word(1)),
                share => share.to_owned(),
            };
            vec![format!("Setting memory threshold on {node} to {to} ...")]
        },
        run: |call| {
            let limit = memory(call.line)?;
            set(call, &limit)
        },
        ..COMMAND
    },
    Command {
        name: "set_disk_free_limit",
        section: Section::Configuration,
        about: "Sets the free disk space below which publishers wait",
        usage: "<disk_limit> | mem_relative <fraction>",
        details: &[
            (
                "<disk_limit>",
                "octets, or a number with a unit: 50MB, 2GiB",
            ),
            (
                "mem_relative <fraction>",
                "a multiple of this machine's memory",
            ),
        ],
        validate: |line| disk(line).map(drop),
        banner: |call| {
            let node = call.node();
            let to = match call.word(0) {
                "mem_relative" => format!("{} times the total RAM", call.word(1)),
                octets => format!("{octets} bytes"),
            };
            vec![format!("Setting disk free limit on {node} to {to} ...")]
        },
        run: |call| {
            let limit = disk(call.line)?;
            set(call, &limit)
        },
        ..COMMAND
    },
    Command {
        name: "eval",
        section: Section::Operations,
        about: "Evaluates an Erlang expression, of a few forms",
        usage: "<expression>",
        details: &[("<expression>", "an expression with a full stop behind it")],
        app: App::Any,
        validate: |line| words(line, 0, usize::MAX),
        run: |call| {
            let Some(expression) = call.line.words.first().cloned() else {
                let text = "Evaluation failed: syntax error before: eval";
                return Err(Failure::error(code::DATA, text));
            };
            evaluate(call, &expression)
        },
        ..COMMAND
    },
    Command {
        name: "eval_file",
        section: Section::Operations,
        about: "Evaluates the Erlang expression in a file",
        usage: "<file path>",
        details: &[("<file path>", "the file")],
        app: App::Any,
        validate: |line| {
            words(line, 1, 1)?;
            let file = line.word(0);
            match fs::metadata(file).is_ok() {
                true => Ok(()),
                false => Err(Failure::usage(format!("\"File {file} does not exist\""))),
            }
        },
        run: |call| {
            let read = fs::read_to_string(call.word(0));
            let text = read.map_err(|error| Failure::error(code::IO, error.to_string()))?;
            evaluate(call, &text)
        },
        ..COMMAND
    },
];

/// Units behind a number, and the octets of each. Docs: RabbitMQ, configuration (units).
const UNITS: &[(&str, f64)] = &[
    ("", 1.0),
    ("k", 1024.0),
    ("kib", 1024.0),
    ("kb", 1e3),
    ("m", 1_048_576.0),
    ("mib", 1_048_576.0),
    ("mb", 1e6),
    ("g", 1_073_741_824.0),
    ("gib", 1_073_741_824.0),
    ("gb", 1e9),
    ("t", 1_099_511_627_776.0),
    ("tib", 1_099_511_627_776.0),
    ("tb", 1e12),
];

/// Octets of a number with a unit.
fn octets(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number: u64 = text.get(..text.len() - unit.len())?.parse().ok()?;
    let unit = unit.to_ascii_lowercase();
    let (_, octets) = UNITS.iter().find(|(name, _)| *name == unit)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "neither is negative, and more octets than there are numbers are all of them"
    )]
    Some((number as f64 * octets) as u64)
}

/// An argument with a value that cannot be, without words for it.
fn bad(text: &str) -> Failure {
    Failure::Invalid {
        code: code::DATA,
        text: text.to_owned(),
    }
}

/// The limit that the words of `set_vm_memory_high_watermark` say.
fn memory(line: &Line) -> Result<Value, Failure> {
    let (first, count) = (line.word(0), line.words.len());
    if first == "absolute" {
        words(line, 2, 2)?;
        let octets = octets(line.word(1));
        let octets = octets.ok_or_else(|| bad("Bad argument: Invalid units."))?;
        return Ok(json!({ "memory_bytes": octets }));
    }
    words(line, 1, 1)?;
    let share: f64 = first.parse().map_err(|_| bad("Bad argument."))?;
    match (0.0..=1.0).contains(&share) && count == 1 {
        true => Ok(json!({ "memory_share": share })),
        false => Err(Failure::bad_argument(
            "The threshold should be a fraction between 0.0 and 1.0",
        )),
    }
}

/// The limit that the words of `set_disk_free_limit` say.
fn disk(line: &Line) -> Result<Value, Failure> {
    if line.word(0) == "mem_relative" {
        words(line, 2, 2)?;
        let share: f64 = line.word(1).parse().map_err(|_| bad("Bad argument."))?;
        return match share.is_finite() && share >= 0.0 {
            true => Ok(json!({ "disk_free_share": share })),
            false => Err(bad("Bad argument.")),
        };
    }
    words(line, 1, 1)?;
    let octets = octets(line.word(0)).ok_or_else(|| bad("Bad argument."))?;
    Ok(json!({ "disk_free_bytes": octets }))
}

fn set(call: &mut Call<'_>, limit: &Value) -> Result<Output, Failure> {
    call.client.put("/leveret/node/limits", limit)?.done()?;
    Ok(Output::Nothing)
}

fn evaluate(call: &mut Call<'_>, expression: &str) -> Result<Output, Failure> {
    let reply = call
        .client
        .post("/leveret/node/eval", &json!({ "expression": expression }))?;
    if !reply.is_ok() {
        let object: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let is_syntax = object.get("error").and_then(Value::as_str) == Some("syntax_error");
        let reason = reply.reason();
        return Err(match is_syntax {
            true => Failure::usage(format!("\"{reason}\"")),
            false if reply.status == 400 => Failure::error(code::UNAVAILABLE, reason),
            false => reply.refusal(),
        });
    }
    let object = reply.value()?;
    let text = object
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let value = match text.parse() {
        Ok(number) => Term::Int(number),
        Err(_) => Term::text(text),
    };
    Ok(Output::result(call.node(), text, value))
}
