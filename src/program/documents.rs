//! Completions for shells and man pages, of the program and of the tools that it is by other names.
//!
//! Made from the descriptions that the command lines themselves are read by, so that none is
//! missing and none is old.

use std::fs::{self, File};
use std::io;
use std::iter;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use leveret_ctl::Tool;

use super::cli::Cli;
use super::{complain, say};

/// Prints a shell's completions for one of the program's names.
pub(crate) fn completions(shell: Shell, name: &str) -> ExitCode {
    let mut text = Vec::new();
    for mut command in commands().filter(|command| command.get_name() == name) {
        clap_complete::generate(shell, &mut command, name, &mut text);
    }
    say(&String::from_utf8_lossy(&text))
}

/// Writes a page for each command into a directory.
pub(crate) fn man(dir: &Path) -> ExitCode {
    match write(dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format_args!("'{}': {error}", dir.display()));
            ExitCode::FAILURE
        }
    }
}

fn write(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(Cli::command(), dir)?;
    tools().try_for_each(|tool| {
        let path = dir.join(format!("{}.1", tool.get_name()));
        Man::new(tool).render(&mut File::create(path)?)
    })
}

/// The program, then its tools.
fn commands() -> impl Iterator<Item = Command> {
    iter::once(Cli::command()).chain(tools())
}

/// A tool reads its own words: no more of its commands is known here than their names and what
/// they are for.
fn tools() -> impl Iterator<Item = Command> {
    Tool::ALL.into_iter().map(|tool| {
        let commands = leveret_ctl::described(tool)
            .map(|(name, about)| Command::new(name).about(about).disable_help_flag(true));
        Command::new(tool.name())
            .version(env!("CARGO_PKG_VERSION"))
            .about("One of RabbitMQ's tools, for a Leveret")
            .disable_help_subcommand(true)
            .subcommands(commands)
    })
}
