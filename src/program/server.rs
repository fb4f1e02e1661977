//! `rabbitmq-server`: its own options, which the program has under other names.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

use super::complain;

/// The command line, with `-help` as other programs have it.
pub(super) fn arguments() -> Vec<OsString> {
    let as_usual = |word: OsString| match word.to_str() {
        Some("-help") => "--help".into(),
        _ => word,
    };
    env::args_os().map(as_usual).collect()
}

/// Starts the server in the background and leaves it there, if `-detached` says so. Docs:
/// rabbitmq-server (8).
pub(super) fn detach() -> Option<ExitCode> {
    let is_it = |word: &OsString| word == "-detached";
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    if !words.iter().any(is_it) {
        return None;
    }
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            complain(&format_args!("cannot start in the background: {error}"));
            return Some(ExitCode::FAILURE);
        }
    };
    let mut command = Command::new(program);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        // A terminal that goes, or its Ctrl-C, is not meant for it.
        command.arg0(super::SERVER).process_group(0);
    }
    command.args(words.iter().filter(|word| !is_it(word)));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Some(match command.stderr(Stdio::null()).spawn() {
        Ok(_left_alone) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format_args!("cannot start in the background: {error}"));
            ExitCode::FAILURE
        }
    })
}
