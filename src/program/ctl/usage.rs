//! What the tools say of themselves: lists of commands, and the usage of one.

use std::fmt::Write as _;

use crate::command::{Command, Section};
use crate::commands;
use crate::tool::Tool;

/// The list of a tool's commands.
pub(crate) fn tool(tool: Tool) -> String {
    let name = tool.name();
    let mut text = format!(
        "\nUsage\n\n{name} [--node <node>] [--timeout <timeout>] [--longnames] [--quiet] \
         <command> [<command options>]\n\nAvailable commands:\n"
    );
    let mut rows: Vec<&Command> = commands::of(tool).collect();
    let widest = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    rows.sort_by_key(|row| (row.section, row.name));
    let mut section: Option<Section> = None;
    for row in rows {
        if section != Some(row.section) {
            let _infallible = write!(text, "\n{}:\n\n", row.section.head());
            section = Some(row.section);
        }
        let _infallible = writeln!(text, "   {:widest$}  {}", row.name, row.about);
    }
    let _infallible = writeln!(
        text,
        "\nUse '{name} help <command>' to learn more about a specific command"
    );
    text
}

/// The line that says how a command is called, with its head.
pub(crate) fn line(tool: Tool, command: &Command) -> String {
    let mut text = format!(
        "\nUsage\n\n{} [--node <node>] [--longnames] [--quiet] {}",
        tool.name(),
        command.name
    );
    if !command.usage.is_empty() {
        text.push(' ');
        text.push_str(command.usage);
    }
    text
}

/// All that is known of a command.
pub(crate) fn command(tool: Tool, command: &Command) -> String {
    let mut text = line(tool, command);
    let _infallible = write!(text, "\n\n{}.\n\n", command.about.trim_end_matches('.'));
    if !command.details.is_empty() {
        text.push_str("\nArguments and Options\n\n");
        for (what, meaning) in command.details {
            let _infallible = write!(text, "{what}\n\t{meaning}\n\n");
        }
    }
    text.push_str(GENERAL);
    text
}

const GENERAL: &str = "
General Options

All commands take these, wherever they stand:

short            | long          | meaning
-----------------|---------------|--------------------------------
-?               | --help        | shows the help of a command
-n <node>        | --node <node> | the node that is meant
-l               | --longnames   | nodes have full host names
-t <n>           | --timeout <n> | seconds to wait for an answer
-q               | --quiet       | says nothing but the answer
-s               | --silent      | the same, without a table's heads
-p <vhost>       | --vhost       | the virtual host that is meant
                 | --formatter   | table, pretty_table, json, json_stream, csv, erlang
                 | --dry-run     | says what would be done
                 | --uri <uri>   | a management API instead of a node's socket
";
