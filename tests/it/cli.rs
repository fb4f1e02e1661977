//! The `leveret` program as a user starts it: settings, ready file, log line, signals, exit codes.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program in an empty directory with an empty environment.
fn leveret(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir);
    command
}

fn ends(args: &[&str]) -> (Option<i32>, String, String) {
    let dir = TempDir::new().unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = leveret(dir.path(), args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn good_settings_are_reported() {
    let (code, stdout, stderr) = ends(&["check-config", "--port", "5673", "--ephemeral"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(
        stdout,
        "ok\nport = 5673  # command line, --port\n\
         durability = \"memory\"  # command line, --ephemeral\n"
    );
}

#[test]
fn bad_settings_end_check_and_start_alike() {
    let told = "leveret: cannot start with these settings:\n  command line, --port: port: \
                found \"many\", expected a whole number from 0 to 65535\n  command line, --set: \
                heartbeet: there is no setting with this name; did you mean heartbeat?\n";
    let bad = ["--port", "many", "--set", "heartbeet=1"];
    for args in [[&["check-config"], &bad[..]].concat(), bad.to_vec()] {
        assert_eq!(ends(&args), (Some(1), String::new(), told.to_owned()));
    }
}

#[test]
fn printed_settings_are_the_documents() {
    let (code, toml, _) = ends(&["settings"]);
    assert_eq!(
        (code, toml.as_str()),
        (Some(0), include_str!("../../config/leveret.toml"))
    );
    let (code, markdown, _) = ends(&["settings", "--markdown"]);
    assert_eq!(
        (code, markdown.as_str()),
        (Some(0), include_str!("../../config/SETTINGS.md"))
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    let dir = TempDir::new().unwrap();
    let mut child = leveret(dir.path(), &["settings"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.as_mut().unwrap();
    drop(child.stdout.take());
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), told.as_str()), (Some(0), ""));
}

#[test]
fn help_and_version_answer() {
    let (code, help, _) = ends(&["--help"]);
    assert_eq!(code, Some(0));
    for text in ["Listening:", "--port <N>", "Examples:", "check-config"] {
        assert!(help.contains(text), "{text} is missing in {help}");
    }
    assert_eq!(
        ends(&["--version"]).1,
        format!("leveret {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_sample_definitions_are_json() {
    let sample = include_str!("../../config/definitions.json");
    let sample: Value = serde_json::from_str(sample).unwrap();
    assert_eq!(sample["queues"][0]["name"], "orders.new");
}
