//! What the tools say of themselves.

use crate::VERSION;
use crate::command::{App, COMMAND, Call, Command, Section, one_word, words};
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::Output;
use crate::term::Term;
use crate::tool::Tool;
use crate::usage;

pub(super) const ROWS: &[Command] = &[
    Command {
        name: "autocomplete",
        tools: &[Tool::Ctl, Tool::Diagnostics, Tool::Plugins, Tool::Queues],
        section: Section::Help,
        about: "Names the commands that begin with some letters",
        usage: "[--script-name <script>] <prefix>",
        details: &[
            ("<prefix>", "the letters"),
            (
                "--script-name <script>",
                "the tool whose commands are meant",
            ),
        ],
        app: App::NoNode,
        validate: one_word,
        run: autocomplete,
        ..COMMAND
    },
    Command {
        name: "help",
        tools: &Tool::ALL,
        section: Section::Help,
        about: "Shows the commands of a tool, or all about one of them",
        usage: "[<command>] [--list-commands]",
        details: &[
            ("<command>", "the command"),
            ("--list-commands", "the names of all commands"),
        ],
        switches: &[Switch::flag("list-commands")],
        app: App::NoNode,
        validate: |line| words(line, 0, 1),
        run: help,
        ..COMMAND
    },
    Command {
        name: "version",
        tools: &[Tool::Ctl, Tool::Diagnostics, Tool::Plugins],
        section: Section::Help,
        about: "Shows the version of RabbitMQ whose tools these are",
        app: App::NoNode,
        run: version,
        ..COMMAND
    },
];

fn autocomplete(call: &mut Call<'_>) -> Result<Output, Failure> {
    let script = call.line.text("script-name").and_then(Tool::of_word);
    let tool = script.unwrap_or(call.line.tool);
    let prefix = call.word(0);
    let found = crate::commands::of(tool).map(|command| command.name);
    let mut found: Vec<&str> = found.filter(|name| name.starts_with(prefix)).collect();
    found.sort_unstable();
    let value = Term::List(found.iter().map(|name| Term::text(*name)).collect());
    Ok(Output::report(found.join("\n"), value))
}

fn help(call: &mut Call<'_>) -> Result<Output, Failure> {
    let tool = call.line.tool;
    if call.line.has("list-commands") {
        let mut names: Vec<&str> = crate::commands::of(tool).map(|row| row.name).collect();
        names.sort_unstable();
        return Ok(Output::said(names.join("\n")));
    }
    let text = match call.line.words.first() {
        None => usage::tool(tool),
        Some(name) => {
            let command = crate::commands::find(tool, name).ok_or_else(|| {
                Failure::error(code::USAGE, format!("\nCommand '{name}' not found."))
            })?;
            usage::command(tool, command)
        }
    };
    Ok(Output::said(text.trim_end()))
}

fn version(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = Term::Map(vec![("version".to_owned(), Term::text(VERSION))]);
    let mut output = Output::result(call.node(), VERSION, object);
    if let Output::Both { value, .. } = &mut output {
        *value = Term::text(VERSION);
    }
    Ok(output)
}
