//! The `leveret` binary: reads arguments and settings and says what they come to.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use leveret::config::Problems;
use leveret::config::cli::{self, Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Settings { markdown }) = cli.command {
        return say(&cli::print_settings(markdown));
    }
    let loaded = match cli.options.load(std::env::vars_os().collect()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            eprint!("{}", complaint(&problems));
            return ExitCode::FAILURE;
        }
    };
    say(&cli::report(&loaded))
}

/// Prints an answer. A reader that leaves before the end (`| head`) has read what it wanted.
fn say(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn complaint(problems: &Problems) -> String {
    let lines: String = problems
        .0
        .iter()
        .map(|problem| format!("  {problem}\n"))
        .collect();
    format!("leveret: cannot start with these settings:\n{lines}")
}
