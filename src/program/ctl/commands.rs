//! The table of commands: one file for each kind, each with its rows.

use crate::command::Command;
use crate::tool::Tool;

mod columns;
mod help;
mod node;
mod queues;
mod users;

/// All rows.
fn all() -> impl Iterator<Item = &'static Command> {
    [help::ROWS, node::ROWS, queues::ROWS, users::ROWS]
        .into_iter()
        .flatten()
}

/// The commands of a tool.
pub(crate) fn of(tool: Tool) -> impl Iterator<Item = &'static Command> {
    all().filter(move |command| command.tools.contains(&tool))
}

/// The command of a name.
pub(crate) fn find(tool: Tool, name: &str) -> Option<&'static Command> {
    of(tool).find(|command| command.name == name)
}
