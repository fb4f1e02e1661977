//! The ways from RabbitMQ and to it: its definitions are read with a report of what will be
//! different, and ours are written with a plan that moves the messages.
//!
//! Both work on a document of definitions as the management API has it, from any broker; nothing
//! here knows how ours keeps them.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use crate::client::Client;
use crate::failure::{Failure, code};
use crate::line::Line;
use crate::tool::Tool;

mod export;
mod import;

/// Which broker is meant: its management API, or the name of one of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// `http://user:password@host:port`.
    pub uri: Option<String>,
    /// As `rabbit@host`.
    pub name: Option<String>,
}

impl Node {
    fn client(&self, command: &'static str) -> Result<Client, Failure> {
        let options = [("--uri", &self.uri), ("--node", &self.name)];
        let words = options.into_iter().filter_map(|(option, value)| {
            let value = value.clone()?;
            Some([option.to_owned(), value])
        });
        let words: Vec<String> = words.flatten().collect();
        Client::new(&Line::parse(Tool::Ctl, &words, &[]), command, None)
    }
}

/// Writes what a RabbitMQ needs to go on where a broker is: `definitions.json`, and a script that
/// has its shovels fetch the messages. `from` is where that RabbitMQ reaches the broker, an
/// `amqp://` URI without a virtual host.
#[must_use]
pub fn export_to_rabbitmq(node: &Node, from: &str, dir: &Path) -> ExitCode {
    ended(export(node, from, dir))
}

fn export(node: &Node, from: &str, dir: &Path) -> Result<(), Failure> {
    let mut client = node.client("export")?;
    let definitions = client.get("/definitions")?.value()?;
    let queues = client
        .get("/queues?columns=name,vhost,type,messages,exclusive")?
        .value()?;
    let plan = export::plan(&definitions, &queues, from.trim_end_matches('/'));
    fs::create_dir_all(dir).map_err(at(dir))?;
    let text = format!("{definitions:#}\n");
    write(&dir.join("definitions.json"), &text)?;
    write(&dir.join("move-messages.sh"), &plan.script)?;
    say(&format!(
        "{}: definitions.json, move-messages.sh",
        dir.display()
    ));
    plan.notes.iter().for_each(|note| say(note));
    Ok(())
}

/// Reads a file of RabbitMQ's definitions into a broker and says what will be different there;
/// with `check` only says it.
#[must_use]
pub fn import_from_rabbitmq(node: &Node, file: &Path, check: bool) -> ExitCode {
    ended(import(node, file, check))
}

fn import(node: &Node, file: &Path, check: bool) -> Result<(), Failure> {
    let text = fs::read_to_string(file).map_err(at(file))?;
    let mut definitions: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::error(code::DATA, format!("{}: {error}", file.display())))?;
    let report = import::adapt(&mut definitions);
    report.iter().for_each(|line| say(line));
    if report.is_empty() {
        say(&"Everything behaves as in RabbitMQ");
    }
    if !check {
        node.client("import")?
            .post("/definitions", &definitions)?
            .done()?;
        say(&format!("{} is imported", file.display()));
    }
    Ok(())
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (code, text) = failure.said();
            crate::complain(code, &format!("Error:\n{text}"))
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path: PathBuf = path.to_owned();
    move |error| Failure::error(code::IO, format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(at(path))
}

fn say(line: &dyn Display) {
    // A reader that leaves early has read what it wanted.
    let _unheard = writeln!(io::stdout(), "{line}");
}

/// A field that is a text; nothing where it is none.
fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item.get(field).and_then(Value::as_str).unwrap_or_default()
}
