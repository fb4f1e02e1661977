//! The table of commands: one file for each kind, each with its rows.

use crate::command::Command;
use crate::tool::Tool;

mod access;
mod app;
mod ask;
mod cluster;
mod columns;
mod connections;
mod diagnostics;
mod events;
mod help;
mod logs;
mod machine;
mod node;
mod nothing;
mod objects;
mod parameters;
mod plugins;
mod queues;
mod replicas;
mod report;
mod runtime;
mod secrets;
mod tuning;
mod users;
mod vhosts;

/// All rows.
fn all() -> impl Iterator<Item = &'static Command> {
    [
        app::ROWS,
        events::ROWS,
        help::ROWS,
        logs::ROWS,
        machine::ROWS,
        node::ROWS,
        nothing::ROWS,
        users::ROWS,
        access::ROWS,
        vhosts::ROWS,
        parameters::ROWS,
        queues::ROWS,
        report::ROWS,
        tuning::ROWS,
        objects::ROWS,
        connections::ROWS,
        cluster::ROWS,
        replicas::ROWS,
        plugins::ROWS,
        runtime::ROWS,
        secrets::ROWS,
        replicas::upgrade::ROWS,
        diagnostics::ROWS,
        diagnostics::encryption::ROWS,
        diagnostics::listeners::ROWS,
        diagnostics::single::ROWS,
    ]
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

#[cfg(test)]
mod tests {
    use super::of;
    use crate::tool::Tool;

    #[test]
    fn no_command_stands_twice() {
        for tool in Tool::ALL {
            let mut names: Vec<&str> = of(tool).map(|command| command.name).collect();
            names.sort_unstable();
            let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
            assert_eq!(twice, None, "{}", tool.name());
        }
    }
}
