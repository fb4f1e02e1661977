//! The entrypoint of the container image, under the name that RabbitMQ's image gives it.
//!
//! Owns what happens in a container before a command starts: which command that is, who owns the
//! data, and as which user it runs. Does not know what the commands do: it replaces itself by the
//! one that it chose, found by `PATH`.
//!
//! The rules are those of the official image, because compose files and derived images rely on
//! them: any command may be given; `rabbitmq-server` and the tools that begin with `rabbitmq` leave
//! root for the user `rabbitmq`, and the server takes what lies in its directory with it; a
//! container that is given another user (`user:`) keeps it. Options alone stand for
//! `rabbitmq-server` with these options.
//!
//! Docs: docker-library/rabbitmq, `docker-entrypoint.sh` (2026-06).

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::process::geteuid;
use rustix::system::uname;

use super::complain;

/// The name by which the program knows that it is an entrypoint.
pub(crate) const NAME: &str = "docker-entrypoint.sh";

/// The command that runs the broker.
const SERVER: &str = "rabbitmq-server";
/// How the names of the commands begin that do not run as root.
const TOOLS: &[u8] = b"rabbitmq";
/// Their user.
const USER: &str = "rabbitmq";
/// That user's home, with all data below it.
const HOME: &str = "/var/lib/rabbitmq";
/// Where users are named.
const USERS: &str = "/etc/passwd";

/// The exit codes of a shell for a command that cannot be started, and for one that is not there.
const NOT_STARTED: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Variables that the image once took. A server that ignored them would have other passwords or
/// less TLS than was asked for, so the start is refused. An empty value counts as none.
const REFUSED: [&str; 15] = [
    "RABBITMQ_DEFAULT_PASS_FILE",
    "RABBITMQ_DEFAULT_USER_FILE",
    "RABBITMQ_MANAGEMENT_SSL_CACERTFILE",
    "RABBITMQ_MANAGEMENT_SSL_CERTFILE",
    "RABBITMQ_MANAGEMENT_SSL_DEPTH",
    "RABBITMQ_MANAGEMENT_SSL_FAIL_IF_NO_PEER_CERT",
    "RABBITMQ_MANAGEMENT_SSL_KEYFILE",
    "RABBITMQ_MANAGEMENT_SSL_VERIFY",
    "RABBITMQ_SSL_CACERTFILE",
    "RABBITMQ_SSL_CERTFILE",
    "RABBITMQ_SSL_DEPTH",
    "RABBITMQ_SSL_FAIL_IF_NO_PEER_CERT",
    "RABBITMQ_SSL_KEYFILE",
    "RABBITMQ_SSL_VERIFY",
    "RABBITMQ_VM_MEMORY_HIGH_WATERMARK",
];

/// Whether this process was started as the entrypoint of an image.
pub(crate) fn is_asked_for() -> bool {
    let name = env::args_os().next().map(PathBuf::from);
    name.is_some_and(|name| name.file_name() == Some(OsStr::new(NAME)))
}

/// Becomes the command that the arguments name; returns only if that fails.
pub(crate) fn main() -> ExitCode {
    let refused = REFUSED.iter().filter(|name| is_given(name));
    let refused: Vec<_> = refused.collect();
    if !refused.is_empty() {
        let lines = refused.iter().map(|name| format!("\n  {name}"));
        let lines: String = lines.collect();
        complain(&format_args!(
            "settings of old, which belong into /etc/rabbitmq/rabbitmq.conf now:{lines}"
        ));
        return ExitCode::FAILURE;
    }
    let (program, arguments) = line(env::args_os().skip(1).collect());
    let mut command = Command::new(&program);
    command.args(arguments);
    if is_full(uname().nodename().to_bytes()) && !is_given("RABBITMQ_USE_LONGNAME") {
        command.env("RABBITMQ_USE_LONGNAME", "true");
    }
    if program.as_bytes().starts_with(TOOLS) && geteuid().is_root() {
        let users = fs::read_to_string(USERS).unwrap_or_default();
        let Some(owner) = owner(&users) else {
            complain(&format_args!("there is no user '{USER}' in {USERS}"));
            return ExitCode::FAILURE;
        };
        if program == SERVER {
            take(Path::new(HOME), owner);
        }
        // Of root's groups none is left either: the library does that with a user.
        command.gid(owner.gid).uid(owner.uid).env("HOME", HOME);
    }
    let error = command.exec();
    complain(&format_args!("{}: {error}", program.display()));
    ExitCode::from(match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => NOT_STARTED,
    })
}

fn is_given(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Whether a host's name has a domain in it.
fn is_full(host: &[u8]) -> bool {
    host.contains(&b'.')
}

/// The command and its arguments that these arguments stand for.
fn line(given: Vec<OsString>) -> (OsString, Vec<OsString>) {
    let mut rest = given.into_iter();
    match rest.next() {
        Some(option) if option.as_bytes().starts_with(b"-") => {
            (SERVER.into(), [option].into_iter().chain(rest).collect())
        }
        Some(program) => (program, rest.collect()),
        None => (SERVER.into(), Vec::new()),
    }
}

/// A user and the user's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owner {
    uid: u32,
    gid: u32,
}

/// The user of the tools, from lines as `/etc/passwd` has them.
fn owner(users: &str) -> Option<Owner> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(USER) {
            return None;
        }
        let _password = fields.next();
        Some(Owner {
            uid: fields.next()?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        })
    })
}

/// Gives a directory and all below it to a user. Links are given themselves, not what they point
/// to. What cannot be given, as a file on a read-only mount, is left: the server says so if it
/// needs it.
fn take(root: &Path, owner: Owner) {
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let Ok(found) = fs::symlink_metadata(&path) else {
            continue;
        };
        // The group is left as it is: a directory that a group shares stays shared.
        if found.uid() != owner.uid
            && let Err(error) = lchown(&path, Some(owner.uid), None)
        {
            complain(&format_args!(
                "{}: owner not changed: {error}",
                path.display()
            ));
        }
        if found.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(entries.map(|entry| entry.path()));
        }
    }
}

#[cfg(test)]
mod tests;
